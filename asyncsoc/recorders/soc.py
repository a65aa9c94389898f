"""State of charge on the scale of the cathode: 0 when full of lithium, 1 when charged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]


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
