"""Quantities as the protocol grammar writes them: rates, currents, voltages, charges and times, upper or lower case."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.units import to_unit

Kind = Literal[
    "current", "c-rate", "areal current", "specific current", "voltage", "capacity", "time", "power", "resistance"
]


@dataclass(frozen=True)
class _Unit:
    """A unit of the grammar: its name and its canonical form in the unit table, and the canonical form's label."""

    kind: Kind
    name: str
    canonical: str
    label: str


@dataclass(frozen=True)
class Quantity:
    """A positive number of one kind.

    Attributes
    ----------
    kind
        What it measures.
    value
        In `unit`.
    unit
        "A", "1/h", "A/m2", "A/kg", "V", "s", "W", "ohm"; for a capacity "C" (coulomb, the particle's), "A.h/kg",
        "A.h/m2" or "fraction" of the capacity.
    """

    kind: Kind
    value: float
    unit: str


@dataclass(frozen=True)
class StepContext:
    """The step that contains a quantity, for messages."""

    step: str
    where: str

    def error(
        self, what: str, *, allowed: str | None = None, nearest: str | None = None, next_step: str | None = None
    ) -> InputError:
        """Build the error that names the step's own words (the caller raises it)."""
        return InputError(
            what, where=self.where, value=self.step, allowed=allowed, nearest=nearest, next_step=next_step
        )


_AMPERES = ("A", "mA", "uA", "nA", "pA", "fA")
_TIMES = {
    "s": ("s", "sec", "second", "seconds"),
    "min": ("m", "min", "minute", "minutes"),
    "h": ("h", "hr", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_UNITS: dict[str, _Unit] = {
    **{name.lower(): _Unit("current", name, "A", "A") for name in _AMPERES},
    **{
        f"{name}/{area}".lower(): _Unit("areal current", f"{name}/{area}", "A/m2", "A/m2")
        for name in ("A", "mA", "uA")
        for area in ("cm2", "m2")
    },
    **{
        f"{name}/{mass}".lower(): _Unit("specific current", f"{name}/{mass}", "A/kg", "A/kg")
        for name in ("A", "mA", "uA")
        for mass in ("g", "kg")
    },
    **{name.lower(): _Unit("voltage", name, "V", "V") for name in ("V", "mV")},
    **{name.lower(): _Unit("power", name, "W", "W") for name in ("W", "mW", "uW", "nW", "pW", "fW")},
    "c": _Unit("c-rate", "1/h", "1/h", "1/h"),
    **{name.lower() + "h": _Unit("capacity", name + "h", "C", "C") for name in _AMPERES},
    "as": _Unit("capacity", "A s", "C", "C"),
    "mah/g": _Unit("capacity", "mAh/g", "Ah/kg", "A.h/kg"),
    "ah/kg": _Unit("capacity", "Ah/kg", "Ah/kg", "A.h/kg"),
    "mah/cm2": _Unit("capacity", "mAh/cm2", "A h/m2", "A.h/m2"),
    "ah/m2": _Unit("capacity", "A h/m2", "A h/m2", "A.h/m2"),
    "%ofcapacity": _Unit("capacity", "%", "1", "fraction"),
    "%capacity": _Unit("capacity", "%", "1", "fraction"),
    **{word: _Unit("time", unit, "s", "s") for unit, words in _TIMES.items() for word in words},
}
_SHOWN = (
    "A",
    "mA",
    "uA",
    "nA",
    "pA",
    "V",
    "mV",
    "C",
    "mA/cm2",
    "mA/g",
    "mAh/g",
    "nAh",
    "pAh",
    "nW",
    "Gohm",
    "seconds",
    "minutes",
    "hours",
    "days",
)
_REFUSED: tuple[tuple[str, str, str], ...] = (
    (r"%(soc)?", "a bare percentage is ambiguous", "write '50 % of capacity': the charge passed in this step"),
)
_RANGES: dict[str, tuple[float, float, str]] = {
    "A": (0.0, 1e3, "above 0 A, at most 1000 A (the particle's; a single particle takes nA)"),
    "1/h": (0.0, 1e3, "above 0 C, at most 1000 C"),
    "A/m2": (0.0, 1e5, "above 0 mA/cm2, at most 10000 mA/cm2 of electrode"),
    "A/kg": (0.0, 1e6, "above 0 mA/g, at most 1e6 mA/g of active material"),
    "W": (0.0, 1e4, "above 0 W, at most 10000 W (the particle's; a single particle takes nW)"),
    "ohm": (0.0, 1e15, "above 0 ohm, at most 1e15 ohm (a single particle discharges through Gohm)"),
    "V": (0.0, 6.0, "above 0 V, at most 6 V against lithium"),
    "s": (1e-3, 1e9, "1 ms to 1e9 s"),
    "C": (0.0, 1e6, "above 0 C (coulomb), at most 1e6 C"),
    "A.h/kg": (0.0, 1e4, "above 0 mAh/g, at most 10000 mAh/g"),
    "A.h/m2": (0.0, 1e5, "above 0 mAh/cm2, at most 10000 mAh/cm2"),
    "fraction": (0.0, 10.0, "above 0 %, at most 1000 % of the capacity"),
}
_JOINING = ("for", "until", "or", "period")
_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*(.*)", re.IGNORECASE | re.DOTALL)
_OHMS = re.compile(r"([mkKMG]?)\s*(?:[oO]hms?|\u03a9|\u2126)")
_C_OVER = re.compile(r"C\s*(?:/\s*(.+))?", re.IGNORECASE | re.DOTALL)
_NON_FINITE = re.compile(r"[+-]?(nan|inf|infinity)\b", re.IGNORECASE)


def parse_quantity(text: str, context: StepContext) -> Quantity:
    """Return the quantity written in `text`, for example 'C/10', '0.5 C', '2 nA', '4.2 V', '100 mAh/g', '30 minutes'.

    Raises
    ------
    InputError
        No number, an unknown or unsupported unit, not finite, zero or negative, or outside what makes sense.
    """
    stripped = text.strip()
    if _NON_FINITE.match(stripped):
        raise context.error(f"'{stripped}' is not finite", allowed="finite numbers")
    over = _C_OVER.fullmatch(stripped)
    if over is not None:
        return _c_over(over[1] or "1", stripped, context)
    match = _NUMBER.fullmatch(stripped)
    if match is None:
        what = f"no number in '{stripped}'" if stripped else "a quantity is missing"
        raise context.error(what, allowed="'C/10', '0.5 C', '2 nA', '4.2 V', '100 mAh/g', '30 minutes', ...")
    known = _known_unit(match[2], stripped, context)
    value = _positive_number(match[1], known.name, known.canonical, stripped, context)
    return _checked(Quantity(known.kind, value, known.label), stripped, context)


def _c_over(divisor: str, text: str, context: StepContext) -> Quantity:
    match = _NUMBER.fullmatch(divisor.strip())
    if match is None or match[2]:
        raise context.error(f"'{text}' is not a C-rate", allowed="'C/10', '0.1 C' or '1C'", nearest=_mistyped(text))
    number = _positive_number(match[1], "h", "h", text, context)
    return _checked(Quantity("c-rate", 1.0 / number, "1/h"), text, context)


def _positive_number(number: str, unit: str, canonical: str, text: str, context: StepContext) -> float:
    if not math.isfinite(float(number)):
        raise context.error(f"'{text}' is not finite", allowed="finite numbers")
    timed = canonical == "s"
    if number.startswith("-"):
        next_step = "a time runs forward" if timed else "the word charge or discharge gives the direction"
        raise context.error(f"'{text}' is negative", allowed="positive numbers", next_step=next_step)
    value = to_unit(f"{number} {unit}", canonical, where=context.where)
    if value == 0.0:
        without = None if timed else "'Rest for 1 hour' is a step without current"
        raise context.error(f"'{text}' is zero", allowed="positive numbers", next_step=without)
    return value


def _known_unit(unit: str, text: str, context: StepContext) -> _Unit:
    key = unit.replace("²", "2").replace("µ", "u").replace("μ", "u").replace("\u2126", "ω")
    key = "".join(key.split()).replace(".", "").replace("·", "").replace("^", "").lower()
    key = re.sub(r"(?<=[ah])(c?m|k?g)-([12])", r"/\1\2", key).replace("g1", "g")  # mA cm-2, mA g-1
    ohms = _OHMS.fullmatch(unit.strip())
    if ohms is not None:  # milli and mega differ by their case
        return _Unit("resistance", f"{(ohms[1] or '').replace('K', 'k')}ohm", "ohm", "ohm")
    if key in _UNITS:
        known = _UNITS[key]
        if unit.startswith("M") and known.kind not in ("c-rate", "time", "resistance"):
            raise context.error(f"'{unit}' would be mega", nearest="m" + unit[1:])
        return known
    if not key:
        raise context.error(f"'{text}' has no unit", allowed=", ".join(_SHOWN))
    if unit.startswith(","):
        raise context.error("a decimal comma is not understood", next_step="write a decimal point")
    for pattern, what, next_step in _REFUSED:
        if re.fullmatch(pattern, key):
            raise context.error(what, next_step=next_step)
    nearest = _mistyped(unit) or nearest_name(unit, _SHOWN)
    raise context.error(f"unknown unit '{unit}'", allowed=", ".join(_SHOWN), nearest=nearest)


def _mistyped(text: str) -> str | None:
    """Return the joining word that a word of `text` was meant to be, or None."""
    unknown = [word for word in text.split()[1:] if word.isalpha() and word.lower() not in _UNITS]
    return next((near for word in unknown if (near := nearest_name(word, _JOINING))), None)


def _checked(quantity: Quantity, text: str, context: StepContext) -> Quantity:
    low, high, allowed = _RANGES[quantity.unit]
    if not low <= quantity.value <= high:
        raise context.error(f"'{text}' is out of range", allowed=allowed)
    return quantity
