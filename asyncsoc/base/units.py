"""Physical constants, and quantities with units converted once, at the edge, to SI."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from asyncsoc.base.bare_values import bare_number
from asyncsoc.base.errors import InputError, nearest_name

FARADAY = 96485.33212
"""Faraday constant [C/mol] (CODATA 2018)."""
GAS_CONSTANT = 8.31446261815324
"""Molar gas constant [J/(mol K)] (CODATA 2018)."""
BOLTZMANN_EV = 8.617333262e-5
"""Boltzmann constant [eV/K] (CODATA 2018)."""
ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C] (CODATA 2018)."""
ZERO_CELSIUS = 273.15
"""0 degC in K."""

Dimension = tuple[int, int, int, int, int, int]
"""Exponents of m, kg, s, A, K, mol."""

_NONE: Dimension = (0, 0, 0, 0, 0, 0)
_SYMBOLS: dict[str, tuple[Fraction, Dimension]] = {
    "m": (Fraction("1"), (1, 0, 0, 0, 0, 0)),
    "g": (Fraction("1e-3"), (0, 1, 0, 0, 0, 0)),
    "s": (Fraction("1"), (0, 0, 1, 0, 0, 0)),
    "A": (Fraction("1"), (0, 0, 0, 1, 0, 0)),
    "K": (Fraction("1"), (0, 0, 0, 0, 1, 0)),
    "mol": (Fraction("1"), (0, 0, 0, 0, 0, 1)),
    "V": (Fraction("1"), (2, 1, -3, -1, 0, 0)),
    "ohm": (Fraction("1"), (2, 1, -3, -2, 0, 0)),
    "S": (Fraction("1"), (-2, -1, 3, 2, 0, 0)),
    "C": (Fraction("1"), (0, 0, 1, 1, 0, 0)),
    "Ah": (Fraction("3600"), (0, 0, 1, 1, 0, 0)),
    "J": (Fraction("1"), (2, 1, -2, 0, 0, 0)),
    "eV": (Fraction(str(ELEMENTARY_CHARGE)), (2, 1, -2, 0, 0, 0)),
    "W": (Fraction("1"), (2, 1, -3, 0, 0, 0)),
    "Wh": (Fraction("3600"), (2, 1, -2, 0, 0, 0)),
    "Pa": (Fraction("1"), (-1, 1, -2, 0, 0, 0)),
    "Hz": (Fraction("1"), (0, 0, -1, 0, 0, 0)),
    "L": (Fraction("1e-3"), (3, 0, 0, 0, 0, 0)),
    "F": (Fraction("1"), (-2, -1, 4, 2, 0, 0)),
}
_PLAIN: dict[str, tuple[Fraction, Dimension]] = {
    "min": (Fraction("60"), (0, 0, 1, 0, 0, 0)),
    "h": (Fraction("3600"), (0, 0, 1, 0, 0, 0)),
    "d": (Fraction("86400"), (0, 0, 1, 0, 0, 0)),
    "%": (Fraction("1e-2"), _NONE),
    "1": (Fraction("1"), _NONE),
}
_ALIASES: dict[str, str] = {
    "Ohm": "ohm",
    "ohms": "ohm",
    "Ω": "ohm",
    "\u2126": "ohm",
    "l": "L",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "micron": "um",
    "microns": "um",
    "kelvin": "K",
    "percent": "%",
}
_PREFIXES: dict[str, Fraction] = {
    prefix: Fraction(10) ** power
    for prefix, power in (
        ("f", -15),
        ("p", -12),
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("c", -2),
        ("d", -1),
        ("k", 3),
        ("M", 6),
        ("G", 9),
    )
}
_SHOWN_SI = {
    "um": "m",
    "nm": "m",
    "cm2": "m2",
    "degC": "K",
    "mAh/cm2": "C/m2",
    "uF/cm2": "F/m2",
    "mg/cm2": "kg/m2",
    "g/mol": "kg/mol",
    "kJ/mol": "J/mol",
    "eV": "J",
}
_CELSIUS = frozenset({"degC", "°C", "celsius", "Celsius", "C°", "℃"})
_EXAMPLE_TEXT = (
    "m|mm|um|nm|m2|cm2|m2/s|cm2/s|s|min|h|K|degC|V|mV|A|mA|uA|nA|pA|A/m2|mA/cm2|C|A h|mAh|mAh/g|A h/kg|mAh/cm2|A h/m2|"
    "mg/cm2|kg/m2|F/m2|uF/cm2|ohm|ohm m2|ohm cm2|S/m|S/cm|mS/cm|mol/m3|mol/L|mol/cm3|"
    "kg/m3|g/cm3|kg/mol|g/mol|J/mol|kJ/mol|eV|Hz|%"
)
_EXAMPLES = tuple(_EXAMPLE_TEXT.split("|"))
_LONGEST = 80
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)
_FACTOR = re.compile(r"([^\W\d_]+|%|1)(?:(?:\^|\*\*)?([+-]?\d))?(?!\d)")
_SEPARATOR = re.compile(r"\s*([/*.·⋅]?)\s*")
_NON_FINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\b", re.IGNORECASE)


class _UnknownUnitError(Exception):
    """A symbol that is in no table; carries the symbol."""


@dataclass(frozen=True)
class Unit:
    """A unit as its exact scale to SI and its dimension (exponents of m, kg, s, A, K, mol)."""

    scale: Fraction
    dimension: Dimension
    offset: Fraction = Fraction(0)


def _symbol(text: str) -> tuple[Fraction, Dimension]:
    name = _ALIASES.get(text, text)
    for table in (_PLAIN, _SYMBOLS):
        if name in table:
            return table[name]
    prefix, rest = name[:1], _ALIASES.get(name[1:], name[1:])
    if prefix in _PREFIXES and rest in _SYMBOLS:
        scale, dimension = _SYMBOLS[rest]
        return _PREFIXES[prefix] * scale, dimension
    raise _UnknownUnitError(text)


@lru_cache(maxsize=256)
def _parse_unit(text: str) -> Unit:
    """Return the unit written in `text`; a '/' divides by the one factor after it; raises _UnknownUnitError."""
    stripped = text.strip().translate(_SUPERSCRIPTS).replace("µ", "u").replace("μ", "u")
    if stripped in _CELSIUS:
        return Unit(Fraction(1), _SYMBOLS["K"][1], Fraction(str(ZERO_CELSIUS)))
    scale, dimension = Fraction(1), list(_NONE)
    sign, position = (-1, 1) if stripped.startswith("/") else (1, 0)
    while position < len(stripped):
        match = _FACTOR.match(stripped, position)
        if match is None:
            raise _UnknownUnitError(text)
        factor_scale, factor_dimension = _symbol(match[1])
        power = sign * int(match[2] or 1)
        scale *= factor_scale**power
        dimension = [total + power * part for total, part in zip(dimension, factor_dimension, strict=True)]
        position = match.end()
        separator = _SEPARATOR.match(stripped, position)
        if separator is None or bool(separator[0]) == (separator.end() == len(stripped)):
            raise _UnknownUnitError(text)
        sign, position = (-1 if separator[1] == "/" else 1), separator.end()
    m, kg, s, a, k, mol = dimension
    return Unit(scale, (m, kg, s, a, k, mol))


def _expected(unit: str, where: str) -> Unit:
    try:
        return _parse_unit(unit)
    except _UnknownUnitError as error:
        raise InputError(
            "unknown expected unit", where=where, value=unit, nearest=nearest_name(unit, _EXAMPLES)
        ) from error


def _finite(value: float, shown: object, unit: str, where: str) -> float:
    if not math.isfinite(value):
        raise InputError(
            "a quantity must be finite",
            where=where,
            value=shown,
            allowed=f"a finite number of {unit}" if unit else "a finite number",
        )
    return value


def _same_dimension(dimension: Dimension) -> str:
    return ", ".join(name for name in _EXAMPLES if _parse_unit(name).dimension == dimension)


def _nearest_unit(text: str, dimension: Dimension) -> str | None:
    names = [name for name in _EXAMPLES if _parse_unit(name).dimension == dimension]
    micro = f"u{text[2:]}"  # 'mu m' and 'mum' mean micrometres, and so does 'mu' alone
    if text.startswith("mu") and "um" in names:
        return micro if micro in names else "um"
    return nearest_name(text, names)


def to_si(value: int | float | str, unit: str, *, where: str) -> float:
    """Return a quantity in coherent SI units.

    Parameters
    ----------
    value
        A bare number, which is SI already, or '<number> <unit>' such as '5 um', '4e-15 m2/s', '60 degC', '200 ohm cm2'.
    unit
        The unit expected, for example 'm2/s': its dimension is checked. The result is in SI whatever its scale
        ('um' and 'm' both give metres, 'degC' and 'K' both kelvin); '' or '1' for a number without dimension.
    where
        File and key or argument, for the message.

    Raises
    ------
    InputError
        Not a number, not finite, no unit or an unknown one, the wrong dimension, below absolute zero.
    """
    value = bare_number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InputError(
            "a quantity must be a number or '<number> <unit>'",
            where=where,
            value=value,
            allowed=f"a number in SI, or '1 {unit}'" if unit else "a number, such as 0.3 or '30 %'",
        )
    if isinstance(value, str):
        return _rounded(_read(value, unit, where), value, unit, where)
    try:
        return _finite(float(value), value, unit, where)
    except OverflowError:
        raise InputError("a quantity must be finite", where=where, value=str(value)[:40] + "...") from None


def to_unit(value: str, unit: str, *, where: str) -> float:
    """Return '<number> <unit>' in `unit` itself, rounded once: ``to_unit("100 mAh/g", "A h/kg", where="") == 100.0``.

    Raises
    ------
    InputError
        As `to_si`.
    """
    expected = _expected(unit, where)
    return _rounded((_read(value, unit, where) - expected.offset) / expected.scale, value, unit, where)


def _rounded(exact: Fraction, value: str, unit: str, where: str) -> float:
    try:
        return float(exact)
    except OverflowError:
        return _finite(math.inf, value, unit, where)


def _read(value: str, unit: str, where: str) -> Fraction:
    """Return '<number> <unit>' exactly in SI, so that '5 um' and 5e-6 round to one float."""
    if len(value) > _LONGEST:
        raise InputError(
            "a quantity is too long", where=where, value=value[:_LONGEST] + "...", allowed=f"{_LONGEST} characters"
        )
    if _NON_FINITE.match(value):
        _finite(math.nan, value, unit, where)
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise InputError(
            "no number found in a quantity",
            where=where,
            value=value,
            allowed=f"'<number> {unit}' or a number in SI" if unit else "a number, such as 0.3 or '30 %'",
        )
    _finite(float(match[1]), value, unit, where)
    given = _given_unit(match[2].strip(), unit, value, where)
    # A literal that underflows is 0; Fraction would expand its exponent to a huge integer.
    number = Fraction(match[1]) if float(match[1]) else Fraction(0)
    result = number * given.scale + given.offset
    if (given.offset or match[2].strip() == "K") and result < 0:
        raise InputError(
            "a temperature below absolute zero", where=where, value=value, allowed="at least -273.15 degC (0 K)"
        )
    return result


def _given_unit(text: str, unit: str, value: str, where: str) -> Unit:
    expected = _expected(unit, where)
    allowed = _same_dimension(expected.dimension) or unit
    if text == "" and expected.dimension != _NONE:
        raise InputError(
            "a quantity in quotes needs its unit",
            where=where,
            value=value,
            allowed=allowed,
            next_step=f"write '{value.strip()} {unit}'",
        )
    if text.startswith(","):
        raise InputError(
            "a decimal comma is not understood", where=where, value=value, next_step="write a decimal point"
        )
    try:
        given = _parse_unit(text)
    except _UnknownUnitError:
        nearest = _nearest_unit(text, expected.dimension) or unit or None
        raise InputError(f"unknown unit '{text}'", where=where, value=value, allowed=allowed, nearest=nearest) from None
    if given.dimension != expected.dimension:
        raise InputError(
            f"unit '{text}' has the wrong dimension",
            where=where,
            value=value,
            allowed=allowed,
            nearest=_nearest_unit(text, expected.dimension) or unit or None,
        )
    return given


def has_dimension(text: str, unit: str) -> bool:
    """Return whether the unit written in `text` is known and measures what `unit` does."""
    try:
        return _parse_unit(text).dimension == _parse_unit(unit).dimension
    except _UnknownUnitError:
        return False


def si_unit(unit: str) -> str:
    """Return the SI unit of what is shown in `unit`: 'm' for 'um'."""
    return _SHOWN_SI.get(unit, unit)


def from_si(value: float, unit: str) -> float:
    """Return an SI value in `unit`, for example ``from_si(5e-6, "um") == 5.0``.

    Raises
    ------
    InputError
        `unit` is unknown or `value` not finite.
    """
    parsed = _expected(unit, "from_si")
    _finite(value, value, unit, "from_si")
    return float((Fraction(value) - parsed.offset) / parsed.scale)
