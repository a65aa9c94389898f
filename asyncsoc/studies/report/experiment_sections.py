"""Sections about virtual experiments: documents of `--json`, saved tables, maps, the comparison with a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum
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
from asyncsoc.studies.report.experiment_answers import answer_of_experiment, coarse_grid

Array = NDArray[np.float64]
Summary = tuple[str, str, list[PageSection], dict[str, Any]]
_MOST_ROWS = 1500
_MOST_CHARTS = 8
_PAPER = ("title", "place", "paper", "ours", "fitted", "predicted", "sensitivity", "verdict", "because")


def is_paper(document: Any) -> bool:
    """Return whether a document compares what is computed with what a paper reports."""
    return (
        isinstance(document, Mapping)
        and bool(document)
        and all(
            isinstance(one, Mapping) and {"title", "paper", "ours", "verdict"} <= set(one) for one in document.values()
        )
    )


def paper_summary(name: str, document: Mapping[str, Mapping[str, Any]]) -> Summary:
    """Return question, answer, sections and facts of the comparison with a paper."""
    verdicts: dict[str, int] = {}
    for one in document.values():
        verdicts[str(one["verdict"])] = verdicts.get(str(one["verdict"]), 0) + 1
    answer = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items(), key=lambda pair: -pair[1]))
    heads = ("Finding", *(key.capitalize() for key in _PAPER))
    rows = tuple((key, *(_text(one.get(head)) for head in _PAPER)) for key, one in document.items())
    sections = [PageSection("Findings", (PageTable("What the paper reports, and what is computed", heads, rows),))]
    numbers = []
    for key, one in document.items():
        found = one.get("numbers")
        if isinstance(found, Mapping) and found:
            listed = tuple(
                (str(n), v if isinstance(v, int | float | str) or v is None else str(v)) for n, v in found.items()
            )
            numbers.append(PageTable(f"{key}: {one['title']}", ("Quantity", "Value"), listed[:_MOST_ROWS]))
    if numbers:
        sections.append(PageSection("Numbers", tuple(numbers)))
    question = f"Which of {len(document)} findings of a paper does the simulation reproduce ({name})?"
    return question, f"Of {len(document)} findings: {answer}.", sections, {"kind": "paper", "findings": len(document)}


def _text(value: Any) -> Cell:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def spectrum_summary(name: str, spectrum: ImpedanceSpectrum) -> Summary:
    """Return question, answer, sections and facts of an impedance spectrum."""
    at = spectrum.at
    document = {
        "frequency [Hz]": spectrum.frequencies.tolist(),
        "real impedance [ohm]": spectrum.impedance.real.tolist(),
        "imaginary impedance [ohm]": spectrum.impedance.imag.tolist(),
        "at": dict(at),
    }
    return document_summary(name, document)


def document_summary(name: str, document: Mapping[str, Any]) -> Summary:
    """Return question, answer, sections and facts of a JSON document that a command printed.

    Those of gitt, eis, lsv and stxm have charts of their own. Else lists of numbers of one length become charts over
    the first of them; numbers and texts become a table.
    """
    lists = {key: _column(value) for key, value in document.items() if _is_column(value)}
    curves = document.get("curves")  # of a run: its columns
    if isinstance(curves, Mapping):
        lists |= {str(key): _column(value) for key, value in curves.items() if _is_column(value)}
    facts, notes, tables = _scalars(document), [], []
    for key in ("notes", "warnings"):
        notes += [PageText(str(one), "warning") for one in document.get(key) or [] if isinstance(one, str)]
    for key, value in document.items():
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            tables.append(_table(key, value))
    told = answer_of_experiment(document)
    drawn = [*_nested(document), *_charts(lists)] if told is None else list(told.blocks)
    assumed = _assumed(document)
    blocks: list[Block] = [replace(one, assumed=assumed) if isinstance(one, PageChart) else one for one in drawn]
    sections = [PageSection("Results", tuple(blocks))] if blocks else []
    if facts:
        sections.append(PageSection("Numbers", (PageTable("Numbers", ("Quantity", "Value"), tuple(facts.items())),)))
    for table in tables:
        sections.append(PageSection(table.caption, (table,)))
    if notes:
        sections.append(PageSection("Warnings", tuple(notes)))
    title = str(document.get("name") or name)
    kind = {"kind": "experiment", "name": title}
    if told is not None:
        return told.question, told.answer, sections, kind
    question = f"What does the experiment {title} show?"
    headline = [f"{key}: {value:.4g}" for key, value in facts.items() if isinstance(value, float)][:4]
    answer = f"{'; '.join(headline)}." if headline else f"Its {len(lists)} columns are drawn below."
    return question, answer, sections, kind


def _assumed(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the parameters that a document marks as assumed."""
    rows = document.get("parameters")
    if not isinstance(rows, list):
        return ()
    return tuple(str(row.get("name")) for row in rows if isinstance(row, Mapping) and row.get("assumed") is True)


def _is_column(value: Any) -> TypeGuard[list[float | None]]:
    known = (
        isinstance(value, list)
        and len(value) > 1
        and all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in value)
    )
    return bool(known) and any(v is not None for v in value)


def _column(value: Sequence[float | None]) -> Array:
    return np.array([np.nan if v is None else v for v in value], dtype=np.float64)


def _scalars(document: Mapping[str, Any], prefix: str = "") -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for key, value in document.items():
        if isinstance(value, str | int | float | bool):
            found[f"{prefix}{key}"] = value
        elif isinstance(value, Mapping) and key not in ("curves", "parts"):
            found |= _scalars(value, f"{prefix}{key}: ")
    return found


def _nested(document: Mapping[str, Any]) -> list[Block]:
    """Return charts of curves within a document: {"curves": {name: {"voltage [V]": [...], ...}}}."""
    found: list[Block] = []
    curves = document.get("curves")
    if isinstance(curves, Mapping):
        by_pair: dict[tuple[str, str], list[ChartLine]] = {}
        for name, content in curves.items():
            columns = (
                {k: _column(v) for k, v in content.items() if _is_column(v)} if isinstance(content, Mapping) else {}
            )
            if len(columns) >= 2:
                (x_label, x), *others = columns.items()
                for y_label, y in others:
                    if len(y) == len(x):
                        by_pair.setdefault((x_label, y_label), []).append(ChartLine(str(name), x, y))
        for (x_label, y_label), lines in list(by_pair.items())[:_MOST_CHARTS]:
            positive = all(np.nanmin(line.y) > 0.0 and np.nanmax(line.y) > 100.0 * np.nanmin(line.y) for line in lines)
            found.append(PageChart(y_label, x_label, y_label, tuple(lines), log_y=positive))
    return found


def _charts(lists: dict[str, Array]) -> list[Block]:
    if not lists:
        return []
    (x_label, x), *others = lists.items()
    usable = [(label, y) for label, y in others if len(y) == len(x)]
    log = bool((x > 0.0).all() and np.nanmax(x) > 100.0 * np.nanmin(x))
    if not usable:
        return [PageChart(x_label, "Number", x_label, (ChartLine("", np.arange(1.0, len(x) + 1.0), x),))]
    return [
        PageChart(
            f"{label} over {x_label}",
            x_label,
            label,
            (ChartLine("", x, y),),
            points=bool((np.diff(x) < 0.0).any()),
            log_x=log,
        )
        for label, y in usable[:_MOST_CHARTS]
    ]


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> PageTable:
    heads = tuple(dict.fromkeys(str(key) for row in rows for key in row))
    marked = frozenset(k for k, row in enumerate(rows) if row.get("assumed") is True)
    shown = tuple(head for head in heads if head != "assumed")
    cells = tuple(tuple(_text(row.get(head)) for head in shown) for row in rows[:_MOST_ROWS])
    return PageTable(name.capitalize(), shown, cells, marked)


def table_summary(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Summary:
    """Return question, answer, sections and facts of a table that an experiment saved, as texts."""
    columns: dict[str, list[Cell]] = {head: [] for head in heads}
    for row in rows:
        for head, text in zip(heads, row, strict=True):
            columns[head].append(_number(text))
    lists = {
        head: np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        for head, values in columns.items()
        if all(v is None or isinstance(v, float) for v in values) and any(v is not None for v in values)
    }
    body = tuple(tuple(columns[head][k] for head in heads) for k in range(min(len(rows), _MOST_ROWS)))
    left_out = f"{len(rows) - _MOST_ROWS} further rows are left out." if len(rows) > _MOST_ROWS else ""
    table = PageTable(f"{name} (press a head to sort)", tuple(heads), body, note=left_out)
    charts = [] if len(rows) < 2 else _charts(lists)
    sections = [*([PageSection("Results", tuple(charts))] if charts else []), PageSection("Table", (table,))]
    return (
        f"What does the table {name} show?",
        f"It has {len(rows)} rows of {len(heads)} columns, drawn over the first.",
        sections,
        {"kind": "table", "name": name},
    )


def _number(text: str) -> Cell:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        return text


def map_summary(name: str, fields: Mapping[str, Array]) -> Summary:
    """Return question, answer, sections and facts of an STXM map: its mean ratios over a coarse grid and by region."""
    grids: list[Block] = []
    for key in ("ratio", "ratio as seen", "stoichiometry"):
        if key in fields and fields[key].ndim == 2:
            grids.append(_coarse(key, fields))
    region, ratio = fields.get("region"), fields.get("ratio")
    rows: list[tuple[Cell, ...]] = []
    if region is not None and ratio is not None:
        for number in range(1, 5):
            inside = (region == number) & np.isfinite(ratio)
            rows.append((number, float(ratio[inside].mean()) if inside.any() else None))
    table = PageTable("Mean ratio of the regions, from the contact on", ("Region", "Ratio"), tuple(rows))
    named = ", ".join(f"{row[1]:.3g}" for row in rows if isinstance(row[1], float))
    answer = f"The mean ratios of regions 1 to 4, from the contact on, are {named}." if named else "It has no regions."
    return (
        f"What does a microscope see of {name}?",
        answer,
        [PageSection("Map", (*grids, table))],
        {"kind": "map", "name": name},
    )


def _coarse(key: str, fields: Mapping[str, Array]) -> PageGrid:
    values = fields[key]
    note = f"Means over parts of the {values.shape[0]} x {values.shape[1]} pixels of the file."
    return coarse_grid(key.capitalize(), values, 1e6 * fields["x"], 1e6 * fields["y"], note)
