"""Reaction energies against x for the rows P9 and P10."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.curve import ReactionCurve, reaction_curve
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.reaction import KINDS

X = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25])
UNDER = (ENTHALPY, Conditions("gibbs", 333.15))
NO_PARTICLE = "D, i0, f and R do not enter a reaction energy."

Array = NDArray[np.float64]


def curves(name: str, x: Array = X) -> dict[tuple[str, str], ReactionCurve]:
    """Return the curves under total and mutual energies, as enthalpies and as Gibbs energies at 60 degC."""
    host = named_host("ncm811")
    return {
        (kind, under.energy): reaction_curve(host, reactant(name), x, kind=kind, conditions=under)
        for kind in KINDS
        for under in UNDER
    }


def falls(curve: ReactionCurve) -> bool:
    """Return whether the energy falls with every step of x by more than 1 meV/atom."""
    return bool((np.diff(curve.energy) < -1e-3).all())


def numbers(name: str, found: dict[tuple[str, str], ReactionCurve]) -> dict[str, float]:
    """Return some energies by name."""
    return {
        f"{name}, {kind}, {energy}, x = {curve.x[place]:g} [eV/atom]": float(curve.energy[place])
        for (kind, energy), curve in found.items()
        for place in (0, len(curve.x) // 2, len(curve.x) - 1)
    }
