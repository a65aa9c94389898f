"""Keeps a long run in its file at the ends of cycles, so that a killed run is resumed from there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from asyncsoc.base.errors import AsyncsocError, InterruptedRunError
from asyncsoc.base.processes import uninterrupted
from asyncsoc.case import Case
from asyncsoc.problem.ranks import Communicator
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate

EVERY = 60.0
"""Least time between two checkpoints [s of computing]."""
_NUMBER = re.compile(r"(?<!step )(?<![\w.])[-+]?\d[\d.]*(e[-+]?\d+)?")


class _Pause(KeyboardInterrupt):
    """The run stops to be kept, and goes on."""


class _CycleEnds:
    """Stops a run in the first step of a cycle where a checkpoint is due."""

    def __init__(self, case: Case, every: float, progress: Callable[[Progress], None] | None) -> None:
        self._cycles = [step.cycle for step in case.protocol.plan.steps]
        self._every, self._progress = every, progress
        self.begin()

    def begin(self) -> None:
        """Count time and cycles from here."""
        self._cycle, self._since, self.paused = 0, time.monotonic(), False

    def __call__(self, progress: Progress) -> None:
        if self._progress is not None:
            self._progress(progress)
        before, self._cycle = self._cycle, self._cycles[progress.step - 1]
        if before and self._cycle != before and time.monotonic() - self._since >= self._every:
            self.paused = True
            raise _Pause


def simulate_with_checkpoints(
    case: Case,
    path: str | Path,
    *,
    every: float = EVERY,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    communicator: Communicator | None = None,
) -> Solution:
    """Simulate one case as `simulate` does, and keep what is reached at the ends of cycles in its result file.

    The answer is that of `simulate`, to the last bit, and is not lost to a file that cannot be written. A run that is
    killed is resumed from the file by `simulate(case, resume=Solution.load(file))` or `asyncsoc run --resume FILE`.

    Parameters
    ----------
    case, progress, resume, communicator
        As of `simulate`; of several processes the first one writes.
    path
        As of `Solution.save`: a file that ends in ".vtkhdf", or a directory.
    every : s
        Least computing time between two checkpoints; 0 keeps every cycle's end.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.
    """
    ends = _CycleEnds(case, every, progress)
    reached = resume
    while True:
        try:
            solution = simulate(case, progress=ends, resume=reached, communicator=communicator)
        except InterruptedRunError as error:
            paused = ends.paused if communicator is None else communicator.bcast(ends.paused)
            if not paused or not isinstance(error.partial, Solution):
                raise
            with uninterrupted():
                reached = _of_one_run(error.partial, reached, resume)
                if communicator is None or communicator.rank == 0:
                    with suppress(AsyncsocError):
                        reached.save(path)
            ends.begin()
            continue
        return _of_one_run(solution, reached, resume)


def _of_one_run(solution: Solution, reached: Solution | None, resumed: Solution | None) -> Solution:
    """Return a solution whose provenance does not count the checkpoints of this run as results that were resumed."""
    if reached is None or reached is resumed or solution is reached:
        return solution
    about = {key: value for key, value in solution.provenance.items() if key != "resumed from"}
    about |= {key: reached.provenance[key] for key in ("started", "resumed from") if key in reached.provenance}
    return replace(solution, provenance=about, warnings=_last_of_each(solution.warnings))


def _last_of_each(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the last of warnings that differ by numbers alone; those of different protocol steps stay apart."""
    found: dict[str, str] = {}
    for warning in warnings:
        words = _NUMBER.sub("#", warning)
        found.pop(words, None)
        found[words] = warning
    return tuple(found.values())
