"""Grain boundaries in time: a slab of two grains against closed forms, the order of the method, conservation, bits.

Slow is the first of them, for which the kernels are compiled in another form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import asyncsoc.problem.system as systems
from asyncsoc.base.interpolation import psi_and_d_array
from asyncsoc.base.units import FARADAY
from asyncsoc.discretization.operators import Operators
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.problem.particles import Member, Problem
from asyncsoc.problem.system import BoundaryExchange, OrderedSystem, order_system
from asyncsoc.solver.integrate import integrate
from tests.solver.keeping import KeepingCallback

LENGTH, AREA = 10e-6, 1.767e-10  # as much as a sphere of 7.5 um
D, TEMPERATURE = 1e-14, 333.15


@dataclass(frozen=True, eq=False)
class Slab:
    """Two grains side by side, n intervals each, doubled in the middle."""

    places: np.ndarray
    operators: Operators
    system: OrderedSystem
    exchange: float

    @property
    def left(self) -> np.ndarray:
        return np.arange(len(self.places)) < len(self.places) // 2


def slab(n: int, exchange: float) -> Slab:
    half, m = np.linspace(0.0, 0.5 * LENGTH, n + 1), 2 * (n + 1)
    step = half[1]
    pairs = np.array([[k, k + 1] for k in range(m - 1) if k != n])
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    off = sp.coo_matrix((np.full(len(rows), -AREA / step), (rows, columns)), shape=(m, m)).tocsr()
    k = (off - sp.diags(np.asarray(off.sum(axis=1)).ravel())).tocsr()
    k.sort_indices()
    mass = np.full(m, AREA * step)
    mass[[0, n, n + 1, m - 1]] *= 0.5
    operators = Operators(k.indptr, k.indices, k.data, mass, float(mass.sum()))
    crossing = BoundaryExchange(np.array([[n, n + 1]]), np.array([exchange * AREA])) if exchange > 0.0 else None
    return Slab(np.concatenate([half, half + 0.5 * LENGTH]), operators, order_system(operators, crossing), exchange)


def member_of(ball: Any, made: Slab, text: str, start: Any, table: Any, **changes: Any) -> Member:
    weights = np.zeros(len(made.places))
    weights[0] = AREA
    x = np.broadcast_to(np.asarray(start, dtype=float), len(weights)).copy()
    given = ball.member(text, tables={TEMPERATURE: table}, tolerance=1e-6)
    return replace(given, x=x, weights=weights, **changes)


def run(made: Slab, members: list[Member], times: Any = (), **options: Any) -> list[KeepingCallback]:
    kept = [KeepingCallback(times) for _ in members]
    outcomes = integrate(Problem.alone(made.system, members), [[one] for one in kept], **options)
    assert all(outcome.error is None for outcome in outcomes)
    return kept


def flux_of(member: Member) -> float:
    """Stoichiometry times length that leaves the slab in a second [m/s]."""
    return member.constraints[0].target / (FARADAY * member.maximum_concentration * AREA)


def filled(depth: np.ndarray, time: float, b: float) -> np.ndarray:
    """What a unit flux through the face of an insulated slab of depth b adds (Carslaw and Jaeger 1959, 3.8)."""
    n = np.arange(1, 400)[:, np.newaxis]
    xi = b - depth
    series = np.sum(
        (-1.0) ** n / n**2 * np.exp(-D * n**2 * np.pi**2 * time / b**2) * np.cos(n * np.pi * xi / b), axis=0
    )
    return time / b + b / D * ((3.0 * xi**2 - b**2) / (6.0 * b**2) - 2.0 / np.pi**2 * series)


def test_a_blocking_boundary_keeps_lithium_in_its_grain(ball, make_table):
    """h = 0: the first grain is emptied as a slab of half the depth, by the series; the second keeps its lithium."""
    errors = []
    for n in (20, 40):
        made = slab(n, 0.0)
        member = member_of(
            ball, made, "Charge at C/20 for 600 s", 0.8, make_table(TEMPERATURE, D), kinetics=UniformFlux()
        )
        times = [100.0, 300.0, 600.0]
        kept = run(made, [member], times)[0]
        left = made.left
        for time in times:
            x = kept.sampled[time].x
            np.testing.assert_allclose(x[~left], 0.8, rtol=1e-13)
            exact = 0.8 - flux_of(member) * filled(made.places[left], time, 0.5 * LENGTH)
            errors.append(np.abs(x[left] - exact).max() / np.ptp(exact))
    assert max(errors[3:]) < 2e-3
    assert np.all(np.array(errors[:3]) / np.array(errors[3:]) > 3.5)  # second order in space


@pytest.mark.slow
@pytest.mark.parametrize("biot", [0.1, 1.0, 30.0])
def test_two_grains_relax_through_their_boundary_as_the_series_says(ball, make_table, biot):
    """A step in x between two halves: x - mean is odd about the boundary, with D dx/dn = -2 h x there.

    x = sum 2 Bi cos(beta s/b) / ((beta^2 + Bi^2 + Bi) cos beta) exp(-beta^2 D t/b^2), beta tan beta = Bi = 2 h b/D, s
    from the outer face (Crank 1975, 4.3.6). At Bi = 30 the boundary hardly hinders, at 0.1 it does almost alone.
    """
    b = 0.5 * LENGTH
    made = slab(80, biot * D / (2.0 * b))
    left = made.left
    start = np.where(left, 0.75, 0.65)
    kept = run(made, [member_of(ball, made, "Rest for 2 hours", start, make_table(TEMPERATURE, D))], [600.0, 3600.0])
    roots = np.array(
        [
            brentq(lambda z: z * np.sin(z) - biot * np.cos(z), k * np.pi, k * np.pi + np.pi / 2, xtol=1e-14)
            for k in range(200)
        ]
    )[:, np.newaxis]
    for time in (600.0, 3600.0):
        terms = 2.0 * biot * np.cos(roots * made.places[left] / b) / ((roots**2 + biot**2 + biot) * np.cos(roots))
        exact = 0.7 + 0.05 * np.sum(terms * np.exp(-(roots**2) * D * time / b**2), axis=0)
        x = kept[0].sampled[time].x
        np.testing.assert_allclose(x[left], exact, atol=3e-5)
        np.testing.assert_allclose(x[~left], 1.4 - exact[::-1], atol=3e-5)


@pytest.mark.slow
def test_a_steady_flux_makes_a_jump(ball, make_table):
    """In the pseudo-steady state half of the flux crosses the middle: x_b - x_a = q/(2 h)."""
    made = slab(30, 2e-9)
    member = member_of(
        ball, made, "Charge at C/40 for 10 hours", 0.8, make_table(TEMPERATURE, D), kinetics=UniformFlux()
    )
    x = run(made, [member])[0].last.x
    n = len(x) // 2
    assert x[n] - x[n - 1] == pytest.approx(flux_of(member) / (2.0 * made.exchange), rel=1e-4)


def right_hand_side(made: Slab, table: Any) -> Any:
    k = sp.csr_matrix((made.operators.stiffness, made.operators.indices, made.operators.indptr))
    n = len(made.places) // 2

    def rate(_: float, x: np.ndarray) -> np.ndarray:
        flow = -(k @ psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[0])
        crossing = made.exchange * AREA * (x[n - 1] - x[n])
        flow[n - 1] -= crossing
        flow[n] += crossing
        return flow / made.operators.mass

    return rate


@pytest.fixture(params=["factored", "iterated"])
def solver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "iterated":
        monkeypatch.setattr(systems, "MOST_FACTOR_OPERATIONS", 0.0)
    return request.param


@pytest.mark.slow
@pytest.mark.parametrize("exchange", [1e-9, 1e-7])
def test_the_order_in_time_is_that_of_the_method(ball, make_table, solver, exchange):
    """D(x) differs from one side to the other: without the unsymmetric part of the Jacobian the order was 1.6."""
    made, table = slab(16, exchange), make_table()
    assert made.system.kernel.iterative == (solver == "iterated")
    start = np.where(made.left, 0.85, 0.45) + 0.02 * np.cos(2.0 * np.pi * made.places / LENGTH)
    run_in = run(made, [member_of(ball, made, "Rest for 1000 s", start, table)])[0].last.x
    d = psi_and_d_array(run_in, table.x_first, table.spacing, table.coefficients)[1]
    n = len(run_in) // 2
    assert exchange > 1e-8 or max(d[n - 1], d[n]) / min(d[n - 1], d[n]) > 1.5
    member = member_of(ball, made, "Rest for 1000 s", run_in, table)
    exact = solve_ivp(right_hand_side(made, table), (0.0, 1000.0), run_in, method="Radau", rtol=1e-11, atol=1e-13).y[
        :, -1
    ]
    errors = []
    for count in (4, 8, 16):
        equal = replace(member, tolerance=1.0 if solver == "factored" else 1e-5, largest_step=1000.0 / count)
        found = run(made, [equal])[0].last.x
        errors.append(np.sqrt(made.operators.mass @ (found - exact) ** 2 / made.operators.volume))
        assert made.operators.mass @ (found - run_in) == pytest.approx(0.0, abs=1e-14 * made.operators.volume)
    if solver == "factored":
        orders = np.log2(np.array(errors[:-1]) / errors[1:])
        assert orders[-1] > 3.5, errors
    else:
        assert max(errors) < 1e-5, errors


@pytest.mark.slow
def test_particles_side_by_side_have_the_bits_of_each_alone(ball, make_table, solver):
    made, table = slab(12, 3e-9), make_table()
    starts = [np.where(made.left, 0.8 - 0.02 * k, 0.5 + 0.01 * k) for k in range(9)]
    members = [member_of(ball, made, "Charge at C/10 for 20 minutes", start, table) for start in starts]
    together = run(made, members)
    for member, kept in zip(members, together, strict=True):
        np.testing.assert_array_equal(run(made, [member])[0].last.x, kept.last.x)


@pytest.mark.slow
def test_a_particle_larger_than_its_mesh_is_one_on_a_larger_mesh(ball, make_table):
    made, table = slab(12, 3e-9), make_table()
    text = "Charge at C/20 for 20 minutes"
    member = member_of(ball, made, text, np.where(made.left, 0.8, 0.5), table)
    large = replace(member, weights=4.0 * member.weights)
    scaled = run(made, [replace(large, scale=2.0)])[0].last.x
    other = replace(made, system=made.system.scaled(2.0))
    np.testing.assert_allclose(scaled, run(other, [large])[0].last.x, rtol=1e-9)


def test_the_linearization_has_what_passes_the_boundary(ball, make_table):
    made, table = slab(12, 3e-9), make_table()
    x = np.where(made.left, 0.8, 0.5) + 0.05 * np.sin(3e5 * made.places)
    member = member_of(ball, made, "Charge at C/10 for 20 minutes", x, table)
    found = linearize(Problem.alone(made.system, [member]), GroupState((x,), 3.9)).jacobian.toarray()
    rate, n = right_hand_side(made, table), len(x)
    inside = np.arange(1, n)  # the first node has a contact besides
    for k in (n // 2 - 1, n // 2, 3):
        step = 1e-7 * np.eye(n)[k]
        slope = (rate(0.0, x + step) - rate(0.0, x - step)) / 2e-7 * made.operators.mass
        np.testing.assert_allclose(found[inside, k], slope[inside], atol=1e-7 * np.abs(slope).max())
