from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.ball import ball_mesh, ball_shells, icosphere
from asyncsoc.geometry.measure import cell_volumes, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check, quality


@pytest.fixture(scope="module")
def ball() -> ParticleMesh:
    return ball_mesh()


def test_default_is_a_good_mesh(ball: ParticleMesh):
    check(ball)
    found = quality(ball)
    assert 7000 <= found.nodes <= 10000
    assert found.minimum_angle > 15.0
    assert found.volume == pytest.approx(4 * np.pi / 3, rel=1e-14)
    assert found.surface_area == pytest.approx(4 * np.pi, rel=5e-4)
    assert found.components == found.surface_components == found.euler_characteristic == 1


def test_surface_is_one_sphere_with_euler_characteristic_two(ball: ParticleMesh):
    used = np.unique(ball.facets)
    edges = np.unique(np.sort(ball.facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    assert len(used) - len(edges) + len(ball.facets) == 2
    assert np.ptp(np.linalg.norm(ball.points[used], axis=1)) < 1e-15
    p = ball.points[ball.facets]
    normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    assert ((normal * p.mean(axis=1)).sum(axis=1) > 0.0).all()


def test_poles_are_nodes(ball: ParticleMesh):
    radius = np.linalg.norm(ball.points[0])
    assert ball.points[0].tolist() == [0.0, 0.0, radius]
    assert np.abs(ball.points - [0.0, 0.0, -radius]).sum(axis=1).min() < 1e-15


def test_lumped_mass_is_even_over_the_surface(ball: ParticleMesh):
    """Cutting all prisms the same way would give the pole half as much mass again as its neighbours."""
    mass = np.bincount(ball.cells.ravel(), np.repeat(cell_volumes(ball) / 4.0, 4))
    area = np.bincount(ball.facets.ravel(), np.repeat(facet_areas(ball) / 3.0, 3), minlength=ball.n_nodes)
    surface = np.unique(ball.facets)
    ratio = mass[surface] / area[surface]
    assert np.std(ratio) < 0.07 * np.mean(ratio)
    assert abs(ratio[0] / np.mean(ratio) - 1.0) < 0.25


@pytest.mark.parametrize("frequency", [1, 3, 8])
def test_icosphere_counts_nesting_and_even_triangles(frequency: int):
    sphere = icosphere(frequency)
    assert len(sphere.directions) == 10 * frequency**2 + 2
    assert len(sphere.triangles) == 20 * frequency**2
    assert np.allclose(np.linalg.norm(sphere.directions, axis=1), 1.0, atol=1e-15)
    p = sphere.directions[sphere.triangles]
    area = 0.5 * np.einsum("ij,ij->i", p.mean(axis=1), np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]))
    assert area.min() > 0.0
    assert area.max() / area.min() < 1.25
    finer = {tuple(np.round(d, 12)) for d in icosphere(2 * frequency).directions}
    assert all(tuple(np.round(d, 12)) in finer for d in sphere.directions)


def test_shells_halve_their_frequency_inwards():
    shells = ball_shells(16, 0.03, 1.5)
    frequencies = [n for n, _ in shells]
    assert frequencies[0] == 16
    assert all(b in (a, a // 2) for a, b in pairwise(frequencies))
    assert frequencies[-1] < 16


def test_odd_frequencies_and_thick_shells_work_too():
    for arguments in ((5, 0.1, 1.3), (2, 0.3, 2.0), (9, 0.02, 1.8)):
        check(ball_mesh(*arguments))


def test_parameters_out_of_range_are_named():
    with pytest.raises(InputError, match="frequency"):
        ball_mesh(frequency=1)
    with pytest.raises(InputError, match="layer_growth"):
        ball_mesh(layer_growth=0.5)
