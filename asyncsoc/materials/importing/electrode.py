"""The positive electrode of another program's parameters, as plain data in SI, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.functions import arrhenius
from asyncsoc.materials.importing.curve import Curve, values_of
from asyncsoc.materials.importing.record import ImportedValue
from asyncsoc.materials.property_kinds import DIFFUSIVITY, ENTROPY, EXCHANGE_CURRENT, POTENTIAL

Array = NDArray[np.float64]

_CHECKED = 2001
"""Points of the window at which curves are checked."""
_KINDS = {
    "open_circuit_potential": POTENTIAL,
    "delithiation": POTENTIAL,
    "lithiation": POTENTIAL,
    "entropic_change": ENTROPY,
    "diffusivity": DIFFUSIVITY,
    "exchange_current_density": EXCHANGE_CURRENT,
}
"""Curves of an `ImportedElectrode` -> what they are."""
HIGHEST_ACTIVATION_ENERGY = 3e5
"""J/mol."""


@dataclass(frozen=True, eq=False)
class ImportedElectrolyte:
    """What was found of the liquid between the electrodes; None: nothing.

    Attributes
    ----------
    conductivity
        Effective, in the separator, at the reference temperature [S/m].
    activation_energy
        Of the conductivity [J/mol].
    separator_thickness
        m.
    areal_capacity
        Of the cell, per area of one pair of electrodes [C/m2].
    """

    conductivity: float | None = None
    activation_energy: float = 0.0
    separator_thickness: float | None = None
    areal_capacity: float | None = None


@dataclass(frozen=True, eq=False)
class ImportedElectrode:
    """A positive electrode's material, kinetics and particle; x is the stoichiometry of lithium.

    Attributes
    ----------
    source
        Program, version and file it was read from.
    title, references
        As the source has them.
    part
        Which material of a blend it is; None where there is one.
    maximum_concentration
        mol/m3.
    particle_radius
        m.
    window
        (lowest, highest) stoichiometry.
    reference_temperature
        At which curves hold [K].
    open_circuit_potential
        U(x) [V against Li].
    delithiation, lithiation
        Branches of U(x) with hysteresis: on charge and on discharge of the cathode. None: there are none.
    entropic_change
        dU/dT (x) [V/K].
    diffusivity, diffusivity_energy
        D(x) [m2/s] and its activation energy [J/mol].
    exchange_current_density, exchange_current_energy
        i0(x) [A/m2], beside the salt concentration of the source, and its activation energy [J/mol].
    rate_constant
        K [mol/(m2 s)] where i0 is F K sqrt(x (1 - x)); None where it is something else.
    electrolyte
        What the source says of the electrolyte.
    report
        What became of each value of the source.
    """

    source: str
    title: str
    references: str
    part: str | None
    maximum_concentration: float
    particle_radius: float
    window: tuple[float, float]
    reference_temperature: float
    open_circuit_potential: Curve
    delithiation: Curve | None
    lithiation: Curve | None
    entropic_change: Curve
    diffusivity: Curve
    diffusivity_energy: float
    exchange_current_density: Curve
    exchange_current_energy: float
    rate_constant: float | None = None
    electrolyte: ImportedElectrolyte = field(default=ImportedElectrolyte())
    report: tuple[ImportedValue, ...] = field(default=(), repr=False)

    def potential(self, x: Array, temperature: float) -> Array:
        """Return U(x, T) = U(x) + dU/dT (T - T_ref) [V]."""
        rise = temperature - self.reference_temperature
        return values_of(self.open_circuit_potential, x) + rise * values_of(self.entropic_change, x)

    def diffusion(self, x: Array, temperature: float) -> Array:
        """Return D(x, T) [m2/s]."""
        factor = arrhenius(self.diffusivity_energy, temperature, self.reference_temperature)
        return factor * values_of(self.diffusivity, x)

    def exchange_current(self, x: Array, temperature: float) -> Array:
        """Return i0(x, T) [A/m2]."""
        factor = arrhenius(self.exchange_current_energy, temperature, self.reference_temperature)
        return factor * values_of(self.exchange_current_density, x)


def checked_number(
    value: object,
    where: str,
    low: float,
    high: float,
    unit: str,
    *,
    nearest: str | None = None,
    hint: str | None = None,
) -> float:
    """Return a number of a source that lies from low to high.

    Raises
    ------
    InputError
        It is none, not finite, or does not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise InputError(
            "not a number", where=where, value=value, allowed=f"a number in {unit}" if unit else "a number"
        )
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = np.inf
    if not low <= number <= high:
        raise InputError(
            "out of range",
            where=where,
            value=number,
            allowed=f"{low:g} to {high:g} {unit}".strip(),
            nearest=nearest,
            next_step=hint,
        )
    return number


def window_asked_for(window: Any) -> tuple[float, float]:
    """Return the window that a user asks for in place of the source's limits.

    Raises
    ------
    InputError
        It is no pair of numbers that rise within [0, 1].
    """
    pair = list(window) if isinstance(window, list | tuple | np.ndarray) else []
    if len(pair) != 2 or any(isinstance(one, bool) or not isinstance(one, int | float | np.number) for one in pair):
        raise InputError("this is no window", where="window", value=window, allowed="(lowest, highest) stoichiometry")
    return checked_window(float(pair[0]), float(pair[1]), "window")


def checked_window(low: float, high: float, where: str) -> tuple[float, float]:
    """Return a stoichiometry window that rises within [0, 1].

    Raises
    ------
    InputError
        It does not.
    """
    for value in (low, high):
        if not 0.0 <= value <= 1.0:
            percent = 1.0 < value <= 100.0
            raise InputError(
                "a stoichiometry is not between 0 and 1",
                where=where,
                value=value,
                allowed="0 to 1",
                nearest=f"{value / 100.0:g}" if percent else None,
                next_step="give it as a fraction of the maximum concentration" if percent else None,
            )
    if low >= high:
        raise InputError(
            "the stoichiometry limits are reversed" if low > high else "the stoichiometry limits are equal",
            where=where,
            value=f"minimum {low:g}, maximum {high:g}",
            allowed="minimum below maximum",
            next_step="the minimum is that of the charged cathode, the maximum that of the discharged one",
        )
    return low, high


def check_curves(electrode: ImportedElectrode, names: dict[str, str]) -> None:
    """Refuse curves that no simulation could use over the electrode's window.

    Parameters
    ----------
    electrode
        What was read.
    names
        Attribute of the electrode -> what the source calls it, for messages.

    Raises
    ------
    InputError
        A curve that does not cover the window, is not finite or out of range there, or U that does not fall: with the
        curve, x and the value.
    """
    x = np.linspace(*electrode.window, _CHECKED)
    for attribute, name in names.items():
        curve: Curve | None = getattr(electrode, attribute)
        if curve is None:
            continue
        y = values_of(curve, x)
        _require(np.isfinite(y), x, y, name, "is not finite, or its table does not reach", "a number at each x")
        kind = _KINDS[attribute]
        sound = (y >= kind.low) & (y <= kind.high)
        _require(sound, x, y, name, "is out of range", f"{kind.low:g} to {kind.high:g} {kind.unit}")
        if kind is POTENTIAL:
            _require(np.append(np.diff(y) < 0.0, True), x, y, name, "does not fall", "U that falls as x rises")


def _require(good: NDArray[np.bool_], x: Array, y: Array, name: str, what: str, allowed: str) -> None:
    if not good.all():
        at = int(np.argmin(good))
        raise InputError(
            f"the curve {what} at x = {x[at]:.6g}",
            where=name,
            value=float(y[at]),
            allowed=f"{allowed}, from x = {x[0]:g} to {x[-1]:g}",
            next_step="correct the curve, or narrow the stoichiometry limits",
        )
