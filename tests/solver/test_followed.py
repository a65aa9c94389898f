"""Groups of several particles that follow profiles or hold a power; profiles step by step or many steps in a call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from asyncsoc.problem.particles import Group, Member, Problem
from asyncsoc.protocol.constraints import StepConstraint, step_constraint
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.protocol.profile import Profile
from asyncsoc.protocol.types import FollowedProfile
from asyncsoc.solver.integrate import integrate
from tests.solver.keeping import KeepingCallback

TIME = np.arange(31.0)
VALUES = np.round(np.random.default_rng(5).normal(size=31) * 0.3, 3)


class EndCallback:
    """Keeps the last state; does not need every step."""

    sparse = True

    def start(self, state: Any, constraint: StepConstraint) -> None:
        self.last = state

    def step(self, step: Any) -> None:
        self.last = step.end


def followed(body: Any, text: str, factor: float, **given: Any) -> StepConstraint:
    """Return the constraint of a step for so many particles like one."""
    step = parse_step(text, where="test")
    if given:
        profile = Profile.from_arrays(TIME, **given)
        step = replace(step, follows=FollowedProfile("p", "hold" if "(hold)" in text else "linear", profile))
    scale = replace(body.scale, series=2e5 / factor, capacity=body.scale.capacity * factor)
    return step_constraint(step, 1, scale)


def run(problem: Problem, callback: type = KeepingCallback) -> list[Any]:
    callbacks = [callback() for group in problem.groups for _ in group.particles]
    outcomes = integrate(problem, [[one] for one in callbacks])
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)
    return callbacks


@pytest.mark.parametrize(
    ("text", "of_profile", "of_step"),
    [
        ("Follow p", "c_rate", 1.0),
        ("Follow p (hold)", "c_rate", 1.0),
        ("Follow p", "power", 1.0),
        ("Follow p", "voltage", 1.0),
        ("Discharge at {} nW for 30 s", "", 1.0),
        ("Discharge at {} Gohm for 30 s", "", -1.0),
    ],
)
def test_two_particles_that_are_alike_do_what_one_does(body: Any, text: str, of_profile: str, of_step: float) -> None:
    found = []
    for count in (1, 2):
        given = {}
        if of_profile == "c_rate":
            given = {"c_rate": VALUES}
        elif of_profile == "power":
            given = {"power": VALUES * 4e-9 * count}
        elif of_profile == "voltage":
            given = {"voltage": 3.8 + 0.02 * VALUES}
        constraint = followed(body, text.format(6.0 * count**of_step), count, **given)
        member: Member = body.member("Rest for 1 s", coverage=0.4, constraints=(constraint,))
        group = Group((member,) * count, (constraint,), member.tolerance)
        found.append(run(Problem((body.system,), (group,)))[0])
    one, two = found
    assert one.last.time == two.last.time == 30.0
    assert two.last.charge == pytest.approx(one.last.charge, rel=1e-7)
    np.testing.assert_allclose(two.last.x, one.last.x, atol=1e-8)
    assert two.last.voltage == pytest.approx(one.last.voltage, abs=1e-7)


def test_many_steps_in_a_call_have_the_bits_of_single_ones(body: Any) -> None:
    constraint = followed(body, "Follow p", 1.0, c_rate=VALUES)
    member = body.member("Rest for 1 s", coverage=0.4, constraints=(constraint,))
    problem = Problem.alone(body.system, [member])
    (single,), (many,) = run(problem), run(problem, EndCallback)
    np.testing.assert_array_equal(single.last.x, many.last.x)
    assert (single.last.charge, single.last.voltage) == (many.last.charge, many.last.voltage)
    assert len(single.steps) > 30
