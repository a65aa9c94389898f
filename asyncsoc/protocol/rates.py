"""One C-rate in the place of those that the steps of a protocol name."""

from __future__ import annotations

import re

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.protocol.quantities import StepContext, parse_quantity

_AT = re.compile(r"(?<!\S)at\s+(?P<rate>\S.*?)(?=\s+(?:for|until|or)(?!\S)|\s*\(|\s*$)", re.IGNORECASE | re.DOTALL)


def parse_rate(value: object, *, where: str) -> float:
    """Return a C-rate [1/h], positive, given as a number or as text such as 'C/10' or '0.5 C'.

    Raises
    ------
    InputError
        No C-rate, or none that a step could have.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError("a C-rate is a number or a text", where=where, value=value, allowed="0.1, 'C/10' or '0.1 C'")
    text = value if isinstance(value, str) else f"{float(value)!r} C"
    try:
        found = parse_quantity(text, StepContext(text, where))
    except InputError as error:
        raise InputError(error.what, where=where, value=value, allowed="0.1, 'C/10' or '0.1 C'") from None
    if found.kind != "c-rate":
        raise InputError("not a C-rate", where=where, value=value, allowed="0.1, 'C/10' or '0.1 C'")
    return found.value


def is_at_rate(text: str, *, where: str) -> bool:
    """Return whether a step charges or discharges at a C-rate.

    Raises
    ------
    InputError
        The text is no step.
    """
    return parse_step(text, where=where).control == "c-rate"


def at_rate(text: str, rate: float) -> str:
    """Return a step that charges or discharges at a C-rate with another one [1/h]; the rest of its words stays."""
    return _AT.sub(lambda match: f"at {rate!r} C", " ".join(text.split()), count=1)
