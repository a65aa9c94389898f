"""A sweep as one table, a case per row: parquet where pyarrow is installed, else CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.studies.sweep.design import Design
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.keys import Value
from asyncsoc.studies.sweep.load import LoadedRecords


def columns_of(design: Design, gathered: LoadedRecords, records_index: Index) -> dict[str, Sequence[Any]]:
    """Return the table's columns: number, what was varied, hash, status, headline numbers, texts."""
    count = gathered.count
    varied: dict[str, list[Any]] = {key: [] for key in design.keys}
    for number in range(count):
        for key, value in design.values(number).items():
            varied[key].append(_cell(value))
    return {
        "case": range(count),
        **varied,
        "sha256": [records_index.sha256(number) for number in range(count)],
        "status": [gathered.status_word(number) for number in range(count)],
        **{name: values.tolist() for name, values in gathered.numbers.items()},
        **gathered.words,
    }


def write_table(folder: Path, stem: str, columns: dict[str, Sequence[Any]]) -> Path:
    """Write the table in one step and return its path.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    try:
        from pyarrow import Table, parquet
    except ModuleNotFoundError:
        path, content = folder / f"{stem}.csv", _csv(columns)
    else:
        table = Table.from_pydict({name: _whole(values) for name, values in columns.items()})
        buffer = io.BytesIO()
        parquet.write_table(table, buffer)
        path, content = folder / f"{stem}.parquet", buffer.getvalue()
    try:
        with replaced(path) as stream:
            stream.write(content)
    except OSError as error:
        raise InputError(
            "the table cannot be written", where=str(path), value=error.strerror or str(error), next_step="make room"
        ) from error
    return path


def _cell(value: Value) -> Any:
    return json.dumps(value) if isinstance(value, tuple | list) else value


def _whole(values: Sequence[Any]) -> list[Any]:
    """Return a column of one type: values of mixed types as texts."""
    kinds = {type(value) for value in values}
    if kinds <= {int, float} or len(kinds) == 1:
        return [float(value) for value in values] if kinds == {int, float} else list(values)
    return [str(value) for value in values]


def _csv(columns: dict[str, Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow("" if isinstance(cell, float) and np.isnan(cell) else cell for cell in row)
    return text.getvalue().encode()
