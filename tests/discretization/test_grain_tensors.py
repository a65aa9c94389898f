"""Anisotropic grains against solutions known without the program: manufactured ones, series for textured spheres."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import brentq
from scipy.sparse.linalg import splu, spsolve
from scipy.special import eval_legendre

from asyncsoc.case.grains import Grains
from asyncsoc.contact.build import build_contact
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.crystals import layer_tensors, relative_diffusivities
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.geometry.voronoi import centroids
from asyncsoc.problem.grains import TENSOR, with_grains

Array = np.ndarray


def cube(n: int) -> ParticleMesh:
    """The unit cube as n^3 cubes of six tetrahedra."""
    line = np.linspace(0.0, 1.0, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    corner = np.arange((n + 1) ** 3).reshape(n + 1, n + 1, n + 1)[:-1, :-1, :-1].ravel()
    steps, cells = np.array([(n + 1) ** 2, n + 1, 1]), []
    for order in itertools.permutations(range(3)):
        path = np.cumsum([0, *steps[list(order)]])
        cells.append(corner[:, np.newaxis] + path)
    found = np.concatenate(cells)
    edges = points[found][:, 1:] - points[found][:, :1]
    found[np.linalg.det(edges) < 0.0] = found[np.linalg.det(edges) < 0.0][:, [1, 0, 2, 3]]
    return ParticleMesh(points, found, surface_facets(points, found, "cartesian"), "cartesian", "cube")


def two_grains(anisotropy: float) -> tuple[Array, Array]:
    axes = np.array([[1.0, 2.0, -1.0], [-2.0, 1.0, 2.0]])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    first, second = layer_tensors(axes, *relative_diffusivities(anisotropy))
    return first, second


def solution(places: Array, tensors: tuple[Array, Array]) -> Array:
    """Continuous at x = 1/2, and with it the flux through that plane between two grains."""
    first, second = tensors
    x, y, z = places.T
    s, along_y, along_z = x - 0.5, np.cos(y + 2.0 * z), 2.0 * np.cos(y + 2.0 * z)
    left = np.exp(y) * np.sin(z)
    jump = (first[0, 1] - second[0, 1]) * along_y + (first[0, 2] - second[0, 2]) * along_z
    slope = np.where(s < 0.0, left, (first[0, 0] * left + jump) / second[0, 0])
    return np.sin(y + 2.0 * z) + s * slope + s**2 * np.cos(x + y)


def minus_divergence(places: Array, tensors: tuple[Array, Array]) -> Array:
    """-div(A grad u) away from the plane, by differences of fourth order within one grain."""
    total, h = np.zeros(len(places)), 1e-3
    side = (places[:, 0] > 0.5).astype(int)
    inside = places.copy()  # stencils must not cross the plane: u continues smoothly on either side
    weights = {-2: -1.0 / 12.0, -1: 4.0 / 3.0, 0: -5.0 / 2.0, 1: 4.0 / 3.0, 2: -1.0 / 12.0}
    for grain in (0, 1):
        rows = side == grain
        here, tensor = inside[rows], tensors[grain]

        def one(at: Array, grain: int = grain) -> Array:
            return smooth(at, tensors, grain)

        for i in range(3):
            step = h * np.eye(3)[i]
            second = sum(w * one(here + k * step) for k, w in weights.items()) / h**2
            total[rows] -= tensor[i, i] * second
            for j in range(i):
                other = h * np.eye(3)[j]
                mixed = one(here + step + other) - one(here + step - other) - one(here - step + other)
                total[rows] -= 2.0 * tensor[i, j] * (mixed + one(here - step - other)) / (4.0 * h**2)
    return total


def smooth(places: Array, tensors: tuple[Array, Array], grain: int) -> Array:
    """The solution of one grain, continued beyond the plane."""
    moved = places.copy()
    both = solution(np.where(np.arange(3) == 0, 0.25 if grain == 0 else 0.75, moved), tensors)
    # s enters linearly and squared: rebuild from the slope of that side
    x, y, z = places.T
    at = 0.25 if grain == 0 else 0.75
    base = np.sin(y + 2.0 * z)
    slope = (both - base - (at - 0.5) ** 2 * np.cos(at + y)) / (at - 0.5)
    return base + (x - 0.5) * slope + (x - 0.5) ** 2 * np.cos(x + y)


@pytest.mark.parametrize("anisotropy", [10.0, 100.0])
def test_two_grains_have_second_order(anisotropy: float) -> None:
    """-div(A grad u) = f with A another one on each side of a plane, u given on the boundary."""
    tensors, errors = two_grains(anisotropy), []
    for n in (4, 8, 16):
        mesh = cube(n)
        side = (centroids(mesh)[:, 0] > 0.5).astype(int)
        operators = assemble(mesh, np.stack(tensors)[side])
        exact = solution(mesh.points, tensors)
        # what a node on the plane stands for lies half in each grain
        eps = np.array([1e-9, 0.0, 0.0])
        both = [minus_divergence(mesh.points + sign * eps, tensors) for sign in (-1.0, 1.0)]
        load = operators.mass * 0.5 * (both[0] + both[1])
        given = np.unique(mesh.facets)
        free = np.setdiff1d(np.arange(mesh.n_nodes), given)
        k = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr))
        u = exact.copy()
        u[free] = spsolve(k[free][:, free].tocsc(), load[free] - k[free][:, given] @ exact[given])
        errors.append(np.sqrt(operators.mass @ (u - exact) ** 2))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert 1.85 < orders[-1] < 2.3, (errors, orders)


def textured_cap(along: float, across: float, f: float, terms: int = 4000) -> float:
    """u - <u> over the cap in the pseudo-steady state, A = along rr' + across (1 - rr'), uniform flux, in q R/D.

    With u ~ r^nu P_l, nu (nu + 1) = (across/along) l (l + 1).
    """
    mu0, degree = 1.0 - 2.0 * f, np.arange(1, terms + 1)
    before, after = eval_legendre(degree - 1, mu0), eval_legendre(degree + 1, mu0)
    share = 0.5 * (before - after)
    power = -0.5 + np.sqrt(0.25 + across / along * degree * (degree + 1.0))
    return float(-f / (5.0 * along) - np.sum(share**2 / ((2 * degree + 1) * f * power)) / along)


def steady_cap(mesh: ParticleMesh, grains: Grains, f: float) -> float:
    """The same by finite elements on a mesh of the unit sphere."""
    grained = with_grains(mesh, grains)
    operators = assemble(grained, grained.cell_data[TENSOR])
    weights = build_contact(grained, "cap", f).weights
    k = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr)).tolil()
    load = -weights + operators.mass * weights.sum() / operators.volume
    k[0] = 0.0
    k[0, 0], load[0] = 1.0, 0.0
    u = spsolve(k.tocsc(), load)
    return float(weights @ u / weights.sum() - operators.mass @ u / operators.volume)


def test_the_series_is_that_of_an_isotropic_sphere() -> None:
    """f = 1: 0.2; f = 0.5: 1.0029 in J R/D with J = f q (references of the isotropic problem)."""
    assert textured_cap(1.0, 1.0, 0.5) == pytest.approx(-0.5 * 1.0029, rel=2e-4)
    assert textured_cap(1.0, 1.0, 0.1) == pytest.approx(-0.1 * 4.8005, rel=2e-4)


@pytest.mark.parametrize("anisotropy", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("kind", ["radial", "tangential"])
def test_a_textured_sphere_has_the_asynchrony_of_the_series(
    kind: Literal["radial", "tangential"], anisotropy: float
) -> None:
    grains = Grains(kind=kind, anisotropy=anisotropy)
    along, across = relative_diffusivities(anisotropy)
    series = (along, 0.5 * (along + across)) if kind == "radial" else (across, along)
    expected = textured_cap(*series, 0.3)
    assert steady_cap(load_builtin("sphere-axisymmetric-default"), grains, 0.3) == pytest.approx(expected, rel=4e-3)


def test_radially_fast_grains_in_three_dimensions_have_it_too() -> None:
    """A = along rr' + across (1 - rr'), without the mean over c."""
    along, across = relative_diffusivities(10.0)
    mesh = load_builtin("sphere-3d-coarse")
    found = steady_cap(mesh, Grains(kind="radial", anisotropy=10.0), 0.3)
    assert found == pytest.approx(textured_cap(along, 0.5 * (along + across), 0.3), rel=0.02)


def self_consistent(along: float, across: float) -> float:
    """Diffusivity D of a polycrystal of grains at random: 2 (a - D)/(a + 2 D) + (c - D)/(c + 2 D) = 0 (Bruggeman)."""

    def missed(d: float) -> float:
        return 2.0 * (along - d) / (along + 2.0 * d) + (across - d) / (across + 2.0 * d)

    return float(brentq(missed, across, along, xtol=1e-14))


@pytest.mark.parametrize("anisotropy", [3.0, 10.0])
def test_grains_at_random_conduct_as_a_polycrystal(anisotropy: float) -> None:
    """Under a given potential a particle conducts too well, under a given flux too badly: the mean lies between."""
    along, across = relative_diffusivities(anisotropy)
    mesh = load_builtin("sphere-3d-coarse")
    grained = with_grains(mesh, Grains(kind="random", number=30, anisotropy=anisotropy))
    operators = assemble(grained, grained.cell_data[TENSOR])
    k = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr))
    corners = mesh.points[mesh.facets]
    normals = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # times areas
    given = np.unique(mesh.facets)
    free = np.setdiff1d(np.arange(mesh.n_nodes), given)
    inside, pinned = splu(k[free][:, free].tocsc()), splu(k[1:][:, 1:].tocsc())
    high, low = [], []
    for axis in range(3):
        u = mesh.points[:, axis].copy()
        u[free] = inside.solve(-k[free][:, given] @ u[given])
        high.append(u @ (k @ u) / operators.volume)
        load = np.bincount(mesh.facets.ravel(), np.repeat(normals[:, axis] / 3.0, 3), minlength=mesh.n_nodes)
        v = np.concatenate([[0.0], pinned.solve(load[1:])])
        low.append(operators.volume / (load @ v))
    expected = self_consistent(along, across)
    assert np.mean(low) < expected < np.mean(high) < 1.0, (low, expected, high)
    assert np.mean(high) / np.mean(low) < 1.3
