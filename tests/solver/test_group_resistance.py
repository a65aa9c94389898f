"""Particles behind resistances of their own, isolated ones and ones without contact: against independent solutions."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.sparse.linalg import spsolve

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.kernels.step_control import OPEN_BELOW
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.problem.particles import CoupledSideReaction, Group, Member, Problem
from asyncsoc.protocol.constraints import Event
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep
from tests.solver.keeping import KeepingCallback
from tests.solver.test_followed import VALUES, EndCallback, followed
from tests.solver.test_groups import CCCV, run, same_bits

MATERIAL = cathode("ncm811-sturm2019")
RADIUS, TEMPERATURE = 7.5e-6, 333.15
DENSITY = FARADAY * MATERIAL.maximum_concentration
OHMS = 2e8
"""About 50 mV at C/10 of one particle."""


def behind(members: list[Member], ohms: tuple[float, ...], **changes: Any) -> Group:
    """Return members behind resistances as a group under the protocol of the first."""
    first = members[0]
    constraints = changes.pop("constraints", first.constraints)
    return Group(tuple(members), constraints, first.tolerance, first.largest_step, resistances=ohms, **changes)


def lithium(home: Any, x: np.ndarray) -> float:
    """Return F c_max integral x dV [C]."""
    return float(DENSITY * math.fsum((home.operators.mass * x).tolist()))


class _Shell:
    """A radial finite-volume particle of linear kinetics behind a resistance, independent of the package."""

    def __init__(self, area_factor: float, ohms: float, cells: int = 100) -> None:
        edges = RADIUS * (1.0 - np.linspace(1.0, 0.0, cells + 1) ** 2)  # finer towards the surface
        centres = 0.5 * (edges[1:] + edges[:-1])
        self.volumes = 4.0 / 3.0 * np.pi * np.diff(edges**3)
        self.between = 4.0 * np.pi * edges[1:-1] ** 2 / np.diff(centres)
        self.inlet, self.area = 1.0 / (RADIUS - centres[-1]), 4.0 * np.pi * RADIUS**2
        self.factor, self.ohms = area_factor, ohms

    def current(self, x: np.ndarray, driving: float, D: float, i0: float) -> float:
        """Return the current [A] where the network has the potential `driving`; the particle's own is less by r I."""
        if math.isinf(self.ohms):
            return 0.0

        def through(surface: float) -> float:  # what the outermost half cell carries
            return DENSITY * D * self.inlet * (x[-1] - surface) * self.area

        def miss(surface: float) -> float:
            own = driving - self.ohms * through(surface)
            eta = own - float(MATERIAL.open_circuit_potential(np.array([surface]))[0])
            return self.area * self.factor * i0 * FARADAY / (GAS_CONSTANT * TEMPERATURE) * eta - through(surface)

        return through(brentq(miss, 0.05, 0.95, xtol=1e-15))


def _dae(
    shells: list[_Shell], many: tuple[float, ...], start: float, current: float, times: np.ndarray, D: float, i0: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the network's potential, every particle's current and its mean x at `times` under a current [A]."""
    places = list(itertools.pairwise(np.cumsum([0, *(len(one.volumes) for one in shells)]).tolist()))

    def currents(y: np.ndarray, v: float) -> np.ndarray:
        return np.array([one.current(y[a:b], v, D, i0) for one, (a, b) in zip(shells, places, strict=True)])

    def potential(y: np.ndarray) -> float:
        return float(brentq(lambda v: np.dot(many, currents(y, v)) - current, 3.0, 5.0, xtol=1e-13))

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        out = []
        for one, (a, b), through in zip(shells, places, currents(y, potential(y)), strict=True):
            flow, rate = D * one.between * np.diff(y[a:b]), np.zeros(b - a)
            rate[:-1] += flow
            rate[1:] -= flow
            rate[-1] -= through / DENSITY
            out.append(rate / one.volumes)
        return np.concatenate(out)

    size = places[-1][1]
    pattern = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) <= 1
    for _, b in places:
        pattern[b - 1, [end - 1 for _, end in places]] = True
    solved = solve_ivp(
        rates, (0.0, times[-1]), np.full(size, start), "BDF", times, rtol=1e-7, atol=1e-9, jac_sparsity=pattern
    )
    means = [
        [one.volumes @ y[a:b] / one.volumes.sum() for one, (a, b) in zip(shells, places, strict=True)]
        for y in solved.y.T
    ]
    found = [potential(y) for y in solved.y.T]
    return np.array(found), np.array([currents(y, v) for y, v in zip(solved.y.T, found, strict=True)]), np.array(means)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ohms", "factor", "many"),
    [((OHMS, 0.0), 0.3, (1.0, 1.0)), ((0.2 * OHMS, 5.0 * OHMS), 0.6, (1.0, 3.0)), ((OHMS, math.inf), 1.0, (1.0, 2.0))],
)
def test_two_particles_behind_resistances_agree_with_an_independent_dae(
    make_particle: Any, ohms: tuple[float, float], factor: float, many: tuple[float, float]
) -> None:
    D, i0 = 4e-15, 0.4
    table = tabulate(MATERIAL, electrolyte("peo-litfsi"), TEMPERATURE, diffusivity=D, exchange_current_density=i0)
    fine = make_particle(radial_mesh(160, 5e-4))
    member = fine.member("Charge at C/10 for 2 hours", kinetics=Linear(), tables={TEMPERATURE: table}, tolerance=1e-6)
    other = replace(member, weights=member.weights * factor)
    times = np.array([1.0, 60.0, 600.0, 3600.0, 7200.0])
    kept = [KeepingCallback(times), KeepingCallback(times)]
    group = behind([member, other], ohms, multiplicities=many)
    outcome = integrate(Problem((fine.system,), (group,)), [[one] for one in kept])[0]
    assert outcome.error is None
    target = member.constraints[0].target
    shells = [_Shell(1.0, ohms[0]), _Shell(factor, ohms[1])]
    potentials, currents, means = _dae(shells, many, 0.7, target, times, D, i0)
    series = member.constraints[0].series
    for k, (callback, r) in enumerate(zip(kept, ohms, strict=True)):
        states = [callback.sampled[t] for t in times]
        np.testing.assert_allclose([one.voltage - series * target for one in states], potentials, atol=1e-4)
        np.testing.assert_allclose([one.current for one in states], currents[:, k], atol=1e-3 * target)
        mean = [lithium(fine, one.x) / (DENSITY * fine.operators.volume) for one in states]
        np.testing.assert_allclose(mean, means[:, k], atol=1e-4)
        if math.isfinite(r):
            own = [one.voltage - series * target - r * one.current for one in states]
            np.testing.assert_allclose([one.potential for one in states], own, atol=1e-12)
    assert abs(means[-1, 0] - means[-1, 1]) > 0.002  # they do different things


def test_a_tiny_resistance_is_none(ball: Any) -> None:
    members = [ball.member(*CCCV, start=start) for start in (0.7, 0.66)]
    plain, tiny = (run(Problem((ball.system,), (behind(members, ohms),))) for ohms in ((), (1e-3, 1e-3)))
    assert plain[0][0].error is None
    for mine, theirs in zip(tiny[1], plain[1], strict=True):
        assert mine.last.time == pytest.approx(theirs.last.time, rel=1e-6)
        np.testing.assert_allclose(mine.last.x, theirs.last.x, atol=1e-7)
        assert mine.last.potential == pytest.approx(theirs.last.potential, abs=1e-7)


def test_no_resistances_are_zero_resistances_to_the_bit(ball: Any) -> None:
    members = [ball.member(*CCCV, start=start) for start in (0.7, 0.66)]
    (_, plain), (_, zero) = (run(Problem((ball.system,), (behind(members, ohms),))) for ohms in ((), (0.0, 0.0)))
    for mine, theirs in zip(zero, plain, strict=True):
        same_bits(mine, theirs)


@pytest.mark.parametrize(
    "steps",
    [
        (
            "Charge at C/5 for 1 hour",
            "Hold at 3.9 V for 20 minutes",
            "Rest for 10 minutes",
            "Discharge at C/5 for 1 hour",
        ),
        ("Charge at 0.5 uW for 1 hour", "Discharge at 1 uW for 20 minutes"),
    ],
)
def test_the_resistance_of_a_particle_alone_is_in_series(ball: Any, steps: tuple[str, ...]) -> None:
    """With equal steps, since an adaptive step size shows what is left to rounding."""
    member = ball.member(*steps, start=0.7, tolerance=1.0, largest_step=20.0)
    steps_of = tuple(
        replace(one, target=math.copysign(1e-9, one.target)) if one.product else one for one in member.constraints
    )
    added = tuple(
        replace(one, series=one.series + OHMS, current_factor=one.current_factor + (OHMS if one.held else 0.0))
        for one in steps_of
    )
    (behind_it,), (mine,) = run(Problem((ball.system,), (behind([member], (OHMS,), constraints=steps_of),)))
    (in_series,), (theirs,) = run(Problem.alone(ball.system, [replace(member, constraints=added)]))
    assert behind_it.error is None
    assert in_series.error is None
    assert len(mine.steps) == len(theirs.steps)
    for one, other in zip(mine.steps, theirs.steps, strict=True):
        assert one.end.time == pytest.approx(other.end.time, rel=1e-9)
        assert one.end.voltage == pytest.approx(other.end.voltage, abs=1e-9)
        assert one.end.potential == pytest.approx(other.end.potential, abs=1e-9)
        assert one.end.current == pytest.approx(other.end.current, rel=1e-8, abs=1e-9 * steps_of[0].current_scale)
        np.testing.assert_allclose(one.end.x, other.end.x, atol=1e-9)


def test_an_isolated_particle_relaxes_as_in_a_rest(body: Any) -> None:
    """Whatever the others do: the same equal steps as alone at rest, and no lithium leaves."""
    uneven = 0.6 + 0.02 * np.cos(np.linspace(0.0, 3.0, body.mesh.n_nodes))
    equal = {"tolerance": 1.0, "largest_step": 20.0}
    isolated = body.member("Rest for 20 minutes", coverage=0.4, start=uneven, **equal)
    driven = body.member("Charge at C/2 for 20 minutes", coverage=0.7, **equal)
    (outcome,), (_, mine) = run(Problem((body.system,), (behind([driven, isolated], (0.0, math.inf)),)))
    _, (alone,) = run(Problem.alone(body.system, [isolated]))
    assert outcome.error is None
    assert len(mine.steps) == len(alone.steps)
    for one, other in zip(mine.steps, alone.steps, strict=True):
        np.testing.assert_allclose(one.end.x, other.end.x, atol=1e-10)
        assert one.end.potential == pytest.approx(other.end.potential, abs=1e-10)
    for state in (*mine.middles, mine.last):
        assert abs(state.current) < 1e-10 * driven.constraints[0].target
        # from contact node to contact node lithium does move
        assert np.abs(state.contact_current_density).max() > 0.0
    assert lithium(body, mine.last.x) == pytest.approx(lithium(body, uneven), rel=1e-12)


def test_charges_balance_behind_resistances(body: Any, ball: Any) -> None:
    members = [body.member(*CCCV, coverage=0.2), ball.member(*CCCV), body.member(*CCCV, coverage=0.9)]
    many, homes = (2.0, 0.5, 1.0), (body, ball, body)
    group = behind(members, (OHMS, 0.0, 0.1 * OHMS), multiplicities=many, meshes=(0, 1, 0))
    (outcome,), kept = run(Problem((body.system, ball.system), (group,)))
    assert outcome.error is None
    scale = members[1].constraints[0].target * 3600.0
    for callback, member, home in zip(kept, members, homes, strict=True):
        passed = lithium(home, member.x) - lithium(home, callback.last.x)
        assert callback.last.charge == pytest.approx(passed, abs=1e-10 * scale)
    for steps in zip(*(callback.steps for callback in kept), strict=True):
        ends = [step.end for step in steps]
        constraint = group.constraints[ends[0].step - 1]
        total = math.fsum(n * end.current for n, end in zip(many, ends, strict=True))
        v = ends[0].voltage - constraint.series * total
        for end, r in zip(ends, group.resistances, strict=True):
            assert end.potential == pytest.approx(v - r * end.current, abs=1e-10)
        if constraint.galvanostatic:
            assert total == pytest.approx(constraint.target, abs=1e-10 * scale / 3600.0)
    charge = math.fsum(n * one.last.charge for n, one in zip(many, kept, strict=True))
    assert math.fsum(step.charge for step in outcome.steps) == pytest.approx(charge, rel=1e-10, abs=1e-10 * scale)


def test_a_particle_without_contact_leaves_the_others_as_they_are(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.3, 0.8)]
    uneven = 0.6 + 0.02 * np.cos(np.linspace(0.0, 3.0, body.mesh.n_nodes))
    bare = replace(members[0], weights=np.zeros(body.mesh.n_nodes))
    even, relaxing = replace(bare, x=np.full(body.mesh.n_nodes, 0.5)), replace(bare, x=uneven)
    (with_bare,), kept = run(Problem((body.system,), (behind([members[0], even, members[1]], ()),)))
    (without,), two = run(Problem((body.system,), (behind(members, ()),)))
    assert with_bare.error is None
    assert with_bare.accepted == without.accepted
    same_bits(kept[0], two[0])
    same_bits(kept[2], two[1])
    np.testing.assert_array_equal(kept[1].last.x, even.x)
    assert {step.end.current for step in kept[1].steps} == {0.0}
    assert kept[1].last.charge == 0.0
    _, kept = run(Problem((body.system,), (behind([relaxing, *members], (OHMS, 0.0, 0.0)),)))
    assert np.ptp(kept[0].last.x) < 0.5 * np.ptp(uneven)
    assert lithium(body, kept[0].last.x) == pytest.approx(lithium(body, uneven), rel=1e-12)


@pytest.fixture(scope="module")
def side() -> CoupledSideReaction:
    """A side reaction whose film closes the contact where it is 20 nm thick."""
    parameters = SideReactionParameters(
        side_first=0.0, side_inverse_spacing=1.0, side_alpha=0.5, beta=2.0, shift=-2.3, scale=2e-3,
        inverse_limit=1 / 30e-9, growth=4e-10, resistivity=1e7, inverse_block=1 / 20e-9,
    )  # fmt: skip
    return CoupledSideReaction(np.array([-0.6, 0.4, 0.0, 0.0]), parameters)


@pytest.mark.parametrize("ohms", [(), (OHMS, OHMS, OHMS), (math.inf, 0.0, 0.0)])
def test_others_carry_the_current_of_a_blocked_particle(ball: Any, side: CoupledSideReaction, ohms: Any) -> None:
    first, second = (ball.member("Charge at C/5 for 1 hour", start=x, side=side) for x in (0.7, 0.6))
    slow = replace(side, parameters=replace(side.parameters, growth=1e-2 * side.parameters.growth))
    first, second = replace(first, side=slow), replace(second, side=slow)
    blocked = replace(first, film_thickness=25e-9)
    (outcome,), kept = run(Problem((ball.system,), (behind([blocked, first, second], ohms),)))
    assert outcome.stop_reason == "duration reached"
    assert all(step.end.current == 0.0 for step in kept[0].steps)
    np.testing.assert_array_equal(kept[0].last.x, blocked.x)
    target = first.constraints[0].target
    for one, other in zip(kept[1].steps, kept[2].steps, strict=True):
        assert one.end.current + other.end.current == pytest.approx(target, rel=1e-10)


def test_a_run_ends_where_the_last_connected_contact_is_blocked(ball: Any, side: CoupledSideReaction) -> None:
    """The film grows faster on one particle, which closes first; an isolated one has no say."""
    slow = replace(side, parameters=replace(side.parameters, growth=0.1 * side.parameters.growth))
    member = ball.member("Charge at C/50 for 100 hours", side=slow)
    closed = Event(OPEN_BELOW, 1e-3, "contact blocked")
    constraints = tuple(replace(one, events=(*one.events, closed)) for one in member.constraints)
    early = replace(member, side=side)
    group = behind([early, member, replace(member, side=None)], (0.0, 0.0, math.inf), constraints=constraints)
    (outcome,), kept = run(Problem((ball.system,), (group,)))
    assert outcome.error is None
    assert outcome.stop_reason == "contact blocked"
    alone = next(step.end.time for step in kept[0].steps if step.end.open_share.max() < 1e-3)
    assert alone < 0.9 * kept[0].last.time
    assert kept[1].last.open_share.max() == pytest.approx(2e-3, rel=0.1)
    assert abs(kept[0].last.current) < 0.05 * abs(kept[1].last.current)
    for one, other in zip(kept[0].steps, kept[1].steps, strict=True):
        assert one.end.current + other.end.current == pytest.approx(constraints[0].target, rel=1e-9)


def test_a_group_behind_resistances_goes_on_from_a_checkpoint_with_the_same_bits(ball: Any) -> None:
    members = [ball.member(*CCCV, start=start) for start in (0.7, 0.66, 0.6)]
    problem = Problem((ball.system,), (behind(members, (OHMS, 0.0, math.inf)),))

    class Stopper(KeepingCallback):
        def step(self, step: AcceptedStep) -> None:
            super().step(step)
            if len(self.steps) == 25:
                raise KeyboardInterrupt

    _, whole = run(problem)
    (stopped,) = integrate(problem, [[Stopper()], [], []])
    assert isinstance(stopped.error, InterruptedRunError)
    _, rest = run(problem, resume=[stopped.checkpoint])
    for mine, theirs in zip(rest, whole, strict=True):
        np.testing.assert_array_equal(mine.last.x, theirs.last.x)
        assert (mine.last.potential, mine.last.current) == (theirs.last.potential, theirs.last.current)


def test_admittances_behind_resistances_add_up(body: Any, ball: Any) -> None:
    members = [body.member("Rest for 1 hour", coverage=0.2), *[ball.member("Rest for 1 hour")] * 2]
    many, ohms = (3.0, 0.5, 2.0), (1e8, 3e7, math.inf)
    group = behind(members, ohms, multiplicities=many, meshes=(0, 1, 1))
    table = members[0].tables[TEMPERATURE]
    ocp = float(ocp_and_i0_array(np.array([0.55]), table.x_first, table.spacing, table.coefficients)[0][0])
    x = tuple(np.full(len(member.x), 0.55) for member in members)
    together = linearize(Problem((body.system, ball.system), (group,)), GroupState(x, ocp), double_layer=0.1)

    def impedance(linear: Any, frequency: float) -> complex:
        rows = (linear.jacobian - 2j * np.pi * frequency * linear.mass).tocsc()
        return complex(spsolve(rows, -linear.target_column.astype(complex))[-1])

    for frequency in (1e-4, 1e-1, 1e3):
        expected = 0.0
        for k, home in enumerate((body, ball)):
            alone = linearize(Problem.alone(home.system, [members[k]]), GroupState((x[k],), ocp), double_layer=0.1)
            y = 1.0 / impedance(alone, frequency)
            expected += many[k] * y / (1.0 + ohms[k] * y)
        assert 1.0 / impedance(together, frequency) == pytest.approx(expected, rel=1e-9)


def test_linearized_away_from_equilibrium_the_own_potentials_are_the_integrators(ball: Any) -> None:
    members = [ball.member("Charge at C/5 for 30 minutes", start=start) for start in (0.7, 0.66, 0.6)]
    group = behind(members, (OHMS, 0.0, math.inf))
    problem = Problem((ball.system,), (group,))
    _, kept = run(problem)
    ends = [callback.last for callback in kept]
    linear = linearize(problem, GroupState(tuple(end.x for end in ends), ends[1].potential))
    for rows, end in zip(linear.particles, ends, strict=True):
        assert rows.potential == pytest.approx(end.potential, abs=1e-9)
        own = rows.areas @ (rows.interface.opened * rows.interface.i)
        assert own == pytest.approx(end.current, abs=1e-9 * group.constraints[0].target)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"resistances": (0.0,)}, "as many resistances"),
        ({"resistances": (0.0, -1.0)}, "resistance is out of range"),
        ({"resistances": (0.0, math.nan)}, "resistance is out of range"),
        ({"resistances": (math.inf, math.inf)}, "is connected to it"),
    ],
)
def test_resistances_that_are_none_are_refused(ball: Any, change: dict[str, Any], says: str) -> None:
    member = ball.member(*CCCV)
    with pytest.raises(InputError, match=says):
        Problem((ball.system,), (replace(Group((member, member), member.constraints, member.tolerance), **change),))


def test_a_group_without_any_connected_contact_is_refused(ball: Any) -> None:
    member = ball.member(*CCCV)
    bare = replace(member, weights=0.0 * member.weights)
    with pytest.raises(InputError, match="no particle of the group touches anything"):
        Problem((ball.system,), (behind([bare, bare], ()),))
    with pytest.raises(InputError, match="is connected to it"):
        Problem((ball.system,), (behind([bare, member], (0.0, math.inf)),))
    with pytest.raises(InputError, match="no driving potential"):
        behind([ball.member(CCCV[0], kinetics=UniformFlux())], (1.0,))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["Follow p", "Follow p (hold)"])
@pytest.mark.parametrize("of_profile", ["c_rate", "power", "voltage"])
def test_along_a_profile_the_resistance_of_a_particle_alone_is_in_series(ball: Any, text: str, of_profile: str) -> None:
    """Many time steps in a call, or one at a time in a group of two, the other one without contact.

    A current or a voltage has the same steps to rounding; a power, which is no linear constraint, to fourth order.
    """
    values = {"c_rate": VALUES, "power": 4e-9 * VALUES, "voltage": 3.8 + 0.02 * VALUES}[of_profile]
    constraint = followed(ball, text, 1.0, **{of_profile: values})
    added = replace(
        constraint,
        series=constraint.series + OHMS,
        level_series=tuple(one + OHMS for one in constraint.level_series),
        current_factor=constraint.current_factor + (OHMS if constraint.held else 0.0),
    )
    equal = {"tolerance": 1.0, "largest_step": 0.0625 if of_profile == "power" else 0.5}
    member = ball.member("Rest for 1 s", constraints=(constraint,), **equal)
    bare = replace(member, weights=0.0 * member.weights)
    in_series = Problem.alone(ball.system, [replace(member, constraints=(added,))])
    alone, two = behind([member], (OHMS,)), behind([bare, member], (0.0, OHMS))
    for callback in (KeepingCallback, EndCallback):
        ends = []
        for problem in (in_series, Problem((ball.system,), (alone,)), Problem((ball.system,), (two,))):
            kept = [callback() for group in problem.groups for _ in group.particles]
            (outcome,) = integrate(problem, [[one] for one in kept])
            assert outcome.error is None
            ends.append(kept[-1].last)
        for end in ends[1:]:
            assert end.potential == pytest.approx(ends[0].potential, abs=1e-9)
            assert end.voltage == pytest.approx(ends[0].voltage, abs=1e-9)
            assert end.current == pytest.approx(ends[0].current, rel=1e-8)
            np.testing.assert_allclose(end.x, ends[0].x, atol=1e-10)
