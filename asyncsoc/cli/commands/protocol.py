"""`asyncsoc protocol`: how the steps of a protocol are read."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.cli.console import print_document, print_table
from asyncsoc.cli.options import Json

if TYPE_CHECKING:
    from asyncsoc.protocol.types import FollowedProfile, Step, Termination

ORDER = 30
_CONTROL_UNIT = {
    "current": "A", "c-rate": "C", "areal current": "A/m2", "specific current": "A/kg", "voltage": "V", "rest": "",
    "power": "W", "resistance": "ohm", "profile": ""
}  # fmt: skip
_SIGNED = ("A", "C", "A/m2", "A/kg", "W")
_LATER = ("curve", "side")
"""Keys of a limit that only some have."""
_LIMIT_UNIT = {"A.h/kg": "mAh/g", "A.h/m2": "A h/m2", "fraction": "of the capacity", "1/h": "C", "C": "A s"}


def protocol(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="One step each, e.g. 'Charge at C/10 until 4.2 V'.")
    ],
    json: Json = False,
) -> None:
    """Print how protocol steps are read: control, value, limits."""
    steps = [_read(line, number) for number, line in enumerate(text, start=1)]
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


def _read(line: str, number: int) -> Step:
    """Return a step; a profile is read where its file is there."""
    from asyncsoc.protocol.grammar import parse_step
    from asyncsoc.protocol.profile import read_profile

    step = parse_step(line, where=f"step {number}")
    if step.follows is None or not Path(step.follows.name).exists():
        return step
    profile = read_profile(step.follows.name)
    return replace(step, follows=replace(step.follows, profile=profile, sha256=profile.sha256))


def _step_document(number: int, step: Step) -> dict[str, Any]:
    unit = _CONTROL_UNIT[step.control]
    document: dict[str, Any] = {
        "step": number,
        "text": step.text,
        "control": step.control,
        "value": step.value,
        "unit": {"C": "1/h"}.get(unit, unit),
        "duration [s]": step.duration,
        "terminations": [_limit_document(termination) for termination in step.terminations],
        "period [s]": step.period,
        "temperature [K]": step.temperature,
        "cycle": step.cycle,
    }
    if step.follows is not None:
        document["profile"] = _profile_document(step.follows)
    return document


def _limit_document(termination: Termination) -> dict[str, Any]:
    return {key: value for key, value in asdict(termination).items() if value or key not in _LATER}


def _profile_document(follows: FollowedProfile) -> dict[str, Any]:
    found: dict[str, Any] = {"name": follows.name, "between points": follows.interpolation}
    profile = follows.profile
    if profile is not None:
        found |= {
            "quantity": profile.quantity,
            "points": len(profile.time),
            "duration [s]": profile.duration,
            "lowest": float(profile.values.min()),
            "highest": float(profile.values.max()),
            "temperatures [K]": list(profile.levels),
            "sha256": profile.sha256,
        }
    return found


def _held(step: Step) -> str:
    if step.follows is not None:
        profile = step.follows.profile
        if profile is None:
            return f"{step.follows.name} (not here)"
        return f"{profile.quantity} of {len(profile.time)} points, {profile.duration:g} s, {step.follows.interpolation}"
    unit = _CONTROL_UNIT[step.control]
    return f"{step.value:+.6g} {unit}" if unit in _SIGNED else f"{step.value:g} {unit}" if unit else "-"


def _limits(step: Step) -> str:
    return " or ".join(_limit(termination) for termination in step.terminations) or "-"


def _limit(termination: Termination) -> str:
    unit, side = _LIMIT_UNIT.get(termination.unit, termination.unit), f"{termination.side} " if termination.side else ""
    if termination.quantity == "curve":
        return f"{termination.curve} {side}{termination.value:.6g}"
    return f"{termination.quantity} {side}{termination.value:.6g} {unit}"


def _celsius(value: float | None) -> str:
    from asyncsoc.base.units import from_si

    return "the protocol's" if value is None else f"{from_si(value, 'degC'):.6g} degC"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"
