"""SHA-256 of files, texts and arrays: what results, caches and cases are known by."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of(*parts: str | bytes | np.ndarray[Any, Any]) -> str:
    """Return one SHA-256 over texts (as UTF-8), bytes and the numbers of arrays, in the order given.

    Nothing is put between the parts: where two lists of parts could run together, name and shape of each array go
    before it as a text.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part if isinstance(part, bytes) else part.tobytes())
    return digest.hexdigest()
