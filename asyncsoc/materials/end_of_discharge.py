"""The assumed end of discharge: where no published fit falls to 2.8 V, a discharge would run into x = 1.

The potential falls by 50 V per unit of x above x = 0.8886, with a smooth bend there: U(x) - 50 V * 0.004 ln(1 +
exp((x - 0.8886)/0.004)) reaches 3.0 V at x = 0.900 and 2.8 V at 0.904, about where the first-cycle loss leaves the
material at the end of a discharge. The steeper the fall, the more a discharge ends with the surface under the contact
at one stoichiometry, and the more the edge of the contact carries: a property of the assumption, not of the material.
A fall no steeper than the end of the discharge needs is therefore taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.listed import limit
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

SLOPE = 50.0
"""V per unit of stoichiometry by which the term falls in the end."""
POSITION = 0.8886
"""Stoichiometry at the middle of the bend."""
WIDTH = 0.004
"""Stoichiometry over which the term bends."""
HIGHEST = 0.915
"""Highest stoichiometry a simulation may then reach."""
WITHIN_VALIDITY = 0.905
"""Stoichiometry below which a discharge to 2.8 V stays."""


def _lowered(potential: Callable[[Array], Array], x: Array) -> Array:
    value: Array = potential(x) - SLOPE * WIDTH * np.logaddexp(0.0, (x - POSITION) / WIDTH)
    return value


def with_end_of_discharge(cathode: Cathode) -> Cathode:
    """Return the cathode with the assumed end-of-discharge term, its window ending at x = 0.915 (about 2.2 V)."""
    term = Parameter(
        "end-of-discharge term",
        f"-{SLOPE:g} * {WIDTH} ln(1 + exp((x - {POSITION})/{WIDTH}))",
        "V",
        ASSUMED,
        True,
        "Added to U(x): 3.0 V at x = 0.900, 2.8 V at 0.904. It stands for the kinetic loss of the first cycle "
        "(that x is about 0.9 at 3 V is known only roughly) and lowers U by 0.2 mV at x = 0.862, 22 mV at 0.88.",
    )
    note = "Set by the assumed end-of-discharge term, which lowers U by 0.78 V at x = 0.904 and 1.32 V at x = 0.915."
    limits = (limit("highest", HIGHEST, note), limit("highest valid", WITHIN_VALIDITY, note))
    replaced = {p.name for p in limits}
    return replace(
        cathode,
        name=f"{cathode.name}-eod",
        title=f"{cathode.title}, with an assumed end of discharge",
        open_circuit_potential=partial(_lowered, cathode.open_circuit_potential),
        window=(cathode.window[0], HIGHEST),
        validity=(cathode.validity[0], WITHIN_VALIDITY),
        equilibrium=cathode,
        parameters=(*(p for p in cathode.parameters if p.name not in replaced), term, *limits),
    )
