"""Run independent tasks in worker processes that may die without taking the others with them."""

from __future__ import annotations

import itertools
import multiprocessing
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from asyncsoc.base.environment import clean_worker_environment
from asyncsoc.base.errors import AsyncsocError
from asyncsoc.base.processes import deaf_to_interrupts, end_with_parent

_AHEAD = 2
_LONGEST_TRACE = 6000
"""Characters of a traceback that are kept."""


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


class _Pool:
    """Spawned processes that hear nothing from a terminal and end when this process ends, or says so."""

    def __init__(self, workers: int) -> None:
        theirs, self._line = multiprocessing.Pipe(duplex=False)
        self._theirs = theirs
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(theirs,))

    def submit[P, T](self, function: Callable[[P], T], payload: P) -> Future[T]:
        with deaf_to_interrupts():  # processes are started here
            return self._executor.submit(function, payload)

    def close(self, *, gently: bool) -> None:
        """End the processes: when they have finished what they are at, or now."""
        if gently:
            self._executor.shutdown()
        self._line.close()
        self._theirs.close()
        self._executor.shutdown(wait=False, cancel_futures=True)


def _begin(line: Connection) -> None:
    """Prepare a worker process; `line` stays open until the parent ends, or ends it."""
    _lines.append(line)
    end_with_parent(line.fileno())


_lines: list[Connection] = []
"""Keeps a worker's line open."""


def run_tasks[P, T](
    function: Callable[[P], T], tasks: Iterable[tuple[int, P]], workers: int
) -> Generator[Outcome[T], None, None]:
    """Yield the outcome of ``function(payload)`` for each (key, payload), as they finish.

    With one worker everything runs in this process. With more, tasks go to spawned processes, a few ahead of what is
    being worked on, so that payloads never pile up. Where a process dies, the tasks that were in flight are run again
    one at a time, so that only the one that kills its process is lost. Closing the generator ends the processes.

    Parameters
    ----------
    function
        Importable function; what it raises becomes the outcome's failure.
    tasks
        Keys and payloads, taken as needed.
    workers
        Number of processes.
    """
    if workers <= 1:
        for key, payload in tasks:
            yield _guarded(function, key, payload)
        return
    with clean_worker_environment():
        queue = iter(tasks)
        while True:
            suspects: list[tuple[int, P]] = []
            yield from _until_broken(function, queue, workers, suspects)
            if not suspects:
                return
            yield from _one_by_one(function, suspects)


def _guarded[P, T](function: Callable[[P], T], key: int, payload: P) -> Outcome[T]:
    try:
        return Outcome(key, function(payload))
    except Exception as error:  # a failed task is a result here, whatever it raised
        return _failed(key, error)


def _failed(key: int, error: BaseException) -> Outcome[Any]:
    return Outcome(key, None, _reason(error), _trace(error))


def _trace(error: BaseException) -> str | None:
    """Return the end of an unforeseen error's traceback; what a worker process raised has its own as its cause."""
    cause = error.__cause__
    if isinstance(error, AsyncsocError) and (cause is None or type(cause).__name__ == "_RemoteTraceback"):
        return None
    return "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]


def _reason(error: BaseException) -> str:
    parts = [f"{type(error).__name__}: {error}".splitlines()[0]]
    value = getattr(error, "value", None)
    return " - ".join([*parts, str(value)] if value is not None else parts)[:1000]


def _until_broken[P, T](
    function: Callable[[P], T], queue: Iterator[tuple[int, P]], workers: int, suspects: list[tuple[int, P]]
) -> Iterator[Outcome[T]]:
    """Run tasks in a pool until there are no more or it breaks; leave the tasks then in flight in `suspects`."""
    pool = _Pool(workers)
    running: dict[Future[T], tuple[int, P]] = {}
    whole = False

    def submit(count: int) -> None:
        for task in itertools.islice(queue, count):
            try:
                running[pool.submit(function, task[1])] = task
            except BrokenProcessPool:  # a process has died since we last looked
                suspects.append(task)
                return

    try:
        submit(_AHEAD * workers)
        while running:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                key, payload = running.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    suspects.append((key, payload))
                else:
                    yield _failed(key, error) if error else Outcome(key, future.result())
            if not suspects:
                submit(len(finished))
            if suspects:
                suspects += running.values()
                return
        whole = True
    finally:  # where it broke, was interrupted, or nobody wants the rest, nobody waits either
        pool.close(gently=whole)


def _one_by_one[P, T](function: Callable[[P], T], tasks: list[tuple[int, P]]) -> Iterator[Outcome[T]]:
    """Run tasks in one process, one at a time; a task that kills it is lost and a new process goes on."""
    pool: _Pool | None = None
    try:
        for key, payload in tasks:
            pool = pool or _Pool(1)
            future = pool.submit(function, payload)
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                pool.close(gently=False)
                pool = None
                yield Outcome(key, None, "the worker process died (out of memory, or a crash in a library)")
            else:
                yield _failed(key, error) if error else Outcome(key, future.result())
    finally:
        if pool is not None:
            pool.close(gently=False)  # it has nothing in hand, or nobody wants it
