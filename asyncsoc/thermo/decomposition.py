"""From reaction energy to rate: anodic Tafel in the local potential, its barrier lowered by the reaction energy.

    i_ox = i_ox0 exp[a F (phi - U_ox)/(R T)] exp[-beta n_at (E(x) - E_ref)/(kB T)] / (1 + d/d_c)

The first factor is Tafel's law, the second Bell, Evans and Polanyi's relation in Eyring's rate. Both contain U(x),
because E(x) does: they are two readings of one driving force unless one of them is switched off (`driving_force`).
No source gives these constants for NCM811 and a polymer: all are assumed or fitted, and marked so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError, unknown_name
from asyncsoc.kernels.reaction import decomposition_field
from asyncsoc.materials.types import Parameter
from asyncsoc.thermo.table import ReactionEnergyTable
from asyncsoc.units import BOLTZMANN_EV

Array = NDArray[np.float64]
DrivingForce = Literal["potential", "reaction-energy", "both"]
DRIVING_FORCES: tuple[DrivingForce, ...] = ("potential", "reaction-energy", "both")
_ASSUMED = "assumed"
_NO_FILM = np.empty(0)


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

    exchange_current_density: float = 1e-3
    transfer_coefficient: float = 0.5
    onset_potential: float = 3.8
    barrier_coefficient: float = 5.0
    reference_energy: float = -0.64
    limiting_thickness: float = math.inf

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("exchange_current_density", 0.0, 1e6, "A/m2"),
            ("transfer_coefficient", 0.0, 2.0, ""),
            ("onset_potential", 0.0, 10.0, "V"),
            ("barrier_coefficient", 0.0, 100.0, "atoms"),
            ("reference_energy", -10.0, 0.0, "eV/atom"),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(
                    f"{name} is out of range", where=name, value=value, allowed=f"{low:g} to {high:g} {unit}".strip()
                )
        if not self.limiting_thickness > 0.0:
            raise InputError(
                "limiting_thickness is out of range",
                where="limiting_thickness",
                value=self.limiting_thickness,
                allowed="above 0 m; infinite where a film does not slow the reaction",
            )

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

    def parameters(self) -> tuple[Parameter, ...]:
        """Return every constant with unit, mark and what is known about it."""
        rows = (
            ("exchange current density of the side reaction", self.exchange_current_density, "A/m2", _NOTE_SCALE),
            ("transfer coefficient of the side reaction", self.transfer_coefficient, "1", _NOTE_TRANSFER),
            ("onset potential", self.onset_potential, "V against Li", _NOTE_ONSET),
            ("barrier coefficient", self.barrier_coefficient, "atoms", _NOTE_BARRIER),
            ("reference reaction energy", self.reference_energy, "eV/atom", _NOTE_REFERENCE),
            ("limiting film thickness", self.limiting_thickness, "m", _NOTE_LIMIT),
        )
        return tuple(
            Parameter(name, value if math.isfinite(value) else "infinite", unit, _ASSUMED, True, note)
            for name, value, unit, note in rows
        )


_NOTE_SCALE = "A lumped constant to be fitted: no film kinetics of a polymer on NCM811 was found."
_NOTE_TRANSFER = "Symmetric barrier."
_NOTE_ONSET = (
    "Reports range from 3.6 to 4.6 V: PEO on calendered NCM811 3.8 V, terminal hydroxyl below 4 V, on LCO 4.2 V."
)
_NOTE_BARRIER = (
    "beta times the number of atoms that react together. A fit parameter, not a prediction: with LiTFSI 0.5 (one atom) "
    "gives a factor 1.3 between x = 0.557 and 0.438, 16 (the whole salt) about 3000. The default equals Tafel's there."
)
_NOTE_REFERENCE = (
    "LiTFSI's total reaction energy near x = 0.54; shared by all electrolytes, so that they can be compared."
)
_NOTE_LIMIT = "Infinite: growth is linear in time. A finite value makes it parabolic beyond that thickness."


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
        The reaction energy does not rise between them (a flat mutual energy): no coefficient can match.
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
            next_step="use total reaction energies, or choose the coefficient yourself",
        )
    return transfer_coefficient * float(volts[0] - volts[1]) / rise


@dataclass(frozen=True)
class Decomposition:
    """Reaction energy [eV/atom], its slope dE/dx and the rate [A/m2] at every point."""

    energy: Array
    slope: Array
    rate: Array


def _broadcast(values: Array | float, size: int, name: str, low: float, high: float, unit: str) -> Array:
    array = np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
    if array.size not in (1, size):
        raise InputError(f"{name} has another length than x", where=name, value=array.size, allowed=f"1 or {size}")
    if array.size and not (array.min() >= low and array.max() <= high):
        good = (array >= low) & (array <= high)
        raise InputError(
            f"{name} is out of range", where=name, value=float(array[~good][0]), allowed=f"{low:g} to {high:g} {unit}"
        )
    return array


def decomposition(
    table: ReactionEnergyTable,
    constants: DecompositionConstants,
    x: Array,
    potential: Array | float,
    temperature: Array | float,
    *,
    film: Array | None = None,
) -> Decomposition:
    """Return reaction energy, slope and decomposition rate at every point, by the compiled kernel.

    Parameters
    ----------
    table, constants
        What reacts, and how fast.
    x
        Local stoichiometry, any shape.
    potential
        Local potential phi_s - phi_e [V against Li]: one value or the shape of `x`.
    temperature
        K: one value or the shape of `x`.
    film
        Film thickness [m] in the shape of `x`; None: no film.

    Raises
    ------
    InputError
        A value that is not finite or out of range, lengths that differ.
    """
    points = np.ascontiguousarray(x, dtype=np.float64)
    flat = points.reshape(-1)
    table.check(flat)
    volts = _broadcast(potential, flat.size, "potential", -10.0, 10.0, "V")
    kelvin = _broadcast(temperature, flat.size, "temperature", 150.0, 1000.0, "K")
    thickness = _NO_FILM if film is None else _broadcast(film, flat.size, "film", 0.0, 1.0, "m")
    if volts.size != flat.size:
        volts = np.full(flat.size, volts[0])
    if film is not None and thickness.size != flat.size:
        thickness = np.full(flat.size, thickness[0])
    energy, slope, rate = np.empty(flat.size), np.empty(flat.size), np.empty(flat.size)
    decomposition_field(
        flat,
        volts,
        kelvin,
        thickness,
        table.first,
        table.inverse_spacing,
        table.coefficients,
        BOLTZMANN_EV,
        constants.transfer_coefficient,
        constants.barrier_coefficient,
        constants.shift,
        constants.exchange_current_density,
        1.0 / constants.limiting_thickness,
        energy,
        slope,
        rate,
    )
    return Decomposition(energy.reshape(points.shape), slope.reshape(points.shape), rate.reshape(points.shape))
