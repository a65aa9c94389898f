"""Puts a page together from what its paths hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import asyncsoc
from asyncsoc.base.plain_data import plain
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.particles import runs_of
from asyncsoc.simulation.results.provenance import source_sha256
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.report import answers
from asyncsoc.studies.report.bodies import particle_view
from asyncsoc.studies.report.contacts import contact_blocks
from asyncsoc.studies.report.content import Block, Cell, PageSection, PageTable, PageText, ReportPage
from asyncsoc.studies.report.experiment_sections import (
    document_summary,
    is_paper,
    map_summary,
    paper_summary,
    spectrum_summary,
    table_summary,
)
from asyncsoc.studies.report.group_sections import group_sections
from asyncsoc.studies.report.parameters import case_of_all, parameter_blocks
from asyncsoc.studies.report.run_curves import curve_sections
from asyncsoc.studies.report.set_sections import set_summary
from asyncsoc.studies.report.sources import ReportSource
from asyncsoc.studies.report.sweep_sections import sweep_summary
from asyncsoc.studies.report.verify import curves_sha256

Progress = Callable[[int, int, str], None]
MOST_VIEWS = 6
MOST_RUNS = 20
_HIDDEN = ("Name",)


def page_of(sources: Sequence[ReportSource], *, name: str, progress: Progress | None = None) -> ReportPage:
    """Return the page on what paths hold.

    Parameters
    ----------
    sources
        Runs come side by side; everything else has sections of its own.
    name
        File name of the page, for the commands on it.
    progress
        Called with how much is done, of how much, and what comes next.
    """
    runs = _named([(one.name, one.content) for one in sources if one.kind == "run"])
    others = [one for one in sources if one.kind != "run"]
    total = len(others) + (1 if runs else 0)
    heads: list[tuple[str, str, str]] = []
    sections: list[PageSection] = []
    facts: list[dict[str, Any]] = []
    if runs:
        if progress:
            progress(0, total, f"{len(runs)} runs")
        heads.append(_head_of_runs(runs))
        sections += _run_sections(runs)
        facts += [_facts_of_run(run_name, run) for run_name, run in runs]
    for k, source in enumerate(others, start=1 if runs else 0):
        if progress:
            progress(k, total, source.name)
        question, answer, own, found = _other(source)
        heads.append((source.name, question, answer))
        facts.append({**found, "file sha256": source.sha256})
        sections += (
            own
            if len(heads) == 1 and total == 1
            else [replace(one, title=f"{one.title}: {source.name}") for one in own]
        )
    title = heads[0][0] if len(heads) == 1 else f"{heads[0][0]} and {len(heads) - 1} more"
    sections.append(PageSection("Provenance", tuple(_provenance(runs, others, name))))
    return ReportPage(
        title,
        " ".join(question for _, question, _ in heads),
        " ".join(answer for *_, answer in heads),
        tuple(_distinct(sections)),
        {"asyncsoc": asyncsoc.__version__, "source sha256": source_sha256(), "results": facts},
    )


def _distinct(sections: Sequence[PageSection]) -> list[PageSection]:
    """Return sections, those whose links would be the same with a number."""
    seen: dict[str, int] = {}
    found = []
    for one in sections:
        seen[one.anchor] = seen.get(one.anchor, 0) + 1
        found.append(one if seen[one.anchor] == 1 else replace(one, title=f"{one.title} ({seen[one.anchor]})"))
    return found


def _named(pairs: Sequence[tuple[str, Solution]]) -> list[tuple[str, Solution]]:
    """Give every run a name of its own: that of its case, with the coverage or a number where two share one."""
    plain_names = [run.name for _, run in pairs]
    found: list[tuple[str, Solution]] = []
    for k, (_, run) in enumerate(pairs):
        text = run.name
        if plain_names.count(text) > 1:
            text = f"{text}, coverage {run.contact.coverage_realised:.3g}"
        if text in [name for name, _ in found]:
            text = f"{text} ({k + 1})"
        found.append((text, run))
    return found


def _head_of_runs(runs: Sequence[tuple[str, Solution]]) -> tuple[str, str, str]:
    if len(runs) == 1:
        name, run = runs[0]
        return name, answers.question_of(run), answers.answer_of(run)
    title = f"{runs[0][0]} and {len(runs) - 1} more runs" if len(runs) > 2 else " and ".join(name for name, _ in runs)
    return title, answers.question_of_several(runs), answers.answer_of_several(runs)


def _run_sections(runs: Sequence[tuple[str, Solution]]) -> list[PageSection]:
    sections = [PageSection("Summary", tuple(_summary(runs)))]
    bodies, left_out = _shown_bodies(runs)
    view = replace(particle_view(bodies), note=left_out)
    sections.append(PageSection("Particle in 3-D", (view,)))
    single = [(name, run) for name, run in runs if not run.particle_runs]
    if single:
        sections += curve_sections(single[:MOST_RUNS])
    for name, run in runs:
        if run.particle_runs:
            own = group_sections(run)
            sections += own if len(runs) == 1 else [replace(one, title=f"{one.title}: {name}") for one in own]
    contacts: list[Block] = []
    spots: list[Block] = []
    for name, one in bodies:
        picture, *rest = contact_blocks(name, one)
        contacts.append(picture)
        spots += rest
    sections.append(PageSection("Contact and hot spots", (*contacts, *spots)))
    sections.append(PageSection("Parameters", parameter_blocks(runs)))
    warnings = [
        PageText(f"{name}: {text}" if len(runs) > 1 else text, "warning") for name, run in runs for text in run.warnings
    ]
    sections.append(PageSection("Warnings", tuple(warnings) or (PageText("There are none."),)))
    return sections


def _shown_bodies(runs: Sequence[tuple[str, Solution]]) -> tuple[list[tuple[str, RunData]], str]:
    """Return the particles of the 3-D view: each run's own, of a group some from the least to the most covered."""
    found: list[tuple[str, RunData]] = []
    every = 0
    share = max(1, MOST_VIEWS // len(runs))
    for name, run in runs:
        particles = sorted(runs_of(run), key=lambda one: one.contact.coverage_realised)
        every += len(particles)
        count = min(len(particles), share)
        places = sorted({round(k * (len(particles) - 1) / max(count - 1, 1)) for k in range(count)})
        for k in places:
            one = particles[k]
            text = f"{one.name}, coverage {one.contact.coverage_realised:.3g}" if run.particle_runs else name
            found.append((f"{name}: {text}" if run.particle_runs and len(runs) > 1 else text, one))
    found = found[:MOST_VIEWS]
    note = (
        ""
        if len(found) == every
        else f"{len(found)} of {every} particles are here, from the least to the most covered of each run."
    )
    return found, note


def _summary(runs: Sequence[tuple[str, Solution]]) -> list[Block]:
    found = [run.summary() for _, run in runs[:MOST_RUNS]]
    keys = [key for key in dict.fromkeys(key for one in found for key in one) if key not in _HIDDEN]
    heads = ("Quantity", *(name for name, _ in runs[:MOST_RUNS])) if len(runs) > 1 else ("Quantity", "Value")
    rows = tuple((key, *(_cell(one.get(key)) for one in found)) for key in keys)
    blocks: list[Block] = [PageTable("Headline numbers", heads, rows)]
    if len(runs) > MOST_RUNS:
        blocks.append(PageText(f"{MOST_RUNS} of {len(runs)} runs are on this page.", "warning"))
    return blocks


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _facts_of_run(name: str, run: Solution) -> dict[str, Any]:
    return {
        "kind": "run",
        "name": name,
        "case": run.case_toml if case_of_all(run) else None,
        "case sha256": run.case_sha256,
        "curves sha256": curves_sha256(run),
        "rows": len(run.columns[names.TIME]),
        "summary": {k: v for k, v in plain(run.summary()).items() if "wall time" not in k},
        "provenance": plain(run.provenance),
    }


def _other(source: ReportSource) -> tuple[str, str, list[PageSection], dict[str, Any]]:
    content = source.content
    if source.kind == "sweep":
        return sweep_summary(content)
    if source.kind == "set":
        return set_summary(content)
    if source.kind == "spectrum":
        return spectrum_summary(source.name, content)
    if source.kind == "map":
        return map_summary(source.name, content)
    if source.kind == "table":
        return table_summary(source.name, *content)
    return paper_summary(source.name, content) if is_paper(content) else document_summary(source.name, content)


def _provenance(runs: Sequence[tuple[str, Solution]], others: Sequence[ReportSource], name: str) -> list[Block]:
    blocks: list[Block] = []
    if runs:
        keys = list(dict.fromkeys(key for _, run in runs for key in _flat(run)))
        flat = [_flat(run) for _, run in runs]
        heads = ("Quantity", *(run_name for run_name, _ in runs)) if len(runs) > 1 else ("Quantity", "Value")
        blocks.append(
            PageTable(
                "Where the results come from",
                heads,
                tuple((k, *(one.get(k) for one in flat)) for k in keys),
                sortable=False,
            )
        )
    if others:
        rows = tuple((one.name, one.kind, one.sha256) for one in others)
        blocks.append(PageTable("Files", ("Name", "Kind", "SHA-256"), rows, sortable=False))
    check = f"asyncsoc report --verify {name}"
    blocks.append(
        PageText(
            "This command checks that the page is as it was written, and that its cases have the hashes it states:"
        )
    )
    blocks.append(PageText(check, "code"))
    if runs:
        blocks.append(
            PageText(
                "This one also simulates its cases again, and compares curves and headline numbers with this page:"
            )
        )
        blocks.append(PageText(f"{check} --simulate", "code"))
        for run_name, run in runs[:MOST_RUNS]:
            blocks.append(PageText(f"The case of {run_name}, as asyncsoc run takes it:"))
            blocks.append(PageText(run.case_toml, "code"))
    return blocks


def _flat(run: RunData) -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for key, value in run.provenance.items():
        if isinstance(value, dict):
            found |= {f"{key}: {inner}": _cell(content) for inner, content in value.items()}
        else:
            found[key] = _cell(value)
    return found
