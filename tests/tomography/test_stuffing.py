"""Meshing level sets: conforming, bounded angles, right volume and area, whatever the surface."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from asyncsoc.base.errors import SimulationError
from asyncsoc.geometry.measure import cell_angles, cell_measures, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.soundness import face_connected_parts, open_edges, pinched_nodes
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.gate import inspect
from asyncsoc.tomography.lattice import bcc_lattice
from asyncsoc.tomography.stuffing import stuff

CUBE = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], float)
FIVE = np.array([[0, 1, 2, 4], [3, 2, 1, 7], [5, 4, 7, 1], [6, 7, 4, 2], [1, 2, 4, 7]])


def as_mesh(points: np.ndarray, cells: np.ndarray) -> ParticleMesh:
    return ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian")


def test_lattice_tetrahedra_are_congruent_and_fill_space() -> None:
    points, cells = bcc_lattice(np.zeros(3), np.full(3, 4.0), 1.0)
    volumes = np.abs(cell_measures(ParticleMesh(points, cells, cells[:1, :3], "cartesian")))
    np.testing.assert_allclose(volumes, 1 / 12)
    turned = cells.copy()
    negative = cell_measures(ParticleMesh(points, cells, cells[:1, :3], "cartesian")) < 0
    turned[negative] = turned[negative][:, [0, 2, 1, 3]]
    angles = np.degrees(cell_angles(ParticleMesh(points, turned, cells[:1, :3], "cartesian")))
    assert angles.min() == pytest.approx(60.0)
    assert angles.max() == pytest.approx(90.0)


@pytest.mark.parametrize("step", [1.5, 2.0, 3.0])
def test_sphere_converges(step: float) -> None:
    away = np.stack(np.meshgrid(*[np.arange(27)] * 3, indexing="ij"), axis=-1) - 13.2
    field = (10.0 - np.linalg.norm(away, axis=-1)).astype(np.float32)
    points, cells = stuff(field + 20.0, 20.0, step)
    mesh = as_mesh(points, cells)
    assert cell_measures(mesh).min() > 0
    assert cell_measures(mesh).sum() == pytest.approx(4 / 3 * np.pi * 1000, rel=0.04 * (step / 2) ** 2)
    assert facet_areas(mesh).sum() == pytest.approx(4 * np.pi * 100, rel=0.03 * (step / 2) ** 2)
    assert np.degrees(cell_angles(mesh)).min() > 10.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(1.5, 3.5), st.tuples(*[st.floats(0.0, 0.9)] * 3))
def test_random_blobs_conform(seed: int, step: float, shift: tuple[float, float, float]) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((22, 22, 22)), 3.0)
    field = np.zeros((30, 30, 30), np.float32)
    field[4:26, 4:26, 4:26] = noise
    level = float(np.quantile(noise, 0.6))
    points, cells = stuff(field, level, step, shift)
    mesh = as_mesh(points, cells)
    assert cell_measures(mesh).min() > 0
    # `surface_facets` refuses a face with three cells; a closed surface has no edge with an odd number of facets.
    edges = np.sort(mesh.facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] % 2 == 0).all()
    assert np.degrees(cell_angles(mesh)).min() > 3.0


def test_nothing_above_the_level_is_an_error() -> None:
    with pytest.raises(SimulationError, match="nothing is above"):
        stuff(np.zeros((5, 5, 5), np.float32), 0.5, 2.0)


def test_gate_passes_a_good_mesh() -> None:
    verdict = inspect(CUBE, oriented(CUBE, FIVE), scale=1.0, area=6.0, expected_area=6.0)
    assert verdict.passed
    assert verdict.smallest_dihedral > 50


def oriented(points: np.ndarray, cells: np.ndarray) -> np.ndarray:
    volumes = cell_measures(ParticleMesh(points, cells, cells[:1, :3], "cartesian"))
    cells = cells.copy()
    cells[volumes < 0] = cells[volumes < 0][:, [0, 2, 1, 3]]
    return cells


def two_cubes(shared: int) -> tuple[np.ndarray, np.ndarray]:
    """Two cubes that share a corner (1 node) or an edge (2 nodes)."""
    shift = np.array([1.0, 1.0, 1.0 if shared == 1 else 0.0])
    # The second cube is mirrored so that both split the shared edge alike.
    other = CUBE * [-1, -1, 1] + [1, 1, 0] + shift
    points = np.concatenate([CUBE, other])
    cells = np.concatenate([FIVE, FIVE + 8])
    unique, inverse = np.unique(points.round(9), axis=0, return_inverse=True)
    cells = inverse.ravel()[cells]
    return unique, oriented(unique, cells)


@pytest.mark.parametrize(("shared", "reason"), [(1, "pinched"), (2, "not a manifold")])
def test_gate_refuses_touching_bodies(shared: int, reason: str) -> None:
    points, cells = two_cubes(shared)
    facets = surface_facets(points, cells, "cartesian")
    assert (open_edges(facets) > 0) == (shared == 2)
    assert pinched_nodes(facets) > 0 or shared == 2
    verdict = inspect(points, cells, scale=1.0, area=12.0, expected_area=12.0)
    assert any(reason in r for r in verdict.reasons)
    assert any("2 parts" in r for r in verdict.reasons)
    assert face_connected_parts(cells).max() == 1


def test_gate_names_each_reason() -> None:
    flat = CUBE * [1, 1, 0.02]
    verdict = inspect(flat, oriented(flat, FIVE), scale=1.2, area=1.0, expected_area=3.0)
    assert not verdict.passed
    text = " ".join(verdict.reasons)
    for part in ("dihedral", "scaled by 1.200", "surface 0.33"):
        assert part in text
