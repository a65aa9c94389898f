"""Measured curves from CSV files: time and voltage, or time and resistance, with their units."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.units import to_si

Array = NDArray[np.float64]
Quantity = Literal["voltage", "resistance"]

_LARGEST = 20_000_000
_MOST_POINTS = 200_000
_LONGEST_LINE = 1000
_FEWEST = 3
_HEAD = re.compile(r"^\s*(?P<name>[A-Za-z_ ]+?)\s*(?:[\[(/]\s*(?P<unit>[^\])]+?)\s*[\])]?)?\s*$")
_WORDS = {
    "time": "time",
    "voltage": "voltage",
    "cell voltage": "voltage",
    "potential": "voltage",
    "resistance": "resistance",
    "interface resistance": "resistance",
}
_SYMBOLS = {"t": "time", "U": "voltage", "V": "voltage", "E": "voltage", "v": "voltage", "R": "resistance"}
_LAYOUT = "a head line 'time [s], voltage [V]' or 'time [s], resistance [ohm]' (or 'ohm cm2'), then numbers"
_PLAUSIBLE = {"voltage": (0.0, 6.0), "resistance": (0.0, math.inf)}


@dataclass(frozen=True, eq=False)
class MeasuredCurve:
    """A measured curve.

    Attributes
    ----------
    quantity
        "voltage" or "resistance".
    time : (n,)
        Since the start of the protocol [s], rising.
    values : (n,)
        V; ohm of the particle, or ohm m2 of electrode where `per_area`.
    per_area
        Whether resistances are those of a square metre of electrode.
    name, sha256
        Of the file.
    """

    quantity: Quantity
    time: Array
    values: Array
    per_area: bool
    name: str
    sha256: str

    @property
    def described(self) -> str:
        """File, number of points and hash: what a constant fitted to it is marked with."""
        return f"{self.name} ({len(self.time)} points of {self.quantity}, SHA-256 {self.sha256[:12]})"


def read_measured(path: str | Path) -> MeasuredCurve:
    """Return the curve in a CSV file.

    The head line names the columns with their units, in any order: time, and voltage or resistance. Columns are
    separated by commas, semicolons or tabs; lines that begin with # are comments. Resistances in ohm are the
    particle's, in ohm cm2 (ohm m2) those of electrode area.

    Raises
    ------
    InputError
        Missing or unreadable file, no head line, unknown column or unit, a line that is no number, times that do not
        rise, values out of range, too few points: one message with the line.
    """
    file = Path(path)
    text, digest = _text(file)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if _holds(line)]
    if not lines:
        raise InputError("the file holds no data", where=str(file), allowed=_LAYOUT)
    if len(lines) > _MOST_POINTS + 1:
        raise InputError(
            "too many points",
            where=str(file),
            value=len(lines) - 1,
            allowed=f"at most {_MOST_POINTS}",
            next_step="keep every tenth line: a fit needs some hundred",
        )
    long = next((number for number, line in lines if len(line) > _LONGEST_LINE), None)
    if long is not None:
        raise InputError("a line is too long", where=f"{file}:{long}", allowed=f"at most {_LONGEST_LINE} characters")
    separator = max(",;\t", key=lines[0][1].count)
    heads = next(csv.reader([lines[0][1]], delimiter=separator))
    columns = _columns(heads, f"{file}:{lines[0][0]}")
    quantity: Quantity = "voltage" if "voltage" in columns else "resistance"
    table = np.array([_row(line, number, separator, columns, quantity, file) for number, line in lines[1:]])
    if len(table) < _FEWEST:
        raise InputError("too few points", where=str(file), value=len(table), allowed=f"{_FEWEST} or more")
    numbers = [number for number, _ in lines[1:]]
    time_scale, value_scale, per_area = _scales(columns, quantity, f"{file}:{lines[0][0]}")
    time, values = table.T * np.array([[time_scale], [value_scale]])
    _check(time, values, quantity, numbers, file)
    return MeasuredCurve(quantity, time, values, per_area, file.name, digest)


def _holds(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _text(file: Path) -> tuple[str, str]:
    try:
        if not file.is_file():
            raise InputError("no such data file", where=str(file), next_step="name a CSV file that exists")
        if file.stat().st_size > _LARGEST:
            raise InputError("the data file is too large", where=str(file), allowed=f"up to {_LARGEST} bytes")
        raw = file.read_bytes()
        return raw.decode("utf-8-sig"), sha256_of(raw)
    except UnicodeDecodeError as error:
        raise InputError("the data file is not UTF-8 text", where=str(file), value=str(error.reason)) from None
    except OSError as error:
        raise InputError("the data file cannot be read", where=str(file), value=error.strerror) from error


def _columns(heads: list[str], where: str) -> dict[str, tuple[int, str]]:
    """Return each known column's place and unit."""
    columns: dict[str, tuple[int, str]] = {}
    for place, head in enumerate(heads):
        match = _HEAD.match(head)
        if match is None:
            continue
        name = match["name"].strip().replace("_", " ")
        known = _SYMBOLS.get(name) or _WORDS.get(name.lower())
        if known is None:
            continue
        if known in columns:
            raise InputError(f"two columns of {known}", where=where, value=head, allowed=_LAYOUT)
        columns[known] = (place, (match["unit"] or "").strip())
    if "time" not in columns:
        raise InputError("no column of time", where=where, value=", ".join(heads), allowed=_LAYOUT)
    if ("voltage" in columns) == ("resistance" in columns):
        what = "both voltage and resistance" if "voltage" in columns else "neither voltage nor resistance"
        raise InputError(
            f"{what} in one file",
            where=where,
            value=", ".join(heads),
            allowed=_LAYOUT,
            next_step="one file per quantity",
        )
    return columns


def _row(
    line: str, number: int, separator: str, columns: dict[str, tuple[int, str]], quantity: str, file: Path
) -> tuple[float, float]:
    cells = next(csv.reader([line], delimiter=separator))
    found = []
    for name in ("time", quantity):
        place, _ = columns[name]
        cell = cells[place].strip() if place < len(cells) else ""
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                f"{name} is not a finite number",
                where=f"{file}:{number}",
                value=cell,
                allowed="a number with a decimal point",
                next_step="correct or remove the line",
            )
        found.append(value)
    return found[0], found[1]


def _scales(columns: dict[str, tuple[int, str]], quantity: str, where: str) -> tuple[float, float, bool]:
    time = to_si(f"1 {columns['time'][1] or 's'}", "s", where=where)
    unit = columns[quantity][1] or {"voltage": "V", "resistance": "ohm"}[quantity]
    if quantity == "voltage":
        return time, to_si(f"1 {unit}", "V", where=where), False
    try:
        return time, to_si(f"1 {unit}", "ohm", where=where), False
    except InputError:
        return time, to_si(f"1 {unit}", "ohm m2", where=where), True


def _check(time: Array, values: Array, quantity: str, numbers: list[int], file: Path) -> None:
    falls = np.flatnonzero(np.diff(time) <= 0.0)
    if len(falls) or time[0] < 0.0:
        k = int(falls[0]) + 1 if len(falls) else 0
        raise InputError(
            "times must rise from 0 on", where=f"{file}:{numbers[k]}", value=float(time[k]), allowed="later than before"
        )
    low, high = _PLAUSIBLE[quantity]
    bad = np.flatnonzero(~((values > low) & (values < high)))
    if len(bad):
        k = int(bad[0])
        unit = "V" if quantity == "voltage" else "ohm"
        raise InputError(
            f"{quantity} is out of range",
            where=f"{file}:{numbers[k]}",
            value=float(values[k]),
            allowed=f"above {low:g}, below {high:g} {unit}" if math.isfinite(high) else f"above {low:g} {unit}",
        )
