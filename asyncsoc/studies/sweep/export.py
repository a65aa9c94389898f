"""The records of a sweep made into one data set, one table and one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import asyncsoc
from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.studies.sweep.load import WARNINGS, Archive, LoadedRecords, gather
from asyncsoc.studies.sweep.netcdf import write_dataset
from asyncsoc.studies.sweep.picture import draw_sweep
from asyncsoc.studies.sweep.resample import AXES, resampled
from asyncsoc.studies.sweep.result_table import columns_of, write_table

Array = NDArray[np.float64]
DATASET = "sweep.nc"
TABLE = "sweep"
PICTURE = "sweep.png"
DEFAULT_POINTS = 101


@dataclass(frozen=True)
class Exported:
    """What `collect` wrote, and what it could not."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def collect(
    folder: Path,
    *,
    axis: str = "time",
    points: int = DEFAULT_POINTS,
    curves: tuple[str, ...] | None = None,
    picture: bool = True,
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

    Raises
    ------
    InputError
        There is no sweep, nothing is recorded, or axis, points or curves are wrong.
    """
    if axis not in AXES:
        raise InputError("unknown axis", where="--axis", value=axis, allowed=", ".join(AXES))
    if not 2 <= points <= 100_000:
        raise InputError("out of range", where="--points", value=points, allowed="2 to 100000")
    archive = Archive.open(folder)
    gathered = gather(archive, AXES[axis])
    if (gathered.status < 0).all():
        raise InputError("no case of this sweep is recorded", where=str(folder), next_step="run it with --resume")
    table = write_table(folder, TABLE, columns_of(archive.plan.design, gathered, archive.records_index))
    dataset = _dataset(archive, gathered, axis, points, _chosen(gathered, axis, curves))
    files, notes = [dataset, table], _warned(gathered)
    if picture:
        try:
            files.append(draw_sweep(folder / PICTURE, archive.plan, gathered))
        except InputError as error:
            notes.append(f"no picture: {error.what}")
    return Exported(tuple(files), tuple(notes))


def _warned(gathered: LoadedRecords) -> list[str]:
    count = int(np.isfinite(gathered.numbers.get(WARNINGS, np.zeros(0))).sum())
    if not count:
        return []
    return [f"{count} of {gathered.count} cases come with warnings, such as: {gathered.warning}"]


def _chosen(gathered: LoadedRecords, axis: str, curves: tuple[str, ...] | None) -> list[str]:
    have = [name for name in gathered.curves if name not in (AXES[axis], names.STEP, names.CYCLE)]
    if curves is None:
        return have
    for name in curves:
        if name not in have:
            owner = "this sweep" if have else "this sweep, which kept summaries only"
            raise no_such_curve(name, have, where="--curve", owner=owner)
    return list(curves)


def _dataset(archive: Archive, gathered: LoadedRecords, axis: str, points: int, curves: list[str]) -> Path:
    places = np.linspace(gathered.low, gathered.high, points) if np.isfinite(gathered.low) else np.zeros(0)
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
        gathered,
        (axis, AXES[axis], places),
        curves if len(places) else [],
        read,
        attributes,
    )
