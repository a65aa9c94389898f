"""What holds in every accepted step of any member: lithium, charge, the constraint, the bits of its neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.materials.registry import cathode, electrolyte

KINETICS = st.sampled_from([UniformFlux(), Linear(), ButlerVolmer(), MarcusHushChidsey()])


def lithium_balance(particle, member, state) -> float:
    """The design's definition, from the state and its charge alone."""
    change = float(particle.operators.mass @ (state.x - member.x)) / particle.operators.volume
    passed = state.charge / (FARADAY * member.maximum_concentration * particle.operators.volume)
    return abs(change + passed)


@settings(max_examples=25, deadline=None)
@given(
    coverage=st.floats(0.02, 1.0),
    rate=st.floats(0.02, 2.0),
    start=st.floats(0.5, 0.85),
    kinetics=KINETICS,
    film=st.sampled_from([0.0, 0.01, 0.2]),
    method=st.sampled_from(["rodas4p2", "rodas5p"]),
)
def test_lithium_balances_and_currents_add_up_in_every_step(
    body, total_current, coverage, rate, start, kinetics, film, method
):
    steps = [f"Charge at {rate:.4f} C for 10 minutes or until 4.3 V", f"Discharge at {rate:.4f} C for 5 minutes"]
    steps += ["Rest for 10 minutes"]
    member = body.member(*steps, coverage=coverage, start=start, kinetics=kinetics, film_resistance=film)
    outcome, callback = body.run(member, method=method)
    if outcome.error is not None:  # a rate the contact cannot carry: what was reached must still balance
        assert "cannot be carried out" in outcome.stop_reason
    one_c = body.scale.capacity / 3600.0
    for step, middle in zip(callback.steps, callback.middles, strict=True):
        for state in (step.end, middle):
            target = member.constraints[state.step - 1].target
            assert abs(total_current(state, member) - target) <= 1e-10 * max(abs(target), 1e-3 * one_c)
            assert abs(state.current - target) <= 1e-10 * max(abs(target), 1e-3 * one_c)
        assert lithium_balance(body, member, step.end) <= 1e-12
        assert lithium_balance(body, member, middle) <= 1e-10


@settings(max_examples=10, deadline=None)
@given(
    coverage=st.floats(0.05, 1.0),
    voltage=st.floats(3.7, 4.2),
    kinetics=st.sampled_from([Linear(), ButlerVolmer(), MarcusHushChidsey()]),
)
def test_a_held_voltage_is_held_and_its_charge_is_in_the_balance(body, total_current, coverage, voltage, kinetics):
    member = body.member(f"Hold at {voltage:.5f} V for 1 hour", coverage=coverage, kinetics=kinetics)
    outcome, callback = body.run(member)
    assert outcome.error is None
    for step, middle in zip(callback.steps, callback.middles, strict=True):
        for state in (step.end, middle):
            assert state.voltage == pytest.approx(round(voltage, 5), abs=1e-10)
            assert state.voltage == pytest.approx(state.potential + 2e5 * state.current, abs=1e-12)
            assert total_current(state, member) == pytest.approx(state.current, rel=1e-9, abs=1e-22)
            assert lithium_balance(body, member, state) <= 1e-12


@pytest.mark.slow
def test_two_thousand_steps_leave_only_rounding(ball):
    """A sum of differences: what leaves one node enters the next, so that the balance does not creep."""
    member = ball.member("Charge at C/2 for 30 minutes", "Discharge at C/2 for 30 minutes", largest_step=2.0)
    outcome, callback = ball.run(replace(member, tolerance=1.0))
    assert outcome.accepted >= 1800
    errors = [lithium_balance(ball, member, step.end) for step in callback.steps]
    assert max(errors) <= 2e-13


def test_charging_and_discharging_the_same_charge_gives_the_lithium_back(body):
    member = body.member("Charge at C/5 for 1 hour", "Discharge at C/5 for 1 hour", "Rest for 40 hours", coverage=0.3)
    outcome, callback = body.run(member)
    assert outcome.error is None
    assert callback.last.charge == pytest.approx(0.0, abs=1e-13 * body.scale.capacity)
    mean = body.operators.mass @ callback.last.x / body.operators.volume
    assert mean == pytest.approx(0.7, abs=1e-13)
    np.testing.assert_allclose(callback.last.x, 0.7, atol=1e-5)


def test_turning_the_particle_changes_nothing(body):
    """The cap at the other pole: the mirrored particle, to the accuracy of the sums' order."""
    member = body.member("Charge at C/5 for 1 hour", coverage=0.3)
    radius, height = body.mesh.points.T
    order = np.lexsort((np.round(height / height.max(), 9), np.round(radius / height.max(), 9)))
    mirrored = np.lexsort((np.round(-height / height.max(), 9), np.round(radius / height.max(), 9)))
    weights = np.empty_like(member.weights)
    weights[mirrored] = member.weights[order]
    upright, turned = body.run_all([member, replace(member, weights=weights)])
    assert turned[1].last.potential == pytest.approx(upright[1].last.potential, abs=1e-9)
    np.testing.assert_allclose(turned[1].last.x[mirrored], upright[1].last.x[order], atol=1e-9)


def test_observers_are_shown_each_protocol_step_from_start_to_end(body):
    member = body.member("Charge at C/5 for 10 minutes", "Rest for 5 minutes", "Hold at 4 V for 1 minute", coverage=0.5)
    outcome, callback = body.run(member)
    assert [state.step for state in callback.starts] == [1, 2, 3]
    assert [state.time for state in callback.starts] == [0.0, 600.0, 900.0]
    assert [constraint.reason for constraint in outcome.steps] == ["duration reached"] * 3
    assert [constraint.duration for constraint in outcome.steps] == [600.0, 300.0, 60.0]
    ends = [step.end.time for step in callback.steps]
    starts = [step.start_time for step in callback.steps]
    assert starts[0] == 0.0 and ends[-1] == 960.0
    np.testing.assert_allclose(starts[1:], ends[:-1], rtol=1e-12)
    assert outcome.accepted == len(callback.steps)


def test_the_continuous_solution_joins_the_steps_it_lies_between(body):
    member = body.member("Charge at C/5 for 1 hour", coverage=0.3)
    _, callback = body.run(member)
    times = [middle.time for middle in callback.middles]
    tight = body.run(replace(member, tolerance=1e-8), times)[1].sampled
    before = callback.starts[0].x
    for step, middle, (begun, ended) in zip(callback.steps, callback.middles, callback.ends, strict=True):
        np.testing.assert_allclose(begun.x, before, atol=1e-15)
        np.testing.assert_allclose(ended.x, step.end.x, atol=1e-15)
        assert ended.potential == pytest.approx(step.end.potential, abs=1e-12)
        before = step.end.x
        # Between steps it is as good as the steps themselves.
        there = member.weights @ (middle.x - tight[middle.time].x) / member.weights.sum()
        assert abs(there) <= 3e-4


def test_a_continuous_solution_asked_for_too_late_is_refused(ball):
    """It reads the integrator's arrays, which hold the next step by then: an error, never another step's numbers."""
    _, callback = ball.run(ball.member("Charge at C/5 for 10 minutes", "Rest for 1 minute"))
    for step in (callback.steps[0], callback.steps[-1]):
        with pytest.raises(SimulationError, match="is gone once the next step is taken"):
            step.at(step.end.time)


def test_temperature_belongs_to_the_step(body, make_table):
    member = body.member(
        "Rest for 1 minute", "Charge at C/5 for 10 minutes", "Charge at C/5 for 10 minutes", coverage=0.5
    )
    cold = replace(member.constraints[2], temperature=313.15)
    constraints = (*member.constraints[:2], cold)
    tables = member.tables | {313.15: make_table(313.15)}
    member = replace(member, constraints=constraints, tables=tables)
    outcome, callback = body.run(member)
    assert outcome.error is None
    assert [state.temperature for state in callback.starts] == [333.15, 333.15, 313.15]
    warm_end, cold_end = (next(step.end for step in reversed(callback.steps) if step.end.step == k) for k in (2, 3))
    assert np.array_equal(callback.starts[2].x, warm_end.x)
    # The potential at which that lithium passes the current, by bisection: rate law and i0 of each temperature.
    material, polymer = cathode("ncm811-sturm2019"), electrolyte("peo-litfsi")
    for state, temperature in ((warm_end, 333.15), (callback.starts[2], 313.15), (cold_end, 313.15)):
        nodes = state.contact_nodes
        u = material.open_circuit_potential(state.x[nodes])
        i0, f = polymer.exchange_current_density(state.x[nodes], temperature), FARADAY / (GAS_CONSTANT * temperature)
        area = member.weights[nodes]

        def missing(potential, u=u, i0=i0, f=f, area=area):
            return area @ (i0 * 2.0 * np.sinh(0.5 * f * (potential - u))) - member.constraints[2].target

        assert state.potential == pytest.approx(brentq(missing, 3.0, 5.0, xtol=1e-12), abs=1e-6)
    assert callback.starts[2].potential > warm_end.potential + 5e-3
    # The cold step is the step a run that is cold throughout takes from the same lithium.
    alone = replace(member, x=warm_end.x, constraints=(cold,), tables={313.15: tables[313.15]})
    _, kept_cold = body.run(alone)
    np.testing.assert_allclose(cold_end.x, kept_cold.last.x, atol=2e-4)
    _, kept_warm = body.run(replace(alone, constraints=(replace(cold, temperature=333.15),), tables=tables))
    assert np.abs(cold_end.x - kept_warm.last.x).max() > 2e-3
