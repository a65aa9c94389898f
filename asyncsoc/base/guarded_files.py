"""Files that somebody else may have written: what they may be, where they may lie, and one kind of error.

What a file is trusted with and what is never done is written once: docs/files.md, "What is read is not trusted".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asyncsoc.base.errors import AsyncsocError, InputError

_LONGEST_NAME = 255
_EXPANSION, _ALWAYS_ALLOWED = 200, 256 << 20


@dataclass(frozen=True)
class Limits:
    """How much a file may expand to.

    Attributes
    ----------
    max_bytes
        Most bytes the decoded data may take.
    max_ratio
        Most decoded bytes per stored byte. Deflate cannot pass 1032; label volumes of real electrodes stay under 200.
    """

    max_bytes: int
    max_ratio: float = 2000.0


def default_limits() -> Limits:
    """Return limits for this machine: decoded data may take half of the physical memory."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        memory = 8 << 30
    return Limits(max_bytes=max(memory // 2, 1 << 30))


def most_decoded(path: Path) -> int:
    """Return how many bytes a file that is read as a whole may decode to: 256 MiB, or 200 for each of its own."""
    return max(_ALWAYS_ALLOWED, _EXPANSION * path.stat().st_size)


def regular_file(path: Path) -> Path:
    """Return `path` where it is a readable regular file that is not empty (a pipe or device could block for ever)."""
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(
            "the file cannot be opened", where=str(path), value=error.strerror, next_step="check the path"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError("not a regular file", where=str(path), next_step="give the path of a file")
    if status.st_size == 0:
        raise InputError("the file is empty", where=str(path), next_step="write it again")
    if not os.access(path, os.R_OK):
        raise InputError("no permission to read the file", where=str(path))
    return path


def beside(header: Path, name: str) -> Path:
    """Return the data file `name` that a header names, where it lies in the header's own folder.

    Raises
    ------
    InputError
        The name leaves the folder, directly or through a link.
    """
    folder, plain = header.resolve().parent, name.strip()
    # No link is followed, and no name looked up, before it is known to be one.
    sound = bool(plain) and plain.isprintable() and len(plain.encode(errors="replace")) <= _LONGEST_NAME
    target = (folder / plain).resolve() if sound else folder
    if target.parent != folder:
        raise InputError(
            "the header names a data file outside its own folder",
            where=str(header),
            value=name[:200],
            allowed=f"a plain file name in {folder}",
            next_step="put both files in one folder and edit the name in the header",
        )
    return regular_file(target)


def fits(path: Path, offset: int, need: int, where: str) -> None:
    """Raise where `need` bytes from `offset` on are not in the file."""
    size = path.stat().st_size
    if offset < 0 or offset + need > size:
        raise InputError(
            "the file is shorter than its header says",
            where=where,
            value=f"{max(size - max(offset, 0), 0)} bytes of data",
            allowed=f"{need} bytes",
            next_step="the file is truncated or the header is wrong: export it again",
        )


@contextmanager
def one_error(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one `InputError` that names the file."""
    try:
        yield
    except AsyncsocError:
        raise
    except ImportError:
        raise
    except Exception as error:  # libraries raise anything on damaged files; all of it means the same to the user
        text = " ".join(str(error).split())[:200]
        raise InputError(
            f"the file cannot be read as {kind}",
            where=str(path),
            value=f"{type(error).__name__}: {text}" if text else type(error).__name__,
            next_step="the file is damaged or of another kind: open it in its own program and export it again",
        ) from None
