"""A run that was stopped goes on bit for bit as if it had not been."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InterruptedRunError, SimulationError
from asyncsoc.case import Case
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState

CASE = {
    "particle": {"model": "radial"},
    "contact": {"kind": "full"},
    "protocol": {
        "steps": [
            "Charge at 1C until 4.2 V",
            "Hold at 4.2 V until C/5",
            "Rest for 10 minutes",
            "Discharge at 1C until 3 V",
        ]
    },
}


class Watch:
    """Keeps time and state of every accepted step; interrupts at one of them."""

    def __init__(self, interrupt_at: int | None = None) -> None:
        self.rows: list[tuple[float, float, float, bytes]] = []
        self._interrupt_at = interrupt_at

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        pass

    def step(self, step: AcceptedStep) -> None:
        if len(self.rows) == self._interrupt_at:
            raise KeyboardInterrupt
        self.rows.append((step.end.time, step.end.voltage, step.end.charge, step.end.x.tobytes()))


@pytest.fixture(scope="module")
def setup():
    return prepare(Case.from_dict(CASE))


@pytest.fixture(scope="module")
def uninterrupted(setup):
    watch = Watch()
    outcome = integrate(Problem.alone(setup.system, [setup.member]), [[watch]])[0]
    assert outcome.error is None
    return watch.rows, outcome


@pytest.mark.parametrize("at", [0, 1, 7, 30, 45, 60])
def test_going_on_gives_the_same_bits(setup, uninterrupted, at):
    rows, whole = uninterrupted
    assert at < len(rows)
    first = Watch(interrupt_at=at)
    stopped = integrate(Problem.alone(setup.system, [setup.member]), [[first]])[0]
    assert isinstance(stopped.error, InterruptedRunError)
    assert stopped.error.exit_code == 130
    second = Watch()
    finished = integrate(Problem.alone(setup.system, [setup.member]), [[second]], resume=[stopped.checkpoint])[0]
    assert finished.error is None
    assert first.rows + second.rows == rows
    assert finished.steps == whole.steps
    assert finished.accepted == whole.accepted


def test_a_finished_run_has_nothing_left_to_do(setup, uninterrupted):
    _, whole = uninterrupted
    watch = Watch()
    again = integrate(Problem.alone(setup.system, [setup.member]), [[watch]], resume=[whole.checkpoint])[0]
    assert watch.rows == []
    assert again.steps == whole.steps
    np.testing.assert_array_equal(again.checkpoint.particles[0].x, whole.checkpoint.particles[0].x)


def test_further_steps_go_on_where_the_protocol_ended(setup, uninterrupted):
    rows, _ = uninterrupted
    shorter = Case.from_dict({**CASE, "protocol": {"steps": CASE["protocol"]["steps"][:2]}})
    first, second = Watch(), Watch()
    half = integrate(Problem.alone(setup.system, [prepare(shorter).member]), [[first]])[0]
    integrate(Problem.alone(setup.system, [setup.member]), [[second]], resume=[half.checkpoint])
    assert first.rows + second.rows == rows


class Refusal(Watch):
    """Ends the run with an error at the next accepted step: the state before stays the last accepted one."""

    def __init__(self, at: int = 0) -> None:
        super().__init__()
        self._at = at

    def step(self, step: AcceptedStep) -> None:
        if len(self.rows) == self._at:
            raise SimulationError("refused", where="test")
        super().step(step)


@pytest.mark.parametrize("at", [0, 1, 7, 30])
def test_a_step_that_fails_states_its_last_accepted_state_resumed_or_not(setup, uninterrupted, at):
    """Also where no state of the protocol step, or none since the resumed one, had been accepted before."""
    rows, _ = uninterrupted
    whole = integrate(Problem.alone(setup.system, [setup.member]), [[Refusal(at)]])[0]
    assert whole.steps[-1].reason == "refused"
    first = integrate(Problem.alone(setup.system, [setup.member]), [[Watch(interrupt_at=at)]])[0]
    second = integrate(Problem.alone(setup.system, [setup.member]), [[Refusal()]], resume=[first.checkpoint])[0]
    assert second.steps == whole.steps
    done = sum(step.duration for step in whole.steps)
    assert done == pytest.approx(rows[at - 1][0] if at else 0.0, rel=1e-12)
    charge = sum(step.charge for step in whole.steps)
    assert charge == pytest.approx(rows[at - 1][2] if at else 0.0, rel=1e-12, abs=1e-30)


def test_a_step_that_fails_before_its_first_accepted_state_has_passed_nothing(setup, uninterrupted):
    rows, finished = uninterrupted
    ended = finished.steps[0].duration
    at = next(k for k, row in enumerate(rows) if row[0] > ended * (1.0 + 1e-9))
    whole = integrate(Problem.alone(setup.system, [setup.member]), [[Refusal(at)]])[0]
    assert len(whole.steps) == 2
    assert (whole.steps[1].duration, whole.steps[1].charge) == (0.0, 0.0)
