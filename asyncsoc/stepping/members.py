"""A member of a batch: one particle with its contact, material, kinetics and protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.kinetics.tables import MaterialTable

Method = Literal["rodas5p", "rodas4p2"]


@dataclass(frozen=True, eq=False)
class Member:
    """One particle to integrate; several on one mesh make a batch.

    Attributes
    ----------
    x : (n,)
        Initial stoichiometry, mesh node order.
    weights : (n,)
        Contact area per node [m2], zero off the contact.
    film_resistance
        R_film [ohm m2], uniform over the contact.
    segments
        The protocol.
    tables
        Material table for each temperature of the protocol [K].
    kinetics
        Code of `kernels.rates`.
    transfer_coefficient
        Cathodic transfer coefficient alpha.
    maximum_concentration
        c_max [mol/m3].
    tolerance
        Error allowed per step, in stoichiometry.
    """

    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    film_resistance: float
    segments: tuple[Segment, ...]
    tables: dict[float, MaterialTable]
    kinetics: int
    transfer_coefficient: float
    maximum_concentration: float
    tolerance: float
