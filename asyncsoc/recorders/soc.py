"""Stoichiometry and state of charge: means over the volume and under the contact, and how far they are apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]


def _weighted_mean(x: Array, weights: Array, what: str) -> float:
    total = float(weights.sum())
    if not total > 0.0:
        raise InputError(
            f"a mean over the {what} needs a positive {what}",
            where=what,
            value=total,
            allowed="a sum of weights above 0",
            next_step=f"check the mesh and the contact map: nothing carries {what}",
        )
    return float(weights @ x) / total


def mean_stoichiometry(x: Array, mass: Array) -> float:
    """Return the volume mean of the stoichiometry: sum(m x) / sum(m).

    A cell shows it where all its particles are alike and no side reaction takes part of the current.

    Parameters
    ----------
    x : (n,)
        Stoichiometry at the nodes.
    mass : (n,), m3
        Row sums of the mass matrix.

    Raises
    ------
    InputError
        No volume.
    """
    return _weighted_mean(x, mass, "volume")


def contact_mean(x: Array, weights: Array) -> float:
    """Return the mean under the contact: integral of chi x dA over integral of chi dA.

    Parameters
    ----------
    x : (n,)
        Any nodal quantity.
    weights : (n,), m2
        Contact area lumped to the nodes.

    Raises
    ------
    InputError
        No contact area.
    """
    return _weighted_mean(x, weights, "contact area")


def minimum(x: Array) -> float:
    """Return the smallest nodal stoichiometry."""
    return float(np.min(x))


def maximum(x: Array) -> float:
    """Return the largest nodal stoichiometry."""
    return float(np.max(x))


def state_of_charge(x: Array, charged_x: Array | float) -> Array:
    """Return SOC = (1 - x) / (1 - charged x): 0 when full of lithium, 1 in equilibrium with the charged voltage.

    Parameters
    ----------
    x
        Stoichiometry, any shape.
    charged_x
        Stoichiometry in equilibrium with the cathode's charged voltage (4.2 V against Li for the built-in ones); one
        for all, or for each.

    Raises
    ------
    InputError
        `charged_x` does not lie below 1.
    """
    if not np.all(np.asarray(charged_x) < 1.0):
        raise InputError(
            "the stoichiometry at the charged voltage must lie below 1",
            where="charged_x",
            value=float(np.max(charged_x)),
            allowed="0 <= x < 1",
            next_step="check the open-circuit potential of the material",
        )
    return np.asarray((1.0 - np.asarray(x, dtype=np.float64)) / (1.0 - charged_x))


def asynchrony(x: Array, mass: Array, weights: Array, charged_x: float) -> float:
    """Return contact-mean SOC minus volume-mean SOC: positive while charging under a partial contact.

    Parameters
    ----------
    x, mass, weights
        As in `mean_stoichiometry` and `contact_mean`.
    charged_x
        Stoichiometry in equilibrium with the cathode's charged voltage (4.2 V against Li for the built-in ones).
    """
    means = np.array([contact_mean(x, weights), mean_stoichiometry(x, mass)])
    contact, mean = state_of_charge(means, charged_x)
    return float(contact - mean)
