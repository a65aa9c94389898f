"""HDF5 files that somebody else may have written: nothing outside the file is opened, nothing huge is read.

The threat model is in docs/files.md, "What is read is not trusted". A file of a known layout is checked whole
(`check_tree`), of a foreign one only the data set that is asked for (`check_dataset`).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import most_decoded

_MOST_OBJECTS = 1000
"""Groups and data sets that a file of any size may have; each takes at least `_LEAST_BYTES` of a larger one."""
_LEAST_BYTES = 256
_PLAIN_FILTERS = (2, 3, 5, 6)
"""Shuffle, checksum, n-bit, scale and offset: they leave the size as it is."""


def refused(where: str, what: str, value: object) -> InputError:
    """Build the error for an HDF5 file that is not read (the caller raises it)."""
    return InputError(
        f"the HDF5 file is refused: {what}", where=where, value=value, next_step="write the arrays into one plain file"
    )


def check_dataset(dataset: Any, where: str, name: str, kinds: str | None = None) -> int:
    """Return how many bytes an open data set decodes to, after checking that it lies in its file, compressed once.

    Parameters
    ----------
    dataset
        An `h5py.Dataset`.
    where, name
        File and data set, for the message.
    kinds
        Kinds of numpy's types it may have; None: any.

    Raises
    ------
    InputError
        Its data lie in another file, it is compressed more than once, or holds something else than `kinds`.
    """
    if dataset.external or dataset.is_virtual:
        raise refused(where, "its data lie in another file, which is refused", name)
    properties = dataset.id.get_create_plist()
    if sum(int(properties.get_filter(k)[0]) not in _PLAIN_FILTERS for k in range(properties.get_nfilters())) > 1:
        raise refused(where, f"'{name}' is compressed more than once, which only serves to swell", name)
    if dataset.shape is None or (kinds is not None and dataset.dtype.kind not in kinds):
        raise refused(where, f"'{name}' holds something else than numbers or plain text", f"{name}: {dataset.dtype}")
    return math.prod(int(n) for n in dataset.shape) * int(dataset.dtype.itemsize)


def check_tree(path: Path, file: Any, kinds: str | None = None) -> None:
    """Walk every link of an open file; links to other places, cycles and expanding data are refused.

    Parameters
    ----------
    path
        The file, for its size and the message.
    file
        An open `h5py.File`.
    kinds
        Kinds of numpy's types its data sets may have; None: any.

    Raises
    ------
    InputError
        Any of these, what `check_dataset` refuses, or something else than groups and data sets.
    """
    import h5py

    limit, most = most_decoded(path), max(_MOST_OBJECTS, path.stat().st_size // _LEAST_BYTES)
    waiting, seen, total = [("/", file)], set[object](), 0
    while waiting:
        prefix, group = waiting.pop()
        for key in group:
            name = f"{prefix}{key}"
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise refused(str(path), "it links to another place, which is refused", name)
            item = group[key]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen or len(seen) >= most:
                raise refused(str(path), "its groups form a cycle or are too many", name)
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append((f"{name}/", item))
            elif isinstance(item, h5py.Dataset):
                total += check_dataset(item, str(path), name, kinds)
                if total > limit:
                    raise refused(str(path), f"it would fill more than {limit / 2**20:.0f} MiB of memory", name)
            else:
                raise refused(str(path), "it holds something else than groups and arrays", name)
