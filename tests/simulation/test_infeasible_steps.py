"""Steps that cannot be carried out stop the run and keep what was reached; ordinary ends are no errors."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InfeasibleStepError, InputError, SimulationError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution

FIRST = "Charge at C/5 for 20 minutes"


@pytest.mark.parametrize(
    ("step", "event"),
    [
        ("Charge at C/5 until 3.5 V", "voltage 3.5 V reached"),
        ("Discharge at C/5 until 4.1 V", "voltage 4.1 V reached"),
        ("Charge at 100 C until 3.8 V", "voltage 3.8 V reached"),
    ],
)
def test_a_limit_already_passed_names_step_event_and_time(run, step, event):
    with pytest.raises(InfeasibleStepError) as caught:
        run(FIRST, step, "Rest for 1 hour")
    message = str(caught.value)
    assert "protocol step 2" in message and step in message and event in message and "t = 1200 s" in message
    assert "already at the start" in message and caught.value.exit_code == 3
    assert caught.value.next_step


def test_what_was_reached_is_kept_and_can_be_saved(run, tmp_path):
    with pytest.raises(InfeasibleStepError) as caught:
        run(FIRST, "Charge at C/5 until 3.5 V", "Rest for 1 hour")
    partial = caught.value.partial
    assert isinstance(partial, Solution)
    assert partial.status == "stopped" and "cannot be carried out" in partial.stop_reason
    assert [step.stop_reason for step in partial.steps[:1]] == ["duration reached"]
    whole = run(FIRST)
    assert np.array_equal(partial.field_x[-1], whole.field_x[-1])
    assert partial.columns[names.TIME][-1] == 1200.0
    assert Solution.load(partial.save(tmp_path)).status == "stopped"


def test_a_first_step_that_cannot_begin_has_nothing_to_keep(run):
    with pytest.raises(InfeasibleStepError, match="protocol step 1") as caught:
        run("Charge at C/5 until 3.0 V")
    assert caught.value.partial is None


def test_a_stoichiometry_limit_is_an_ordinary_end(run):
    """No voltage limit in the way: the material's window ends the step, the protocol goes on, and the run says so."""
    solution = run("Charge at C/5 until 5 V", "Rest for 10 minutes", protocol={"initial_stoichiometry": 0.3})
    assert solution.status == "done"
    assert solution.steps[0].stop_reason == "stoichiometry limit x = 0.205 reached under the contact"
    reached = solution.columns[names.CONTACT_X][solution.columns[names.STEP] == 1][-1]
    assert reached == pytest.approx(0.205, abs=2e-7)
    assert any("ended early" in warning for warning in solution.warnings)
    assert solution.stop_reason == "duration reached"


def test_going_on_beyond_the_stoichiometry_limit_is_refused(run):
    with pytest.raises(InfeasibleStepError, match=r"stoichiometry limit x = 0\.205"):
        run("Charge at C/5 until 5 V", "Charge at C/5 for 1 hour", protocol={"initial_stoichiometry": 0.3})


def test_discharge_ends_at_the_upper_limit(run):
    pure = {"name": "ncm811-sturm2019-pure"}
    start = {"initial_stoichiometry": 0.97}
    solution = run("Discharge at C/5 until 2.8 V", material=pure, protocol=start)
    assert solution.stop_reason == "stoichiometry limit x = 0.995 reached under the contact"


def test_a_hold_whose_current_is_already_small_closes_at_once(run):
    solution = run(FIRST, "Rest for 10 hours", "Hold at 3.8 V until 5 C", "Rest for 10 minutes")
    held = solution.steps[2]
    assert held.stop_reason == "current 5 C reached before the step started"
    assert held.duration == 0.0 and held.charge == 0.0
    assert np.count_nonzero(solution.columns[names.STEP] == 3) == 1  # its beginning is its end
    assert solution.status == "done" and solution.steps[-1].duration == pytest.approx(600.0)


def test_a_protocol_whose_only_step_is_already_met_shows_the_initial_state(run):
    kinetics = {"exchange_current_density": 0.01}
    solution = run("Hold at 3.85 V until 2 C", kinetics=kinetics)
    assert solution.status == "done" and "before the step started" in solution.stop_reason
    assert len(solution.columns[names.TIME]) == 1 and solution.columns[names.VOLTAGE][0] == pytest.approx(3.85)
    assert len(solution.field_times) == 1 and solution.lithium_balance_error == 0.0


def test_a_voltage_cannot_be_held_under_uniform_flux(run):
    with pytest.raises(InputError, match="cannot be held under uniform flux") as caught:
        run("Hold at 4 V for 1 hour", kinetics={"model": "uniform-flux"})
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("start", "what"),
    [
        ({"initial_stoichiometry": 0.95}, "outside the stoichiometry window"),
        ({"initial_stoichiometry": 0.2}, "outside the stoichiometry window"),
        ({"initial_stoichiometry": None, "initial_voltage": 5.0}, "does not take this value"),
        ({"initial_stoichiometry": None, "initial_voltage": 1.0}, "does not take this value"),
    ],
)
def test_a_start_outside_the_material_is_refused(run, start, what):
    with pytest.raises(InputError, match=what) as caught:
        run(FIRST, protocol=start)
    assert caught.value.where and caught.value.where.startswith("protocol.initial")


def test_every_failure_of_a_run_is_one_family():
    assert issubclass(InfeasibleStepError, SimulationError)
