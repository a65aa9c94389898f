"""The figure of a sweep: which headline numbers are drawn, over which key, with which keys as separate lines."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.plotting.sweep import ScatterPoints, SweepPanel, sweep_figure
from asyncsoc.studies.sweep.design import ROW
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.keys import SEEDS, Value
from asyncsoc.studies.sweep.load import LoadedRecords
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import AT_HALF, STATUSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
COVERAGE = "contact.coverage"
_MOST_LINES = 6
_LOG_SPAN = 30.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""
_SHOWN: Mapping[str, tuple[str, str, float, float]] = {
    COVERAGE: ("Contact coverage f", "", 1.0, 0.0),
    "particle.radius": ("Particle radius", "µm", 1e6, 0.0),
    "material.diffusivity": ("Diffusivity", "m$^2$/s", 1.0, 0.0),
    "protocol.temperature": ("Temperature", "°C", 1.0, -273.15),
}
"""Name, unit, factor and offset of the quantities drawn most often; others in SI under their key."""
_CONTACT = "Contact-mean SOC at largest asynchrony"
_MEAN = "Mean SOC at largest asynchrony"
_AHEAD = "Largest asynchrony"
_LEAD = "Largest lead of the contact"
_WITHOUT = "no value"
_RISK = ("Final risk max", "Final dose against full coverage")


def draw_sweep(path: Path, plan: Plan, loaded: LoadedRecords) -> Path:
    """Draw `figure_of` a sweep into a file and return its path.

    Raises
    ------
    InputError
        Nothing that can be drawn was varied, or no case was carried out.
    """
    picture = io.BytesIO()
    figure_of(plan, loaded).savefig(picture, format="png")
    with replaced(path) as stream:
        stream.write(picture.getvalue())
    return path


def figure_of(plan: Plan, loaded: LoadedRecords) -> Figure:
    """Return contact SOC, asynchrony and, where there is one, risk over what was varied.

    Cases without one of the numbers are marked and counted; particles of a table are points of their own.

    Raises
    ------
    InputError
        Nothing that can be drawn was varied, or no case was carried out.
    """
    values = _columns(plan)
    key = _abscissa(values)
    lines = list(_lines(plan, values, key))
    label, x = _scaled(key, np.array(values[key], dtype=np.float64))
    joined = not any(key in dimension.keys and dimension.name == ROW for dimension in plan.design.dimensions)
    signs = np.sign(loaded.numbers.get(_AHEAD, np.zeros(1)))
    mixed = bool((signs > 0.0).any() and (signs < 0.0).any())  # cycles: the larger of a lead and a lag, signed
    ahead = _LEAD if mixed and _has(loaded, _LEAD) else _AHEAD
    wanted: list[tuple[str, str, str, str | float | None]] = [
        (AT_HALF, "SOC under the contact at a mean SOC of 0.5", "mean SOC of 0.5 not reached", 0.5)
        if _has(loaded, AT_HALF)
        else (_CONTACT, "SOC under the contact at the largest asynchrony", _WITHOUT, _MEAN),
        (ahead, "Largest asynchrony", _WITHOUT, None),
    ]
    wanted += [(name, "Risk against full coverage", _WITHOUT, None) for name in _RISK[:1] if _has(loaded, name)]
    panels = [
        replace(_panel(loaded, lines, x, name, title, beside=beside), absent=absent, joined=joined)
        for name, title, absent, beside in wanted
    ]
    positive = x[x > 0.0]
    log = len(positive) == len(x) and x.max() / x.min() > _LOG_SPAN
    others = [name for name in values if name != key and len(set(values[name])) > 1]
    note = f"{int((loaded.status == 0).sum())} of {loaded.count} cases carried out"
    if others and len(lines) == 1:
        note += f"; {'spread over' if joined else 'particles differ also in'} {', '.join(others)}"
    return sweep_figure(panels, abscissa=label, log=bool(log), title=plan.name, note=note)


def _columns(plan: Plan) -> dict[str, list[Value]]:
    columns: dict[str, list[Value]] = {key: [] for key in plan.design.keys}
    for number in range(len(plan.design)):
        for key, value in plan.design.values(number).items():
            columns[key].append(value)
    return columns


def _abscissa(values: Mapping[str, list[Value]]) -> str:
    """Return the key to draw over: the coverage, or the number with the most values."""
    able = {
        key: len(set(column))
        for key, column in values.items()
        if key not in SEEDS and all(isinstance(v, int | float) and not isinstance(v, bool) for v in column)
    }
    able = {key: count for key, count in able.items() if count > 1}
    if COVERAGE in able:
        return COVERAGE
    if not able:
        raise InputError("no number was varied", where="sweep")
    return max(able, key=lambda key: able[key])


def _lines(plan: Plan, values: Mapping[str, list[Value]], key: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield label and cases of each line: one per combination of the other axes with few values, layouts left out."""
    others = [
        dimension.name
        for dimension in plan.design.dimensions
        if len(dimension.keys) == 1 and dimension.name not in (key, *SEEDS) and len(dimension.rows) > 1
    ]
    choices = [list(dict.fromkeys(values[name])) for name in others]
    everything = np.ones(len(plan.design), dtype=bool)
    if not others or np.prod([len(choice) for choice in choices]) > _MOST_LINES:
        yield "", everything
        return
    columns = {name: np.array([str(value) for value in values[name]]) for name in others}
    for combination in itertools.product(*choices):
        chosen = everything.copy()
        for name, value in zip(others, combination, strict=True):
            chosen &= columns[name] == str(value)
        yield ", ".join(_words(name, value) for name, value in zip(others, combination, strict=True)), chosen


def _words(key: str, value: Value) -> str:
    if isinstance(value, float):
        name, unit, factor, offset = _SHOWN.get(key, (key, "", 1.0, 0.0))
        return f"{name} {value * factor + offset:.4g} {unit}".strip()
    return str(value) if isinstance(value, str | GivenTable) else f"{key} {value}"


def _panel(
    loaded: LoadedRecords,
    lines: list[tuple[str, NDArray[np.bool_]]],
    x: Array,
    name: str,
    title: str,
    *,
    beside: str | float | None = None,
) -> SweepPanel:
    y = loaded.numbers.get(name, np.full(loaded.count, np.nan))
    other = loaded.numbers.get(beside) if isinstance(beside, str) else None
    if isinstance(beside, float):
        other = np.full(loaded.count, beside)
    absent = (loaded.status >= 0) & ~np.isfinite(y)
    failed = absent & (loaded.status != STATUSES.index("done"))
    clouds = tuple(
        ScatterPoints(
            label,
            x[chosen],
            y[chosen],
            None if other is None else other[chosen],
            absent[chosen],
            int(failed[chosen].sum()),
        )
        for label, chosen in lines
    )
    if not np.isfinite(y).any():
        raise InputError("no case was carried out", where="sweep")
    seen = y[np.isfinite(y)]
    log = bool(seen.min() > 0.0 and seen.max() > _LOG_SPAN * seen.min())
    return SweepPanel(name, title, clouds, "mean of the particle" if other is not None else "", log)


def _has(loaded: LoadedRecords, name: str) -> bool:
    return name in loaded.numbers and bool(np.isfinite(loaded.numbers[name]).any())


def _scaled(key: str, x: Array) -> tuple[str, Array]:
    name, unit, factor, offset = _SHOWN.get(key, (key, "SI" if "." in key else "", 1.0, 0.0))
    return f"{name} [{unit}]" if unit else name, x * factor + offset
