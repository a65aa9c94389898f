"""VTKHDF (ParaView's HDF5) files of one unstructured grid with cell data: written plainly, read without links."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, one_error
from asyncsoc.base.guarded_hdf5 import check_dataset, hard_linked

Arrays = Mapping[str, NDArray[Any]]


def write_grid(stream: BinaryIO, grid: Arrays, cell_data: Arrays, field_data: Arrays) -> None:
    """Write a grid into an open file.

    `points` (n, 3), `connectivity`, `offsets` (ends), `types`, with cell and field data.
    """
    with h5py.File(stream, "w") as file:
        root = file.create_group("VTKHDF")
        root.attrs["Version"] = np.array([2, 2])
        root.attrs.create("Type", np.bytes_("UnstructuredGrid"))
        counts = {
            "NumberOfPoints": len(grid["points"]),
            "NumberOfCells": len(grid["types"]),
            "NumberOfConnectivityIds": len(grid["connectivity"]),
        }
        for name, count in counts.items():
            root[name] = np.array([count], np.int64)
        root.create_dataset("Points", data=grid["points"], compression="gzip", shuffle=True)
        root.create_dataset("Connectivity", data=grid["connectivity"], compression="gzip", shuffle=True)
        root.create_dataset("Offsets", data=np.concatenate([[0], grid["offsets"]]), compression="gzip", shuffle=True)
        root.create_dataset("Types", data=grid["types"], compression="gzip")
        for name, values in cell_data.items():
            root.create_dataset(f"CellData/{name}", data=values, compression="gzip", shuffle=True)
        for name, values in field_data.items():
            root[f"FieldData/{name}"] = values


def read_grid(path: Path, field: str, limits: Limits, most: int) -> tuple[Arrays, Arrays, NDArray[Any] | None]:
    """Return the grid's arrays (keys as of `write_grid`, no offsets), its cell data, and a field array.

    Parameters
    ----------
    path
        The file.
    field
        Name of the field array; None is returned where there is none.
    limits
        What it may expand to.
    most
        Most arrays of cell data.

    Raises
    ------
    InputError
        Damaged, an array missing or behind a link, more data than the file can hold, lengths that differ.
    """
    with one_error(path, "VTKHDF"), h5py.File(path, "r") as file:
        types = _array(file, "Types", path, limits)
        grid = {
            "points": _array(file, "Points", path, limits),
            "connectivity": _array(file, "Connectivity", path, limits),
            "types": types,
        }
        data = {}
        group = hard_linked(file, "VTKHDF/CellData")
        names = list(group) if isinstance(group, h5py.Group) and len(group) <= most else []
        if isinstance(group, h5py.Group) and not names and len(group):
            raise InputError("the file holds too many arrays", where=str(path), value=len(group), allowed=f"{most}")
        for name in names:
            data[name] = _array(file, f"CellData/{name}", path, limits)
            if data[name].ndim not in (1, 2) or len(data[name]) != len(types):
                raise InputError(
                    "an array does not match the cells", where=str(path), value=name, allowed=str(len(types))
                )
        given = "FieldData" in file["VTKHDF"] and field in file["VTKHDF/FieldData"]
        return grid, data, _array(file, f"FieldData/{field}", path, limits) if given else None


def _array(file: h5py.File, name: str, path: Path, limits: Limits) -> NDArray[Any]:
    node = hard_linked(file, f"VTKHDF/{name}")
    if not isinstance(node, h5py.Dataset) or node.dtype.kind not in "uif":
        raise _missing(path, name)
    check_dataset(node, str(path), name)
    stored = max(int(node.id.get_storage_size()), 1)
    if node.nbytes > min(limits.max_bytes, limits.max_ratio * stored):
        raise InputError("an array declares more data than it can hold", where=str(path), value=name)
    return np.asarray(node[...])


def _missing(path: Path, name: str) -> InputError:
    return InputError(
        "the file lacks an array", where=str(path), value=name, next_step="make it with asyncsoc tomo mesh"
    )
