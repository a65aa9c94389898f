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
    from asyncsoc.stepping.state import StepState

Array = NDArray[np.float64]

_ROUNDING = 1e-9
"""Relative tolerance within which two times are the same."""


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
        self._rows: list[dict[str, float]] = []
        self._mean_initial = float("nan")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    @property
    def last_row(self) -> dict[str, float]:
        """The latest row, for a progress display."""
        return self._rows[-1]

    def record(self, state: StepState) -> None:
        """Append the row of `state`."""
        if not self._rows:
            self._mean_initial = mean_stoichiometry(state.x, self._gauge.mass)
        self._rows.append(measure(state, self._gauge, self._mean_initial))

    def curves(self) -> dict[str, NDArray[Any]]:
        """Return the columns: equally long arrays, int64 for counts, float64 for everything else."""
        return {
            name: np.array(
                [row[name] for row in self._rows], dtype=np.int64 if name in names.WHOLE_NUMBERS else np.float64
            )
            for name in names.CURVES
        }


class FieldRecorder:
    """Keeps the stoichiometry at the start, at every output time, at the end of every protocol step and at the end.

    A snapshot is a state it was shown, at that state's own time: nothing is interpolated here. A state is kept when it
    is the first at or after an output time, so that states shown at output times give snapshots exactly there.

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
            start = self._times[0]
            passed = math.floor((now - start) / self._every * (1.0 + _ROUNDING))
            self._due = start + (passed + 1) * self._every
