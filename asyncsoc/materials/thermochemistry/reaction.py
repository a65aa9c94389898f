"""A balanced reaction of y cathode + (1 - y) electrolyte to equilibrium phases, and its energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from asyncsoc.materials.thermochemistry.competition import RESERVOIR
from asyncsoc.materials.thermochemistry.phases import Phase

Kind = Literal["total", "mutual"]
KINDS: tuple[Kind, ...] = ("total", "mutual")
_SHOWN = 1e-9


@dataclass(frozen=True)
class Amount:
    """Moles of a phase per mole of counted atoms of the mixture."""

    phase: Phase
    moles: float


@dataclass(frozen=True)
class Reaction:
    """What y cathode + (1 - y) electrolyte becomes at equilibrium.

    Attributes
    ----------
    kind
        'total': reactants keep their own (metastable) energies; 'mutual': they are taken at hull energy, so that what
        each would do alone is not counted.
    energy
        Reaction energy [eV/atom] (per atom that is not lithium where the system is open to lithium).
    mixing_fraction
        y: fraction of the counted atoms that the cathode brings.
    reactants, products
        Moles per mole of counted atoms.
    standard_deviation
        Of the energy [eV/atom], first order, from independent errors of all phases and reactants.
    sensitivities
        d(energy)/d(energy of one formula unit) of every phase and reactant [mol per mole of atoms]: exact, because a
        linear program's minimum has its minimizer as the gradient in the costs.
    open_to_lithium
        True where lithium may leave to or come from a reservoir.
    """

    kind: Kind
    energy: float
    mixing_fraction: float
    reactants: tuple[Amount, Amount]
    products: tuple[Amount, ...]
    standard_deviation: float
    sensitivities: Mapping[str, float]
    open_to_lithium: bool = False

    @property
    def molar_fraction(self) -> float:
        """Mole fraction of the cathode's formula units among the reactants' formula units."""
        cathode, electrolyte = self.reactants
        return cathode.moles / (cathode.moles + electrolyte.moles)

    def released(self) -> dict[str, float]:
        """Return, per element, reactants minus products [mol per mole of atoms]: zero but for an open reservoir."""
        balance: dict[str, float] = {}
        for sign, side in ((1.0, self.reactants), (-1.0, self.products)):
            for amount in side:
                for element, count in amount.phase.composition.items():
                    balance[element] = balance.get(element, 0.0) + sign * count * amount.moles
        return balance

    def amounts(self) -> dict[str, float]:
        """Return moles of each product per mole of reactants' formula units, by name."""
        scale = self._per_formula()
        return {amount.phase.name: scale * amount.moles for amount in self.products}

    def lithium_released(self) -> float:
        """Return lithium given to the reservoir per mole of reactants' formula units (negative: taken from it)."""
        return self._per_formula() * self.released().get(RESERVOIR, 0.0) if self.open_to_lithium else 0.0

    def equation(self) -> str:
        """Return the balanced equation for one mole of reactants' formula units."""
        scale, lithium = self._per_formula(), self.lithium_released()
        left = [f"{scale * a.moles:.4g} {a.phase.formula}" for a in self.reactants if a.moles > 0.0]
        right = [f"{scale * a.moles:.4g} {a.phase.formula}" for a in self.products]
        if abs(lithium) > _SHOWN:
            (right if lithium > 0.0 else left).append(f"{abs(lithium):.4g} Li (reservoir)")
        return " + ".join(left) + " -> " + " + ".join(right)

    def _per_formula(self) -> float:
        return 1.0 / sum(amount.moles for amount in self.reactants)
