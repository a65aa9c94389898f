"""A labelled array is a volume as a file is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.studies.particle_sets.charge import charge_set
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.mesher import MeshSettings
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.statistics import volume_statistics
from tests.pages import ROOT, blocks

NAMES = {"pore": 0, "ncm": 1, "cbd": 2}


def ball(size: int = 30, radius: float = 9.0) -> np.ndarray:
    """A ball of active material, half of it in binder."""
    z, y, x = np.indices((size,) * 3) - 0.5 * (size - 1)
    labels = np.where(z < 0.0, 2, 0).astype(np.uint8)
    labels[x**2 + y**2 + z**2 < radius**2] = 1
    return labels


def test_it_is_the_volume_of_the_file(tmp_path: Path) -> None:
    labels = ball()
    np.save(tmp_path / "ball.npy", labels)
    read = load_volume(tmp_path / "ball.npy", labels={k: (v,) for k, v in NAMES.items()}, voxel_size="0.5 um")
    made = aso.tomography.from_array(labels, "0.5 um", NAMES)
    np.testing.assert_array_equal(made.phases, read.phases)
    assert (made.voxel_size, made.origin) == (read.voxel_size, read.origin)
    assert made.source["labels"] == read.source["labels"]


@pytest.mark.parametrize(
    "names",
    [
        {0: "pore", 1: "ncm", 2: "cbd"},
        {"void": [0], "Active Material": np.int64(1), "electrolyte": (2, 3)},
        {np.int64(0): "pores", np.int64(1): "NMC811", np.int64(2): "binder"},
    ],
)
def test_names_and_numbers_as_they_come(names: dict) -> None:
    expected = aso.tomography.from_array(ball(), 5e-7, NAMES).phases
    np.testing.assert_array_equal(aso.tomography.from_array(ball(), np.float32(5e-7), names).phases, expected)


def test_arrays_of_other_kinds(tmp_path: Path) -> None:
    labels = ball()
    expected = aso.tomography.from_array(labels, 5e-7, NAMES).phases
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.int32, shape=labels.shape)
    mapped[:] = labels
    for kind in (mapped, labels.tolist(), xr.DataArray(labels), labels.astype(float), labels.astype(">u2")):
        np.testing.assert_array_equal(aso.tomography.from_array(kind, 5e-7, NAMES).phases, expected)


def test_voxels_that_are_no_cubes_are_resampled() -> None:
    volume = aso.tomography.from_array(ball()[::2], ("0.5 um", "0.5 um", 1e-6), NAMES)
    assert volume.voxel_size == 5e-7
    assert volume.shape == (30, 30, 30)


@pytest.mark.slow
def test_from_an_array_to_a_charge(tmp_path: Path) -> None:
    volume = aso.tomography.from_array(ball(), "0.5 um", NAMES)
    particles = split_particles(volume, 1.0)
    found = volume_statistics(volume, particles, None, 300).to_json()
    assert 0.3 < found["active fraction of exposed surface"] < 0.7
    meshed = mesh_particles(volume, particles, MeshSettings(min_voxels=300), folder=tmp_path)
    assert len(meshed.rows) == 1
    case = aso.Case.from_objects(
        aso.Particle(), aso.Contact(), aso.Material(), aso.Protocol.of("Charge at C/2 for 1 minute")
    )
    (row,) = charge_set(meshed, case, spheres=False).rows
    assert 0.3 < row["coverage"] < 0.7


@pytest.mark.parametrize(
    ("labels", "size", "names", "message"),
    [
        (np.zeros((4, 4), np.uint8), 5e-7, NAMES, "three dimensions"),
        (np.zeros((0, 4, 4), np.uint8), 5e-7, NAMES, "three dimensions"),
        ([[[0, 1], [2]]], 5e-7, NAMES, "no array can be made"),
        (np.full((4, 4, 4), "ncm"), 5e-7, NAMES, "holds numbers"),
        (ball() + 0.5, 5e-7, NAMES, "grey levels"),
        (np.random.default_rng(1).integers(0, 200, (8, 8, 8)), 5e-7, NAMES, "grey levels"),
        (ball(), 5e-7, {"pore": 0, "ncm": 1}, "does not name"),
        (ball(), 5e-7, {"pore": 0, "ncm": 1, "glue": 2}, "unknown phase"),
        (ball(), 5e-7, {"pore": 0, "ncm": 1, "cbd": 1.5}, "not a whole number"),
        (ball(), 5e-7, {"pore": 0, "ncm": 1, "cbd": 1}, "two phases"),
        (ball(), 5e-7, {}, "must be stated"),
        (ball(), 5e-7, "pore=0", "must be stated"),
        (ball() * 0, 5e-7, NAMES, "no voxel has the label"),
        (ball(), 0.0, NAMES, "positive"),
        (ball(), "5 kg", NAMES, "wrong dimension"),
        (ball(), 0.5, NAMES, "impossible voxel size"),
        (ball(), (5e-7, 5e-7), NAMES, "one or three"),
        (np.ma.masked_equal(ball(), 2), 5e-7, NAMES, "masked"),
    ],
)
def test_wrong_arrays(labels: object, size: object, names: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        aso.tomography.from_array(labels, size, names)  # type: ignore[arg-type]


def test_the_pages_block_runs() -> None:
    (block,) = [one for one in blocks(ROOT / "docs" / "tomography.md", "python") if "tomography.from_array" in one]
    exec(compile(block, "tomography.md", "exec"), {})
