"""Runs say where they leave what their parameters were measured over."""

from __future__ import annotations

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.simulation import simulate


def case(celsius: float, **electrolyte: object) -> Case:
    steps = ["Charge at C/10 for 1 minute"]
    temperature = f"{celsius} degC"
    sections = {"contact": {"kind": "full"}, "protocol": {"temperature": temperature, "steps": steps}}
    return Case.from_dict({**sections, "electrolyte": electrolyte})


def about_conductivity(asked: Case) -> list[str]:
    return [warning for warning in simulate(asked).warnings if "conductivity" in warning]


def test_a_run_outside_the_measured_temperatures_says_so_with_the_drop_it_rests_on() -> None:
    (warning,) = about_conductivity(case(10.0))
    assert "10 degC" in warning and "25 to 100 degC" in warning
    cold = simulate(case(10.0)).columns["Series overpotential [V]"]
    told = float(warning.partition(" S/m, ")[2].partition(" V")[0])
    assert told == pytest.approx(float(cold[-1]), rel=0.06)


@pytest.mark.parametrize(
    ("celsius", "electrolyte", "warned"),
    [
        (25.0, {}, False),
        (100.0, {}, False),
        (110.0, {}, True),
        (10.0, {"conductivity": "1e-3 S/m"}, False),
        (60.0, {"name": "pegda-peca"}, False),
        (40.0, {"name": "pegda-peca"}, True),
        (10.0, {"name": "liquid-lipf6"}, False),
    ],
)
def test_only_runs_outside_are_warned(celsius: float, electrolyte: dict[str, object], warned: bool) -> None:
    assert bool(about_conductivity(case(celsius, **electrolyte))) is warned


def test_far_outside_there_is_no_run() -> None:
    with pytest.raises(InputError, match="cannot be extrapolated this far") as caught:
        simulate(case(-20.0))
    assert caught.value.exit_code == 2
    simulate(case(-20.0, conductivity="1e-3 S/m"))
