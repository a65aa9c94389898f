"""Where the voltage goes: concentration, kinetic, film and series parts that add up to V - U(mean x)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class OverpotentialSplit:
    """Parts of V - U(mean x) [V]; positive on charge.

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

    concentration: float
    kinetic: float
    film: float
    series: float

    @property
    def total(self) -> float:
        """Sum of the parts, V - U(mean x) [V]."""
        return self.concentration + self.kinetic + self.film + self.series


def current_weights(weights: Array, current_density: Array) -> Array:
    """Return the share of each contact node in the exchange, w |i| / sum(w |i|).

    While all of the contact carries current of one sign this is the current-weighted mean. At rest the local
    currents cancel and only their magnitudes are a measure; where nothing flows at all the area weights are used.

    Parameters
    ----------
    weights : m2
        Contact area of the nodes.
    current_density : A/m2
        Local current density at the same nodes.
    """
    share = weights * np.abs(current_density)
    total = share.sum()
    if not total > 0.0:
        share, total = weights, weights.sum()
    return np.asarray(share / total)


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
) -> OverpotentialSplit:
    """Split V - U(mean x), averaged over the contact with the local current as weight.

    Locally phi_s = U(x_s) + kinetic + i R_film with the potential of the electrolyte as zero, so that the parts add up
    to V - U(mean x) whatever the weights are.

    Parameters
    ----------
    x_contact, weights, current_density, film_resistance : (k,)
        Stoichiometry, contact area [m2], current density [A/m2] and film resistance [ohm m2] of the contact nodes.
    mean_x
        Volume-mean stoichiometry.
    potential, voltage : V
        Potential of the particle, and of the cell, against Li.
    open_circuit_potential
        U(x) [V].
    """
    share = current_weights(weights, current_density)
    potentials = open_circuit_potential(np.append(x_contact, mean_x))
    surface = float(share @ potentials[:-1])
    film = float(share @ (current_density * film_resistance))
    return OverpotentialSplit(
        concentration=surface - float(potentials[-1]),
        kinetic=potential - surface - film,
        film=film,
        series=voltage - potential,
    )
