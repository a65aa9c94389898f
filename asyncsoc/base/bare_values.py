"""Values as Python's own types: numbers, lists, mappings and paths of other libraries are taken for what they mean."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any


def bare_number(value: Any) -> Any:
    """Return a number of another library (numpy's scalars, arrays without dimensions) as Python's; all else as it is.

    A masked number is NaN: it says that there is none.
    """
    kind = type(value)
    if kind is float or kind is str or kind is int or kind is bool or getattr(value, "shape", None) != ():
        return value
    if getattr(value, "mask", False) is not False and bool(value.mask):
        return math.nan
    item = getattr(value, "item", None)
    found = item() if callable(item) else value
    longer = getattr(getattr(found, "dtype", None), "kind", "") == "f"  # numpy's longdouble has no equal in Python
    return float(found) if longer else found


def bare(value: Any) -> Any:
    """Return `value` made of Python's own types as far as it is made of numbers, arrays, mappings and paths.

    Arrays become lists, mappings become dicts, paths become texts; objects of other kinds are left as they are.
    """
    kind = type(value)
    if kind is float or kind is str or kind is int or kind is bool or value is None:
        return value
    if isinstance(value, Mapping):
        return {bare_number(key): bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    if kind is tuple:
        return tuple(bare(item) for item in value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    shape, as_list = getattr(value, "shape", None), getattr(value, "tolist", None)
    if shape and isinstance(shape, tuple) and callable(as_list):
        return as_list()
    return bare_number(value)
