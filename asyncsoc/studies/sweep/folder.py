"""A sweep's folder: its manifest, its shards, and a lock that keeps two runs out of each other's way."""

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

SHARDS = "shards"
_LOCK = ".lock"
_ORPHANS = 20.0  # s; workers end within moments of their parent
_NO_LOCK = -1


def shards_folder(folder: Path) -> Path:
    """Return where a sweep's shards lie."""
    return folder / SHARDS


def about(generation: int) -> dict[str, Any]:
    """Return what a shard says about its writer."""
    return {"generation": generation, "asyncsoc": asyncsoc.__version__, "source sha256": source_sha256()}


def enter_record_files(folder: Path, records_index: Index) -> tuple[RecordFile, ...]:
    """Enter all records of a sweep's folder into the ledger; return the shards."""
    found = []
    place = shards_folder(folder)
    for path in sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else ():
        shard = RecordFile.open(path)
        if shard is not None:
            records_index.note(shard, shard.records())
            found.append(shard)
    return tuple(found)


def latest_generation(folder: Path) -> int:
    """Return the latest generation of any shard in a sweep's folder, -1 where there is none."""
    place = shards_folder(folder)
    paths = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else []
    opened = [RecordFile.open(path) for path in paths]
    return max((int(shard.about.get("generation", 0)) for shard in opened if shard is not None), default=-1)


def other_versions(shards: tuple[RecordFile, ...], generation: int) -> bool:
    """Return whether records of `generation` come from other sources of asyncsoc than these."""
    ours = source_sha256()
    return any(
        shard.about.get("source sha256") != ours for shard in shards if shard.about.get("generation", 0) >= generation
    )


@contextmanager
def claimed(folder: Path, part: str = "") -> Iterator[None]:
    """Keep every other run of the same part of the sweep out while the block runs; wait for workers that outlived one.

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
    place = shards_folder(folder)
    deadline = time.monotonic() + _ORPHANS
    for path in sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else ():
        while locked_elsewhere(path) and time.monotonic() < deadline:
            time.sleep(0.05)
