"""Watchers see what callbacks see, of all members together; whom they stop takes no other with it."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import SimulationError
from asyncsoc.problem.particles import Problem
from asyncsoc.solver.callbacks import BALANCE_LIMIT, BalanceGuard
from asyncsoc.solver.integrate import integrate

STEPS = ("Charge at C/5 for 10 minutes", "Rest for 5 minutes")
NAMES = ("time", "step", "potential", "voltage", "current", "charge", "side_charge", "temperature", "step_time")
ARRAYS = ("x", "contact_current_density", "film_resistance", "film_thickness", "side_current_density")


class Keeper:
    """A batch callback that keeps every row as what one callback would be shown; `stop` names whom to stop."""

    def __init__(self, stop: int = -1) -> None:
        self.stop = stop
        self.starts: dict[int, list] = {}
        self.rows: dict[int, list] = {}
        self.last = None

    def start(self, states, constraints):
        assert [constraint.number for constraint in constraints] == states.step.tolist()
        for row, number in enumerate(states.number.tolist()):
            self.starts.setdefault(number, []).append(states.one(row))
        return {}

    def step(self, steps):
        middle = 0.5 * (steps.start_time + steps.end.time)
        between = steps.at(np.arange(len(middle)), middle)
        for row, number in enumerate(steps.end.number.tolist()):
            self.rows.setdefault(number, []).extend([between.one(row), steps.end.one(row)])
        self.last = steps
        return {self.stop: SimulationError("this is enough")} if self.stop in steps.end.number else {}


@pytest.fixture(scope="module")
def members(body):
    return [body.member(*STEPS, coverage=0.3), body.member(STEPS[0], coverage=0.9), body.member(*STEPS, coverage=0.6)]


def bits(state) -> bytes:
    numbers = np.array([getattr(state, name) for name in NAMES], dtype=float).tobytes()
    return numbers + b"".join(getattr(state, name).tobytes() for name in ARRAYS)


def test_a_watcher_sees_the_bits_that_an_observer_sees_alone(body, members):
    keeper = Keeper()
    assert all(
        outcome.error is None for outcome in integrate(Problem.alone(body.system, members), batch_callbacks=[[keeper]])
    )
    for number, member in enumerate(members):
        _, alone = body.run(member)
        ends = [step.end for step in alone.steps]
        shown = [state for pair in zip(alone.middles, ends, strict=True) for state in pair]
        assert [bits(state) for state in keeper.rows[number]] == [bits(state) for state in shown]
        assert [bits(state) for state in keeper.starts[number]] == [bits(state) for state in alone.starts]


def test_whom_a_watcher_stops_is_shown_to_nobody_after_it(body, members):
    first, second = Keeper(stop=1), Keeper()
    outcomes = integrate(Problem.alone(body.system, members), batch_callbacks=[[first, second]])
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].stop_reason == "this is enough"
    assert outcomes[1].checkpoint is None  # its first step was not accepted
    assert 1 in first.rows and 1 not in second.rows
    assert len(first.rows[0]) == len(second.rows[0])


def test_the_continuous_solution_of_all_is_gone_with_the_next_step(body, members):
    early = []

    class Late(Keeper):
        def step(self, steps):
            early.append(steps)
            return {}

    integrate(Problem.alone(body.system, members[:1]), batch_callbacks=[[Late()]])
    with pytest.raises(SimulationError, match="is gone"):
        early[0].at(np.array([0]), early[0].end.time)


def test_the_guard_stops_the_member_whose_lithium_is_lost_and_no_other(body, members):
    right = members[0].maximum_concentration
    guard = BalanceGuard(body.operators.mass, [right, 0.9 * right, right])
    outcomes = integrate(Problem.alone(body.system, members), batch_callbacks=[[guard]])
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert "lithium balance lost" in outcomes[1].stop_reason
    assert guard.worst > BALANCE_LIMIT


def test_the_guard_stops_what_is_not_finite(body, members):
    guard = BalanceGuard(body.operators.mass, members[0].maximum_concentration)

    class Spoiler(Keeper):
        def step(self, steps):
            steps.end.x[steps.end.number == 2, 0] = np.nan
            return {}

    outcomes = integrate(Problem.alone(body.system, members), batch_callbacks=[[Spoiler(), guard]])
    assert [outcome.error is None for outcome in outcomes] == [True, True, False]
    assert "not finite" in outcomes[2].stop_reason
