"""Chunks of cases that share a mesh and are integrated together, and the queue from which workers take them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.sweep.validated_cases import BatchKind, ValidatedCases

WIDTHS: Mapping[BatchKind, int] = {"radial": 256, "axisymmetric": 16, "3d": 8, "electrode": 1}
"""Cases in a batch, by model; measured (docs/sweeps.md). An electrode is a group that is computed by itself."""
_TOGETHER = 8
"""Cases that the integrator advances side by side: a chunk of fewer takes nearly as long."""
_COSTLY: Mapping[BatchKind, int] = {"electrode": 0, "3d": 1, "axisymmetric": 2, "radial": 3}
_SHARES = 4
"""Chunks every worker gets at least, where there are cases enough: the last ones finish together."""


@dataclass(frozen=True)
class Chunk:
    """Numbers of cases to run together; `alone`: one that was in a worker that died, and its second and last chance."""

    numbers: tuple[int, ...]
    alone: bool = False


def chunks(
    validated: ValidatedCases, pending: NDArray[np.int64], workers: int, widths: Mapping[BatchKind, int] = WIDTHS
) -> Iterator[Chunk]:
    """Yield chunks of the pending cases, the costliest models first.

    Parameters
    ----------
    validated
        The validated cases.
    pending
        Numbers of the cases to run.
    workers
        Workers to keep busy.
    widths
        Largest number of cases in a chunk, by model.
    """
    groups = validated.group_of[pending]
    for group in sorted(set(groups.tolist()), key=lambda k: (_COSTLY[validated.groups[k].model], k)):
        members = pending[groups == group]
        share = math.ceil(len(members) / (_SHARES * max(workers, 1)))
        width = min(widths[validated.groups[group].model], _TOGETHER * math.ceil(share / _TOGETHER))
        for start in range(0, len(members), width):
            yield Chunk(tuple(members[start : start + width].tolist()))


class ChunkQueue:
    """Hands out chunks; cases of a worker that died come again, each alone, after all the others.

    Parameters
    ----------
    planned
        The chunks, taken as they are needed.
    """

    def __init__(self, planned: Iterable[Chunk]) -> None:
        self._planned = iter(planned)
        self._again: deque[Chunk] = deque()
        self._ahead: deque[Chunk] = deque()

    def take(self) -> Chunk | None:
        """Return the next chunk, None where there is none at present."""
        if self._ahead:
            return self._ahead.popleft()
        planned = next(self._planned, None)
        if planned is not None:
            return planned
        return self._again.popleft() if self._again else None

    def put_back(self, chunk: Chunk) -> None:
        """Return a chunk that no worker started."""
        self._ahead.appendleft(chunk)

    def take_back(self, chunk: Chunk, recorded: frozenset[int]) -> tuple[int, ...]:
        """Take back the chunk of a dead worker; return the numbers of cases that are not to be tried again."""
        left = tuple(number for number in chunk.numbers if number not in recorded)
        if chunk.alone:
            return left
        self._again.extend(Chunk((number,), alone=True) for number in left)
        return ()
