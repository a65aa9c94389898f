"""Sections about a charged set of particles: distributions, spheres beside them, a table of all particles."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.charge import ChargedSet
from asyncsoc.studies.particle_sets.equivalent_sphere import VARIANTS
from asyncsoc.studies.particle_sets.summary import summary
from asyncsoc.studies.report.content import Block, ChartLine, PageChart, PageSection, PageTable, PageText

_MOST_ROWS = 2000
_COMPARED = (quantities.LARGEST_LEAD, quantities.LEAD_AT_HALF, quantities.FINAL_SOC, quantities.DOSE)


def _said(name: str) -> str:
    """Return what a page calls a column of charged.csv."""
    return name.replace("lead", "asynchrony")


def set_summary(charged: ChargedSet) -> tuple[str, str, list[PageSection], dict[str, Any]]:
    """Return question, answer, sections and facts of a charged set."""
    count = len(charged.rows)
    question = (
        f"How far apart are the {count} particles of a tomogram after the same protocol, "
        "and does a sphere stand for them?"
    )
    medians = {str(row["quantity"]): row for row in summary(charged)["medians"]}
    lead = medians.get(quantities.LARGEST_LEAD)
    answer = f"{len(charged.failed)} particles failed."
    if lead is not None:
        answer = (
            f"Their largest asynchrony has a median of {lead['median']:.3g}, with {lead['5 %']:.3g} to "
            f"{lead['95 %']:.3g} from the 5th to the 95th percentile. {answer}"
        )
    charts: list[Block] = []
    for name in _COMPARED:
        values = charged.column(name)
        if np.isfinite(values).any():
            charts.append(
                PageChart(
                    f"{_said(name)} over coverage",
                    "Coverage",
                    _said(name),
                    (ChartLine("", charged.column(quantities.COVERAGE), values),),
                    points=True,
                )
            )
    for name in _COMPARED[:2]:
        resolved = charged.column(name)
        lines = [
            ChartLine(f"sphere of {variant}", resolved, charged.column(f"{name}, {variant}"))
            for variant in VARIANTS
            if np.isfinite(charged.column(f"{name}, {variant}")).any()
        ]
        if lines:
            known = resolved[np.isfinite(resolved)]
            ends = np.array([known.min(), known.max()])
            note = "On the line a sphere says what the resolved particle does."
            charts.append(
                PageChart(
                    f"Sphere against particle: {_said(name)}",
                    "Particle",
                    "Sphere",
                    (*lines, ChartLine("equal", ends, ends)),
                    note,
                    points=True,
                )
            )
    rows = tuple(tuple(row.get(name) for name in charged.names) for row in charged.rows[:_MOST_ROWS])
    table = PageTable("All particles (press a head to sort)", tuple(map(_said, charged.names)), rows)
    failed = [
        PageText(f"Particle {row.get('particle')} failed: {row.get('reason')}", "warning")
        for row in charged.failed[:50]
    ]
    heads = tuple(dict.fromkeys(name for row in medians.values() for name in row))
    described = PageTable(
        "Medians",
        heads,
        tuple(
            tuple(_said(v) if isinstance(v, str) else v for v in (row.get(h) for h in heads))
            for row in medians.values()
        ),
    )
    sections = [PageSection("Distributions", (*charts, described)), PageSection("Particles", (table,))]
    if failed:
        sections.append(PageSection("Warnings", tuple(failed)))
    sections.append(PageSection("Header", (_facts_table(charged),)))
    return question, answer, sections, {"kind": "particle set", "particles": count, "failed": len(charged.failed)}


def _facts_table(charged: ChargedSet) -> PageTable:
    rows = tuple(
        (str(k), v if isinstance(v, str | int | float | bool) or v is None else str(v)[:400])
        for k, v in charged.header.items()
    )
    return PageTable("What was charged, and how", ("Quantity", "Value"), rows, sortable=False)
