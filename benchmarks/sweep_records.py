"""Record files of a sweep against SQLite: time to write and read, size, and what a killed writer leaves.

    python -m benchmarks.sweep_records [--records 10000] [--kills 40] [--folder DIR]

A typical record (a radial charge with its curves) is made once and written under many hashes, in transactions of as
many records as a batch has cases. Both stores wait for the disk before a transaction counts. A writer is then killed at
random moments: every record whose transaction had returned must be there, whole.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing as mp
import os
import random
import shutil
import signal
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import asyncsoc as aso
from asyncsoc.studies.sweep.record import encode, record_of
from asyncsoc.studies.sweep.record_file import RecordFile, RecordFileWriter

BATCHES = (1, 16, 256)
REPEATS = 3
_SCHEMA = "CREATE TABLE IF NOT EXISTS records (sha256 BLOB PRIMARY KEY, status INTEGER, payload BLOB) WITHOUT ROWID"
Records = list[tuple[str, bytes]]
Append = Callable[[Records], None]


def typical_record() -> bytes:
    """Return the record of a radial charge with its curves."""
    case = aso.Case(protocol=aso.Protocol.of("Charge at C/10 until 4.2 V"), contact=aso.Contact.full())
    return encode(record_of(case.hash, aso.simulate(case), None))


def named(count: int, payload: bytes) -> Records:
    """Return as many records under hashes of their own."""
    return [(hashlib.sha256(str(k).encode()).hexdigest(), payload) for k in range(count)]


def record_files(folder: Path) -> tuple[Append, Callable[[], None]]:
    """Open a record file for writing."""
    writer = RecordFileWriter(folder, {"generation": 0})
    return lambda some: (writer.append([(sha256, "done", data) for sha256, data in some]), None)[1], writer.close


def database(folder: Path, synchronous: str = "FULL") -> tuple[Append, Callable[[], None]]:
    """Open a SQLite database in WAL mode for writing."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "records.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute(_SCHEMA)

    def append(some: Records) -> None:
        connection.execute("BEGIN")
        rows = ((bytes.fromhex(sha256), 0, data) for sha256, data in some)
        connection.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")

    return append, connection.close


def normal_database(folder: Path) -> tuple[Append, Callable[[], None]]:
    """Open a SQLite database that may lose the last transactions when the power fails."""
    return database(folder, "NORMAL")


STORES = {"record files": record_files, "SQLite, FULL": database, "SQLite, NORMAL": normal_database}


def stored(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all records of either store."""
    for path in folder.glob("*.shard"):
        file = RecordFile.open(path)
        if file is not None:
            yield from ((place.sha256, file.payload(place.offset, place.length)) for place in file.records())
    for path in folder.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            for digest, data in connection.execute("SELECT sha256, payload FROM records"):
                yield digest.hex(), data


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes [s]."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write_all(store: str, folder: Path, records: Records, batch: int) -> None:
    """Write records in transactions of `batch` records."""
    append, close = STORES[store](folder)
    for first in range(0, len(records), batch):
        append(records[first : first + batch])
    close()


def write_until_killed(store: str, folder: Path, payload: bytes, told: Connection) -> None:
    """Write record after record, and say after each transaction how many have been written."""
    append, _ = STORES[store](folder)
    records = named(100_000, payload)
    for first in range(0, len(records), 16):
        append(records[first : first + 16])
        told.send(first + 16)


def lost_to_kills(store: str, folder: Path, payload: bytes, kills: int) -> tuple[int, int]:
    """Return how many records had been written before kills, and how many of them are missing or damaged."""
    written = missing = 0
    draw = random.Random(1)
    for number in range(kills):
        place = folder / f"kill-{number}"
        ours, theirs = mp.Pipe(duplex=False)
        process = mp.get_context("fork").Process(target=write_until_killed, args=(store, place, payload, theirs))
        process.start()
        ours.recv()
        time.sleep(draw.uniform(0.0, 0.1))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        count = 16
        while ours.poll():
            count = ours.recv()
        there = {sha256 for sha256, data in stored(place) if data == payload}
        written += count
        missing += sum(sha256 not in there for sha256, _ in named(count, payload))
        shutil.rmtree(place)
    return written, missing


def main() -> None:
    """Print one line per store and batch, then what kills cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    payload = typical_record()
    records = named(options.records, payload)
    print(f"{len(records)} records of {len(payload)} B")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for batch in BATCHES:
            for store in STORES:
                writes, reads, size = [], [], 0
                for repeat in range(REPEATS):
                    folder = Path(name) / f"{store}-{batch}-{repeat}"
                    writes.append(seconds(lambda f=folder, s=store, b=batch: write_all(s, f, records, b)))
                    reads.append(seconds(lambda f=folder: sum(1 for _ in stored(f))))
                    size = sum(path.stat().st_size for path in folder.iterdir())
                    shutil.rmtree(folder)
                print(
                    f"{store:15} batch {batch:3}: write {statistics.median(writes):6.2f} s, read and check "
                    f"{statistics.median(reads):5.2f} s, {size / 1e6:6.1f} MB"
                )
        for store in STORES:
            written, missing = lost_to_kills(store, Path(name), payload, options.kills)
            print(f"{store:15} {options.kills} kills: {missing} of {written} records written are lost")


if __name__ == "__main__":
    main()
