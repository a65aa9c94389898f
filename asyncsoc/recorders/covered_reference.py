"""The fully covered reference: the same particle and protocol under full coverage, which risk is measured against.

Risk = local rate / area-mean rate of the reference, matched at equal mean stoichiometry within the same protocol step
(at rest, where the mean stoichiometry stands still, at equal time since the step began). Temperatures are then equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

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
    """Area means over the fully covered reference's surface at k moments, (k,) each; NaN where it never came there.

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


@dataclass(frozen=True, eq=False)
class Reference:
    """What a fully covered reference run went through: one row per recorded state.

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

    @cached_property
    def _tracks(self) -> dict[int, _Track]:
        return {int(k): self._track(self.step == k) for k in np.unique(self.step)}

    def _track(self, rows: NDArray[np.bool_]) -> _Track:
        mean, time = self.mean_x[rows], self.time[rows]
        rest = bool(self.rest[rows].any()) or float(np.ptp(mean)) < _STILL
        sign = 1.0 if rest or mean[-1] > mean[0] else -1.0
        place = time if rest else sign * mean
        # Rows that share their place (both sides of a jump) or step back by rounding carry nothing new.
        kept = np.concatenate(([True], np.diff(np.maximum.accumulate(place)) > 0.0))
        return _Track(rest, sign, place[kept], self.values[rows][kept])

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


@dataclass(frozen=True, eq=False)
class _Track:
    rest: bool
    sign: float
    place: Array
    values: Array

    @cached_property
    def _interpolant(self) -> PchipInterpolator:
        columns = self.values.copy()
        columns[:, 0] = np.log(np.maximum(columns[:, 0], np.finfo(np.float64).tiny))
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(self.place, columns)

    def at(self, time: Array, mean_x: Array) -> Array:
        """Return the columns of `ReferenceState` (k, 5)."""
        wanted = time if self.rest else self.sign * mean_x
        first, last = float(self.place[0]), float(self.place[-1])
        slack = _WITHIN * (max(last - first, 1.0) if self.rest else 1.0)
        held = np.clip(wanted, first, last)
        if len(self.place) > 1:
            rows = np.array(self._interpolant(held), dtype=np.float64)
            rows[:, 0] = np.exp(rows[:, 0])
        else:
            rows = np.repeat(self.values, len(wanted), axis=0)
        if not self.values[:, 0].any():
            rows[:, 0] = 0.0
        rows[np.abs(wanted - held) > slack] = np.nan
        return rows
