"""Run chunks of cases in worker processes on this machine; a worker that dies is replaced, its cases are repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncsoc.base.errors import EnvironmentProblem
from asyncsoc.base.workers import Worker, speaking
from asyncsoc.studies.sweep.batch import Job
from asyncsoc.studies.sweep.chunks import Chunk, ChunkQueue
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.progress import LogCallback, ProgressCallback, StopRequest, Throughput
from asyncsoc.studies.sweep.record import encode, quarantine_of
from asyncsoc.studies.sweep.record_file import RecordFile, RecordFileWriter, RecordLocation
from asyncsoc.studies.sweep.worker_process import JobsFinished, WorkerFailed, WorkerReady, WorkerStart

_TICK = 0.5  # s
_MOST_FALSE_STARTS = 10


@dataclass(frozen=True)
class LocalOptions:
    """Options of a run on this machine.

    Attributes
    ----------
    workers
        Processes.
    time_limit
        Seconds a case may take before its worker is taken for stuck, and a batch, whose cases are then tried each
        alone; None: no limit.
    grace
        Seconds that workers get to finish their chunks when the sweep is asked to end.
    """

    workers: int
    time_limit: float | None = None
    grace: float = 20.0


class LocalWorker(Worker):
    """A worker process of a sweep.

    Attributes
    ----------
    chunk
        What it has in hand, None while it has nothing.
    record_file
        Path of its record file, None until it is ready.
    since
        When it was given what it has in hand [s].
    """

    def __init__(self, start: WorkerStart) -> None:
        super().__init__("asyncsoc.studies.sweep.worker_process:serve")
        self.chunk: Chunk | None = None
        self.record_file: str | None = None
        self.since = 0.0
        self.send(start)

    @property
    def idle(self) -> bool:
        """Whether it waits for work."""
        return self.record_file is not None and self.chunk is None

    def assign(self, chunk: Chunk, jobs: Sequence[Job], now: float) -> bool:
        """Hand out a chunk; return whether the worker took it."""
        if not self.send(tuple(jobs)):
            return False
        self.chunk, self.since = chunk, now
        return True


class LocalRun:
    """A run of chunks in worker processes on this machine.

    Parameters
    ----------
    start
        Start message of every worker.
    queue
        Chunks to run.
    records_index
        Index in which records are entered.
    job
        Returns the job of a case's number.
    options
        How to run.
    progress, log
        Callbacks, as of `run.run_sweep`.
    """

    def __init__(
        self,
        start: WorkerStart,
        queue: ChunkQueue,
        records_index: Index,
        job: Callable[[int], Job],
        options: LocalOptions,
        progress: ProgressCallback,
        log: LogCallback,
    ) -> None:
        self._start, self._queue, self._index, self._job = start, queue, records_index, job
        self._options, self._progress, self._log = options, progress, log
        self._workers: list[LocalWorker] = []
        self._record_files: dict[str, RecordFile] = {}
        self._false_starts = 0
        self._exhausted = False
        self.rate = Throughput()

    def run(self, stop: StopRequest) -> None:
        """Run until nothing is left or `stop` says so.

        Raises
        ------
        EnvironmentProblem
            Workers cannot start, or lack what every case needs.
        InputError
            Records cannot be written.
        """
        try:
            self._start_workers()
            while self._workers and stop.signal is None:
                self._step()
            if stop.signal is not None:
                self._finish_current(stop)
        finally:
            self._stop_workers()

    def _step(self) -> None:
        for worker in [worker for worker in self._workers if worker.idle]:
            self._assign(worker)
        if self._exhausted and not any(worker.chunk for worker in self._workers):
            self._stop_workers()
            return
        self._handle_message(_TICK)
        self._kill_overdue()
        self._report_progress()

    def _start_workers(self) -> None:
        """Start workers: one first, which compiles the kernels for all, the others when it is ready."""
        ready = any(worker.record_file is not None for worker in self._workers)
        target = self._options.workers if ready or self._record_files else 1
        while len(self._workers) < target and not self._exhausted:
            self._workers.append(LocalWorker(self._start))

    def _assign(self, worker: LocalWorker) -> None:
        chunk = self._queue.take()
        self._exhausted = chunk is None
        if chunk is None:
            return
        self.rate.begin()
        if not worker.assign(chunk, [self._job(number) for number in chunk.numbers], time.monotonic()):
            self._queue.put_back(chunk)
            self._replace_dead(worker)

    def _handle_message(self, timeout: float) -> None:
        for worker in speaking(self._workers, timeout):
            message = worker.receive()
            if message is None:
                self._replace_dead(worker)
            elif isinstance(message, WorkerFailed):
                raise message.error
            elif isinstance(message, WorkerReady):
                self._on_ready(worker, message)
            else:
                self._on_finished(worker, message)

    def _on_ready(self, worker: LocalWorker, message: WorkerReady) -> None:
        record_file = RecordFile.open(Path(message.record_file))
        if record_file is not None:
            self._record_files[message.record_file] = record_file
        worker.record_file = message.record_file
        self._false_starts = 0
        self._start_workers()

    def _on_finished(self, worker: LocalWorker, message: JobsFinished) -> None:
        self._enter(worker, message.places)
        worker.chunk = None

    def _enter(self, worker: LocalWorker, places: Sequence[RecordLocation]) -> None:
        self._index.note(self._record_files[str(worker.record_file)], places)
        self.rate.add(len(places))

    def _replace_dead(self, worker: LocalWorker) -> None:
        """Enter what a dead worker had recorded, queue the rest of its chunk again and start another worker."""
        self._workers.remove(worker)
        code = worker.reap()
        if worker.record_file is None:
            self._false_starts += 1
            if self._false_starts >= _MOST_FALSE_STARTS:
                raise EnvironmentProblem(
                    f"worker processes end before they start work ({worker.cause(code)})",
                    next_step="run `asyncsoc doctor`; with little memory use fewer --workers",
                )
        elif worker.chunk is not None:
            self._recover(worker, worker.chunk, worker.cause(code))
        self._start_workers()

    def _recover(self, worker: LocalWorker, chunk: Chunk, cause: str) -> None:
        hashes = {self._index.sha256(number): number for number in chunk.numbers}
        record_file = self._record_files[str(worker.record_file)]
        places = [place for place in record_file.records() if place.sha256 in hashes]
        self._enter(worker, places)
        given_up = self._queue.take_back(chunk, frozenset(hashes[place.sha256] for place in places))
        self._exhausted = False
        for number in given_up:
            self._quarantine(number, f"its worker died twice, the second time while it was alone ({cause})")
        if len(places) < len(chunk.numbers) and not given_up:
            self._log(f"a worker died ({cause}): {len(chunk.numbers) - len(places)} cases are tried again, each alone")

    def _quarantine(self, number: int, reason: str) -> None:
        sha256 = self._index.sha256(number)
        self._log(f"case {number} is quarantined: {reason}")
        with RecordFileWriter(Path(self._start.records_folder), self._start.writer_info) as writer:
            places = writer.append([(sha256, "quarantined", encode(quarantine_of(sha256, reason)))])
            self._index.note(writer.record_file, places)
        self.rate.add(1)

    def _kill_overdue(self) -> None:
        limit = self._options.time_limit
        if limit is None:
            return
        for worker in self._workers:
            if worker.chunk is not None and time.monotonic() - worker.since > limit:
                worker.kill(f"took more than {limit:g} s")

    def _finish_current(self, stop: StopRequest) -> None:
        """Wait up to the grace period for the chunks in progress; what is not finished then stays pending."""
        deadline = time.monotonic() + self._options.grace
        self._log("stopping: waiting for the running cases; a second signal stops at once")
        while not stop.at_once and time.monotonic() < deadline and any(worker.chunk for worker in self._workers):
            for worker in speaking([worker for worker in self._workers if worker.chunk], 0.1):
                message = worker.receive()
                if isinstance(message, JobsFinished):
                    self._on_finished(worker, message)
                else:
                    worker.chunk = None
                    self._workers.remove(worker)
                    worker.kill()
                    worker.reap()
        self._report_progress()

    def _stop_workers(self) -> None:
        for worker in self._workers:
            if worker.idle:
                worker.send(None)
            else:
                worker.kill()
        for worker in self._workers:
            worker.reap()
        self._workers = []

    def _report_progress(self) -> None:
        counts = self._index.counts(int(self._start.writer_info["generation"]))
        self._progress(self.rate.status(counts, len(self._workers)))
