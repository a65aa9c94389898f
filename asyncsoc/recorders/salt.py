"""The salt of a group's electrolyte at the rows of its curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from asyncsoc.solver.states import States

Array = NDArray[np.float64]

SALT = "Salt concentration [mol/m3]"
IN_SEPARATOR = "Salt concentration in the separator [mol/m3]"
_KINDS = {"layer": "Salt concentration in layer", "separator": "Salt concentration in the separator, volume"}


def salt_curve(kind: str, number: int) -> str:
    """Return the name of the curve of a volume: of a "layer" or of the "separator", counted from 1 at the lithium."""
    return f"{_KINDS[kind]} {number} [mol/m3]"


def salt_place(name: str) -> int:
    """Return the place of a curve of the salt behind all others, from the lithium electrode on; 0 of other curves."""
    for kind, first in (("separator", 1), ("layer", 1_000_000)):
        if name.startswith(f"{_KINDS[kind]} "):
            number = name.removeprefix(f"{_KINDS[kind]} ").partition(" ")[0]
            return first + int(number) if number.isdigit() else 0
    return 0


class SaltRecorder:
    """Keeps the concentrations of a group at the states of the first particle of a mesh, in their order."""

    def __init__(self) -> None:
        self._parts: list[Array] = []

    def record(self, states: States) -> None:
        """Append the concentrations at states."""
        if states.salt is not None:
            self._parts.append(states.salt[states.number == 0])

    def drop(self, kept: NDArray[np.bool_]) -> None:
        """Keep only those rows where `kept` (r,) is true; further rows stay."""
        if self._parts:
            rows = np.concatenate(self._parts)
            stays = np.concatenate([kept, np.ones(len(rows) - len(kept), dtype=bool)])
            self._parts = [rows[stays]]

    def curves(self, separator: int) -> dict[str, Array]:
        """Return the curve of every volume by name, the first `separator` ones in the separator; empty without salt."""
        if not self._parts:
            return {}
        columns = np.concatenate(self._parts).T
        named = [salt_curve("separator", m + 1) for m in range(separator)]
        named += [salt_curve("layer", k + 1) for k in range(len(columns) - separator)]
        return {name: np.ascontiguousarray(one) for name, one in zip(named, columns, strict=True)}
