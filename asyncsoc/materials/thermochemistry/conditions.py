"""Enthalpy or Gibbs energy, and at what temperature: which energy of formation a reaction energy is built from.

    G(T) = H(298.15 K) - T [S(298.15 K) - sum n_i S_i(298.15 K)]     relative to the elements, each zero at every T

Heat capacities are left out: products and reactants differ by some 20 J/(mol K), worth 0.04 kJ/mol at 60 degC. Gases
are at 1 bar. The cathode's voltage curve is a Gibbs energy against lithium metal already, so that on its side only the
entropy of LiMO2 enters: those of Li_x MO2 and of lithium metal are in U. An element's entropy cancels in a balanced
reaction it takes no part in itself. Lithium's never does: U was measured against the real metal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.materials.thermochemistry.formula import element_name
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase, PhaseTable

Energy = Literal["enthalpy", "gibbs"]
ENERGIES: tuple[Energy, ...] = ("enthalpy", "gibbs")
STANDARD = 298.15
"""K: of tabulated enthalpies and entropies."""
COLDEST, HOTTEST = 233.15, 363.15
"""K: no element changes its reference state, water is below its boiling point and heat capacities matter little."""
_FREEZING = 273.15
_EV_PER_J = KJ_PER_MOL / 1000.0


@dataclass(frozen=True)
class Conditions:
    """Which energy, and at what temperature.

    Attributes
    ----------
    energy
        'enthalpy' or 'gibbs'.
    temperature
        K. Enthalpies are those of 298.15 K whatever it is.

    Raises
    ------
    InputError
        Unknown energy, or a temperature outside -40 to 90 degC.
    """

    energy: Energy = "enthalpy"
    temperature: float = STANDARD

    def __post_init__(self) -> None:
        if self.energy not in ENERGIES:
            raise unknown_name("energy", self.energy, ENERGIES, where="energy")
        if not (math.isfinite(self.temperature) and COLDEST <= self.temperature <= HOTTEST):
            raise InputError(
                "the temperature of the thermochemistry is out of range",
                where="temperature",
                value=f"{self.temperature:g} K",
                allowed=f"{COLDEST:g} to {HOTTEST:g} K (-40 to 90 degC)",
                next_step="entropies are those of 25 degC: use enthalpies, or a temperature nearer to it",
            )

    @property
    def label(self) -> str:
        """The conditions in words."""
        if self.energy == "enthalpy":
            return "enthalpy"
        return f"Gibbs energy at {self.temperature - _FREEZING:.4g} degC"

    @property
    def note(self) -> str:
        """What the reaction energies rest on, in a sentence."""
        if self.energy == "enthalpy":
            return "enthalpies of 25 degC: entropy is left out, which decides some conclusions (asyncsoc react)"
        return "the entropies of both reactants and of some phases are estimated (asyncsoc react --energy gibbs)"

    @property
    def short(self) -> str:
        """The conditions in a word or two."""
        return "enthalpy" if self.energy == "enthalpy" else f"Gibbs {self.temperature - _FREEZING:.4g} degC"

    @property
    def plain(self) -> Conditions:
        """The same without a temperature that plays no part: enthalpies are those of 25 degC."""
        return ENTHALPY if self.energy == "enthalpy" else self

    @property
    def other(self) -> Conditions:
        """The other energy at the same temperature."""
        return replace(self, energy="enthalpy" if self.energy == "gibbs" else "gibbs")

    def table(self, table: PhaseTable) -> PhaseTable:
        """Return a table with the energies of these conditions; raises InputError where an entropy is missing."""
        if self.energy == "enthalpy":
            return table
        phases = tuple(self.phase(phase, table.element_entropies, where=table.origin) for phase in table.phases)
        return replace(table, temperature=self.temperature, phases=phases)

    def phase(self, phase: Phase, elements: Mapping[str, float] | None = None, *, where: str | None = None) -> Phase:
        """Return a phase with the energy of these conditions.

        Parameters
        ----------
        phase
            Its energy is the enthalpy of formation.
        elements
            Standard entropies of the elements' reference states, by formula [J/(mol K)]; the package's by default.
        where
            The table, for the message.

        Raises
        ------
        InputError
            The entropy of the phase or of an element is not known, or the phase is not one of 298.15 K.
        """
        if self.energy == "enthalpy":
            return phase
        if phase.entropy is None:
            raise _missing(phase.name, where)
        if not math.isclose(phase.temperature, STANDARD, abs_tol=0.01):
            raise InputError(
                f"{phase.name} has another temperature than Gibbs energies are made from",
                where=where or phase.name,
                value=phase.temperature,
                allowed=f"{STANDARD} K",
                next_step="give enthalpy and entropy at 298.15 K",
            )
        formed = phase.entropy - _of_elements(phase, elements or _element_entropies(), where)
        return replace(
            phase,
            energy=phase.energy - self.temperature * formed * _EV_PER_J,
            uncertainty=math.hypot(phase.uncertainty, self.temperature * phase.entropy_uncertainty * _EV_PER_J),
            temperature=self.temperature,
        )


ENTHALPY = Conditions()


def _element_entropies() -> Mapping[str, float]:
    from asyncsoc.materials.thermochemistry.loading import default_phase_table

    return default_phase_table().element_entropies


def _of_elements(phase: Phase, elements: Mapping[str, float], where: str | None) -> float:
    total = 0.0
    for element, amount in phase.composition.items():
        name = element_name(element)
        if name not in elements:
            raise _missing(name, where)
        total += amount * elements[name] / (2.0 if name != element else 1.0)
    return total


def _missing(name: str, where: str | None) -> InputError:
    return InputError(
        f"the entropy of {name} is not known: it has no Gibbs energy",
        where=where or name,
        allowed="a table with entropy_J_per_mol_K of every phase",
        next_step="add the entropy, or use enthalpies",
    )
