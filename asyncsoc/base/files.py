"""Files that are there whole or not at all, whenever the process is stopped."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from asyncsoc.base.errors import InputError

_OPEN_FILES = Path("/proc/self/fd")


def _anonymous(folder: Path) -> BinaryIO | None:
    """Open a file without a name in `folder` (Linux): it vanishes with the process. None where that is not possible."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not _OPEN_FILES.is_dir():
        return None
    try:
        descriptor = os.open(folder, flag | os.O_RDWR, 0o666)
    except OSError:
        return None
    return os.fdopen(descriptor, "w+b")


def _sync(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Make the new name durable; some file systems refuse to sync a folder, which loses nothing that was whole."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _name(stream: BinaryIO, temporary: Path) -> None:
    """Give the nameless file `stream` the name `temporary`."""
    descriptor = os.open(temporary.parent, os.O_RDONLY)
    try:
        # Only with a folder given does Python follow the link to the nameless file instead of linking the link.
        os.link(_OPEN_FILES / str(stream.fileno()), temporary.name, dst_dir_fd=descriptor, follow_symlinks=True)
    except OSError:
        with temporary.open("xb") as copy:
            stream.seek(0)
            shutil.copyfileobj(stream, copy)
            _sync(copy)
    finally:
        os.close(descriptor)


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary stream whose content takes the place of `path` at the end, in one step.

    Until then `path` keeps its old content or stays absent; on an error, and on Linux also when the process is killed,
    nothing of the new one remains. The folder is made where it is missing.

    Raises
    ------
    OSError
        The folder cannot be written to, or is full.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        stream = _anonymous(folder)
        if stream is None:
            with temporary.open("x+b") as named:
                yield named
                _sync(named)
        else:
            with stream:
                yield stream
                _sync(stream)
                _name(stream, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)


@contextmanager
def written(path: Path, what: str = "the file cannot be written") -> Iterator[BinaryIO]:
    """Yield a stream as `replaced` does, for files that a user asked for: what goes wrong is an InputError.

    Raises
    ------
    InputError
        `what`, where the folder cannot be written to, or is full.
    """
    try:
        with replaced(path) as stream:
            yield stream
    except OSError as error:
        raise InputError(
            what,
            where=str(path),
            value=error.strerror or str(error),
            allowed="a folder that can be written to, on a disk with room",
            next_step="name another folder with -o",
        ) from error


def write_text(path: Path, text: str, what: str = "the file cannot be written") -> None:
    """Write a text as UTF-8 in place of what is at `path`, whole or not at all; errors as of `written`."""
    with written(path, what) as stream:
        stream.write(text.encode())
