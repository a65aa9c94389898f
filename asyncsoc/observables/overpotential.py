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
        <U(x_s)> - U(mean x): the lithium under the contact is not the mean of the particle.
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
    """Split V - U(mean x) of one state, averaged over the contact with the local current as weight.

    Locally phi_s = U(x_s) + kinetic + i R_film with the potential of the electrolyte as zero, so that the parts add up
    to V - U(mean x) whatever the weights are. `rows.measure_rows` does the same with many states at once.

    Parameters
    ----------
    x_contact, current_density, film_resistance : (c,)
        Stoichiometry, current density [A/m2] and film resistance [ohm m2] of the contact nodes.
    weights : (c,)
        Their contact area [m2].
    mean_x
        Volume-mean stoichiometry.
    potential, voltage : V
        Potential of the particle, and of the cell, against Li.
    open_circuit_potential
        U(x) [V].
    """
    share = current_weights(weights, current_density)
    potentials = open_circuit_potential(np.append(x_contact, mean_x))
    surface = float((share * potentials[:-1]).sum())
    film = float((share * current_density * film_resistance).sum())
    return OverpotentialSplit(surface - float(potentials[-1]), potential - surface - film, film, voltage - potential)
