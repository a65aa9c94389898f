"""Status of a running sweep, its result, and the request to end it (Ctrl-C and SIGTERM)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from asyncsoc.studies.sweep.index import Counts


@dataclass(frozen=True)
class SweepStatus:
    """Status of a running sweep.

    Attributes
    ----------
    counts
        Numbers of cases by status.
    ran
        Cases this run has recorded.
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


class Throughput:
    """Counts the recorded cases and measures the time since work was first handed out."""

    def __init__(self) -> None:
        self._began: float | None = None
        self.ran = 0

    def begin(self) -> None:
        """Start the clock: work has been handed out."""
        self._began = time.monotonic() if self._began is None else self._began

    def add(self, count: int) -> None:
        """Count recorded cases."""
        self.ran += count

    def status(self, counts: Counts, workers: int) -> SweepStatus:
        """Return the status of the sweep."""
        elapsed = 0.0 if self._began is None else time.monotonic() - self._began
        rate = self.ran / elapsed if elapsed > 0.0 else 0.0
        return SweepStatus(counts, self.ran, rate, counts.open / rate if rate > 0.0 else None, workers)


class ProgressCallback(Protocol):
    """Receives the status of a sweep."""

    def __call__(self, status: SweepStatus) -> None:
        """Receive the status: whenever cases are recorded, and about once a second."""


LogCallback = Callable[[str], None]
"""Called with one line of text on anything unusual."""


@dataclass(frozen=True)
class SweepResult:
    """Result of a run of a sweep.

    Attributes
    ----------
    counts
        Numbers of cases by status.
    ran
        Cases recorded by this run.
    seconds
        Wall time of this run [s].
    signal
        Number of the signal that ended it early, None where it came to its end.
    """

    counts: Counts
    ran: int
    seconds: float
    signal: int | None = None


class StopRequest:
    """A request to end the sweep; while it is entered, Ctrl-C and SIGTERM set it.

    The first signal asks the sweep to end with the cases in progress, the second ends it at once.

    Parameters
    ----------
    catch
        Whether signals set it; else Ctrl-C does what it does without.

    Attributes
    ----------
    signal
        The first signal received, None while there is none.
    at_once
        Whether a second one came.
    """

    def __init__(self, *, catch: bool = True) -> None:
        self._catch = catch
        self.signal: int | None = None
        self.at_once = False
        self._before: dict[int, Any] = {}

    def ask(self, number: int) -> None:
        """Ask the sweep to end, as a signal does."""
        self.at_once = self.signal is not None
        self.signal = number if self.signal is None else self.signal

    def __enter__(self) -> Self:
        if self._catch and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle_message)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle_message(self, number: int, frame: FrameType | None) -> None:
        self.ask(number)
