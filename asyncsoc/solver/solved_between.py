"""Solutions of groups between the ends of their last steps, for particles on several meshes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.constraint import CURRENT, SIDE
from asyncsoc.kernels.particles import EMBEDDED
from asyncsoc.problem.arrays import ProblemArrays

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_KEPT = 1 << 28
"""Bytes of solutions between the ends of steps that are kept for other meshes."""


class SolvedBetween:
    """Keeps solutions of groups between the ends of their last steps for their particles on other meshes.

    A group has one solution at a time within a step, however many meshes its particles are on: it is solved for once.
    """

    def __init__(self, arrays: ProblemArrays) -> None:
        self._arrays, self._bytes = arrays, 0
        self._step: dict[int, tuple[float, ...]] = {}
        self._kept: dict[tuple[int, float], tuple[NDArray[Any], ...]] = {}

    def give(self, group: int, fraction: float, numbers: Ints, between: NDArray[np.void]) -> bool:
        """Put a solution that is kept, of the particles `numbers`, where a solve leaves it; return whether it is."""
        step = tuple(float(self._arrays.groups.state[group][name]) for name in ("accepted", "time", "last_step"))
        if self._step.get(group) != step:
            self._step[group] = step
            for key in [key for key in self._kept if key[0] == group]:
                self._bytes -= sum(array.nbytes for array in self._kept.pop(key))
        found = self._kept.get((group, fraction))
        if found is None:
            return False
        contacts, rows = self._arrays.contacts, numbers - int(self._arrays.groups.first[group])
        own, current, side, film, whole = found
        contacts.own[numbers] = own[rows]
        contacts.local[numbers, CURRENT], contacts.local[numbers, SIDE] = current[rows], side[rows]
        contacts.inner_film[EMBEDDED, numbers] = film[rows]
        for name in ("solved", "group_current", "potential"):
            between[name][0] = whole[name]
        return True

    def keep(self, group: int, fraction: float, whole: np.void) -> None:
        """Keep what a solve has left."""
        contacts, first = self._arrays.contacts, int(self._arrays.groups.first[group])
        members = slice(first, first + int(self._arrays.groups.size[group]))
        local, film = contacts.local[members], contacts.inner_film[EMBEDDED, members]
        arrays = (contacts.own[members], local[:, CURRENT], local[:, SIDE], film)
        copied = (*(np.array(array) for array in arrays), np.array(whole))
        if self._bytes > MOST_KEPT:
            self._kept.clear()
            self._bytes = 0
        self._kept[group, fraction] = copied
        self._bytes += sum(array.nbytes for array in copied)


def together(group: Ints, fraction: Array) -> list[slice]:
    """Return the runs of neighbouring rows of one group at one fraction of its step."""
    new = (np.diff(group, prepend=-1) != 0) | (np.diff(fraction, prepend=np.nan) != 0.0)
    starts = [*np.flatnonzero(new).tolist(), len(group)]
    return [slice(first, last) for first, last in itertools.pairwise(starts)]
