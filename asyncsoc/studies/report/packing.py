"""Arrays as text: little-endian numbers in base64, fields as 16-bit levels between their ends."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 65534
"""Steps between the lowest and the highest value of a field."""
ABSENT = 65535
"""Level of a place without a value."""


def packed(values: NDArray[Any]) -> dict[str, str]:
    """Return whole numbers as the shortest unsigned type that holds them, others in single precision."""
    if np.issubdtype(values.dtype, np.integer):
        kind = "u2" if not values.size or int(values.max()) <= np.iinfo(np.uint16).max else "u4"
    else:
        kind = "f4"
    data = np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()
    return {"type": kind, "data": base64.b64encode(data).decode("ascii")}


def share_levels(values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Return shares in [0, 1] as whole numbers up to 65535."""
    return np.rint(np.clip(values, 0.0, 1.0) * 65535.0).astype(np.uint16)


@dataclass(frozen=True, eq=False)
class QuantisedField:
    """A field as levels: value = low + (high - low) level / 65534; 65535 where there is none.

    The error is at most (high - low) / 131068.
    """

    low: float
    high: float
    levels: NDArray[np.uint16]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> QuantisedField:
        """Return a field (any shape) as levels between its lowest and highest finite value."""
        known = np.isfinite(values)
        low = float(values[known].min()) if known.any() else 0.0
        high = float(values[known].max()) if known.any() else 0.0
        width = high - low if high > low else 1.0
        levels = np.where(known, np.rint((np.where(known, values, low) - low) / width * LEVELS), ABSENT)
        return cls(low, high, levels.astype(np.uint16))

    def values(self) -> NDArray[np.float64]:
        """Return the values that a reader of the page gets."""
        found = self.low + (self.high - self.low) * self.levels.astype(np.float64) / LEVELS
        return np.where(self.levels == ABSENT, np.nan, found)
