"""How a constant of the interface is declared: once, with its key in a case, unit, range, source and use in kernels.

The case's section, the kernels' record, the list of parameters, what may be fitted and the tables of the documentation
are made of these declarations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import from_si, si_unit
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Parameter

_IN_A_FIELD = "constant"


@dataclass(frozen=True)
class FitRange:
    """Over which values [SI] a fit searches, and whether by decades."""

    low: float
    high: float
    logarithmic: bool = False


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One constant.

    Attributes
    ----------
    key
        In a case file.
    title
        Its name in lists of parameters.
    unit
        Unit in which a case shows it, '' for a number without dimension; values are in SI.
    low, high, bounds
        Allowed range [SI] and which of its ends belong to it: "[]" both, "(]" not the lowest, and so on.
    note
        What is known about the value.
    meaning
        What the documentation's table of the section starts with.
    source
        Who gives the default value.
    listed_unit
        Unit in lists of parameters: `unit`, or words for a value in SI.
    optional
        A case that does not give it leaves its value to be found elsewhere: what it follows from, or no effect.
    may_be_infinite
        Infinity, which no case can write, stands for no effect.
    fit
        Over which values a fit may search; None: it is not fitted.
    in_kernel
        Name of the number that the kernels read, and how it follows from the value; None: they read what is derived
        from several.
    """

    key: str
    title: str
    unit: str
    low: float
    high: float
    bounds: Literal["()", "[]", "(]", "[)"] = "[]"
    note: str
    meaning: str
    source: str = ASSUMED
    listed_unit: str
    optional: bool = False
    may_be_infinite: bool = False
    fit: FitRange | None = None
    in_kernel: tuple[str, Callable[[float], float]] | None = None

    @property
    def allowed(self) -> str:
        """The range in words, in SI."""
        first, last = "above" if self.bounds[0] == "(" else "at least", "below" if self.bounds[1] == ")" else "at most"
        words = f"{first} {self.low:g}, {last} {self.high:g} {si_unit(self.unit)}".strip()
        return words + ("; infinite where it has no effect" if self.may_be_infinite else "")

    def check(self, value: float, where: str) -> None:
        """Refuse a value [SI] out of range with an InputError."""
        above = value > self.low if self.bounds[0] == "(" else value >= self.low
        below = value < self.high if self.bounds[1] == ")" else value <= self.high
        if not ((above and below) or (self.may_be_infinite and value == math.inf)):
            raise InputError(f"{where} is out of range", where=where, value=value, allowed=self.allowed)

    def listed(self, value: float) -> Parameter:
        """Return it with its value as a user sees it."""
        # Some units of lists are words, "V against Li": there the value is in SI.
        shown: float | str = "infinite"
        if math.isfinite(value):
            shown = from_si(value, self.unit) if self.listed_unit == self.unit else value
        return Parameter(self.title, shown, self.listed_unit, self.source, True, self.note)


def inverse(value: float) -> float:
    """Return 1/value, 0 for infinity: what the kernels multiply by."""
    return 1.0 / value


def declared(default: float, constant: Constant) -> Any:
    """Return the field of a dataclass that holds a constant."""
    return field(default=default, metadata={_IN_A_FIELD: constant})


def constants_of(declaring: type) -> dict[str, Constant]:
    """Return the constants that a dataclass declares, by the names of its fields."""
    return {one.name: one.metadata[_IN_A_FIELD] for one in fields(declaring) if _IN_A_FIELD in one.metadata}


def defaults_of(declaring: type) -> Mapping[str, float]:
    """Return the default of every constant that a dataclass declares, by key of the case."""
    defaults: dict[str, Any] = {one.name: one.default for one in fields(declaring)}
    return {constant.key: defaults[name] for name, constant in constants_of(declaring).items()}


def check_constants(values: object) -> None:
    """Refuse an object of a declaring dataclass, a constant of which is out of range, with an InputError."""
    for name, constant in constants_of(type(values)).items():
        constant.check(getattr(values, name), name)


def listed_constants(values: object) -> tuple[Parameter, ...]:
    """Return every constant of an object of a declaring dataclass with unit, mark and what is known about it."""
    return tuple(constant.listed(getattr(values, name)) for name, constant in constants_of(type(values)).items())


def kernel_numbers(values: object) -> dict[str, float]:
    """Return what the kernels read of an object of a declaring dataclass, by the names they read it by."""
    found = {}
    for name, constant in constants_of(type(values)).items():
        if constant.in_kernel is not None:
            read, convert = constant.in_kernel
            found[read] = convert(getattr(values, name))
    return found
