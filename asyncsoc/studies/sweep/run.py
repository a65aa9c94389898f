"""Run a sweep: the cases of a plan that have no record yet are simulated and recorded in the sweep's folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.provenance import cores
from asyncsoc.studies.sweep.batch import Job, JobSettings
from asyncsoc.studies.sweep.chunks import WIDTHS, ChunkQueue, chunks
from asyncsoc.studies.sweep.folder import (
    latest_generation,
    load_record_files,
    locked_folder,
    other_versions,
    records_folder,
    writer_info,
)
from asyncsoc.studies.sweep.here_run import HereRun
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.local_run import LocalOptions, LocalRun
from asyncsoc.studies.sweep.measures import Measure
from asyncsoc.studies.sweep.plan import CASES, MANIFEST, Plan
from asyncsoc.studies.sweep.preview import Preview, make_preview
from asyncsoc.studies.sweep.progress import LogCallback, ProgressCallback, StopRequest, SweepResult, SweepStatus
from asyncsoc.studies.sweep.record import Status
from asyncsoc.studies.sweep.record_file import RecordFile
from asyncsoc.studies.sweep.validated_cases import ValidatedCases
from asyncsoc.studies.sweep.worker_process import TASK, WorkerStart

_RETRY: frozenset[Status] = frozenset({"quarantined"})
_RETRY_ALL: frozenset[Status] = frozenset({"quarantined", "failed"})


@dataclass(frozen=True)
class SweepPart:
    """Part `number` (from 1) of `count`: its cases follow from their hashes alone."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InputError("no such part", where="--part", value=self.number, allowed=f"1 to {self.count}")


@dataclass(frozen=True)
class SweepOptions:
    """Options of a run of a sweep.

    Attributes
    ----------
    workers
        Processes on this machine; None takes one per core.
    threads
        Threads of a worker.
    resume
        Leave alone what is recorded; else everything is run anew.
    retry_failed
        With `resume`: run failed cases again as well as quarantined ones.
    part
        Run this part only, beside other runs of the same sweep.
    dask
        Address of a Dask scheduler, or "local" for a cluster of processes on this machine; None for workers of our own.
    time_limit
        Seconds a case may take before its worker is ended, and a batch, whose cases are then tried each alone; None:
        no limit.
    grace
        Seconds that running cases get when the sweep is asked to end.
    task
        Module and function of the work.
    width
        Cases in a batch; None takes the measured ones.
    here
        Run in this process, on `threads` threads, instead of in workers.
    measures
        Own functions of a solution by name, recorded for every case; with `here` only.
    """

    workers: int | None = None
    threads: int = 1
    resume: bool = False
    retry_failed: bool = False
    part: SweepPart | None = None
    dask: str | None = None
    time_limit: float | None = None
    grace: float = 20.0
    task: str = TASK
    width: int | None = None
    here: bool = False
    measures: Mapping[str, Measure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("workers", self.workers), ("threads", self.threads), ("width", self.width)):
            if value is not None and value < 1:
                raise InputError("at least one is needed", where=f"--{name}", value=value)


Options = SweepOptions
"""The name that the documentation showed first."""


def run_sweep(
    plan: Plan,
    folder: Path,
    options: SweepOptions | None = None,
    *,
    on_preview: Callable[[Preview], None] | None = None,
    progress: ProgressCallback | None = None,
    log: LogCallback | None = None,
    validated: ValidatedCases | None = None,
    stop: StopRequest | None = None,
) -> SweepResult:
    """Run a sweep's cases into `folder`.

    Parameters
    ----------
    plan
        What to run.
    folder
        Where the records go; records of other sweeps there are left alone.
    options
        How to run it.
    on_preview
        Called with the estimate of time and disk space before anything runs.
    progress
        Called with the status whenever cases are recorded, and about once a second.
    log
        Called with one line of text on anything unusual.
    validated
        The validated cases, where the caller has them already.
    stop
        Request to end the sweep; None takes one that Ctrl-C and SIGTERM set.

    Raises
    ------
    InputError
        A case is wrong, the folder cannot be used, or another run is alive in it.
    EnvironmentProblem
        Workers cannot run.
    """
    chosen = options or SweepOptions()
    clock = time.monotonic()
    validated = validated or plan.validated_cases(folder)
    records_index = Index(validated.hashes)
    part = f"-{chosen.part.number}-of-{chosen.part.count}" if chosen.part else ""
    with locked_folder(folder, part), stop or StopRequest(catch=not chosen.here) as ending:
        if not chosen.part:
            plan = _write_manifest(plan, folder, resume=chosen.resume)
            validated.save(folder / CASES, plan.validation_key)
        record_files = load_record_files(folder, records_index)
        say = log or _ignore_text
        if other_versions(record_files, plan.generation):
            say("some records come from another version of asyncsoc; without --resume all cases are run anew")
        pending = records_index.pending(plan.generation, retry=_RETRY_ALL if chosen.retry_failed else _RETRY)
        pending = _of_part(pending, records_index, chosen.part)
        if on_preview is not None:
            on_preview(
                make_preview(plan, validated, pending, _workers(chosen, pending), records_index.counts(plan.generation))
            )
        rate = _run_pending(
            plan, folder, chosen, validated, records_index, pending, ending, progress or _ignore_status, say
        )
        counts = records_index.counts(plan.generation)
        if counts.open == 0 and not chosen.part:
            _drop_superseded(record_files, records_index, plan.generation)
        return SweepResult(counts, rate, time.monotonic() - clock, ending.signal)


def preview_of(plan: Plan, folder: Path, options: SweepOptions, *, write: bool = False) -> Preview:
    """Return the estimate of a sweep's time and disk space without running it; `write` also writes its manifest.

    Raises
    ------
    InputError
        A case is wrong, or the folder cannot be written to.
    """
    validated = plan.validated_cases(folder)
    records_index = Index(validated.hashes)
    if write:
        with locked_folder(folder):
            plan = _write_manifest(plan, folder, resume=options.resume)
            validated.save(folder / CASES, plan.validation_key)
    elif not options.resume:
        plan = replace(plan, generation=latest_generation(folder) + 1)
    load_record_files(folder, records_index)
    pending = records_index.pending(plan.generation)
    return make_preview(plan, validated, pending, _workers(options, pending), records_index.counts(plan.generation))


def _run_pending(
    plan: Plan,
    folder: Path,
    options: SweepOptions,
    validated: ValidatedCases,
    records_index: Index,
    pending: NDArray[np.int64],
    stop: StopRequest,
    progress: ProgressCallback,
    log: LogCallback,
) -> int:
    """Run the pending cases; return how many were recorded."""
    if not len(pending):
        return 0
    workers = _workers(options, pending)
    widths = WIDTHS if options.width is None else dict.fromkeys(WIDTHS, options.width)
    queue = ChunkQueue(chunks(validated, pending, workers, widths))
    settings = JobSettings.of(plan, folder, options.threads)
    start = WorkerStart(
        settings,
        str(records_folder(folder)),
        writer_info(plan.generation),
        options.task,
        warm=options.task == TASK,
        solids=any(validated.groups[group].model == "3d" for group in set(validated.group_of[pending].tolist())),
    )

    def job(number: int) -> Job:
        return Job(records_index.sha256(number), plan.design.values(number))

    if options.here:
        alone = HereRun(start, queue, records_index, job, options.measures, progress)
        alone.run(stop)
        return alone.rate.ran
    if options.dask is not None:
        from asyncsoc.studies.sweep.dask_cluster import DaskRun

        remote = DaskRun(
            start, queue, records_index, job, options.dask, workers, options.grace, options.time_limit, progress, log
        )
        remote.run(stop)
        return remote.rate.ran
    local = LocalOptions(workers, options.time_limit, options.grace)
    run = LocalRun(start, queue, records_index, job, local, progress, log)
    run.run(stop)
    return run.rate.ran


def _write_manifest(plan: Plan, folder: Path, *, resume: bool) -> Plan:
    """Return the plan with its generation, its manifest written."""
    if resume and (folder / MANIFEST).is_file():
        before = Plan.read(folder)
        if before.keep != plan.keep:
            raise InputError(
                "the resumed sweep was started with another --keep",
                where="--keep",
                value=plan.keep,
                allowed=before.keep,
                next_step=f"--keep {before.keep}, or leave --resume out",
            )
        plan = replace(plan, generation=before.generation)
    elif resume:
        plan = replace(plan, generation=max(latest_generation(folder), 0))
    else:
        plan = replace(plan, generation=latest_generation(folder) + 1)
    plan.write(folder)
    return plan


def _workers(options: SweepOptions, pending: NDArray[np.int64]) -> int:
    if options.here:
        return 1
    processes = options.workers or max(cores() // options.threads, 1)
    return max(min(processes, len(pending)), 1)


def _of_part(pending: NDArray[np.int64], records_index: Index, part: SweepPart | None) -> NDArray[np.int64]:
    if part is None:
        return pending
    mine = [int(records_index.sha256(int(number))[:8], 16) % part.count == part.number - 1 for number in pending]
    return np.asarray(pending[np.array(mine, dtype=bool)], dtype=np.int64)


def _drop_superseded(record_files: tuple[RecordFile, ...], records_index: Index, generation: int) -> None:
    """Remove record files of earlier generations all of whose cases have newer records."""
    for record_file in record_files:
        if int(record_file.writer_info.get("generation", 0)) < generation and all(
            records_index.generation(place.sha256) >= generation for place in record_file.records()
        ):
            record_file.path.unlink(missing_ok=True)


def _ignore_status(status: SweepStatus) -> None:
    """Do nothing: no progress callback was given."""


def _ignore_text(text: str) -> None:
    """Do nothing: no log callback was given."""
