"""VTKHDF (ParaView's HDF5) files of one unstructured grid with cell data: written plainly, read without links."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import one_error
from asyncsoc.base.guarded_hdf5 import check_tree

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


def read_grid(path: Path, field: str) -> tuple[Arrays, Arrays, NDArray[Any] | None]:
    """Return the grid's arrays (keys as of `write_grid`, no offsets), its cell data, and a field array.

    Parameters
    ----------
    path
        The file.
    field
        Name of the field array; None is returned where there is none.

    Raises
    ------
    InputError
        Damaged, an array missing, lengths that differ, or what `asyncsoc.base.guarded_hdf5.check_tree` refuses.
    """
    with one_error(path, "VTKHDF"), h5py.File(path, "r") as file:
        check_tree(path, file)
        types = _array(file, "Types", path)
        grid = {
            "points": _array(file, "Points", path),
            "connectivity": _array(file, "Connectivity", path),
            "types": types,
        }
        data = {name: _array(file, f"CellData/{name}", path) for name in file.get("VTKHDF/CellData", {})}
        for name, values in data.items():
            if values.ndim not in (1, 2) or len(values) != len(types):
                raise InputError(
                    "an array does not match the cells", where=str(path), value=name, allowed=str(len(types))
                )
        given = f"VTKHDF/FieldData/{field}" in file
        return grid, data, _array(file, f"FieldData/{field}", path) if given else None


def _array(file: h5py.File, name: str, path: Path) -> NDArray[Any]:
    node = file.get(f"VTKHDF/{name}")
    if not isinstance(node, h5py.Dataset) or node.dtype.kind not in "uif":
        raise InputError(
            "the file lacks an array", where=str(path), value=name, next_step="make it with asyncsoc tomo mesh"
        )
    return np.asarray(node[...])
