"""Ctrl-C and SIGTERM: the first asks the sweep to end with what it has in hand, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stop:
    """Hears signals while it is entered.

    Attributes
    ----------
    signal
        The first signal heard, None while there is none.
    at_once
        Whether a second one came.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.at_once = False
        self._before: dict[int, Any] = {}

    def ask(self, number: int) -> None:
        """Ask the sweep to end, as a signal does."""
        self.at_once = self.signal is not None
        self.signal = number if self.signal is None else self.signal

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.ask(number)
