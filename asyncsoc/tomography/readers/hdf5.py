"""HDF5: DXchange, ilastik, Dream3D and named data sets, without following links out of the file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.guarded_files import Limits, one_error, regular_file
from asyncsoc.base.guarded_hdf5 import check_dataset
from asyncsoc.tomography.readers.guard import checked_bytes
from asyncsoc.tomography.readers.raw_volume import LENGTH_UNITS, RawVolume

_KNOWN = ("exchange/data", "exported_data", "image")
_MAX_OBJECTS = 20_000
_MAX_DEPTH = 32


@dataclass(frozen=True)
class _Layout:
    """How the data set's axes become (z, y, x): singletons dropped, then transposed."""

    keep: tuple[int, ...]
    order: tuple[int, ...]


def read_hdf5(path: Path, limits: Limits, dataset: str | None = None, role: str = "labels") -> RawVolume:
    """Return a three-dimensional data set of an HDF5 file, read slab by slab.

    Parameters
    ----------
    path
        The file.
    limits
        What it may expand to.
    dataset
        Path of the data set; where None: `/exchange/data` (DXchange), `/exported_data` (ilastik), `/image`, the cell
        data of Dream3D (`Phases` for labels, `FeatureIds` for ids), else the only three-dimensional data set.
    role
        "labels" or "ids".

    Raises
    ------
    InputError
        Damaged, no or several candidates, external links or storage, or more data than the file can hold.
    """
    where = str(regular_file(path))
    with one_error(path, "HDF5"), h5py.File(path, "r") as file:
        name = dataset.strip("/") if dataset is not None else _choose(file, where, role)
        node = _resolve(file, name, where)
        check_dataset(node, where, name, "buif")
        layout = _layout(node, where, name)
        shape = tuple(int(node.shape[layout.keep[i]]) for i in layout.order)
        stored = int(node.id.get_storage_size())
        checked_bytes(shape, node.dtype.itemsize, where=f"{where}:/{name}", limits=limits, stored=stored)
        spacing, unit, origin = _spacing(file, node, name, layout)
        dtype = np.dtype(node.dtype)
    nz, ny, nx = shape

    def read(start: int, stop: int) -> NDArray[Any]:
        with one_error(path, "HDF5"), h5py.File(path, "r") as file:
            source = _resolve(file, name, where)
            index: list[Any] = [0] * source.ndim
            for axis in layout.keep:
                index[axis] = slice(None)
            index[layout.keep[layout.order[0]]] = slice(start, stop)
            return np.ascontiguousarray(np.transpose(source[tuple(index)], layout.order))

    return RawVolume(path, "HDF5", (nz, ny, nx), dtype, read, spacing=spacing, unit=unit, origin=origin)


def _resolve(file: h5py.File, name: str, where: str) -> h5py.Dataset:
    """Walk to a data set by hard links only."""
    node: Any = file
    for part in name.split("/"):
        if not isinstance(node, h5py.Group) or part not in node:
            keys = list(node)[:50] if isinstance(node, h5py.Group) else []
            raise unknown_name("data set", name, [f"{node.name.rstrip('/')}/{k}" for k in keys], where=where)
        link = node.get(part, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise InputError(
                "a link in the HDF5 file is refused", where=where, value=name,
                next_step="copy the data set itself into the file",
            )  # fmt: skip
        node = node[part]
    if not isinstance(node, h5py.Dataset):
        raise InputError("not a data set", where=where, value=name, next_step="name a three-dimensional data set")
    return node


def _candidates(group: h5py.Group, prefix: str, found: list[str], budget: list[int], depth: int, where: str) -> None:
    for key in group:
        budget[0] -= 1
        if budget[0] < 0 or depth > _MAX_DEPTH:
            raise InputError(
                "the HDF5 file holds too many objects to search", where=where, next_step="name the data set (--dataset)"
            )
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            continue
        node = group[key]
        if isinstance(node, h5py.Group):
            _candidates(node, f"{prefix}{key}/", found, budget, depth + 1, where)
        elif isinstance(node, h5py.Dataset) and node.shape and node.dtype.kind in "buif":
            big = [n for n in node.shape if n > 1]
            if len(big) == 3:
                found.append(prefix + key)


def _choose(file: h5py.File, where: str, role: str) -> str:
    found: list[str] = []
    _candidates(file, "", found, [_MAX_OBJECTS], 0, where)
    dream = [n for n in found if n.startswith("DataContainers/") and "/CellData/" in n]
    wanted = "FeatureIds" if role == "ids" else "Phases"
    for name in (*_KNOWN, *(n for n in dream if n.endswith(f"/{wanted}"))):
        if name in found:
            return name
    if len(found) != 1:
        raise InputError(
            "the HDF5 file has no three-dimensional data set" if not found else "several data sets could be the volume",
            where=where, value=["/" + n for n in found][:20] or None, next_step="name it with --dataset",
        )  # fmt: skip
    return found[0]


def _layout(node: h5py.Dataset, where: str, name: str) -> _Layout:
    keep = tuple(i for i, n in enumerate(node.shape) if n != 1) if node.ndim != 3 else (0, 1, 2)
    if len(keep) != 3:
        raise InputError(
            "a labelled volume has three axes", where=where, value=f"/{name}: {node.shape}",
            next_step="export one label per voxel, without channels or time steps",
        )  # fmt: skip
    tags = node.attrs.get("axistags")
    if tags is None:
        return _Layout(keep, (0, 1, 2))
    keys = [str(a.get("key")) for a in json.loads(tags)["axes"]]
    kept = [keys[i] for i in keep] if len(keys) == node.ndim else []
    if sorted(kept) != ["x", "y", "z"]:
        raise InputError("the axis tags do not name z, y and x", where=where, value=keys)
    return _Layout(keep, tuple(kept.index(a) for a in "zyx"))


Spacing = tuple[tuple[float, float, float] | None, float | None, tuple[float, float, float]]


def _triple(values: Any) -> tuple[float, float, float] | None:
    flat = np.ravel(np.asarray(values, dtype=float))
    return (float(flat[0]), float(flat[1]), float(flat[2])) if flat.size == 3 else None


def _spacing(file: h5py.File, node: h5py.Dataset, name: str, layout: _Layout) -> Spacing:
    """Return spacing and origin from `element_size_um` or Dream3D's geometry, where the file has them."""
    if "element_size_um" in node.attrs:
        given = _triple(node.attrs["element_size_um"])
        if given is None:
            return None, None, (0.0, 0.0, 0.0)
        z, y, x = (given[i] for i in layout.order)
        return (z, y, x), LENGTH_UNITS["um"], (0.0, 0.0, 0.0)
    parts = name.split("/")
    if parts[0] == "DataContainers" and len(parts) > 2:
        place = f"{'/'.join(parts[:2])}/_SIMPL_GEOMETRY"
        if all(f"{place}/{key}" in file for key in ("SPACING", "ORIGIN")):
            step = _triple(_resolve(file, f"{place}/SPACING", str(file.filename))[...])
            start = _triple(_resolve(file, f"{place}/ORIGIN", str(file.filename))[...])
            if step is not None and start is not None:
                return step[::-1], None, start[::-1]
    return None, None, (0.0, 0.0, 0.0)
