"""Constants of the decomposition rate: anodic Tafel in the local potential, its barrier lowered by the reaction energy.

    i_ox = i_ox0 exp[a F (phi - U_ox)/(R T)] exp[-beta n_at (E(x) - E_ref)/(kB T)] / (1 + d/d_c)

The first factor is Tafel's law, the second Bell, Evans and Polanyi's relation in Eyring's rate. Both contain U(x),
because E(x) does: they are two readings of one driving force unless one of them is switched off (`driving_force`).
No source gives these constants for NCM811 and a polymer: all are assumed or fitted, and marked so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.interface.constants import (
    Constant,
    FitRange,
    check_constants,
    declared,
    inverse,
    listed_constants,
)

if TYPE_CHECKING:
    from asyncsoc.materials.thermochemistry.table import ReactionEnergyTable
    from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]
DrivingForce = Literal["potential", "reaction-energy", "both"]
DRIVING_FORCES: tuple[DrivingForce, ...] = ("potential", "reaction-energy", "both")


@dataclass(frozen=True)
class DecompositionConstants:
    """Constants of the oxidation of an electrolyte at the cathode; every one is assumed unless fitted.

    Attributes
    ----------
    exchange_current_density
        i_ox0: rate at U_ox and E_ref without film [A/m2].
    transfer_coefficient
        a; 0 leaves the potential out.
    onset_potential
        U_ox [V against Li].
    barrier_coefficient
        beta n_at [atoms]: eV of barrier per eV/atom of reaction energy; 0 leaves the reaction energy out.
    reference_energy
        E_ref [eV/atom].
    limiting_thickness
        d_c [m] at which a film halves the rate; infinite: it does not.
    """

    exchange_current_density: float = declared(
        1e-6,
        Constant(
            key="exchange_current_density",
            title="exchange current density of the side reaction",
            unit="A/m2",
            listed_unit="A/m2",
            low=0.0,
            high=1e6,
            note="A lumped constant to be fitted: no film kinetics of a polymer on NCM811 was found.",
            meaning="i_ox0; 0 switches the reaction off within the coupled path",
            fit=FitRange(1e-12, 1e2, logarithmic=True),
            in_kernel=("scale", float),
        ),
    )
    transfer_coefficient: float = declared(
        0.5,
        Constant(
            key="transfer_coefficient",
            title="transfer coefficient of the side reaction",
            unit="",
            listed_unit="1",
            low=0.0,
            high=2.0,
            note="Symmetric barrier.",
            meaning="a",
            fit=FitRange(0.05, 1.5),
            in_kernel=("side_alpha", float),
        ),
    )
    onset_potential: float = declared(
        3.8,
        Constant(
            key="onset_potential",
            title="onset potential",
            unit="V",
            listed_unit="V against Li",
            low=0.0,
            high=6.0,
            bounds="(]",
            note="Reports range from 3.6 to 4.6 V: PEO on calendered NCM811 3.8 V, terminal hydroxyl below 4 V, on LCO "
            "4.2 V.",
            meaning="U_ox",
            fit=FitRange(3.4, 4.8),
        ),
    )
    barrier_coefficient: float = declared(
        5.0,
        Constant(
            key="barrier_coefficient",
            title="barrier coefficient",
            unit="",
            listed_unit="atoms",
            low=0.0,
            high=100.0,
            note="beta times the number of atoms that react together. A fit parameter, not a prediction: with LiTFSI "
            "0.5 (one atom) gives a factor 1.3 between x = 0.557 and 0.438, 16 (the whole salt) about 3000. Where a "
            "case gives none, it is where both driving forces give one factor there under total energies.",
            meaning="b, in atoms; by default where both driving forces give one factor from x = 0.557 to 0.438",
            optional=True,
            fit=FitRange(0.0, 40.0),
            in_kernel=("beta", float),
        ),
    )
    reference_energy: float = declared(
        -0.64,
        Constant(
            key="reference_energy",
            title="reference reaction energy",
            unit="",
            listed_unit="eV/atom",
            low=-10.0,
            high=0.0,
            note="The reactant's own reaction energy at one x (0.63 where a case names none): i_ox0 is the rate there.",
            meaning="E_ref itself, eV/atom, in place of reference_stoichiometry",
            optional=True,
            fit=FitRange(-1.0, -0.1),
        ),
    )
    limiting_thickness: float = declared(
        math.inf,
        Constant(
            key="limiting_thickness",
            title="limiting film thickness",
            unit="nm",
            listed_unit="m",
            low=1e-11,
            high=1e-4,
            may_be_infinite=True,
            note="Infinite: growth is linear in time. A finite value makes it parabolic beyond that thickness.",
            meaning="d_c; by default a film does not slow its own growth",
            optional=True,
            fit=FitRange(1e-10, 1e-6, logarithmic=True),
            in_kernel=("inverse_limit", inverse),
        ),
    )

    def __post_init__(self) -> None:
        check_constants(self)

    @property
    def shift(self) -> float:
        """Return beta E_ref - a U_ox [eV]."""
        return self.barrier_coefficient * self.reference_energy - self.transfer_coefficient * self.onset_potential

    def driven_by(self, force: DrivingForce) -> DecompositionConstants:
        """Return the constants with only the potential, only the reaction energy, or both driving the rate."""
        if force not in DRIVING_FORCES:
            raise unknown_name("driving force", force, DRIVING_FORCES, where="driving_force")
        if force == "potential":
            return replace(self, barrier_coefficient=0.0)
        return replace(self, transfer_coefficient=0.0) if force == "reaction-energy" else self

    def referenced_to(self, table: ReactionEnergyTable, x: float) -> DecompositionConstants:
        """Return the constants with E_ref = E(x) of a table: their scale is then the rate at U_ox and x.

        The barrier then compares lithium contents within one electrolyte. With one E_ref for all, the 0.18 eV/atom
        between LiTFSI and ECA would count as a factor of 1e13, which no measurement supports. InputError outside the
        table.
        """
        energy, _ = table.evaluate(np.array([x], dtype=np.float64))
        return replace(self, reference_energy=min(float(energy[0]), 0.0))

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every constant with unit, mark and what is known about it."""
        return listed_constants(self)


def matching_barrier_coefficient(
    table: ReactionEnergyTable,
    open_circuit_potential: Callable[[Array], Array],
    *,
    transfer_coefficient: float = 0.5,
    between: tuple[float, float] = (0.438, 0.557),
) -> float:
    """Return the beta n_at for which Bell-Evans-Polanyi and Tafel give one factor between two stoichiometries.

    beta n_at = a [U(x1) - U(x2)] / [E(x2) - E(x1)], x1 < x2: those of Ni4+/Ni3+ 1.37 and 0.75 by default.

    Raises
    ------
    InputError
        The reaction energy does not rise between them (LiTFSI's mutual one as enthalpy): no coefficient can match.
    """
    ends = np.array(between, dtype=np.float64)
    energy, _ = table.evaluate(ends)
    volts = np.asarray(open_circuit_potential(ends), dtype=np.float64)
    rise = float(energy[1] - energy[0])
    if not rise > 0.0:
        raise InputError(
            "the reaction energy does not rise with x here: no barrier coefficient matches Tafel's law",
            where=f"{table.kind} reaction energy of {table.electrolyte}, x = {between[0]:g} to {between[1]:g}",
            value=rise,
            allowed="above 0 eV/atom",
            next_step="use total reaction energies, or choose side_reaction.barrier_coefficient yourself",
        )
    return transfer_coefficient * float(volts[0] - volts[1]) / rise
