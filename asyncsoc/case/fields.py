"""Field types of the case: numbers with units, checked against a range and kept in SI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, GetCoreSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from asyncsoc.base.bare_values import bare_number
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import from_si, to_si
from asyncsoc.interface.constants import Constant
from asyncsoc.protocol.rates import parse_rate
from asyncsoc.protocol.types import COLDEST, HOTTEST

_PERCENT = 5
"""From here on a number is more likely a percentage than a mistyped fraction."""

_LONGEST_LINE = 300

Bounds = Literal["()", "[]", "(]", "[)"]


def refusal(error: InputError) -> PydanticCustomError:
    """Wrap an InputError so that pydantic reports it together with the key it belongs to."""
    return PydanticCustomError("asyncsoc", "{what}", {"what": error.what, "error": error})


@dataclass(frozen=True)
class Measured:
    """Annotation that reads a quantity with its unit and checks its range.

    Attributes
    ----------
    unit
        Unit the range is shown in, '' for a number without dimension; what is read is kept in SI.
    low, high
        Allowed range in SI.
    bounds
        Which ends belong to the range: "[]" both, "(]" not the lowest, and so on.
    """

    unit: str
    low: float
    high: float
    bounds: Bounds = "[]"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the quantity before pydantic sees a float."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    @property
    def allowed(self) -> str:
        """The range in words."""
        first = "above" if self.bounds[0] == "(" else "at least"
        last = "below" if self.bounds[1] == ")" else "at most"
        high = f"{from_si(self.high, self.unit):.6g} {self.unit}".strip()
        return f"{first} {from_si(self.low, self.unit):.6g}, {last} {high}"

    def read(self, value: Any) -> float:
        """Return `value` in SI."""
        try:
            number = to_si(value, self.unit, where="")
        except InputError as error:
            raise refusal(error) from None
        if not self._holds(number):
            raise refusal(InputError("out of range", value=value, allowed=self.allowed, nearest=self._meant(value)))
        return number + 0.0  # -0.0 and 0.0 are one number

    def _holds(self, number: float) -> bool:
        above = number > self.low if self.bounds[0] == "(" else number >= self.low
        below = number < self.high if self.bounds[1] == ")" else number <= self.high
        return above and below

    def _meant(self, value: Any) -> str | None:
        """Return what was probably meant where a bare number only lacks its unit, or a fraction its percent sign."""
        if isinstance(value, str) or (not self.unit and value < _PERCENT):
            return None
        meant = f"{float(value):g} {self.unit or '%'}"
        try:
            return f"'{meant}'" if self._holds(to_si(meant, self.unit, where="")) else None
        except InputError:
            return None


@dataclass(frozen=True)
class OneOf:
    """Annotation of a text that must be one of some names.

    Attributes
    ----------
    what
        What is named, for the message.
    names
        The names there are.
    """

    what: str
    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Look at the text after pydantic has."""
        return core_schema.no_info_after_validator_function(self.read, handler(source))

    def read(self, name: str) -> str:
        """Return the name; an error pydantic reports where there is none such."""
        if name not in self.names:
            raise refusal(unknown_name(self.what, name, self.names))
        return name


@dataclass(frozen=True)
class CRate(Measured):
    """Annotation that reads a C-rate [1/h]: a number, 'C/10' or '0.1 C'."""

    unit: str = ""
    low: float = 0.0
    high: float = 1e3
    bounds: Bounds = "(]"

    @property
    def allowed(self) -> str:
        """The range in words."""
        return "above 0 C, at most 1000 C, as 0.1 or 'C/10'"

    def read(self, value: Any) -> float:
        """Return `value` in 1/h."""
        try:
            return parse_rate(bare_number(value), where="")
        except InputError as error:
            raise refusal(error) from None


def declared_fields(constants: Mapping[str, Constant], defaults: Mapping[str, float]) -> dict[str, Any]:
    """Return the fields of a section for constants of the interface, as pydantic's `create_model` takes them.

    A constant that may be left out, or that has no default here, is None where a case does not give it.
    """
    found: dict[str, Any] = {}
    for key, one in constants.items():
        read = Annotated[float, Measured(one.unit, one.low, one.high, one.bounds)]
        left_out = one.optional or key not in defaults
        found[key] = (read | None, None) if left_out else (read, defaults[key])
    return found


def one_line(text: str) -> str:
    """Return a text that labels something; an error pydantic reports where it is empty, long or of several lines."""
    if not 0 < len(text.strip()) <= _LONGEST_LINE or any(ord(character) < ord(" ") for character in text):
        raise refusal(
            InputError("not one line of text", value=text, allowed=f"1 to {_LONGEST_LINE} characters on one line")
        )
    return text.strip()


def _one_of(unit: Any) -> Any:
    """Read 'um' as '1 um'."""
    return f"1 {unit}" if isinstance(unit, str) and unit.strip()[:1].isalpha() else unit


Length = Annotated[float, Measured("um", 1e-9, 1e-3)]
LengthUnit = Annotated[float, Measured("m", 1e-12, 1.0), BeforeValidator(_one_of)]
Thickness = Annotated[float, Measured("um", 0.0, 1e-2)]
Fraction = Annotated[float, Measured("", 0.0, 1.0, "(]")]
StateOfCharge = Annotated[float, Measured("", 0.0, 1.0)]
OpenFraction = Annotated[float, Measured("", 0.0, 1.0, "()")]
Factor = Annotated[float, Measured("", 1e-6, 1e6)]
Slope = Annotated[float, Measured("", -50.0, 50.0)]
ActivationEnergy = Annotated[float, Measured("kJ/mol", 0.0, 5e5)]
MolarMass = Annotated[float, Measured("g/mol", 1e-3, 10.0)]
Concentration = Annotated[float, Measured("mol/m3", 1e2, 1e6)]
Density = Annotated[float, Measured("kg/m3", 1e2, 3e4)]
Risk = Annotated[float, Measured("", 0.0, 1e9, "(]")]
AreaResistance = Annotated[float, Measured("ohm m2", 0.0, 1e3)]
Conductivity = Annotated[float, Measured("S/m", 1e-12, 1e6)]
AreaCharge = Annotated[float, Measured("mAh/cm2", 36.0, 3.6e7)]
Temperature = Annotated[float, Measured("degC", COLDEST, HOTTEST)]
ThermochemistryTemperature = Annotated[float, Measured("degC", 233.15, 363.15)]
Voltage = Annotated[float, Measured("V", 0.0, 6.0, "(]")]
Time = Annotated[float, Measured("s", 1e-3, 1e9)]
Tolerance = Annotated[float, Measured("", 1e-10, 1e-1)]
Direction = Annotated[float, Measured("", -1e6, 1e6)]
WholeNumber = Annotated[int, Strict()]
