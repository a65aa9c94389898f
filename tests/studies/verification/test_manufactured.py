"""Manufactured solutions: their sources by finite differences, their orders with an independent integrator."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.integrate import solve_ivp
from scipy.special import spherical_jn

from asyncsoc.base.errors import InputError
from asyncsoc.contact.shapes import full
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.studies.verification.checks_orders import manufactured_error
from asyncsoc.studies.verification.manufactured import Manufactured, free_decay, manufactured
from asyncsoc.studies.verification.refine import family, observed_orders

STEP = 1e-3
DIMENSIONS: dict[Coordinates, int] = {"radial": 1, "axisymmetric": 2, "cartesian": 3}
METRIC_POWER: dict[Coordinates, int] = {"radial": 2, "axisymmetric": 1, "cartesian": 0}


def divergence_of_flux(solution: Manufactured, points: np.ndarray, time: float) -> np.ndarray:
    """Return div(D grad x) by differencing psi(x), the first coordinate with its metric factor."""
    power = METRIC_POWER[solution.coordinates]
    total = np.zeros(len(points))
    for axis in range(points.shape[1]):
        offset = np.zeros(points.shape[1])
        offset[axis] = STEP

        def slope(at: np.ndarray, shift: np.ndarray = 0.5 * offset) -> np.ndarray:
            high, low = (solution.potential(solution.exact(p, time)) for p in (at + shift, at - shift))
            return (high - low) / STEP

        weight = power if axis == 0 else 0
        right, left = points + 0.5 * offset, points - 0.5 * offset
        total += (right[:, axis] ** weight * slope(right) - left[:, axis] ** weight * slope(left)) / (
            STEP * points[:, axis] ** weight
        )
    return total


@pytest.mark.parametrize("coordinates", list(DIMENSIONS))
@pytest.mark.parametrize("steepness", [0.0, 2.0])
def test_source_and_inflow_by_finite_differences(coordinates: Coordinates, steepness: float) -> None:
    solution = manufactured(coordinates, steepness)
    points = np.random.default_rng(1).uniform(0.2, 0.7, (20, DIMENSIONS[coordinates]))
    change = (solution.exact(points, 0.3 + STEP) - solution.exact(points, 0.3 - STEP)) / (2.0 * STEP)
    expected = change - divergence_of_flux(solution, points, 0.3)
    np.testing.assert_allclose(solution.source(points, 0.3), expected, atol=1e-5)
    normal = points / np.linalg.norm(points, axis=1, keepdims=True)
    outer, inner = (solution.exact(points + sign * STEP * normal, 0.3) for sign in (1.0, -1.0))
    expected = solution.diffusivity(solution.exact(points, 0.3)) * (outer - inner) / (2.0 * STEP)
    np.testing.assert_allclose(solution.inflow(points, 0.3), expected, atol=1e-6)
    x = solution.exact(points, 0.0)
    np.testing.assert_allclose(solution.inverse_potential(solution.potential(x)), x, rtol=1e-14)


def test_time_dependent_solution_converges_with_order_two() -> None:
    solution, errors = manufactured("radial", 2.0), []
    for mesh in family(radial_mesh(12, 1.0 / 12.0), 3):
        operators, surface = assemble(mesh), full(mesh).surface_weights
        n = len(operators.mass)
        stiffness = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))
        outside = surface > 0.0

        def rate(time: float, x: np.ndarray, m=operators.mass, k=stiffness, s=surface, on=outside, p=mesh.points):
            load = m * solution.source(p, time) - k @ solution.potential(x)
            load[on] += s[on] * solution.inflow(p[on], time)
            return load / m

        start = solution.exact(mesh.points, 0.0)
        end = solve_ivp(rate, (0.0, 0.2), start, method="BDF", rtol=1e-9, atol=1e-10).y[:, -1]
        error = end - solution.exact(mesh.points, 0.2)
        errors.append(np.sqrt(operators.mass @ error**2 / operators.volume))
    np.testing.assert_allclose(observed_orders(errors), 2.0, atol=0.1)


def ball(n: int) -> ParticleMesh:
    """Return a cube of n^3 cells, six tetrahedra each, drawn onto the unit ball: nested but for the curved surface."""
    grid = np.linspace(-1.0, 1.0, n + 1)
    points = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    length = np.linalg.norm(points, axis=1)
    points *= np.divide(np.abs(points).max(axis=1), length, out=np.ones_like(length), where=length > 0.0)[:, None]
    corner = np.arange((n + 1) ** 3).reshape(n + 1, n + 1, n + 1)[:-1, :-1, :-1].ravel()
    steps = np.array([(n + 1) ** 2, n + 1, 1])
    cells = []
    for first, second, third in permutations(steps):
        path = [0, first, first + second, first + second + third]
        cells.append(corner[:, None] + np.array(path))
    tetrahedra = np.concatenate(cells)
    edges = points[tetrahedra[:, 1:]] - points[tetrahedra[:, :1]]
    turned = np.linalg.det(edges) < 0.0
    tetrahedra[turned] = tetrahedra[turned][:, [0, 2, 1, 3]]
    return ParticleMesh(points, tetrahedra, surface_facets(points, tetrahedra, "cartesian"), "cartesian")


@pytest.mark.parametrize("steepness", [0.0, 2.0])
def test_three_dimensional_solution_converges_with_order_two(steepness: float) -> None:
    errors = [manufactured_error(ball(n), steepness) for n in (5, 10, 20)]
    assert observed_orders(errors)[-1] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("degree", [0, 1, 3])
def test_free_decay_is_insulated_and_scaled(degree: int) -> None:
    mode = free_decay(degree)
    assert spherical_jn(degree, mode.root, derivative=True) == pytest.approx(0.0, abs=1e-12)
    radii = np.linspace(0.0, 1.0, 101)
    points = np.stack([np.zeros_like(radii), radii], axis=1)
    x = mode.exact(points, 0.0, "axisymmetric")
    assert np.abs(x - 0.5).max() == pytest.approx(0.2, rel=1e-3)
    later = mode.exact(points, 0.1, "axisymmetric")
    np.testing.assert_allclose(later - 0.5, (x - 0.5) * np.exp(-0.1 * mode.root**2), atol=1e-15)


def test_unknown_kind_of_mesh() -> None:
    with pytest.raises(InputError, match="kind of mesh"):
        manufactured("spherical")  # type: ignore[arg-type]
