"""A cache by content, within a limit of memory: meshes, contacts and operators are kept from case to case."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

MOST_BYTES = 1 << 30
"""Memory of all entries of one cache; the newest entry is kept however large it is."""


class ContentCache[T]:
    """Values by keys that say what they are made of (hashes, numbers, frozen sections), the least used going first.

    Parameters
    ----------
    most_bytes
        What the arrays of all values may take [B]; an array that two values share counts in both.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made now where the cache has none; other threads wait meanwhile."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
            value = make()
            size = bytes_of(value)
            self._kept[key] = value, size
            self._bytes += size
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone
            return value

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """Memory of the arrays of all values [B]."""
        return self._bytes

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


def bytes_of(value: Any) -> int:
    """Return what the arrays in a value take [B], in dataclasses, tuples, lists and mappings however deep."""
    seen = {id(array): array.nbytes for array in _arrays(value)}
    return sum(seen.values())


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for entry in fields(value):
            yield from _arrays(getattr(value, entry.name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _arrays(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _arrays(one)
