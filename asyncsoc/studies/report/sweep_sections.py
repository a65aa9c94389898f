"""Sections about a sweep: its numbers over what was varied, and a table of its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import AsyncsocError, InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.report.content import (
    Block,
    Cell,
    ChartLine,
    PageChart,
    PageGrid,
    PageSection,
    PageTable,
    PageText,
)
from asyncsoc.studies.report.parameters import DECOMPOSITION, LITHIUM, ListedParameters, parameter_tables
from asyncsoc.studies.sweep.export import columns_of, without_values
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.keys import unit_of_key
from asyncsoc.studies.sweep.load import LoadedRecords, SweepArchive, load_records

Array = NDArray[np.float64]
MEASURES = (
    "Largest asynchrony", "Largest specific capacity [mA.h/g]", "Final mean SOC", "Final contact-mean SOC",
    "Duration [h]", "Film thickness max [m]", "Side charge per charge moved", "Final dose against full coverage",
)  # fmt: skip
"""Headline numbers with a chart, as far as a sweep has them; own measures come after."""
_KINDS = {name: DECOMPOSITION for name in MEASURES[-3:]}
_MOST_CHARTS = 8
_MOST_ROWS = 1500
_MOST_CELLS = 16
_MOST_SECOND = 9


def sweep_summary(folder: Path) -> tuple[str, str, list[PageSection], dict[str, Any]]:
    """Return question, answer, sections and facts of the sweep in a folder.

    Raises
    ------
    InputError
        There is none, it is damaged, or nothing of it is recorded.
    """
    archive = SweepArchive.open(folder)
    loaded = load_records(archive, names.TIME)
    if (loaded.status < 0).all():
        raise InputError("no case of this sweep is recorded", where=str(folder), next_step="run it with --resume")
    design = archive.plan.design
    columns = columns_of(design, loaded, archive.records_index)
    keys = list(design.keys)
    counts = archive.records_index.counts()
    question = f"How does {archive.plan.name} change with {', '.join(keys)} ({len(design)} cases)?"
    state = f"{counts.done} of {counts.total} cases were computed, {counts.failed} failed, {counts.open} are open."
    listed, parameters = _parameters(archive)
    charts = _charts(columns, keys, loaded, listed)
    blocks: list[Block] = (
        [*charts] if charts else [PageText("No headline number of this sweep has a value yet.", "warning")]
    )
    remarks = [
        PageText(text, "warning") for text in (*without_values(loaded), *([loaded.warning] if loaded.warning else []))
    ]
    sections = [
        PageSection("Results over what was varied", tuple(blocks)),
        PageSection("Cases", (_table(columns, keys, loaded),)),
        PageSection("Parameters", parameters),
        *([PageSection("Warnings", tuple(remarks))] if remarks else []),
    ]
    facts = {"kind": "sweep", "name": archive.plan.name, "sweep sha256": archive.plan.sha256, "cases": len(design)}
    return question, f"{_extremes(columns, keys)} {state}".strip(), sections, facts


def _parameters(archive: SweepArchive) -> tuple[ListedParameters, tuple[Block, ...]]:
    """Return the parameters of the first case of a sweep, and the blocks that list them."""
    try:
        listed = ListedParameters.of_case(archive.plan.case(0))
    except AsyncsocError as error:
        listed = ListedParameters(missing=error.what)
    return listed, parameter_tables([("the first case, in which each varied key has its first value", listed)])


def _extremes(columns: Mapping[str, Sequence[Any]], keys: Sequence[str]) -> str:
    values = np.array(columns.get(MEASURES[0], []), dtype=np.float64)
    if not np.isfinite(values).any():
        return ""
    low, high = int(np.nanargmin(np.abs(values))), int(np.nanargmax(np.abs(values)))

    def at(number: int) -> str:
        return ", ".join(f"{key} = {_shown(columns[key][number], key)}" for key in keys)

    return (
        f"The largest asynchrony lies between {values[low]:.3g} (at {at(low)}) and {values[high]:.3g} (at {at(high)})."
    )


def _shown(value: object, key: str) -> str:
    unit = unit_of_key(key)
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if unit in (None, "1") else f"{text} {unit}"


def _label(key: str) -> str:
    unit = unit_of_key(key)
    return key if unit in (None, "1") else f"{key} [{unit}]"


def _charts(
    columns: Mapping[str, Sequence[Any]], keys: Sequence[str], loaded: LoadedRecords, listed: ListedParameters
) -> list[Block]:
    own = [name for name in loaded.numbers if name not in MEASURES and name in loaded.unmeasured]
    present = [
        name
        for name in (*MEASURES, *own)
        if name in columns and np.isfinite(np.array(columns[name], dtype=float)).any()
    ]
    found: list[Block] = []
    for name in present[:_MOST_CHARTS]:
        values = np.array(columns[name], dtype=np.float64)
        if np.ptp(values[np.isfinite(values)]) == 0.0 and len(present) > 1:
            continue
        assumed = listed.assumed(_KINDS.get(name, LITHIUM))
        if len(keys) == 2:
            grid = _grid(name, columns, keys, values, assumed)
            if grid is not None:
                found.append(grid)
        found += [
            _over(name, key, columns, [k for k in keys if k != key], values, assumed) for key in _ordered(columns, keys)
        ]
    return found


def _numbers(values: Sequence[Any]) -> Array | None:
    """Return values of a key as numbers; None where they are none."""
    if any(isinstance(v, bool | str | tuple | list | dict | GivenTable) or v is None for v in values):
        return None
    return np.array(values, dtype=np.float64)


def _ordered(columns: Mapping[str, Sequence[Any]], keys: Sequence[str]) -> list[str]:
    """Return the keys with numbers: of two, the first alone, for the other one colours the lines."""
    numeric = [key for key in keys if _numbers(columns[key]) is not None]
    return numeric[:1] if len(keys) <= 2 else numeric


def _over(
    name: str,
    key: str,
    columns: Mapping[str, Sequence[Any]],
    others: Sequence[str],
    values: Array,
    assumed: tuple[str, ...],
) -> PageChart:
    x = _numbers(columns[key])
    across = np.arange(len(values), dtype=np.float64) if x is None else x
    log = bool((across > 0.0).all() and across.max() > 30.0 * across.min())
    second = [str(v) for v in columns[others[0]]] if len(others) == 1 else []
    distinct = list(dict.fromkeys(second))
    if second and len(distinct) <= _MOST_SECOND:
        lines = []
        for place, text in enumerate(distinct):
            chosen = np.array([one == text for one in second])
            order = np.argsort(across[chosen], kind="stable")
            lines.append(
                ChartLine(
                    f"{others[0]} = {_short(text)}",
                    across[chosen][order],
                    values[chosen][order],
                    place if len(distinct) > 3 else None,
                )
            )
        return PageChart(f"{name} over {key}", _label(key), name, tuple(lines), assumed=assumed, log_x=log)
    order = np.argsort(across, kind="stable")
    line = ChartLine("", across[order], values[order])
    note = f"Every point is a case; {', '.join(others)} varies too." if others else ""
    return PageChart(f"{name} over {key}", _label(key), name, (line,), note, assumed, points=bool(others), log_x=log)


def _short(text: str) -> str:
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text[:40]


def _grid(
    name: str, columns: Mapping[str, Sequence[Any]], keys: Sequence[str], values: Array, assumed: tuple[str, ...]
) -> PageGrid | None:
    sides = [list(dict.fromkeys(map(str, columns[key]))) for key in keys]
    if any(len(side) > _MOST_CELLS for side in sides) or len(values) != len(sides[0]) * len(sides[1]):
        return None
    cells = np.full((len(sides[1]), len(sides[0])), np.nan)
    for k, value in enumerate(values):
        cells[sides[1].index(str(columns[keys[1]][k])), sides[0].index(str(columns[keys[0]][k]))] = value
    return PageGrid(
        name, _label(keys[0]), _label(keys[1]), tuple(map(_short, sides[0])), tuple(map(_short, sides[1])), cells,
        "Grey: no value." if np.isnan(cells).any() else "", assumed,
    )  # fmt: skip


def _table(columns: Mapping[str, Sequence[Any]], keys: Sequence[str], loaded: LoadedRecords) -> PageTable:
    wanted = [
        "case",
        *keys,
        "status",
        *(name for name in MEASURES if name in columns),
        *loaded.unmeasured,
        "Stop reason",
        "Error",
    ]
    heads = tuple(dict.fromkeys(name for name in wanted if name in columns))
    rows = [tuple(_cell(columns[name][k]) for name in heads) for k in range(min(loaded.count, _MOST_ROWS))]
    left_out = f"{loaded.count - _MOST_ROWS} further cases are left out." if loaded.count > _MOST_ROWS else ""
    return PageTable(
        "All cases (press a head to sort)",
        tuple(_label(h) if h in keys else h for h in heads),
        tuple(rows),
        note=left_out,
    )


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | float | int | bool) else str(value)
