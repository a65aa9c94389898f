"""Checks a page against itself: its hash, the hashes of its cases, and, asked for, its numbers against a new run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.base.errors import AsyncsocError, InputError
from asyncsoc.base.guarded_files import regular_file
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.plain_data import from_text
from asyncsoc.simulation.results.data import RunData
from asyncsoc.studies.report.html import FACTS, HASH_SLOT, SLOT, content_sha256

MOST_BYTES = 64 << 20
CLOSE = 1e-6
"""Relative difference of headline numbers that another processor or library may make."""
_BLOCK = re.compile(rf'<script type="application/json" id="{FACTS}">(?P<text>[^<]*)</script>')
_HASH = re.compile(r'"page sha256":"(?P<hash>[0-9a-f]{64})"')


@dataclass(frozen=True)
class PageCheck:
    """One check of a page: what was checked, whether it holds, and what was found."""

    name: str
    passed: bool
    found: str


def curves_sha256(run: RunData) -> str:
    """Return one SHA-256 over all curves of a run, of a group those of its particles too, in full precision."""
    parts: list[str | np.ndarray[Any, Any]] = []
    for place, one in enumerate((run, *run.particle_runs)):
        for name, values in one.columns.items():
            parts += [f"{place}/{name}/{len(values)}", np.ascontiguousarray(values)]
    return sha256_of(*parts)


def verify_page(
    path: Path, *, simulate: bool = False, progress: Callable[[int, int, str], None] | None = None
) -> list[PageCheck]:
    """Return the checks of a page that `report` wrote.

    Parameters
    ----------
    path
        The page.
    simulate
        Simulate the cases on it again and compare.
    progress
        Called with how many cases were simulated, of how many, and the next one's name.

    Raises
    ------
    InputError
        The file is no such page.
    """
    text = _text(path)
    facts = _facts(path, text)
    stated = str(facts.get("page sha256"))
    found = content_sha256(_HASH.sub(SLOT, text, count=1)) if stated != HASH_SLOT else ""
    checks = [PageCheck("the page is as it was written", found == stated, found)]
    runs = [one for one in facts.get("results") or [] if isinstance(one, dict) and one.get("kind") == "run"]
    for number, run in enumerate(runs):
        if simulate and progress:
            progress(number, len(runs), str(run.get("name")))
        checks += _check_run(run, simulate=simulate)
    return checks


def _text(path: Path) -> str:
    file = regular_file(path)
    if file.stat().st_size > MOST_BYTES:
        raise InputError(
            "this is no page of asyncsoc report",
            where=str(path),
            value=f"{file.stat().st_size} bytes",
            allowed=f"up to {MOST_BYTES}",
        )
    return file.read_bytes().decode("utf-8", errors="replace")


def _facts(path: Path, text: str) -> dict[str, Any]:
    block = _BLOCK.search(text)
    facts = None if block is None else from_text(block["text"], where=str(path))
    if not isinstance(facts, dict) or facts.get("format") != "asyncsoc report" or facts.get("version") != 1:
        raise InputError(
            "this is no page of asyncsoc report",
            where=str(path),
            allowed="a page that asyncsoc report wrote",
            next_step="asyncsoc report PATH -o PAGE.html",
        )
    return facts


def _check_run(run: Mapping[str, Any], *, simulate: bool) -> list[PageCheck]:
    from asyncsoc.case.case import Case

    name = str(run.get("name"))
    if run.get("case") is None:
        return []  # particles given one by one: there is no case of all of them
    title = f"the case of {name} has its hash"
    try:
        case = Case.from_text(str(run.get("case")), source=f"the case of {name}")
    except AsyncsocError as error:
        return [PageCheck(title, False, str(error).replace("\n", ";"))]
    checks = [PageCheck(title, case.hash == run.get("case sha256"), case.hash)]
    if not (simulate and checks[0].passed):
        return checks
    from asyncsoc.simulation.run import simulate as simulate_case

    again = simulate_case(case)
    title = f"the curves of {name} come out again"
    found = curves_sha256(again)
    if found == run.get("curves sha256"):
        return [*checks, PageCheck(title, True, "the same to the last bit")]
    difference, worst = _largest_difference(again.summary(), run.get("summary") or {})
    return [
        *checks,
        PageCheck(
            title, difference <= CLOSE, f"headline numbers differ by up to {difference:.2g} of their value ({worst})"
        ),
    ]


def _largest_difference(found: Mapping[str, Any], stated: Mapping[str, Any]) -> tuple[float, str]:
    """Return the largest relative difference of headline numbers and its name; infinite where one is missing."""
    worst, where = 0.0, "none"
    for name, value in stated.items():
        other = found.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or name == "Lithium balance error":
            continue
        if not isinstance(other, int | float):
            return float("inf"), name
        error = abs(float(other) - float(value)) / max(abs(float(value)), 1e-300)
        if error > worst:
            worst, where = error, name
    return worst, where
