"""Run chunks on this machine: workers are replaced when they die, and lose only what they had in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncsoc.base.errors import EnvironmentProblem
from asyncsoc.base.workers import Worker, speaking
from asyncsoc.studies.sweep.batch import Job
from asyncsoc.studies.sweep.chunks import Chunk, Queue
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.progress import Listener, Note, Rate
from asyncsoc.studies.sweep.record import encode, quarantine_of
from asyncsoc.studies.sweep.record_file import Place, RecordFile, RecordFileWriter
from asyncsoc.studies.sweep.stopping import Stop
from asyncsoc.studies.sweep.worker import Broken, Ready, Settled, Start

_TICK = 0.5  # s
_MOST_FALSE_STARTS = 10


@dataclass(frozen=True)
class LocalOptions:
    """How to run on this machine.

    Attributes
    ----------
    workers
        Processes.
    time_limit
        Seconds a case may take before its worker is taken for stuck, and a batch, whose cases are then tried each
        alone; None: for ever.
    grace
        Seconds that workers get to finish what they have in hand when the sweep is asked to end.
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
    shard
        Path of its record file, None until it is ready.
    since
        When it was given what it has in hand [s].
    """

    def __init__(self, start: Start) -> None:
        super().__init__("asyncsoc.studies.sweep.worker:serve")
        self.chunk: Chunk | None = None
        self.shard: str | None = None
        self.since = 0.0
        self.send(start)

    @property
    def idle(self) -> bool:
        """Whether it waits for work."""
        return self.shard is not None and self.chunk is None

    def give(self, chunk: Chunk, jobs: Sequence[Job], now: float) -> bool:
        """Hand out a chunk; return whether the worker took it."""
        if not self.send(tuple(jobs)):
            return False
        self.chunk, self.since = chunk, now
        return True


class LocalRun:
    """Carries chunks through local workers.

    Parameters
    ----------
    start
        What every worker is told.
    queue
        What is to be done.
    ledger
        Where records are entered.
    job
        Gives the job of a case's number.
    options
        How to run.
    listen, note
        Told how it gets on.
    """

    def __init__(
        self,
        start: Start,
        queue: Queue,
        records_index: Index,
        job: Callable[[int], Job],
        options: LocalOptions,
        listen: Listener,
        note: Note,
    ) -> None:
        self._start, self._queue, self._ledger, self._job = start, queue, records_index, job
        self._options, self._listen, self._note = options, listen, note
        self._workers: list[LocalWorker] = []
        self._shards: dict[str, RecordFile] = {}
        self._false_starts = 0
        self._exhausted = False
        self.rate = Rate()

    def run(self, stop: Stop) -> None:
        """Run until nothing is left or `stop` says so.

        Raises
        ------
        EnvironmentProblem
            Workers cannot start, or lack what every case needs.
        InputError
            Records cannot be written.
        """
        try:
            self._hire()
            while self._workers and stop.signal is None:
                self._step()
            if stop.signal is not None:
                self._wind_up(stop)
        finally:
            self._dismiss_all()

    def _step(self) -> None:
        for worker in [worker for worker in self._workers if worker.idle]:
            self._employ(worker)
        if self._exhausted and not any(worker.chunk for worker in self._workers):
            self._dismiss_all()
            return
        self._hear(_TICK)
        self._end_stuck()
        self._tell()

    def _hire(self) -> None:
        """Start workers: one first, which compiles for all, the others when it is ready."""
        ready = any(worker.shard is not None for worker in self._workers)
        wanted = self._options.workers if ready or self._shards else 1
        while len(self._workers) < wanted and not self._exhausted:
            self._workers.append(LocalWorker(self._start))

    def _employ(self, worker: LocalWorker) -> None:
        chunk = self._queue.take()
        self._exhausted = chunk is None
        if chunk is None:
            return
        self.rate.begin()
        if not worker.give(chunk, [self._job(number) for number in chunk.numbers], time.monotonic()):
            self._queue.put_back(chunk)
            self._bury(worker)

    def _hear(self, timeout: float) -> None:
        for worker in speaking(self._workers, timeout):
            message = worker.receive()
            if message is None:
                self._bury(worker)
            elif isinstance(message, Broken):
                raise message.error
            elif isinstance(message, Ready):
                self._welcome(worker, message)
            else:
                self._settle(worker, message)

    def _welcome(self, worker: LocalWorker, message: Ready) -> None:
        shard = RecordFile.open(Path(message.shard))
        if shard is not None:
            self._shards[message.shard] = shard
        worker.shard = message.shard
        self._false_starts = 0
        self._hire()

    def _settle(self, worker: LocalWorker, message: Settled) -> None:
        self._enter(worker, message.places)
        worker.chunk = None

    def _enter(self, worker: LocalWorker, places: Sequence[Place]) -> None:
        self._ledger.note(self._shards[str(worker.shard)], places)
        self.rate.settle(len(places))

    def _bury(self, worker: LocalWorker) -> None:
        """Deal with a worker that died: keep what it had recorded, hand out the rest again, hire another."""
        self._workers.remove(worker)
        code = worker.reap()
        if worker.shard is None:
            self._false_starts += 1
            if self._false_starts >= _MOST_FALSE_STARTS:
                raise EnvironmentProblem(
                    f"worker processes end before they start work ({worker.cause(code)})",
                    next_step="run `asyncsoc doctor`; with little memory use fewer --workers",
                )
        elif worker.chunk is not None:
            self._recover(worker, worker.chunk, worker.cause(code))
        self._hire()

    def _recover(self, worker: LocalWorker, chunk: Chunk, cause: str) -> None:
        hashes = {self._ledger.sha256(number): number for number in chunk.numbers}
        shard = self._shards[str(worker.shard)]
        places = [place for place in shard.records() if place.sha256 in hashes]
        self._enter(worker, places)
        given_up = self._queue.lost(chunk, frozenset(hashes[place.sha256] for place in places))
        self._exhausted = False
        for number in given_up:
            self._quarantine(number, f"its worker died twice, the second time while it was alone ({cause})")
        if len(places) < len(chunk.numbers) and not given_up:
            self._note(f"a worker died ({cause}): {len(chunk.numbers) - len(places)} cases are tried again, each alone")

    def _quarantine(self, number: int, reason: str) -> None:
        sha256 = self._ledger.sha256(number)
        self._note(f"case {number} is quarantined: {reason}")
        with RecordFileWriter(Path(self._start.shards), self._start.about) as writer:
            places = writer.append([(sha256, "quarantined", encode(quarantine_of(sha256, reason)))])
            self._ledger.note(writer.shard, places)
        self.rate.settle(1)

    def _end_stuck(self) -> None:
        limit = self._options.time_limit
        if limit is None:
            return
        for worker in self._workers:
            if worker.chunk is not None and time.monotonic() - worker.since > limit:
                worker.kill(f"took more than {limit:g} s")

    def _wind_up(self, stop: Stop) -> None:
        """Let the workers finish what they have in hand, for a while; what they cannot finish is run another time."""
        deadline = time.monotonic() + self._options.grace
        self._note("stopping: waiting for the running cases; a second signal stops at once")
        while not stop.at_once and time.monotonic() < deadline and any(worker.chunk for worker in self._workers):
            for worker in speaking([worker for worker in self._workers if worker.chunk], 0.1):
                message = worker.receive()
                if isinstance(message, Settled):
                    self._settle(worker, message)
                else:
                    worker.chunk = None
                    self._workers.remove(worker)
                    worker.kill()
                    worker.reap()
        self._tell()

    def _dismiss_all(self) -> None:
        for worker in self._workers:
            if worker.idle:
                worker.send(None)
            else:
                worker.kill()
        for worker in self._workers:
            worker.reap()
        self._workers = []

    def _tell(self) -> None:
        counts = self._ledger.counts(int(self._start.about["generation"]))
        self._listen(self.rate.standing(counts, len(self._workers)))
