"""The recorder of snapshots of the stoichiometry: at the output times and where protocol steps begin and end."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]

_ROUNDING = 1e-9
"""Relative tolerance within which two times are the same."""


class SnapshotRecorder:
    """Records the stoichiometry at the start, at every output time, at the end of every protocol step and at the end.

    A snapshot is a recorded state at its own time: nothing is interpolated here. A state is kept when it is the first
    at or after an output time, so that states at output times give snapshots exactly there. The
    first state of a protocol step stands for the last one of the step before: the field is the same.

    Parameters
    ----------
    every : s
        Output period, counted from time 0; None keeps starts and ends of protocol steps only.

    Raises
    ------
    InputError
        The period is not positive.
    """

    def __init__(self, every: float | None = None) -> None:
        if every is not None and not every > 0.0:
            raise InputError(
                "the output period of fields must be positive",
                where="output.fields_every",
                value=every,
                allowed="above 0 s",
            )
        self._every = every
        self._times: list[float] = []
        self._fields: list[Array] = []
        self._step = -1
        self._due, self._last = math.inf, -math.inf
        self._skipped: list[float] = []

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self._times)

    def resume(self, time: float, step: int | None) -> None:
        """Go on at `time` [s] within a protocol step; None: the next state begins one, and is a snapshot."""
        self._step, self._last = (0, -math.inf) if step is None else (step, time)
        self._schedule(time)

    def record(self, time: float, step: int, x: Array, *, stored: bool = True) -> bool:
        """Keep a state (time [s], protocol step, stoichiometry (n,)) where a snapshot is due; return whether it is.

        One that is due and not `stored` is not kept.
        """
        due = False
        if step != self._step:
            first, self._step = self._step == -1, step
            due = self.keep(time, x, stored=stored)
            if first:
                self._schedule(time)
                return due
        if time >= self._due - _ROUNDING * abs(self._due):
            due |= self.keep(time, x, stored=stored)
            self._schedule(time)
        return due

    def keep(self, time: float, x: Array, *, stored: bool = True) -> bool:
        """Keep a state, unless one as late was; return whether it is a new one."""
        if time <= self._last:
            return False
        self._last = float(time)
        if stored:
            self._times.append(float(time))
            self._fields.append(np.array(x, dtype=np.float64))
        else:
            self._skipped.append(float(time))
        return True

    def hold(self, time: float) -> None:
        """Forget which states before `time` [s] were due and not stored: the run does not end there."""
        if self._skipped:
            self._skipped = [skipped for skipped in self._skipped if skipped >= time]

    def finish(self, time: float, x: Array) -> bool:
        """Keep the last state of a run in any case; return whether it was due without that."""
        due = time in self._times or time in self._skipped
        if not self._times or self._times[-1] < time:
            self._times.append(float(time))
            self._fields.append(np.array(x, dtype=np.float64))
        return due

    @property
    def times(self) -> Array:
        """Times of the snapshots (k,) [s], strictly increasing."""
        return np.array(self._times, dtype=np.float64)

    @property
    def fields(self) -> Array:
        """Stoichiometry (k, n)."""
        return np.array(self._fields, dtype=np.float64)

    def _schedule(self, now: float) -> None:
        """Set the next output time after `now`; one within rounding of `now` counts as reached."""
        if self._every is not None:
            passed = math.floor(now / self._every * (1.0 + _ROUNDING))
            self._due = (passed + 1) * self._every
