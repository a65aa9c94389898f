"""The stored comparison with other programs: it is the page's, our side is computed again, and what is the same is."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.tomography_peers import SAME, STORED, ours, synthetic
from tests.pages import ROOT

PAGE = (ROOT / "docs" / "tomography_results.md").read_text(encoding="utf-8")
KEPT = json.loads(STORED.read_text(encoding="utf-8"))["volumes"]


def test_our_side_is_what_was_stored() -> None:
    found, kept = ours(synthetic()), KEPT["synthetic pack"]["asyncsoc"]
    assert set(found) == set(kept)
    for quantity, value in found.items():
        assert value == pytest.approx(kept[quantity], rel=1e-9), quantity


@pytest.mark.parametrize("volume", sorted(KEPT))
def test_what_is_the_same_by_definition_is_equal(volume: str) -> None:
    kept, compared = KEPT[volume], set()
    for program, figures in kept.items():
        if program in ("asyncsoc", "versions"):
            continue
        for quantity in set(figures) & set(SAME):
            assert figures[quantity] == pytest.approx(kept["asyncsoc"][quantity], rel=max(SAME[quantity], 1e-12))
            compared.add(quantity)
    assert compared == set(SAME)


@pytest.mark.parametrize("volume", sorted(KEPT))
def test_the_page_has_the_stored_figures(volume: str) -> None:
    kept = KEPT[volume]
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == 10]
    column = 1 if volume == "synthetic pack" else 5
    for quantity in SAME:
        name = re.escape(quantity.split(",")[0].split(" [")[0])
        row = next(line for line in rows if re.match(rf"\| {name}", line) and _kind(line) == _kind(quantity))
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        shown = cells[column - 1]
        value = kept["asyncsoc"][quantity]
        assert float(shown) == pytest.approx(value, rel=5e-5, abs=5e-5), quantity


def _kind(text: str) -> bool:
    """Return whether a row or quantity is of counted faces."""
    return "faces" in text
