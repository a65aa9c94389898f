"""The separator's conductivity as a case gives it: a number, a table over temperature or a law with its parameters."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ELEMENTARY_CHARGE, FARADAY, GAS_CONSTANT, ZERO_CELSIUS, to_si
from asyncsoc.case.fields import Conductivity, Measured, Temperature, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.conductivity import (
    REACH,
    ArrheniusConductivity,
    LimitedConductivity,
    MeasuredConductivity,
    VftConductivity,
)

WHERE = "electrolyte.conductivity"
MOST_POINTS = 10_000
FEWEST = 2
_LOWEST, _HIGHEST = 1e-12, 1e3
_EV = re.compile(r"^\s*[+\-\d.eE]+\s*m?eV\s*$")


def _molar(value: Any) -> Any:
    """Read '0.5 eV' as the energy of a mole."""
    if isinstance(value, str) and _EV.match(value):
        return to_si(value, "eV", where="") / ELEMENTARY_CHARGE * FARADAY
    return value


ActivationEnergy = Annotated[float, Measured("kJ/mol", 1e3, 5e5), BeforeValidator(_molar)]
Prefactor = Annotated[float, Measured("S/m", 1e-9, 1e30)]
Kelvin = Annotated[float, Measured("K", 1.0, 500.0)]
PseudoTemperature = Annotated[float, Measured("K", 10.0, 2e4)]


class _Stated(Section):
    """What tables and laws share."""

    @classmethod
    def section_name(cls) -> str:
        """Return the key of the electrolyte that holds it."""
        return WHERE

    @model_serializer(mode="wrap")
    def _what_is_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what is given alone: a key that comes later changes no hash."""
        return {key: value for key, value in handler(self).items() if value is not None}


class ConductivityTable(_Stated):
    """Measured points, between which ln(kappa) is linear in 1/T.

    Attributes
    ----------
    temperature
        K, rising; falling ones are turned round.
    conductivity
        S/m.
    """

    temperature: tuple[Temperature, ...]
    conductivity: tuple[Conductivity, ...]

    @model_validator(mode="before")
    @classmethod
    def _rising(cls, keys: Any) -> Any:
        """Turn a table that falls with temperature round."""
        try:
            points = [to_si(value, "degC", where="") for value in keys["temperature"]]
            if len(points) > 1 and points[0] > points[-1]:
                return {key: tuple(reversed(values)) for key, values in keys.items()}
        except (TypeError, KeyError, InputError):
            pass  # said of the key that is wrong
        return keys

    @model_validator(mode="after")
    def _a_table(self) -> Self:
        points, values = self.temperature, self.conductivity
        if len(points) != len(values):
            raise refusal(
                InputError(
                    "a table needs as many conductivities as temperatures",
                    where=WHERE,
                    value=[len(points), len(values)],
                    allowed="two lists of one length",
                )
            )
        if not FEWEST <= len(points) <= MOST_POINTS:
            raise refusal(
                InputError(
                    "a table of conductivities has too few or too many points",
                    where=WHERE,
                    value=len(points),
                    allowed=f"{FEWEST} to {MOST_POINTS}",
                    next_step="one value for every temperature is a number: conductivity = '0.043 S/m'",
                )
            )
        bad = next((k for k in range(1, len(points)) if points[k] <= points[k - 1]), None)
        if bad is not None:
            raise refusal(
                InputError(
                    "the temperatures of a table must rise",
                    where=f"{WHERE}, point {bad + 1}",
                    value=f"{points[bad] - ZERO_CELSIUS:g} degC",
                    allowed=f"above {points[bad - 1] - ZERO_CELSIUS:g} degC of the point before",
                    next_step="sort the points, and keep one of those that share a temperature",
                )
            )
        return self

    def limited(self, name: str) -> LimitedConductivity:
        """Return kappa(T) within what is stated; `name` is the electrolyte's, for messages."""
        measured = MeasuredConductivity(self.temperature, self.conductivity)
        return LimitedConductivity(measured, self.temperature[0], self.temperature[-1], name)


class _Law(_Stated):
    range: tuple[Temperature, Temperature]
    prefactor: Prefactor | None = None
    conductivity: Conductivity | None = None
    at: Temperature | None = None

    def _scaled(self, shape: ArrheniusConductivity | VftConductivity) -> float:
        """Return the prefactor: the one given, or the one with which the law meets its reference value."""
        if self.prefactor is not None:
            return self.prefactor
        return float(self.conductivity or 0.0) / shape(float(self.at or 0.0))

    def function(self) -> ArrheniusConductivity | VftConductivity:
        """Return kappa(T), each law its own."""
        raise NotImplementedError

    def limited(self, name: str) -> LimitedConductivity:
        """Return kappa(T) within what is stated; `name` is the electrolyte's, for messages."""
        return LimitedConductivity(self.function(), self.range[0], self.range[1], name)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        low, high = self.range
        if not low < high:
            raise refusal(
                InputError(
                    "the range of temperatures of a law must rise",
                    where=f"{WHERE}.range",
                    value=[f"{end - ZERO_CELSIUS:g} degC" for end in self.range],
                    allowed="[lowest, highest]",
                )
            )
        reference = (self.conductivity is None) + (self.at is None)
        if (self.prefactor is None) != (reference == 0) or reference == 1:
            raise refusal(
                InputError(
                    "a law of the conductivity needs its prefactor, or its value at one temperature",
                    where=WHERE,
                    value=sorted(key for key in ("prefactor", "conductivity", "at") if getattr(self, key) is not None),
                    allowed="prefactor, or both conductivity and at",
                    next_step="give prefactor = '...', or conductivity = '0.047 S/m' with at = '60 degC'",
                )
            )
        self._shape_fits(low)
        for end in self.range:
            value = self.function()(end)
            if not _LOWEST <= value <= _HIGHEST:
                raise refusal(
                    InputError(
                        "the law gives a conductivity that no separator has",
                        where=f"{WHERE} at {end - ZERO_CELSIUS:g} degC",
                        value=f"{value:.3g} S/m",
                        allowed=f"{_LOWEST:g} to {_HIGHEST:g} S/m",
                        next_step="check the units: S/m or S/cm, kJ/mol or J/mol, K or degC",
                    )
                )
        return self

    def _shape_fits(self, low: float) -> None:
        """Refuse what a law cannot have over a range from `low` [K]."""


class ArrheniusLaw(_Law):
    """kappa = A exp(-E/RT), by A or by the value at one temperature.

    Attributes
    ----------
    range
        (lowest, highest) temperature [K] the law was fitted over.
    prefactor
        A [S/m]; or, in its place,
    conductivity, at
        kappa [S/m] at a temperature [K].
    activation_energy
        E [J/mol]; '0.5 eV' is read as that of a mole.
    """

    law: Literal["arrhenius"]
    activation_energy: ActivationEnergy

    def function(self) -> ArrheniusConductivity:
        """Return kappa(T)."""
        energy = self.activation_energy
        return ArrheniusConductivity(self._scaled(ArrheniusConductivity(1.0, energy)), energy)


class VftLaw(_Law):
    """kappa = A T^p exp(-B/(T - T0)), by A or by the value at one temperature.

    Attributes
    ----------
    range, prefactor, conductivity, at
        As of an Arrhenius law; with power = -0.5 the prefactor is in S/m K^(1/2).
    pseudo_temperature
        B [K]; or, in its place,
    activation_energy
        B R [J/mol].
    vogel_temperature
        T0 [K].
    power
        p: 0 or -0.5.
    """

    law: Literal["vft"]
    pseudo_temperature: PseudoTemperature | None = None
    activation_energy: ActivationEnergy | None = None
    vogel_temperature: Kelvin
    power: Annotated[float, Measured("", -0.5, 0.0)] = 0.0

    @field_validator("power")
    @classmethod
    def _of_the_authors(cls, power: float) -> float:
        if power not in (0.0, -0.5):
            raise refusal(InputError("out of range", value=power, allowed="0 or -0.5"))
        return power

    def _shape_fits(self, low: float) -> None:
        if (self.pseudo_temperature is None) == (self.activation_energy is None):
            raise refusal(
                InputError(
                    "a VFT law needs either its B in kelvin or its pseudo activation energy",
                    where=WHERE,
                    allowed="pseudo_temperature or activation_energy",
                    next_step="give one of the two",
                )
            )
        if self.vogel_temperature >= low - REACH:
            raise refusal(
                InputError(
                    f"T0 of a VFT law must lie more than {REACH:g} K below the range it is used over",
                    where=f"{WHERE}.vogel_temperature",
                    value=f"{self.vogel_temperature:g} K",
                    allowed=f"below {low - REACH:g} K",
                    next_step="check its unit (kelvin, or '-80 degC')",
                )
            )

    def function(self) -> VftConductivity:
        """Return kappa(T)."""
        b = self.pseudo_temperature
        if b is None:
            b = float(self.activation_energy or 0.0) / GAS_CONSTANT
        shape = VftConductivity(1.0, b, self.vogel_temperature, self.power)
        return VftConductivity(self._scaled(shape), b, self.vogel_temperature, self.power)


LAWS: dict[str, type[ArrheniusLaw | VftLaw]] = {"arrhenius": ArrheniusLaw, "vft": VftLaw}
"""Every law by its name in a case."""

Given = ConductivityTable | ArrheniusLaw | VftLaw
