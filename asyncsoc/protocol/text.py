"""A step back into words that parse to the same step."""

from __future__ import annotations

from decimal import Decimal

from asyncsoc.protocol.types import Step, Termination


def format_step(step: Step) -> str:
    """Return canonical words for `step`: ``parse_step(format_step(step))`` differs in `text` alone.

    Numbers are written to full precision, times in seconds.
    """
    ends = [] if step.duration is None else [f"for {step.duration!r} s"]
    ends += [f"until {_limit(termination)}" for termination in step.terminations]
    inside = [] if step.period is None else [f"{step.period!r} s period"]
    inside += [] if step.temperature is None else [f"{step.temperature!r} K"]
    return f"{_action(step)} {' or '.join(ends)}" + (f" ({', '.join(inside)})" if inside else "")


def _action(step: Step) -> str:
    if step.control == "rest":
        return "Rest"
    if step.control == "voltage":
        return f"Hold at {step.value!r} V"
    verb = "Charge" if step.value > 0.0 else "Discharge"
    return f"{verb} at {abs(step.value)!r} {'C' if step.control == 'c-rate' else 'A'}"


def _limit(termination: Termination) -> str:
    if termination.quantity != "capacity":
        unit = {"voltage": "V", "current": "A", "c-rate": "C"}[termination.quantity]
        return f"{termination.value!r} {unit}"
    if termination.unit == "A.h/kg":
        return f"{termination.value!r} Ah/kg"
    if termination.unit == "fraction":
        return f"{Decimal(repr(termination.value)) * 100} % of capacity"
    return f"{termination.value!r} A.s"
