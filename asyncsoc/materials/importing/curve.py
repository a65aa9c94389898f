"""A quantity over the stoichiometry as a parameter file gives it: a number, an expression or a table of points."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.importing.expression import Expression
from asyncsoc.materials.property_tables import PropertyTable

Array = NDArray[np.float64]

MOST_POINTS = 100_000
"""Of a table."""
_FEWEST_POINTS = 2


@dataclass(frozen=True, eq=False)
class PointTable:
    """Points of a function, joined by straight lines.

    Attributes
    ----------
    x : (n,)
        Rising.
    y : (n,)
        Finite.
    """

    x: Array = field(repr=False)
    y: Array = field(repr=False)

    def __post_init__(self) -> None:
        self.x.flags.writeable = self.y.flags.writeable = False

    def __call__(self, x: ArrayLike) -> Array:
        """Return the values at x; NaN beyond the table."""
        found: Array = np.interp(np.asarray(x, dtype=np.float64), self.x, self.y, left=np.nan, right=np.nan)
        return found


Curve = float | Expression | PointTable | PropertyTable
"""A `PropertyTable` is one that was made for the interpolation of a case."""


def values_of(curve: Curve, x: ArrayLike) -> Array:
    """Return a curve's values at x, in the shape of x."""
    if isinstance(curve, float):
        return np.full(np.shape(x), curve)
    return curve(np.asarray(x, dtype=np.float64))


def read_curve(value: object, where: str) -> tuple[float | Expression | PointTable, str]:
    """Return what a field that holds a number, an expression or a table means, and what was done to it.

    Parameters
    ----------
    value
        A number, a text such as '2 - x', or {'x': [...], 'y': [...]}.
    where
        File and field, for messages.

    Raises
    ------
    InputError
        None of these; an expression that is no arithmetic in x; a table whose lists are of different length, too long
        or too short, hold something else than finite numbers, or whose x neither rises nor falls throughout.
    """
    if isinstance(value, bool) or value is None:
        raise _no_curve(value, where)
    if isinstance(value, int | float):
        return _finite(value, where), ""
    if isinstance(value, str):
        expression = Expression(value, where)
        return (float(expression(0.5)), "a constant") if expression.constant else (expression, "")
    if isinstance(value, dict):
        return _table(value, where)
    raise _no_curve(value, where)


def _no_curve(value: object, where: str) -> InputError:
    return InputError(
        "neither a number nor a function",
        where=where,
        value=value,
        allowed="a number, an expression in x, or a table {'x': [...], 'y': [...]}",
    )


def _finite(value: float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise InputError("not a finite number", where=where, value=str(value)[:60])
    return number


def _table(value: dict[str, object], where: str) -> tuple[PointTable, str]:
    if set(value) != {"x", "y"}:
        raise InputError("not a table", where=where, value=", ".join(sorted(map(str, value))), allowed="'x' and 'y'")
    x, y = (_numbers(value[key], f"{where}.{key}") for key in ("x", "y"))
    if len(x) != len(y):
        raise InputError("x and y have different lengths", where=where, value=f"{len(x)} and {len(y)}")
    if not _FEWEST_POINTS <= len(x) <= MOST_POINTS:
        raise InputError(
            "a table of that length is not read",
            where=where,
            value=len(x),
            allowed=f"{_FEWEST_POINTS} to {MOST_POINTS} points",
        )
    turned = x[0] > x[-1]
    if turned:
        x, y = x[::-1].copy(), y[::-1].copy()
    bad = np.flatnonzero(np.diff(x) <= 0.0)
    if len(bad):
        at = len(x) - 2 - int(bad[0]) if turned else int(bad[0]) + 1
        raise InputError(
            "the x of a table neither rises nor falls throughout",
            where=f"{where}.x[{at}]",
            value=float(x[int(bad[0]) + (0 if turned else 1)]),
            next_step="sort the points by x, and keep one of those that repeat it",
        )
    return PointTable(x, y), "put in rising order" if turned else ""


def _numbers(value: object, where: str) -> Array:
    if not isinstance(value, list):
        raise InputError("not a list of numbers", where=where, value=value)
    found = np.empty(len(value))
    for k, item in enumerate(value):
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise InputError("not a number", where=f"{where}[{k}]", value=item)
        found[k] = _finite(item, f"{where}[{k}]")
    return found
