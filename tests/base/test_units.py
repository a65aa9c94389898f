"""Quantities with units: conversions against hand-computed values, refusals by message."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import BOLTZMANN_EV, FARADAY, GAS_CONSTANT, ZERO_CELSIUS, from_si, si_unit, to_si, to_unit


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("5 um", "m", 5e-6),
        ("5 µm", "m", 5e-6),  # micro sign
        ("5 \u03bcm", "m", 5e-6),  # Greek mu
        ("5um", "um", 5e-6),
        ("50 nm", "m", 5e-8),
        ("4e-15 m2/s", "m2/s", 4e-15),
        ("4e-15 m^2/s", "m2/s", 4e-15),
        ("4e-15 m2 s-1", "m2/s", 4e-15),
        ("4e-11 cm²/s", "m2/s", 4e-15),
        ("60 degC", "K", 333.15),
        ("60 °C", "degC", 333.15),
        ("333.15 K", "degC", 333.15),
        ("10 min", "s", 600.0),
        ("2 hours", "s", 7200.0),
        ("0.5 A/m2", "A/m2", 0.5),
        ("3 mA/cm2", "A/m2", 30.0),
        ("200 ohm cm2", "ohm m2", 0.02),
        ("200 Ω*cm2", "ohm m2", 0.02),
        ("4200 mV", "V", 4.2),
        ("2 mAh/cm2", "A h/m2", 72000.0),
        ("275 mAh/g", "A h/kg", 990000.0),
        ("1 A.h/kg", "C/kg", 3600.0),
        ("2 mS/cm", "S/m", 0.2),
        ("10 kJ/mol", "J/mol", 1e4),
        ("97.28 g/mol", "kg/mol", 0.09728),
        ("4.78 g/cm3", "kg/m3", 4780.0),
        ("1 mol/L", "mol/m3", 1000.0),
        ("1/h", "Hz", 1 / 3600),
        ("30 %", "", 0.3),
        ("0.3", "1", 0.3),
        (5e-6, "um", 5e-6),
        (333, "degC", 333.0),
    ],
)
def test_value_in_si(text: str | float, unit: str, expected: float) -> None:
    assert to_si(text, unit, where="test") == expected


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("1 m", "s", ["'m' has the wrong dimension", "s, min, h"]),
        ("5 umm", "m", ["unknown unit 'umm'", "did you mean: um"]),
        ("10 mins", "s", ["unknown unit 'mins'", "did you mean: min"]),
        ("5", "m", ["needs its unit", "write '5 m'"]),
        ("five um", "m", ["no number"]),
        ("", "m", ["no number"]),
        ("C/10", "1/h", ["no number"]),
        ("5,0 um", "m", ["decimal comma"]),
        ("nan m", "m", ["finite"]),
        ("-inf um", "m", ["finite"]),
        ("1e999 m", "m", ["finite"]),
        ("9e307 km", "m", ["finite"]),
        (math.inf, "m", ["finite"]),
        (math.nan, "m", ["finite"]),
        (10**400, "m", ["finite"]),
        (True, "m", ["must be a number"]),
        (None, "m", ["must be a number"]),
        ("-300 degC", "K", ["absolute zero"]),
        ("5 m//s", "m/s", ["unknown unit"]),
        ("5 m/", "m", ["unknown unit"]),
        ("1_000 m", "m", ["unknown unit"]),
        ("0x10 m", "m", ["unknown unit"]),
        ("5 m" + " " * 200, "m", ["too long"]),
    ],
)
def test_refused_with_a_message(value: object, unit: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        to_si(value, unit, where="case.toml: particle.radius")  # type: ignore[arg-type]
    message = str(caught.value)
    assert "where: case.toml: particle.radius" in message
    for word in words:
        assert word in message
    assert caught.value.exit_code == 2


def test_an_unknown_expected_unit_is_an_error() -> None:
    with pytest.raises(InputError, match="unknown expected unit"):
        to_si("1 m", "furlong", where="test")
    with pytest.raises(InputError, match="finite"):
        from_si(math.nan, "m")


def test_a_tiny_literal_underflows_at_once() -> None:
    assert to_si("1e-999999999 m", "m", where="test") == 0.0


def test_value_in_a_unit_is_rounded_once() -> None:
    assert to_unit("100 mAh/g", "A h/kg", where="test") == 100.0
    assert to_unit("60 degC", "degC", where="test") == 60.0
    assert from_si(5e-6, "um") == 5.0
    assert from_si(333.15, "degC") == pytest.approx(60.0, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    number=st.floats(min_value=1e-30, max_value=1e30, allow_nan=False),
    unit=st.sampled_from(["um", "nm", "cm2", "mAh/g", "A/m2", "mS/cm", "kJ/mol", "h", "ohm cm2"]),
)
def test_prefixed_text_survives_a_round_trip(number: float, unit: str) -> None:
    assert to_unit(f"{number!r} {unit}", unit, where="test") == number
    assert from_si(to_si(f"{number!r} {unit}", unit, where="test"), unit) == pytest.approx(number, rel=4e-16)


@settings(max_examples=100, deadline=None)
@given(number=st.integers(min_value=-(10**6), max_value=10**6), power=st.integers(min_value=-20, max_value=20))
def test_text_and_number_are_one_float(number: int, power: int) -> None:
    assert to_si(f"{number}e{power} um", "m", where="test") == float(f"{number}e{power - 6}")


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_gives_a_number_or_an_input_error(text: str) -> None:
    try:
        value = to_si(text, "m", where="test")
    except InputError:
        return
    assert math.isfinite(value)


def test_constants_agree_with_each_other() -> None:
    assert pytest.approx(BOLTZMANN_EV, rel=1e-9) == GAS_CONSTANT / FARADAY
    assert ZERO_CELSIUS == 273.15


@pytest.mark.parametrize(
    "unit", ["um", "nm", "cm2", "degC", "mAh/cm2", "mg/cm2", "g/mol", "kJ/mol", "eV", "ohm m2", ""]
)
def test_the_si_unit_of_what_is_shown_is_si(unit: str) -> None:
    shown = si_unit(unit)
    assert from_si(1.0, shown) == 1.0
    to_si(f"1 {unit}", shown, where="")  # of the same dimension
