"""A sweep as one netCDF-4 file, written slab by slab: memory does not grow with the number of cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.environment import h5py_first
from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.recorders.curve_names import unit_of
from asyncsoc.simulation.results.layout import stored_name
from asyncsoc.studies.sweep.design import Design, Dimension
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.keys import Value, unit_of_key
from asyncsoc.studies.sweep.load import LoadedRecords
from asyncsoc.studies.sweep.record import STATUSES

Array = NDArray[np.float64]
STEP = "step"
VARIED = "varied"
"""Attribute of a key that was varied: its value says with what."""
WITHOUT = "cases without value"
"""Attribute of a headline number: in how many cases it could not be measured, for whatever reason."""
_SLAB_BYTES = 1 << 26
_NUMERIC = (int, float)


def slabs(shape: Sequence[int], most: int) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Yield (index, start, stop): parts of an array of `shape` that hold consecutive numbers, at most `most` each."""
    inner, split = 1, len(shape)
    while split > 0 and inner * shape[split - 1] <= most:
        split -= 1
        inner *= shape[split]
    if split == 0:
        yield (slice(None),) * len(shape), 0, inner
        return
    run = max(most // inner, 1)
    for outer in np.ndindex(*shape[: split - 1]):
        base = int(np.ravel_multi_index(outer, shape[: split - 1])) if outer else 0
        for start in range(0, shape[split - 1], run):
            stop = min(start + run, shape[split - 1])
            first = (base * shape[split - 1] + start) * inner
            rest = (slice(None),) * (len(shape) - split)
            yield (*outer, slice(start, stop), *rest), first, first + (stop - start) * inner


def write_dataset(
    path: Path,
    design: Design,
    loaded: LoadedRecords,
    axis: tuple[str, str, Array],
    curves: Sequence[str],
    read: Callable[[int], Array],
    attributes: Mapping[str, Any],
) -> Path:
    """Write the sweep's data set in one step and return its path.

    Parameters
    ----------
    path
        Of the file.
    design
        Gives the dimensions.
    loaded
        Headline numbers and ends of steps.
    axis
        Name of the dimension, name of the curve, and its values: the common axis.
    curves
        Names of the curves to write.
    read
        Gives the curves of a case by its number, (curves, points).
    attributes
        Of the file.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    h5py_first()
    import h5netcdf

    try:
        with replaced(path) as stream, h5netcdf.File(stream, "w") as file:
            for name, value in attributes.items():
                file.attrs[name] = value
            dimensions = _dimensions(file, design)
            _headlines(file, dimensions, design.shape, loaded, frozenset(curves))
            _ends(file, dimensions, design.shape, loaded)
            if curves:
                _curves(file, dimensions, design.shape, axis, curves, read)
    except OSError as error:
        raise InputError(
            "the data set cannot be written", where=str(path), value=error.strerror or str(error), next_step="make room"
        ) from error
    return path


def _dimensions(file: Any, design: Design) -> tuple[str, ...]:
    for dimension in design.dimensions:
        file.dimensions[dimension.name] = len(dimension.rows)
        for k, key in enumerate(dimension.keys):
            _coordinate(file, dimension, key, [row[k] for row in dimension.rows])
    return tuple(dimension.name for dimension in design.dimensions)


def _coordinate(file: Any, dimension: Dimension, key: str, values: list[Value]) -> None:
    if all(isinstance(value, _NUMERIC) and not isinstance(value, bool) for value in values):
        kind = np.int64 if all(isinstance(value, int) for value in values) else np.float64
        variable = file.create_variable(key, (dimension.name,), kind, data=np.array(values, dtype=kind))
        variable.attrs["units"] = "SI" if kind is np.float64 else "1"
        if kind is np.float64 and (unit := unit_of_key(key)) is not None:
            variable.attrs["units"] = unit
    else:
        texts = [str(value) if isinstance(value, str | GivenTable) else json.dumps(value) for value in values]
        _texts(file, key, (dimension.name,), texts)
    file.variables[key].attrs[VARIED] = dimension.name


def _texts(file: Any, name: str, dimensions: tuple[str, ...], texts: Sequence[str], shape: Any = None) -> None:
    import h5py

    variable = file.create_variable(name, dimensions, h5py.string_dtype())
    variable[...] = np.array(texts, dtype=object).reshape(shape or (len(texts),))


def _headlines(
    file: Any, dimensions: tuple[str, ...], shape: tuple[int, ...], loaded: LoadedRecords, taken: frozenset[str]
) -> None:
    status = file.create_variable("status", dimensions, np.int8, data=loaded.status.reshape(shape))
    status.attrs["flag_values"] = np.arange(-1, len(STATUSES), dtype=np.int8)
    status.attrs["flag_meanings"] = " ".join(("missing", *STATUSES))
    for name, values in loaded.numbers.items():
        title = f"{name} of run" if name in taken else name  # a curve has this name
        variable = file.create_variable(stored_name(title), dimensions, np.float64, data=values.reshape(shape))
        variable.attrs["units"], variable.attrs["long_name"] = unit_of(name), name
        variable.attrs[WITHOUT] = int((~np.isfinite(values)).sum())
    for name, texts in loaded.words.items():
        _texts(file, stored_name(name), dimensions, texts, shape)


def _ends(file: Any, dimensions: tuple[str, ...], shape: tuple[int, ...], loaded: LoadedRecords) -> None:
    if not loaded.steps:
        return
    file.dimensions[STEP] = loaded.steps
    file.create_variable(STEP, (STEP,), np.int64, data=np.arange(1, loaded.steps + 1))
    for name, values in loaded.ends.items():
        padded = np.full((loaded.count, loaded.steps), np.nan)
        padded[:, : values.shape[1]] = values
        title = name if "of step" in name else f"{name} at end of step"
        variable = file.create_variable(
            stored_name(title), (*dimensions, STEP), np.float64, data=padded.reshape(*shape, loaded.steps)
        )
        variable.attrs["units"], variable.attrs["long_name"] = unit_of(name), title


def _curves(
    file: Any,
    dimensions: tuple[str, ...],
    shape: tuple[int, ...],
    axis: tuple[str, str, Array],
    curves: Sequence[str],
    read: Callable[[int], Array],
) -> None:
    short, long, points = axis
    file.dimensions[short] = len(points)
    coordinate = file.create_variable(short, (short,), np.float64, data=points)
    coordinate.attrs["units"], coordinate.attrs["long_name"] = unit_of(long), long
    variables = []
    for name in curves:
        variable = file.create_variable(
            stored_name(name), (*dimensions, short), np.float32, fillvalue=np.float32(np.nan), compression="gzip"
        )
        variable.attrs["units"], variable.attrs["long_name"] = unit_of(name), name
        variables.append(variable)
    most = max(_SLAB_BYTES // (4 * len(points) * len(curves)), 1)
    for index, start, stop in slabs(shape, most):
        block = np.empty((stop - start, len(curves), len(points)), dtype=np.float32)
        for number in range(start, stop):
            block[number - start] = read(number)
        part = _shape_of(index, shape)
        for k, variable in enumerate(variables):
            variable[(*index, slice(None))] = block[:, k].reshape(*part, len(points))


def _shape_of(index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an array of `shape` at `index`, made of numbers and slices."""
    return tuple(
        len(range(*part.indices(length))) for part, length in zip(index, shape, strict=True) if isinstance(part, slice)
    )
