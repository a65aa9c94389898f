"""The validated cases of a sweep: their hashes, and which can be run in one batch."""

from __future__ import annotations

import json
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.files import replaced
from asyncsoc.case.contact_fit import Model

BatchKind = Model | Literal["electrode"]
"""What a case needs to be computed: a model of one particle, or an electrode, which runs by itself."""


class BatchGroup(NamedTuple):
    """Cases of one group can be run in one batch: kind, name of the mesh, its radius [m] or other measure."""

    model: BatchKind
    mesh: str
    measure: str | float


@dataclass(frozen=True, eq=False)
class ValidatedCases:
    """The validated cases of a sweep.

    Attributes
    ----------
    hashes : (N,) bytes
        Hash of each case.
    groups
        What can be run in one batch.
    group_of : (N,)
        Group of each case.
    """

    hashes: NDArray[np.bytes_]
    groups: tuple[BatchGroup, ...]
    group_of: NDArray[np.int32]

    def save(self, path: Path, key: str) -> None:
        """Write the validated cases with the key of their plan; a folder that cannot be written to is left alone."""
        with suppress(OSError), replaced(path) as stream:
            groups = json.dumps([list(group) for group in self.groups])
            np.savez(stream, key=np.array(key), hashes=self.hashes, group_of=self.group_of, groups=np.array(groups))

    @classmethod
    def load(cls, path: Path, key: str) -> Self | None:
        """Return the validated cases written with `key`, None where there are none or the file is damaged."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                if str(kept["key"]) != key:
                    return None
                groups = tuple(BatchGroup(*group) for group in json.loads(str(kept["groups"])))
                return cls(kept["hashes"], groups, kept["group_of"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None
