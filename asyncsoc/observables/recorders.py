"""Recorders: they take the states the integrator accepts and keep rows of curves, or snapshots of the field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError
from asyncsoc.observables import names
from asyncsoc.observables.balance import lithium_balance_error, specific_capacity
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.nickel import nickel_ratio
from asyncsoc.observables.overpotential import split_overpotential
from asyncsoc.observables.soc import contact_mean, maximum, mean_stoichiometry, minimum, state_of_charge

if TYPE_CHECKING:
    from asyncsoc.electrode.segments import Segment
    from asyncsoc.stepping.state import AcceptedStep, StepState

Array = NDArray[np.float64]

_ROUNDING = 1e-9
"""Relative tolerance within which two times are the same."""


class _Clock:
    """Output times start + k * period, each told once; one within rounding of a step's end counts as that end."""

    def __init__(self, start: float, period: float) -> None:
        self._start = start
        self._period = period
        self._told = 0

    def due(self, end: float) -> list[float]:
        """Return the output times not told yet, up to and with `end`."""
        reached = math.floor((end - self._start) / self._period * (1.0 + _ROUNDING))
        times = [self._start + k * self._period for k in range(self._told + 1, reached + 1)]
        self._told = max(self._told, reached)
        return [end if abs(time - end) <= _ROUNDING * abs(end) else time for time in times]


def measure(state: StepState, gauge: Gauge, mean_initial: float) -> dict[str, float]:
    """Return every curve's value at one state.

    Parameters
    ----------
    state
        An accepted state of the integrator.
    gauge
        The constants of the particle.
    mean_initial
        Volume-mean stoichiometry at the start, for the lithium balance.
    """
    x = np.asarray(state.x, dtype=np.float64)
    nodes = state.contact_nodes
    x_contact, weights = x[nodes], gauge.weights[nodes]
    mean = mean_stoichiometry(x, gauge.mass)
    contact = contact_mean(x_contact, weights)
    mean_soc, contact_soc = state_of_charge(np.array([mean, contact]), gauge.x_at_4p2)
    split = split_overpotential(
        x_contact=x_contact,
        weights=weights,
        current_density=state.contact_current_density,
        film_resistance=state.film_resistance,
        mean_x=mean,
        potential=state.potential,
        voltage=state.voltage,
        open_circuit_potential=gauge.open_circuit_potential,
    )
    return {
        names.TIME: state.time,
        names.VOLTAGE: state.voltage,
        names.CURRENT: state.current,
        names.MEAN_X: mean,
        names.CONTACT_X: contact,
        names.MINIMUM_X: minimum(x),
        names.MAXIMUM_X: maximum(x),
        names.MEAN_SOC: float(mean_soc),
        names.CONTACT_SOC: float(contact_soc),
        names.ASYNCHRONY: float(contact_soc - mean_soc),
        names.NICKEL_CONTACT: nickel_ratio(contact),
        names.NICKEL_FAR: nickel_ratio(gauge.far.mean(x)),
        names.POTENTIAL: state.potential,
        names.CONCENTRATION: split.concentration,
        names.KINETIC: split.kinetic,
        names.FILM: split.film,
        names.SERIES: split.series,
        names.CHARGE: state.charge,
        names.CAPACITY: specific_capacity(state.charge, gauge.density, gauge.volume),
        names.STEP: state.step,
        names.CYCLE: state.cycle,
        names.BALANCE: lithium_balance_error(mean_initial, mean, state.charge, gauge.capacity_constant),
    }


class CurveRecorder:
    """Keeps rows of curves: the start and end of every protocol step, every accepted step, and times between.

    Row 0 is the initial state with the first step's current or voltage applied. A step's first row shares its time with
    the last row of the step before: current and voltage jump there.

    Parameters
    ----------
    gauge
        The constants of the particle.
    between
        Evenly spaced rows inside every accepted step, from the integrator's continuous solution; a protocol step with a
        period of its own gets rows at its multiples besides.
    """

    def __init__(self, gauge: Gauge, *, between: int = 2) -> None:
        self._gauge = gauge
        self._between = between
        self._rows: list[dict[str, float]] = []
        self._mean_initial = float("nan")
        self._clock: _Clock | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    @property
    def last_row(self) -> dict[str, float]:
        """The latest row, for a progress display."""
        return self._rows[-1]

    def start(self, state: StepState, segment: Segment) -> None:
        """Append the row of a protocol step's beginning."""
        if not self._rows:
            self._mean_initial = mean_stoichiometry(state.x, self._gauge.mass)
        period = segment.step.period
        self._clock = None if period is None else _Clock(state.time, period)
        self._append(state)

    def step(self, step: AcceptedStep) -> None:
        """Append the rows of an accepted step."""
        inner = np.linspace(step.start_time, step.end.time, self._between + 2)[1:-1]
        due = [] if self._clock is None else self._clock.due(step.end.time)
        for time in sorted({*inner.tolist(), *due}):
            if step.start_time < time < step.end.time:
                self._append(step.at(time))
        self._append(step.end)

    def curves(self) -> dict[str, NDArray[Any]]:
        """Return the columns: equally long arrays, int64 for counts, float64 for everything else."""
        return {
            name: np.array(
                [row[name] for row in self._rows], dtype=np.int64 if name in names.WHOLE_NUMBERS else np.float64
            )
            for name in names.CURVES
        }

    def _append(self, state: StepState) -> None:
        self._rows.append(measure(state, self._gauge, self._mean_initial))


class FieldRecorder:
    """Keeps the stoichiometry at the start, at every output time, at the end of every protocol step and at the end.

    Parameters
    ----------
    every : s
        Output period, counted from the first state; None keeps starts and ends of protocol steps only.

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
        self._clock: _Clock | None = None

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self._times)

    def start(self, state: StepState, segment: Segment) -> None:
        """Keep the state a protocol step begins with, which is the one the step before ended with."""
        if self._clock is None and self._every is not None:
            self._clock = _Clock(state.time, self._every)
        self._keep(state)

    def step(self, step: AcceptedStep) -> None:
        """Keep the states at output times within an accepted step."""
        self._last = step.end
        for time in [] if self._clock is None else self._clock.due(step.end.time):
            self._keep(step.end if time >= step.end.time else step.at(time))

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
