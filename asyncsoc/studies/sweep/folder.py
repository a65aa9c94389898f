"""The folder of a sweep: its record files, and a lock that admits one run at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncsoc
from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.provenance import source_sha256
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.record_file import SUFFIX, RecordFile, locked_elsewhere

RECORDS_FOLDER = "shards"
_LOCK = ".lock"
_ORPHAN_TIMEOUT = 20.0  # s; workers end within moments of their parent
_NO_LOCK = -1


def records_folder(folder: Path) -> Path:
    """Return the folder of a sweep's record files."""
    return folder / RECORDS_FOLDER


def writer_info(generation: int) -> dict[str, Any]:
    """Return what is written at the head of a record file: generation, version and hash of the sources."""
    return {"generation": generation, "asyncsoc": asyncsoc.__version__, "source sha256": source_sha256()}


def load_record_files(folder: Path, records_index: Index) -> tuple[RecordFile, ...]:
    """Enter all records of a sweep's folder into the index; return the record files."""
    found = []
    place = records_folder(folder)
    for path in sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else ():
        record_file = RecordFile.open(path)
        if record_file is not None:
            records_index.note(record_file, record_file.records())
            found.append(record_file)
    return tuple(found)


def latest_generation(folder: Path) -> int:
    """Return the latest generation of any record file in a sweep's folder, -1 where there is none."""
    place = records_folder(folder)
    paths = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else []
    opened = [RecordFile.open(path) for path in paths]
    return max(
        (int(record_file.writer_info.get("generation", 0)) for record_file in opened if record_file is not None),
        default=-1,
    )


def other_versions(record_files: tuple[RecordFile, ...], generation: int) -> bool:
    """Return whether records of `generation` come from other sources of asyncsoc than these."""
    ours = source_sha256()
    return any(
        record_file.writer_info.get("source sha256") != ours
        for record_file in record_files
        if record_file.writer_info.get("generation", 0) >= generation
    )


@contextmanager
def locked_folder(folder: Path, part: str = "") -> Iterator[None]:
    """Lock the folder against other runs of the same part of the sweep; wait for workers that outlived their run.

    Raises
    ------
    InputError
        Another run is alive in this folder, or the folder cannot be written to.
    """
    descriptor = _lock(folder, f"{_LOCK}{part}")
    try:
        if not part:
            _wait_for_orphans(folder)
        yield
    finally:
        if descriptor != _NO_LOCK:
            os.close(descriptor)


def _lock(folder: Path, name: str) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise InputError(
            "the sweep cannot be saved here",
            where=str(folder),
            value=error.strerror or str(error),
            allowed="a directory that can be written to",
            next_step="name another directory with -o",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InputError(
            "another run of a sweep is alive in this directory",
            where=str(folder),
            next_step="wait for it or end it, or name another directory with -o",
        ) from None
    except OSError:  # a file system without locks
        os.close(descriptor)
        return _NO_LOCK
    return descriptor


def _wait_for_orphans(folder: Path) -> None:
    place = records_folder(folder)
    deadline = time.monotonic() + _ORPHAN_TIMEOUT
    for path in sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else ():
        while locked_elsewhere(path) and time.monotonic() < deadline:
            time.sleep(0.05)
