"""Particles on a network of potentials: against groups that say the same in another way, and Kirchhoff's laws."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.problem.network import (
    TERMINAL,
    Conductor,
    Network,
    NetworkResistances,
    layer_resistances,
    node_resistances,
)
from asyncsoc.problem.particles import Group, Member, Problem
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep
from tests.solver.keeping import KeepingCallback
from tests.solver.test_followed import VALUES, followed
from tests.solver.test_groups import CCCV, run, same_bits, times_current

TEMPERATURE = 333.15
OHMS = 2e8
"""About 50 mV at C/10 of one particle."""


def on_network(members: list[Member], nodes: tuple[int, ...], level: NetworkResistances, **changes: Any) -> Group:
    """Return members on the nodes of a network as a group under the protocol of the first."""
    first = members[0]
    constraints = changes.pop("constraints", first.constraints)
    network = Network(nodes, {TEMPERATURE: level})
    return Group(tuple(members), constraints, first.tolerance, first.largest_step, network=network, **changes)


def solved(home: Any, group: Group, **options: Any) -> tuple[Any, list[KeepingCallback]]:
    (outcome,), callbacks = run(Problem((home.system,), (group,)), **options)
    assert outcome.error is None
    return outcome, callbacks


def ladder(count: int, scale: float = OHMS) -> np.ndarray:
    """Return a transmission line whose ionic drop is about the one of a particle behind OHMS."""
    return layer_resistances(count, 1.0, 1.0, 10.0 / scale, 1.0 / scale)


def test_without_resistance_a_network_is_a_group_at_one_potential(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.2, 0.5, 0.9)]
    many, constraints = (2.0, 1.0, 0.5), times_current(members[0].constraints, 3.5)
    level = NetworkResistances(np.zeros((2, 2)))
    _, apart = solved(body, on_network(members, (0, 1, 1), level, constraints=constraints, multiplicities=many))
    _, together = solved(body, Group(tuple(members), constraints, members[0].tolerance, multiplicities=many))
    for mine, theirs in zip(apart, together, strict=True):
        assert len(mine.steps) == len(theirs.steps)
        for one, other in zip(mine.steps, theirs.steps, strict=True):
            assert one.end.time == pytest.approx(other.end.time, rel=1e-9)
            assert one.end.voltage == pytest.approx(other.end.voltage, abs=1e-9)
            np.testing.assert_allclose(one.end.x, other.end.x, atol=1e-9)


@pytest.mark.parametrize("steps", [CCCV, ("Charge at 2e-12 W for 1 hour", "Discharge at 2e12 ohm for 20 minutes")])
def test_a_node_for_each_particle_is_a_resistance_of_its_own(body: Any, steps: tuple[str, ...]) -> None:
    """Nodes that do not meet: the same potentials from the network and from resistances between particle and group."""
    members = [body.member(*steps, coverage=c) for c in (0.25, 0.9)]
    many, ohms = (3.0, 1.0), (OHMS, 0.2 * OHMS)
    constraints = times_current(members[0].constraints, 4.0)
    level = NetworkResistances(np.diag([own / n for own, n in zip(ohms, many, strict=True)]))
    _, network = solved(body, on_network(members, (0, 1), level, constraints=constraints, multiplicities=many))
    behind = Group(tuple(members), constraints, members[0].tolerance, multiplicities=many, resistances=ohms)
    _, own = solved(body, behind)
    for mine, theirs in zip(network, own, strict=True):
        for one, other in zip([*mine.ends[-1], *mine.ends[3]], [*theirs.ends[-1], *theirs.ends[3]], strict=True):
            assert one.time == pytest.approx(other.time, rel=2e-4, abs=1.0)
        assert mine.last.charge == pytest.approx(theirs.last.charge, rel=2e-4)
        np.testing.assert_allclose(mine.last.x, theirs.last.x, atol=2e-4)
        for one in mine.middles:
            assert one.voltage == pytest.approx(
                one.potential
                + (OHMS if mine is network[0] else 0.2 * OHMS) * one.current
                + 2e5 / 4.0 * total_at(network, one.time, many),
                abs=1e-10,
            )


def total_at(callbacks: list[KeepingCallback], time: float, many: tuple[float, ...]) -> float:
    """Return the current of a group at the time of one of its kept states [A]."""
    return math.fsum(
        n * next(one.current for one in callback.middles if one.time == time)
        for n, callback in zip(many, callbacks, strict=True)
    )


def test_currents_and_potentials_obey_kirchhoff(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.3, 0.3, 0.6, 0.9)]
    many, nodes, between = (1.0, 2.0, 1.0, 0.5), (0, 1, 1, 2), ladder(3)
    constraints = times_current(members[0].constraints, 4.5)
    group = on_network(members, nodes, NetworkResistances(between), constraints=constraints, multiplicities=many)
    _, callbacks = solved(body, group)
    imposed = {one.number: one.target for one in constraints if one.galvanostatic}
    series = constraints[0].series
    spread, count = 0.0, 0
    for kept in (
        zip(*(c.middles for c in callbacks), strict=True),
        zip(*([s.end for s in c.steps] for c in callbacks), strict=True),
    ):
        for states in kept:
            current = np.zeros(3)
            for node, n, state in zip(nodes, many, states, strict=True):
                current[node] += n * state.current
            drops = between @ current + series * current.sum()
            for node, state in zip(nodes, states, strict=True):
                assert state.voltage - state.potential == pytest.approx(drops[node], abs=1e-10)
            if states[0].step in imposed:
                assert current.sum() == pytest.approx(imposed[states[0].step], abs=1e-10 * abs(constraints[0].target))
            spread, count = max(spread, float(np.ptp(drops))), count + 1
    assert count > 40
    assert spread > 0.01  # V: the network matters


def test_lithium_with_butler_volmer_kinetics_adds_its_overpotential(body: Any) -> None:
    member = body.member(*CCCV, coverage=0.5)
    exchange = 0.3 * member.constraints[0].target
    thermal = 2.0 * GAS_CONSTANT * TEMPERATURE / FARADAY
    level = NetworkResistances(np.zeros((1, 1)), 2.0 * exchange, thermal)
    _, (with_lithium,) = solved(body, on_network([member], (0,), level))
    series = member.constraints[0].series
    for state in (*with_lithium.middles, *(step.end for step in with_lithium.steps)):
        eta = thermal * math.asinh(state.current / (2.0 * exchange))
        assert state.voltage == pytest.approx(state.potential + eta + series * state.current, abs=1e-10)
    held = [step.end for step in with_lithium.steps if step.end.step == 2]
    assert held[-1].voltage == pytest.approx(4.0, abs=1e-10)
    # Under a constant current it only adds to the voltage: the same lithium at the same time.
    plain = replace(member, constraints=member.constraints[:1])
    timed = tuple(replace(one, events=(), duration=3600.0) for one in plain.constraints)
    group = on_network([plain], (0,), level, constraints=timed)
    _, (one,) = solved(body, group)
    _, (other,) = solved(body, Group((plain,), timed, plain.tolerance))
    np.testing.assert_allclose(one.last.x, other.last.x, atol=1e-9)


@pytest.mark.parametrize("control", ["V", "W", "ohm"])
def test_steps_of_a_network_keep_their_order(ball: Any, control: str) -> None:
    """Layers and a nonlinear lithium electrode, started an hour into a charge: fourth order with equal steps."""
    level = NetworkResistances(ladder(3), 1e-12, 2.0 * GAS_CONSTANT * TEMPERATURE / FARADAY)
    rising = "Charge" if control != "ohm" else "Discharge"
    before = [ball.member(f"{rising} at C/5 for 1 hour", tolerance=1e-6)] * 3
    constraints = times_current(before[0].constraints, 3.0)
    _, kept = solved(ball, on_network(before, (0, 1, 2), level, constraints=constraints))
    voltage, current = kept[0].last.voltage, sum(one.last.current for one in kept)
    value = {"V": voltage, "W": voltage * current, "ohm": voltage / -current}[control]
    what = {"V": "Hold", "W": "Charge", "ohm": "Discharge"}[control]
    members = [
        ball.member(f"{what} at {value!r} {control} for 1000 s", start=one.last.x, tolerance=1.0) for one in kept
    ]
    asked = tuple(
        replace(
            one,
            events=(),
            series=constraints[0].series,
            current_factor=one.current_factor - 2.0 / 3.0 * before[0].constraints[0].series if one.held else 0.0,
        )
        for one in members[0].constraints
    )

    def charges(count: int) -> np.ndarray:
        equal = [replace(one, largest_step=1000.0 / count) for one in members]
        _, callbacks = solved(ball, on_network(equal, (0, 1, 2), level, constraints=asked))
        assert len(callbacks[0].steps) == count
        return np.array([callback.last.charge for callback in callbacks])

    exact = charges(160)
    coarse, fine = (np.abs(charges(count) - exact).max() for count in (8, 16))
    assert np.log2(coarse / fine) > 3.3


@pytest.mark.slow
def test_bits_of_a_network_do_not_depend_on_threads(body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [body.member(*CCCV, coverage=0.1 + 0.04 * k) for k in range(20)]
    constraints = times_current(members[0].constraints, 20.0)
    level = NetworkResistances(ladder(5, OHMS / 4.0))
    group = on_network(members, tuple(k // 4 for k in range(20)), level, constraints=constraints)
    _, one = solved(body, group)
    monkeypatch.setattr("asyncsoc.solver.integrate.WORTH_THREADS", 0)  # phase by phase, and not in one call
    _, two = solved(body, group, threads=2)
    for mine, theirs in zip(one, two, strict=True):
        same_bits(mine, theirs)


class _Stopping:
    """Interrupts a run after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def start(self, state: Any, constraint: Any) -> None:
        """Do nothing at the start."""

    def step(self, step: AcceptedStep) -> None:
        self.left -= 1
        if self.left == 0:
            raise InterruptedRunError("stopped", where="test")


def test_a_network_goes_on_from_a_checkpoint_bit_for_bit(body: Any) -> None:
    members = [body.member(*CCCV, coverage=c) for c in (0.3, 0.6, 0.9)]
    constraints = times_current(members[0].constraints, 3.0)
    problem = Problem(
        (body.system,), (on_network(members, (0, 1, 2), NetworkResistances(ladder(3)), constraints=constraints),)
    )
    _, kept = run(problem)
    for steps in (7, len(kept[0].steps) - 3):
        (stopped,) = integrate(problem, [[_Stopping(steps)], [], []])
        assert stopped.checkpoint is not None
        assert len(stopped.checkpoint.nodes) == 3
        rest = [KeepingCallback() for _ in members]
        (resumed,) = integrate(problem, [[one] for one in rest], resume=[stopped.checkpoint])
        assert resumed.error is None
        for mine, theirs in zip(rest, kept, strict=True):
            assert mine.last.time == theirs.last.time
            assert (mine.last.potential, mine.last.charge) == (theirs.last.potential, theirs.last.charge)
            np.testing.assert_array_equal(mine.last.x, theirs.last.x)


def test_layers_are_a_transmission_line() -> None:
    count, thickness, area, electronic, ionic = 4, 80e-6, 2e-4, 3.0, 0.02
    width = thickness / count
    k = np.arange(1, count + 1)
    nearer, farther = np.minimum.outer(k, k), np.maximum.outer(k, k)
    expected = width / area * ((nearer - 0.5) / ionic + (count - farther + 0.5) / electronic)
    found = layer_resistances(count, thickness, area, electronic, ionic)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(InputError, match="ionic conductivity"):
        layer_resistances(count, thickness, area, electronic, 0.0)


def test_networks_that_make_no_sense_are_refused(body: Any) -> None:
    with pytest.raises(InputError, match="no electronic path to the current collector"):
        node_resistances(2, [Conductor(0, TERMINAL, 1.0)], [Conductor(0, TERMINAL, 1.0), Conductor(0, 1, 1.0)])
    with pytest.raises(InputError, match="no ionic path to the separator"):
        node_resistances(2, [Conductor(0, TERMINAL, 1.0), Conductor(0, 1, 1.0)], [Conductor(0, 1, 1.0)])
    with pytest.raises(InputError, match="conductance is positive"):
        node_resistances(1, [Conductor(0, TERMINAL, 0.0)], [Conductor(0, TERMINAL, 1.0)])
    with pytest.raises(InputError, match="no such node"):
        node_resistances(1, [Conductor(0, 3, 1.0)], [Conductor(0, TERMINAL, 1.0)])
    with pytest.raises(InputError, match="has no particles"):
        Network((0, 0, 2), {TEMPERATURE: NetworkResistances(np.eye(3))})
    with pytest.raises(InputError, match="no such node"):
        Network((0, 2), {TEMPERATURE: NetworkResistances(np.eye(2))})
    for wrong in (np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[1.0, 0.5], [0.0, 1.0]]), np.full((1, 1), np.inf)):
        with pytest.raises(InputError, match="network"):
            NetworkResistances(wrong)
    members = [body.member("Charge at C/10 for 1 minute")] * 2
    level = NetworkResistances(np.eye(2))
    with pytest.raises(InputError, match="a node for each particle"):
        on_network(members, (0, 1, 1), level)
    with pytest.raises(InputError, match="temperature of a protocol step"):
        Group(tuple(members), members[0].constraints, 1e-4, network=Network((0, 1), {300.0: level}))
    flux = body.member("Charge at C/10 for 1 minute", kinetics=UniformFlux())
    with pytest.raises(InputError, match="uniform flux"):
        on_network([flux], (0,), NetworkResistances(np.eye(1)))
    problem = Problem((body.system,), (on_network(members, (0, 1), level),))
    with pytest.raises(InputError, match="does not belong"):
        linearize(problem, GroupState(tuple(member.x for member in members), 3.8, nodes=(3.8, 3.8, 3.8)))


def impedance(linear: Any, frequency: float) -> complex:
    """Return dv/dI; rows in A, V and m3/s are brought to one size before they are solved."""
    rows = (linear.jacobian - 2j * np.pi * frequency * linear.mass).tocsc()
    by_row = 1.0 / np.abs(rows).max(axis=1).toarray().ravel()
    rows = diags(by_row) @ rows
    by_column = 1.0 / np.abs(rows).max(axis=0).toarray().ravel()
    found = spsolve((rows @ diags(by_column)).tocsc(), -by_row * linear.target_column.astype(complex))
    return complex(found[-1] * by_column[-1])


def test_impedance_is_the_network_of_its_particles_admittances(body: Any, ball: Any) -> None:
    members = [body.member("Rest for 1 hour", coverage=0.2), *[ball.member("Rest for 1 hour")] * 3]
    many, ohms, nodes = (3.0, 0.5, 2.0, 1.0), (1e8, 3e7, 0.0, 0.0), (0, 0, 1, 2)
    thermal, exchange = 2.0 * GAS_CONSTANT * TEMPERATURE / FARADAY, 1e-10
    level = NetworkResistances(ladder(3), exchange, thermal)
    group = on_network(members, nodes, level, multiplicities=many, resistances=ohms, meshes=(0, 1, 1, 1))
    table = members[0].tables[TEMPERATURE]
    ocp = float(ocp_and_i0_array(np.array([0.55]), table.x_first, table.spacing, table.coefficients)[0][0])
    x = tuple(np.full(len(member.x), 0.55) for member in members)
    together = linearize(Problem((body.system, ball.system), (group,)), GroupState(x, ocp), double_layer=0.1)
    for frequency in (1e-4, 1e-1, 1e3):
        admittance = np.zeros((3, 3), dtype=complex)
        for k, member in enumerate(members):
            home = body if k == 0 else ball
            alone = linearize(Problem.alone(home.system, [member]), GroupState((x[k],), ocp), double_layer=0.1)
            admittance[nodes[k], nodes[k]] += many[k] / (impedance(alone, frequency) + ohms[k])
        between = level.between + thermal / exchange
        currents = np.linalg.solve(np.eye(3) + admittance @ between, admittance @ np.ones(3))
        assert 1.0 / impedance(together, frequency) == pytest.approx(currents.sum(), rel=1e-9)


def test_layers_that_only_charge_their_double_layers_are_de_levies_ladder(ball: Any) -> None:
    """Z = sqrt(r/y) coth sqrt(r y), r the resistance of the electrolyte and y the admittance of all double layers."""
    count, capacitance, frequency = 60, 0.2, 1e5
    member = ball.member("Rest for 1 hour")
    y = 2j * np.pi * frequency * capacitance * member.weights.sum() * count
    for depth in (0.3, 3.0):
        r = depth**2 / abs(y)
        level = NetworkResistances(layer_resistances(count, 1.0, 1.0, 1e9 / r, 1.0 / r))
        group = on_network([member] * count, tuple(range(count)), level)
        table = member.tables[TEMPERATURE]
        ocp = float(ocp_and_i0_array(member.x[:1], table.x_first, table.spacing, table.coefficients)[0][0])
        state = GroupState((member.x,) * count, ocp)
        linear = linearize(Problem((ball.system,), (group,)), state, double_layer=capacitance)
        expected = np.sqrt(r / y) / np.tanh(np.sqrt(r * y))
        assert abs(impedance(linear, frequency) / expected - 1.0) < 1e-3


def test_linearized_away_from_equilibrium_it_is_the_derivative_of_the_run(ball: Any) -> None:
    """The node potentials of a run are those of its linearization's state, and its rows vanish there."""
    members = [ball.member("Charge at C/5 for 30 minutes")] * 3
    level = NetworkResistances(ladder(3), 1e-12, 2.0 * GAS_CONSTANT * TEMPERATURE / FARADAY)
    problem = Problem((ball.system,), (on_network(members, (0, 1, 2), level),))
    _, kept = run(problem)
    ends = [callback.last for callback in kept]
    nodes = tuple(end.potential for end in ends)
    unknown = ends[0].voltage - members[0].constraints[0].series * sum(end.current for end in ends)
    linear = linearize(problem, GroupState(tuple(end.x for end in ends), unknown, nodes=nodes))
    for rows, end in zip(linear.particles, ends, strict=True):
        assert rows.areas @ (rows.interface.opened * rows.interface.i) == pytest.approx(end.current, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("given", ["c_rate", "power", "voltage"])
def test_a_network_follows_profiles_as_resistances_of_its_particles_do(body: Any, given: str) -> None:
    """A node for each particle again, while current, power or voltage change from second to second."""
    values = {
        "c_rate": VALUES,
        "power": VALUES * 8e-9,
        "voltage": 3.75 + 0.05 * VALUES,
    }[given]
    asked = (followed(body, "Follow p", 2.0, **{given: values}),)
    members = [body.member("Rest for 1 s", coverage=c, tolerance=1e-7) for c in (0.3, 0.8)]
    ohms = (OHMS, 0.3 * OHMS)
    network = on_network(members, (0, 1), NetworkResistances(np.diag(ohms)), constraints=asked)
    behind = Group(tuple(members), asked, members[0].tolerance, resistances=ohms)
    (_, mine), (_, theirs) = solved(body, network), solved(body, behind)
    for one, other in zip(mine, theirs, strict=True):
        assert one.last.time == other.last.time
        assert one.last.charge == pytest.approx(other.last.charge, rel=1e-4, abs=1e-14)
        np.testing.assert_allclose(one.last.x, other.last.x, atol=2e-5)
        assert one.last.voltage == pytest.approx(other.last.voltage, abs=2e-5)
