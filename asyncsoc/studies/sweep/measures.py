"""A user's own measures: functions of a solution that give a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from asyncsoc.base.bare_values import bare_number
from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.simulation.results.solution import Solution

Measure = Callable[[Solution], Any]
Found = tuple[float | None, str | None]
"""What a measure found, and why it found nothing."""
NOT_A_NUMBER = "it gave no finite number"
_WRONG = (NameError, AttributeError, TypeError, ImportError, NotImplementedError, AssertionError)
"""Exceptions that are mistakes of the function rather than something the case did not reach."""
_RESERVED = ("status", "step", "case", "time", "soc", "capacity", "sample", "row")


def named_measures(given: Any, taken: Iterable[str]) -> dict[str, Measure]:
    """Return measures by their names.

    Parameters
    ----------
    given
        A mapping from names to functions, a list of functions with names, one function, or None.
    taken
        Names that they cannot have.

    Raises
    ------
    InputError
        Not functions, a lambda without a name, a name that is taken or given twice.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif callable(given):
        pairs = [(getattr(given, "__name__", ""), given)]
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        pairs = [(getattr(one, "__name__", ""), one) for one in given]
    else:
        raise InputError(
            "measures are functions of a solution",
            where="measures",
            value=given,
            allowed="{name: function}, [function]",
        )
    reserved = (*_RESERVED, *taken)
    found: dict[str, Measure] = {}
    for name, function in pairs:
        if not callable(function):
            raise InputError(
                "a measure is a function of a solution", where=f"measures, {name!r}", value=function,
                allowed="{'final SOC': lambda solution: ...}",
            )  # fmt: skip
        if not isinstance(name, str) or name in ("", "<lambda>"):
            raise InputError(
                "a measure needs a name",
                where="measures",
                value=str(name),
                next_step="give a mapping: {name: function}",
            )
        if name in found or name in reserved:
            what = "two measures have one name" if name in found else "a measure cannot have this name"
            raise InputError(what, where="measures", value=name, next_step="call it something else")
        found[name] = function
    return found


def measured(solution: Solution, measures: Mapping[str, Measure], headline: Mapping[str, Any]) -> dict[str, Found]:
    """Return what measures find in a solution.

    A measure has no value where it returns None or no finite number, and where it raises an error that a case may be
    the reason of (a threshold that is never crossed: IndexError, ValueError, asyncsoc's own errors).

    Raises
    ------
    InputError
        A measure has the name of a headline number, gives something else than a number, or fails in a way that no case
        is the reason of.
    """
    found: dict[str, Found] = {}
    for name, function in measures.items():
        if name in headline:
            raise InputError(
                "a measure has the name of a headline number", where=f"measures, {name!r}",
                next_step="every sweep records it: leave it out, or give it another name",
            )  # fmt: skip
        try:
            value = bare_number(function(solution))
        except _WRONG as error:
            raise InputError(
                f"a measure fails: {type(error).__name__}: {error}", where=f"measures, {name!r}",
                next_step="try it on one solution: aso.simulate(case)",
                nearest=nearest_name(str(getattr(error, "name", "") or ""), dir(solution)),
            ) from error  # fmt: skip
        except Exception as error:  # what a case did not reach is no reason to stop a sweep
            found[name] = (None, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
            continue
        if value is None:
            found[name] = (None, "it gave None")
            continue
        if not isinstance(value, bool | int | float):
            raise InputError(
                "a measure gives one number", where=f"measures, {name!r}", value=type(value).__name__, allowed="a float"
            )
        found[name] = (float(value), None) if math.isfinite(value) else (None, NOT_A_NUMBER)
    return found
