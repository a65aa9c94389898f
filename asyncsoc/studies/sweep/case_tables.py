"""Tables of cases: a row is a case, a column is a key; CSV, or parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.base.paths import path_of
from asyncsoc.case.overrides import read_value
from asyncsoc.studies.sweep.keys import Key, Value, find_key

LARGEST_TABLE = 1 << 28
"""Bytes."""
MOST_ROWS = 1_000_000
MOST_KEYS = 100
MOST_CELLS = 5_000_000
"""Rows times columns: read and checked in about a minute, in 1 GB."""


def read_table(path: str | Path, base: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[Value, ...], ...]]:
    """Return the keys and the rows of a table of cases, numbers in SI.

    Raises
    ------
    InputError
        Missing, empty or damaged, an unknown key in its head, a cell that is empty or wrong.
    EnvironmentProblem
        A parquet file without pyarrow.
    """
    file = path_of(path)
    if not file.is_file():
        raise InputError("no such table", where="--table", value=str(path), allowed="a CSV or parquet file")
    if file.stat().st_size > LARGEST_TABLE:
        raise InputError("the table is too large", where=str(path), allowed=f"at most {LARGEST_TABLE >> 20} MiB")
    lines = _parquet(file) if file.suffix.lower() in (".parquet", ".pq") else _csv(file)
    head = next(lines, None)
    if not head:
        raise InputError("the table is empty", where=str(path), allowed="a line of keys, then a line per case")
    if len(head) > MOST_KEYS:
        raise InputError("the table has too many columns", where=str(path), value=len(head), allowed=f"{MOST_KEYS}")
    keys = [find_key(str(name).strip(), base) for name in head]
    most = min(MOST_ROWS, MOST_CELLS // len(keys))
    rows = tuple(
        _row(keys, line, f"{path}: row {number}")
        for number, line in enumerate(itertools.islice(lines, most + 1), start=1)
    )
    if len(rows) > most:
        raise InputError(
            "the table has too many cases",
            where=str(path),
            allowed=f"at most {most} with {len(keys)} columns",
            next_step="split it into several sweeps",
        )
    if not rows:
        raise InputError("the table has no cases", where=str(path), allowed="a line of keys, then a line per case")
    return tuple(key.name for key in keys), rows


def _row(keys: list[Key], cells: list[Any], where: str) -> tuple[Value, ...]:
    if len(cells) != len(keys):
        raise InputError("a row is too short or too long", where=where, value=cells, allowed=f"{len(keys)} cells")
    values: list[Value] = []
    for key, cell in zip(keys, cells, strict=True):
        empty = cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))
        if empty:
            raise InputError("a cell is empty", where=f"{where}, {key.name}", next_step="give every case a value")
        try:
            values.append(key.read(read_value(cell) if isinstance(cell, str) else cell))
        except InputError as error:
            raise InputError(
                error.what, where=f"{where}, {key.name}", value=cell, allowed=error.allowed, nearest=error.nearest
            ) from None
    return tuple(values)


def _csv(file: Path) -> Iterator[list[Any]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for line in csv.reader(stream, skipinitialspace=True, strict=True):
                if line and any(cell.strip() for cell in line):
                    yield [cell.strip() for cell in line]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(f"the table cannot be read: {error}", where=str(file), allowed="CSV in UTF-8") from None


def _parquet(file: Path) -> Iterator[list[Any]]:
    try:
        from pyarrow import lib, parquet
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(
            "parquet files need pyarrow", where=str(file), next_step="pip install 'asyncsoc[sweep]', or use CSV"
        ) from error
    try:
        table = parquet.read_table(file)
    except (lib.ArrowException, OSError) as error:
        raise InputError(f"the table cannot be read: {error}", where=str(file), allowed="a parquet file") from None
    yield list(table.column_names)
    columns = [column.to_pylist() for column in table.columns]
    yield from (list(row) for row in zip(*columns, strict=True))
