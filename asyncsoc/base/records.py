"""Numbers with names that kernels read: numpy's structured types made of dataclasses.

numba compiles a field of a record to a plain load, `particle.contact_area`. A kernel that is handed a record reads and
writes the array it came from.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

_KINDS = {"float": np.float64, "int": np.int64}


def record(*classes: type) -> np.dtype:
    """Return the structured type of dataclasses whose fields are `float` and `int`, one after the other."""
    return np.dtype([(entry.name, _KINDS[str(entry.type)]) for declared in classes for entry in fields(declared)])


def fill(row: np.void, declared: object) -> None:
    """Write the fields of a dataclass into the fields of the same names of a row."""
    for entry in fields(declared):  # type: ignore[arg-type]
        row[entry.name] = getattr(declared, entry.name)
