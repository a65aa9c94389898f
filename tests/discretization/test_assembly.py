"""The assembled operators: exact integrals, symmetry to the bit, the caller's node order, an independent assembly."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from asyncsoc.discretization.assembly import assemble
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh

RADIUS = 5e-6
KINDS: tuple[Coordinates, ...] = ("radial", "axisymmetric", "cartesian")


def box(n: int = 3) -> ParticleMesh:
    """A cube of n^3 cells, six tetrahedra each, its inner nodes moved: no integral is right by symmetry."""
    axis = np.linspace(-1.0, 1.0, n + 1)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = (np.abs(points) < 0.99).all(axis=1)
    points[inside] += 0.1 / n * np.random.default_rng(1).uniform(-1.0, 1.0, (np.count_nonzero(inside), 3))
    corner = np.stack(np.meshgrid(*3 * [np.arange(n)], indexing="ij"), axis=-1).reshape(-1, 3)
    strides = np.array([(n + 1) ** 2, n + 1, 1])
    cells = []
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        walk = np.cumsum([np.zeros(3, dtype=int), *(np.eye(3, dtype=int)[k] for k in order)], axis=0)
        cells.append((corner[:, None, :] + walk[None]) @ strides)
    tetrahedra = np.concatenate(cells)
    edges = points[tetrahedra[:, 1:]] - points[tetrahedra[:, :1]]
    turned = np.linalg.det(edges) < 0.0
    tetrahedra[turned] = tetrahedra[turned][:, [0, 2, 1, 3]]
    return ParticleMesh(points * RADIUS, tetrahedra, np.empty((0, 3), dtype=int), "cartesian", "box")


@pytest.fixture(scope="module")
def meshes() -> dict[str, ParticleMesh]:
    return {
        "radial": radial_mesh(20, 0.01).scaled(RADIUS),
        "axisymmetric": axisymmetric_mesh(0.1, 0.2, 0.2, 0.05).scaled(RADIUS),
        "cartesian": box(),
    }


@pytest.fixture(scope="module")
def operators(meshes) -> dict[str, Operators]:
    return {kind: assemble(mesh) for kind, mesh in meshes.items()}


def matrix(found: Operators) -> sp.csr_matrix:
    n = len(found.mass)
    return sp.csr_matrix((found.stiffness, found.indices, found.indptr), shape=(n, n))


def by_hand(mesh: ParticleMesh) -> tuple[np.ndarray, np.ndarray]:
    """Stiffness and lumped mass cell by cell, from barycentric gradients and Gauss points of high enough order."""
    n, size = mesh.n_nodes, mesh.cells.shape[1]
    stiffness, mass = np.zeros((n, n)), np.zeros(n)
    power = {"radial": 2, "axisymmetric": 1, "cartesian": 0}[mesh.coordinates]
    factor = {"radial": 4.0 * np.pi, "axisymmetric": 2.0 * np.pi, "cartesian": 1.0}[mesh.coordinates]
    t, w = np.polynomial.legendre.leggauss(6)
    t, w = 0.5 * (t + 1.0), 0.5 * w
    if size == 2:
        barycentric, weights = np.stack([1.0 - t, t], axis=1), w
    elif size == 3:  # the square folded onto the triangle
        a, b = np.meshgrid(t, t, indexing="ij")
        barycentric = np.stack([(1.0 - a) * (1.0 - b), (1.0 - a) * b, a], axis=-1).reshape(-1, 3)
        weights = (np.outer(w, w) * (1.0 - a)).ravel()
    else:
        barycentric, weights = np.full((1, 4), 0.25), np.array([1.0 / 6.0])
    for cell in mesh.cells:
        corners = mesh.points[cell]
        jacobian = (corners[1:] - corners[0]).T
        gradients = np.concatenate([-np.linalg.inv(jacobian).sum(axis=0)[None], np.linalg.inv(jacobian)])
        measure = factor * (barycentric @ corners)[:, 0] ** power * weights * abs(np.linalg.det(jacobian))
        stiffness[np.ix_(cell, cell)] += measure.sum() * gradients @ gradients.T
        mass[cell] += measure @ barycentric
    return stiffness, mass


@pytest.mark.parametrize("kind", KINDS)
def test_operators_match_an_assembly_by_hand(kind, meshes, operators):
    stiffness, mass = by_hand(meshes[kind])
    found = operators[kind]
    np.testing.assert_allclose(matrix(found).toarray(), stiffness, rtol=0.0, atol=1e-13 * np.abs(stiffness).max())
    np.testing.assert_allclose(found.mass, mass, rtol=1e-12, atol=1e-15 * mass.max())


@pytest.mark.parametrize("kind", KINDS)
def test_stiffness_is_symmetric_to_the_bit_and_its_rows_sum_to_zero(kind, operators):
    stiffness = matrix(operators[kind])
    assert np.array_equal(stiffness.toarray(), stiffness.toarray().T)
    assert stiffness.has_sorted_indices
    largest = np.abs(stiffness.data).max()
    assert np.abs(stiffness.sum(axis=1)).max() <= 1e-15 * largest
    assert np.all(stiffness.diagonal() > 0.0)
    eigenvalues = np.linalg.eigvalsh(stiffness.toarray() / largest)
    assert abs(eigenvalues[0]) < 1e-13 and eigenvalues[1] > 1e-6  # only the constant costs nothing


@pytest.mark.parametrize("kind", KINDS)
def test_volume_is_exact(kind, operators):
    sphere = 4.0 / 3.0 * np.pi * RADIUS**3
    expected = (2.0 * RADIUS) ** 3 if kind == "cartesian" else sphere
    assert operators[kind].volume == pytest.approx(expected, rel=1e-13)
    assert math.fsum(operators[kind].mass.tolist()) == pytest.approx(operators[kind].volume, rel=1e-14)
    assert np.all(operators[kind].mass > 0.0)  # the axis and the centre too


@pytest.mark.parametrize("kind", KINDS)
def test_a_linear_field_has_the_energy_of_its_slope(kind, meshes, operators):
    """u' K u = |grad u|^2 V for every linear u, and u' K v = grad u . grad v V."""
    points, found = meshes[kind].points, operators[kind]
    stiffness = matrix(found)
    gram = points.T @ (stiffness @ points)
    np.testing.assert_allclose(gram, found.volume * np.eye(points.shape[1]), atol=1e-12 * found.volume)


@pytest.mark.parametrize("kind", KINDS)
def test_lumped_mass_integrates_linear_fields_exactly(kind, meshes, operators):
    points, mass = meshes[kind].points, operators[kind].mass
    scale = RADIUS**4
    if kind == "radial":
        assert mass @ points[:, 0] == pytest.approx(np.pi * scale, rel=1e-12)  # integral of r 4 pi r^2 dr
        return
    heights = points[:, -1]
    assert mass @ heights == pytest.approx(0.0, abs=1e-13 * scale)
    assert mass @ (3.0 + heights / RADIUS) == pytest.approx(3.0 * mass.sum(), rel=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_operators_follow_the_nodes_of_the_mesh(kind, meshes, operators):
    mesh, found = meshes[kind], operators[kind]
    order = np.random.default_rng(7).permutation(mesh.n_nodes)
    place = np.argsort(order)
    shuffled = replace(mesh, points=mesh.points[order], cells=place[mesh.cells], facets=place[mesh.facets])
    other = assemble(shuffled)
    expected = matrix(found)[order][:, order].toarray()
    np.testing.assert_allclose(matrix(other).toarray(), expected, atol=1e-14 * np.abs(expected).max())
    np.testing.assert_allclose(other.mass, found.mass[order], rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_operators_scale_with_the_particle(kind, meshes, operators):
    """K is a length and m a volume in all three models: both belong to the whole particle."""
    larger = assemble(meshes[kind].scaled(3.0))
    expected = 3.0 * operators[kind].stiffness
    np.testing.assert_allclose(larger.stiffness, expected, atol=1e-14 * np.abs(expected).max())
    np.testing.assert_allclose(larger.mass, 27.0 * operators[kind].mass, rtol=1e-12)


def test_assembling_twice_gives_the_same_bits(meshes):
    first, second = assemble(meshes["axisymmetric"]), assemble(meshes["axisymmetric"])
    for name in ("indptr", "indices", "stiffness", "mass"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_operators_are_read_only(operators):
    with pytest.raises(ValueError, match="read-only"):
        operators["radial"].mass[0] = 1.0
