"""The fully covered reference: the same particle and protocol under full coverage, which risk is measured against.

Risk = local rate / area-mean rate of the reference, matched at equal mean stoichiometry within the same protocol step
(at rest, where the mean stoichiometry stands still, at equal time since the step began). Temperatures are then equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]

_STILL = 1e-9
"""Change of mean stoichiometry below which a protocol step counts as a rest."""
_WITHIN = 2e-4
"""How far beyond the reference's last row a match still counts, in stoichiometry or as a share of a rest: two meshes
end their charges that far apart. The last row then stands for it, wrong by less than a per cent."""


@dataclass(frozen=True, eq=False)
class ReferenceState:
    """Area means over the fully covered reference's surface at k moments, (k,) each; NaN where it has no such state.

    Attributes
    ----------
    rate
        A/m2.
    equilibrium
        U at the surface [V].
    overpotential
        Local potential less U [V].
    energy
        Reaction energy [eV/atom].
    dose
        Charge the reaction has taken since the start [C/m2].
    """

    rate: Array
    equilibrium: Array
    overpotential: Array
    energy: Array
    dose: Array


_COLUMNS = [entry.name for entry in fields(ReferenceState)]
_RATE = _COLUMNS.index("rate")


class MatchedReference(Protocol):
    """A fully covered reference that a run is compared with."""

    def match(self, step: NDArray[np.int64], time: Array, mean_x: Array) -> ReferenceState:
        """Return the reference at k moments: protocol step, time since it began [s], mean stoichiometry, (k,) each."""

    def forget_before(self, step: int) -> None:
        """Take note that no protocol step before `step` is asked for any more."""


@dataclass(frozen=True, eq=False)
class CoveredReference:
    """The recorded states of a fully covered reference run, one row each.

    Attributes
    ----------
    step : (r,) int64
        Protocol step.
    time : (r,)
        Since that step began [s].
    mean_x : (r,)
        Volume-mean stoichiometry.
    rest : (r,) bool
        Whether the step is a rest.
    values : (r, 5)
        The columns of `ReferenceState`.
    """

    step: NDArray[np.int64]
    time: Array
    mean_x: Array
    rest: NDArray[np.bool_]
    values: Array

    @classmethod
    def joined(cls, parts: Sequence[CoveredReference]) -> CoveredReference:
        """Return parts of one run as a whole; without parts it has no rows."""
        none, no_values = np.zeros(0), np.zeros((0, len(_COLUMNS)))
        empty = cls(np.zeros(0, np.int64), none, none, np.zeros(0, np.bool_), no_values)
        return cls(*(np.concatenate([getattr(part, one.name) for part in (empty, *parts)]) for one in fields(cls)))

    @cached_property
    def _tracks(self) -> dict[int, _StepTrack]:
        return {int(k): self._track(self.step == k) for k in np.unique(self.step)}

    def _track(self, rows: NDArray[np.bool_]) -> _StepTrack:
        mean, time = self.mean_x[rows], self.time[rows]
        rest = bool(self.rest[rows].any()) or float(np.ptp(mean)) < _STILL
        sign = 1.0 if rest or mean[-1] > mean[0] else -1.0
        grid = time if rest else sign * mean
        # Rows that share their position (both sides of a jump) or step back by rounding carry nothing new.
        kept = np.concatenate(([True], np.diff(np.maximum.accumulate(grid)) > 0.0))
        return _StepTrack(rest, sign, grid[kept], self.values[rows][kept])

    def match(self, step: NDArray[np.int64], time: Array, mean_x: Array) -> ReferenceState:
        """Return the fully covered reference at k moments.

        Parameters
        ----------
        step : (k,)
            Protocol step.
        time : (k,)
            Since the step began [s]; matters at rest.
        mean_x : (k,)
            Mean stoichiometry; matters otherwise.
        """
        out = np.full((len(step), self.values.shape[1]), np.nan)
        for number in np.unique(step):
            track = self._tracks.get(int(number))
            if track is not None:
                rows = step == number
                out[rows] = track.at(time[rows], mean_x[rows])
        return ReferenceState(*out.T)

    def forget_before(self, step: int) -> None:
        """Keep everything: several runs share it."""


@dataclass(frozen=True, eq=False)
class _StepTrack:
    rest: bool
    sign: float
    grid: Array
    values: Array

    @cached_property
    def _interpolant(self) -> PchipInterpolator:
        columns = self.values.copy()
        columns[:, _RATE] = np.log(np.maximum(columns[:, _RATE], np.finfo(np.float64).tiny))
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(self.grid, columns)

    def at(self, time: Array, mean_x: Array) -> Array:
        """Return the columns of `ReferenceState` (k, 5)."""
        position = time if self.rest else self.sign * mean_x
        first, last = float(self.grid[0]), float(self.grid[-1])
        slack = _WITHIN * (max(last - first, 1.0) if self.rest else 1.0)
        held = np.clip(position, first, last)
        if len(self.grid) > 1:
            rows = np.array(self._interpolant(held), dtype=np.float64)
            rows[:, _RATE] = np.exp(rows[:, _RATE])
        else:
            rows = np.repeat(self.values, len(position), axis=0)
        if not self.values[:, _RATE].any():
            rows[:, _RATE] = 0.0
        rows[np.abs(position - held) > slack] = np.nan
        return rows
