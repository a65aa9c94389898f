"""Run chunks of cases on a Dask cluster: workers send records back as bytes, this process writes them.

Nothing but the scheduler's connection is shared with the workers, and what is recorded is known by the hash of its
case, so that a cluster, a job array and this machine can take turns at one sweep.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.base.environment import clean_worker_environment
from asyncsoc.base.errors import AsyncsocError, EnvironmentProblem
from asyncsoc.studies.sweep.batch import Finished, Job, JobSettings
from asyncsoc.studies.sweep.chunks import Chunk, ChunkQueue
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.progress import LogCallback, ProgressCallback, StopRequest, Throughput
from asyncsoc.studies.sweep.record import encode, quarantine_of
from asyncsoc.studies.sweep.record_file import RecordFile, RecordFileWriter
from asyncsoc.studies.sweep.worker_process import WorkerStart

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
_AHEAD = 2
"""Chunks on their way per thread of the cluster, so that none waits for this process."""
_TICK = 0.5  # s
_CONNECT = 20.0  # s
_FOREVER = 1e6  # s
_TOO_LONG = 124
"""Exit code of a worker whose case took too long."""
_one_at_a_time = threading.Lock()


def remote_jobs(task: str, settings: JobSettings, jobs: Sequence[Job], limit: float | None = None) -> list[Finished]:
    """Do on a Dask worker what a local worker does; one list of jobs at a time in a process.

    Where it takes longer than `limit` seconds the process ends, as a local worker is ended; Dask starts another.
    """
    module, _, name = task.partition(":")
    work: Callable[[JobSettings, Sequence[Job]], list[Finished]] = getattr(importlib.import_module(module), name)
    with _one_at_a_time:
        clock = threading.Timer(_FOREVER if limit is None else limit, os._exit, [_TOO_LONG])
        clock.daemon = True
        clock.start()
        try:
            return work(settings, jobs)
        finally:
            clock.cancel()


class DaskRun:
    """A run of chunks on a Dask cluster; the parameters are those of `LocalRun` with the cluster's address.

    Parameters
    ----------
    address
        Of the scheduler, or "local" for one of `workers` processes on this machine.
    workers
        Processes of a local cluster.
    time_limit
        Seconds a chunk may take before its worker ends itself; None: no limit.
    """

    def __init__(
        self,
        start: WorkerStart,
        queue: ChunkQueue,
        records_index: Index,
        job: Callable[[int], Job],
        address: str,
        workers: int,
        grace: float,
        time_limit: float | None,
        progress: ProgressCallback,
        log: LogCallback,
    ) -> None:
        self._start, self._queue, self._index, self._job = start, queue, records_index, job
        self._address, self._processes, self._grace, self._limit = address, workers, grace, time_limit
        self._progress, self._log = progress, log
        self._running: dict[Future[Any], Chunk] = {}
        self._held: Chunk | None = None
        self.rate = Throughput()

    def run(self, stop: StopRequest) -> None:
        """Run until nothing is left or `stop` says so.

        Raises
        ------
        EnvironmentProblem
            Dask is not installed, the scheduler does not answer, or its workers cannot run asyncsoc.
        InputError
            Records cannot be written.
        """
        place = Path(self._start.records_folder)
        try:
            with (
                _client(self._address, self._processes) as client,
                RecordFileWriter(place, self._start.writer_info) as writer,
            ):
                self._serve(client, writer, writer.record_file, stop)
        except Exception:  # a terminal's Ctrl-C ends Dask's processes too, which then fail in ways of their own
            if stop.signal is None:
                raise

    def _serve(self, client: Client, writer: RecordFileWriter, record_file: RecordFile, stop: StopRequest) -> None:
        self.rate.begin()
        threads = 1
        while stop.signal is None:
            threads = max(sum(client.nthreads().values()), 1)
            self._submit(client, _AHEAD * threads)
            if not self._running:
                return
            self._collect(writer, record_file, threads)
        self._log("stopping: waiting for the running cases; a second signal stops at once")
        deadline = time.monotonic() + self._grace
        while self._running and not stop.at_once and time.monotonic() < deadline:
            self._collect(writer, record_file, threads)
        client.cancel(list(self._running))

    def _submit(self, client: Client, most: int) -> None:
        """Keep `most` chunks submitted; a case that has killed a worker is run with no other chunk beside it."""
        while len(self._running) < most and not any(chunk.alone for chunk in self._running.values()):
            chunk = self._held or self._queue.take()
            self._held = None
            if chunk is None:
                return
            if chunk.alone and self._running:
                self._held = chunk
                return
            jobs = [self._job(number) for number in chunk.numbers]
            asked = (self._start.task, self._start.settings, jobs, self._limit)
            work = client.submit(remote_jobs, *asked, pure=False, retries=0)
            self._running[work] = chunk

    def _collect(self, writer: RecordFileWriter, record_file: RecordFile, threads: int) -> None:
        for future in _finished(list(self._running)):
            chunk = self._running.pop(future)
            if future.status == "finished":
                self._index.note(record_file, writer.append(future.result()))
                self.rate.add(len(chunk.numbers))
            else:
                self._lost(writer, record_file, chunk, future)
            future.release()
        self._progress(self.rate.status(self._index.counts(int(self._start.writer_info["generation"])), threads))

    def _lost(self, writer: RecordFileWriter, record_file: RecordFile, chunk: Chunk, future: Future[Any]) -> None:
        error = future.exception() if future.status == "error" else None
        if isinstance(error, AsyncsocError):
            raise error
        if error is not None and type(error).__name__ != "KilledWorker":
            raise EnvironmentProblem(
                f"the cluster's workers cannot run asyncsoc: {type(error).__name__}: {error}",
                where=f"--dask {self._address}",
                next_step="install the same version of asyncsoc on every worker",
            ) from error
        given_up = self._queue.take_back(chunk, frozenset())
        for number in given_up:
            limit = "" if self._limit is None else f", or it took more than {self._limit:g} s"
            reason = f"its worker died twice, the second time while it was alone (as Dask reports){limit}"
            sha256 = self._index.sha256(number)
            self._log(f"case {number} is quarantined: {reason}")
            self._index.note(
                record_file, writer.append([(sha256, "quarantined", encode(quarantine_of(sha256, reason)))])
            )
            self.rate.add(1)
        if not given_up:
            self._log(f"a worker died: {len(chunk.numbers)} cases are tried again, each alone")


def _finished(futures: list[Future[Any]]) -> list[Future[Any]]:
    """Wait a moment; return the futures that have ended, however they did."""
    from distributed import wait

    try:
        wait(futures, timeout=_TICK, return_when="FIRST_COMPLETED")
    except TimeoutError:
        return []
    return [future for future in futures if future.done()]


@contextmanager
def _client(address: str, processes: int) -> Iterator[Client]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise EnvironmentProblem("Dask is not installed", next_step="pip install 'asyncsoc[sweep]'") from error
    if address == LOCAL:
        options: dict[str, Any] = {
            "distributed.scheduler.allowed-failures": 0,  # who killed a worker is run alone next, by us
            "distributed.worker.multiprocessing-method": "spawn",
        }
        with (
            dask.config.set(options),
            clean_worker_environment(),
            LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port, for nobody but this machine
                scheduler_kwargs={"dashboard": False},
                # a worker whose scheduler goes first, on a signal, would print its traceback
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=_CONNECT)
    except (OSError, ValueError) as error:
        raise EnvironmentProblem(
            f"the Dask scheduler does not answer: {error}",
            where=f"--dask {address}",
            next_step="give the scheduler's address, such as tcp://host:8786, or 'local'",
        ) from error
    with client:
        yield client
