"""Records of a result file as the objects they stand for; what is none of them is an error about the file."""

from __future__ import annotations

import dataclasses
from typing import Any

from asyncsoc.simulation.results.data import StepSummary
from asyncsoc.simulation.results.guard import GuardedFile, damaged


def numbers_of(file: GuardedFile, values: dict[Any, Any]) -> dict[str, float]:
    """Return the parameters of a contact."""
    try:
        return {str(key): float(value) for key, value in values.items()}
    except (TypeError, ValueError) as error:
        raise damaged(file.path, "a parameter of the contact is no number", str(error)) from error


def steps_of(file: GuardedFile, found: list[Any]) -> tuple[StepSummary, ...]:
    """Return the summaries of protocol steps."""
    kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "str": str}
    fields = {field.name: kinds[str(field.type)] for field in dataclasses.fields(StepSummary)}
    for step in found:
        known = isinstance(step, dict) and set(step) <= set(fields)
        if not known or not all(isinstance(value, fields[name]) for name, value in step.items()):
            raise damaged(file.path, "a step's summary is not one", str(step)[:60])
    try:
        return tuple(StepSummary(**step) for step in found)
    except TypeError as error:
        raise damaged(file.path, "a step's summary is incomplete", str(error)) from error
