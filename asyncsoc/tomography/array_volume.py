"""A labelled volume given as an array, without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from asyncsoc.base.bare_values import bare
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.tomography.labels import LabelMap
from asyncsoc.tomography.load import labelled
from asyncsoc.tomography.phases import EXAMPLE_MAP, NAMES_IN_FILES, PHASES
from asyncsoc.tomography.readers.raw_volume import RawVolume, from_memory
from asyncsoc.tomography.volume import LabelVolume

_NAME = "array"
_DIMENSIONS = 3
_EXAMPLE = '{"pore": 0, "ncm": 1, "cbd": 2}'


def from_array(
    labels: ArrayLike,
    voxel_size: float | str | Sequence[float | str],
    names: Mapping[Any, Any],
    *,
    source: str = _NAME,
) -> LabelVolume:
    """Return the labelled volume in an array: what the functions behind `asyncsoc tomo stats` and `mesh` take.

    Parameters
    ----------
    labels : (nz, ny, nx)
        Whole numbers, one per voxel; the last axis is x, as in files. Memory maps are read slab by slab.
    voxel_size
        Edge of a voxel, m or a text such as "398 nm"; three of them, x, y, z, where voxels are not cubic.
    names
        The label of each phase by its name, {"pore": 0, "ncm": 1, "cbd": [2, 3]}, or the name of each label,
        {0: "pore", 1: "ncm", 2: "cbd"}. Names are those of `asyncsoc tomo --labels` (pore, ncm, cbd, outside) and
        what else they are often called (void, active material, electrolyte, ...).
    source
        Where the array is from, for reports.

    Raises
    ------
    InputError
        No array of three dimensions, no whole numbers, an unknown name, a label without a name or with two, an
        impossible voxel size, no active material.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> import numpy as np
    >>> labels = np.zeros((8, 8, 8), dtype=np.uint8)
    >>> labels[2:6, 2:6, 2:6] = 1
    >>> labels[6:] = 2
    >>> volume = aso.tomography.from_array(labels, "400 nm", {"pore": 0, "ncm": 1, "cbd": 2})
    >>> volume.shape, volume.has_electrolyte
    ((8, 8, 8), True)
    """
    try:
        array = np.asanyarray(labels)
    except (TypeError, ValueError) as error:
        raise InputError(f"no array can be made of the labels: {error}", where="labels") from None
    if array.ndim != _DIMENSIONS or not array.size:
        raise InputError(
            "a labelled volume has three dimensions", where="labels", value=array.shape, allowed="(nz, ny, nx)",
            next_step="give one slice as labels[None]" if array.ndim == _DIMENSIONS - 1 else None,
        )  # fmt: skip
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise InputError(
            "voxels are masked", where="labels", value=int(np.ma.count_masked(array)),
            next_step="give them a label of their own: array.filled(9), and names outside=9",
        )  # fmt: skip
    nz, ny, nx = array.shape
    raw = RawVolume(Path(source), "array", (nz, ny, nx), array.dtype, from_memory(array))
    return labelled(raw, _label_map(names), voxel_size)


def _label_map(names: Mapping[Any, Any]) -> LabelMap:
    """Return the labels of each phase, from labels by name or names by label."""
    given = bare(names)
    if not isinstance(given, Mapping) or not given:
        raise InputError("what the labels mean must be stated", where="names", value=names, allowed=_EXAMPLE)
    found: dict[str, tuple[int, ...]] = {}
    for key, content in given.items():
        name, values = (key, content) if isinstance(key, str) else (content, key)
        phase = _phase(name)
        numbers = values if isinstance(values, list | tuple) else (values,)
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int | float) or number != int(number):
                raise InputError(
                    "a label is not a whole number", where=f"names, {name}", value=number, allowed=_EXAMPLE
                )
        found[phase] = (*found.get(phase, ()), *(int(number) for number in numbers))
    return found


def _phase(name: object) -> str:
    spoken = str(name).strip().lower()
    for phase, aliases in NAMES_IN_FILES.items():
        if spoken == phase or spoken in aliases:
            return phase
    raise unknown_name("phase", str(name), PHASES, where=f"names, such as {EXAMPLE_MAP}")
