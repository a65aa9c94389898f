"""`asyncsoc protocol` and `asyncsoc params`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from asyncsoc.base.units import from_si
from asyncsoc.cli.console import print_document, print_line, print_table
from asyncsoc.protocol.types import Step, Termination

if TYPE_CHECKING:
    from asyncsoc.materials.types import Parameter

SIDE_REACTION = "side-reaction"
RATE_LAWS = "rate-laws"
"""What the constants of the side reaction are listed under."""
_CONTROL_UNIT = {"current": "A", "c-rate": "C", "voltage": "V", "rest": ""}
_LIMIT_UNIT = {"A.h/kg": "mAh/g", "fraction": "of the capacity", "1/h": "C", "C": "A s"}


def show_protocol(texts: Sequence[str], *, json: bool) -> None:
    """Show how steps are understood.

    Raises
    ------
    InputError
        A step is not understood.
    """
    from asyncsoc.protocol.grammar import parse_step

    steps = [parse_step(text, where=f"step {number}") for number, text in enumerate(texts, start=1)]
    if json:
        print_document({"steps": [_step_document(number, step) for number, step in enumerate(steps, start=1)]})
        return
    rows: list[tuple[object, ...]] = [
        (number, step.control, _held(step), _seconds(step.duration), _limits(step), _seconds(step.period), step.text)
        for number, step in enumerate(steps, start=1)
    ]
    headings = ["step", "control", "value", "for at most", "until", "output period", "text"]
    if any(step.temperature is not None for step in steps):
        headings.insert(-1, "temperature")
        rows = [(*row[:-1], _celsius(step.temperature), row[-1]) for row, step in zip(rows, steps, strict=True)]
    print_table(headings, rows)


def _step_document(number: int, step: Step) -> dict[str, Any]:
    unit = _CONTROL_UNIT[step.control]
    return {
        "step": number,
        "text": step.text,
        "control": step.control,
        "value": step.value,
        "unit": {"C": "1/h"}.get(unit, unit),
        "duration [s]": step.duration,
        "terminations": [asdict(termination) for termination in step.terminations],
        "period [s]": step.period,
        "temperature [K]": step.temperature,
        "cycle": step.cycle,
    }


def _held(step: Step) -> str:
    unit = _CONTROL_UNIT[step.control]
    return f"{step.value:+.6g} {unit}" if unit in ("A", "C") else f"{step.value:g} {unit}" if unit else "-"


def _limits(step: Step) -> str:
    return " or ".join(_limit(termination) for termination in step.terminations) or "-"


def _limit(termination: Termination) -> str:
    unit = _LIMIT_UNIT.get(termination.unit, termination.unit)
    return f"{termination.quantity} {termination.value:.6g} {unit}"


def _celsius(value: float | None) -> str:
    return "the protocol's" if value is None else f"{from_si(value, 'degC'):.6g} degC"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"


def show_parameters(name: str | None, *, json: bool) -> None:
    """Show every parameter of a material, an electrolyte or the side reaction; the names where `name` is None.

    Raises
    ------
    InputError
        The name is unknown.
    """
    from asyncsoc.materials.registry import describe

    if name is None:
        _show_names(json=json)
        return
    others = {SIDE_REACTION: _side_reaction, RATE_LAWS: _rate_laws}
    found = others[name]() if name in others else describe(name, others=tuple(others))
    parameters = [asdict(parameter) for parameter in found]
    if json:
        print_document({"name": name, "parameters": parameters})
        return
    columns = ("name", "value", "unit", "source", "assumed", "note")
    print_table(columns, ([parameter[column] for column in columns] for parameter in parameters), title=name)


def _side_reaction() -> Sequence[Parameter]:
    """Return the constants of the default side reaction, what follows from others resolved."""
    from asyncsoc.problem.case_side_reaction import default_parameters

    return default_parameters()


def _rate_laws() -> Sequence[Parameter]:
    """Return the parameters of the rate laws at their defaults."""
    from asyncsoc.interface.rate_laws import listed_parameters

    return listed_parameters()


def _show_names(*, json: bool) -> None:
    from asyncsoc.materials.registry import (
        DEFAULT_CATHODE,
        DEFAULT_ELECTROLYTE,
        cathode,
        cathode_names,
        electrolyte,
        electrolyte_names,
    )

    sets = [
        *((name, "material", cathode(name).title, name == DEFAULT_CATHODE) for name in cathode_names()),
        *((name, "electrolyte", electrolyte(name).title, name == DEFAULT_ELECTROLYTE) for name in electrolyte_names()),
    ]
    sets.append((SIDE_REACTION, "side reaction", "Oxidation of the default electrolyte at the default material", True))
    sets.append((RATE_LAWS, "kinetics", "Parameters of the rate laws (kinetics.model)", True))
    columns = ("name", "kind", "title", "default")
    if json:
        print_document({"sets": [dict(zip(columns, row, strict=True)) for row in sets]})
        return
    print_table(columns, sets)
    print_line("asyncsoc params NAME shows every parameter with its source")
