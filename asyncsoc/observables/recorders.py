"""Recorders: they take the states the integrator accepts and keep rows of curves, or snapshots of the field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError
from asyncsoc.observables import names
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.rows import measure_rows, weighted_means
from asyncsoc.units import FARADAY

if TYPE_CHECKING:
    from asyncsoc.stepping.state import StepState

Array = NDArray[np.float64]

_BLOCK = 200_000
"""Numbers of the fields that may wait to be measured: 1.6 MB."""
_ROUNDING = 1e-9
"""Relative tolerance within which two times are the same."""


class CurveRecorder:
    """Keeps one row of curves per state it is shown; row 0 is the initial state.

    Shown the first state of every protocol step too, it keeps both sides of a jump of current or voltage: two rows then
    share their time.

    Parameters
    ----------
    gauge
        The constants of the particle.
    """

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._waiting: list[StepState] = []
        self._blocks: list[dict[str, Array]] = []
        self._rows = 0
        self._mean_initial = math.nan

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    @property
    def last_row(self) -> dict[str, float]:
        """The latest row, for a progress display."""
        self._measure()
        return {name: float(values[-1]) for name, values in self._blocks[-1].items()}

    def record(self, state: StepState) -> None:
        """Append the row of `state`; it is measured together with the next ones, which is quicker by far."""
        if not self._rows:
            passed = (state.charge - state.side_charge) / (FARADAY * self._gauge.capacity_constant)
            self._mean_initial = float(weighted_means(state.x, self._gauge.mass)) + passed
        self._rows += 1
        self._waiting.append(state)
        if len(self._waiting) * len(state.x) >= _BLOCK:
            self._measure()

    def curves(self) -> dict[str, NDArray[Any]]:
        """Return the columns: equally long arrays, int64 for counts, float64 for everything else."""
        self._measure()
        return {
            name: np.concatenate([block[name] for block in self._blocks] or [np.zeros(0)]).astype(
                np.int64 if name in names.WHOLE_NUMBERS else np.float64
            )
            for name in names.CURVES
        }

    def _measure(self) -> None:
        if self._waiting:
            self._blocks.append(measure_rows(self._waiting, self._gauge, self._mean_initial))
            self._waiting = []


class FieldRecorder:
    """Keeps the stoichiometry at the start, at every output time, at the end of every protocol step and at the end.

    A snapshot is a state it was shown, at that state's own time: nothing is interpolated here. A state is kept when it
    is the first at or after an output time, so that states shown at output times give snapshots exactly there.

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
        self._last: StepState | None = None
        self._due = math.inf

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self._times)

    def record(self, state: StepState) -> None:
        """Look at a state and keep it where it is due."""
        last, self._last = self._last, state
        if last is None:
            self._keep(state)
            self._schedule(state.time)
            return
        if state.step != last.step:
            self._keep(last)
        if state.time >= self._due - _ROUNDING * abs(self._due):
            self._keep(state)
            self._schedule(state.time)

    def finish(self) -> None:
        """Keep the last state seen."""
        if self._last is not None:
            self._keep(self._last)

    @property
    def times(self) -> Array:
        """Times of the snapshots (k,) [s], strictly increasing."""
        return np.array(self._times, dtype=np.float64)

    @property
    def fields(self) -> Array:
        """Stoichiometry (k, n)."""
        return np.array(self._fields, dtype=np.float64)

    def _keep(self, state: StepState) -> None:
        if self._times and state.time <= self._times[-1]:
            return
        self._times.append(float(state.time))
        self._fields.append(np.array(state.x, dtype=np.float64))

    def _schedule(self, now: float) -> None:
        """Set the next output time after `now`; one within rounding of `now` counts as reached."""
        if self._every is not None:
            passed = math.floor(now / self._every * (1.0 + _ROUNDING))
            self._due = (passed + 1) * self._every
