"""Curves measured over many states of one particle at once: a row's bits do not depend on the rows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.observables import names
from asyncsoc.observables.balance import lithium_balance_error, specific_capacity
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.nickel import nickel_ratios
from asyncsoc.observables.overpotential import split_rows
from asyncsoc.observables.soc import state_of_charge

if TYPE_CHECKING:
    from asyncsoc.stepping.state import StepState

Array = NDArray[np.float64]


def weighted_means(x: Array, weights: Array) -> Array:
    """Return sum(w x) / sum(w) of every row of `x` (k, n), each summed by itself."""
    return np.asarray((x * weights).sum(axis=-1) / weights.sum())


def measure_rows(states: Sequence[StepState], gauge: Gauge, mean_initial: float) -> dict[str, Array]:
    """Return every curve's values (k,) at k states of one particle.

    Parameters
    ----------
    states
        Accepted states of the integrator, all of the particle `gauge` belongs to.
    gauge
        The constants of the particle.
    mean_initial
        Volume-mean stoichiometry at the start, for the lithium balance.
    """
    x = np.array([state.x for state in states], dtype=np.float64)
    nodes = states[0].contact_nodes
    x_contact, weights = np.ascontiguousarray(x[:, nodes]), gauge.weights[nodes]
    mean, contact = weighted_means(x, gauge.mass), weighted_means(x_contact, weights)
    mean_soc, contact_soc = (state_of_charge(value, gauge.x_at_4p2) for value in (mean, contact))
    far = (x[:, gauge.far.nodes] * gauge.far.shares).sum(axis=-1)
    potential, voltage = _column(states, "potential"), _column(states, "voltage")
    charge, side_charge = _column(states, "charge"), _column(states, "side_charge")
    split = split_rows(
        x_contact=x_contact,
        weights=weights,
        current_density=np.array([_through(state) for state in states]),
        film_resistance=np.array([state.film_resistance for state in states]),
        mean_x=mean,
        potential=potential,
        voltage=voltage,
        open_circuit_potential=gauge.open_circuit_potential,
    )
    return {
        names.TIME: _column(states, "time"),
        names.VOLTAGE: voltage,
        names.CURRENT: _column(states, "current"),
        names.MEAN_X: mean,
        names.CONTACT_X: contact,
        names.MINIMUM_X: x.min(axis=-1),
        names.MAXIMUM_X: x.max(axis=-1),
        names.MEAN_SOC: mean_soc,
        names.CONTACT_SOC: contact_soc,
        names.ASYNCHRONY: contact_soc - mean_soc,
        names.NICKEL_CONTACT: nickel_ratios(contact),
        names.NICKEL_FAR: nickel_ratios(far),
        names.POTENTIAL: potential,
        names.CONCENTRATION: split.concentration,
        names.KINETIC: split.kinetic,
        names.FILM: split.film,
        names.SERIES: split.series,
        names.CHARGE: charge,
        names.CAPACITY: specific_capacity(charge, gauge.density, gauge.volume),
        names.STEP: _column(states, "step"),
        names.CYCLE: _column(states, "cycle"),
        names.BALANCE: lithium_balance_error(mean_initial, mean, charge - side_charge, gauge.capacity_constant),
    }


def _through(state: StepState) -> Array:
    """Return what flows through the film at each place [A/m2]: intercalation and the side reaction, if there is one."""
    side = state.side_current_density
    return state.contact_current_density + side if side.size else state.contact_current_density


def _column(states: Sequence[StepState], name: str) -> Array:
    return np.array([getattr(state, name) for state in states], dtype=np.float64)
