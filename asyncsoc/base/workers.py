"""Worker processes on this machine: fresh interpreters that serve messages, may die alone and are replaced.

A worker imports nothing from the working folder or of the caller's program (`asyncsoc.base.processes`), hears no
signal of a terminal, and ends when its parent does, however that ends.
"""

from __future__ import annotations

import importlib
import itertools
import signal
import socket
import subprocess
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from asyncsoc.base.environment import worker_environment
from asyncsoc.base.errors import AsyncsocError
from asyncsoc.base.processes import child, end_with_parent

_PATIENCE = 5.0  # s; for a worker that has been told to end
_LONGEST_TRACE = 6000
"""Characters of a traceback that are kept."""
_DIED = "the worker process died (out of memory, or a crash in a library)"


class Worker:
    """A worker process and the line to it.

    Parameters
    ----------
    target
        "module:function", called in the process with its end of the line; the process ends when it returns.
    """

    def __init__(self, target: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                child("asyncsoc.base.workers:serve", str(theirs.fileno()), target),
                stdin=subprocess.PIPE,  # its end tells the worker that nobody waits for it
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=worker_environment(),
                start_new_session=True,  # Ctrl-C is for the parent
            )
        self.connection = Connection(ours.detach())
        self._why: str | None = None

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def send(self, message: object) -> bool:
        """Send a message; return whether the process could still take it."""
        try:
            self.connection.send(message)
        except OSError:
            return False
        return True

    def receive(self) -> Any:
        """Wait for its next message and return it, None where it is dead."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return None

    def kill(self, why: str | None = None) -> None:
        """End its process now; `why` is then its `cause`."""
        self._why = why
        self._process.kill()

    def cause(self, code: int) -> str:
        """Return what ended it, in words, given its exit code."""
        return self._why or (f"signal {-code}" if code < 0 else f"exit code {code}")

    def reap(self) -> int:
        """Wait for its process, kill it where it does not end, and return its exit code."""
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self.connection.close()
        return code


def speaking[W: Worker](workers: Iterable[W], timeout: float | None = None) -> list[W]:
    """Wait until a worker has sent something or died, at most `timeout` seconds; return those that did."""
    by_connection: dict[object, W] = {worker.connection: worker for worker in workers}
    return [by_connection[connection] for connection in wait(list(by_connection), timeout)]  # type: ignore[arg-type]


def serve(descriptor: str, target: str) -> None:
    """Be a worker: call `target` with the line at `descriptor` until it returns or the parent is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides when its workers end
        signal.signal(number, signal.SIG_IGN)
    end_with_parent(0)
    module, _, name = target.partition(":")
    with suppress(EOFError, ConnectionError):
        getattr(importlib.import_module(module), name)(Connection(int(descriptor)))


@dataclass(frozen=True)
class Outcome[T]:
    """One task's end: its key, and either what it returned or why it failed.

    `trace` is the traceback of an error that is none of ours, or has such a cause; None for our own errors, whose
    message says what to do, and for a process that died.
    """

    key: int
    value: T | None
    failure: str | None = None
    trace: str | None = None


def run_tasks[P, T](
    function: Callable[[P], T], tasks: Iterable[tuple[int, P]], workers: int
) -> Generator[Outcome[T], None, None]:
    """Yield the outcome of ``function(payload)`` for each (key, payload), as they finish.

    With one worker everything runs in this process. With more, each worker has one task at a time, so that payloads
    never pile up. A task whose process dies is tried once more when all others are done, in a process of its own with
    no other beside it, before it is given up. Closing the generator ends the processes.

    Parameters
    ----------
    function
        Function of a module that can be imported; what it raises becomes the outcome's failure.
    tasks
        Keys and payloads, taken as needed.
    workers
        Number of processes.
    """
    if workers <= 1:
        for key, payload in tasks:
            yield _carried_out(function, key, payload)
        return
    died: list[tuple[int, P]] = []
    yield from _side_by_side(function, iter(tasks), workers, died)
    for task in died:
        again: list[tuple[int, P]] = []
        yield from _side_by_side(function, iter([task]), 1, again)
        yield from (Outcome(key, None, _DIED) for key, _ in again)


def _side_by_side[P, T](
    function: Callable[[P], T], queue: Iterator[tuple[int, P]], workers: int, died: list[tuple[int, P]]
) -> Iterator[Outcome[T]]:
    """Run tasks in worker processes; those whose process dies are added to `died`."""
    idle: list[Worker] = []
    busy: dict[Worker, tuple[int, P]] = {}
    try:
        while True:
            for task in itertools.islice(queue, workers - len(busy)):
                worker = idle.pop() if idle else Worker("asyncsoc.base.workers:work")
                busy[worker] = task
                worker.send((function, *task))
            if not busy:
                return
            ended: list[Outcome[T]] = []
            for worker in speaking(busy):
                task = busy.pop(worker)
                outcome = worker.receive()
                if outcome is None:
                    worker.reap()
                    died.append(task)
                else:
                    idle.append(worker)
                    ended.append(outcome)
            yield from ended
    finally:
        for worker in (*idle, *busy):
            worker.kill()
        for worker in (*idle, *busy):
            worker.reap()


def work(line: Connection) -> None:
    """Carry out the tasks that come along a line (what a worker of `run_tasks` does)."""
    while True:
        try:
            function, key, payload = line.recv()
        except (EOFError, OSError):
            return
        outcome = _carried_out(function, key, payload)
        try:
            line.send(outcome)
        except OSError:
            return
        except Exception as error:  # what cannot be sent is a failure of its task
            line.send(_failed(key, error))


def _carried_out[P, T](function: Callable[[P], T], key: int, payload: P) -> Outcome[T]:
    try:
        return Outcome(key, function(payload))
    except Exception as error:  # a failed task is a result here, whatever it raised
        return _failed(key, error)


def _failed(key: int, error: BaseException) -> Outcome[Any]:
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    value = getattr(error, "value", None)
    foreseen = isinstance(error, AsyncsocError) and error.__cause__ is None
    trace = None if foreseen else "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
    return Outcome(key, None, (reason if value is None else f"{reason} - {value}")[:1000], trace)
