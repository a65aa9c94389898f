"""A property of a cathode as a table of the user's: U(x), D(x[, T]), i0(x[, T]) or dU/dT(x)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import read_csv_table
from asyncsoc.base.display import ShortRepr
from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.units import ZERO_CELSIUS, to_si
from asyncsoc.geometry.mesh import frozen
from asyncsoc.materials.monotone import hermite, monotone_slopes
from asyncsoc.materials.property_kinds import PropertyKind

Array = NDArray[np.float64]

MOST_POINTS = 5000
"""Values of a table: a case that holds it stays a text of less than a megabyte."""
FEWEST_POINTS = 2
_TILT = 1e-5
"""V by which a stretch of equal potentials is made to fall: U falls strictly, and this is below what is measured."""
_SAME_TEMPERATURE = 1e-6
_LONGEST_SOURCE = 300


@dataclass(frozen=True, eq=False, repr=False)
class PropertyTable(ShortRepr):
    """A property over stoichiometry, or over stoichiometry and temperature; equal and hashed by its content.

    Between the data a cubic without extrema of its own (`materials.monotone`), of the logarithm for D and i0. Between
    temperatures, log D and log i0 are linear in 1/T, as in Arrhenius' law, and the nearest two go on beyond them.
    Beyond the stoichiometries of the data, D and i0 keep their end values, U and dU/dT go on with their end slopes.

    Attributes
    ----------
    quantity
        What is tabulated.
    x : (n,)
        Stoichiometries, rising.
    values : (n_T, n)
        SI; one row where there are no temperatures.
    temperatures : (n_T,) or (0,)
        K, rising; empty where the table holds at every temperature.
    source
        Where the table is from, for lists of parameters: 'ocv.csv, SHA-256 ...'.
    """

    quantity: PropertyKind
    x: Array
    values: Array
    temperatures: Array = field(default_factory=lambda: np.empty(0))
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("x", "values", "temperatures"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PropertyTable) and (self.sha256, self.source) == (other.sha256, other.source)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.quantity, self.x, self.values, self.temperatures, self.source)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the numbers: where they are from does not count."""
        return sha256_of(
            self.quantity.key, json.dumps([self.x.shape, self.values.shape]), self.x, self.values, self.temperatures
        )

    @property
    def range(self) -> tuple[float, float]:
        """(lowest, highest) stoichiometry of the data."""
        return float(self.x[0]), float(self.x[-1])

    def extrapolations(self, x: tuple[float, float], temperature: tuple[float, float]) -> list[str]:
        """Return a sentence for each range of a run, of stoichiometry and temperature [K], that the table lacks."""
        found, (first, last) = [], self.range
        if x[0] < first or x[1] > last:
            found.append(
                f"the stoichiometry covered {x[0]:.4f} to {x[1]:.4f}, beyond {first:g} to {last:g} of the table of the "
                f"{self.quantity.title}, where its end values are held"
            )
        if len(self.temperatures) < 2:
            return found
        cold, hot = (float(one) - ZERO_CELSIUS for one in (self.temperatures[0], self.temperatures[-1]))
        low, high = (one - ZERO_CELSIUS for one in temperature)
        if low < cold - _SAME_TEMPERATURE or high > hot + _SAME_TEMPERATURE:
            found.append(
                f"the {self.quantity.title} is extrapolated from {cold:g} to {hot:g} degC of its table to {low:g} to "
                f"{high:g} degC by the activation energy of the nearest two temperatures"
            )
        return found

    def to_mapping(self) -> dict[str, Any]:
        """Return the table as plain data, as a case keeps it; temperatures in K."""
        found: dict[str, Any] = {"x": self.x.tolist()}
        if len(self.temperatures):
            found["T"] = self.temperatures.tolist()
            found[self.quantity.key] = self.values.tolist()
        else:
            found[self.quantity.key] = self.values[0].tolist()
        return {**found, "source": self.source} if self.source else found

    @cached_property
    def _nodal(self) -> tuple[Array, Array]:
        values = np.log(self.values) if self.quantity.logarithmic else self.values
        return values, monotone_slopes(self.x, values)

    def _row(self, row: int, x: Array) -> Array:
        values, slopes = self._nodal
        return hermite(self.x, values[row], slopes[row], x, held=self.quantity.logarithmic)

    def __call__(self, x: Array, temperature: float | None = None) -> Array:
        """Return the property at stoichiometries `x`, at `temperature` [K] where the table depends on it."""
        points = np.asarray(x, dtype=np.float64)
        if len(self.temperatures) < 2 or temperature is None:
            found = self._row(0, points)
        else:
            upper = int(np.clip(np.searchsorted(self.temperatures, temperature), 1, len(self.temperatures) - 1))
            cold, hot = self.temperatures[upper - 1], self.temperatures[upper]
            share = (1.0 / cold - 1.0 / temperature) / (1.0 / cold - 1.0 / hot)
            below, above = self._row(upper - 1, points), self._row(upper, points)
            found = below + share * (above - below)
        return np.exp(found) if self.quantity.logarithmic else found


def table_from_arrays(
    quantity: PropertyKind,
    x: Array,
    values: Array,
    temperatures: Array | None = None,
    *,
    source: str = "",
    where: str = "",
    place: Callable[[int], str] | None = None,
) -> PropertyTable:
    """Return the table of a property, checked.

    Parameters
    ----------
    quantity
        What is tabulated.
    x : (n,)
        Stoichiometries in [0, 1], rising or falling.
    values : (n,) or (n_T, n)
        SI.
    temperatures : (n_T,)
        K.
    source, where
        Origin for lists of parameters, and for messages.
    place
        Gives the place of a value by its number, 'd.csv:4', for messages.

    Raises
    ------
    InputError
        Not numbers, not finite, out of range, x that neither rises nor falls, too few or too many points, a potential
        that rises.
    """
    grid = np.empty(0) if temperatures is None else np.asarray(temperatures, dtype=np.float64)
    rows = np.atleast_2d(values)
    if rows.shape != (max(len(grid), 1), len(x)):
        raise InputError(
            f"{quantity.key} does not have a value for every x" + (" and T" if len(grid) else ""),
            where=where,
            value=f"{len(x)} x, {len(grid)} T, {np.shape(values)} {quantity.key}",
            allowed="lists of equal length; with temperatures a row of values for each of them",
        )
    _check_size(quantity, len(x), rows.size, where)
    locate = place or (lambda k: f"{where}, value {k + 1}" if where else f"value {k + 1}")
    _require_range(x, 0.0, 1.0, "x", locate, "")
    for row in rows:
        _require_range(row, quantity.low, quantity.high, quantity.key, locate, quantity.unit)
    order = np.argsort(grid)
    if len(grid):
        _require_range(grid, 150.0, 600.0, "T", locate, "K")
        if np.any(np.diff(grid[order]) < _SAME_TEMPERATURE):
            raise InputError(
                "a temperature is given twice", where=where, value=grid.tolist(), allowed="each temperature once"
            )
        grid, rows = grid[order], rows[order]
    x, rows, locate = _rising(x, rows, locate)
    if quantity.key == "U":
        rows = _falling(x, rows[0], locate)[None, :]
    return PropertyTable(quantity, x, rows, grid, source[:_LONGEST_SOURCE])


def _check_size(quantity: PropertyKind, points: int, size: int, where: str) -> None:
    if points < FEWEST_POINTS:
        raise InputError("the table has too few rows", where=where, value=points, allowed=f"{FEWEST_POINTS} or more")
    if size > MOST_POINTS:
        raise InputError(
            f"the table of {quantity.key} has too many values",
            where=where,
            value=size,
            allowed=f"at most {MOST_POINTS}",
            next_step="keep every tenth row, or as few as still show its shape",
        )


def _require_range(values: Array, low: float, high: float, name: str, locate: Callable[[int], str], unit: str) -> None:
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= low) & (values <= high)))
    if len(bad):
        k = int(bad[0])
        finite = bool(np.isfinite(values[k]))
        raise InputError(
            f"{name} is out of range" if finite else f"{name} is not a finite number",
            where=locate(k),
            value=float(values[k]),
            allowed=f"{low:g} to {high:g} {unit}".strip(),
            next_step="check the unit" if finite else "correct or remove the value",
        )


def _rising(x: Array, rows: Array, locate: Callable[[int], str]) -> tuple[Array, Array, Callable[[int], str]]:
    """Return the table in the order of rising x; a measured charge has falling x."""
    last = len(x) - 1
    if x[last] < x[0]:
        x, rows, given = x[::-1], rows[:, ::-1], locate

        def locate(k: int) -> str:
            return given(last - k)

    steps = np.diff(x)
    if np.any(steps <= 0.0):
        k = int(np.argmax(steps <= 0.0)) + 1
        raise InputError(
            "x does not rise",
            where=locate(k),
            value=float(x[k]),
            allowed=f"more than {x[k - 1]:.9g} of its neighbour: x rises, or falls, from row to row",
            next_step="sort the rows by x, and keep one of rows that repeat it",
        )
    return x, rows, locate


def _falling(x: Array, potential: Array, locate: Callable[[int], str]) -> Array:
    """Return a potential that falls with x; equal neighbours are tilted by at most `_TILT`.

    Raises
    ------
    InputError
        The potential rises, or is the same everywhere.
    """
    steps = np.diff(potential)
    if np.any(steps > 0.0) or not np.any(steps < 0.0):
        k = int(np.argmax(steps > 0.0)) + 1
        raise InputError(
            f"the open-circuit potential does not fall from x = {x[k - 1]:.6g} to {x[k]:.6g}",
            where=locate(k),
            value=f"{potential[k - 1]:.6g} V, then {potential[k]:.6g} V",
            allowed="U that falls as x, the lithium in the material, rises",
            next_step="if x counts removed lithium, give 1 - x; if it is noise, smooth it or keep fewer rows",
        )
    flat = steps == 0.0
    if not np.any(flat):
        return potential
    smallest = float(np.min(-steps[~flat]))
    tilted = potential.copy()
    runs = np.split(np.arange(len(x)), np.flatnonzero(~flat) + 1)
    for run in runs:
        if len(run) > 1:
            middle = 0.5 * (x[run[0]] + x[run[-1]])
            tilted[run] -= min(_TILT, 0.1 * smallest) * (x[run] - middle) / (x[run[-1]] - x[run[0]])
    return tilted


def table_from_csv(path: str | Path, quantity: PropertyKind) -> PropertyTable:
    """Return the table in a CSV file with head 'x, U [V]' (or D, i0, dU/dT) and optionally 'T [degC]'.

    Raises
    ------
    InputError
        As `base.csv_tables.read_csv_table` and `table_from_arrays`, or rows that are no full grid of x and T.
    """
    table = read_csv_table(
        path, quantity.columns, layout=quantity.layout, required=("x", quantity.key), fewest=FEWEST_POINTS
    )
    x, values = table.columns["x"], table.columns[quantity.key]
    source = f"{table.path.name}, SHA-256 {table.sha256[:12]}"
    where = str(table.path)
    if "T" not in table.columns:
        return table_from_arrays(quantity, x, values, source=source, where=where, place=table.where)
    _require_temperature(quantity, where)
    return _from_list(quantity, x, table.columns["T"], values, source=source, where=where)


def _require_temperature(quantity: PropertyKind, where: str) -> None:
    if not quantity.with_temperature:
        raise InputError(
            f"a table of {quantity.key} has no temperatures",
            where=where,
            allowed=f"columns '{quantity.layout}'",
            next_step="give U at one temperature, and material.entropy_coefficient for its change",
        )


def _from_list(quantity: PropertyKind, x: Array, t: Array, values: Array, *, source: str, where: str) -> PropertyTable:
    """Return the table of rows (x, T, value) that are a full grid, in any order."""
    if not len(x) == len(t) == len(values):
        raise InputError("columns of different lengths", where=where, value=f"{len(x)}, {len(t)}, {len(values)}")
    _check_size(quantity, len(x), len(x), where)
    temperatures = np.unique(np.round(t, 6))
    grid = np.unique(x)
    place = np.searchsorted(temperatures, np.round(t, 6)) * len(grid) + np.searchsorted(grid, x)
    found, repeats = np.unique(place, return_counts=True)
    if len(found) != len(temperatures) * len(grid) or np.any(repeats > 1):
        missing = np.setdiff1d(np.arange(len(temperatures) * len(grid)), found)
        words = "no value" if len(missing) else "more than one value"
        row, column = divmod(int(missing[0] if len(missing) else found[repeats > 1][0]), len(grid))
        example = f"{words} at x = {grid[column]:g} and {temperatures[row] - ZERO_CELSIUS:g} degC"
        raise InputError(
            "the table is no full grid of x and T",
            where=where,
            value=example,
            allowed=f"the same x at every temperature: {len(grid)} x times {len(temperatures)} T",
            next_step="interpolate the rows to common x, or give a table at one temperature and an activation energy",
        )
    rows = np.empty(len(found))
    rows[place] = values
    grid_values = rows.reshape(len(temperatures), len(grid))
    return table_from_arrays(quantity, grid, grid_values, temperatures, source=source, where=where)


def table_from_mapping(keys: Mapping[str, Any], quantity: PropertyKind, *, where: str = "") -> PropertyTable:
    """Return the table in a mapping of arrays: {"x": ..., "U": ...}, with "T" a grid or a list of rows.

    Numbers are SI; temperatures may be texts such as '25 degC'. "source" is text for lists of parameters.

    Raises
    ------
    InputError
        A key that is missing or unknown, or as `table_from_arrays`.
    """
    known = ("x", quantity.key, "T", "source")
    for key in keys:
        if key not in known:
            raise InputError(
                f"unknown key '{key}' of a table",
                where=where,
                allowed=", ".join(known),
                nearest=nearest_name(str(key), known),
            )
    for key in known[:2]:
        if key not in keys:
            raise InputError(
                f"the table lacks '{key}'", where=where, allowed=f"keys x and {quantity.key}: lists of numbers"
            )
    x, values = _numbers(keys["x"], "x", where), _numbers(keys[quantity.key], quantity.key, where)
    source = keys.get("source", "")
    if not isinstance(source, str):
        raise InputError("the source of a table is text", where=where, value=source)
    if x.ndim != 1:
        raise InputError("x is a list of numbers", where=where, value=f"shape {x.shape}", allowed="one dimension")
    if keys.get("T") is None:
        return table_from_arrays(quantity, x, values, source=source, where=where)
    _require_temperature(quantity, where)
    temperatures = _temperatures(keys["T"], where)
    if values.ndim == 1 and len(values) == len(x) == len(temperatures):
        return _from_list(quantity, x, temperatures, values, source=source, where=where)
    return table_from_arrays(quantity, x, values, temperatures, source=source, where=where)


def _numbers(given: Any, key: str, where: str) -> Array:
    try:
        raw = np.asarray(given)
        if raw.dtype.kind not in "iuf" or raw.ndim not in (1, 2):
            raise TypeError(f"{raw.ndim}-dimensional {raw.dtype}")
        return raw.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{key} of a table is not a list of numbers", where=where, value=str(error), allowed="numbers in SI"
        ) from None


def _temperatures(given: Any, where: str) -> Array:
    listed = given if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str) else [given]
    return np.array(
        [to_si(one, "degC", where=where) if isinstance(one, str) else _numbers([one], "T", where)[0] for one in listed]
    )
