"""Processes that asyncsoc starts: they take no code from the working folder and end with whoever started them.

Python puts the current folder in front of everything a `python -c` or `python -m` imports, so that a file named
`random.py` in a folder of results would be run by every worker. Children are therefore started with a safe path.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, ClassVar

SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable with which Python leaves the current folder out of what a child imports from."""
_PACKAGE = Path(__file__).resolve().parents[1]
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
PROGRAM = """
import importlib.util, json, sys
sys.path[:] = json.loads(sys.argv[1])
spec = importlib.util.spec_from_file_location("asyncsoc", sys.argv[2] + "/__init__.py")
sys.modules["asyncsoc"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["asyncsoc"])
module, _, name = sys.argv[3].partition(":")
sys.exit(getattr(importlib.import_module(module), name)(*sys.argv[4:]))
"""
"""What a child runs: a function of this asyncsoc, of which another one may be installed."""


def python(*arguments: str) -> list[str]:
    """Return the command of a Python process that imports nothing from the folder it is started in."""
    return [sys.executable, "-P", *arguments]


def import_path() -> list[str]:
    """Return what a child imports from: this process's path without the current folder in front of the library.

    Where asyncsoc itself lies in the current folder it is found all the same, after everything else.
    """
    here, library = os.path.realpath(Path.cwd()), sysconfig.get_path("stdlib")
    first = sys.path.index(library) if library in sys.path else len(sys.path)
    kept = [
        entry
        for place, entry in enumerate(sys.path)
        if Path(entry).is_absolute() and (place >= first or os.path.realpath(entry) != here)
    ]
    return list(dict.fromkeys([*kept, str(_PACKAGE.parent)]))


def child(target: str, *arguments: str) -> list[str]:
    """Return the command of a Python process that calls `target` ("module:function") with texts as its arguments."""
    return python("-c", PROGRAM, json.dumps(import_path()), str(_PACKAGE), target, *arguments)


def confine(memory: int, seconds: int) -> None:
    """Limit what this process may take from now on, in bytes and in seconds of processor time; it writes no core.

    Where the system has no such limits, the clock of whoever started it still ends it.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


def end_with_parent(descriptor: int) -> None:
    """End this process when the other end of a pipe closes, which happens when its holder ends, however it ends.

    On Linux the kernel is asked as well: a library that never returns would keep a thread of ours from running.

    Parameters
    ----------
    descriptor
        Reading end of a pipe (or of a socket) whose other end only the parent holds.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_wait_for_end, args=(descriptor,), daemon=True).start()


def _wait_for_end(descriptor: int) -> None:
    with suppress(OSError):
        while os.read(descriptor, 1):  # not sys.stdin: its lock would be held when the interpreter ends
            pass
    os._exit(1)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Let processes started inside the block never hear Ctrl-C: a terminal sends it to all, and the parent decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _HeldBack:
    """Ctrl-C and what is handled like it, heard by one handler that knows whether they have to wait.

    Attributes
    ----------
    depth
        How many blocks are open that must not be interrupted.
    listening
        The one there is now.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    listening: ClassVar[_HeldBack | None] = None

    def __init__(self) -> None:
        self.depth = 0
        self._heard: list[int] = []
        self._before: dict[int, Any] = {}

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Remember a signal, or hand it to who handled it before."""
        if self.depth:
            self._heard.append(number)
        else:
            self._before[number](number, frame)

    def begin(self) -> None:
        """Take over the signals that somebody handles."""
        for number in self.SIGNALS:
            if callable(before := signal.getsignal(number)):
                self._before[number] = before
                signal.signal(number, self.hear)

    @property
    def waiting(self) -> bool:
        """Whether a signal has to wait."""
        return bool(self._heard)

    def end(self) -> None:
        """Give the signals back, but for those that somebody else has taken meanwhile."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self.hear:
                signal.signal(number, before)

    def release(self) -> None:
        """Hand on the first signal that had to wait."""
        heard, self._heard = self._heard, []
        if heard:
            self._before[heard[0]](heard[0], None)


@contextmanager
def interruptible() -> Iterator[None]:
    """Listen for Ctrl-C and what is handled like it once for many blocks of `uninterrupted`, which then cost little."""
    if _HeldBack.listening is not None or threading.current_thread() is not threading.main_thread():
        yield  # Python hears signals in its main thread only
        return
    listening = _HeldBack()
    listening.begin()
    _HeldBack.listening = listening
    try:
        yield
    finally:
        _HeldBack.listening = None
        listening.end()


class _Uninterrupted:
    """A block of `uninterrupted`; a class, since one is entered at every time step."""

    def __enter__(self) -> None:
        self._opened: AbstractContextManager[None] | None = None
        self._listening: _HeldBack | None = None
        if threading.current_thread() is not threading.main_thread():
            return
        if _HeldBack.listening is None:
            self._opened = interruptible()
            self._opened.__enter__()
        self._listening = _HeldBack.listening
        assert self._listening is not None
        self._listening.depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listening is None:
            return
        self._listening.depth -= 1
        if self._opened is not None:
            self._opened.__exit__(kind, error, trace)
        if not self._listening.depth and error is None:
            self._listening.release()


def uninterrupted() -> AbstractContextManager[None]:
    """Hold Ctrl-C and what is handled like it back until the block ends, so that nothing in it is done by halves."""
    return _Uninterrupted()


def held_back() -> bool:
    """Return whether Ctrl-C, or what is handled like it, waits for a block of `uninterrupted` to end."""
    listening = _HeldBack.listening
    return listening is not None and listening.waiting
