"""Data as JSON holds it: plain types only, and no NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from asyncsoc.base.errors import InputError


def plain(value: object) -> Any:
    """Return `value` made of dict, list, str, int, float, bool and None; what is not finite becomes None."""
    kind = type(value)
    if kind is float:  # what most values are, asked first: a document holds thousands
        return value if math.isfinite(value) else None  # type: ignore[arg-type]
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | str) else str(value)


def to_text(value: object) -> str:
    """Return `value` as one line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_document(value: object) -> str:
    """Return `value` as JSON on many lines, for files that people read."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=1)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def from_text(text: str, *, where: str) -> Any:
    """Return the data in a JSON text.

    Raises
    ------
    InputError
        Not JSON, or it holds NaN or infinity.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError("damaged JSON text", where=where, value=text[:60], next_step="run the case again") from error
