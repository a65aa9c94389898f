"""Record files: append-only files of records, each with its checksum; a record is there whole or not at all.

A record file has one writer, which holds a lock on it as long as it lives. A record that `append` has returned for is
on the disk. What a killed writer left half-written fails its checksum and is passed over; nothing is appended behind
it, because the next writer starts a file of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import sync_folder
from asyncsoc.studies.sweep.record import STATUSES, Status

SUFFIX = ".shard"
_MAGIC = b"aSR1"
_HEAD = struct.Struct("<4sBxxxI32s16s")
"""Magic, status, length of the payload, hash of the case, checksum."""
_FILE_MAGIC = b"asyncsoc shard 1\n"
_LENGTH = struct.Struct("<I")
_LARGEST = 1 << 30


@dataclass(frozen=True)
class RecordLocation:
    """Where a record lies: hash of its case, status, offset of its payload in the file, and its length."""

    sha256: str
    status: Status
    offset: int
    length: int


def _checksum(head: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=16, key=head).digest()


def packed(sha256: str, status: Status, payload: bytes) -> bytes:
    """Return a payload with its head, as it is written to a record file."""
    code, digest = STATUSES.index(status), bytes.fromhex(sha256)
    return _HEAD.pack(_MAGIC, code, len(payload), digest, _checksum(bytes([code]) + digest, payload)) + payload


class RecordFileWriter:
    """Appends records to a file of its own.

    Parameters
    ----------
    folder
        Folder of the record files; made where it is missing.
    about
        Plain data kept at the head of the file: which software wrote it.

    Attributes
    ----------
    path, record_file
        The file's path, and the file for reading.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """

    def __init__(self, folder: Path, writer_info: dict[str, Any]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / f"{secrets.token_hex(8)}{SUFFIX}"
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise _unwritable(folder, error) from error
        _try_lock(self._descriptor)
        text = json.dumps(writer_info, sort_keys=True, ensure_ascii=True).encode()
        self._end = 0
        self._write(_FILE_MAGIC + _LENGTH.pack(len(text)) + text)
        self._start = self._end
        self.record_file = RecordFile(self.path, writer_info, self._end)
        sync_folder(folder)

    def append(self, records: Sequence[tuple[str, Status, bytes]]) -> list[RecordLocation]:
        """Write (hash, status, payload) records, wait until they are on the disk, and return where they lie.

        Raises
        ------
        InputError
            The disk is full or gone; nothing of the records is kept.
        """
        places, position = [], self._end
        for sha256, status, payload in records:
            places.append(RecordLocation(sha256, status, position + _HEAD.size, len(payload)))
            position += _HEAD.size + len(payload)
        self._write(b"".join(packed(*record) for record in records))
        return places

    def close(self) -> None:
        """Close the file, and remove it where nothing was recorded."""
        if self._end == self._start:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self._end + written)
            os.fsync(self._descriptor)
        except OSError as error:
            os.ftruncate(self._descriptor, self._end)
            raise _unwritable(self.path.parent, error) from error
        self._end += len(data)


@dataclass(frozen=True)
class RecordFile:
    """A record file on the disk: its head, and where its records begin."""

    path: Path
    writer_info: Mapping[str, Any]
    start: int

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open a record file; None where its writer was killed before it had written the head.

        Raises
        ------
        InputError
            The file is no record file, or cannot be read.
        """
        foreign = InputError(
            "this is not a record file of a sweep", where=str(path), next_step="remove it from the folder"
        )
        try:
            with path.open("rb") as stream:
                magic, length = stream.read(len(_FILE_MAGIC)), stream.read(_LENGTH.size)
                if not _FILE_MAGIC.startswith(magic):
                    raise foreign
                if len(length) < _LENGTH.size:
                    return None
                (size,) = _LENGTH.unpack(length)
                text = stream.read(size) if size < _LARGEST else b""
                if len(text) < size:
                    return None
                writer_info = json.loads(text)
                if not isinstance(writer_info, dict) or not isinstance(writer_info.get("generation", 0), int):
                    raise foreign
                return cls(path, writer_info, len(magic) + len(length) + size)
        except OSError as error:
            raise InputError(f"a record file cannot be read: {error.strerror}", where=str(path)) from error
        except (ValueError, RecursionError):
            raise foreign from None

    def records(self) -> Iterator[RecordLocation]:
        """Yield the whole records; damaged or half-written ones are passed over.

        Raises
        ------
        InputError
            The file cannot be read.
        """
        try:
            with self.path.open("rb") as stream:
                size, position = os.fstat(stream.fileno()).st_size, self.start
                while 0 <= position <= size - _HEAD.size:
                    found = _record_at(stream, position, size)
                    if found is None:
                        position = _next_magic(stream, position + 1)
                        continue
                    yield found
                    position = found.offset + found.length
        except OSError as error:
            raise InputError(f"a record file cannot be read: {error.strerror}", where=str(self.path)) from error

    def payload(self, offset: int, length: int) -> bytes:
        """Return a record's payload."""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)


def _record_at(stream: BinaryIO, position: int, size: int) -> RecordLocation | None:
    stream.seek(position)
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, code, length, digest, checksum = _HEAD.unpack(head)
    offset = position + _HEAD.size
    if magic != _MAGIC or code >= len(STATUSES) or length > _LARGEST or offset + length > size:
        return None
    if _checksum(bytes([code]) + digest, stream.read(length)) != checksum:
        return None
    return RecordLocation(digest.hex(), STATUSES[code], offset, length)


def _next_magic(stream: BinaryIO, position: int) -> int:
    """Return where the next record may begin, -1 where none does."""
    stream.seek(position)
    block, overlap = 1 << 20, b""
    while True:
        data = stream.read(block)
        if not data:
            return -1
        found = (overlap + data).find(_MAGIC)
        if found >= 0:
            return position - len(overlap) + found
        position += len(data)
        overlap = (overlap + data)[-(len(_MAGIC) - 1) :]


def locked_elsewhere(path: Path) -> bool:
    """Return whether the file's writer is alive."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock a file without waiting; a file system without locks counts as locked by us."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(
        "the sweep's results cannot be written",
        where=str(folder),
        value=error.strerror or str(error),
        allowed="a directory that can be written to, on a disk with room",
        next_step="free some space or name another directory with -o, then run again with --resume",
    )
