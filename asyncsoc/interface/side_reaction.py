"""The electrolyte's side reaction in one object: reaction energy, rate constants, driving force, film."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.decomposition import Decomposition, decomposition
from asyncsoc.interface.decomposition_constants import DecompositionConstants, DrivingForce
from asyncsoc.interface.film import FilmConstants
from asyncsoc.interface.finite_amount import share_left
from asyncsoc.interface.side_reaction_constants import CONSTANTS
from asyncsoc.materials.thermochemistry.table import ReactionEnergyTable
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]

KEYS: Mapping[str, str] = MappingProxyType({key: constant.title for key, constant in CONSTANTS.items()})
"""Key of a constant in a case file -> its name in a list of parameters."""


@dataclass(frozen=True, eq=False)
class SideReactionModel:
    """What decomposes, how fast, and what it leaves behind.

    Attributes
    ----------
    reactant
        Name of the electrolyte's reactant.
    table
        Its reaction energy with the cathode, total or mutual.
    constants
        Of the rate, before the driving force is chosen.
    driving_force
        "potential", "reaction-energy" or "both". Both contain U(x).
    film
        Constants of the film.
    fitted
        Constants that were fitted, by key, with what they were fitted to.
    """

    reactant: str
    table: ReactionEnergyTable
    constants: DecompositionConstants
    driving_force: DrivingForce = "both"
    film: FilmConstants = field(default_factory=FilmConstants)
    fitted: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def effective(self) -> DecompositionConstants:
        """The constants with the driving force that was not chosen switched off."""
        return self.constants.driven_by(self.driving_force)

    @property
    def name(self) -> str:
        """Reactant, energy and driving force in words."""
        return f"{self.reactant}, {self.table.kind} reaction energy, driven by {self.driving_force}"

    def rate(
        self, x: Array, potential: Array | float, temperature: Array | float, film: Array | None = None
    ) -> Decomposition:
        """Return reaction energy, its slope and the rate [A/m2] at local potential [V], by the compiled kernel.

        With a film [m] where one slows its own growth, or counts a finite amount that is consumed.

        Raises
        ------
        InputError
            A value that is not finite or out of range.
        """
        found = decomposition(self.table, self.effective, x, potential, temperature, film=film)
        if film is None or not math.isfinite(self.film.available_charge):
            return found
        return replace(found, rate=found.rate * share_left(film, self.film.last_film))

    def driven_by(self, force: DrivingForce) -> SideReactionModel:
        """Return the model under another driving force; raises InputError for an unknown one."""
        self.constants.driven_by(force)
        return replace(self, driving_force=force)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every constant with unit, and whether it is assumed or was fitted."""
        marked = {KEYS[key]: source for key, source in self.fitted.items() if key in KEYS}
        rows = (*self.constants.parameters(), *self.film.parameters())
        return tuple(_as_fitted(row, marked[row.name]) if row.name in marked else row for row in rows)


def _as_fitted(row: Parameter, source: str) -> Parameter:
    note = "A fit of this model to these data, not a measurement of the constant."
    return replace(row, source=f"fitted to {source}", assumed=False, note=note)
