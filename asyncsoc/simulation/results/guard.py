"""Result files of unknown origin: arrays and texts come out as asked for, or as one error (docs/files.md)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import AsyncsocError, InputError
from asyncsoc.base.guarded_hdf5 import check_tree
from asyncsoc.simulation.results import layout

_LONGEST_ATTRIBUTE = 1 << 16
_OURS = str(Path(__file__).resolve().parents[2])


def damaged(path: Path, what: str, value: object = None) -> InputError:
    """Build the error for a file that is not a whole and harmless run (the caller raises it)."""
    return InputError(
        f"not a readable result file: {what}",
        where=str(path),
        value=value,
        allowed=f"a file '<name>-<hash>{layout.SUFFIX}' as asyncsoc writes it",
        next_step="run the case again, or fetch the file again and compare it with its .sha256",
    )


class GuardedFile:
    """A checked HDF5 file: arrays and attributes come out with the shape and type asked for, or as an error."""

    def __init__(self, path: Path, file: Any) -> None:
        self.path = path
        self._file = file

    def _get(self, name: str) -> Any:
        item = self._file.get(name)
        if item is None:
            raise damaged(self.path, f"'{name}' is missing")
        return item

    def _dataset(self, name: str) -> Any:
        item = self._get(name)
        if not hasattr(item, "dtype"):
            raise damaged(self.path, f"'{name}' is a group where an array belongs")
        return item

    def has(self, name: str) -> bool:
        """Return whether there is a group or an array of a name."""
        return self._file.get(name) is not None

    def names(self, group: str) -> list[str]:
        """Return the names in a group, in their order of creation where that was kept."""
        return list(self._get(group))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        return tuple(int(n) for n in self._dataset(name).shape)

    def array(self, name: str, dtype: type, shape: tuple[int, ...], *, finite: bool = True) -> NDArray[Any]:
        """Return an array of the kind and shape given (-1: any length), of finite numbers unless said otherwise."""
        item = self._dataset(name)
        wanted = "f" if np.issubdtype(dtype, np.floating) else "iu"
        found = tuple(item.shape)
        fits = len(found) == len(shape) and all(b in (-1, a) for a, b in zip(found, shape, strict=True))
        if item.dtype.kind not in wanted or not fits:
            raise damaged(self.path, f"'{name}' has the wrong type or shape", f"{item.dtype} {found}, not {shape}")
        values = np.asarray(item[()], dtype=dtype)
        if finite and not np.all(np.isfinite(values)):
            raise damaged(self.path, f"'{name}' is not finite")
        return values

    def text(self, name: str) -> str:
        """Return a text kept as an array of its own."""
        item = self._dataset(name)
        if item.shape != () or item.dtype.kind != "S":
            raise damaged(self.path, f"'{name}' is not a text")
        return bytes(item[()]).decode()

    def attribute(self, name: str, kind: type, owner: str = "/") -> Any:
        """Return an attribute of the type given: str, int or float."""
        attributes = self._get(owner).attrs
        if name not in attributes:
            raise damaged(self.path, f"the attribute '{name}' of '{owner}' is missing")
        # Only what tells its size before it is read: a text of open length may claim gigabytes.
        stored = attributes.get_id(name)
        wanted = "S" if kind is str else "fiu"
        if stored.shape != () or stored.dtype.kind not in wanted or stored.dtype.itemsize > _LONGEST_ATTRIBUTE:
            raise damaged(self.path, f"the attribute '{name}' of '{owner}' is not one {kind.__name__}")
        value = attributes[name]
        if kind is str:
            return bytes(value).decode()
        if not np.isfinite(value):
            raise damaged(self.path, f"the attribute '{name}' of '{owner}' is not finite")
        return kind(value)


def _raised_by_us(error: BaseException) -> bool:
    """Return whether the line that raised an error is asyncsoc's own; bytes that are no text are the file's fault."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    ours = trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS)
    return ours and not isinstance(error, UnicodeDecodeError | MemoryError)


@contextmanager
def guarded(path: Path) -> Iterator[GuardedFile]:
    """Open an HDF5 file for reading after checking every object in it.

    Raises
    ------
    InputError
        No such file, not HDF5, cut off, linked to other files, or too large when unpacked: one message for each.
    """
    import h5py

    if not path.is_file():
        raise InputError("no such result file", where=str(path), next_step="name a file that exists")
    try:
        with h5py.File(path, "r") as file:
            try:
                check_tree(path, file, "fiuS")
            except InputError as error:
                raise damaged(path, error.what, error.value) from error
            yield GuardedFile(path, file)
    except AsyncsocError as error:
        if str(path) in str(error):
            raise
        raise damaged(path, error.what, error.value) from error
    # A damaged file makes HDF5 and its wrapper fail in every way there is; here, and only here, all become one. What
    # goes wrong in our own lines is a bug of ours and must not pass for damage.
    except Exception as error:
        if _raised_by_us(error):
            raise
        raise damaged(path, str(error).splitlines()[0][:120] if str(error) else type(error).__name__) from error
