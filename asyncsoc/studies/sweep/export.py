"""Export the records of a sweep to one data set, one table and one figure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asyncsoc
from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.simulation.results.layout import slug
from asyncsoc.studies.sweep.design import Design
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.heatmap import plot_heatmap
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.keys import Value
from asyncsoc.studies.sweep.load import WARNINGS, LoadedRecords, SweepArchive, load_records
from asyncsoc.studies.sweep.netcdf import VARIED, write_dataset
from asyncsoc.studies.sweep.picture import draw_sweep
from asyncsoc.studies.sweep.resample import AXES, resampled

Array = NDArray[np.float64]
DATASET = "sweep.nc"
TABLE = "sweep"
PICTURE = "sweep.png"
DEFAULT_POINTS = 101


@dataclass(frozen=True)
class Exported:
    """The files that `collect` wrote, and notes on what it could not write."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def collect(
    folder: Path,
    *,
    axis: str = "time",
    points: int = DEFAULT_POINTS,
    curves: tuple[str, ...] | None = None,
    picture: bool = True,
    heatmaps: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
) -> Exported:
    """Collect a sweep's records into `sweep.nc`, `sweep.parquet` (or .csv) and `sweep.png` in its folder.

    Parameters
    ----------
    folder
        Of the sweep.
    axis
        Common axis of the curves: "time", "soc" (volume-mean) or "capacity".
    points
        Values of it, evenly between the smallest and the largest of any case.
    curves
        Names of the curves to keep; None keeps all.
    picture
        Draw the picture.
    heatmaps
        Headline numbers to draw a heat map of each, over the first two axes; of the median over further ones.
    units
        Units the heat maps are drawn in, as of `plot_heatmap`.

    Raises
    ------
    InputError
        There is no sweep, nothing is recorded, or axis, points or curves are wrong.
    """
    if axis not in AXES:
        raise InputError("unknown axis", where="--axis", value=axis, allowed=", ".join(AXES))
    _check_points(points)
    archive = SweepArchive.open(folder)
    loaded = load_records(archive, AXES[axis])
    if (loaded.status < 0).all():
        raise InputError("no case of this sweep is recorded", where=str(folder), next_step="run it with --resume")
    table = write_table(folder, TABLE, columns_of(archive.plan.design, loaded, archive.records_index))
    dataset = write_records(archive, loaded, axis, points, curves)
    files, notes = [dataset, table], [*_warned(loaded), *without_values(loaded)]
    if picture:
        try:
            files.append(draw_sweep(folder / PICTURE, archive.plan, loaded))
        except InputError as error:
            notes.append(f"no picture: {error.what}")
    return Exported((*files, *_draw_heatmaps(dataset, heatmaps, units or {})), tuple(notes))


def _draw_heatmaps(dataset: Path, names_: Sequence[str], units: Mapping[str, str]) -> list[Path]:
    """Draw heat maps of a data set beside it and return their paths."""
    if not names_:
        return []
    import xarray as xr

    paths = []
    with xr.open_dataset(dataset, engine="h5netcdf") as opened:
        data = opened[[name for name in opened.data_vars if not {"time", "soc", "capacity"} & {*opened[name].dims}]]
        data = data.set_coords([name for name in data.data_vars if data[name].attrs.get(VARIED)]).load()
    for name in names_:
        path = dataset.with_name(f"heatmap-{slug(name).lower()}.png")
        plot_heatmap(data, name, over="median", units=units, path=path)
        paths.append(path)
    return paths


def without_values(loaded: LoadedRecords) -> list[str]:
    """Return what is said of headline numbers that some of the cases carried out do not have.

    They are NaN in data set and table and marked in pictures; medians and means of the others are those of survivors.
    """
    carried = loaded.status == 0
    lacking = {
        name: int((carried & ~np.isfinite(values)).sum())
        for name, values in loaded.numbers.items()
        if name != WARNINGS and np.isfinite(values).any()
    }
    return [
        f"{count} of {loaded.count} cases were carried out without a value of: {', '.join(found)}"
        for count in sorted({*lacking.values()} - {0})
        if (found := [name for name, number in lacking.items() if number == count])
    ]


def write_records(
    archive: SweepArchive, loaded: LoadedRecords, axis: str, points: int, curves: tuple[str, ...] | None = None
) -> Path:
    """Write the data set of a sweep's records in its folder and return its path; parameters as of `collect`.

    Raises
    ------
    InputError
        Points or curves are wrong, or the folder cannot be written to.
    """
    _check_points(points)
    return _dataset(archive, loaded, axis, points, _chosen(loaded, axis, curves))


def _check_points(points: int) -> None:
    if not 2 <= points <= 100_000:
        raise InputError("out of range", where="--points", value=points, allowed="2 to 100000")


def _warned(loaded: LoadedRecords) -> list[str]:
    count = int(np.isfinite(loaded.numbers.get(WARNINGS, np.zeros(0))).sum())
    if not count:
        return []
    return [f"{count} of {loaded.count} cases come with warnings, such as: {loaded.warning}"]


def _chosen(loaded: LoadedRecords, axis: str, curves: tuple[str, ...] | None) -> list[str]:
    have = [name for name in loaded.curves if name not in (AXES[axis], names.STEP, names.CYCLE)]
    if curves is None:
        return have
    for name in curves:
        if name not in have:
            owner = "this sweep" if have else "this sweep, which kept summaries only"
            raise no_such_curve(name, have, where="--curve", owner=owner)
    return list(curves)


def _dataset(archive: SweepArchive, loaded: LoadedRecords, axis: str, points: int, curves: list[str]) -> Path:
    places = np.linspace(loaded.low, loaded.high, points) if np.isfinite(loaded.low) else np.zeros(0)
    empty = np.full((len(curves), len(places)), np.nan)

    def read(number: int) -> Array:
        record = archive.record(number)
        return empty if record is None else resampled(record.columns, AXES[axis], places, curves)

    attributes = {
        "title": archive.plan.name,
        "sweep sha256": archive.plan.sha256,
        "asyncsoc": asyncsoc.__version__,
        "note": "curves: float32, monotone cubics between the integrator's steps; all else: float64 as computed",
    }
    return write_dataset(
        archive.folder / DATASET,
        archive.plan.design,
        loaded,
        (axis, AXES[axis], places),
        curves if len(places) else [],
        read,
        attributes,
    )


def columns_of(design: Design, loaded: LoadedRecords, records_index: Index) -> dict[str, Sequence[Any]]:
    """Return the table's columns: number, what was varied, hash, status, headline numbers, texts."""
    count = loaded.count
    varied: dict[str, list[Any]] = {key: [] for key in design.keys}
    for number in range(count):
        for key, value in design.values(number).items():
            varied[key].append(_cell(value))
    return {
        "case": range(count),
        **varied,
        "sha256": [records_index.sha256(number) for number in range(count)],
        "status": [loaded.status_word(number) for number in range(count)],
        **{name: values.tolist() for name, values in loaded.numbers.items()},
        **loaded.words,
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
    if isinstance(value, GivenTable):
        return str(value)
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
