"""Where the voltage goes: concentration, kinetic, film and series parts that add up to V - U(mean x)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OverpotentialSplit[T: (float, Array)]:
    """Parts of V - U(mean x) [V], of one state or of many; positive on charge.

    Attributes
    ----------
    concentration
        <U(x_s)> - U(mean x): the lithium under the contact is not the lithium the cell shows.
    kinetic
        <phi_s - U(x_s) - i R_film>: charge transfer.
    film
        <i R_film>.
    series
        V - phi_s: separator and anode.
    """

    concentration: T
    kinetic: T
    film: T
    series: T

    @property
    def total(self) -> T:
        """Sum of the parts, V - U(mean x) [V]."""
        return self.concentration + self.kinetic + self.film + self.series


def current_weights(weights: Array, current_density: Array) -> Array:
    """Return the share of each contact node in the exchange, w |i| / sum(w |i|).

    While all of the contact carries current of one sign this is the current-weighted mean. At rest the local
    currents cancel and only their magnitudes are a measure; where nothing flows at all the area weights are used.

    Parameters
    ----------
    weights : (c,), m2
        Contact area of the nodes.
    current_density : (..., c), A/m2
        Local current density at the same nodes, of any number of states.
    """
    share = weights * np.abs(current_density)
    share = np.where(share.sum(axis=-1, keepdims=True) > 0.0, share, weights)
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def split_rows(
    *,
    x_contact: Array,
    weights: Array,
    current_density: Array,
    film_resistance: Array,
    mean_x: Array,
    potential: Array,
    voltage: Array,
    open_circuit_potential: Callable[[Array], Array],
) -> OverpotentialSplit[Array]:
    """Split V - U(mean x) of k states, averaged over the contact with the local current as weight.

    Locally phi_s = U(x_s) + kinetic + i R_film with the potential of the electrolyte as zero, so that the parts add up
    to V - U(mean x) whatever the weights are.

    Parameters
    ----------
    x_contact, current_density, film_resistance : (k, c)
        Stoichiometry, current density [A/m2] and film resistance [ohm m2] of the contact nodes.
    weights : (c,)
        Their contact area [m2].
    mean_x : (k,)
        Volume-mean stoichiometry.
    potential, voltage : (k,), V
        Potential of the particle, and of the cell, against Li.
    open_circuit_potential
        U(x) [V].
    """
    share = current_weights(weights, current_density)
    potentials = open_circuit_potential(np.append(x_contact.ravel(), mean_x))
    surface = (share * potentials[: x_contact.size].reshape(x_contact.shape)).sum(axis=-1)
    film = (share * current_density * film_resistance).sum(axis=-1)
    return OverpotentialSplit(
        concentration=surface - potentials[x_contact.size :],
        kinetic=potential - surface - film,
        film=film,
        series=voltage - potential,
    )


def split_overpotential(
    *,
    x_contact: Array,
    weights: Array,
    current_density: Array,
    film_resistance: Array | float,
    mean_x: float,
    potential: float,
    voltage: float,
    open_circuit_potential: Callable[[Array], Array],
) -> OverpotentialSplit[float]:
    """Split V - U(mean x) of one state: `split_rows` with numbers for the state's own.

    Parameters
    ----------
    x_contact, weights, current_density, film_resistance : (c,)
        As in `split_rows`.
    mean_x, potential, voltage, open_circuit_potential
        As in `split_rows`.
    """
    row = split_rows(
        x_contact=x_contact[np.newaxis],
        weights=weights,
        current_density=current_density[np.newaxis],
        film_resistance=np.broadcast_to(film_resistance, (1, len(weights))),
        mean_x=np.array([mean_x]),
        potential=np.array([potential]),
        voltage=np.array([voltage]),
        open_circuit_potential=open_circuit_potential,
    )
    return OverpotentialSplit(
        float(row.concentration[0]), float(row.kinetic[0]), float(row.film[0]), float(row.series[0])
    )
