"""The contact at many moments at once: what a recorder collects, and what is computed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import BOLTZMANN_EV
from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.recorders.interface_resistance import (
    charge_transfer_conductance,
    exchange_current_of,
    interface_resistance,
)
from asyncsoc.recorders.risk_split import LocalState
from asyncsoc.recorders.side_reaction_constants import RecordedParticle

if TYPE_CHECKING:
    from asyncsoc.solver.states import StepState

Array = NDArray[np.float64]

_TINY = float(np.finfo(np.float64).tiny)
_EQUAL_RATES = 1e-6
_HIGHEST = 10.0
"""V; no rate law holds there."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The contact at k moments.

    Attributes
    ----------
    time, since : (k,)
        Since the protocol and since the protocol step began [s].
    step : (k,) int64
        Protocol step.
    rest : (k,) bool
        Whether it is a rest.
    mean_x, temperature, potential, side_charge : (k,)
        Volume-mean stoichiometry, K, V, C.
    x, current, resistance, film, side : (k, c)
        Stoichiometry, intercalation current density [A/m2], film resistance [ohm m2], film thickness [m], side current
        density [A/m2] on the contact nodes; the last two are 0 where nothing is coupled.
    """

    time: Array
    since: Array
    step: NDArray[np.int64]
    rest: NDArray[np.bool_]
    mean_x: Array
    temperature: Array
    potential: Array
    side_charge: Array
    x: Array
    current: Array
    resistance: Array
    film: Array
    side: Array


@dataclass(frozen=True)
class Noted:
    """One state, and what a recorder knows of its protocol step: when it began [s] and whether it is a rest."""

    state: StepState
    began: float
    rest: bool
    x: Array
    mean_x: float


def rows_of(noted: list[Noted], setting: RecordedParticle) -> Rows:
    """Return the states as arrays."""
    states = [one.state for one in noted]
    x = np.array([one.x for one in noted])
    none = np.zeros_like(x)
    return Rows(
        time=np.array([state.time for state in states]),
        since=np.array([one.state.time - one.began for one in noted]),
        step=np.array([state.step for state in states], dtype=np.int64),
        rest=np.array([one.rest for one in noted], dtype=np.bool_),
        mean_x=np.array([one.mean_x for one in noted]),
        temperature=np.array([state.temperature for state in states]),
        potential=np.array([state.potential for state in states]),
        side_charge=np.array([state.side_charge for state in states]),
        x=x,
        current=np.array([state.contact_current_density for state in states]),
        resistance=np.array([state.film_resistance for state in states]),
        film=np.array([state.film_thickness for state in states]) if setting.coupled else none,
        side=np.array([state.side_current_density for state in states]) if setting.coupled else none,
    )


def open_share(film: Array, setting: RecordedParticle) -> Array:
    """Return the share of each place that a film of the thickness given [m] leaves open."""
    return np.maximum(0.0, 1.0 - film / setting.model.film.blocking_thickness)


def local_state(rows: Rows, setting: RecordedParticle) -> LocalState:
    """Return potentials, reaction energy and rate: the integrator's own where it is coupled, else the kernel's.

    The local potential is the particle's less the drop in the film; under uniform flux it is the particle's.
    """
    potential = np.repeat(rows.potential[:, None], rows.x.shape[1], axis=1)
    if not setting.kinetics.imposes_flux:
        # Densities are per contact area; the drop belongs to the part of a place that is open.
        share = np.maximum(open_share(rows.film, setting), _TINY) if setting.coupled else 1.0
        potential -= (rows.current + rows.side) / share * rows.resistance
    if setting.coupled:
        energy, rate = setting.model.table.evaluate(rows.x)[0], rows.side
    else:
        temperature = np.repeat(rows.temperature[:, None], rows.x.shape[1], axis=1)
        # Nothing stops a charge without a voltage limit; beyond what the law is made for it is held.
        found = setting.model.rate(rows.x, np.clip(potential, -_HIGHEST, _HIGHEST), temperature)
        energy, rate = found.energy, found.rate
    equilibrium = np.asarray(setting.open_circuit_potential(rows.x.ravel()), dtype=np.float64).reshape(rows.x.shape)
    return LocalState(equilibrium, potential - equilibrium, energy, rate)


def doses(rows: Rows, rate: Array, setting: RecordedParticle, before: tuple[float, Array, Array] | None) -> Array:
    """Return the charge the reaction has taken per contact area (k, c) [C/m2].

    Parameters
    ----------
    rows, rate
        The moments and their rates.
    setting
        Where the film tells, it is asked.
    before
        Time, rate and dose of the moment before the first; None: there is none.
    """
    if setting.coupled:
        return rows.film / setting.model.film.volume_per_charge
    first = (float(rows.time[0]), rate[0], np.zeros(rate.shape[1])) if before is None else before
    times = np.concatenate(([first[0]], rows.time))
    rates = np.concatenate((first[1][None, :], rate))
    grown = np.diff(times)[:, None] * mean_rate_between(rates[:-1], rates[1:])
    return np.asarray(first[2] + np.cumsum(grown, axis=0))


def mean_rate_between(before: Array, after: Array) -> Array:
    """Return the mean of a quantity that grows exponentially from `before` to `after`, (b - a)/ln(b/a), elementwise.

    Rates follow potentials exponentially: where the potential moves evenly this is exact. Zero at either end: the
    arithmetic mean.
    """
    positive = (before > 0.0) & (after > 0.0)
    logarithm = np.log(np.where(positive, after, 1.0) / np.where(positive, before, 1.0))
    apart = np.abs(logarithm) > _EQUAL_RATES
    quotient = (after - before) / np.where(apart, logarithm, 1.0)
    return np.asarray(np.where(positive & apart, quotient, 0.5 * (before + after)))


def resistances(rows: Rows, local: LocalState, setting: RecordedParticle, law: RateLaw) -> Array:
    """Return the interface's resistance (k,) [ohm]: charge transfer by a rate law and side reaction behind the film."""
    out = np.empty(len(rows.time))
    share = open_share(rows.film, setting) if setting.coupled else np.ones(rows.x.shape)
    for temperature in np.unique(rows.temperature):
        chosen = rows.temperature == temperature
        i0 = exchange_current_of(setting.tables[float(temperature)], rows.x[chosen])
        conductance = charge_transfer_conductance(law, local.overpotential[chosen], i0, temperature=float(temperature))
        if setting.coupled:
            slope = setting.model.effective.transfer_coefficient / (BOLTZMANN_EV * float(temperature))
            conductance = conductance + slope * local.rate[chosen] / np.maximum(share[chosen], _TINY)
        out[chosen] = interface_resistance(
            conductance, rows.resistance[chosen], setting.areas, open_share=share[chosen]
        )
    return out
