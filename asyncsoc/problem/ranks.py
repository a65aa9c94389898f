"""The processes among which the particles of a group are distributed, through MPI.

Every rank holds the description of all particles, and of its own meshes, states and factors. What reaches the group of
each particle is gathered and reduced in the order of the particles by all ranks, which therefore take the same
decisions: the bits do not depend on how many there are. mpi4py is loaded by who hands the communicator over.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.environment import abort_mpi
from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.base.lanes import WIDTH
from asyncsoc.base.processes import held_back
from asyncsoc.kernels.ranks import COLUMNS, RankArrays
from asyncsoc.problem.system import OrderedSystem

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")

ELSEWHERE = -(2**62)
"""Number of the mesh of a particle that another rank has."""
_SOLVES = 8
"""Solves of a step, the border's included."""
_SWEEPS = 30
"""Products with the matrix that stand for a solve by conjugate gradients."""
_FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)


class Communicator(Protocol):
    """What is used of an mpi4py communicator."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""

    @property
    def size(self) -> int:
        """How many processes there are."""

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """Gather arrays of all processes on all."""

    def allgather(self, sendobj: Any) -> list[Any]:
        """Gather objects of all processes on all."""

    def bcast(self, obj: Any, root: int = 0) -> Any:
        """Give all processes the object of one."""

    def barrier(self) -> None:
        """Wait for all processes."""


class Ranks:
    """The particles of one group, each with one of the processes of a communicator.

    Parameters
    ----------
    communicator
        Of mpi4py.
    owner : (P,) int64
        Rank of each particle; that of the first one is 0, and every rank has at least one.

    Attributes
    ----------
    own : (k,) int64
        Particles of this rank, ascending.
    kernel
        The same for the kernels.
    exchanges, numbers, waited
        How often particles' numbers were exchanged, how many this rank received, and the time it took [s].
    """

    def __init__(self, communicator: Communicator, owner: Ints) -> None:
        self._communicator = communicator
        self.rank, self.size = communicator.rank, communicator.size
        self.own: Ints = np.flatnonzero(owner == self.rank).astype(np.int64)
        self._order: Ints = np.argsort(owner, kind="stable").astype(np.int64)
        self._counts = np.bincount(owner, minlength=self.size)
        self.exchanges, self.numbers, self.waited = 0, 0, 0.0
        self._function = _FUNCTION(self._exchange)  # lives as long as its address is used
        address = ctypes.cast(self._function, ctypes.c_void_p).value or 0
        self.kernel = RankArrays(
            own=self.own,
            order=self._order,
            exchange=np.array([address], dtype=np.int64),
            sent=np.zeros(COLUMNS * len(self.own)),
            received=np.zeros(COLUMNS * len(owner)),
            gathered=np.zeros((len(owner), COLUMNS)),
        )
        abort_on_errors()

    def _exchange(self, columns: int) -> int:
        """Give every rank the first `columns` numbers of each particle of all; kernels call this.

        Nothing may be raised into a kernel: without the others it would wait for ever.
        """
        try:
            began = time.perf_counter()
            sent, received = self.kernel.sent, self.kernel.received
            self._communicator.Allgatherv([sent, columns * len(self.own)], [received, columns * self._counts])
            self.exchanges += 1
            self.numbers += columns * len(self._order)
            self.waited += time.perf_counter() - began
        except BaseException as error:
            print(f"error: rank {self.rank} has lost the others: {error}", file=sys.stderr)
            abort_mpi(3)
        return 0

    def shared(self, values: Array) -> Array:
        """Return the numbers (P,) of all particles, those of every rank's own."""
        found = np.empty(len(self._order))
        found[self._order] = np.concatenate(self._communicator.allgather(values[self.own]))
        return found

    def of_all(self, own: Sequence[T]) -> list[T]:
        """Return one object for every particle in their order, given those for the particles of this rank in theirs."""
        found: list[Any] = [None] * len(self._order)
        for j, one in zip(self._order.tolist(), self.together(own), strict=True):
            found[j] = one
        return found

    def together(self, own: Sequence[T]) -> list[T]:
        """Return the objects of all ranks, one rank after the other."""
        return [one for some in self._communicator.allgather(list(own)) for one in some]

    def of_first(self, value: T) -> T:
        """Return what the first rank gives."""
        found: T = self._communicator.bcast(value, root=0)
        return found

    def agreed(self, call: Callable[[], Mapping[int, SimulationError]]) -> Mapping[int, SimulationError]:
        """Return the errors by group that `call` returns on any rank, that of the lowest one where several do.

        Raises
        ------
        KeyboardInterrupt
            On every rank where any was interrupted.
        """
        errors: Mapping[int, SimulationError] = {}
        interrupt: KeyboardInterrupt | None = None
        try:
            errors = call()
        except KeyboardInterrupt as error:
            interrupt = error
        state = bytes([interrupt is not None or held_back()]) + (pickle.dumps(errors) if errors else b"")
        told: list[bytes] = self._communicator.allgather(state)
        if any(one[0] for one in told):
            raise interrupt or KeyboardInterrupt
        for one in reversed([one for one in told if len(one) > 1]):
            errors = {**errors, **pickle.loads(one[1:])}
        return errors


def agreed(ranks: Ranks | None, call: Callable[[], Mapping[int, SimulationError]]) -> Mapping[int, SimulationError]:
    """Return the errors that `call` returns: on any rank where there are several."""
    return call() if ranks is None else ranks.agreed(call)


def abort_on_errors() -> None:
    """Let an error that nobody catches end every rank: the others would wait for this one for ever."""
    before = sys.excepthook
    if getattr(before, "ends_ranks", False):
        return

    def hook(kind: Any, error: Any, trace: Any) -> None:
        before(kind, error, trace)
        abort_mpi(1)

    hook.ends_ranks = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def step_cost(system: OrderedSystem) -> float:
    """Return what a step of eight particles on a mesh costs, in multiplications."""
    kernel = system.kernel
    couplings = len(kernel.stiffness.below.indices) * 2 + len(kernel.mass)
    if kernel.iterative:
        return float(_SOLVES * _SWEEPS * couplings)
    per_column = np.diff(kernel.factor.indptr).astype(np.float64)
    return float((per_column * (per_column + 1.0)).sum() / 2.0 + _SOLVES * 2.0 * per_column.sum() + 40.0 * couplings)


def distributed(costs: Sequence[float], homes: Sequence[Sequence[int]], ranks: int) -> Ints:
    """Return the rank (P,) of each particle: blocks of eight on one mesh stay whole, the costliest are given out first.

    Parameters
    ----------
    costs
        Of a step of a block on each mesh.
    homes
        For each mesh the particles on it.
    ranks
        How many there are.

    Raises
    ------
    InputError
        There are fewer blocks than ranks.
    """
    blocks = [
        (cost, [home[k] for k in range(first, min(first + WIDTH, len(home)))])
        for cost, home in zip(costs, homes, strict=True)
        for first in range(0, len(home), WIDTH)
    ]
    count = sum(len(home) for home in homes)
    if len(blocks) < ranks:
        raise InputError(
            "there are more processes than the particles can be distributed over",
            where="mpiexec -n",
            value=ranks,
            allowed=f"at most {len(blocks)}: {count} particles, {WIDTH} on one mesh together",
            next_step="start fewer processes" if len(blocks) > 1 else "run it in one process, without mpiexec",
        )
    owner, load = np.zeros(count, dtype=np.int64), [0.0] * ranks
    for cost, block in sorted(blocks, key=lambda one: (-one[0], one[1][0])):
        rank = min(range(ranks), key=lambda r: (load[r], r))
        owner[block] = rank
        load[rank] += cost
    first = int(owner[0])  # the first particle's rank is the first one: it tells and writes
    swapped = np.where(owner == first, 0, np.where(owner == 0, first, owner))
    return np.asarray(swapped, dtype=np.int64)
