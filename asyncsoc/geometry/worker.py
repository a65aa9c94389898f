"""Read one mesh file in a process of its own, started by `asyncsoc.geometry.isolation`.

Decompression, a parser or HDF5 may then take no more time and memory than this process is allowed, and may die without
taking the caller along. On success the open file DESCRIPTOR holds an archive of arrays; else standard output holds one
error as JSON. Standard input is a pipe from the caller: the process ends when it does.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from asyncsoc.base.errors import InputError
from asyncsoc.base.processes import confine, end_with_parent
from asyncsoc.geometry.raw import save_raw
from asyncsoc.geometry.reading import read_raw
from asyncsoc.geometry.xdmf import check_hdf5, companions

_BASE = 1 << 30
_BYTES_PER_BYTE = 64
"""Memory allowed: 1 GiB and this many bytes for each byte of the file (text takes most), half the machine's at most."""
FIELDS = ("what", "value", "allowed", "next_step")


def memory_limit(size: int) -> int:
    """Return how many bytes the reader of files of `size` bytes may use."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        machine = 8 << 30
    return min(_BASE + _BYTES_PER_BYTE * size, max(machine // 2, _BASE))


def main(file: str, descriptor: str, seconds: str) -> int:
    """Read a file within limits, write its arrays, report an error; return the exit code."""
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
        told = {name: getattr(error, name) for name in FIELDS}
        told["value"] = None if error.value is None else str(error.value)[:200]
    except MemoryError:
        told = {"what": "the mesh file cannot be read: it needs more memory than a mesh of its size should"}
    else:
        return 0
    sys.stdout.write(json.dumps(told))
    return InputError.exit_code
