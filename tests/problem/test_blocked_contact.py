"""A contact that a film can block ends every kind of step, before anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncsoc.kernels.step_control import OPEN_BELOW
from asyncsoc.protocol.constraints import ParticleScale, step_constraint
from asyncsoc.protocol.grammar import parse_step

SCALE = ParticleScale(capacity=7.2e-6, mass=2.5e-12, series=3e5, window=(0.2, 0.9), temperature=333.15)


@pytest.mark.parametrize("text", ["Charge at C/10 until 4.2 V", "Rest for 1 hour", "Hold at 4.2 V for 1 hour"])
def test_every_step_ends_where_too_little_is_open(text: str) -> None:
    step = parse_step(text, where="test")
    blocked = step_constraint(step, 1, replace(SCALE, least_open=0.001))
    assert blocked.events[-1].kind == OPEN_BELOW
    assert blocked.events[-1].value == 0.001
    assert blocked.events[-1].reason == "contact blocked by film: less than 0.1 % of it is open"
    assert OPEN_BELOW not in {event.kind for event in step_constraint(step, 1, SCALE).events}
