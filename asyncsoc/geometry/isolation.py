"""Mesh files of other programs are read in a process of their own, in bounded time and memory (docs/files.md).

Decompression, a parser or HDF5 may then take no more than that process is allowed, and may die without taking the
caller along. What comes back are plain arrays in an archive that is read without pickle, or one error as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from asyncsoc.base.environment import worker_environment
from asyncsoc.base.errors import InputError
from asyncsoc.base.processes import child, confine, deaf_to_interrupts, end_with_parent
from asyncsoc.geometry.meshio_reader import read_raw
from asyncsoc.geometry.raw import RawMesh, cannot_read, check_file, load_raw, save_raw
from asyncsoc.geometry.xdmf import check_hdf5, companions

_SECONDS, _BYTES_PER_SECOND = 60, 2_000_000
GRACE = 10
"""Seconds the reader has to start in."""
_LONGEST_REPORT = 10_000
_BASE = 1 << 30
_BYTES_PER_BYTE = 64
"""Memory allowed: 1 GiB and this many bytes for each byte of the file (text takes most), half the machine's at most."""
_FIELDS = ("what", "value", "allowed", "next_step")


def time_limit(size: int) -> int:
    """Return how many seconds the reader of files of `size` bytes may take."""
    return _SECONDS + size // _BYTES_PER_SECOND


def read_isolated(path: Path, seconds: int | None = None) -> RawMesh:
    """Read a mesh file that may be damaged or hostile.

    Parameters
    ----------
    path
        File in one of the formats of `asyncsoc.geometry.raw.SUFFIXES`.
    seconds
        Longest time to read; None: a minute, and a second for every 2 MB.

    Raises
    ------
    InputError
        The file is missing, damaged, too large, names files outside its folder, links to other files, or takes more
        time or memory than a mesh of its size should.
    """
    check_file(path)
    others = companions(path)
    for other in others:
        if other.stat().st_size == 0:
            raise cannot_read(other, "it is empty")
    limit = seconds or time_limit(sum(p.stat().st_size for p in (path, *others)))
    with tempfile.TemporaryFile() as result, tempfile.TemporaryFile() as report:  # without names: nothing stays behind
        code = _run(path, result, report, limit)
        if code is None:
            raise cannot_read(path, f"it takes more than {limit} s", "coarsen the mesh, or write it as VTU")
        if code == 0:
            result.seek(0)
            return load_raw(result)
        report.seek(0)
        raise _reported(path, code, report.read(_LONGEST_REPORT))


def _run(path: Path, result: IO[bytes], report: IO[bytes], limit: int) -> int | None:
    """Run the reader; return its exit code, None where it took too long. It ends with this process, or before."""
    command = child("asyncsoc.geometry.isolation:main", str(path.resolve()), str(result.fileno()), str(limit))
    with deaf_to_interrupts():
        process = subprocess.Popen(
            command,
            cwd=path.resolve().parent,  # XDMF names raw files relative to itself
            env=worker_environment(),
            stdin=subprocess.PIPE,  # its end tells the reader that nobody waits for it
            stdout=report,
            stderr=subprocess.DEVNULL,
            pass_fds=[result.fileno()],
        )
    try:
        return process.wait(limit + GRACE)
    except subprocess.TimeoutExpired:
        return None
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _reported(path: Path, code: int, report: bytes) -> InputError:
    try:
        described = json.loads(report)
    except ValueError:
        return cannot_read(path, f"its reader ended with code {code}, out of time or memory or on damaged data")
    return InputError(
        str(described["what"]),
        where=str(path),
        value=described.get("value"),
        allowed=described.get("allowed"),
        next_step=described.get("next_step") or "write the file again and check that it is complete",
    )


def memory_limit(size: int) -> int:
    """Return how many bytes the reader of files of `size` bytes may use."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        machine = 8 << 30
    return min(_BASE + _BYTES_PER_BYTE * size, max(machine // 2, _BASE))


def main(file: str, descriptor: str, seconds: str) -> int:
    """Be the reader: write the arrays of a file to an open file, or an error to standard output; return the exit code.

    Standard input is a pipe from the caller: the process ends when it does.
    """
    path = Path(file)
    end_with_parent(0)
    try:
        others = companions(path)
        confine(memory_limit(sum(p.stat().st_size for p in (path, *others))), int(seconds))
        for other in others:
            if other.suffix.lower() in (".h5", ".hdf5", ".hdf"):
                check_hdf5(other)
        with os.fdopen(int(descriptor), "wb") as result:
            save_raw(read_raw(path), result)
    except InputError as error:
        described = {name: getattr(error, name) for name in _FIELDS}
        described["value"] = None if error.value is None else str(error.value)[:200]
    except MemoryError:
        described = {"what": "the mesh file cannot be read: it needs more memory than a mesh of its size should"}
    else:
        return 0
    sys.stdout.write(json.dumps(described))
    return InputError.exit_code
