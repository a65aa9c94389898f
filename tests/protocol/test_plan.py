"""Protocols: cycles are unrolled in order and numbered on."""

from __future__ import annotations

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.plan import MOST_STEPS, RepeatedSteps, parse_protocol

CHARGE, HOLD, DISCHARGE = "Charge at C/10 until 4.2 V", "Hold at 4.2 V until C/50", "Discharge at C/10 until 2.8 V"


def test_plain_steps_are_cycle_one() -> None:
    protocol = parse_protocol([CHARGE, HOLD])
    assert [(step.text, step.cycle) for step in protocol.steps] == [(CHARGE, 1), (HOLD, 1)]


def test_cycles_are_unrolled_after_the_plain_steps() -> None:
    protocol = parse_protocol(["Rest for 1 hour"], [RepeatedSteps((CHARGE, DISCHARGE), 2), RepeatedSteps((HOLD,))])
    assert [(step.text, step.cycle) for step in protocol.steps] == [
        ("Rest for 1 hour", 1),
        (CHARGE, 2),
        (DISCHARGE, 2),
        (CHARGE, 3),
        (DISCHARGE, 3),
        (HOLD, 4),
    ]


@pytest.mark.parametrize(
    ("steps", "cycles", "words"),
    [
        ([], [], ["no steps", "steps = ['Charge at C/10 until 4.2 V']"]),
        ([], [RepeatedSteps(())], ["a cycle has no steps", "where: case.toml: protocol.cycle 1"]),
        ([], [RepeatedSteps((CHARGE,), 0)], ["whole number of times", "value: 0"]),
        ([], [RepeatedSteps((CHARGE,), 2.5)], ["whole number of times"]),
        ([], [RepeatedSteps((CHARGE,), True)], ["whole number of times"]),
        ([CHARGE], [RepeatedSteps((CHARGE,), MOST_STEPS)], ["too many steps", f"at most {MOST_STEPS}"]),
        ("Rest for 1 hour", [], ["a list of strings"]),
        ([CHARGE, "Chrage at C/10 until 4.2 V"], [], ["where: case.toml: protocol.steps, step 2", "Charge"]),
        (
            [],
            [RepeatedSteps((CHARGE,)), RepeatedSteps(("Rest",))],
            ["where: case.toml: protocol.cycle 2.steps, step 1"],
        ),
    ],
)
def test_refused_with_a_message(steps: list[str], cycles: list[RepeatedSteps], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_protocol(steps, cycles, where="case.toml: protocol")
    for word in words:
        assert word in str(caught.value)
