"""`protocol.rate`: one C-rate in the place of those that the steps name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InputError

STEPS = [
    "charge at C/10  until 4.2 V or for 20 hours (5 minute period, 25 degC)",
    "Hold at 4.2 V until C/50",
    "Discharge at 2 nA until 3 V",
    "Rest for 1 hour",
]
CYCLE = {"repeat": 2, "steps": ["Discharge at 0.3C for 2 hours or until 2.8 V", "Charge at C/3 until 100 mAh/g"]}


def case(**protocol: Any) -> aso.Case:
    return aso.Case.from_dict({"protocol": {"steps": STEPS, "cycle": [CYCLE], **protocol}})


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-6, 1e3))
def test_every_c_rate_is_replaced_and_nothing_else(rate: float) -> None:
    before, after = case(), case(rate=rate)
    for old, new in zip(before.protocol.plan.steps, after.protocol.plan.steps, strict=True):
        assert new.value == ((rate if old.value > 0.0 else -rate) if old.control == "c-rate" else old.value)
        for name in ("control", "duration", "terminations", "period", "temperature", "cycle"):
            assert getattr(new, name) == getattr(old, name)
    assert after.protocol.rate is None


def test_the_case_is_the_one_with_the_rate_written_out() -> None:
    written = [STEPS[0].replace("C/10", "0.2 C"), *STEPS[1:]]
    cycle = {"repeat": 2, "steps": ["Discharge at 0.2 C for 2 hours or until 2.8 V", "Charge at C/5 until 100 mAh/g"]}
    expected = aso.Case.from_dict({"protocol": {"steps": written, "cycle": [cycle]}})
    for rate in (0.2, "C/5", "0.2 C", "0.2C"):
        assert case(rate=rate).hash == expected.hash
        assert case().with_overrides([f"protocol.rate={rate}"]).hash == expected.hash
    assert aso.Case.from_text(expected.to_toml()).hash == expected.hash
    assert aso.Case.from_text('[protocol]\nrate = "C/5"\nsteps = ["Charge at C/10 until 4.2 V"]').protocol.steps == (
        "Charge at 0.2 C until 4.2 V",
    )


def test_the_key_changes_no_hash_where_it_is_not_given() -> None:
    content = aso.Case.from_dict({"protocol": {"steps": ["Charge at C/10 until 4.2 V"]}})
    assert content.hash == "a7eba65e2b9463a6e6e386e081e7c263df72b8df7280f5b9166c4826e0b35091"


def test_steps_are_counted_as_they_are_written() -> None:
    changed = case(rate={"1": 2, 5: "C/7"})
    assert changed.protocol.steps[0].startswith("charge at 2.0 C until")
    assert changed.protocol.cycle[0].steps == (f"Discharge at {1 / 7!r} C for 2 hours or until 2.8 V", CYCLE["steps"][1])
    assert case().with_overrides(["protocol.rate={1 = 2, 5 = 'C/7'}"]).hash == changed.hash


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("2 nA", "not a C-rate"),
        ("4.2 V", "not a C-rate"),
        ("fast", "no number"),
        (-1, "negative"),
        (0, "zero"),
        (float("nan"), "not finite"),
        (1e9, "out of range"),
        (True, "is a number or a text"),
        ([0.1, 0.2], "is a number or a text"),
        ({2: 0.1}, "step 2 has no C-rate"),
        ({7: 0.1}, "no such step"),
        ({"first": 0.1}, "no such step"),
        ({1: "slow"}, "no number"),
    ],
)
def test_wrong_rates(rate: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        case(rate=rate)
    assert "protocol.rate" in str(told.value)


def test_a_protocol_without_a_c_rate() -> None:
    with pytest.raises(InputError, match="no step of the protocol has a C-rate"):
        aso.Protocol.of("Rest for 1 hour", rate=1)
