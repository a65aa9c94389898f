"""Particles at one potential: a group of one is a particle alone, and groups agree with independent solutions."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from asyncsoc.base.errors import InfeasibleStepError, InputError, InterruptedRunError, SimulationError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import MaterialTable, tabulate
from asyncsoc.problem.particles import Group, Member, Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState
from tests.solver.keeping import KeepingCallback

MATERIAL = cathode("ncm811-sturm2019")
RADIUS, TEMPERATURE = 7.5e-6, 333.15

CCCV = ("Charge at C/5 until 4.0 V", "Hold at 4.0 V until C/20", "Rest for 20 minutes", "Discharge at C/5 until 3.5 V")


def group_of(members: list[Member], meshes: tuple[int, ...] = (), many: tuple[float, ...] = ()) -> Group:
    """Return members as a group under the protocol of the first, whose currents are a single particle's."""
    first = members[0]
    return Group(tuple(members), first.constraints, first.tolerance, multiplicities=many, meshes=meshes)


def times_current(constraints: tuple[StepConstraint, ...], factor: float) -> tuple[StepConstraint, ...]:
    """Return protocol steps of `factor` times the current."""
    return tuple(
        replace(
            one,
            target=one.target * (factor if one.galvanostatic else 1.0),
            current_factor=one.current_factor / (1.0 if one.galvanostatic else factor),
            series=one.series / factor,
            current_scale=one.current_scale * factor,
            events=tuple(
                replace(event, value=event.value * factor)
                if "current" in event.reason or "charge" in event.reason
                else event
                for event in one.events
            ),
        )
        for one in constraints
    )


def run(problem: Problem, **options: Any) -> tuple[list[RunOutcome], list[KeepingCallback]]:
    batch_callbacks = [KeepingCallback() for group in problem.groups for _ in group.particles]
    return integrate(problem, [[one] for one in batch_callbacks], **options), batch_callbacks


def same_bits(one: KeepingCallback, other: KeepingCallback) -> None:
    assert len(one.steps) == len(other.steps)
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        assert (mine.end.time, mine.end.potential, mine.end.current, mine.end.charge) == (
            theirs.end.time,
            theirs.end.potential,
            theirs.end.current,
            theirs.end.charge,
        )
        np.testing.assert_array_equal(mine.end.x, theirs.end.x)
    for mine, theirs in zip(one.middles, other.middles, strict=True):
        np.testing.assert_array_equal(mine.x, theirs.x)
        assert (mine.potential, mine.current, mine.charge) == (theirs.potential, theirs.current, theirs.charge)


def test_groups_of_one_on_two_meshes_have_the_bits_of_particles_alone(body: Any, ball: Any) -> None:
    """Phase by phase over blocks of several meshes, or all phases in one call: the same numbers."""
    members = [body.member(*CCCV, coverage=c) for c in (0.3, 0.7)] + [ball.member(*CCCV)]
    groups = tuple(
        Group((m,), m.constraints, m.tolerance, meshes=(mesh,)) for m, mesh in zip(members, (0, 0, 1), strict=True)
    )
    outcomes, together = run(Problem((body.system, ball.system), groups))
    assert [outcome.error for outcome in outcomes] == [None] * 3
    for member, callback, home in zip(members, together, (body, body, ball), strict=True):
        _, (alone,) = run(Problem.alone(home.system, [member]))
        same_bits(callback, alone)


@pytest.mark.parametrize("count", [2, 11])
def test_particles_that_are_alike_do_what_one_does(body: Any, count: int) -> None:
    member = body.member(*CCCV, coverage=0.4)
    constraints = times_current(member.constraints, count)
    outcomes, alike = run(Problem((body.system,), (Group((member,) * count, constraints, member.tolerance),)))
    _, (alone,) = run(Problem.alone(body.system, [member]))
    assert outcomes[0].error is None
    assert len(alone.steps) == len(alike[0].steps)
    for one in (alike[0], alike[-1]):
        for mine, theirs in zip(one.steps, alone.steps, strict=True):
            assert mine.end.time == pytest.approx(theirs.end.time, rel=1e-9)
            assert mine.end.voltage == pytest.approx(theirs.end.voltage, abs=1e-9)
            assert mine.end.current == pytest.approx(theirs.end.current, rel=1e-9, abs=1e-20)
            np.testing.assert_allclose(mine.end.x, theirs.end.x, atol=1e-9)


def test_one_particle_stands_for_many(body: Any) -> None:
    poor, well = (body.member(*CCCV, coverage=c) for c in (0.2, 0.9))
    constraints = times_current(poor.constraints, 4.0)
    spelled = Group((poor, poor, poor, well), constraints, poor.tolerance)
    counted = Group((poor, well), constraints, poor.tolerance, multiplicities=(3.0, 1.0))
    (_, four), (_, two) = (run(Problem((body.system,), (group,))) for group in (spelled, counted))
    for mine, theirs in ((two[0], four[0]), (two[1], four[3])):
        np.testing.assert_allclose(mine.last.x, theirs.last.x, atol=1e-9)
        assert mine.last.charge == pytest.approx(theirs.last.charge, rel=1e-8)


@pytest.mark.slow
def test_bits_do_not_depend_on_threads(body: Any, ball: Any) -> None:
    members = [body.member(*CCCV, coverage=0.1 + 0.08 * k) for k in range(10)] + [ball.member(*CCCV)] * 2
    group = Group(tuple(members), times_current(members[0].constraints, 12.0), 1e-4, meshes=(0,) * 10 + (1,) * 2)
    problem = Problem((body.system, ball.system), (group,))
    (_, one), (_, two) = (run(problem, threads=threads) for threads in (1, 2))
    for mine, theirs in zip(one, two, strict=True):
        same_bits(mine, theirs)


def test_bits_do_not_depend_on_whether_a_step_is_one_call(body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Phase by phase on two threads, and all phases in one call, with time steps that are taken again."""
    members = [body.member(*CCCV, coverage=0.1 + 0.08 * k) for k in range(10)]
    problem = Problem((body.system,), (Group(tuple(members), times_current(members[0].constraints, 10.0), 1e-4),))
    _, one = run(problem)
    monkeypatch.setattr("asyncsoc.solver.integrate.WORTH_THREADS", 0)
    _, two = run(problem, threads=2)
    for mine, theirs in zip(one, two, strict=True):
        same_bits(mine, theirs)


def test_the_groups_current_is_that_of_its_particles(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.15, 0.5, 0.95)]
    group = group_of(members, many=(2.0, 1.0, 0.5))
    _, batch_callbacks = run(Problem((body.system,), (group,)))
    imposed = {one.number: one.target for one in group.constraints if one.galvanostatic}
    for steps in zip(*(callback.steps for callback in batch_callbacks), strict=True):
        ends = [step.end for step in steps]
        total = 2.0 * ends[0].current + ends[1].current + 0.5 * ends[2].current
        assert len({end.potential for end in ends}) == 1
        if ends[0].step in imposed:
            assert total == pytest.approx(imposed[ends[0].step], abs=1e-9 * abs(group.constraints[0].target))


class _Sphere:
    """A radial finite-volume particle, independent of the package: cells in r, a surface that the reaction feeds."""

    def __init__(self, radius: float, area_factor: float, cells: int, law: Any) -> None:
        edges = radius * (1.0 - np.linspace(1.0, 0.0, cells + 1) ** 2)  # finer towards the surface
        self.volumes = 4.0 / 3.0 * np.pi * np.diff(edges**3)
        centres = 0.5 * (edges[1:] + edges[:-1])
        self.between = 4.0 * np.pi * edges[1:-1] ** 2 / np.diff(centres)
        self.inlet = 1.0 / (radius - centres[-1])
        self.area = 4.0 * np.pi * radius**2
        self.factor, self.law = area_factor, law

    def current(self, x: np.ndarray, potential: float) -> float:
        """Return the current [A] at a potential: the reaction's is what the outermost half cell lets through."""
        density = FARADAY * MATERIAL.maximum_concentration

        def miss(surface: float) -> float:
            reaction = self.factor * self.law.density(surface, potential)
            return reaction - density * self.law.D * self.inlet * (x[-1] - surface)

        surface = brentq(miss, 0.01, 0.99, xtol=1e-15)
        return self.area * self.factor * self.law.density(surface, potential)

    def rates(self, x: np.ndarray, current: float) -> np.ndarray:
        flow = self.law.D * self.between * np.diff(x)
        out = np.zeros_like(x)
        out[:-1] += flow
        out[1:] -= flow
        out[-1] -= current / (FARADAY * MATERIAL.maximum_concentration)
        return out / self.volumes


class _Law:
    """Linear kinetics of constant i0 against the default material's potential, at constant D."""

    def __init__(self, diffusivity: float, i0: float) -> None:
        self.D, self.i0 = diffusivity, i0

    def table(self) -> MaterialTable:
        """Return the same for the integrator."""
        medium = electrolyte("peo-litfsi")
        return tabulate(MATERIAL, medium, TEMPERATURE, diffusivity=self.D, exchange_current_density=self.i0)

    def density(self, x: float, potential: float) -> float:
        eta = potential - float(MATERIAL.open_circuit_potential(np.array([x]))[0])
        return self.i0 * FARADAY / (GAS_CONSTANT * TEMPERATURE) * eta


def dae(spheres: list[_Sphere], start: float, current: float, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return potential and every sphere's mean x at `times` under one current [A], by scipy."""
    sizes = np.cumsum([0, *(len(one.volumes) for one in spheres)])

    def parts(y: np.ndarray) -> list[np.ndarray]:
        return [y[a:b] for a, b in itertools.pairwise(sizes)]

    def potential(y: np.ndarray) -> float:
        def miss(v: float) -> float:
            return sum(one.current(x, v) for one, x in zip(spheres, parts(y), strict=True)) - current

        return float(brentq(miss, 3.0, 5.0, xtol=1e-13))

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        v = potential(y)
        return np.concatenate([one.rates(x, one.current(x, v)) for one, x in zip(spheres, parts(y), strict=True)])

    solved = solve_ivp(rates, (0.0, times[-1]), np.full(sizes[-1], start), "BDF", times, rtol=1e-7, atol=1e-9)
    means = [
        [one.volumes @ x / one.volumes.sum() for one, x in zip(spheres, parts(y), strict=True)] for y in solved.y.T
    ]
    return np.array([potential(y) for y in solved.y.T]), np.array(means)


@pytest.mark.slow
@pytest.mark.parametrize(("second", "factor"), [(RADIUS, 0.3), (0.6 * RADIUS, 0.5)])
def test_two_particles_of_different_coverage_or_size_agree_with_an_independent_dae(
    make_particle: Any, second: float, factor: float
) -> None:
    law = _Law(4e-15, 0.4)
    table = law.table()
    fine = make_particle(radial_mesh(160, 5e-4))
    scale = second / RADIUS
    small = replace(fine, system=fine.system.scaled(scale))
    member = fine.member("Charge at C/10 for 2 hours", kinetics=Linear(), tables={TEMPERATURE: table}, tolerance=1e-6)
    other = replace(member, weights=member.weights * scale**2 * factor)
    group = Group((member, other), member.constraints, 1e-6, meshes=(0, 1))
    times = np.array([1.0, 60.0, 600.0, 3600.0, 7200.0])
    batch_callbacks = [KeepingCallback(times), KeepingCallback(times)]
    outcome = integrate(Problem((fine.system, small.system), (group,)), [[one] for one in batch_callbacks])[0]
    assert outcome.error is None
    spheres = [_Sphere(RADIUS, 1.0, 120, law), _Sphere(second, factor, 120, law)]
    potentials, means = dae(spheres, 0.7, member.constraints[0].target, times)
    np.testing.assert_allclose([batch_callbacks[0].sampled[t].potential for t in times], potentials, atol=1e-4)
    for k, (callback, home) in enumerate(zip(batch_callbacks, (fine, small), strict=True)):
        mass = home.system.kernel.mass[home.system.place]
        found = [mass @ callback.sampled[t].x / mass.sum() for t in times]
        np.testing.assert_allclose(found, means[:, k], atol=1e-4)
    assert abs(means[-1, 0] - means[-1, 1]) > 0.005  # they do different things


def test_where_diffusion_is_fast_a_group_is_ordinary_differential_equations(ball: Any) -> None:
    """dx_j/dt = -f_j A/V i(x_j, v)/(F c_max) at one v: what MPET calls contact fractions."""
    law, shares = _Law(1e-9, 0.4), np.array([1.0, 0.3, 0.05])
    table = law.table()
    member = ball.member("Charge at C/2 for 40 minutes", kinetics=Linear(), tables={TEMPERATURE: table}, tolerance=1e-6)
    members = [replace(member, weights=member.weights * share) for share in shares]
    batch_callbacks = [KeepingCallback() for _ in members]
    integrate(Problem((ball.system,), (group_of(members),)), [[one] for one in batch_callbacks])
    area, volume = float(member.weights.sum()), ball.operators.volume

    def currents(x: np.ndarray, v: float) -> np.ndarray:
        return area * shares * np.array([law.density(one, v) for one in x])

    def rates(_: float, x: np.ndarray) -> np.ndarray:
        v = brentq(lambda v: currents(x, v).sum() - member.constraints[0].target, 2.0, 6.0, xtol=1e-13)
        return -currents(x, v) / (FARADAY * MATERIAL.maximum_concentration * volume)

    ends = solve_ivp(rates, (0.0, 2400.0), np.full(3, 0.7), "LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
    found = [ball.operators.mass @ one.last.x / volume for one in batch_callbacks]
    np.testing.assert_allclose(found, ends, atol=2e-5)


def test_a_group_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.2, 0.8)]
    problem = Problem((body.system,), (group_of(members),))

    class Stopper(KeepingCallback):
        def step(self, step: AcceptedStep) -> None:
            super().step(step)
            if len(self.steps) == 25:
                raise KeyboardInterrupt

    _, whole = run(problem)
    (stopped,) = integrate(problem, [[Stopper()], [KeepingCallback()]])
    assert isinstance(stopped.error, InterruptedRunError)
    _, rest = run(problem, resume=[stopped.checkpoint])
    for mine, theirs in zip(rest, whole, strict=True):
        np.testing.assert_array_equal(mine.last.x, theirs.last.x)
        assert mine.last.charge == pytest.approx(theirs.last.charge, rel=1e-14)


def test_an_event_under_any_contact_ends_the_step_of_all(body: Any) -> None:
    members = [body.member("Charge at C/2 for 10 hours", coverage=c) for c in (0.1, 0.9)]
    (outcome,), batch_callbacks = run(Problem((body.system,), (group_of(members),)))
    assert outcome.stop_reason.startswith("stoichiometry limit")
    lowest = [callback.last.x[callback.last.contact_nodes].min() for callback in batch_callbacks]
    assert min(lowest) == pytest.approx(MATERIAL.window[0], abs=1e-6)
    assert batch_callbacks[0].last.time == batch_callbacks[1].last.time


def test_an_observer_that_stops_one_particle_stops_its_group(body: Any) -> None:
    class Objector(KeepingCallback):
        def start(self, state: StepState, constraint: StepConstraint) -> None:
            raise SimulationError("enough")

    members = [body.member(*CCCV, coverage=c) for c in (0.2, 0.8)]
    groups = (group_of(members), group_of(members[:1]))
    outcomes = integrate(Problem((body.system,), groups), [[], [Objector()], []])
    assert str(outcomes[0].error).startswith("enough")
    assert outcomes[1].error is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"multiplicities": (1.0,)}, "as many multiplicities"),
        ({"meshes": (0, 0, 0)}, "as many meshes"),
        ({"multiplicities": (1.0, -2.0)}, "multiplicity is out of range"),
        ({"particles": ()}, "at least one particle"),
    ],
)
def test_a_group_that_is_none_is_refused(body: Any, change: dict[str, Any], says: str) -> None:
    member = body.member(*CCCV)
    with pytest.raises(InputError, match=says):
        replace(Group((member, member), member.constraints, member.tolerance), **change)


def test_uniform_flux_knows_no_common_potential(body: Any) -> None:
    member = body.member(CCCV[0], kinetics=UniformFlux())
    with pytest.raises(InputError, match="cannot share one potential"):
        Group((member, member), member.constraints, member.tolerance)


@pytest.mark.parametrize("many", [0.5, 2.0])
def test_one_particle_that_stands_for_several_has_its_own_charge_between_states(body: Any, many: float) -> None:
    member = body.member("Charge at C/5 for 1 hour", "Rest for 10 minutes", coverage=0.4)
    group = Group((member,), times_current(member.constraints, many), member.tolerance, multiplicities=(many,))
    _, (counted,) = run(Problem((body.system,), (group,)))
    _, (alone,) = run(Problem.alone(body.system, [member]))
    for mine, theirs in zip(counted.middles, alone.middles, strict=True):
        assert mine.charge == pytest.approx(theirs.charge, rel=1e-9)
        assert mine.current == pytest.approx(theirs.current, rel=1e-9, abs=1e-24)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_hold_may_leave_a_limit_whatever_the_order_of_the_particles(ball: Any, order: tuple[int, int]) -> None:
    """The particle that has reached the limit decides, by its own potential."""
    steps = ("Charge at C/2 until 4.4 V", "Hold at 4.2 V for 1 minute")
    plain = ball.member(*steps)
    table = plain.tables[TEMPERATURE]
    columns = table.coefficients.copy()
    columns[:, 2] -= 0.2
    lower = replace(plain, tables={TEMPERATURE: replace(table, coefficients=columns)})
    particles = (lower, plain)
    group = Group(tuple(particles[k] for k in order), times_current(plain.constraints, 2.0), 1e-4)
    (outcome,), _ = run(Problem((ball.system,), (group,)))
    assert outcome.steps[0].reason.startswith("stoichiometry limit")
    assert isinstance(outcome.error, InfeasibleStepError)  # 4.2 V is above what the particle at its limit has there


def test_a_slow_current_goes_on_with_the_tolerance_it_began_with(ball: Any) -> None:
    member = ball.member("Charge at C/500 for 30 hours", start=0.85)
    problem = Problem.alone(ball.system, [member])

    class Stopper(KeepingCallback):
        def step(self, step: AcceptedStep) -> None:
            super().step(step)
            if len(self.steps) == 6:
                raise KeyboardInterrupt

    _, (whole,) = run(problem)
    (stopped,) = integrate(problem, [[Stopper()]])
    assert isinstance(stopped.error, InterruptedRunError)
    assert stopped.checkpoint is not None
    assert stopped.checkpoint.tolerance_share < 1.0
    _, (rest,) = run(problem, resume=[stopped.checkpoint])
    np.testing.assert_array_equal(rest.last.x, whole.last.x)


def test_the_largest_step_is_the_groups_own_when_a_run_goes_on(ball: Any) -> None:
    first = ball.member("Charge at C/10 for 10 minutes", largest_step=10.0)
    (outcome,), _ = run(Problem.alone(ball.system, [first]))
    longer = ball.member("Charge at C/10 for 10 minutes", "Rest for 10 hours")
    _, (rest,) = run(Problem.alone(ball.system, [longer]), resume=[outcome.checkpoint])
    assert max(step.end.time - step.start_time for step in rest.steps) > 100.0


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (lambda m, home: Problem((home.system,), (Group((m, m), m.constraints, 1e-4, meshes=(0, 1)),)), "no such mesh"),
        (lambda m, home: Problem((home.system,), (Group((m,), m.constraints, 1e-4, meshes=(-1,)),)), "no such mesh"),
        (lambda m, home: Problem.alone(home.system, [replace(m, x=np.append(m.x, 0.5))]), "does not fit the mesh"),
        (lambda m, home: Problem.alone(home.system, [replace(m, weights=0.0 * m.weights)]), "touches nothing"),
        (
            lambda m, home: Problem.alone(home.system, [replace(m, tables={300.0: m.tables[TEMPERATURE]})]),
            "no material",
        ),
    ],
)
def test_a_problem_that_does_not_fit_together_is_refused(ball: Any, problem: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        problem(ball.member(CCCV[0]), ball)


def test_lists_of_other_lengths_are_refused_and_no_protocol_is_nothing_to_do(ball: Any) -> None:
    member = ball.member(CCCV[0])
    problem = Problem.alone(ball.system, [member, member])
    for options in ({"callbacks": [[]]}, {"batch_callbacks": [[], []]}, {"resume": [None]}, {"threads": 0}):
        with pytest.raises(InputError):
            integrate(problem, **options)
    (outcome,) = integrate(Problem.alone(ball.system, [replace(member, constraints=())]))
    assert outcome.stop_reason == "nothing to do"


def test_a_group_stopped_on_one_mesh_is_not_shown_on_the_next(body: Any, ball: Any) -> None:
    class Stops:
        def start(self, states: Any, constraints: Any) -> Any:
            return {int(number): SimulationError("enough") for number in states.number}

        def step(self, steps: Any) -> Any:
            return {}

    class Sees(Stops):
        seen = 0

        def start(self, states: Any, constraints: Any) -> Any:
            self.seen += len(states)
            return {}

    members, later = (body.member(*CCCV), ball.member(*CCCV)), Sees()
    group = Group(members, members[0].constraints, 1e-4, meshes=(0, 1))
    (outcome,) = integrate(Problem((body.system, ball.system), (group,)), batch_callbacks=[[Stops()], [later]])
    assert str(outcome.error).startswith("enough")
    assert later.seen == 0
