"""Run independent tasks in worker processes that may die without taking the others with them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asyncsoc.errors import AsyncsocError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
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


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Give workers one thread where the user set nothing: two processes with two threads on two cores run slower."""
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def run_tasks[P, T](function: Callable[[P], T], tasks: Iterable[tuple[int, P]], workers: int) -> Iterator[Outcome[T]]:
    """Yield the outcome of ``function(payload)`` for each (key, payload), as they finish.

    With one worker everything runs in this process. With more, tasks go to spawned processes, a few ahead of what is
    being worked on, so that payloads never pile up. Where a process dies, the tasks that were in flight are run again
    one at a time, so that only the one that kills its process is lost.

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
    with _one_thread_each():
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
    pool = _executor(workers)
    running: dict[Future[T], tuple[int, P]] = {}

    def submit(count: int) -> None:
        for key, payload in itertools.islice(queue, count):
            running[pool.submit(function, payload)] = (key, payload)

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
            if suspects:
                suspects += running.values()
                return
            submit(len(finished))
    finally:
        pool.shutdown(wait=not suspects, cancel_futures=True)


def _one_by_one[P, T](function: Callable[[P], T], tasks: list[tuple[int, P]]) -> Iterator[Outcome[T]]:
    """Run tasks in one process, one at a time; a task that kills it is lost and a new process goes on."""
    pool: ProcessPoolExecutor | None = None
    try:
        for key, payload in tasks:
            pool = pool or _executor(1)
            future = pool.submit(function, payload)
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                pool.shutdown(wait=False)
                pool = None
                yield Outcome(key, None, "the worker process died (out of memory, or a crash in a library)")
            else:
                yield _failed(key, error) if error else Outcome(key, future.result())
    finally:
        if pool is not None:
            pool.shutdown()
