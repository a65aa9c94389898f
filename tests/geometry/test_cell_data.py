"""What cells carry goes with the mesh: into its hash, its copies and its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.from_arrays import from_arrays
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import read_particle, write_particle
from asyncsoc.geometry.quality import check
from asyncsoc.simulation.results.solution import Solution


@pytest.fixture(scope="module")
def grains() -> ParticleMesh:
    mesh = load_builtin("sphere-3d-coarse")
    rng = np.random.default_rng(1)
    data = {
        "grain": rng.integers(0, 20, len(mesh.cells)).astype(float),
        "axis": rng.standard_normal((len(mesh.cells), 3)),
        "tensor": rng.standard_normal((len(mesh.cells), 3, 3)),
    }
    return replace(mesh, cell_data=data)


def same(one: ParticleMesh, other: ParticleMesh) -> None:
    assert sorted(one.cell_data) == sorted(other.cell_data)
    for name, values in one.cell_data.items():
        np.testing.assert_array_equal(values, other.cell_data[name], err_msg=name)


def test_it_is_in_the_hash_and_a_mesh_without_it_keeps_its_own(grains: ParticleMesh) -> None:
    plain = load_builtin("sphere-3d-coarse")
    assert replace(grains, cell_data={}).sha256 == plain.sha256
    changed = {**grains.cell_data, "grain": grains.cell_data["grain"] + 1.0}
    renamed = {("Grain" if name == "grain" else name): values for name, values in grains.cell_data.items()}
    hashes = {plain.sha256, grains.sha256, *(replace(grains, cell_data=data).sha256 for data in (changed, renamed))}
    assert len(hashes) == 4


def test_it_stays_when_a_mesh_is_scaled_and_cannot_be_changed(grains: ParticleMesh) -> None:
    same(grains.scaled(2.0), grains)
    with pytest.raises(TypeError):
        grains.cell_data["grain"] = np.zeros(3)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        grains.cell_data["grain"][0] = 1.0


def test_mesh_files_keep_it(grains: ParticleMesh, tmp_path: Path) -> None:
    write_particle(grains, tmp_path / "mesh.vtu")
    same(read_particle(tmp_path / "mesh.vtu"), grains)


def test_particle_files_and_arrays_keep_it_beside_labels(grains: ParticleMesh, tmp_path: Path) -> None:
    micro = grains.scaled(1e-6)
    labelled = from_arrays(
        micro.points, micro.cells, micro.facets, np.linspace(0.0, 1.0, len(micro.facets)), cell_data=grains.cell_data
    )
    same(labelled, grains)
    write_particle(labelled, tmp_path / "particle.vtu")
    back = read_particle(tmp_path / "particle.vtu", 1.0)
    same(back, grains)
    assert list(back.labels.weights) == ["contact"]


def test_a_tensor_of_a_section_is_one_of_two_by_two(tmp_path: Path) -> None:
    mesh = load_builtin("sphere-axisymmetric-coarse")
    rng = np.random.default_rng(1)
    data = {"tensor": rng.standard_normal((len(mesh.cells), 2, 2)), "axis": rng.standard_normal((len(mesh.cells), 2))}
    write_particle(replace(mesh, cell_data=data), tmp_path / "mesh.vtu")
    same(read_particle(tmp_path / "mesh.vtu"), replace(mesh, cell_data=data))


def test_result_files_keep_it(grains: ParticleMesh, tmp_path: Path) -> None:
    write_particle(from_arrays(grains.points * 1e-6, grains.cells, cell_data=grains.cell_data), tmp_path / "p.vtu")
    keys: dict[str, Any] = {
        "particle": {"shape": "mesh", "file": str(tmp_path / "p.vtu"), "length_unit": "1 m"},
        "contact": {"kind": "cap", "coverage": 0.4},
        "protocol": {"steps": ["Charge at C/5 for 5 minutes"]},
    }
    solution = aso.simulate(aso.Case.from_dict(keys))
    same(solution.mesh, grains)
    same(Solution.load(solution.save(tmp_path)).mesh, grains)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"grain": np.zeros(3)}, "wrong shape"),
        ({"grain": None}, "not finite"),
        ({"grain": (9,)}, "wrong shape"),
        ({"grain": (2, 2)}, "wrong shape"),
        ({"grain": (1,)}, "wrong shape"),
        ({"grain": (0,)}, "wrong shape"),
        ({"a/b": np.zeros(1)}, "letters, digits"),
        ({"": np.zeros(1)}, "letters, digits"),
    ],
)
def test_what_does_not_fit_is_refused(grains: ParticleMesh, data: dict[str, Any], says: str) -> None:
    n = len(grains.cells)
    bad = {
        name: np.full(n, np.nan) if values is None else np.zeros((n, *values)) if isinstance(values, tuple) else values
        for name, values in data.items()
    }
    with pytest.raises(InputError, match=says):
        check(replace(grains, cell_data=bad))
