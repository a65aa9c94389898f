"""Steps that follow a profile, hold a power or a resistance, or end on a curve: what their words mean."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.grammar import format_step, parse_step
from asyncsoc.protocol.limits import SHORT_NAMES
from asyncsoc.protocol.types import FollowedProfile, Step, Termination
from asyncsoc.recorders import curve_names as names

WHERE = "protocol step 1"


def curve(name: str, value: float, side: str = "", unit: str = "1") -> Termination:
    return Termination("curve", value, unit, name, side)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "control", "value", "ends"),
    [
        ("Charge at 8 nW until 4.2 V", "power", 8e-9, [Termination("voltage", 4.2, "V")]),
        ("Discharge at 1 mW until 2.8 V", "power", -1e-3, [Termination("voltage", 2.8, "V")]),
        ("Discharge at 10 kohm until 2.8 V", "resistance", 1e4, [Termination("voltage", 2.8, "V")]),
        ("Discharge at 4 Mohm until 1 nA", "resistance", 4e6, [Termination("current", 1e-9, "A")]),
        ("Discharge at 4 mΩ for 1 s", "resistance", 4e-3, []),
        ("Charge at C/10 until mean SOC 0.5", "c-rate", 0.1, [curve(names.MEAN_SOC, 0.5, ">")]),
        ("Discharge at C/10 until contact SOC 20 %", "c-rate", -0.1, [curve(names.CONTACT_SOC, 0.2, "<")]),
        ("Charge at C/10 until asynchrony 0.1", "c-rate", 0.1, [curve(names.ASYNCHRONY, 0.1)]),
        ("Charge at C/10 until film 5 nm", "c-rate", 0.1, [curve(names.FILM_MEAN, 5e-9, ">", "m")]),
        ("Charge at C/10 until risk > 3", "c-rate", 0.1, [curve(names.RISK_MAX, 3.0, ">")]),
        (
            'Charge at C/10 until "Contact-mean stoichiometry" < 0.3 or 4.2 V',
            "c-rate",
            0.1,
            [curve(names.CONTACT_X, 0.3, "<"), Termination("voltage", 4.2, "V")],
        ),
        (
            'Hold at 4.2 V for 1 h or until "Ni4+/Ni2+ at contact" above 2',
            "voltage",
            4.2,
            [curve("Ni4+/Ni2+ at contact", 2.0, ">")],
        ),
        ("Rest for 1 h or until asynchrony < 0.01", "rest", 0.0, [curve(names.ASYNCHRONY, 0.01, "<")]),
        ('Charge at C/10 until "Voltage [V]" > 4100 mV', "c-rate", 0.1, [curve(names.VOLTAGE, 4.1, ">", "V")]),
    ],
)
def test_meaning(text: str, control: str, value: float, ends: list[Termination]) -> None:
    step = parse_step(text, where=WHERE)
    assert (step.control, step.terminations) == (control, tuple(ends))
    assert step.value == pytest.approx(value, rel=1e-15)


def test_a_profile_is_followed() -> None:
    step = parse_step("Follow drive.csv until < 2.8 V or > 4.2 V (10 second period, 25 degC, hold)", where=WHERE)
    assert (step.control, step.follows) == ("profile", FollowedProfile("drive.csv", "hold"))
    assert step.terminations == (Termination("voltage", 2.8, "V", side="<"), Termination("voltage", 4.2, "V", side=">"))
    assert (step.duration, step.period, step.temperature) == (None, 10.0, 298.15)
    named = parse_step('follow "my drive (1) at 2 or 3.csv" for 1 hour', where=WHERE)
    assert named.follows == FollowedProfile("my drive (1) at 2 or 3.csv")
    assert named.duration == 3600.0


def test_short_names_are_curves() -> None:
    assert set(SHORT_NAMES.values()) <= {*names.CURVES, *names.SIDE_CURVES}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Follow", ["name of a profile", "Follow drive.csv"]),
        ("Follow until 3 V", ["name of a profile"]),
        ("Follow drive.csv at C/10", ["has no 'at'"]),
        ("Follow drive.csv until 2.8 V", ["either side", "< 2.8 V"]),
        ("Follow drive.csv until > 100 mAh/g", ["no side"]),
        ("Follow drive.csv until C/50", ["the profile says which current"]),
        ("Charge at C/10 until 4.2 V (hold)", ["brackets hold"]),
        ("Charge at C/10 until > 4.2 V", ["direction of a limit follows from the step"]),
        ("Charge at C/10 until mean SOC", ["needs a value"]),
        ("Charge at C/10 until mean SOC 1.5", ["out of range", "0 to 1"]),
        ("Charge at C/10 until contact SOC -10 %", ["out of range"]),
        ("Charge at C/10 until asynchrony 3", ["out of range", "-1 to 1"]),
        ("Charge at C/10 until mean SOC half", ["no number"]),
        ("Charge at C/10 until film 5 V", ["wrong dimension"]),
        ("Charge at C/10 until film 5 nn", ["unknown unit"]),
        ("Rest for 1 h or until mean SOC 0.5", ["no charge passes"]),
        ("Rest until asynchrony 0.01", ["may never reach", "for <time>"]),
        ("Hold at 4.2 V until mean SOC 0.9", ["may never reach"]),
        ("Charge at -1 nW until 4.2 V", ["negative"]),
        ("Charge at 1 MW until 4.2 V", ["mega", "mW"]),
        ("Charge at 8 nW until 1 nA", ["never ends this way", "the power is held"]),
    ],
)
def test_refused(text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_step(text, where=WHERE)
    message = str(caught.value)
    assert message.startswith("protocol step") or WHERE in message
    for part in parts:
        assert part in message


CURVES = st.sampled_from([names.MEAN_SOC, names.CONTACT_X, names.VOLTAGE, "Ni4+/Ni2+ at contact", names.ASYNCHRONY])
SIDES = st.sampled_from(["<", ">"])
VALUES = st.floats(0.01, 0.99)
LIMITS = st.one_of(
    st.builds(lambda name, value, side: (name, value, side), CURVES, VALUES, SIDES).map(
        lambda parts: f'"{parts[0]}" {parts[2]} {parts[1]!r}'
    ),
    st.builds(lambda value, side: f"{side} {value!r} V", st.floats(2.5, 4.5), SIDES),
    st.floats(1.0, 300.0).map(lambda value: f"{value!r} mAh/g"),
)


@given(st.lists(LIMITS, min_size=0, max_size=3), st.sampled_from(["", " (hold)", " (7 s period)", " (300 K, hold)"]))
@settings(max_examples=60, deadline=None)
def test_words_survive_a_round_trip(limits: list[str], inside: str) -> None:
    until = " until " + " or ".join(limits) if limits else ""
    step = parse_step(f'Follow "a file.csv"{until}{inside}', where=WHERE)
    again = parse_step(format_step(step), where=WHERE)
    assert without_text(again) == without_text(step)


@pytest.mark.parametrize(
    "text", ["Charge at 3.3 nW until 4.2 V", "Discharge at 4.7 Gohm until 2.8 V or asynchrony 0.2"]
)
def test_power_and_resistance_survive_it(text: str) -> None:
    step = parse_step(text, where=WHERE)
    assert without_text(parse_step(format_step(step), where=WHERE)) == without_text(step)


def without_text(step: Step) -> Step:
    return dataclasses.replace(step, text="")
