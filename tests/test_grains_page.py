"""The page on grains: its Python runs, its links lead somewhere, rows of its table are computed again."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks import grains
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "grains.md"
STORED = json.loads(grains.STORED.read_text(encoding="utf-8"))["rows"]


@pytest.mark.slow
def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)


def test_links_lead_somewhere() -> None:
    assert links(PAGE)
    targets = [target for target in links(PAGE) if not target.startswith("http")]
    assert [target for target in targets if not (PAGE.parent / target.partition("#")[0]).exists()] == []


def test_the_table_is_the_stored_one() -> None:
    rows = [line.strip("| \n").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    shown = {row[0]: row[1:] for row in rows if row[0] in STORED}
    assert list(shown) == list(STORED) == [name for name, _ in grains.described()]
    for name, cells in shown.items():
        for cell, column, digits in zip(cells, grains.COLUMNS, (3, 3, 2, 0), strict=False):
            value = STORED[name][column]
            assert cell == ("-" if value is None else f"{value:.{digits}f}"), (name, column)


def test_what_the_page_says_of_it() -> None:
    lead, _, relaxation, iterations, *_ = grains.COLUMNS
    plain, random = STORED["isotropic"], [STORED[f"random grains, 100, seed {seed}"] for seed in grains.SEEDS]
    assert all(1.2 < row[lead] / plain[lead] < 1.4 for row in random)
    textured = [row for name, row in STORED.items() if "h =" not in name]
    assert max(row[relaxation] for row in textured) < 4.5 * plain[relaxation]
    assert max(row[iterations] for row in textured) < 1.3 * plain[iterations]
    slow = [STORED[f"random grains, 1, h = {h:g} m/s"][relaxation] for h in (1e-9, 1e-10, 1e-11)]
    assert all(4.0 < after / before < 10.0 for before, after in pairwise(slow))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["radial grains, 100", "random grains, 1, h = 1e-09 m/s"])
def test_a_row_is_computed_again(name: str) -> None:
    case = dict(grains.described())[name]
    again = grains.measured(grains.particle(case))
    for column in grains.COLUMNS[:3]:
        assert again[column] == pytest.approx(STORED[name][column], rel=1e-3), column
