"""A sweep from its plan to recorded cases: what is there already is left alone, everything else is run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.provenance import cores
from asyncsoc.studies.sweep.batch import Job, Settings
from asyncsoc.studies.sweep.chunks import WIDTHS, Queue, chunks
from asyncsoc.studies.sweep.folder import (
    about,
    claimed,
    enter_record_files,
    latest_generation,
    other_versions,
    shards_folder,
)
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.local_run import LocalOptions, LocalRun
from asyncsoc.studies.sweep.plan import CASES, MANIFEST, Plan
from asyncsoc.studies.sweep.preview import Preview, outline
from asyncsoc.studies.sweep.progress import Listener, Note, Result, Standing
from asyncsoc.studies.sweep.record import Status
from asyncsoc.studies.sweep.record_file import RecordFile
from asyncsoc.studies.sweep.stopping import Stop
from asyncsoc.studies.sweep.validated_cases import ValidatedCases
from asyncsoc.studies.sweep.worker import TASK, Start

_RETRY: frozenset[Status] = frozenset({"quarantined"})
_RETRY_ALL: frozenset[Status] = frozenset({"quarantined", "failed"})


@dataclass(frozen=True)
class Part:
    """Part `number` (from 1) of `count`: its cases follow from their hashes alone."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InputError("no such part", where="--part", value=self.number, allowed=f"1 to {self.count}")


@dataclass(frozen=True)
class Options:
    """How to run a sweep.

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
        for ever.
    grace
        Seconds that cases in hand get when the sweep is asked to end.
    task
        Module and function of the work.
    width
        Cases in a batch; None takes the measured ones.
    """

    workers: int | None = None
    threads: int = 1
    resume: bool = False
    retry_failed: bool = False
    part: Part | None = None
    dask: str | None = None
    time_limit: float | None = None
    grace: float = 20.0
    task: str = TASK
    width: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("workers", self.workers), ("threads", self.threads), ("width", self.width)):
            if value is not None and value < 1:
                raise InputError("at least one is needed", where=f"--{name}", value=value)


def run_sweep(
    plan: Plan,
    folder: Path,
    options: Options | None = None,
    *,
    show: Callable[[Preview], None] | None = None,
    listen: Listener | None = None,
    note: Note | None = None,
    survey: ValidatedCases | None = None,
    stop: Stop | None = None,
) -> Result:
    """Run a sweep's cases into `folder`.

    Parameters
    ----------
    plan
        What to run.
    folder
        Where the records go; records of other sweeps there are left alone.
    options
        How to run it.
    show
        Told the outline before anything runs.
    listen, note
        Told how it gets on.
    survey
        The validated cases, where the caller has them already.
    stop
        Asks the sweep to end; None hears Ctrl-C and SIGTERM.

    Raises
    ------
    InputError
        A case is wrong, the folder cannot be used, or another run is alive in it.
    EnvironmentProblem
        Workers cannot run.
    """
    chosen = options or Options()
    clock = time.monotonic()
    validated = survey or plan.surveyed(folder)
    records_index = Index(validated.hashes)
    part = f"-{chosen.part.number}-of-{chosen.part.count}" if chosen.part else ""
    with claimed(folder, part), stop or Stop() as ending:
        if not chosen.part:
            plan = _settled(plan, folder, resume=chosen.resume)
            validated.save(folder / CASES, plan.survey_key)
        shards = enter_record_files(folder, records_index)
        tell = note or _silent
        if other_versions(shards, plan.generation):
            tell("some records come from another version of asyncsoc; without --resume all cases are run anew")
        pending = records_index.pending(plan.generation, retry=_RETRY_ALL if chosen.retry_failed else _RETRY)
        pending = _of_part(pending, records_index, chosen.part)
        if show is not None:
            show(outline(plan, validated, pending, _workers(chosen, pending), records_index.counts(plan.generation)))
        rate = _carry(plan, folder, chosen, validated, records_index, pending, ending, listen or _deaf, tell)
        counts = records_index.counts(plan.generation)
        if counts.open == 0 and not chosen.part:
            _drop_superseded(shards, records_index, plan.generation)
        return Result(counts, rate, time.monotonic() - clock, ending.signal)


def outline_of(plan: Plan, folder: Path, options: Options, *, write: bool = False) -> Preview:
    """Return what a sweep will take, with nothing run; `write` its manifest all the same, for others to run it.

    Raises
    ------
    InputError
        A case is wrong, or the folder cannot be written to.
    """
    survey = plan.surveyed(folder)
    records_index = Index(survey.hashes)
    if write:
        with claimed(folder):
            plan = _settled(plan, folder, resume=options.resume)
            survey.save(folder / CASES, plan.survey_key)
    elif not options.resume:
        plan = replace(plan, generation=latest_generation(folder) + 1)
    enter_record_files(folder, records_index)
    pending = records_index.pending(plan.generation)
    return outline(plan, survey, pending, _workers(options, pending), records_index.counts(plan.generation))


def _carry(
    plan: Plan,
    folder: Path,
    options: Options,
    survey: ValidatedCases,
    records_index: Index,
    pending: NDArray[np.int64],
    stop: Stop,
    listen: Listener,
    note: Note,
) -> int:
    """Run the pending cases; return how many were settled."""
    if not len(pending):
        return 0
    workers = _workers(options, pending)
    widths = WIDTHS if options.width is None else dict.fromkeys(WIDTHS, options.width)
    queue = Queue(chunks(survey, pending, workers, widths))
    settings = Settings.of(plan, folder, options.threads)
    start = Start(settings, str(shards_folder(folder)), about(plan.generation), options.task, options.task == TASK)

    def job(number: int) -> Job:
        return Job(records_index.sha256(number), plan.design.values(number))

    if options.dask is not None:
        from asyncsoc.studies.sweep.dask_cluster import DaskRun

        remote = DaskRun(
            start, queue, records_index, job, options.dask, workers, options.grace, options.time_limit, listen, note
        )
        remote.run(stop)
        return remote.rate.ran
    local = LocalOptions(workers, options.time_limit, options.grace)
    run = LocalRun(start, queue, records_index, job, local, listen, note)
    run.run(stop)
    return run.rate.ran


def _settled(plan: Plan, folder: Path, *, resume: bool) -> Plan:
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


def _workers(options: Options, pending: NDArray[np.int64]) -> int:
    wanted = options.workers or max(cores() // options.threads, 1)
    return max(min(wanted, len(pending)), 1)


def _of_part(pending: NDArray[np.int64], records_index: Index, part: Part | None) -> NDArray[np.int64]:
    if part is None:
        return pending
    mine = [int(records_index.sha256(int(number))[:8], 16) % part.count == part.number - 1 for number in pending]
    return np.asarray(pending[np.array(mine, dtype=bool)], dtype=np.int64)


def _drop_superseded(shards: tuple[RecordFile, ...], records_index: Index, generation: int) -> None:
    """Remove shards of earlier generations all of whose cases have newer records."""
    for shard in shards:
        if int(shard.about.get("generation", 0)) < generation and all(
            records_index.generation(place.sha256) >= generation for place in shard.records()
        ):
            shard.path.unlink(missing_ok=True)


def _deaf(standing: Standing) -> None:
    """Hear nothing."""


def _silent(text: str) -> None:
    """Say nothing."""
