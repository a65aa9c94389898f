"""A worker process: receives jobs from its parent, writes their records to a file of its own, and returns where.

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
from asyncsoc.studies.sweep.batch import Finished, Job, JobSettings
from asyncsoc.studies.sweep.record_file import RecordFileWriter, RecordLocation

Task = Callable[[JobSettings, Sequence[Job]], list[Finished]]
TASK = "asyncsoc.studies.sweep.batch:run_jobs"
"""What a worker does with its jobs: module and function."""


@dataclass(frozen=True)
class WorkerStart:
    """First message to a worker.

    Attributes
    ----------
    settings
        Settings that all jobs share.
    records_folder
        Folder of the record files.
    about
        Written at the head of its record file.
    task
        Module and function of the work.
    warm
        Compile the kernels before saying that it is ready: of particles on meshes of lines and planes.
    solids
        Also those of particles on meshes of solids.
    """

    settings: JobSettings
    records_folder: str
    writer_info: dict[str, Any]
    task: str = TASK
    warm: bool = True
    solids: bool = False


class WorkerReady(NamedTuple):
    """The worker is ready; path of its record file."""

    record_file: str


class JobsFinished(NamedTuple):
    """Records on the disk: their locations, and the time the jobs took [s]."""

    places: tuple[RecordLocation, ...]
    seconds: float


class WorkerFailed(NamedTuple):
    """The worker cannot go on, and no other could."""

    error: AsyncsocError


def serve(connection: Connection) -> None:
    """Serve the parent at the other end of a line until it has nothing left."""
    start: WorkerStart = connection.recv()
    try:
        task = _task(start)
        writer = RecordFileWriter(Path(start.records_folder), start.writer_info)
    except AsyncsocError as error:
        connection.send(WorkerFailed(error))
        return
    with writer:
        connection.send(WorkerReady(str(writer.path)))
        while (jobs := connection.recv()) is not None:
            try:
                connection.send(_on_finished(start.settings, task, writer, jobs))
            except (EnvironmentProblem, InputError) as error:
                connection.send(WorkerFailed(error))
                return


def _on_finished(settings: JobSettings, task: Task, writer: RecordFileWriter, jobs: Sequence[Job]) -> JobsFinished:
    clock = time.perf_counter()
    places = writer.append(task(settings, jobs))
    return JobsFinished(tuple(places), time.perf_counter() - clock)


def _task(start: WorkerStart) -> Task:
    module, _, name = start.task.partition(":")
    task: Task = getattr(importlib.import_module(module), name)
    if start.warm:
        compile_ahead(start)
    return task


def compile_ahead(start: WorkerStart) -> None:
    """Compile the kernels that jobs need, so that no job is charged for it."""
    from asyncsoc.solver.warmup import compile_kernels

    compile_kernels()
    if start.solids:
        compile_kernels(iterative=True)
