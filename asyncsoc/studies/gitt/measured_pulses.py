"""Pulses of a measured titration, from files of a cycler or of time and voltage alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import Column, column_units, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.protocol.battery_data_format import Sign, read_bdf
from asyncsoc.studies.calibration.measured import MeasuredCurve, read_measured
from asyncsoc.studies.gitt.pulses import GittResult, Jump, evaluate_gitt

Array = NDArray[np.float64]

_LAYOUT = "time [s], current [A], voltage [V]"
_COLUMNS = (
    Column("time", ("time", "t", "elapsed time"), "s", low=0.0),
    Column("current", ("current", "I"), "A"),
    Column("voltage", ("voltage", "cell voltage", "potential", "U", "V", "E"), "V", low=-10.0, high=10.0),
)
_ROUNDING = 1e-9
"""Of times, as a share of the last one: a row this near to a switch is at the switch."""
_OF_CYCLERS = ("test time", "test time second")


@dataclass(frozen=True)
class PulseTimes:
    """When the current flowed, where a file does not say: from `start` on, for `pulse`, then a rest, in turns [s].

    Raises
    ------
    InputError
        A duration that is not positive, or a start before 0.
    """

    start: float
    pulse: float
    rest: float

    def __post_init__(self) -> None:
        for name, value in (("pulse", self.pulse), ("rest", self.rest)):
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(f"the duration of a {name} must be positive", where=name, value=value, allowed="> 0 s")
        if not (math.isfinite(self.start) and self.start >= 0.0):
            raise InputError("the first pulse starts before the curve", where="start", value=self.start, allowed=">= 0")

    def flowing(self, time: Array) -> NDArray[np.bool_]:
        """Return whether the current flows at each time: after the switch up to the end of the pulse."""
        near = _ROUNDING * float(time[-1])
        phase = np.mod(time - self.start - near, self.pulse + self.rest)
        return (time > self.start + near) & (phase <= self.pulse)


def read_gitt(
    path: str | Path,
    *,
    radius: float = math.nan,
    jump: Jump = "removed",
    positive: Sign = "charge",
    times: PulseTimes | None = None,
) -> GittResult:
    """Return the pulses of a measured titration.

    A CSV file with time, current and voltage, as the Battery Data Format or 'time [s], current [A], voltage [V]', or,
    with `times`, one of time and voltage alone (`studies.calibration.measured`).

    Parameters
    ----------
    path
        The file.
    radius, jump
        As of `evaluate_gitt`.
    positive
        What a positive current does.
    times
        When the current flowed, where the file has no current; the voltage says in which direction.

    Raises
    ------
    InputError
        Whatever the readers refuse, no current and no times, no pulse between two rests.
    """
    heads = [name.strip().lower().replace("_", " ") for name, _ in column_units(path)]
    if times is None and not any(head in ("current", "current ampere", "i") for head in heads):
        raise InputError(
            "the file does not say when the current flowed",
            where=str(path),
            value=", ".join(heads),
            allowed="a column 'current [A]', or the times of the pulses",
            next_step="give --start, --pulse and --rest",
        )
    if times is not None:
        curve = read_measured(path)
        _require_voltage(curve)
        return replace(_by_times(curve, times, radius, jump), name=curve.name)
    if any(head in _OF_CYCLERS for head in heads):
        curves = read_bdf(path, positive=positive)
        found = evaluate_gitt(curves.time, curves.current, curves.voltage, radius=radius, jump=jump, name=curves.name)
        warnings = tuple(entry.note for entry in curves.report if "WARNING" in entry.note)
        return replace(found, notes=(*found.notes, *warnings))
    table = read_csv_table(path, _COLUMNS, layout=_LAYOUT, required=("time", "current", "voltage"))
    table.rises("time", strictly=False)
    current = table.columns["current"] * (1.0 if positive == "charge" else -1.0)
    columns = table.columns
    return evaluate_gitt(columns["time"], current, columns["voltage"], radius=radius, jump=jump, name=table.path.name)


def _require_voltage(curve: MeasuredCurve) -> None:
    if curve.quantity != "voltage" or curve.against != "time":
        raise InputError(
            "a titration is a voltage against time",
            where=curve.name,
            value=f"{curve.quantity} against {curve.against}",
            allowed="a head line 'time [s], voltage [V]'",
        )


def _by_times(curve: MeasuredCurve, times: PulseTimes, radius: float, jump: Jump) -> GittResult:
    """Evaluate a voltage with a current of +1 or -1 A: what the voltage does in a pulse says which."""
    flowing = times.flowing(curve.abscissa)
    current = np.zeros(len(flowing))
    edges = np.concatenate(([0], np.flatnonzero(np.diff(flowing.astype(np.int64))) + 1, [len(flowing)]))
    for first, end in pairwise(edges):
        if flowing[first]:
            before = curve.values[max(int(first) - 1, 0)]
            current[first:end] = 1.0 if curve.values[end - 1] >= before else -1.0
    if not flowing.any():
        raise InputError(
            "the curve ends before the first pulse",
            where=curve.name,
            value=f"{curve.abscissa[-1]:g} s",
            allowed=f"longer than {times.start:g} s",
        )
    found = evaluate_gitt(curve.abscissa, current, curve.values, radius=radius, jump=jump, name=curve.name)
    note = "the file has no current: when it flowed is taken from the times given, its direction from the voltage"
    return replace(found, notes=(*found.notes, note))
