"""The constraint of a group between two accepted states, solved once for the particles of all its meshes.

Recorders ask mesh by mesh for states at the same times within a step. What solves the constraint there is the same for
all particles of the group, and where they are distributed over processes it takes all of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.constraint import CURRENT, SIDE
from asyncsoc.kernels.particles import EMBEDDED
from asyncsoc.kernels.reductions import solve_between
from asyncsoc.problem.arrays import ProblemArrays

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Solved:
    """A solution of the constraint, and what it leaves of the particles of this process."""

    numbers: Array
    densities: Array
    x: Array
    film: Array
    own: NDArray[np.void]


class StatesBetween:
    """Solutions of the constraint of the one group of a problem within the step accepted last.

    Parameters
    ----------
    arrays
        The problem in the kernels' arrays. Where it has several groups, or one mesh and one process, nothing is kept:
        the constraint is solved along with the states.
    """

    def __init__(self, arrays: ProblemArrays) -> None:
        self._arrays = arrays
        self._keeps = len(arrays.groups.size) == 1 and (len(arrays.bodies) > 1 or arrays.ranks is not None)
        self._here: Ints = np.arange(len(arrays.particles)) if arrays.ranks is None else arrays.ranks.own
        self._solved: dict[float, _Solved] = {}
        self._step = b""

    def parts(self, fractions: Array, numbers: Ints) -> Iterator[tuple[slice, Array | None]]:
        """Yield parts of states at fractions (k,) of the last step, and the solution of the constraint at each.

        None in its place: the constraint is to be solved. Else `contacts` holds what it leaves of the particles that
        the states are of, `numbers` (k,).
        """
        if not self._keeps:
            yield slice(None), None
            return
        first = 0
        for last in range(1, len(fractions) + 1):
            if last == len(fractions) or fractions[last] != fractions[first]:
                yield slice(first, last), self._solution(float(fractions[first]), numbers[first:last])
                first = last

    def _solution(self, theta: float, numbers: Ints) -> Array:
        """Return whether the constraint has a solution at a fraction of the step, its I and phi_s; leave its state."""
        arrays, here = self._arrays, self._here
        contacts, state = arrays.contacts, arrays.groups.state[0]
        if self._step != (step := state.tobytes()):
            self._solved.clear()
            self._step = step
        if theta in self._solved:  # of these particles alone: with as many meshes as particles all would be many
            kept, rows = self._solved[theta], np.searchsorted(here, numbers)
            contacts.local[numbers, CURRENT], contacts.local[numbers, SIDE] = kept.densities[:, rows]
            contacts.inner_x[EMBEDDED, numbers] = kept.x[rows]
            contacts.inner_film[EMBEDDED, numbers] = kept.film[rows]
            for name in ("current", "potential"):
                contacts.own[name][numbers] = kept.own[name][rows]
            return kept.numbers
        self._solved[theta] = _Solved(
            np.array(solve_between(contacts, arrays.groups, 0, theta), dtype=np.float64),
            np.stack([contacts.local[here, CURRENT], contacts.local[here, SIDE]]),
            contacts.inner_x[EMBEDDED, here],
            contacts.inner_film[EMBEDDED, here],
            contacts.own[here],
        )
        return self._solved[theta].numbers
