"""Workers on this machine: fresh interpreters, one job list at a time, replaced when they die."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from asyncsoc.base.environment import worker_environment
from asyncsoc.base.errors import EnvironmentProblem
from asyncsoc.base.processes import import_path, python
from asyncsoc.studies.sweep.batch import Job
from asyncsoc.studies.sweep.chunks import Chunk
from asyncsoc.studies.sweep.worker import Broken, Ready, Settled, Start

_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from asyncsoc.studies.sweep.worker import main
main(int(sys.argv[1]))
"""
_PATIENCE = 5.0  # s; for a worker that was told to end


class LocalWorker:
    """One worker process.

    Attributes
    ----------
    chunk
        What it has in hand, None while it has nothing.
    shard
        Path of its shard, None until it is ready.
    """

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                python("-c", _PROGRAM, str(theirs.fileno()), json.dumps(import_path())),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=worker_environment(),
                start_new_session=True,  # Ctrl-C is for the parent
            )
        self.connection = Connection(ours.detach())
        self.chunk: Chunk | None = None
        self.shard: str | None = None
        self.since = 0.0
        self._why: str | None = None
        self.connection.send(start)

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    @property
    def idle(self) -> bool:
        """Whether it waits for work."""
        return self.shard is not None and self.chunk is None

    def give(self, chunk: Chunk, jobs: Sequence[Job], now: float) -> bool:
        """Hand out a chunk; return whether the worker took it."""
        try:
            self.connection.send(tuple(jobs))
        except OSError:
            return False
        self.chunk, self.since = chunk, now
        return True

    def hear(self) -> Ready | Settled | Broken | None:
        """Return what it says, None where it is dead."""
        try:
            message: Any = self.connection.recv()
        except (EOFError, OSError):
            return None
        return message  # type: ignore[no-any-return]

    def dismiss(self) -> None:
        """Tell it that there is nothing more to do."""
        with suppress(OSError):
            self.connection.send(None)

    def kill(self, why: str | None = None) -> None:
        """End its process now."""
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
            self._process.stdin.close()
        self.connection.close()
        return code


def heard(workers: Iterable[LocalWorker], timeout: float) -> list[LocalWorker]:
    """Wait until a worker says something or dies, at most `timeout` seconds; return those that did."""
    by_connection = {worker.connection: worker for worker in workers}
    return [by_connection[connection] for connection in wait(list(by_connection), timeout)]  # type: ignore[index]


def cannot_start(how: str) -> EnvironmentProblem:
    """Build the error for workers that die before they have done anything (the caller raises it)."""
    return EnvironmentProblem(
        f"workers die before they begin ({how})",
        next_step="run `asyncsoc doctor`; with little memory use fewer --workers",
    )
