"""Index of a sweep's records: for each case its status and where its record lies, in arrays of fixed size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.sweep.record import STATUSES, Status
from asyncsoc.studies.sweep.record_file import RecordFile, RecordLocation

Ints = NDArray[np.int64]
_OPEN: Final = 255
_WORTH: Final[dict[int, int]] = {_OPEN: 0, **{code: len(STATUSES) - code for code in range(len(STATUSES))}}
"""What a record is worth beside another of the same case: a quarantine gives way to a failure, that to a result."""


@dataclass(frozen=True)
class Counts:
    """Numbers of cases of a sweep by status."""

    total: int
    done: int
    failed: int
    quarantined: int

    @property
    def open(self) -> int:
        """Cases not recorded yet."""
        return self.total - self.done - self.failed - self.quarantined


class Index:
    """Status and location of every case's record.

    Cases of a sweep with the same hash are one case and have one record.

    Parameters
    ----------
    hashes
        Hash of every case of the sweep, in order.
    """

    def __init__(self, hashes: NDArray[np.bytes_]) -> None:
        self._hashes, self._unique = np.unique(hashes, return_inverse=True)
        count = len(self._hashes)
        self._status = np.full(count, _OPEN, dtype=np.uint8)
        self._generation = np.full(count, -1, dtype=np.int32)
        self._file = np.full(count, -1, dtype=np.int32)
        self._offset = np.zeros(count, dtype=np.int64)
        self._length = np.zeros(count, dtype=np.int64)
        self._record_files: list[RecordFile] = []
        self._numbers: dict[str, int] = {}
        self.repeated = 0

    def note(self, record_file: RecordFile, places: Iterable[RecordLocation]) -> None:
        """Enter records; those of other sweeps are ignored, and the newest generation of a case counts."""
        number = self._numbers.setdefault(str(record_file.path), len(self._record_files))
        if number == len(self._record_files):
            self._record_files.append(record_file)
        generation = int(record_file.writer_info.get("generation", 0))
        for place in places:
            self._enter(place, number, generation)

    def _enter(self, place: RecordLocation, record_file: int, generation: int) -> None:
        k = self._find(place.sha256)
        if k < 0:
            return
        here = (self._file[k], self._offset[k]) == (record_file, place.offset)
        old, new = int(self._status[k]), STATUSES.index(place.status)
        rank = (generation, _WORTH[new]) > (int(self._generation[k]), _WORTH[old])
        if generation == self._generation[k] and old == new and not here:
            self.repeated += 1
        if rank:
            self._status[k], self._generation[k], self._file[k] = new, generation, record_file
            self._offset[k], self._length[k] = place.offset, place.length

    def _find(self, sha256: str) -> int:
        wanted = sha256.encode()
        k = int(np.searchsorted(self._hashes, wanted))
        return k if k < len(self._hashes) and self._hashes[k] == wanted else -1

    def pending(self, generation: int, *, retry: frozenset[Status] = frozenset({"quarantined"})) -> Ints:
        """Return the numbers of the cases to run, one per hash.

        Those not recorded in `generation` or later, and those whose status is to be tried again.
        """
        again = np.isin(self._status, [STATUSES.index(status) for status in retry])
        open_ = (self._status == _OPEN) | (self._generation < generation) | again
        first = np.full(len(self._hashes), -1, dtype=np.int64)
        numbers = np.arange(len(self._unique) - 1, -1, -1)
        first[self._unique[numbers]] = numbers  # the first case of a hash is written last
        return np.sort(first[open_])

    def sha256(self, number: int) -> str:
        """Return the hash of case `number`."""
        return bytes(self._hashes[self._unique[number]]).decode()

    def status(self, number: int) -> Status | None:
        """Return how case `number` ended, None where it is not recorded."""
        code = int(self._status[self._unique[number]])
        return None if code == _OPEN else STATUSES[code]

    def payload(self, number: int) -> bytes | None:
        """Return the record of case `number`, None where there is none."""
        k = int(self._unique[number])
        if self._status[k] == _OPEN:
            return None
        return self._record_files[int(self._file[k])].payload(int(self._offset[k]), int(self._length[k]))

    def counts(self, generation: int = 0) -> Counts:
        """Return the numbers of cases by status, as of `generation` and later."""
        status = np.where(self._generation >= generation, self._status, _OPEN)[self._unique]
        done, failed, quarantined = (int((status == k).sum()) for k in range(len(STATUSES)))
        return Counts(len(self._unique), done, failed, quarantined)

    def generation(self, sha256: str) -> int:
        """Return the generation of a case's record, -1 where there is none or the case is none of the sweep's."""
        k = self._find(sha256)
        return -1 if k < 0 else int(self._generation[k])
