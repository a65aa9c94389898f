"""What a sweep tells while it runs, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from asyncsoc.studies.sweep.index import Counts


@dataclass(frozen=True)
class Standing:
    """Where a sweep stands.

    Attributes
    ----------
    counts
        Cases by how they stand.
    ran
        Cases this run has settled.
    rate
        Cases per second of this run, 0 before the first.
    seconds_left
        At this rate; None before the first.
    workers
        Processes alive.
    """

    counts: Counts
    ran: int
    rate: float
    seconds_left: float | None
    workers: int


class Rate:
    """Counts settled cases and the time they took, from the first hand-out of work."""

    def __init__(self) -> None:
        self._began: float | None = None
        self.ran = 0

    def begin(self) -> None:
        """Note that work has been handed out."""
        self._began = time.monotonic() if self._began is None else self._began

    def settle(self, count: int) -> None:
        """Count settled cases."""
        self.ran += count

    def standing(self, counts: Counts, workers: int) -> Standing:
        """Return where the sweep stands."""
        elapsed = 0.0 if self._began is None else time.monotonic() - self._began
        rate = self.ran / elapsed if elapsed > 0.0 else 0.0
        return Standing(counts, self.ran, rate, counts.open / rate if rate > 0.0 else None, workers)


class Listener(Protocol):
    """Hears how a sweep gets on."""

    def __call__(self, standing: Standing) -> None:
        """Hear where the sweep stands: whenever cases are settled, and about once a second."""


Note = Callable[[str], None]
"""Told one line about something unusual."""


@dataclass(frozen=True)
class Result:
    """How a run of a sweep ended.

    Attributes
    ----------
    counts
        Cases by how they stand now.
    ran
        Cases settled by this run.
    seconds
        Wall time of this run [s].
    signal
        Number of the signal that ended it early, None where it came to its end.
    """

    counts: Counts
    ran: int
    seconds: float
    signal: int | None = None
