"""The linearized problem against differences of its equations, closed forms of the impedance, and the integrator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import psi_and_d_array
from asyncsoc.base.units import FARADAY
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.interface.kinetics import RateLaw, UniformFlux
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.linear_interface import interface_of
from asyncsoc.problem.linearize import GroupState, linearize, stiffness_of
from asyncsoc.problem.particles import CoupledSideReaction, Group, Problem
from asyncsoc.solver.integrate import integrate
from asyncsoc.studies.verification.impedance import cap_transfer, full_transfer

MATERIAL = cathode("ncm811-sturm2019")
RADIUS, TEMPERATURE = 7.5e-6, 333.15
FREQUENCIES = np.array([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])


@pytest.fixture(scope="module")
def side() -> CoupledSideReaction:
    """A side reaction whose energy table is the straight line E = -0.6 + 0.4 x, with a film that slows and closes."""
    parameters = SideReactionParameters(
        side_first=0.0, side_inverse_spacing=1.0, side_alpha=0.5, beta=2.0, shift=-2.3, scale=2e-3,
        inverse_limit=1 / 30e-9, growth=4e-10, resistivity=1e7, inverse_block=1 / 200e-9,
    )  # fmt: skip
    return CoupledSideReaction(np.array([-0.6, 0.4, 0.0, 0.0]), parameters)


def impedance(linear: Any, frequency: float) -> complex:
    """Return phi_s over the current of a group [ohm] at a frequency [Hz], the current imposed."""
    rows = (linear.jacobian - 2j * np.pi * frequency * linear.mass).tocsc()
    return complex(spsolve(rows, -linear.target_column.astype(complex))[-1])


def residual(problem: Problem, y: np.ndarray, dy: np.ndarray, target: float, double_layer: float) -> np.ndarray:
    """Evaluate the rows of `linearize`'s docstring, mass dy/dt less right-hand side, from functions of values alone."""
    (group,), step = problem.groups, problem.groups[0].constraints[0]
    out, start, total, charging = [], 0, 0.0, 0.0
    many = group.multiplicities or (1.0,) * len(group.particles)
    meshes = group.meshes or (0,) * len(group.particles)
    for count, mesh, particle in zip(many, meshes, group.particles, strict=True):
        system = problem.meshes[mesh]
        nodes = np.flatnonzero(particle.weights > 0.0)
        n, c, w = len(particle.x), len(nodes), particle.weights[nodes]
        x, d, v = (y[start + a : start + b] for a, b in ((0, n), (n, n + c), (n + c, n + 2 * c)))
        dx, dd, dv = (dy[start + a : start + b] for a, b in ((0, n), (n, n + c), (n + c, n + 2 * c)))
        table = particle.tables[step.temperature]
        # at a potential equal to v and without resistance the interface is what i and o are at v
        bare = replace(particle, film_resistance=0.0)
        if particle.side is not None:
            parameters = replace(particle.side.parameters, resistivity=0.0)
            bare = replace(bare, side=replace(particle.side, parameters=parameters))
        at = [interface_of(bare, step.temperature, x[nodes[k : k + 1]], d[k : k + 1], float(v[k])) for k in range(c)]
        i, o, opened = (np.array([getattr(one, name)[0] for one in at]) for name in ("i", "o", "opened"))
        resistivity = 0.0 if particle.side is None else particle.side.parameters.resistivity
        growth = 0.0 if particle.side is None else particle.side.parameters.growth
        resistance = particle.film_resistance + d * resistivity
        psi = psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[0]
        lithium = system.kernel.mass[system.place] * dx + stiffness_of(system) @ psi
        np.add.at(lithium, nodes, w * opened * i / (FARADAY * particle.maximum_concentration))
        through = i + o + double_layer * dv
        out += [lithium, dd - growth * opened * o, -(v - y[-1] + resistance * through)]
        total += count * float((w * opened * (i + o)).sum())
        charging += count * float((w * opened * double_layer * dv).sum())
        start += n + 2 * c
    constraint = step.current_factor * (total + charging) + step.potential_factor * y[-1] - target
    return np.concatenate([*out, [-constraint]])


@pytest.mark.parametrize("step", ["Charge at C/10 for 1 hour", "Hold at 3.9 V for 1 hour"])
@pytest.mark.parametrize("kinetics", [ButlerVolmer(), Linear(), MarcusHushChidsey()])
def test_rows_are_the_differences_of_the_equations(
    make_particle: Any, side: CoupledSideReaction, step: str, kinetics: RateLaw
) -> None:
    coarse = make_particle(radial_mesh(8, 2e-2))
    changes: dict[str, Any] = {"film_resistance": 0.02, "side": side, "kinetics": kinetics}
    first = coarse.member(step, **changes)
    second = replace(first, weights=first.weights * 0.3, side=None)
    problem = Problem((coarse.system,), (Group((first, second), first.constraints, 1e-4, multiplicities=(2.0, 1.0)),))
    rng = np.random.default_rng(1)
    x = tuple(0.6 + 0.02 * rng.standard_normal(len(first.x)) for _ in range(2))
    state = GroupState(x, 3.93, (np.array([2e-8]), np.array([0.0])))
    capacitance = 0.2
    linear = linearize(problem, state, double_layer=capacitance)
    y = np.zeros(linear.jacobian.shape[0])
    for k, rows in enumerate(linear.particles):
        y[rows.x], y[rows.film], y[rows.under_film] = x[k], state.film[k], rows.interface.v
    y[-1] = state.potential
    rest, target = np.zeros_like(y), problem.groups[0].constraints[0].target
    largest = np.abs(linear.jacobian).max(axis=1).toarray().ravel()
    scale = np.where(largest > 0.0, largest, 1.0)
    for k in range(len(y)):
        size = 1e-12 if any(rows.film.start <= k < rows.film.stop for rows in linear.particles) else 1e-6
        step_of = np.zeros_like(y)
        step_of[k] = size
        both = [residual(problem, y + sign * step_of, rest, target, capacitance) for sign in (1, -1)]
        slope = -(both[0] - both[1]) / (2 * size)
        np.testing.assert_allclose(slope / scale, linear.jacobian[:, [k]].toarray().ravel() / scale, atol=2e-6)
        both = [residual(problem, y, sign * step_of / size, target, capacitance) for sign in (1, -1)]
        mass = (both[0] - both[1]) / 2
        np.testing.assert_allclose(mass, linear.mass[:, [k]].toarray().ravel(), rtol=1e-9, atol=1e-13)
    both = [residual(problem, y, rest, target + sign, capacitance) for sign in (1, -1)]
    np.testing.assert_allclose(-(both[0] - both[1]) / 2, linear.target_column, atol=1e-9)


def closed_form(member: Any, table: Any, x: float, transfer: Any, frequency: float, area: float) -> complex:
    """Return charge transfer and diffusion of a sphere at equilibrium [ohm]."""
    U, U_x, i0, _ = (float(v[0]) for v in _at(table, x))
    del U
    diffusivity = float(psi_and_d_array(np.array([x]), table.x_first, table.spacing, table.coefficients)[1][0])
    s = np.array([2j * np.pi * frequency * RADIUS**2 / diffusivity])
    whole = 4.0 * np.pi * RADIUS**2
    slow = -U_x * RADIUS / (FARADAY * member.maximum_concentration * diffusivity * whole) * transfer(s)[0]
    fast = 8.31446261815324 * TEMPERATURE / FARADAY / i0 / area
    return complex(slow + fast)


def _at(table: Any, x: float) -> Any:
    from asyncsoc.base.interpolation import ocp_and_i0_array

    return ocp_and_i0_array(np.array([x]), table.x_first, table.spacing, table.coefficients)


def equilibrium(member: Any, x: float) -> GroupState:
    potential = float(_at(next(iter(member.tables.values())), x)[0][0])
    return GroupState((np.full(len(member.x), x),), potential)


@pytest.mark.parametrize("frequency", FREQUENCIES.tolist())
def test_impedance_of_a_covered_sphere(make_particle: Any, frequency: float) -> None:
    fine = make_particle(radial_mesh(300, 1e-4))
    member = fine.member("Rest for 1 hour")
    linear = linearize(Problem.alone(fine.system, [member]), equilibrium(member, 0.55))
    table = member.tables[TEMPERATURE]
    expected = closed_form(member, table, 0.55, full_transfer, frequency, float(member.weights.sum()))
    assert impedance(linear, frequency) == pytest.approx(expected, rel=2e-4)


def test_diffusion_impedance_of_a_cap_where_kinetics_are_slow(body: Any) -> None:
    """With slow kinetics the flux is uniform over the cap, and what comes on top of charge transfer is closed."""
    member = body.member("Rest for 1 hour", coverage=0.3, kinetics=Linear())
    table = replace(member.tables[TEMPERATURE])
    slow = replace(table, coefficients=np.column_stack([table.coefficients[:, :4], table.coefficients[:, 4:] * 1e-3]))
    member = replace(member, tables={TEMPERATURE: slow})
    linear = linearize(Problem.alone(body.system, [member]), equilibrium(member, 0.55))
    area = float(member.weights.sum())
    for frequency in (1e-4, 1e-3):
        expected = closed_form(member, slow, 0.55, lambda s: cap_transfer(s, 0.3), frequency, area)
        fast = closed_form(member, slow, 0.55, np.zeros_like, frequency, area)
        assert impedance(linear, frequency) - fast == pytest.approx(expected - fast, rel=0.02)


def test_admittances_of_a_group_add_up(body: Any, ball: Any) -> None:
    members = [body.member("Rest for 1 hour", coverage=0.2), ball.member("Rest for 1 hour")]
    group = Group(tuple(members), members[0].constraints, 1e-4, multiplicities=(3.0, 0.5), meshes=(0, 1))
    states = [equilibrium(member, 0.55) for member in members]
    state = GroupState(tuple(one.x[0] for one in states), states[0].potential)
    together = linearize(Problem((body.system, ball.system), (group,)), state, double_layer=0.1)
    alone = [
        linearize(Problem.alone(home.system, [member]), one, double_layer=0.1)
        for home, member, one in zip((body, ball), members, states, strict=True)
    ]
    for frequency in (1e-4, 1e-1, 1e3):
        apart = 3.0 / impedance(alone[0], frequency) + 0.5 / impedance(alone[1], frequency)
        assert 1.0 / impedance(together, frequency) == pytest.approx(apart, rel=1e-9)


def test_a_double_layer_takes_over_at_high_frequency(ball: Any) -> None:
    member = ball.member("Rest for 1 hour", film_resistance=0.01)
    linear = linearize(Problem.alone(ball.system, [member]), equilibrium(member, 0.55), double_layer=0.2)
    area = float(member.weights.sum())
    assert impedance(linear, 1e7) == pytest.approx(0.01 / area, rel=1e-3)  # the film alone is left
    high = 1e4
    assert impedance(linear, high).imag == pytest.approx(-1.0 / (2 * np.pi * high * 0.2 * area), rel=0.01)


def test_the_integrator_moves_as_the_linear_problem_says(ball: Any) -> None:
    """A current so small that nothing but the first order is left: potential and surface after 1, 10 and 100 steps."""
    member = ball.member("Charge at C/10 for 100 s", start=0.55, tolerance=1e-7)
    tiny = tuple(replace(one, target=1e-4 * one.target) for one in member.constraints)
    member = replace(member, constraints=tiny, tolerance=1e-9)
    problem, state = Problem.alone(ball.system, [member]), equilibrium(member, 0.55)
    linear = linearize(problem, state)
    y, steps = np.zeros(linear.jacobian.shape[0]), 4000
    h = 100.0 / steps
    current = tiny[0].target
    # BDF2 with equal steps, begun with implicit Euler
    before = spsolve((linear.mass / h - linear.jacobian).tocsc(), linear.mass @ y / h + linear.target_column * current)
    factor = sp.linalg.splu((1.5 / h * linear.mass - linear.jacobian).tocsc())
    for _ in range(steps - 1):
        y, before = before, factor.solve(linear.mass @ (2.0 * before - 0.5 * y) / h + linear.target_column * current)
    outcome = integrate(problem)[0]
    moved = outcome.checkpoint.particles[0].x - 0.55
    rows = linear.particles[0]
    np.testing.assert_allclose(moved, before[rows.x], atol=2e-3 * np.abs(moved).max())
    assert outcome.checkpoint.state["potential"] - state.potential == pytest.approx(before[-1], rel=2e-3)


def test_what_cannot_be_linearized_is_refused(ball: Any) -> None:
    member = ball.member("Charge at C/10 for 100 s")
    problem = Problem.alone(ball.system, [member])
    state = equilibrium(member, 0.55)
    with pytest.raises(InputError, match="uniform flux cannot be linearized"):
        linearize(Problem.alone(ball.system, [replace(member, kinetics=UniformFlux())]), state)
    with pytest.raises(InputError, match="does not belong to this group"):
        linearize(problem, GroupState((np.zeros(3),), 3.9))
    with pytest.raises(InputError, match="double_layer"):
        linearize(problem, state, double_layer=-1.0)
    for wrong in ({"group": 1}, {"protocol_step": 1}, {"protocol_step": -1}):
        with pytest.raises(InputError, match="there is no such"):
            linearize(problem, state, **wrong)
    with pytest.raises(InputError, match="not finite"):
        linearize(problem, replace(state, potential=float("nan")))
