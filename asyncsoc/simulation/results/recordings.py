"""What recorders hand on with a checkpoint, and the rows of cycles, in a run's file: `/recording` and `/cycles`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.contact_state import ContactState, SideReactionCheckpoint
from asyncsoc.recorders.cycle_rows import ALWAYS, CYCLE, WITH_JUMPS, WITH_SIDE_REACTION
from asyncsoc.recorders.risk_split import LocalState, RiskSplit
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.data import RecordingCheckpoint
from asyncsoc.simulation.results.guard import GuardedFile, damaged

RECORDING, CYCLES = "recording", "cycles"
_LOCAL = [entry.name for entry in fields(LocalState)]
_SPLIT = [entry.name for entry in fields(RiskSplit)]
_MOST_MOMENTS = 2


def write_recording(group: Any, recording: RecordingCheckpoint) -> None:
    """Write what the recorders hand on into an open HDF5 group."""
    group["numbers"] = np.array([recording.initial_mean_x, float(recording.last_snapshot_stays)])
    side = recording.side
    if side is not None:
        own = group.create_group("side")
        own["time"] = np.array([side.time])
        own["rate"], own["dose"] = side.rate, side.dose
        for number, moment in enumerate(side.highest):
            _write_moment(own.create_group(f"highest {number}"), moment)


def _write_moment(group: Any, moment: ContactState) -> None:
    group["numbers"] = np.array([moment.time, moment.mean_x, moment.full_dose])
    group["film"], group["dose"] = moment.film, moment.dose
    for name in _LOCAL:
        group[f"local {name}"] = getattr(moment.local, name)
    for name in _SPLIT if moment.split is not None else ():
        group[f"split {name}"] = getattr(moment.split, name)


def read_recording(file: GuardedFile, where: str = RECORDING) -> RecordingCheckpoint | None:
    """Return what the recorders handed on, from a group of the file; None in a file of an earlier version.

    Raises
    ------
    InputError
        It is damaged.
    """
    if not file.has(where):
        return None
    mean, due = file.array(f"{where}/numbers", np.float64, (2,), finite=False).tolist()
    side = None
    if file.has(f"{where}/side"):
        place = f"{where}/side"
        rate = file.array(f"{place}/rate", np.float64, (-1,))
        moments = [
            _read_moment(file, f"{place}/highest {k}", len(rate))
            for k in range(_MOST_MOMENTS)
            if file.has(f"{place}/highest {k}")
        ]
        side = SideReactionCheckpoint(
            time=float(file.array(f"{place}/time", np.float64, (1,))[0]),
            rate=rate,
            dose=file.array(f"{place}/dose", np.float64, (len(rate),)),
            highest=tuple(moments),
        )
    return RecordingCheckpoint(mean, bool(due), side)


def _read_moment(file: GuardedFile, place: str, count: int) -> ContactState:
    def read(name: str) -> NDArray[np.float64]:
        return file.array(f"{place}/{name}", np.float64, (count,), finite=False)

    time, mean, full_dose = file.array(f"{place}/numbers", np.float64, (3,), finite=False).tolist()
    split = None
    if file.has(f"{place}/split {_SPLIT[0]}"):
        split = RiskSplit(*(read(f"split {name}") for name in _SPLIT))
    local = LocalState(*(read(f"local {name}") for name in _LOCAL))
    return ContactState(time, mean, local, split, read("film"), read("dose"), full_dose)


def write_cycles(group: Any, rows: dict[str, NDArray[Any]]) -> None:
    """Write the rows of cycles into an open HDF5 group, as xarray reads them."""
    index = group.create_dataset("cycle", data=rows[CYCLE])
    index.make_scale("cycle")
    for name, values in rows.items():
        if name != CYCLE:
            column = group.create_dataset(layout.stored_name(name), data=values)
            column.dims[0].attach_scale(index)
            column.attrs["units"] = np.bytes_(names.unit_of(name).encode())
            column.attrs["long_name"] = np.bytes_(name.encode())


def read_cycles(file: GuardedFile, where: str = CYCLES) -> dict[str, NDArray[Any]] | None:
    """Return the rows of cycles, from a group of the file; None in a file of an earlier version.

    Raises
    ------
    InputError
        They are damaged.
    """
    if not file.has(where):
        return None
    present = file.names(where)
    if not present:
        return {}
    cycle = file.array(f"{where}/cycle", np.int64, (-1,))
    if len(cycle) and (cycle[0] < 1 or np.any(np.diff(cycle) <= 0)):
        raise damaged(file.path, "its cycles are not in order")
    rows: dict[str, NDArray[Any]] = {CYCLE: cycle}
    for name in (*ALWAYS[1:], *WITH_SIDE_REACTION, *WITH_JUMPS):
        stored = layout.stored_name(name)
        if stored in present:
            rows[name] = file.array(f"{where}/{stored}", np.float64, (len(cycle),), finite=False)
        elif name in ALWAYS:
            raise damaged(file.path, "a column of its cycles is missing", name)
    return rows
