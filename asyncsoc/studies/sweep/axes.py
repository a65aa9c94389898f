"""`--vary KEY=...` made into axes of values, or into ranges that are sampled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.overrides import read_value
from asyncsoc.studies.sweep.keys import SEED, Key, Value, find_key, split_values

LARGEST_AXIS = 1_000_000
_FORMS = "KEY=a:b:n, KEY=a:b:n:log, KEY=v1,v2,..., or KEY=a:b[:log] to sample between a and b"
_DIGITS = 12
"""Significant digits of a value between the ends, so that 0.05:1:20 holds 0.15 and not 0.15000000000000002."""


@dataclass(frozen=True)
class Axis:
    """Values one key takes in turn, numbers in SI."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """An interval one key is sampled from, in SI; `log`: evenly in its logarithm; `whole`: whole numbers only."""

    key: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, fraction: float) -> Value:
        """Return the value at a fraction in [0, 1] of the way from `low` to `high`."""
        if self.whole:
            return min(int(self.low + fraction * (self.high - self.low + 1.0)), int(self.high))
        if self.log:
            return rounded(self.low * (self.high / self.low) ** fraction)
        return rounded(self.low + fraction * (self.high - self.low))


def parse_vary(text: str, base: Mapping[str, Any]) -> Axis | Range:
    """Return what `KEY=...` asks for.

    Parameters
    ----------
    text
        "contact.coverage=0.05:1:20", "material.diffusivity=1e-15:1e-13:9:log", "particle.radius=3 um,5 um",
        "contact.coverage=0.05:1" (to be sampled).
    base
        The case as raw keys; its protocol's steps may have names in braces, which can be varied too.

    Raises
    ------
    InputError
        Not of one of the forms, an unknown key, a value out of range, or values given twice.
    """
    name, equals, content = text.partition("=")
    name, content = name.strip(), content.strip()
    if not equals or not name or not content:
        raise InputError("an axis is written KEY=VALUES", where="--vary", value=text, allowed=_FORMS)
    key = find_key(name, base)
    parts = [part.strip() for part in content.split(":")]
    if key.kind != "other" and len(parts) > 1 and "," not in content and "[" not in content:
        return _interval(key, parts, text)
    values = tuple(key.read(value) for value in split_values(content))
    return _axis(key, values, text)


def replicas(count: int, key: str = SEED) -> Axis:
    """Return `count` layouts of a random contact, or random draws of an electrode's particles: seeds from 0.

    Raises
    ------
    InputError
        Fewer than one.
    """
    if count < 1:
        raise InputError("at least one replica is needed", where="--replicas", value=count)
    return Axis(key, tuple(range(count)))


def rounded(value: float) -> float:
    """Return `value` to 12 significant digits."""
    return float(f"{value:.{_DIGITS}g}")


def _interval(key: Key, parts: list[str], text: str) -> Axis | Range:
    log = parts[-1].lower() in ("log", "lin") and parts.pop().lower() == "log"
    if len(parts) not in (2, 3):
        raise InputError("a range needs its two ends", where=f"--vary {key.name}", value=text, allowed=_FORMS)
    low, high = (_end(key, part, text) for part in parts[:2])
    if log and not min(low, high) > 0.0:
        raise InputError("a logarithmic range must be positive", where=f"--vary {key.name}", value=text)
    if len(parts) == 2:
        if not low < high:
            raise InputError(
                "a range to sample must rise", where=f"--vary {key.name}", value=text, allowed="low:high, low < high"
            )
        return Range(key.name, low, high, log, key.kind == "whole")
    count = _count(key, parts[2], text)
    spaced = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    if key.kind == "whole":
        if any(abs(value - round(value)) > 1e-9 for value in spaced):
            raise InputError(
                "this key takes whole numbers",
                where=f"--vary {key.name}",
                value=text,
                allowed="a spacing of whole numbers",
                next_step=f"list them, or --vary {key.name}={round(low)}:{round(high)}:{abs(round(high - low)) + 1}",
            )
        return _axis(key, tuple(round(value) for value in spaced), text)
    inner = [rounded(float(value)) for value in spaced]
    inner[0], inner[-1] = low, (high if count > 1 else low)
    return _axis(key, tuple(key.read(value) for value in inner), text)


def _end(key: Key, part: str, text: str) -> float:
    value = read_value(part)
    if key.measured is not None:
        value = key.read(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError("the end of a range is a number", where=f"--vary {key.name}", value=text, allowed=_FORMS)
    if key.kind == "whole" and value != round(value):
        raise InputError("this key takes whole numbers", where=f"--vary {key.name}", value=text)
    return float(value)


def _count(key: Key, part: str, text: str) -> int:
    if not part.isdigit() or not 1 <= int(part) <= LARGEST_AXIS:
        raise InputError(
            "the number of values is a whole number",
            where=f"--vary {key.name}",
            value=text,
            allowed=f"1 to {LARGEST_AXIS}, as in a:b:n",
        )
    return int(part)


def _axis(key: Key, values: tuple[Value, ...], text: str) -> Axis:
    if len(set(values)) != len(values):
        raise InputError("a value is there twice", where=f"--vary {key.name}", value=text)
    return Axis(key.name, values)
