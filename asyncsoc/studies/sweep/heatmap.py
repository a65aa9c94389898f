"""The heat map of a sweep: one of its numbers over two of the keys that were varied."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.files import written
from asyncsoc.base.units import from_si, to_si
from asyncsoc.plotting.heatmap import CellCounts, MapAxis, heatmap_figure, pointmap_figure
from asyncsoc.simulation.results.layout import stored_name

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_REDUCED = {"median": np.median, "mean": np.mean, "largest": np.max, "smallest": np.min}
_TITLES = {
    "contact.coverage": "Contact coverage f", "particle.radius": "Particle radius", "protocol.rate": "C-rate",
    "material.diffusivity": "Diffusivity", "protocol.temperature": "Temperature", "material": "Material",
    "contact": "Contact", "protocol": "Protocol",
}  # fmt: skip
_SHOWN = {"particle.radius": "um", "protocol.temperature": "degC"}
"""Units in which keys are shown where none is asked for."""
_PER_HOUR = "1/h"


def plot_heatmap(
    data: xr.Dataset,
    name: str,
    *,
    x: str | None = None,
    y: str | None = None,
    over: str | None = None,
    units: Mapping[str, str] | None = None,
    path: str | Path | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Return a figure of one number of a sweep over two of its keys.

    A grid is a map of cells, a sample a map of points. Cases without a value are hatched or crossed, and counted at the
    foot: those that were carried out and have none, and those that failed.

    Parameters
    ----------
    data
        What `sweep` returned, or a `sweep.nc` opened with xarray.
    name
        A headline number or own measure.
    x, y
        Keys along the sides; None takes the first two dimensions.
    over
        What a cell shows where more dimensions are left: "median", "mean", "largest" or "smallest" of the cases that
        have a value; cells in which cases lack one say "n of N".
    units
        Unit to show a key or the number in: ``{"particle.radius": "um", "Largest asynchrony": "%"}``.
    path
        Write the picture to this file as well (PNG, SVG or PDF).
    ax
        Draw on these axes, with a colour bar beside them; returned is their figure.

    Raises
    ------
    InputError
        No such number or key, a wrong unit, or not two dimensions.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> found = aso.sweep(case, {"protocol.rate": ["C/10", "C/5"], "particle.radius": ["3 um", "5 um"]})
    >>> figure = aso.plot_heatmap(found, "Final voltage [V]", units={"particle.radius": "um"})
    >>> figure.axes[0].get_xlabel()
    'C-rate'
    """
    chosen = _variable(data, name)
    wanted = dict(units or {})
    for key in wanted:
        if key not in (name, *data.variables):
            known = [name, *map(str, data.coords)]
            raise InputError(
                "no such quantity", where="units", value=key, allowed=", ".join(known), nearest=nearest_name(key, known)
            )
    dims = [str(dim) for dim in chosen.dims]
    x, y = _sides(data, chosen, x, y)
    label, values = _converted(name, np.asarray(chosen.values, dtype=float), _unit(chosen), wanted.get(name))
    status = data["status"]
    note = _note(values, np.asarray(status.values))
    if data[x].dims == data[y].dims:
        _no_others(data, [dim for dim in dims if dim not in data[x].dims], over=None)
        axes = [_points(data, key, wanted.get(key)) for key in (x, y)]
        figure = pointmap_figure(values, *axes, label=label, title=name, note=note, on=ax)
    else:
        sides = [str(data[key].dims[0]) for key in (y, x)]
        others = [dim for dim in dims if dim not in sides]
        _no_others(data, others, over)
        order = [dims.index(dim) for dim in (*sides, *others)]
        block = np.transpose(values, order).reshape(*(data.sizes[dim] for dim in sides), -1)
        cells, counts = _cells(block, over)
        across, up = (_texts(data, key, wanted.get(key)) for key in (x, y))
        many = block.shape[-1] > 1
        title = f"{name}\n{over} over {', '.join(others)}" if many else name
        figure = heatmap_figure(cells, across, up, label=label, counts=counts, title=title, note=note, on=ax)
    if path is not None:
        _save(figure, Path(path))
    return figure


def _variable(data: xr.Dataset, name: str) -> xr.DataArray:
    known = [str(one) for one in data.data_vars if set(data[one].dims) == set(data["status"].dims) and one != "status"]
    stored = stored_name(str(name))
    if stored not in known:
        more = stored in data.data_vars
        raise InputError(
            "this is not one number per case" if more else "no such headline number or measure",
            where="plot_heatmap", value=name, allowed=None if more else ", ".join(known),
            nearest=nearest_name(stored, known),
            next_step="take one step or time of it: data.assign(mine=data[...].sel(step=1)), then plot 'mine'"
            if more else None,
        )  # fmt: skip
    chosen = data[stored]
    if chosen.dtype.kind not in "fiu":
        raise InputError("a heat map shows numbers", where="plot_heatmap", value=name, nearest=None)
    return chosen.transpose(*data["status"].dims)


def _sides(data: xr.Dataset, chosen: xr.DataArray, x: str | None, y: str | None) -> tuple[str, str]:
    keys = [
        str(key) for key, values in data.coords.items() if values.ndim == 1 and set(values.dims) <= set(chosen.dims)
    ]
    for side, key in (("x", x), ("y", y)):
        if key is not None and key not in keys:
            near = nearest_name(key, keys)
            raise InputError("no such key", where=side, value=key, allowed=", ".join(keys), nearest=near)
    order = [key for key in keys if key not in (x, y)]
    order.sort(key=lambda key: (-min(data[key].size - 1, 1), chosen.dims.index(data[key].dims[0])))
    if (x is None) + (y is None) > len(order) or (x is not None and x == y):
        raise InputError(
            "a heat map needs two keys", where="plot_heatmap", value=", ".join(keys), next_step="vary another key"
        )
    first = x if x is not None else order.pop(0)
    return first, y if y is not None else order.pop(0)


def _no_others(data: xr.Dataset, others: list[str], over: str | None) -> None:
    if over is not None and over not in _REDUCED:
        near = nearest_name(str(over), _REDUCED)
        raise InputError("unknown choice", where="over", value=over, allowed=", ".join(_REDUCED), nearest=near)
    left = [dim for dim in others if data.sizes[dim] > 1]
    if left and over is None:
        raise InputError(
            "more than two keys were varied", where="plot_heatmap", value=", ".join(left),
            next_step=f"choose one value: data.isel({{{left[0]!r}: 0}}), or over='median'",
        )  # fmt: skip


def _cells(block: Array, over: str | None) -> tuple[Array, CellCounts]:
    """Return what the cells (ny, nx) show of their cases (ny, nx, k)."""
    known = np.isfinite(block)
    reduce: Any = _REDUCED[over or "median"]
    cells = np.full(block.shape[:2], np.nan)
    for j, k in np.ndindex(*cells.shape):
        if known[j, k].any():
            cells[j, k] = float(reduce(block[j, k][known[j, k]]))
    cases = np.full(cells.shape, block.shape[-1], dtype=np.int64)
    return cells, CellCounts(cases, known.sum(axis=-1))


def _note(values: Array, status: NDArray[Any]) -> str:
    """Return what is said of cases without a value."""
    lacking = ~np.isfinite(values)
    total, failed = values.size, int((lacking & (status != 0)).sum())
    without = int(lacking.sum()) - failed
    if not lacking.any():
        return f"all of {total} cases"
    parts = [f"{without} carried out without reaching it"] if without else []
    parts += [f"{failed} not carried out"] if failed else []
    return f"{total - int(lacking.sum())} of {total} cases have a value; {', '.join(parts)}"


def _unit(values: xr.DataArray) -> str:
    return str(values.attrs.get("units", "1"))


def _title(key: str, unit: str) -> str:
    title = _TITLES.get(key, key)
    return title if unit in ("", "1", "SI") else f"{title} [{unit}]"


def _points(data: xr.Dataset, key: str, unit: str | None) -> MapAxis:
    if data[key].dtype.kind not in "fiu":
        raise InputError("points need numbers along both sides", where="plot_heatmap", value=key)
    label, numbers = _numbers(data, key, unit)
    return MapAxis(label, values=numbers)


def _texts(data: xr.Dataset, key: str, unit: str | None) -> MapAxis:
    if data[key].dtype.kind not in "fiu":
        if unit is not None:
            raise InputError("this key has no unit", where=f"units, {key!r}", value=unit)
        return MapAxis(_title(key, ""), [str(value) for value in data[key].values])
    if unit is None and _unit(data[key]) == _PER_HOUR:
        return MapAxis(_title(key, ""), [_rate(float(value)) for value in data[key].values])
    label, numbers = _numbers(data, key, unit)
    return MapAxis(label, [f"{value:.4g}" for value in numbers])


def _rate(value: float) -> str:
    """Return a C-rate as it is spoken of: C/3, 2 C."""
    hours = 1.0 / value
    whole = hours > 1.0 and abs(hours - round(hours)) < 1e-6 * hours
    return f"C/{round(hours)}" if whole else f"{value:.4g} C"


def _numbers(data: xr.Dataset, key: str, unit: str | None) -> tuple[str, Array]:
    own = _unit(data[key])
    numbers = np.asarray(data[key].values, dtype=float)
    asked = unit or _SHOWN.get(key)
    if own == _PER_HOUR and asked in (None, "C"):  # what a C-rate is counted in
        return _title(key, "C"), numbers
    _, converted = _converted(key, numbers, own, asked)
    return _title(key, asked or own), converted


def _converted(name: str, values: Array, own: str, asked: str | None) -> tuple[str, Array]:
    """Return a number's label and its values in the unit asked for."""
    title = name.partition(" [")[0]
    if asked is None:
        return (title if own == "1" else f"{title} [{own}]"), values
    if own == "SI":
        raise InputError("the unit of this key is not known", where=f"units, {name!r}", value=asked)
    where = f"units, {name!r}"
    try:
        one, none = to_si(f"1 {own}", asked, where=where), to_si(f"0 {own}", asked, where=where)
        low, high = from_si(none, asked), from_si(one, asked)
    except InputError as error:
        allowed = error.allowed or f"a unit of what is in {own}"
        raise InputError(f"{own} cannot be shown in this unit", where=where, value=asked, allowed=allowed) from None
    return f"{title} [{asked}]", low + (high - low) * values


def _save(figure: Figure, path: Path) -> None:
    kinds = {".png": "png", ".svg": "svg", ".pdf": "pdf"}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise InputError("a picture is PNG, SVG or PDF", where="path", value=str(path), allowed=", ".join(kinds))
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind)
    with written(path, "the picture cannot be written") as stream:
        stream.write(drawn.getvalue())
