from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_angles, facet_lengths
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check, euler_characteristic, quality
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.geometry.surface import surface_facets


def cylinder(hole: bool = False) -> ParticleMesh:
    """A cylinder of radius 2 and height 1 (or the ring 1 <= r <= 2) from squares cut into triangles."""
    r0 = 1.0 if hole else 0.0
    points = np.array([[r, z] for z in (0.0, 0.5, 1.0) for r in (r0, 1.5, 2.0)])
    cells = []
    for row in (0, 3):
        for a in (row, row + 1):
            cells += [(a, a + 1, a + 4), (a, a + 4, a + 3)]
    cells = np.array(cells)
    return ParticleMesh(points, cells, surface_facets(points, cells, "axisymmetric"), "axisymmetric", "cylinder")


def tetrahedron() -> ParticleMesh:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    cells = np.array([[0, 1, 2, 3]])
    return ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian", "corner")


@pytest.fixture
def disc() -> ParticleMesh:
    return axisymmetric_mesh(0.2, first_cell=0.15)


def test_cylinder_has_its_volume_and_area_without_the_axis():
    found = quality(cylinder())
    assert found.volume == pytest.approx(np.pi * 4.0)
    assert found.surface_area == pytest.approx(2 * np.pi * 4.0 + 2 * np.pi * 2.0)
    check(cylinder())


def test_ring_has_a_second_wall():
    found = quality(cylinder(hole=True))
    assert found.volume == pytest.approx(np.pi * 3.0)
    assert found.surface_area == pytest.approx(2 * np.pi * 3.0 + 2 * np.pi * (2.0 + 1.0))
    assert found.surface_components == 1
    check(cylinder(hole=True))


def test_tetrahedron_volume_area_and_dihedral_angles():
    mesh = tetrahedron()
    found = quality(mesh)
    assert found.volume == pytest.approx(1 / 6)
    assert found.surface_area == pytest.approx(1.5 + np.sqrt(3) / 2)
    angles = np.sort(np.degrees(cell_angles(mesh))[0])
    assert np.allclose(angles, [np.degrees(np.arccos(1 / np.sqrt(3)))] * 3 + [90.0] * 3)
    assert found.euler_characteristic == 1
    assert found.equivalent_radius == pytest.approx((1 / 6 * 3 / 4 / np.pi) ** (1 / 3))
    # volume = height * area / 3 for the one cell over each facet
    assert found.normal_spacing == pytest.approx(3 * (1 / 6) * 4 / found.surface_area)


def test_facet_lengths_of_the_three_kinds(disc: ParticleMesh):
    assert facet_lengths(radial_mesh(8, 0.1)).tolist() == [2.0]
    assert np.allclose(facet_lengths(disc), 0.196, rtol=0.03)
    sides = facet_lengths(tetrahedron())
    assert sides.max() == pytest.approx(np.sqrt(2.0))


def test_two_bodies_are_counted(disc: ParticleMesh):
    far = disc.points + np.array([3.0, 0.0])
    double = replace(
        disc,
        points=np.concatenate([disc.points, far]),
        cells=np.concatenate([disc.cells, disc.cells + disc.n_nodes]),
    )
    double = replace(double, facets=surface_facets(double.points, double.cells, "axisymmetric"))
    assert quality(double).components == 2
    assert euler_characteristic(double) == 2
    with pytest.raises(InputError, match="unconnected parts"):
        check(double)


def _swapped(mesh: ParticleMesh) -> ParticleMesh:
    cells = mesh.cells.copy()
    cells[3] = cells[3, [1, 0, 2]]
    return replace(mesh, cells=cells)


def _moved(mesh: ParticleMesh, node: int, to: list[float]) -> ParticleMesh:
    points = mesh.points.copy()
    points[node] = to
    return replace(mesh, points=points)


def _flat(mesh: ParticleMesh) -> ParticleMesh:
    """Put the last ring's node onto the edge of a neighbouring triangle."""
    cell = mesh.cells[-1]
    return _moved(mesh, int(cell[0]), (0.5 * (mesh.points[cell[1]] + mesh.points[cell[2]])).tolist())


BROKEN = {
    "not finite": lambda m: _moved(m, 5, [float("nan"), 0.0]),
    "node 7 are not finite": lambda m: _moved(m, 7, [float("inf"), 0.0]),
    "does not exist": lambda m: replace(m, cells=np.concatenate([m.cells, [[0, 1, m.n_nodes]]])),
    "cell 0 names a node that does not exist": lambda m: replace(m, cells=m.cells - m.cells[0].max() - 1),
    "names a node twice": lambda m: replace(m, cells=np.concatenate([m.cells, [[4, 4, 5]]])),
    "belong to no cell": lambda m: replace(m, points=np.concatenate([m.points, [[0.1, 0.1]]])),
    "radius is negative": lambda m: replace(m, points=m.points - np.array([0.5, 0.0])),
    "inverted": _swapped,
    "degenerate|inverted": _flat,
    "the surface is open": lambda m: replace(m, facets=m.facets[1:]),
    "do not lie on the surface": lambda m: replace(m, facets=np.concatenate([m.facets, m.cells[-1:, :2]])),
    "given twice": lambda m: replace(m, facets=np.concatenate([m.facets, m.facets[:1, ::-1]])),
    "more than two cells|given twice": lambda m: replace(m, cells=np.concatenate([m.cells, m.cells[:1], m.cells[:1]])),
    "points have the wrong shape": lambda m: replace(m, points=m.points[:, :1]),
    "cells have the wrong shape": lambda m: replace(m, cells=m.cells[:, :2]),
    "has no cells": lambda m: replace(m, cells=m.cells[:0]),
    "has no facets": lambda m: replace(m, facets=m.facets[:0]),
    "has no points": lambda m: replace(m, points=m.points[:0]),
    "unknown kind of coordinates": lambda m: replace(m, coordinates="polar"),
    "sliver": lambda m: replace(m, points=m.points * [1.0, 1e-4]),
}


@pytest.mark.parametrize("message", BROKEN)
def test_check_refuses_and_says_why(message: str, disc: ParticleMesh):
    with pytest.raises(InputError, match=message) as caught:
        check(BROKEN[message](disc))
    assert caught.value.exit_code == 2
    assert str(caught.value).count("\n") <= 5


def test_hollow_radial_mesh_is_refused():
    mesh = radial_mesh(10, 0.1)
    with pytest.raises(InputError, match="hollow"):
        check(replace(mesh, points=mesh.points + 0.5))


def test_radial_mesh_with_several_surfaces_is_refused():
    points = np.array([[0.0], [0.5], [0.7], [1.0]])
    cells = np.array([[0, 1], [2, 3]])
    mesh = ParticleMesh(points, cells, surface_facets(points, cells, "radial"), "radial")
    with pytest.raises(InputError, match="several surfaces"):
        check(mesh)
