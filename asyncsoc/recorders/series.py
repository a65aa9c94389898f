"""Recorders of a run: rows of curves, and snapshots of the stoichiometry, from the states the integrator accepts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.geometry.mesh import frozen
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.curves import CurveSamples, curve_rows
from asyncsoc.recorders.particle_constants import BatchConstants

if TYPE_CHECKING:
    from asyncsoc.solver.states import States

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK = 200_000
"""Numbers that may wait to be measured: 1.6 MB."""
_FURTHER = 3
"""Columns behind those every run has: ratio of oxidation states at the contact and on the far side, contact area."""
_ROUNDING = 1e-9
"""Relative tolerance within which two times are the same."""


class TimeSeriesRecorder:
    """Records one row of curves for each state, of every member of a batch; row 0 is a member's initial state.

    With the first state of every protocol step it records both sides of a jump of current or voltage: two rows then
    share their time.

    Parameters
    ----------
    constants
        The constants of the particles.
    """

    def __init__(self, constants: BatchConstants) -> None:
        self._constants = constants
        self._waiting: list[CurveSamples] = []
        self._size = 0
        self._blocks: list[Array] = []
        self._numbers: list[Ints] = []
        self._mean_initial = np.full(len(constants.which), np.nan)

    def record(self, states: States) -> None:
        """Append a row for each of the states; they are measured together with the next ones, which is quicker by far.

        Rows of one member must come in the order of their times.
        """
        samples = CurveSamples.of(states, self._constants)
        new = np.isnan(self._mean_initial[states.number])
        if new.any():
            passed = (states.charge - states.side_charge) / (FARADAY * self._constants.capacity_constant[states.number])
            for row in np.flatnonzero(new):
                if np.isnan(self._mean_initial[states.number[row]]):
                    self._mean_initial[states.number[row]] = samples.means["volume"][row] + passed[row]
        self._waiting.append(samples)
        self._size += samples.at_contact.size + samples.values.size
        if self._size >= _BLOCK:
            self._measure()

    def set_areas(self, member: int, areas: Array) -> None:
        """Let a member's contact nodes have other areas (c,) [m2] from here on."""
        self._constants.set_areas(member, areas)

    def curves(self) -> list[dict[str, NDArray[Any]]]:
        """Return each member's columns: equally long arrays, int64 for counts, float64 for everything else."""
        return [
            _columns(table, valence) for table, valence in zip(self._tables(), self._constants.valences, strict=True)
        ]

    def contact_areas(self) -> list[Array]:
        """Return each member's contact area [m2] at its rows."""
        return [table[-1].copy() for table in self._tables()]

    def _tables(self) -> list[Array]:
        """Return each member's values (curves, rows)."""
        self._measure()
        count = len(self._constants.which)
        numbers = np.concatenate([*self._numbers, np.zeros(0, dtype=np.int64)])
        rows = np.concatenate([*self._blocks, np.zeros((0, len(names.CURVES) + _FURTHER))])
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(count), side="right").tolist()
        table = rows[order].T
        return [table[:, start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def _measure(self) -> None:
        if self._waiting:
            samples = CurveSamples.joined(self._waiting)
            self._blocks.append(curve_rows(samples, self._constants, self._mean_initial))
            self._numbers.append(samples.number)
            self._waiting, self._size = [], 0


def _columns(table: Array, valence: ValenceModel | None) -> dict[str, NDArray[Any]]:
    """Return the rows that `curve_rows` returned as columns by name, read-only."""
    own = np.array(table, order="C")
    own.setflags(write=False)
    measured = (*names.CURVES, *names.valence_curves(valence))
    places = {name: place for place, name in enumerate(measured)}
    columns: dict[str, NDArray[Any]] = {name: own[places[name]] for name in names.curves_of(valence)}
    for name in names.WHOLE_NUMBERS:
        columns[name] = frozen(columns[name], np.int64)
    return columns


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
        self._due = math.inf

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self._times)

    def record(self, time: float, step: int, x: Array) -> None:
        """Keep a state (time [s], protocol step, stoichiometry (n,)) where a snapshot is due."""
        if step != self._step:
            first, self._step = not self._times, step
            self.keep(time, x)
            if first:
                self._schedule(time)
                return
        if time >= self._due - _ROUNDING * abs(self._due):
            self.keep(time, x)
            self._schedule(time)

    def keep(self, time: float, x: Array) -> None:
        """Keep a state, unless one as late was."""
        if self._times and time <= self._times[-1]:
            return
        self._times.append(float(time))
        self._fields.append(np.array(x, dtype=np.float64))

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
