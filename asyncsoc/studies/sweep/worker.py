"""A worker process: takes jobs from its parent, keeps their records in a shard of its own, and says where they lie.

Started as every worker is (`asyncsoc.base.workers`).
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from asyncsoc.base.errors import AsyncsocError, EnvironmentProblem, InputError
from asyncsoc.studies.sweep.batch import Finished, Job, Settings
from asyncsoc.studies.sweep.record_file import Place, RecordFileWriter

Task = Callable[[Settings, Sequence[Job]], list[Finished]]
TASK = "asyncsoc.studies.sweep.batch:run_jobs"
"""What a worker does with its jobs: module and function."""


@dataclass(frozen=True)
class Start:
    """What a worker is told first.

    Attributes
    ----------
    settings
        What its jobs share.
    shards
        Folder of the shards.
    about
        Kept at the head of its shard.
    task
        Module and function of the work.
    warm
        Compile the kernels before saying that it is ready.
    """

    settings: Settings
    shards: str
    about: dict[str, Any]
    task: str = TASK
    warm: bool = True


class Ready(NamedTuple):
    """The worker is ready; where its shard lies."""

    shard: str


class Settled(NamedTuple):
    """Records on the disk: where they lie, and what they took [s]."""

    places: tuple[Place, ...]
    seconds: float


class Broken(NamedTuple):
    """The worker cannot go on, and no other could."""

    error: AsyncsocError


def serve(connection: Connection) -> None:
    """Serve the parent at the other end of a line until it has nothing left."""
    start: Start = connection.recv()
    try:
        task = _task(start)
        writer = RecordFileWriter(Path(start.shards), start.about)
    except AsyncsocError as error:
        connection.send(Broken(error))
        return
    with writer:
        connection.send(Ready(str(writer.path)))
        while (jobs := connection.recv()) is not None:
            try:
                connection.send(_settle(start.settings, task, writer, jobs))
            except (EnvironmentProblem, InputError) as error:
                connection.send(Broken(error))
                return


def _settle(settings: Settings, task: Task, writer: RecordFileWriter, jobs: Sequence[Job]) -> Settled:
    clock = time.perf_counter()
    places = writer.append(task(settings, jobs))
    return Settled(tuple(places), time.perf_counter() - clock)


def _task(start: Start) -> Task:
    from asyncsoc.solver.warmup import compile_kernels

    module, _, name = start.task.partition(":")
    task: Task = getattr(importlib.import_module(module), name)
    if start.warm:
        compile_kernels()
    return task
