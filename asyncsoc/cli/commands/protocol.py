"""`asyncsoc protocol`: how the steps of a protocol are read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.cli.console import print_document, print_table
from asyncsoc.cli.options import Json

if TYPE_CHECKING:
    from asyncsoc.protocol.types import Step, Termination

ORDER = 30
_CONTROL_UNIT = {"current": "A", "c-rate": "C", "voltage": "V", "rest": ""}
_LIMIT_UNIT = {"A.h/kg": "mAh/g", "fraction": "of the capacity", "1/h": "C", "C": "A s"}


def protocol(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="One step each, e.g. 'Charge at C/10 until 4.2 V'.")
    ],
    json: Json = False,
) -> None:
    """Print how protocol steps are read: control, value, limits."""
    from asyncsoc.protocol.grammar import parse_step

    steps = [parse_step(line, where=f"step {number}") for number, line in enumerate(text, start=1)]
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
    from asyncsoc.base.units import from_si

    return "the protocol's" if value is None else f"{from_si(value, 'degC'):.6g} degC"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"
