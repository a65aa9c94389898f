"""A run's curves as tables, a pandas data frame or a CSV file, and the rows of its cycles."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.data_frames import data_frame as columns_as_frame
from asyncsoc.base.files import write_text
from asyncsoc.simulation.results.data import RunData

if TYPE_CHECKING:
    import pandas as pd


def data_frame(run: RunData) -> pd.DataFrame:
    """Return the curves of a run, a row per recorded state and a column per curve.

    Raises
    ------
    EnvironmentProblem
        pandas is not installed.
    """
    frame = columns_as_frame({name: np.array(values) for name, values in run.columns.items()}, index="point")
    frame.attrs = {"name": run.name, "case sha256": run.case_sha256, "status": run.status}
    return frame


def write_csv(run: RunData, path: Path) -> Path:
    """Write the curves of a run as CSV with a head line, in one step, and return the path.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    return _write(run.columns, path)


def write_cycles_csv(run: RunData, path: Path) -> Path:
    """Write the rows of the cycles of a run as CSV with a head line, in one step, and return the path.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    return _write(run.cycle_rows, path)


def _write(columns: Mapping[str, NDArray[Any]], path: Path) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_cells(values) for values in columns.values()), strict=True))
    write_text(path, text.getvalue(), "the table cannot be written")
    return path


def _cells(values: NDArray[Any]) -> list[Any]:
    """Return a column as the writer takes it: numbers in full, '' where there is none."""
    return [value if value == value else "" for value in values.tolist()]
