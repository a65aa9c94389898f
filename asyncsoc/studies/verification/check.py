"""A verification check: a value of the package beside an independent reference."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class VerificationCheck:
    """A value computed by the package beside an independent reference.

    Attributes
    ----------
    name
        What is checked, with unit.
    value, reference
        What the package gives and what it should be.
    tolerance
        Largest |value - reference| that passes (absolute, in the unit of the value).
    passed
        Whether it does.
    note
        Where the reference comes from, or why the tolerance is what it is.
    """

    name: str
    value: float
    reference: float
    tolerance: float
    passed: bool
    note: str = ""


def compare(name: str, value: float, reference: float, tolerance: float, note: str = "") -> VerificationCheck:
    """Return a check with an absolute tolerance; a value that is not finite fails and is shown as 0."""
    shown = float(value) if math.isfinite(value) else 0.0
    passed = bool(math.isfinite(value) and abs(value - reference) <= tolerance)
    if not math.isfinite(value):
        note = f"the value is {value}; {note}"
    return VerificationCheck(name, shown, float(reference), float(tolerance), passed, note)


def within(name: str, value: float, reference: float, percent: float, note: str = "") -> VerificationCheck:
    """Return a check whose tolerance is `percent` of the reference; the name says so."""
    label = f"{name}, within {percent:g} %"
    return compare(label, value, reference, abs(reference) * percent / 100.0, note)
