"""The experiment grammar: what it understands, what it refuses, and that words survive a round trip."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.grammar import EXAMPLES, format_step, parse_step
from asyncsoc.protocol.types import Step, Termination

WHERE = "case.toml: protocol.steps, step 1"


def expect(control: str, value: float, duration: float | None = None, *ends: tuple[str, float, str]) -> tuple:
    return control, value, duration, tuple(Termination(*end) for end in ends)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # PyBaMM's own examples (pybamm.step.string), where they make sense on one particle
        ("Discharge at 1C for 0.5 hours", expect("c-rate", -1.0, 1800.0)),
        ("Discharge at C/20 for 0.5 hours", expect("c-rate", -0.05, 1800.0)),
        ("Charge at 0.5 C for 45 minutes", expect("c-rate", 0.5, 2700.0)),
        ("Discharge at 1 A for 0.5 hours", expect("current", -1.0, 1800.0)),
        ("Charge at 200 mA for 45 minutes", expect("current", 0.2, 2700.0)),
        ("Rest for 10 minutes", expect("rest", 0.0, 600.0)),
        ("Hold at 1V for 20 seconds", expect("voltage", 1.0, 20.0)),
        ("Charge at 1 C until 4.1V", expect("c-rate", 1.0, None, ("voltage", 4.1, "V"))),
        ("Hold at 4.1 V until 50mA", expect("voltage", 4.1, None, ("current", 0.05, "A"))),
        ("Hold at 3V until C/50", expect("voltage", 3.0, None, ("c-rate", 0.02, "1/h"))),
        ("Discharge at C/3 for 2 hours or until 2.5 V", expect("c-rate", -1 / 3, 7200.0, ("voltage", 2.5, "V"))),
        # the rest of the language
        ("charge at c/10 until 4.2v", expect("c-rate", 0.1, None, ("voltage", 4.2, "V"))),
        (
            "  CHARGE  AT C / 10   UNTIL 4200 MV ".replace("MV", "mV"),
            expect("c-rate", 0.1, None, ("voltage", 4.2, "V")),
        ),
        ("Discharge at 2 nA until 2.8 V", expect("current", -2e-9, None, ("voltage", 2.8, "V"))),
        ("Hold at 4.2 V until 50 pA", expect("voltage", 4.2, None, ("current", 5e-11, "A"))),
        ("Charge at 0.5 mA/cm2 until 4.2 V", expect("areal current", 5.0, None, ("voltage", 4.2, "V"))),
        ("Charge at 500 uA cm-2 until 4.2 V", expect("areal current", 5.0, None, ("voltage", 4.2, "V"))),
        ("Discharge at 20 mA/g until 2 mAh/cm²", expect("specific current", -20.0, None, ("capacity", 20.0, "A.h/m2"))),
        ("Hold at 4.2 V until 0.05 mA/cm^2", expect("voltage", 4.2, None, ("areal current", 0.5, "A/m2"))),
        ("Hold at 4.2 V until 5 mA g-1", expect("voltage", 4.2, None, ("specific current", 5.0, "A/kg"))),
        ("Charge at C/10 until 100 mAh/g", expect("c-rate", 0.1, None, ("capacity", 100.0, "A.h/kg"))),
        ("Charge at C/10 until 5 nA h", expect("c-rate", 0.1, None, ("capacity", 1.8e-5, "C"))),
        ("Charge at C/10 until 50 % of capacity", expect("c-rate", 0.1, None, ("capacity", 0.5, "fraction"))),
        (
            "Charge at 1C for 30 minutes or until 4.2 V or 100 mAh/g",
            expect("c-rate", 1.0, 1800.0, ("voltage", 4.2, "V"), ("capacity", 100.0, "A.h/kg")),
        ),
        ("Hold at 4.2 V until C/50 or for 2 hours", expect("voltage", 4.2, 7200.0, ("c-rate", 0.02, "1/h"))),
    ],
)
def test_meaning(text: str, expected: tuple) -> None:
    step = parse_step(text, where=WHERE)
    assert (step.control, step.value, step.duration, step.terminations) == expected
    assert step.text == " ".join(text.split())
    assert step.period is None
    assert step.temperature is None


def test_period_and_cycle() -> None:
    step = parse_step("Rest for 1 hour (5 minute period)", where=WHERE, cycle=3)
    assert (step.period, step.duration, step.cycle) == (300.0, 3600.0, 3)


@pytest.mark.parametrize(
    ("text", "kelvin", "period"),
    [
        ("Rest for 1 hour (25 degC)", 298.15, None),
        ("Rest for 1 hour (5 minute period, -20 °C)", 253.15, 300.0),
        ("Rest for 1 hour (298.15K, 1 s period)", 298.15, 1.0),
        ("Charge at C/10 until 4.2 V ( 60oC )", 333.15, None),
        ("Rest for 1 hour (25 ℃)", 298.15, None),
        ("Rest for 1 hour (\u221210 degC)", 263.15, None),
        ("Rest for 1 hour (1 min period, 300 kelvin)", 300.0, 60.0),
    ],
)
def test_temperature_of_a_step(text: str, kelvin: float, period: float | None) -> None:
    step = parse_step(text, where=WHERE)
    assert (step.temperature, step.period) == (pytest.approx(kelvin), period)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_messages_parse(text: str) -> None:
    assert parse_step(text, where=WHERE).text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Chrage at C/10 until 4.2 V", ["'Chrage' is not a step", "did you mean: Charge"]),
        ("Charge at C/10 untill 4.2 V", ["did you mean: until"]),
        ("Charge at 0.1 C untill 4.2 V", ["did you mean: until"]),
        ("Rest fro 1 hour", ["'fro' is not understood here", "did you mean: for"]),
        ("Charge at C/10", ["'for <time>' or 'until <limit>'"]),
        ("Rest", ["'for <time>' or 'until <limit>'"]),
        ("Charge", ["followed by one 'at'"]),
        ("Charge 1 C for 1 hour", ["'1' is not understood here"]),
        ("Charge for 1 hour at 1 C", ["followed by one 'at'"]),
        ("Charge at -1C until 4.2 V", ["'-1C' is negative", "gives the direction"]),
        ("Charge at -C/10 until 4.2 V", ["no number in '-C/10'"]),
        ("Charge at C/-10 until 4.2 V", ["negative"]),
        ("Charge at 0 C for 1 hour", ["'0 C' is zero", "Rest for 1 hour"]),
        ("Charge at C/0 for 1 hour", ["'C/0' is zero"]),
        ("Rest for -1 hour", ["'-1 hour' is negative"]),
        ("Rest for 0 hours", ["'0 hours' is zero"]),
        ("Rest for nan hours", ["not finite"]),
        ("Rest for 1e400 hours", ["not finite"]),
        ("Rest for 1e12 hours", ["out of range", "1 ms to 1e9 s"]),
        ("Charge at inf C for 1 hour", ["not finite"]),
        ("Charge at 1e6 C for 1 hour", ["out of range"]),
        ("Charge at C/10 until C/20", ["never ends this way", "the current is held", "until a voltage or a capacity"]),
        ("Charge at C/10 until 100 mA", ["never ends this way"]),
        ("Hold at 4.2 V until 4.1 V", ["never ends this way", "the voltage is held"]),
        ("Rest until 3.5 V", ["a rest ends by time only"]),
        ("Rest for 1 hour or until C/50", ["no current flows in a rest"]),
        ("Charge at 4 Gohm until 3 V", ["a resistance discharges", "Discharge at 4 Gohm"]),
        ("Run US06 for 20 seconds", ["a drive cycle is followed", "Follow drive.csv"]),
        ("Run UDDS (A)", ["a drive cycle is followed"]),
        ("Charge at 1 mA/mm2 until 4.2 V", ["unknown unit 'mA/mm2'"]),
        ("Charge at 1 MA/cm2 until 4.2 V", ["mega", "did you mean: mA/cm2"]),
        ("Charge at 20 mA/g until 10 mA/g", ["never ends this way", "the current is held", "voltage or a capacity"]),
        ("Charge at -1 mA/cm2 until 4.2 V", ["'-1 mA/cm2' is negative"]),
        ("Charge at 1e9 mA/cm2 until 4.2 V", ["out of range", "10000 mA/cm2"]),
        ("Rest for 1 hour or until 1 mA/cm2", ["no current flows in a rest"]),
        ("Charge at C/10 until 50 %", ["ambiguous", "50 % of capacity"]),
        ("Charge at 4.2 V until C/50", ["gives no current", "did you mean: Hold at 4.2 V"]),
        ("Hold at 1 C for 1 hour", ["holds no voltage"]),
        ("Hold at 42 V until C/20", ["out of range", "at most 6 V"]),
        ("Charge at 200 MA until 4.2 V", ["mega", "did you mean: mA"]),
        ("Charge at C/10 until 4.2", ["'4.2' has no unit"]),
        ("Charge at C/10 until 4.2 U", ["unknown unit 'U'"]),
        ("Charge at 0,1 C until 4.2 V", ["decimal comma"]),
        ("Charge at C/10 until", ["a quantity is missing"]),
        ("Charge at until 4.2 V", ["a quantity is missing"]),
        ("Charge at fast until 4.2 V", ["no number in 'fast'"]),
        ("Charge at C/ten until 4.2 V", ["'C/ten' is not a C-rate"]),
        ("Charge at 1 C until 10 minutes", ["is a time", "did you mean: for 10 minutes"]),
        ("Charge at 1 C for 4.2 V", ["gives no time", "did you mean: until 4.2 V"]),
        ("Charge at 1 C for 1 hour for 2 hours", ["one 'for'"]),
        ("Charge at 1 C for 1 hour or", ["'or' joins"]),
        ("Charge at 1 C for 1 hour or 4.2 V", ["did you mean: or until 4.2 V"]),
        ("Charge at 1 C until > 4.2 V", ["direction of a limit", "until 4.2 V"]),
        ("Rest at 0 A for 1 hour", ["a rest has no 'at'"]),
        ("Rest for 1 hour at 60 degC", ["temperature stands in brackets", "'Rest for 1 hour (25 degC)'"]),
        ("Rest for 1 hour (60 degC, 50 degC)", ["once each"]),
        ("Rest for 1 hour (1 minute period, 2 minutes period)", ["once each"]),
        ("Rest for 1 hour (600 degC)", ["'600 degC' is out of range", "at least -73.15, at most 226.85 degC"]),
        ("Rest for 1 hour (-300 degC)", ["below absolute zero"]),
        ("Rest for 1 hour (about 60 degC)", ["is not a temperature"]),
        ("Rest for 1 hour (220 K xyz)", ["is not a temperature"]),
        ("Rest for 1 hour (25 degC for long)", ["is not a temperature"]),
        ("Rest for 1 hour (300 K degC)", ["is not a temperature"]),
        ("Rest for 1 hour (25 degC) (1 minute period)", ["one pair of brackets"]),
        ("Rest for 1 hour (60 degF)", ["once each", "'(25 degC)'"]),
        ("Rest (60 degC) for 1 hour", ["one pair of brackets, at its end"]),
        ("Rest (1 s period) for 1 hour", ["one pair of brackets, at its end"]),
        ("Rest for 1 hour (60 degC", ["one pair of brackets, at its end"]),
        ("Rest for 1 hour (now)", ["output period", "temperature"]),
        ("Rest for 1 hour (5 V period)", ["is not a time"]),
        ("Rest for 1 fortnight", ["unknown unit 'fortnight'"]),
        ("", ["a step is empty"]),
        ("Rest " + "for 1 hour " * 40, ["too long"]),
    ],
)
def test_refused_with_a_message(text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_step(text, where=WHERE)
    message = str(caught.value)
    assert f"where: {WHERE}" in message
    for word in words:
        assert word in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("value", [None, 5, ["Rest for 1 hour"]])
def test_a_step_that_is_no_text(value: object) -> None:
    with pytest.raises(InputError, match="a string in quotes"):
        parse_step(value, where=WHERE)  # type: ignore[arg-type]


def magnitudes(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(min_value=low, max_value=high, allow_nan=False, allow_subnormal=False)


voltages = st.builds(Termination, st.just("voltage"), magnitudes(0.1, 6.0), st.just("V"))
currents = st.builds(Termination, st.just("current"), magnitudes(1e-15, 1e3), st.just("A"))
rates = st.builds(Termination, st.just("c-rate"), magnitudes(1e-6, 1e3), st.just("1/h"))
capacities = st.one_of(
    st.builds(Termination, st.just("capacity"), magnitudes(1e-15, 1e6), st.just("C")),
    st.builds(Termination, st.just("capacity"), magnitudes(1e-6, 1e4), st.just("A.h/kg")),
    st.builds(Termination, st.just("capacity"), magnitudes(1e-6, 10.0), st.just("fraction")),
)
periods = st.none() | magnitudes(1e-3, 1e6)
temperatures = st.none() | st.floats(200.0, 500.0)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    control = draw(st.sampled_from(["current", "c-rate", "voltage", "rest"]))
    sign = draw(st.sampled_from([-1.0, 1.0]))
    value = {
        "current": sign * draw(magnitudes(1e-15, 1e3)),
        "c-rate": sign * draw(magnitudes(1e-6, 1e3)),
        "voltage": draw(magnitudes(0.1, 6.0)),
        "rest": 0.0,
    }[control]
    limits = {"rest": st.nothing(), "voltage": currents | rates | capacities}.get(control, voltages | capacities)
    ends = () if control == "rest" else tuple(draw(st.lists(limits, max_size=3)))
    must_end = st.nothing() if not ends else st.none()
    duration = draw(must_end | magnitudes(1e-3, 1e9))
    return Step(control, value, duration, ends, draw(periods), draw(temperatures), 1, "")


@settings(max_examples=200, deadline=None)
@given(step=steps(), shout=st.booleans())
def test_words_survive_a_round_trip(step: Step, shout: bool) -> None:
    words = format_step(step)
    parsed = parse_step(words.lower() if shout else words, where=WHERE)
    assert dataclasses.replace(parsed, text="") == step


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="ChargeHoldRstinfu atV0123456789.,/-%()<>", max_size=60))
def test_any_text_is_a_step_or_an_input_error(text: str) -> None:
    try:
        step = parse_step(text, where=WHERE)
    except InputError:
        return
    assert step.duration is not None or step.terminations
