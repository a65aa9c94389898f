"""The split of V - U(mean x) of one state in plain numpy: what the compiled one is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Split:
    """Parts of V - U(mean x) [V]."""

    concentration: float
    kinetic: float
    film: float
    series: float


def shares(weights: np.ndarray, current_density: np.ndarray) -> np.ndarray:
    """Return w |i| / sum(w |i|), by area where nothing flows at all."""
    share = weights * np.abs(current_density)
    share = share if share.sum() > 0.0 else weights
    return share / share.sum()


def split_overpotential(
    *,
    x_contact: np.ndarray,
    weights: np.ndarray,
    current_density: np.ndarray,
    film_resistance: np.ndarray | float,
    mean_x: float,
    potential: float,
    voltage: float,
    open_circuit_potential: Callable[[np.ndarray], np.ndarray],
) -> Split:
    """Return <U(x_s)> - U(mean x), <phi_s - U(x_s) - i R>, <i R> and V - phi_s, averaged with the local current."""
    share = shares(weights, current_density)
    surface = float(share @ open_circuit_potential(x_contact))
    film = float(share @ (current_density * film_resistance))
    mean = float(open_circuit_potential(np.array([mean_x]))[0])
    return Split(surface - mean, potential - surface - film, film, voltage - potential)
