"""Run chunks of cases in this process, spread over its threads: no worker is started, own measures can be anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from asyncsoc.studies.sweep.batch import Job, run_jobs
from asyncsoc.studies.sweep.chunks import ChunkQueue
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.measures import Measure
from asyncsoc.studies.sweep.progress import ProgressCallback, StopRequest, Throughput
from asyncsoc.studies.sweep.record_file import RecordFileWriter
from asyncsoc.studies.sweep.worker_process import WorkerStart, compile_ahead


class HereRun:
    """A run of chunks in this process.

    Parameters
    ----------
    start
        What workers would be told.
    queue
        Chunks to run.
    records_index
        Index in which records are entered.
    job
        Returns the job of a case's number.
    measures
        Own functions of a solution.
    progress
        Callback, as of `run.run_sweep`.
    """

    def __init__(
        self,
        start: WorkerStart,
        queue: ChunkQueue,
        records_index: Index,
        job: Callable[[int], Job],
        measures: Mapping[str, Measure],
        progress: ProgressCallback,
    ) -> None:
        self._start, self._queue, self._index, self._job = start, queue, records_index, job
        self._measures, self._progress = measures, progress
        self.rate = Throughput()

    def run(self, stop: StopRequest) -> None:
        """Run until nothing is left or `stop` says so.

        Raises
        ------
        InterruptedRunError
            Ctrl-C; the chunks before are recorded.
        InputError
            Records cannot be written, or a measure is wrong.
        """
        compile_ahead(self._start)
        self.rate.begin()
        with RecordFileWriter(Path(self._start.records_folder), self._start.writer_info) as writer:
            while stop.signal is None and (chunk := self._queue.take()) is not None:
                finished = run_jobs(self._start.settings, [self._job(k) for k in chunk.numbers], self._measures)
                self._index.note(writer.record_file, writer.append(finished))
                self.rate.add(len(finished))
                counts = self._index.counts(int(self._start.writer_info["generation"]))
                self._progress(self.rate.status(counts, 1))
