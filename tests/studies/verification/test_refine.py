"""Nested refinement: counts, volumes, surface and the refusal of what it cannot do."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.measure import cell_angles, cell_measures, cell_volumes
from asyncsoc.geometry.soundness import check_particle
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.studies.verification.refine import family, observed_orders, refined


def test_triangles_are_quartered_and_stay_in_the_sphere() -> None:
    coarse = axisymmetric_mesh(surface_spacing=0.2, first_cell=0.15, max_spacing=0.25)
    fine = refined(coarse)
    assert len(fine.cells) == 4 * len(coarse.cells)
    assert len(fine.facets) == 2 * len(coarse.facets)
    assert cell_measures(fine).min() > 0.0
    assert cell_volumes(fine).sum() == pytest.approx(4.0 * np.pi / 3.0, rel=1e-12)
    radii = np.linalg.norm(fine.points[np.unique(fine.facets)], axis=1)
    np.testing.assert_allclose(radii, radii[0], rtol=1e-12)
    scale = np.linalg.norm(fine.points[0]) / np.linalg.norm(coarse.points[0])
    np.testing.assert_allclose(fine.points[: coarse.n_nodes], coarse.points * scale, atol=1e-12)


def test_intervals_are_halved() -> None:
    meshes = family(radial_mesh(8, 0.125), 3)
    assert [len(mesh.cells) for mesh in meshes] == [8, 16, 32]
    np.testing.assert_allclose(np.sort(meshes[-1].points[:, 0]), np.linspace(0.0, 1.0, 33), atol=1e-15)


def test_tetrahedra_are_cut_in_eight_and_stay_in_the_sphere() -> None:
    coarse = ball_mesh(3, 0.14, 2.0)
    fine = refined(coarse)
    assert len(fine.cells) == 8 * len(coarse.cells)
    assert len(fine.facets) == 4 * len(coarse.facets)
    assert cell_volumes(fine).sum() == pytest.approx(4.0 * np.pi / 3.0, rel=1e-12)
    radii = np.linalg.norm(fine.points[np.unique(fine.facets)], axis=1)
    np.testing.assert_allclose(radii, radii[0], rtol=1e-12)
    check_particle(fine.scaled(5e-6))
    finer = refined(fine)
    check_particle(finer.scaled(5e-6))
    # Cut along the shortest diagonal, cells do not flatten from one refinement to the next.
    angles = [np.degrees(cell_angles(mesh)).min() for mesh in (coarse, fine, finer)]
    assert angles[2] > 0.99 * angles[1] > 15.0


def test_observed_orders_of_a_power_law() -> None:
    np.testing.assert_allclose(observed_orders([8.0, 2.0, 0.5]), 2.0)
    np.testing.assert_allclose(observed_orders([9.0, 1.0], 3.0), 2.0)
