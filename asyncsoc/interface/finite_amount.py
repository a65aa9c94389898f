"""A finite amount of something that can be oxidised at the contact, consumed once: the side reaction stops with it.

    o = o_free (1 - s/q),   s = d/v the charge that the reaction has taken per contact area,   dd/dt = v o

q is the charge that all of it gives [C/m2 of contact]: the rate is of first order in what is left. The film counts what
is consumed, so that a film of the thickness v q is the last one. With a constant o_free, s = q (1 - exp(-o_free t/q)).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY

Array = NDArray[np.float64]

LEAST_LEFT = 1e-9
"""Share that counts as left where the steps in time have consumed more than there was."""


@kernel
def with_what_is_left(barrier: float, barrier_film: float, particle: Any) -> tuple[float, float]:
    """Return ln of the side reaction's prefactor and its slope by the film thickness, of a finite amount.

    The kernels hand over what holds for a film that slows its own growth, ln[k/(1 + d/L)] and -(1/L)/(1 + d/L), with L
    the thickness of the last film; 1 + d/L follows from the slope, and 1 - d/L takes its place.

    Parameters
    ----------
    barrier, barrier_film
        ln[k/(1 + d/L)] and its derivative by d [1/m].
    particle
        Record with `inverse_limit`, 1/L [1/m].
    """
    thinning = -particle.inverse_limit / barrier_film
    left = max(2.0 - thinning, LEAST_LEFT)
    return barrier + math.log(thinning * left), -particle.inverse_limit / left


def share_left(film: ArrayLike, last_film: float) -> Array:
    """Return the share of the amount that is left at a film thickness [m]; `last_film` is v q [m], infinite: all."""
    return np.maximum(1.0 - np.asarray(film, dtype=np.float64) / last_film, 0.0)


def consumed_charge(free_charge: ArrayLike, available: float) -> Array:
    """Return the charge taken [C/m2] where an unlimited amount would have given `free_charge` [C/m2] meanwhile.

    s = q (1 - exp(-s_free/q)), s_free = integral of o_free dt: exact for any history of o_free, as long as the
    consumption does not change it.

    Raises
    ------
    InputError
        The available charge is not positive.
    """
    if not available > 0.0:
        raise InputError("the available charge is not positive", where="available", value=available, allowed="> 0 C/m2")
    free = np.asarray(free_charge, dtype=np.float64)
    return -available * np.expm1(-free / available) if math.isfinite(available) else free


def amount(charge: float, electrons: float = 1.0) -> float:
    """Return the amount [mol/m2] that gives a charge [C/m2] at `electrons` each."""
    return charge / (electrons * FARADAY)
