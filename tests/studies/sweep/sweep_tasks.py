"""Work that takes no time, or dies, or never ends, in the place of a simulation; run in worker processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import numpy as np

from asyncsoc.studies.sweep.batch import Finished, Job, JobSettings
from asyncsoc.studies.sweep.record import CaseRecord, encode

POISON = 0.5
"""The value of `rate` that kills or stops its worker."""


def _finished(job: Job) -> Finished:
    rate = float(job.values["rate"])
    record = CaseRecord(job.sha256, "done", {"summary": {"rate": rate}}, {"curve": np.array([rate])})
    return job.sha256, "done", encode(record)


def quick(settings: JobSettings, jobs: Sequence[Job]) -> list[Finished]:
    return [_finished(job) for job in jobs]


def slow(settings: JobSettings, jobs: Sequence[Job]) -> list[Finished]:
    time.sleep(0.05 * len(jobs))
    return quick(settings, jobs)


def poisoned(settings: JobSettings, jobs: Sequence[Job]) -> list[Finished]:
    if any(job.values["rate"] == POISON for job in jobs):
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(settings, jobs)


def stuck(settings: JobSettings, jobs: Sequence[Job]) -> list[Finished]:
    if any(job.values["rate"] == POISON for job in jobs):
        time.sleep(600.0)
    return quick(settings, jobs)


def other_cathodes(settings: JobSettings, jobs: Sequence[Job]) -> list[Finished]:
    """Run the jobs in a worker that knows the cathodes of the tests."""
    from asyncsoc.materials import registry
    from asyncsoc.studies.sweep.batch import run_jobs
    from tests.cathodes import NAMES

    registry.CATHODES.update(NAMES)
    return run_jobs(settings, jobs)
