"""Signals that ask the program to end: all are heard as Ctrl-C is, so that what was reached is kept.

An interrupt that falls into an import waits until that is done: a module in C that is left half initialized may crash
the program, and what was imported by then would be kept as if it were whole.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

_LIKE_INTERRUPT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SOON = 0.02
"""Seconds after which is looked again whether an import is done."""


@dataclass
class Heard:
    """The first signal that was heard; None while there is none."""

    number: int | None = None

    def exit_code(self, interrupted: int) -> int:
        """Return the exit code of an interrupted program: 128 and the number of the signal."""
        return interrupted if self.number is None else 128 + self.number


def _importing(frame: FrameType | None) -> bool:
    """Return whether a frame lies within the import of a module."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


@contextmanager
def like_interrupt() -> Iterator[Heard]:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does, and let no interrupt get lost in a destructor."""
    heard = Heard()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before: dict[int, Any] = {}

    def hear(number: int, frame: FrameType | None) -> None:
        heard.number = heard.number or number
        if _importing(frame):
            later = threading.Timer(_SOON, signal.pthread_kill, (threading.main_thread().ident, number))
            later.daemon = True
            later.start()
        else:
            raise KeyboardInterrupt

    def unraisable(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is KeyboardInterrupt:
            _thread.interrupt_main()
        else:
            hook(lost)

    hook = sys.unraisablehook
    for number in _LIKE_INTERRUPT:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):  # nohup has it ignored
            before[number] = signal.signal(number, hear)
    sys.unraisablehook = unraisable
    try:
        yield heard
    finally:
        sys.unraisablehook = hook
        for changed, handler in before.items():
            signal.signal(changed, handler)


def end_quietly() -> None:
    """Let signals end the program from here on without a word: there is nothing left to keep."""
    for number in _LIKE_INTERRUPT:
        with suppress(ValueError):  # not the main thread
            signal.signal(number, signal.SIG_DFL)
