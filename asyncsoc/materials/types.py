"""What a parameter set is made of: sourced parameters, a cathode, an electrolyte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.valence import ValenceModel

if TYPE_CHECKING:
    from asyncsoc.materials.thermochemistry.phases import Phase

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One parameter as a user sees it: value or formula, unit, source and whether it is an assumption."""

    name: str
    value: float | str
    unit: str
    source: str
    assumed: bool
    note: str = ""


@dataclass(frozen=True)
class Cathode:
    """A cathode material; x is the stoichiometry of lithium in its formula unit, temperatures are in K.

    All that depends on the cathode is here: nothing else in the package names one. What a set leaves out is absent
    from its runs.

    Attributes
    ----------
    name, title
        What a case calls the set, and one line about it.
    references
        The publications its values are from.
    formula
        Of the fully lithiated material, 'LiCoO2'.
    open_circuit_potential
        U(x) in V against Li; falls with x over `window`.
    diffusivity
        D(x, T) in m2/s.
    exchange_current_density
        i0(x, T) in A/m2 as its source measured it (in a liquid electrolyte).
    maximum_concentration
        c_max in mol/m3.
    density, molar_mass
        kg/m3 and kg/mol of the fully lithiated material.
    window
        (lowest, highest) stoichiometry a simulation may reach: an ordinary end of a step.
    validity
        (lowest, highest) stoichiometry over which the source's open-circuit potential holds: leaving it is reported.
    parameters
        Every parameter with value, unit, source and mark.
    charged_voltage
        V against Li at which the state of charge is 1, and to which the theoretical capacity is counted.
    valence
        Redox element and charge balance. None: its runs have no curves, fields and maps of oxidation states.
    lithiated
        Returns the fully lithiated material as a phase with its energy of formation. None: reaction energies with it
        are not known, and a side reaction needs energies of the case's own.
    equilibrium
        The same set without what is assumed of the end of a discharge, where U(x) contains such a term. The term is a
        kinetic loss: reaction energies are built on U(x) without it.
    entropy
        dU/dT(x) in V/K: U at another temperature is U(x) + (T - T_ref) dU/dT. None: U is the same at every temperature.
    reference_temperature
        T_ref [K], at which `open_circuit_potential` and `branches` hold.
    branches
        U(x) on charge and on discharge [V against Li], where the potential has a hysteresis; `open_circuit_potential`
        is then the potential between them that SOC, the theoretical capacity and reaction energies are counted on.
        Which one holds: `materials.potentials`.
    """

    name: str
    title: str
    references: tuple[str, ...]
    formula: str
    open_circuit_potential: Callable[[Array], Array]
    diffusivity: Callable[[Array, float], Array]
    exchange_current_density: Callable[[Array, float], Array]
    maximum_concentration: float
    density: float
    molar_mass: float
    window: tuple[float, float]
    validity: tuple[float, float]
    parameters: tuple[Parameter, ...]
    charged_voltage: float = 4.2
    valence: ValenceModel | None = None
    lithiated: Callable[[], Phase] | None = None
    equilibrium: Cathode | None = None
    entropy: Callable[[Array], Array] | None = None
    reference_temperature: float = 298.15
    branches: tuple[Callable[[Array], Array], Callable[[Array], Array]] | None = None


@dataclass(frozen=True)
class ElectrolyteParameters:
    """The parameter set of an electrolyte beside the cathode.

    Attributes
    ----------
    name, title, source
        What a case calls the set, one line about it, and where its values are from.
    exchange_current_density
        i0(x, T) in A/m2 of its interface with a cathode; None takes the cathode's own.
    conductivity
        kappa(T) in S/m.
    conductivity_range
        (lowest, highest) temperature [K] at which that conductivity was measured: a run beyond it is warned of. None
        where the source says nothing about the temperature.
    separator_thickness
        m, for the series drop.
    areal_capacity
        A h per m2 of electrode: scales the particle's current to the electrode's for the series drop.
    stated_for
        Formula of the cathode that `exchange_current_density` is stated for: a run with another one is warned of. None
        where it is the cathode's own.
    transference_number
        Of the cation. Kept and shown; the series drop of a single particle does not use it. None where it is not given.
    """

    name: str
    title: str
    source: str
    exchange_current_density: Callable[[Array, float], Array] | None
    conductivity: Callable[[float], float]
    separator_thickness: float
    areal_capacity: float
    transfer_coefficient: float
    parameters: tuple[Parameter, ...]
    conductivity_range: tuple[float, float] | None = None
    stated_for: str | None = None
    transference_number: float | None = None
