"""Tables of numbers in CSV files: a head line that names columns with their units, then rows; all of it in SI."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.guarded_files import regular_file
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.paths import path_of
from asyncsoc.base.units import to_si

Array = NDArray[np.float64]

LARGEST = 200_000_000
"""Bytes."""
MOST_ROWS = 2_000_000
_LONGEST_LINE = 2000
_HEAD = re.compile(
    r"^\s*(?P<name>[^\[\](/]+?)\s*(?:(?:\[\s*(?P<a>[^\]]*?)\s*\]|\(\s*(?P<b>[^)]*?)\s*\)|/\s*(?P<c>.+?))\s*)?$"
)
_SHOWN = 60


@dataclass(frozen=True)
class Column:
    """A column that a table may have.

    Attributes
    ----------
    key
        What the reader calls it.
    heads
        What its head may be; one of a single letter is taken in that case only (T is not t).
    unit
        Unit taken where the head gives none and shown in messages, '' for numbers without dimension. What is read is
        converted to SI whatever unit the head gives, as long as it has the same dimension.
    low, high
        Values [SI] a sound table has, both included.
    above
        Whether `low` itself is refused.
    alternatives
        Units of other dimensions that are understood too: a resistance in 'ohm' or in 'ohm m2'.
    blank
        Whether cells may be empty; they become NaN.
    infinite
        Whether 'inf' is a value.
    scales
        Units of the column's own with what one of them is in `unit`, where they are no units of the package: degrees.
    """

    key: str
    heads: tuple[str, ...]
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    alternatives: tuple[str, ...] = ()
    blank: bool = False
    infinite: bool = False
    scales: tuple[tuple[str, float], ...] = ()

    @property
    def shown(self) -> str:
        """The head as messages show it."""
        return f"{self.heads[0]} [{self.unit}]" if self.unit else self.heads[0]

    def knows(self, name: str) -> bool:
        """Whether a column of that name is meant."""
        spoken = " ".join(name.replace("_", " ").split())
        return any(spoken == head or (len(head) > 1 and spoken.lower() == head.lower()) for head in self.heads)


@dataclass(frozen=True, eq=False)
class CsvTable:
    """A table read.

    Attributes
    ----------
    columns
        Column key -> (n,) values in SI, in the order of the file's columns.
    units
        Column key -> the unit that its head gives ('' where it gives none).
    dimensions
        Column key -> the unit of the column, or that of its alternatives, whose dimension the head's unit has.
    lines : (n,)
        Line of the file each row is on, for messages.
    path, sha256
        Of the file.
    others
        Heads of the columns that nothing was asked of.
    """

    columns: dict[str, Array]
    units: dict[str, str]
    dimensions: dict[str, str]
    lines: NDArray[np.int64]
    path: Path
    sha256: str
    others: tuple[str, ...] = ()

    def where(self, row: int) -> str:
        """Return 'file:line' of a row."""
        return f"{self.path}:{int(self.lines[row])}"

    def rises(self, key: str, *, strictly: bool = True) -> None:
        """Refuse a column that does not rise from row to row.

        Raises
        ------
        InputError
            With the first line that does not.
        """
        steps = np.diff(self.columns[key])
        bad = np.flatnonzero(steps <= 0.0 if strictly else steps < 0.0)
        if len(bad):
            row = int(bad[0]) + 1
            raise InputError(
                f"{key} does not rise",
                where=self.where(row),
                value=float(self.columns[key][row]),
                allowed=f"{'more' if strictly else 'no less'} than {self.columns[key][row - 1]:.9g} of the row before",
                next_step="sort the rows, and keep one of rows that repeat it",
            )


def read_csv_table(
    path: str | Path,
    columns: Sequence[Column],
    *,
    layout: str,
    required: Sequence[str],
    fewest: int = 2,
    most: int = MOST_ROWS,
) -> CsvTable:
    """Return the known columns of a CSV file; columns of other names are left out.

    Columns are separated by commas, semicolons or tabs; empty lines and lines that begin with # are left out.

    Parameters
    ----------
    path
        The file.
    columns
        What may be in it.
    layout
        The head line that is expected, for messages: 'x, U [V]'.
    required
        Keys of the columns it must have.
    fewest, most
        Rows.

    Raises
    ------
    InputError
        Missing, empty, too large or unreadable file, a required column that is missing, one given twice, an unknown
        unit or one of another dimension, a cell that is no finite number, a value out of range, too few or too many
        rows: with the line, the value and what is allowed.
    """
    file = regular_file(path_of(path))
    text, digest = _text(file)
    rows = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if (bare := line.strip()) and bare[0] != "#"
    ]
    if not rows:
        raise InputError("the file holds no table", where=str(file), allowed=f"a head line '{layout}', then rows")
    if len(rows) - 1 > most:
        raise InputError(
            "the table has too many rows",
            where=str(file),
            value=len(rows) - 1,
            allowed=f"at most {most}",
            next_step="keep every tenth row, or as few as still show its shape",
        )
    long = next((number for number, line in rows if len(line) > _LONGEST_LINE), None)
    if long is not None:
        raise InputError("a line is too long", where=f"{file}:{long}", allowed=f"at most {_LONGEST_LINE} characters")
    separator = max(",;\t", key=rows[0][1].count)
    heads = _cells(rows[0][1], separator, f"{file}:{rows[0][0]}")
    places = _places(heads, columns, required, layout, f"{file}:{rows[0][0]}")
    if len(rows) - 1 < fewest:
        raise InputError(
            "the table has too few rows", where=str(file), value=len(rows) - 1, allowed=f"{fewest} or more"
        )
    raw = _numbers(rows[1:], separator, places, file)
    lines = np.array([number for number, _ in rows[1:]], dtype=np.int64)
    head = f"{file}:{rows[0][0]}"
    dimensions = {column.key: _dimension(unit, column, head) for column, _, unit in places}
    table = CsvTable(
        {
            column.key: _in_si(raw[:, k], unit, column, dimensions[column.key], head)
            for k, (column, _, unit) in enumerate(places)
        },
        {column.key: unit for column, _, unit in places},
        dimensions,
        lines,
        file,
        digest,
        tuple(head.strip() for place, head in enumerate(heads) if all(place != taken for _, taken, _ in places)),
    )
    for column, _, _ in places:
        _check_range(table, column)
    return table


def column_units(path: str | Path) -> list[tuple[str, str]]:
    """Return name and unit of every column as the head of a CSV file gives them, for tables of several layouts.

    Raises
    ------
    InputError
        As of `read_csv_table`, as far as the head goes.
    """
    file = regular_file(path_of(path))
    _check_size(file)
    try:
        with file.open(encoding="utf-8-sig") as lines:
            head = ""
            while not (head.strip() and head.strip()[0] != "#"):
                head = lines.readline(_LONGEST_LINE + 1)
                if not head:
                    return []
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", where=str(file), value=str(error.reason)) from None
    except OSError as error:
        raise InputError("the file cannot be read", where=str(file), value=error.strerror) from None
    if len(head) > _LONGEST_LINE:
        raise InputError("a line is too long", where=str(file), allowed=f"at most {_LONGEST_LINE} characters")
    found = []
    for cell in _cells(head.rstrip("\r\n"), max(",;\t", key=head.count), str(file)):
        match = _HEAD.match(cell)
        if match is not None:
            found.append((match["name"].strip(), (match["a"] or match["b"] or match["c"] or "").strip()))
    return found


def _check_size(file: Path) -> None:
    if file.stat().st_size > LARGEST:
        raise InputError("the file is too large", where=str(file), allowed=f"at most {LARGEST // 1_000_000} MB")


def _text(file: Path) -> tuple[str, str]:
    _check_size(file)
    try:
        raw = file.read_bytes()
        return raw.decode("utf-8-sig"), sha256_of(raw)
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", where=str(file), value=str(error.reason)) from None
    except OSError as error:
        raise InputError("the file cannot be read", where=str(file), value=error.strerror) from None


def _cells(line: str, separator: str, where: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
    except (csv.Error, StopIteration) as error:
        raise InputError(f"the line is not CSV: {error}", where=where, value=line[:_SHOWN]) from None


def _places(
    heads: list[str], columns: Sequence[Column], required: Sequence[str], layout: str, where: str
) -> list[tuple[Column, int, str]]:
    """Return each known column with its place and the unit its head gives."""
    found: list[tuple[Column, int, str]] = []
    for place, head in enumerate(heads):
        match = _HEAD.match(head)
        column = None if match is None else next((c for c in columns if c.knows(match["name"])), None)
        if match is None or column is None:
            continue
        if any(column is other for other, _, _ in found):
            raise InputError(f"two columns of {column.key}", where=where, value=head, allowed=f"'{layout}'")
        found.append((column, place, (match["a"] or match["b"] or match["c"] or "").strip()))
    for key in required:
        if all(column.key != key for column, _, _ in found):
            wanted = next(column for column in columns if column.key == key)
            raise InputError(
                f"no column '{wanted.shown}'",
                where=where,
                value=", ".join(head.strip() for head in heads)[:_SHOWN],
                allowed=f"a head line '{layout}'",
                nearest=nearest_name(wanted.heads[0], [head.strip() for head in heads]),
            )
    return found


def _numbers(rows: list[tuple[int, str]], separator: str, places: list[tuple[Column, int, str]], file: Path) -> Array:
    values = np.empty((len(rows), len(places)))
    quoted = any('"' in line for _, line in rows)
    for row, (number, line) in enumerate(rows):
        cells = _cells(line, separator, f"{file}:{number}") if quoted else line.split(separator)
        for k, (column, place, _) in enumerate(places):
            cell = cells[place] if place < len(cells) else ""
            try:
                value = math.nan if "_" in cell else float(cell)  # Python would read 1_0 as 10
            except ValueError:
                value = math.nan
            endless = value == math.inf and column.infinite
            if not (math.isfinite(value) or endless or (column.blank and not cell.strip())):
                raise InputError(
                    f"{column.key} is not a finite number",
                    where=f"{file}:{number}",
                    value=cell.strip()[:_SHOWN],
                    allowed="a number with a decimal point",
                    next_step="correct or remove the line",
                )
            values[row, k] = value
    return values


def _dimension(unit: str, column: Column, where: str) -> str:
    """Return which of a column's units has the dimension of the one its head gives.

    Raises
    ------
    InputError
        None of them: with what is wrong beside the first.
    """
    for other in (column.unit, *column.alternatives) if unit else ():
        try:
            to_si(f"1 {unit}", other or "1", where=where)
        except InputError:
            continue
        return other
    return column.unit


def _in_si(values: Array, unit: str, column: Column, expected: str, where: str) -> Array:
    """Return values in SI; temperatures in degC have an offset."""
    given = unit or expected
    own = dict(column.scales)
    if own:
        if given not in own:
            raise InputError(f"unknown unit '{unit}'", where=where, value=column.key, allowed=", ".join(own))
        return np.asarray(values * own[given])
    if given in ("", "-", "1") and not expected:
        return values.copy()
    zero = to_si(f"0 {given}", expected or "1", where=where)
    return zero + values * (to_si(f"1 {given}", expected or "1", where=where) - zero)


def _check_range(table: CsvTable, column: Column) -> None:
    values = table.columns[column.key]
    inside = (values > column.low) if column.above else (values >= column.low)
    bad = np.flatnonzero(~(inside & (values <= column.high)) & ~(np.isnan(values) & column.blank))
    if len(bad):
        low = f"{'above' if column.above else 'at least'} {column.low:g}" if math.isfinite(column.low) else ""
        high = f"at most {column.high:g}" if math.isfinite(column.high) else ""
        raise InputError(
            f"{column.key} is out of range",
            where=table.where(int(bad[0])),
            value=float(values[bad[0]]),
            allowed=", ".join(part for part in (low, high) if part),
            next_step="check the unit in the head line",
        )
