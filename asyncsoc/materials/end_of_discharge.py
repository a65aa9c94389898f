"""The assumed end of discharge: no published NCM811 fit falls to 2.8 V, so a discharge would run into x = 1.

The potential U(x) - 0.58 V exp((x - 0.900)/0.006) reaches 3.0 V at x = 0.900 and 2.8 V at 0.9018: about where the
first-cycle loss leaves the material at the end of a discharge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.ncm811 import limit
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

DEPTH = 0.58
"""V by which the term has lowered the potential at `POSITION`."""
POSITION = 0.900
"""Stoichiometry."""
WIDTH = 0.006
"""Stoichiometry over which the term grows by a factor e."""
HIGHEST = 0.905
"""Highest stoichiometry a simulation may then reach."""
WITHIN_VALIDITY = 0.902
"""Stoichiometry below which a discharge to 2.8 V stays."""


def _lowered(potential: Callable[[Array], Array], x: Array) -> Array:
    value: Array = potential(x) - DEPTH * np.exp((x - POSITION) / WIDTH)
    return value


def with_end_of_discharge(cathode: Cathode) -> Cathode:
    """Return the cathode with the assumed end-of-discharge term, its window ending at x = 0.905 (about 2.2 V)."""
    term = Parameter(
        "end-of-discharge term",
        f"-{DEPTH} exp((x - {POSITION})/{WIDTH})",
        "V",
        ASSUMED,
        True,
        "Added to U(x): 3.0 V at x = 0.900, 2.8 V at 0.9018. It stands for the kinetic loss of the first cycle "
        "(that x is about 0.9 at 3 V is known only roughly) and lowers U by 1 mV at x = 0.862, 21 mV at 0.88.",
    )
    note = "Set by the assumed end-of-discharge term: U is 2.77 V at x = 0.902 and 2.24 V at x = 0.905."
    limits = (limit("highest", HIGHEST, note), limit("highest valid", WITHIN_VALIDITY, note))
    replaced = {p.name for p in limits}
    return replace(
        cathode,
        name=f"{cathode.name}-eod",
        title=f"{cathode.title}, with an assumed end of discharge",
        open_circuit_potential=partial(_lowered, cathode.open_circuit_potential),
        window=(cathode.window[0], HIGHEST),
        validity=(cathode.validity[0], WITHIN_VALIDITY),
        parameters=(*(p for p in cathode.parameters if p.name not in replaced), term, *limits),
    )
