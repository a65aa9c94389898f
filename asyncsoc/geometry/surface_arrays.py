"""Arrays on the surface of a mesh, read from a NumPy, CSV or HDF5 file; never a pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import fits, one_error, regular_file
from asyncsoc.base.guarded_hdf5 import check_dataset
from asyncsoc.base.paths import path_of

Array = NDArray[np.float64]

DATASET = "weights"
"""Name of the data set of an HDF5 file, and of the column of a CSV file."""
MOST_VALUES = 3_000_000
_SUFFIXES = {".npy": "NumPy", ".csv": "CSV", ".txt": "CSV", ".h5": "HDF5", ".hdf5": "HDF5"}
_WEIGHT = Column(DATASET, ("weights", "weight"), "", 0.0, 1.0)


def read_surface_array(path: str | Path) -> Array:
    """Return the numbers in a file: (n,) or (n, 3).

    `.npy`: the array; `.csv`: the column `weights`; `.h5`, `.hdf5`: the data set `weights`.

    Raises
    ------
    InputError
        Missing, damaged or pickled, of another kind, too large, or no numbers.
    """
    file = regular_file(path_of(path))
    kind = _SUFFIXES.get(file.suffix.lower())
    if kind is None:
        raise InputError(
            "an array is read from a NumPy, CSV or HDF5 file",
            where=str(file),
            value=file.suffix,
            allowed=", ".join(_SUFFIXES),
            next_step="np.save('weights.npy', weights)",
        )
    if kind == "CSV":
        return read_csv_table(file, [_WEIGHT], layout=DATASET, required=[DATASET], fewest=1).columns[DATASET]
    return _npy(file) if kind == "NumPy" else _hdf5(file)


def _npy(file: Path) -> Array:
    with one_error(file, "a .npy array"), file.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(stream)
        count = _checked(shape, dtype, str(file))
        fits(file, stream.tell(), count * dtype.itemsize, str(file))
        values = np.fromfile(stream, dtype=dtype, count=count).reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(values, dtype=np.float64)


def _hdf5(file: Path) -> Array:
    import h5py

    with one_error(file, "HDF5"), h5py.File(file, "r") as opened:
        found = opened.get(DATASET)
        if not isinstance(found, h5py.Dataset):
            raise InputError(
                f"the file has no data set '{DATASET}'",
                where=str(file),
                value=", ".join(list(opened)[:10]),
                allowed=f"/{DATASET}, one number for each facet",
            )
        check_dataset(found, str(file), DATASET)
        _checked(found.shape, found.dtype, str(file))
        return np.asarray(found[()], dtype=np.float64)


def _checked(shape: tuple[int, ...], dtype: np.dtype[np.generic], where: str) -> int:
    """Return how many numbers an array has; raises InputError where it is none, or of none, or too large."""
    count = int(np.prod([int(n) for n in shape], dtype=object)) if shape else 0
    if dtype.hasobject or dtype.kind not in "bfiu" or not 0 < count <= MOST_VALUES or len(shape) > 2:
        raise InputError(
            "the array is not one of weights (pickled objects are never read)",
            where=where,
            value=f"{dtype} of shape {shape}",
            allowed=f"at most {MOST_VALUES} numbers of shape (n,) or (n, 3)",
        )
    return count
