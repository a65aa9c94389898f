"""The conductivity of a separator over temperature: measured points, Arrhenius, Vogel-Tammann-Fulcher; its limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import GAS_CONSTANT, ZERO_CELSIUS
from asyncsoc.materials.types import ElectrolyteParameters

ROUNDING = 1e-6
"""K."""
REACH = 20.0
"""K; how far beyond its stated range a conductivity of one's own is continued, with a warning."""


def conductivity_at(electrolyte: ElectrolyteParameters, temperature: float, *, where: str) -> float:
    """Return the conductivity [S/m] at `temperature` [K].

    Parameters
    ----------
    where
        What asks for that temperature, `protocol.temperature` or a protocol step, for the message.

    Raises
    ------
    InputError
        The conductivity is not known at that temperature.
    """
    try:
        return float(electrolyte.conductivity(temperature))
    except InputError as error:
        raise InputError(
            error.what, where=where, value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from None


def between_points(temperature: float, temperatures: Sequence[float], conductivities: Sequence[float]) -> float:
    """Return the conductivity [S/m] with ln(kappa) linear in 1/T between points, the end pieces continued.

    Parameters
    ----------
    temperature
        K.
    temperatures, conductivities
        K, rising; S/m. Two points or more.
    """
    inverse = np.array([1.0 / point for point in temperatures])
    logarithm = np.log(np.asarray(conductivities, dtype=np.float64))
    k = int(np.clip(np.searchsorted(-inverse, -1.0 / temperature) - 1, 0, len(inverse) - 2))
    slope = (logarithm[k + 1] - logarithm[k]) / (inverse[k + 1] - inverse[k])
    return float(np.exp(logarithm[k] + slope * (1.0 / temperature - inverse[k])))


@dataclass(frozen=True)
class MeasuredConductivity:
    """ln(kappa) linear in 1/T between measured points: temperatures [K], rising, and conductivities [S/m]."""

    temperatures: tuple[float, ...]
    conductivities: tuple[float, ...]

    def __call__(self, temperature: float) -> float:
        """Return kappa [S/m] at a temperature [K]."""
        return between_points(temperature, self.temperatures, self.conductivities)

    def __str__(self) -> str:
        points = zip(self.temperatures, self.conductivities, strict=True)
        return "; ".join(f"{point - ZERO_CELSIUS:.6g} degC: {value:.4g}" for point, value in points)


@dataclass(frozen=True)
class ConstantConductivity:
    """One conductivity [S/m] at every temperature."""

    conductivity: float

    def __call__(self, temperature: float) -> float:
        """Return kappa [S/m]."""
        return self.conductivity

    def __str__(self) -> str:
        return f"{self.conductivity:.6g}"


@dataclass(frozen=True)
class ArrheniusConductivity:
    """kappa = A exp(-E/RT): prefactor A [S/m], activation energy E [J/mol]."""

    prefactor: float
    activation_energy: float

    def __call__(self, temperature: float) -> float:
        """Return kappa [S/m] at a temperature [K]."""
        return self.prefactor * math.exp(-self.activation_energy / (GAS_CONSTANT * temperature))

    def __str__(self) -> str:
        return f"{self.prefactor:.6g} S/m exp(-{self.activation_energy:.6g} J/mol / RT)"


@dataclass(frozen=True)
class VftConductivity:
    """kappa = A T^p exp(-B/(T - T0)), the law of Vogel, Tammann and Fulcher.

    Attributes
    ----------
    prefactor
        A [S/m], for p = -1/2 in S/m K^(1/2).
    pseudo_temperature
        B [K]: the pseudo activation energy over R.
    vogel_temperature
        T0 [K], below every temperature of use.
    power
        p: 0, or -1/2 as some authors write it.
    """

    prefactor: float
    pseudo_temperature: float
    vogel_temperature: float
    power: float = 0.0

    def __call__(self, temperature: float) -> float:
        """Return kappa [S/m] at a temperature [K] above T0."""
        exponent = -self.pseudo_temperature / (temperature - self.vogel_temperature)
        return self.prefactor * math.pow(temperature, self.power) * math.exp(exponent)

    def __str__(self) -> str:
        power = f" (T/K)^{self.power:g}" if self.power else ""
        over = f"-{self.pseudo_temperature:.6g} K/(T - {self.vogel_temperature:.6g} K)"
        return f"{self.prefactor:.6g} S/m{power} exp({over})"


@dataclass(frozen=True)
class LimitedConductivity:
    """A conductivity that is not given farther than `REACH` beyond the range it was stated for.

    Attributes
    ----------
    law
        kappa(T) [S/m].
    low, high
        The range stated [K].
    name
        Of the electrolyte, for messages.
    """

    law: Callable[[float], float]
    low: float
    high: float
    name: str

    @property
    def continued(self) -> tuple[float, float]:
        """The temperatures [K] up to which it is continued."""
        return self.low - REACH, self.high + REACH

    def __call__(self, temperature: float) -> float:
        """Return kappa [S/m] at a temperature [K]; raises InputError beyond `continued`."""
        low, high = self.continued
        if not low - ROUNDING <= temperature <= high + ROUNDING:
            raise InputError(
                f"the conductivity of {self.name} is stated from {self.low - ZERO_CELSIUS:.4g} to "
                f"{self.high - ZERO_CELSIUS:.4g} degC and cannot be extrapolated this far",
                where="temperature",
                value=f"{temperature - ZERO_CELSIUS:g} degC",
                allowed=f"{low - ZERO_CELSIUS:.4g} to {high - ZERO_CELSIUS:.4g} degC",
                next_step="choose a temperature within that range, or state a conductivity measured there",
            )
        return self.law(temperature)

    def __str__(self) -> str:
        return str(self.law)
