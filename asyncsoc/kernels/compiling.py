"""How kernels are compiled: no fast math, and a disk cache that goes by the sources of all kernels together.

numba's own cache looks at the file of the function it compiles and not at the files of the functions that one
calls, so that a changed callee would go unnoticed. Here the cache folder carries a hash over all kernel sources:
change one and all compile anew. Three modules compile their own (`reaction`, `voxels`, `voxel_counts`): they call no
other module's kernels, and numba's cache sees their changes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba


@lru_cache(maxsize=1)
def source_hash() -> str:
    """Return a hash over the sources of all kernels and the version of numba."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return where compiled kernels are kept: under NUMBA_CACHE_DIR, else the user's cache folder."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return base / "asyncsoc" / f"kernels-{source_hash()}"


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function with numba, as `@kernel` or `@kernel(nogil=True)`."""
    if function is None:
        return lambda inner: kernel(inner, **options)
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    try:
        return numba.njit(cache=True, error_model="numpy", **options)(function)
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]
