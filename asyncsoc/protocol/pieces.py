"""A profile in pieces, within which what it asks for runs in a line, in the units of a protocol step's constraint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import MOST_ROWS
from asyncsoc.base.errors import InputError
from asyncsoc.protocol.profile import Interpolation, Profile, levels_of

Array = NDArray[np.float64]

_SAME = 1e-9
"""Times closer than this share of the duration are one."""


@dataclass(frozen=True, eq=False)
class PieceTable:
    """A profile in pieces within a protocol step, in the units of the constraint; arrays as of `kernels.profiles`."""

    ends: Array
    first: Array
    last: Array
    shown: NDArray[np.bool_]
    level: NDArray[np.int64]
    levels: tuple[float, ...]

    @property
    def largest(self) -> float:
        """Largest magnitude."""
        return float(max(np.abs(self.first).max(), np.abs(self.last).max()))

    @property
    def integral(self) -> float:
        """Integral over time: the charge [C] of a current, the energy [J] of a power."""
        lengths = np.diff(self.ends, prepend=0.0)
        return float(0.5 * ((self.first + self.last) * lengths).sum())


def piece_table(
    profile: Profile,
    factor: float,
    *,
    interpolation: Interpolation,
    duration: float | None,
    period: float | None,
    temperature: float,
    every_point: bool = False,
) -> PieceTable:
    """Return a profile in pieces.

    Parameters
    ----------
    profile
        The profile.
    factor
        From its values to the constraint's.
    interpolation
        "linear" between its points, or "hold": every value until the next point.
    duration
        After which it is cut off [s], None for its own.
    period
        Rows are wanted at multiples of it [s]; None: at every point.
    temperature
        Where it has none [K].
    every_point
        Rows at every point whatever the period.

    Raises
    ------
    InputError
        The period asks for more rows than a profile may have points.
    """
    time, values = profile.time, profile.values * factor
    whole = profile.duration if duration is None else min(duration, profile.duration)
    wanted: Array = np.zeros(0)
    if period is not None:
        if whole > MOST_ROWS * period:
            raise InputError(
                "the output period is too short for the profile",
                where="protocol.steps",
                value=f"{period:g} s of {whole:g} s",
                allowed=f"at most {MOST_ROWS} rows",
            )
        wanted = np.arange(1.0, int(whole / period) + 1.0, dtype=np.float64) * period
        wanted = wanted[wanted < whole * (1.0 - _SAME)]
    inner = time[(time > 0.0) & (time < whole * (1.0 - _SAME))]
    ends = _joined(inner, np.append(wanted, whole), _SAME * whole)
    ends = ends[ends <= whole]
    starts = np.concatenate([[0.0], ends[:-1]])
    place = np.clip(np.searchsorted(time, starts * (1.0 + _SAME) + _SAME * whole, side="right") - 1, 0, len(time) - 2)
    if interpolation == "hold":
        first, last = values[place], values[place]
    else:
        first, last = np.interp(starts, time, values), np.interp(ends, time, values)
    if len(profile.temperature):
        heat = profile.temperature[place]
        if interpolation == "linear":
            heat = 0.5 * (np.interp(starts, time, profile.temperature) + np.interp(ends, time, profile.temperature))
        levels, level = np.unique(levels_of(heat), return_inverse=True)
    else:
        levels, level = np.array([temperature]), np.zeros(len(ends), dtype=np.int64)
    shown = np.ones(len(ends), dtype=bool)
    if period is not None and not every_point:
        shown = np.isin(ends, _near(ends, np.append(wanted, whole), _SAME * whole))
    flat = (
        (first == last)[:-1] & (last[:-1] == first[1:]) & (first == last)[1:] & (level[:-1] == level[1:]) & ~shown[:-1]
    )
    kept = np.append(~flat, True)
    begins = np.insert(kept[:-1], 0, True)
    return PieceTable(
        ends=_frozen(ends[kept]),
        first=_frozen(first[begins]),
        last=_frozen(last[kept]),
        shown=_frozen(shown[kept]),
        level=_frozen(level[kept].astype(np.int64)),
        levels=tuple(levels.tolist()),
    )


def _frozen(array: Any) -> Any:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


def _near(ends: Array, wanted: Array, same: float) -> Array:
    """Return those of `ends` that are one of `wanted`."""
    k = np.clip(np.searchsorted(ends, wanted), 0, len(ends) - 1)
    below = np.clip(k - 1, 0, None)
    nearest = np.where(np.abs(ends[below] - wanted) < np.abs(ends[k] - wanted), ends[below], ends[k])
    return np.asarray(nearest[np.abs(nearest - wanted) <= same])


def _joined(times: Array, more: Array, same: float) -> Array:
    """Return the union of two rising rows of times; of times that are the same the one of `more` is left out."""
    if not len(times):
        return np.unique(more)
    k = np.clip(np.searchsorted(times, more), 0, len(times) - 1)
    below = np.clip(k - 1, 0, None)
    distance = np.minimum(np.abs(times[k] - more), np.abs(times[below] - more))
    return np.union1d(times, more[distance > same])
