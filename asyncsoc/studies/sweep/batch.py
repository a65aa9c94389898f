"""The work of a worker: simulate a few cases that share a mesh in one batch and return their records as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from asyncsoc.base.errors import EnvironmentProblem, InputError, InterruptedRunError, SimulationError
from asyncsoc.base.plain_data import plain
from asyncsoc.case.case import Case
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.case_result import CaseResult
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.sweep.case_builder import CaseBuilder
from asyncsoc.studies.sweep.keys import Value
from asyncsoc.studies.sweep.measures import Measure
from asyncsoc.studies.sweep.plan import Keep, Plan
from asyncsoc.studies.sweep.record import CaseRecord, Status, encode, record_of

FIELDS = "fields"
Finished = tuple[str, Status, bytes]
"""Hash, status and record of a case."""


@dataclass(frozen=True)
class JobSettings:
    """Settings that all jobs of a sweep share.

    Attributes
    ----------
    base, keys
        The base case as raw keys, in JSON, and what is varied.
    keep
        What is kept of each case.
    folder
        Of the sweep.
    threads
        Threads of a worker.
    """

    base: str
    keys: tuple[str, ...]
    keep: Keep
    folder: str
    threads: int = 1

    @classmethod
    def of(cls, plan: Plan, folder: Path, threads: int = 1) -> Self:
        """Return the settings of a plan's jobs."""
        return cls(json.dumps(plain(plan.base)), plan.design.keys, plan.keep, str(folder.absolute()), threads)


@dataclass(frozen=True)
class Job:
    """One case: its hash and the values of what is varied."""

    sha256: str
    values: Mapping[str, Value]


def run_jobs(
    settings: JobSettings, jobs: Sequence[Job], measures: Mapping[str, Measure] | None = None
) -> list[Finished]:
    """Run cases that share a mesh; what goes wrong with one is recorded as its failure, the others go on.

    Parameters
    ----------
    settings
        What all jobs share.
    jobs
        The cases.
    measures
        Own functions of a solution; they see snapshots at `output.fields_every`, as `simulate` keeps them.

    Raises
    ------
    InterruptedRunError
        Ctrl-C; none of these cases is recorded.
    EnvironmentProblem
        The machine lacks what every case needs, or this version builds other cases than the one that sent them.
    InputError
        Result files cannot be written, or a measure is wrong.
    """
    builder = _builder(settings.base, settings.keys)
    cases = [builder.build(job.values) for job in jobs]
    for job, case in zip(jobs, cases, strict=True):
        if case.hash != job.sha256:
            raise EnvironmentProblem(
                "another version of asyncsoc asked for this case", next_step="install the same version everywhere"
            )
    endings = _endings(settings, cases, snapshots=settings.keep == FIELDS or bool(measures))
    for ending in endings:
        if isinstance(ending, CaseResult) and isinstance(ending.error, InterruptedRunError):
            raise ending.error
    return [_finished(settings, *pair, measures) for pair in zip(jobs, endings, strict=True)]


def _finished(
    settings: JobSettings, job: Job, ending: CaseResult | Exception, measures: Mapping[str, Measure] | None
) -> Finished:
    if isinstance(ending, CaseResult) and ending.solution is not None and settings.keep == FIELDS:
        ending.solution.save(fields_folder(Path(settings.folder), job.sha256))
    try:
        record = _record(settings, job.sha256, ending, measures)
        return job.sha256, record.status, encode(record)
    except Exception as error:  # a case whose numbers cannot be encoded has failed
        if measures and isinstance(error, InputError):  # a measure is wrong, whatever the case
            raise
        return job.sha256, "failed", encode(record_of(job.sha256, None, error))


def _record(
    settings: JobSettings, sha256: str, ending: CaseResult | Exception, measures: Mapping[str, Measure] | None
) -> CaseRecord:
    if isinstance(ending, Exception):
        return record_of(sha256, None, ending)
    return record_of(sha256, ending.solution, ending.error, curves=settings.keep != "summary", measures=measures)


def _endings(settings: JobSettings, cases: Sequence[Case], *, snapshots: bool) -> list[CaseResult | Exception]:
    """Return how each case ended; where a batch cannot be run, its cases are run one by one, as electrodes are."""
    if len(cases) > 1 and any(case.electrode.described for case in cases):
        return [ending for case in cases for ending in _endings(settings, [case], snapshots=snapshots)]
    try:
        if cases[0].electrode.described:
            return [_electrode(settings, cases[0])]
        return list(simulate_batch(cases, threads=settings.threads, snapshots=snapshots))
    except EnvironmentProblem:
        raise
    except Exception as error:  # whatever one case does, the sweep goes on
        if len(cases) > 1:
            return [ending for case in cases for ending in _endings(settings, [case], snapshots=snapshots)]
        return [error]


def _electrode(settings: JobSettings, case: Case) -> CaseResult:
    """Return how an electrode ended."""
    try:
        return CaseResult(simulate_electrode(case, threads=settings.threads), None)
    except SimulationError as error:
        reached = error.partial
        return CaseResult(reached if isinstance(reached, Solution) else None, error)


def fields_folder(folder: Path, sha256: str) -> Path:
    """Return where the result file of a case lies: folders of at most a few thousand files."""
    return folder / FIELDS / sha256[:2]


@lru_cache(maxsize=2)
def _builder(base: str, keys: tuple[str, ...]) -> CaseBuilder:
    return CaseBuilder(json.loads(base), keys)
