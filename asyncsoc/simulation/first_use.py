"""Whether the kernels are still to be compiled, as they are in the first run after an installation or an update."""

from __future__ import annotations

import hashlib
from pathlib import Path

from asyncsoc.kernels import compiling

COMPILING = "compiling the kernels, once: about 90 s of processor time"
"""What a user is told while it happens, in the same words wherever it may."""
_LAST = "observing.split_rows-*.nbi"
"""Index in numba's cache of the kernel that `stepping.warmup` compiles last; a test holds the two together."""


def still_to_compile() -> bool:
    """Return whether the next run compiles the kernels before it begins."""
    sources = Path(compiling.__file__).resolve().parent
    # numba keeps what comes from one folder of sources in a folder of its own.
    folder = f"{sources.name}_{hashlib.sha1(str(sources).encode(), usedforsecurity=False).hexdigest()}"
    return not any((compiling.cache_folder() / folder).glob(_LAST))
