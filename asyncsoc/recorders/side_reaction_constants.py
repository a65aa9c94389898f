"""What a recorder of rates must know about the particle it watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.kinetics import Kinetics
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.materials.tables import MaterialTable

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecordedParticle:
    """A particle, its side reaction and what counts as high risk.

    Attributes
    ----------
    model
        The side reaction.
    coupled
        Whether it takes part of the current; else it is only reported.
    mass : (n,)
        Lumped volumes [m3].
    nodes : (c,) int64
        Contact nodes, ascending.
    areas : (c,)
        Contact area on them [m2].
    open_circuit_potential
        U(x) [V].
    tables
        Material table by temperature [K].
    kinetics
        Rate law of intercalation with its parameters, or a uniform flux.
    threshold
        Risk above which contact counts as endangered.
    """

    model: SideReactionModel
    coupled: bool
    mass: Array
    nodes: NDArray[np.int64]
    areas: Array
    open_circuit_potential: Callable[[Array], Array]
    tables: Mapping[float, MaterialTable]
    kinetics: Kinetics
    threshold: float = 10.0
