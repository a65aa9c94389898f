"""Reaction energy, slope and decomposition rate of any number of points, by the compiled kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import BOLTZMANN_EV
from asyncsoc.interface.constants import kernel_numbers
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.materials.thermochemistry.kernels import RATE_NUMBERS, decomposition_field
from asyncsoc.materials.thermochemistry.table import ReactionEnergyTable

Array = NDArray[np.float64]
_NO_FILM = np.empty(0)


@dataclass(frozen=True)
class Decomposition:
    """Reaction energy [eV/atom], its slope dE/dx and the rate [A/m2] (or risk [1]) at every point."""

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
    relative_to: float | None = None,
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
    relative_to
        A rate [A/m2], such as the area-mean rate of a reference run at full coverage: the result's rate is divided by
        it and is then a risk [1].

    Raises
    ------
    InputError
        A value that is not finite or out of range, lengths that differ.
    """
    points = np.ascontiguousarray(x, dtype=np.float64)
    flat = table.held(points.reshape(-1))
    if relative_to is not None and not (math.isfinite(relative_to) and relative_to > 0.0):
        raise InputError("relative_to is out of range", where="relative_to", value=relative_to, allowed="above 0 A/m2")
    volts = _broadcast(potential, flat.size, "potential", -10.0, 10.0, "V")
    kelvin = _broadcast(temperature, flat.size, "temperature", 150.0, 1000.0, "K")
    thickness = _NO_FILM if film is None else _broadcast(film, flat.size, "film", 0.0, 1.0, "m")
    if volts.size != flat.size:
        volts = np.full(flat.size, volts[0])
    if film is not None and thickness.size != flat.size:
        thickness = np.full(flat.size, thickness[0])
    numbers = {**kernel_numbers(constants), "shift": constants.shift}
    numbers["scale"] /= 1.0 if relative_to is None else relative_to
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
        *(numbers[name] for name in RATE_NUMBERS),
        energy,
        slope,
        rate,
    )
    return Decomposition(energy.reshape(points.shape), slope.reshape(points.shape), rate.reshape(points.shape))
