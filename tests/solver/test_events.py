"""Where steps end: on the limit, located in time to a millionth, and what may not begin at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.base.errors import InfeasibleStepError
from asyncsoc.base.units import FARADAY
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.interface.laws.linear import Linear

LIMITS = {
    "voltage above": ("Charge at C/5 until 4.15 V", 0.7, lambda s, _: s.voltage - 4.15),
    "voltage above, at once": ("Charge at 2 C until 4 V", 0.7, lambda s, _: s.voltage - 4.0),
    "voltage below": ("Discharge at C/5 until 3.6 V", 0.7, lambda s, _: 3.6 - s.voltage),
    "voltage below, where it falls steeply": ("Discharge at C/20 until 2.8 V", 0.85, lambda s, _: 2.8 - s.voltage),
    "current below": ("Hold at 4 V until C/50", 0.7, lambda s, one_c: 1.0 - s.current / (one_c / 50.0)),
    "discharging current below": ("Hold at 3.7 V until C/50", 0.5, lambda s, one_c: 1.0 + s.current / (one_c / 50.0)),
    "stoichiometry": ("Charge at C/2 until 5 V", 0.4, lambda s, _: 0.205 - s.x.min()),
    "capacity": ("Charge at C/5 until 5 % of capacity", 0.7, lambda s, one_c: s.charge / (180.0 * one_c) - 1.0),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("coverage", [1.0, 0.3])
def test_events_are_located_to_a_millionth_in_time(body, name, coverage):
    """Positive past the limit: at the end it is passed by a rounding, a millionth of the time before it is not yet."""
    text, start, passed = LIMITS[name]
    one_c = body.scale.capacity / 3600.0
    member = body.member(text, coverage=coverage, start=start)
    outcome, callback = body.run(member)
    assert outcome.error is None and outcome.stop_reason.endswith(("reached", "under the contact"))
    end = callback.last
    assert 0.0 <= passed(end, one_c) <= 1e-6
    before = end.time * (1.0 - 1e-6)
    _, again = body.run(member, [before])
    assert passed(again.sampled[before], one_c) < 0.0
    assert outcome.steps[0].duration == end.time


@pytest.mark.parametrize("coverage", [1.0, 0.4])
def test_uniform_flux_reaches_a_capacity_at_the_time_of_the_closed_form(body, coverage):
    member = body.member("Charge at C/3 until 30 % of capacity", coverage=coverage, kinetics=UniformFlux())
    outcome, _ = body.run(member)
    assert outcome.steps[0].duration == pytest.approx(0.3 * 3.0 * 3600.0, rel=1e-6)


def test_uniform_flux_reaches_a_voltage_where_diffusion_is_fast(ball, make_table):
    """With D so large that x is uniform, U(x) = V fixes the charge, hence the time."""
    material = make_table(333.15, 1e-9)
    member = ball.member("Charge at C/10 until 4 V", kinetics=UniformFlux(), tables={333.15: material})
    member = replace(member, constraints=(replace(member.constraints[0], series=0.0),))
    outcome, callback = ball.run(member)
    grid = np.linspace(0.4, 0.5, 2_000_001)
    from asyncsoc.base.interpolation import ocp_and_i0_array

    potential = ocp_and_i0_array(grid, material.x_first, material.spacing, material.coefficients)[0]
    x_end = np.interp(-4.0, -potential, grid)
    current = ball.scale.capacity / 36000.0
    expected = (0.7 - x_end) * FARADAY * member.maximum_concentration * ball.operators.volume / current
    assert outcome.steps[0].duration == pytest.approx(expected, rel=2e-6)
    assert np.ptp(callback.last.x) < 1e-5


def test_the_first_of_several_limits_ends_the_step(body):
    step = "Charge at C/5 for 1 hour or until 4.2 V or until 1 % of capacity"
    outcome, callback = body.run(body.member(step, coverage=0.3))
    assert outcome.stop_reason == "charge of 1 % of capacity reached"
    assert callback.last.time == pytest.approx(180.0, rel=1e-6)


def test_a_step_of_given_duration_ends_exactly_then(body):
    outcome, callback = body.run(body.member("Charge at C/5 for 1234.5 s", coverage=0.3))
    assert callback.last.time == 1234.5 and outcome.steps[0].duration == 1234.5
    passed = callback.last.charge
    assert passed == pytest.approx(1234.5 * body.scale.capacity / 5.0 / 3600.0, rel=1e-13)


@pytest.mark.parametrize(
    ("step", "event"),
    [("Charge at C/5 until 3.5 V", "voltage 3.5 V"), ("Discharge at C/5 until 4 V", "voltage 4 V")],
)
def test_a_step_whose_limit_is_already_passed_is_infeasible(body, step, event):
    outcome, callback = body.run(body.member("Charge at C/5 for 5 minutes", step, coverage=0.3))
    assert isinstance(outcome.error, InfeasibleStepError)
    message = str(outcome.error)
    for part in ("protocol step 2", step, event, "t = 300 s", "already at the start"):
        assert part in message
    assert callback.last.time == 300.0 and len(callback.starts) == 1
    assert outcome.stop_reason == outcome.error.what


def test_the_limit_of_the_material_ends_a_step_and_then_blocks_the_next(body):
    steps = ("Charge at C/2 until 5 V", "Charge at C/2 for 1 hour")
    outcome, _ = body.run(body.member(*steps, coverage=0.3, start=0.4))
    assert outcome.steps[0].reason == "stoichiometry limit x = 0.205 reached under the contact"
    assert isinstance(outcome.error, InfeasibleStepError)
    assert "stoichiometry limit" in str(outcome.error)


def test_a_hold_far_beyond_the_material_ends_at_its_limit(body):
    outcome, callback = body.run(body.member("Hold at 4.6 V for 10 hours", coverage=0.3))
    assert outcome.error is None
    assert outcome.stop_reason == "stoichiometry limit x = 0.205 reached under the contact"
    assert callback.last.x.min() == pytest.approx(0.205, abs=1e-6)


def test_a_hold_below_its_current_closes_without_a_step(body):
    steps = ("Rest for 1 minute", "Hold at 3.83 V until 10 C", "Rest for 1 minute")
    outcome, callback = body.run(body.member(*steps, coverage=0.3))
    assert [constraint.reason for constraint in outcome.steps] == [
        "duration reached",
        "current 10 C reached before the step started",
        "duration reached",
    ]
    assert [state.step for state in callback.starts] == [1, 2, 3]
    assert {step.end.step for step in callback.steps} == {1, 3}
    assert outcome.steps[1].duration == 0.0


def test_a_violent_current_empties_the_contact_and_ends_there(body):
    outcome, callback = body.run(body.member("Charge at 1000 C for 1 hour", coverage=0.05))
    assert outcome.error is None
    assert "stoichiometry limit" in outcome.stop_reason
    assert callback.last.time < 1.0


def test_a_current_that_would_need_tens_of_volts_is_refused(body):
    """Linear kinetics have no exponential to help: 1000 C through 5 % of the surface is no answer but an error."""
    outcome, callback = body.run(body.member("Charge at 1000 C for 1 hour", coverage=0.05, kinetics=Linear()))
    assert isinstance(outcome.error, InfeasibleStepError)
    assert "protocol step 1" in str(outcome.error) and "t = 0 s" in str(outcome.error)
    assert not callback.starts
