"""A Python function of the user's made into a table once, with an error that is measured."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.property_kinds import PropertyKind
from asyncsoc.materials.property_tables import PropertyTable, table_from_arrays

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]

WIDEST = (0.001, 0.999)
"""Stoichiometries over which a function is tabulated where no window is known."""
TEMPERATURES = (233.15, 373.15)
"""K, over which a function of (x, T) is tabulated, as far as it gives values there."""
_REFERENCE = 298.15
_START = 33
_MOST_IN_X = 2049
_MOST_IN_T = 33
_ROUNDS = 12
_PROBES = (0.25, 0.5, 0.75)


def table_from_function(
    function: Callable[..., Any], quantity: PropertyKind, *, span: tuple[float, float] = WIDEST, where: str = ""
) -> PropertyTable:
    """Tabulate a function f(x) or f(x, T) of an array of stoichiometries [and a temperature in K], in SI.

    Intervals are halved until the table is within the property's tolerance of the function at three points of every
    interval; the largest difference found is written into the table's source.

    Parameters
    ----------
    function
        What to tabulate; it is called with numpy arrays.
    quantity
        What it gives.
    span
        (lowest, highest) stoichiometry.
    where
        For messages.

    Raises
    ------
    InputError
        The function raises, returns another shape or what is no real number, is out of range, changes too sharply, or
        takes a temperature though the property may not depend on it.
    """
    called = _Called(function, quantity, where)
    if not called.with_temperature:
        x, values, error = _refined(lambda at: called(at, _REFERENCE), np.linspace(*span, _START), called)
        return _table(called, x, values, None, error)
    temperatures = _temperatures(called, np.linspace(*span, _START))
    x = np.linspace(*span, _START)
    for temperature in temperatures:
        x, _, _ = _refined(lambda at, t=temperature: called(at, t), x, called)  # type: ignore[misc]
    values = np.stack([called(x, temperature) for temperature in temperatures])
    table = _table(called, x, values, temperatures, 0.0)
    between = np.concatenate([x[:-1] + share * np.diff(x) for share in _PROBES])
    middle = 2.0 / (1.0 / temperatures[:-1] + 1.0 / temperatures[1:])
    probes = np.concatenate((temperatures, middle))
    error = max(float(np.max(called.error(table(between, t), called(between, t)))) for t in probes)
    return _table(called, x, values, temperatures, error)


def _table(called: _Called, x: Array, values: Array, temperatures: Array | None, error: float) -> PropertyTable:
    quantity = called.quantity
    size = f"{len(x)} points" + (f" at {len(temperatures)} temperatures" if temperatures is not None else "")
    unit = "of the value" if quantity.logarithmic else quantity.unit
    return table_from_arrays(
        quantity,
        x,
        values,
        temperatures,
        source=f"function {called.name}, tabulated at {size}, largest error {error:.1g} {unit}",
        where=called.where,
        place=lambda k: f"{called.name} at x = {x[k]:.6g}",
    )


class _Called:
    """A user's function, called with care."""

    def __init__(self, function: Callable[..., Any], quantity: PropertyKind, where: str) -> None:
        self.function, self.quantity, self.where = function, quantity, where
        self.name = str(getattr(function, "__name__", type(function).__name__))[:60]
        self.with_temperature = _arguments(function) == 2
        if self.with_temperature and not quantity.with_temperature:
            raise InputError(
                f"{quantity.key} is a function of x alone",
                where=where,
                value=self.name,
                allowed="f(x)",
                next_step="give its change with temperature in material.entropy_coefficient",
            )

    def __call__(self, x: Array, temperature: float) -> Array:
        values = self.raw(x, temperature)
        bad = np.flatnonzero(~self._sound(values))
        if len(bad):
            k, q = int(bad[0]), self.quantity
            what = "out of range" if np.isfinite(values[k]) else "not finite"
            at = f", {temperature:g} K" if self.with_temperature else ""
            raise InputError(
                f"the function's {q.key} is {what} at x = {x[k]:.6g}{at}",
                where=self.place,
                value=float(values[k]),
                allowed=f"{q.low:g} to {q.high:g} {q.unit} for x from {x.min():.4g} to {x.max():.4g}",
                next_step="correct the function, or narrow material.window",
            )
        return values

    def raw(self, x: Array, temperature: float) -> Array:
        arguments = (x.copy(), temperature) if self.with_temperature else (x.copy(),)
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self.function(*arguments))
        except Exception as error:
            raise InputError(
                f"the function fails: {type(error).__name__}: {error}",
                where=self.place,
                allowed="f(x) or f(x, T) of a numpy array x, T in K, that returns as many real numbers",
            ) from error
        if found.dtype.kind not in "iuf" or found.shape not in ((), x.shape):
            raise InputError(
                "the function returns something else than a real number for every x",
                where=self.place,
                value=f"{found.dtype} of shape {found.shape}",
                allowed=f"shape {x.shape} for x of shape {x.shape}",
                next_step="write it with numpy functions, which take arrays",
            )
        return np.array(np.broadcast_to(found, x.shape), dtype=np.float64)

    def _sound(self, values: Array) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            return np.isfinite(values) & (values >= self.quantity.low) & (values <= self.quantity.high)

    def sound(self, x: Array, temperature: float) -> bool:
        """Whether every value at a temperature is one that a table may have."""
        return bool(self._sound(self.raw(x, temperature)).all())

    @property
    def place(self) -> str:
        """What messages call the function."""
        return f"{self.where}, function {self.name}" if self.where else f"function {self.name}"

    def error(self, found: Array, exact: Array) -> Array:
        """Return the differences of values, relative where the logarithm is interpolated."""
        difference: Array = np.abs(found - exact)
        return difference / exact if self.quantity.logarithmic else difference


def _arguments(function: Callable[..., Any]) -> int:
    """Return how many arguments a function is called with: 1 or 2."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    return 2 if len(needed) == 2 else 1


def _refined(curve: Curve, x: Array, called: _Called) -> tuple[Array, Array, float]:
    """Return nodes, values and the largest error found: intervals are halved where the error is above the tolerance."""
    values, errors = curve(x), np.zeros(len(x) - 1)
    for _ in range(_ROUNDS):
        table = PropertyTable(called.quantity, x, values[None, :])
        errors = np.zeros(len(x) - 1)
        for share in _PROBES:
            between = x[:-1] + share * np.diff(x)
            errors = np.maximum(errors, called.error(table(between), curve(between)))
        coarse = errors > called.quantity.tolerance
        if not np.any(coarse):
            return x, values, float(errors.max())
        if len(x) + int(coarse.sum()) > _MOST_IN_X:
            break
        x = np.sort(np.concatenate((x, 0.5 * (x[:-1] + x[1:])[coarse])))
        values = curve(x)
    worst = int(np.argmax(errors))
    unit = "of the value" if called.quantity.logarithmic else called.quantity.unit
    raise InputError(
        f"the function changes too sharply to tabulate, at x = {x[worst]:.6g}",
        where=called.place,
        value=f"an error of {errors[worst]:.2g} with {len(x)} points",
        allowed=f"{called.quantity.tolerance:g} {unit}",
        next_step="give a table, or a smoother function",
    )


def _temperatures(called: _Called, x: Array) -> Array:
    """Return the temperatures at which a function is tabulated: so many that log D is linear in 1/T between them."""
    if not called.sound(x, _REFERENCE):
        called(x, _REFERENCE)  # raises with the place
    ends = []
    for end in TEMPERATURES:
        good, tried = _REFERENCE, end
        if not called.sound(x, tried):
            bad = tried
            for _ in range(6):
                tried = 0.5 * (good + bad)
                good, bad = (tried, bad) if called.sound(x, tried) else (good, tried)
            tried = good
        ends.append(tried)
    grid = np.unique(np.array([ends[0], _REFERENCE, ends[1]]))
    while True:
        middle = 2.0 / (1.0 / grid[:-1] + 1.0 / grid[1:])
        exact = [called(x, t) for t in middle]
        between = [np.sqrt(called(x, a) * called(x, b)) for a, b in pairwise(grid)]
        coarse = np.array(
            [np.max(called.error(b, e)) > called.quantity.tolerance for b, e in zip(between, exact, strict=True)]
        )
        if not np.any(coarse):
            return grid
        if len(grid) + int(coarse.sum()) > _MOST_IN_T:
            raise InputError(
                "the function changes too sharply with temperature to tabulate",
                where=called.place,
                allowed=f"within {called.quantity.tolerance:g} of Arrhenius' law between {_MOST_IN_T} temperatures",
                next_step="give a table with a column 'T [degC]'",
            )
        grid = np.sort(np.concatenate((grid, middle[coarse])))
