"""Helpers for formats with a text header: number types, lists of numbers, the axis order of ITK-like files."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError


def numbers(text: str, count: int, *, where: str, key: str) -> list[float]:
    """Return `count` finite numbers from a blank-separated text."""
    try:
        values = [float(t) for t in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) != count or not all(math.isfinite(v) for v in values):
        raise InputError(f"{key} in the header is not {count} numbers", where=where, value=text[:200])
    return values


def integers(text: str, count: int, *, where: str, key: str) -> list[int]:
    """Return `count` integers from a blank-separated text."""
    values = numbers(text, count, where=where, key=key)
    if any(v != int(v) for v in values):
        raise InputError(f"{key} in the header is not whole", where=where, value=text[:200])
    return [int(v) for v in values]


def number_type(name: str, types: dict[str, str], *, big_endian: bool, where: str) -> np.dtype[Any]:
    """Return the numpy type of a header's type name."""
    if name not in types:
        raise InputError(
            "the header names an unknown number type", where=where, value=name[:60], allowed=", ".join(sorted(types))
        )
    return np.dtype((">" if big_endian else "<") + types[name])


def fields_of(text: str, separator: str, *, where: str) -> dict[str, str]:
    """Return the ``key<separator>value`` lines of a text header; a repeated key is an error."""
    out: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, found, value = stripped.partition(separator)
        if not found:
            continue
        if key.strip().lower() in out:
            raise InputError("a key is given twice in the header", where=where, value=key.strip()[:60])
        out[key.strip().lower()] = value.strip()
    return out
