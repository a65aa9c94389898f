"""What a run that jumps over cycles knows of the cycles it has computed, in memory and in its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.simulation.results.guard import GuardedFile, damaged

Array = NDArray[np.float64]

JUMPS = "jumps"
MOST_POINTS = 3
_ARRAYS = ("grown", "x", "charge")


@dataclass(frozen=True, eq=False)
class ComputedCycle:
    """The slow state of a computed cycle; particles lie end to end.

    Attributes
    ----------
    cycle
        Its number.
    grown : (contact nodes of all particles,)
        By how much the film grew in it [m].
    x : (nodes of all particles,)
        Stoichiometry at its end.
    charge : (N,)
        Charge passed by each particle since the start of the protocol, at its end [C].
    """

    cycle: int
    grown: Array
    x: Array
    charge: Array


@dataclass(frozen=True, eq=False)
class CycleJumps:
    """The cycles from which the next jump is extrapolated, and what the jumps so far have done.

    Attributes
    ----------
    points
        The last computed cycles, at most three, in their order.
    longest
        Cycles that the next jump may leave out.
    computed, rejected
        Cycles that were computed; those among them whose jump was not accepted, so that they count no more.
    error
        Sum of the estimated errors of the jumps, relative to the capacity of a cycle or to the film.
    """

    points: tuple[ComputedCycle, ...] = ()
    longest: int = 1
    computed: int = 0
    rejected: int = 0
    error: float = 0.0


def write_jumps(group: Any, jumps: CycleJumps) -> None:
    """Write what is known of computed cycles into an open HDF5 group."""
    group["counts"] = np.array([jumps.longest, jumps.computed, jumps.rejected])
    group["error"] = np.array([jumps.error])
    group["cycles"] = np.array([point.cycle for point in jumps.points], dtype=np.int64)
    for k, point in enumerate(jumps.points):
        for name in _ARRAYS:
            group[f"{name} {k}"] = getattr(point, name)


def read_jumps(file: GuardedFile) -> CycleJumps | None:
    """Return what is known of computed cycles; None where the run does not jump.

    Raises
    ------
    InputError
        It is damaged.
    """
    if not file.has(JUMPS):
        return None
    longest, computed, rejected = file.array(f"{JUMPS}/counts", np.int64, (3,)).tolist()
    cycles = file.array(f"{JUMPS}/cycles", np.int64, (-1,)).tolist()
    if len(cycles) > MOST_POINTS or sorted(set(cycles)) != cycles or min([1, longest, computed, rejected]) < 0:
        raise damaged(file.path, "its computed cycles are not in order")
    points = [
        ComputedCycle(cycle, *(file.array(f"{JUMPS}/{name} {k}", np.float64, (-1,)) for name in _ARRAYS))
        for k, cycle in enumerate(cycles)
    ]
    error = float(file.array(f"{JUMPS}/error", np.float64, (1,))[0])
    return CycleJumps(tuple(points), longest, computed, rejected, error)
