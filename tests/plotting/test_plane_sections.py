from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from asyncsoc.contact import shapes
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.plotting.plane import cut


def area(section) -> float:
    a, b, c = (section.points[section.triangles[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    return float(0.5 * np.abs(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]).sum())


def length(segments) -> float:
    return float(np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum())


def ball() -> ParticleMesh:
    """A ball of radius 2 around (1, -2, 3) from spread points on its surface and inside."""
    k = np.arange(600) + 0.5
    z, angle = 1.0 - k / 300.0, np.pi * (1.0 + 5.0**0.5) * k
    surface = np.column_stack((np.sqrt(1.0 - z**2) * np.cos(angle), np.sqrt(1.0 - z**2) * np.sin(angle), z))
    inner = np.random.default_rng(3).normal(size=(700, 3))
    inner = inner[np.linalg.norm(inner, axis=1) < 2.4] / 2.7
    points = np.concatenate((surface, inner))
    grid = Delaunay(points)
    cells = grid.simplices.astype(np.int64)
    a, b, c, d = (points[cells[:, k]] for k in range(4))
    negative = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) < 0.0
    cells[negative] = cells[negative][:, [0, 1, 3, 2]]
    return ParticleMesh(2.0 * points + [1.0, -2.0, 3.0], cells, grid.convex_hull.astype(np.int64), "cartesian")


def tilted_cap(mesh: ParticleMesh, direction: np.ndarray, level: float) -> ContactMap:
    corners = mesh.points[mesh.facets]
    areas = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    inside = ((corners.mean(axis=1) - [1.0, -2.0, 3.0]) @ direction > level).astype(float)
    weights, surface = np.zeros(mesh.n_nodes), np.zeros(mesh.n_nodes)
    for k in range(3):
        np.add.at(weights, mesh.facets[:, k], areas * inside / 3.0)
        np.add.at(surface, mesh.facets[:, k], areas / 3.0)
    return ContactMap("cap", weights, surface, inside, 0.3, weights.sum() / surface.sum(), {})


def test_a_radial_particle_is_shown_as_its_disc():
    mesh = load_builtin("sphere-radial-default")
    section = cut(mesh, shapes.full(mesh), mesh.points[:, 0] ** 2)
    assert area(section) == pytest.approx(np.pi, rel=1e-3)
    np.testing.assert_allclose(section.values, (section.points**2).sum(axis=1), atol=1e-12)
    assert length(section.contact) == length(section.outline) == pytest.approx(2.0 * np.pi, rel=1e-3)


@pytest.mark.parametrize("coverage", [0.05, 0.3, 0.777, 1.0])
def test_an_axisymmetric_particle_is_mirrored_and_its_contact_as_long_as_the_cap(coverage):
    mesh = load_builtin("sphere-axisymmetric-default")
    section = cut(mesh, shapes.cap(mesh, coverage), mesh.points[:, 1])
    assert area(section) == pytest.approx(np.pi, rel=1e-4)
    np.testing.assert_allclose(section.values, section.points[:, 1])
    assert section.points[:, 0].min() == pytest.approx(-section.points[:, 0].max())
    assert length(section.contact) == pytest.approx(2.0 * np.arccos(1.0 - 2.0 * coverage), rel=5e-3)
    assert length(section.outline) == pytest.approx(2.0 * np.pi, rel=1e-4)


def test_a_3d_particle_is_cut_through_its_centre_with_the_contact_up():
    mesh, direction = ball(), np.array([0.6, 0.48, 0.64])
    height = (mesh.points - [1.0, -2.0, 3.0]) @ direction
    section = cut(mesh, tilted_cap(mesh, direction, 0.8), height)
    assert area(section) == pytest.approx(4.0 * np.pi, rel=0.03)
    # The direction is the mean of a contact made of whole facets: it leans by as much as a facet.
    np.testing.assert_allclose(section.values, section.points[:, 1], atol=0.12)
    assert length(section.outline) == pytest.approx(4.0 * np.pi, rel=0.02)
    assert length(section.contact) == pytest.approx(4.0 * np.arccos(0.4), rel=0.15)
    assert section.contact[:, :, 1].min() > 0.3


def test_a_3d_cut_interpolates_linear_fields_exactly():
    mesh = ball()
    x, y, z = (mesh.points - [1.0, -2.0, 3.0]).T
    # A contact without direction is cut by y = 0 through the centre: only x and z are seen.
    contact = tilted_cap(mesh, np.array([0.0, 0.0, 1.0]), -9.0)
    centre = contact.surface_weights @ mesh.points / contact.area - [1.0, -2.0, 3.0]
    section = cut(mesh, contact, 2.0 * x + 3.0 * z + 0.1 * (y - centre[1]))
    expected = 2.0 * (section.points[:, 0] + centre[0]) + 3.0 * (section.points[:, 1] + centre[2])
    np.testing.assert_allclose(section.values, expected, atol=1e-9)


def test_a_plane_through_nodes_is_no_special_case():
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], dtype=float)
    ring = [1, 2, 3, 4, 1]
    facets = np.array([(ring[k], ring[k + 1], 5) for k in range(4)] + [(ring[k + 1], ring[k], 6) for k in range(4)])
    mesh = ParticleMesh(points, np.column_stack((np.zeros(8, dtype=int), facets)), facets, "cartesian")
    ones = np.where(np.arange(7) > 0, 1.0, 0.0)
    section = cut(mesh, ContactMap("full", ones, ones, np.ones(8), 1.0, 1.0, {}), points[:, 2])
    assert area(section) == pytest.approx(2.0, rel=1e-6)
    assert length(section.outline) == pytest.approx(4.0 * np.sqrt(2.0), rel=1e-6)
