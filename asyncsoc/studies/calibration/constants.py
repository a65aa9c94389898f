"""The constants that may be fitted, with their ranges and the scales on which they are searched."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import si_unit, to_si
from asyncsoc.case.case import Case
from asyncsoc.interface.rate_laws import rate_constants
from asyncsoc.interface.side_reaction_constants import CONSTANTS

_OWN = {
    "kinetics.exchange_current_density": (1e-4, 1e3, True, "A/m2"),
    "kinetics.film_resistance": (1e-5, 1e1, True, "ohm m2"),
}
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
    """

    key: str
    low: float
    high: float
    logarithmic: bool
    unit: str

    @property
    def section(self) -> str:
        """Section of the case file."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Key within its section."""
        return self.key.partition(".")[2]

    @property
    def length(self) -> float:
        """Length of the range: decades on a logarithmic scale."""
        return self._scaled(self.high) - self._scaled(self.low)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def to_unit(self, value: float) -> float:
        """Return a value's place in the range, 0 to 1."""
        return (self._scaled(value) - self._scaled(self.low)) / self.length

    def from_unit(self, place: float) -> float:
        """Return the value at a place in the range."""
        scaled = self._scaled(self.low) + place * self.length
        return float(10.0**scaled if self.logarithmic else scaled)

    def start(self, case: Case) -> float:
        """Return where a search starts, 0 to 1: at the case's value, else in the middle; a little inside the range."""
        own = getattr(getattr(case, self.section), self.name)
        place = 0.5 if own is None or not self.low <= own <= self.high else self.to_unit(own)
        return min(max(place, 0.02), 0.98)


def parse_constant(text: str) -> FitConstant:
    """Return the constant asked for as 'KEY' or 'KEY=LOW:HIGH', with or without units.

    Raises
    ------
    InputError
        Unknown key, or a range that is none.
    """
    key, equals, span = (part.strip() for part in text.partition("="))
    if key not in _RANGES:
        raise unknown_name("constant that can be fitted", key, _RANGES, where="--fit")
    low, high, logarithmic, unit = _RANGES[key]
    if equals:
        ends = span.split(":")
        if len(ends) != 2:
            raise InputError("not a range", where=f"--fit {key}", value=span, allowed="LOW:HIGH, such as 3.6:4.4")
        low, high = (to_si(end if not _bare(end) else float(end), unit, where=f"--fit {key}") for end in ends)
        if not low < high or (logarithmic and low <= 0.0):
            raise InputError(
                "not a range",
                where=f"--fit {key}",
                value=span,
                allowed="two ends that rise, above 0 where searched by decades",
            )
    return FitConstant(key, low, high, logarithmic, unit)


def _bare(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
