"""The constants that may be fitted, with their ranges and the scales on which they are searched."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import si_unit, to_si
from asyncsoc.case.case import Case
from asyncsoc.interface.rate_laws import rate_constants
from asyncsoc.interface.side_reaction_constants import CONSTANTS
from asyncsoc.studies.calibration.priors import Prior, parse_prior

_OWN = {
    "kinetics.exchange_current_density": (1e-4, 1e3, True, "A/m2"),
    "kinetics.exchange_current_density_factor": (1e-2, 1e2, True, ""),
    "kinetics.film_resistance": (1e-5, 1e1, True, "ohm m2"),
    "material.diffusivity_factor": (1e-2, 1e2, True, ""),
    "material.diffusivity_slope": (-10.0, 10.0, False, ""),
    "material.diffusivity": (1e-17, 1e-11, True, "m2/s"),
    "contact.coverage": (0.05, 0.98, False, ""),
    "particle.radius": (5e-7, 3e-5, True, "m"),
    "electrolyte.conductivity": (1e-4, 1e1, True, "S/m"),
    "protocol.initial_stoichiometry": (0.7, 0.97, False, ""),
    "electrode.coverage.value": (0.05, 0.98, False, ""),
    "electrode.coverage.mean": (0.05, 0.98, False, ""),
    "electrode.coverage.std": (0.01, 0.4, False, ""),
    "electrode.coverage.share_poor": (0.02, 0.98, False, ""),
    "electrode.radius.value": (5e-7, 3e-5, True, "m"),
    "electrode.radius.median": (5e-7, 3e-5, True, "m"),
    "electrode.contact_resistance.value": (1e-6, 1.0, True, "ohm m2"),
    "electrode.contact_resistance.share_isolated": (0.01, 0.8, False, ""),
}
"""Lowest, highest [SI], whether searched on a logarithmic scale, unit."""
_NEUTRAL = {
    "kinetics.exchange_current_density_factor": 1.0,
    "material.diffusivity_factor": 1.0,
    "material.diffusivity_slope": 0.0,
}
"""Values that a case without the key has."""
_DECLARED = {"side_reaction": CONSTANTS, "kinetics": rate_constants()}
_RANGES: dict[str, tuple[float, float, bool, str]] = {
    **{
        f"{section}.{key}": (one.fit.low, one.fit.high, one.fit.logarithmic, si_unit(one.unit))
        for section, constants in _DECLARED.items()
        for key, one in constants.items()
        if one.fit is not None
    },
    **_OWN,
}
"""Key -> lowest, highest [SI], whether searched on a logarithmic scale, unit."""
_SPAN = "LOW:HIGH, such as 3.6:4.4"


def fittable() -> tuple[str, ...]:
    """Return the keys of the constants that may be fitted."""
    return tuple(_RANGES)


@dataclass(frozen=True)
class FitConstant:
    """A constant to fit.

    Attributes
    ----------
    key
        As in a case file.
    low, high
        Range searched [SI].
    logarithmic
        Whether it is searched on a logarithmic scale.
    unit
        SI unit, '' where it has none.
    prior
        What is known of it beforehand; None: nothing but its range.
    data
        Names of the measurements it belongs to; empty: all of them share it.
    """

    key: str
    low: float
    high: float
    logarithmic: bool
    unit: str
    prior: Prior | None = None
    data: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """Section of the case file."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Key within its section."""
        return self.key.partition(".")[2]

    @property
    def label(self) -> str:
        """The key, with the measurements it belongs to where these are not all."""
        return f"{self.key}@{'+'.join(self.data)}" if self.data else self.key

    @property
    def length(self) -> float:
        """Length of the range: decades on a logarithmic scale."""
        return self._scaled(self.high) - self._scaled(self.low)

    def belongs_to(self, name: str) -> bool:
        """Whether a measurement of that name has this constant."""
        return not self.data or name in self.data

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def to_unit(self, value: float) -> float:
        """Return a value's place in the range, 0 to 1."""
        return (self._scaled(value) - self._scaled(self.low)) / self.length

    def from_unit(self, place: float) -> float:
        """Return the value at a place in the range."""
        scaled = self._scaled(self.low) + place * self.length
        return float(10.0**scaled if self.logarithmic else scaled)

    def value_slope(self, place: float) -> float:
        """Return the derivative of the value by the place [SI]."""
        return self.length * (math.log(10.0) * self.from_unit(place) if self.logarithmic else 1.0)

    def value_in(self, case: Case) -> Any:
        """Return what a case gives; None where it gives nothing."""
        found: Any = case
        for part in self.key.split("."):
            found = None if found is None else getattr(found, part)
        return found

    def start(self, case: Case) -> float:
        """Return where a search starts, 0 to 1: at the case's value, else in the middle; a little inside the range."""
        own = self.value_in(case)
        own = _NEUTRAL.get(self.key) if own is None else own
        place = 0.5 if own is None or not self.low <= own <= self.high else self.to_unit(own)
        return min(max(place, 0.02), 0.98)


def parse_constant(text: str, prior: str | None = None) -> FitConstant:
    """Return the constant asked for as 'KEY' or 'KEY=LOW:HIGH', with or without units.

    Parameters
    ----------
    text
        'KEY@DATA' and 'KEY@DATA1+DATA2' belong to the measurements of these names alone.
    prior
        As of `parse_prior`; None where nothing is known.

    Raises
    ------
    InputError
        Unknown key, a range that is none, or a prior that is none or has its mean outside the range.
    """
    name, equals, span = (part.strip() for part in text.partition("="))
    key, at, data = (part.strip() for part in name.partition("@"))
    if key not in _RANGES:
        raise unknown_name("constant that can be fitted", key, _RANGES, where="--fit")
    low, high, logarithmic, unit = _RANGES[key]
    names = tuple(part.strip() for part in data.split("+")) if at else ()
    if at and not all(names):
        raise InputError(
            "a constant of some measurements names them", where=f"--fit {key}", value=text, allowed=f"{key}@NAME"
        )
    if equals:
        low, high = _range(span, key, unit)
        if not low < high or (logarithmic and low <= 0.0):
            raise InputError(
                "not a range",
                where=f"--fit {key}",
                value=span,
                allowed="two ends that rise, above 0 where searched by decades",
            )
    found = FitConstant(key, low, high, logarithmic, unit, data=names)
    return found if prior is None else with_prior(found, parse_prior(prior, unit, where=f"--prior {key}"))


def with_prior(constant: FitConstant, prior: Prior) -> FitConstant:
    """Return a constant with a prior.

    Raises
    ------
    InputError
        The mean is outside the range searched.
    """
    if not constant.low <= prior.mean <= constant.high:
        raise InputError(
            "the prior's mean is outside the range that is searched",
            where=f"--prior {constant.label}",
            value=prior.mean,
            allowed=f"{constant.low:g} to {constant.high:g} {constant.unit}".strip(),
            next_step="widen the range: --fit KEY=LOW:HIGH",
        )
    return replace(constant, prior=prior)


def _range(span: str, key: str, unit: str) -> tuple[float, float]:
    ends = span.split(":")
    if len(ends) != 2:
        raise InputError("not a range", where=f"--fit {key}", value=span, allowed=_SPAN)
    low, high = (to_si(end if not _bare(end) else float(end), unit, where=f"--fit {key}") for end in ends)
    return low, high


def _bare(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
