"""Maps kept as HDF5, with units and axes: any HDF5 reader shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.environment import h5py_first
from asyncsoc.base.errors import InputError
from asyncsoc.base.files import written
from asyncsoc.base.guarded_hdf5 import check_tree
from asyncsoc.base.paths import path_of
from asyncsoc.studies.stxm.map_of import StxmMap

FORMAT, VERSION = "asyncsoc STXM map", 1
_AXES = ("y", "x")


def write_map(found: StxmMap, path: str | Path) -> Path:
    """Write a map as HDF5, whole or not at all, and return its path.

    Data sets over (y, x), row 0 the lowest of the image: `thickness`, `lower state column`, `higher state column`, the
    two as seen, `ratio`, `ratio as seen`, `stoichiometry`, `region`; axes `x` and `y` are their dimension scales; every
    one has its `units`. Attributes hold time, voltage, cut, directions and microscope.

    Raises
    ------
    InputError
        It cannot be written there.
    """
    h5py_first()
    import h5py

    file = path_of(path)
    with written(file, "the map cannot be saved") as stream, h5py.File(stream, "w") as store:
        for name, value in _attributes(found).items():
            store.attrs[name] = value
        for name in _AXES:
            axis = store.create_dataset(name, data=found.view.axis)
            axis.attrs["units"] = "m"
            axis.attrs["long_name"] = {"x": "right in the image", "y": "up in the image"}[name]
            axis.make_scale(name)
        for name, (values, unit, words) in _quantities(found).items():
            data = store.create_dataset(name, data=values, compression="gzip")
            data.attrs["units"], data.attrs["long_name"] = unit, words
            for place, axis_name in enumerate(_AXES):
                data.dims[place].label = axis_name
                data.dims[place].attach_scale(store[axis_name])
    return file


def _quantities(found: StxmMap) -> dict[str, tuple[NDArray[Any], str, str]]:
    lower, higher = (f"{found.valence.symbol}{state}+" for state in found.valence.couple)
    ratio = found.valence.ratio_name
    return {
        "thickness": (found.thickness, "m", "of the particle along the beam"),
        "lower state column": (found.columns[..., 0], "m", f"share of {lower} times thickness"),
        "higher state column": (found.columns[..., 1], "m", f"share of {higher} times thickness"),
        "lower state column as seen": (found.seen[..., 0], "m", "through the microscope; NaN without photons"),
        "higher state column as seen": (found.seen[..., 1], "m", "through the microscope; NaN without photons"),
        "ratio": (found.ratio, "1", f"{ratio} of the columns"),
        "ratio as seen": (found.seen_ratio, "1", f"{ratio} through the microscope"),
        "stoichiometry": (found.stoichiometry, "1", "mean along the beam, weighted with thickness"),
        "region": (found.region, "1", "1 to 4 from the contact on, 0 outside"),
    }


def _attributes(found: StxmMap) -> dict[str, Any]:
    view = found.view
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": found.name,
        "time [s]": found.time,
        "voltage [V]": found.voltage,
        "mean stoichiometry": found.mean_x,
        "beam": np.asarray(view.beam),
        "up in the image": np.asarray(view.upward),
        "middle of the field [m]": np.asarray(view.centre),
        "thickness of the cut [m]": view.thickness,
        **found.microscope.described(),
        "notes": "; ".join(found.notes),
    }


def read_map(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """Return the data sets of a map by name, axes included.

    Raises
    ------
    InputError
        No such file, or not a map that `write_map` wrote.
    """
    h5py_first()
    import h5py

    file = path_of(path)
    try:
        with h5py.File(file, "r") as store:
            check_tree(file, store)
            if store.attrs.get("format") != FORMAT:
                raise InputError(
                    "this is no STXM map", where=str(file), next_step="write one: asyncsoc stxm RESULT -o DIR"
                )
            return {name: np.array(store[name], dtype=np.float64) for name in store}
    except OSError as error:
        raise InputError("the map cannot be read", where=str(file), value=str(error)) from error
