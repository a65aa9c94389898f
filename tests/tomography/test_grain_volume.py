"""Grains measured in a volume: labels, orientations in three notations, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.voronoi import centroids
from asyncsoc.problem.body import body_of
from asyncsoc.problem.grains import AXIS, GRAIN
from asyncsoc.tomography.grain_volume import GrainVolume, read_grain_volume


def rotation(w: float, x: float, y: float, z: float) -> np.ndarray:
    """Of a unit quaternion, the textbook matrix."""
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def about(axis: int, angle: float) -> np.ndarray:
    """Active rotation about a coordinate axis."""
    c, s, found = np.cos(angle), np.sin(angle), np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    found[i, i] = found[j, j] = c
    found[i, j], found[j, i] = -s, s
    return found


def octants(n: int = 40) -> np.ndarray:
    """Eight grains in a cube, numbered 11 to 18."""
    z, y, x = np.indices((n, n, n)) >= n // 2
    return 11 + x + 2 * y + 4 * z


def written(folder: Path, text: str, labels: np.ndarray | None = None) -> tuple[Path, Path]:
    np.save(folder / "labels.npy", octants() if labels is None else labels)
    (folder / "grains.csv").write_text(text)
    return folder / "labels.npy", folder / "grains.csv"


def rows(head: str, values: np.ndarray) -> str:
    numbers = [",".join(map(repr, [11 + k, *map(float, row)])) for k, row in enumerate(values)]
    return "\n".join([head, *numbers]) + "\n"


def test_a_sphere_takes_its_grains_from_a_volume(tmp_path: Path) -> None:
    axes = np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1]]
    labels, table = written(tmp_path, rows("grain, c_x, c_y, c_z", axes))
    edge = 0.25e-6
    grains = aso.Grains(
        kind="volume",
        labels=str(labels),
        orientations=str(table),
        voxel_size=edge,
        origin=(-19.5 * edge,) * 3,
        anisotropy=10,
    )
    case = aso.Case.from_dict(
        {
            "particle": {"radius": "4 um", "mesh": "coarse", "grains": grains},
            "protocol": {"steps": ["Charge at C/5 for 1 minute"]},
        }
    )
    mesh = body_of(case)[0]
    x, y, z = (centroids(mesh) >= 0.0).T
    np.testing.assert_array_equal(mesh.cell_data[GRAIN], 11 + x + 2 * y + 4 * z)
    np.testing.assert_array_equal(mesh.cell_data[AXIS], axes[mesh.cell_data[GRAIN].astype(int) - 11])
    elsewhere = tmp_path / "moved"
    elsewhere.mkdir()
    labels.rename(elsewhere / "labels.npy")
    table.rename(elsewhere / "grains.csv")
    moved = {"labels": str(elsewhere / "labels.npy"), "orientations": str(elsewhere / "grains.csv")}
    assert case.with_overrides([f"particle.grains.{k}={v}" for k, v in moved.items()]).hash == case.hash
    np.save(elsewhere / "labels.npy", octants() % 14)
    with pytest.raises(InputError, match="not those that this case was made for"):
        case.with_overrides([f"particle.grains.{k}={v}" for k, v in moved.items()])


def test_three_notations_are_one_orientation(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    quaternions = rng.standard_normal((8, 4))
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    axes = np.array([rotation(*q) @ [0.0, 0.0, 1.0] for q in quaternions])
    found = [
        read_grain_volume(*written(tmp_path, text), 1e-7).axes
        for text in (rows("grain, c_x, c_y, c_z", axes), rows("grain, q_w, q_x, q_y, q_z", quaternions))
    ]
    np.testing.assert_allclose(found[0], axes, atol=1e-14)
    np.testing.assert_allclose(found[1], axes, atol=1e-14)
    angles = np.column_stack([rng.uniform(0, 360, 8), rng.uniform(0, 180, 8), rng.uniform(0, 360, 8)])
    turned = [
        about(2, a) @ about(0, b) @ about(2, c) @ [0.0, 0.0, 1.0] for a, b, c in np.radians(angles)
    ]  # ZXZ, axes of the crystal in the sample
    head = "grain, phi1 [deg], Phi [deg], phi2 [deg]"
    np.testing.assert_allclose(read_grain_volume(*written(tmp_path, rows(head, angles)), 1e-7).axes, turned, atol=1e-13)


def test_a_surface_between_voxels_belongs_to_the_grain_below() -> None:
    labels = np.zeros((8, 8, 8), dtype=int)
    labels[2:6, 2:6, 2:6] = 5
    grains = GrainVolume(labels, 1.0, [5], [[0.0, 0.0, 1.0]])
    assert grains.at([[1.6, 3.0, 3.0], [6.4, 3.0, 3.0]])[0].tolist() == [5, 5]
    with pytest.raises(InputError, match="1 of 2 cells lie in voxels of no grain"):
        grains.at([[3.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
    with pytest.raises(InputError, match="outside the volume"):
        grains.at([[20.0, 3.0, 3.0]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("grain, q_w, q_x, q_y, q_z\n11, 0, 0, 0, 0\n", "has not the length 1"),
        ("grain, c_x, c_y, c_z\n11, 0.5, 0, 0\n", "has not the length 1"),
        ("grain, c_x, c_y\n11, 1, 0\n", "c z"),
        ("grain, c_x, c_y, c_z\n11, 1, 0, 0\n11, 0, 1, 0\n", "not one orientation for each grain"),
        ("grain, c_x, c_y, c_z\n11.5, 1, 0, 0\n", "not whole"),
        ("grain, c_x, c_y, c_z\n99, 1, 0, 0\n", "no voxel belongs to a grain"),
    ],
)
def test_orientations_that_are_none_are_refused(tmp_path: Path, text: str, says: str) -> None:
    labels, table = written(tmp_path, text)
    with pytest.raises(InputError, match=says):
        read_grain_volume(labels, table, 1e-7).at([[1e-6, 1e-6, 1e-6]])


def test_a_volume_needs_the_size_of_its_voxels(tmp_path: Path) -> None:
    labels, table = written(tmp_path, rows("grain, c_x, c_y, c_z", np.eye(3)[[0] * 8]))
    with pytest.raises(InputError, match="size"):
        read_grain_volume(labels, table)
