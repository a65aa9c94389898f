"""Phases, reactants and the table of competing phases: frozen data, energies of formation in eV per formula unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.thermochemistry.formula import Composition, atoms, element_name

KJ_PER_MOL = 1000.0 / FARADAY
"""1 kJ/mol in eV per formula unit."""


@dataclass(frozen=True)
class Phase:
    """A phase or reactant; energies in eV per formula unit, relative to the elements in their reference states.

    Attributes
    ----------
    name
        What messages, products and sensitivities call it; unique in a table.
    formula, composition
        Text, and amount of each element per formula unit.
    energy
        Energy of formation (an enthalpy, where its table says so) [eV per formula unit].
    uncertainty
        One standard deviation [eV per formula unit].
    temperature
        Temperature of the value [K].
    state
        's', 'l', 'g' or ''.
    gibbs
        Gibbs energy of formation [eV per formula unit], where known.
    entropy
        Standard entropy [J/(mol K)], where known.
    source, uncertainty_source, assumed, note
        Where the numbers are from; whether the value is an assumption; what to know about it.
    entropy_uncertainty
        One standard deviation of the entropy [J/(mol K)].
    entropy_source, entropy_estimated
        Where the entropy is from; whether it is an estimate and not tabulated.
    """

    name: str
    formula: str
    composition: Composition
    energy: float
    uncertainty: float
    temperature: float
    source: str
    assumed: bool = False
    state: str = ""
    gibbs: float | None = None
    entropy: float | None = None
    uncertainty_source: str = ""
    note: str = ""
    entropy_uncertainty: float = 0.0
    entropy_source: str = ""
    entropy_estimated: bool = False

    @property
    def atoms(self) -> float:
        """Number of atoms in one formula unit."""
        return atoms(self.composition)

    @property
    def energy_per_atom(self) -> float:
        """Energy of formation in eV/atom."""
        return self.energy / self.atoms


def reference(element: str, temperature: float) -> Phase:
    """Return the reference state of an element: energy zero by definition."""
    name = element_name(element)
    composition = {element: 2.0 if name.endswith("2") else 1.0}
    return Phase(name, name, composition, 0.0, 0.0, temperature, "reference state: zero by definition")


@dataclass(frozen=True)
class PhaseTable:
    """The phases that may form, all at one temperature.

    Attributes
    ----------
    title
        What the table is.
    temperature
        Temperature of all its values [K].
    phases
        The phases; reference states of the elements need not be listed.
    origin
        The file or package data it was read from.
    element_entropies
        Standard entropy of the elements' reference states, by their formula [J/(mol K)]; empty: the package's.
    """

    title: str
    temperature: float
    phases: tuple[Phase, ...]
    origin: str
    element_entropies: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the phases, in the order of the table."""
        return tuple(phase.name for phase in self.phases)

    @property
    def elements(self) -> frozenset[str]:
        """Every element that occurs in a phase of the table."""
        return frozenset(element for phase in self.phases for element in phase.composition)

    @property
    def estimated(self) -> frozenset[str]:
        """Names of the phases whose entropy is an estimate."""
        return frozenset(phase.name for phase in self.phases if phase.entropy_estimated)

    def phase(self, name: str) -> Phase:
        """Return the phase called `name`; raises InputError naming the nearest one."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise unknown_name("phase", name, self.names, where=self.origin)

    def without(self, *names: str) -> PhaseTable:
        """Return the table less the phases named (each must be there)."""
        left_out = {self.phase(name).name for name in names}
        return replace(self, phases=tuple(phase for phase in self.phases if phase.name not in left_out))

    def within(self, elements: Iterable[str]) -> tuple[Phase, ...]:
        """Return the phases made of `elements` alone, with the reference state of each element added where missing."""
        space = frozenset(elements)
        inside = tuple(phase for phase in self.phases if space.issuperset(phase.composition))
        listed = {phase.formula for phase in inside}
        references = (reference(element, self.temperature) for element in sorted(space))
        return inside + tuple(phase for phase in references if phase.formula not in listed)


def require_coverage(table: PhaseTable, reactants: Iterable[Phase]) -> None:
    """Raise InputError where a reactant has an element in no phase of the table: nothing could then form from it."""
    for reactant in reactants:
        for element in reactant.composition:
            if element not in table.elements:
                raise InputError(
                    f"no phase of the table contains {element}",
                    where=table.origin,
                    value=reactant.formula,
                    allowed=", ".join(sorted(table.elements)),
                    next_step=f"add the phases of {element}, or use the table that comes with asyncsoc",
                )
