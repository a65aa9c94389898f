"""Files of others are read in a process of its own, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from asyncsoc.base.environment import worker_environment
from asyncsoc.base.errors import InputError
from asyncsoc.base.processes import child, deaf_to_interrupts
from asyncsoc.geometry.raw import RawMesh, load_raw
from asyncsoc.geometry.reading import cannot_read, check_file
from asyncsoc.geometry.xdmf import companions

_SECONDS, _BYTES_PER_SECOND = 60, 2_000_000
GRACE = 10
"""Seconds the reader has to start in."""
_LONGEST_REPORT = 10_000


def time_limit(size: int) -> int:
    """Return how many seconds the reader of files of `size` bytes may take."""
    return _SECONDS + size // _BYTES_PER_SECOND


def read_isolated(path: Path, seconds: int | None = None) -> RawMesh:
    """Read a mesh file that may be damaged or hostile.

    Parameters
    ----------
    path
        File in one of the formats of `asyncsoc.geometry.reading.SUFFIXES`.
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
    command = child("asyncsoc.geometry.worker:main", str(path.resolve()), str(result.fileno()), str(limit))
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
        told = json.loads(report)
    except ValueError:
        return cannot_read(path, f"its reader ended with code {code}, out of time or memory or on damaged data")
    return InputError(
        str(told["what"]),
        where=str(path),
        value=told.get("value"),
        allowed=told.get("allowed"),
        next_step=told.get("next_step") or "write the file again and check that it is complete",
    )
