"""docs/paper.md: it is what its command writes from what is stored, and what is stored is computed again in part."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from benchmarks.paper.__main__ import chosen, stored
from benchmarks.paper.candidate_cells import ROWS as TABLED
from benchmarks.paper.page import write_page
from benchmarks.paper.rows import MODULES, VERDICTS, PaperRow, differences, from_document

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
ROWS = stored()
MEASURED = {"P5"}
"""Need a measured volume."""


def test_the_page_is_written_from_what_is_stored() -> None:
    assert write_page(ROWS) == PAGE


def test_every_row_stands_in_the_table_once_with_its_verdict() -> None:
    for key in MODULES:
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {key} |")]
        verdict = ROWS[key].verdict if key in ROWS else "not computed yet"
        assert verdict in VERDICTS
        assert line.endswith(f"| **{verdict}** |")


def test_a_row_that_is_missing_is_named() -> None:
    rows = {key: row for key, row in ROWS.items() if key != "P9"}
    page = write_page(rows)
    assert "| P9 | | | | **not computed yet** |" in page
    assert re.search(r"Not computed yet: .*P9", page)


def test_every_row_says_all_that_is_asked() -> None:
    for key, row in ROWS.items():
        assert row.key == key
        for text in (row.title, row.place, row.paper, row.ours, row.fitted, row.predicted, row.sensitivity):
            assert text.strip(), key
            assert "nan" not in text, key
        assert row.because.startswith("Rule: ") or row.verdict == "no number to compare", key
        assert row.numbers, key


def test_what_is_not_reproduced_says_what_it_would_take() -> None:
    assert {key for key, row in ROWS.items() if row.verdict == "not reproduced"} <= set(TABLED)


def test_links_and_pictures_are_there_and_small() -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", PAGE):
        if not target.startswith("http"):
            assert (ROOT / "docs" / target).is_file(), target
    for row in ROWS.values():
        if row.picture is not None:
            assert (ROOT / "docs" / "images" / row.picture[0]).stat().st_size < 250_000


def test_commands_name_files_that_exist() -> None:
    for row in ROWS.values():
        for module in re.findall(r"python -m (benchmarks[\w.]+)", row.scan):
            assert importlib.util.find_spec(module) is not None, module
        for path in re.findall(r"((?:benchmarks|examples)/[\w/.]+)", row.scan):
            assert (ROOT / path).is_file(), path


def test_rows_are_chosen_by_name() -> None:
    assert chosen("p8, P12") == ["P8", "P12"]
    with pytest.raises(SystemExit, match="P99"):
        chosen("P99")


def test_a_number_that_has_changed_is_seen() -> None:
    row = ROWS["P9"]
    name = next(iter(row.numbers))
    other = from_document({**row.document(), "numbers": {**row.numbers, name: row.numbers[name] * 1.02}})
    assert differences(row, row) == []
    (line,) = differences(other, row)
    assert name in line
    assert differences(other, from_document({**row.document(), "numbers": {}})) != []


def test_a_verdict_that_is_none_of_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="none of"):
        PaperRow(**{**ROWS["P9"].document(), "would_take": (), "verdict": "well"})


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in MODULES if key not in MEASURED])
def test_numbers_of_the_quick_form_are_those_stored(key: str) -> None:
    if key not in ROWS:
        pytest.skip(f"{key} is not computed yet, as the page says")
    found = importlib.import_module(f"benchmarks.paper.{MODULES[key]}").row(True)
    assert found.numbers
    assert differences(found, ROWS[key]) == []


def test_sets_computed_again_are_those_of_the_stored_scans() -> None:
    titration, windows, ratios = (
        importlib.import_module(f"benchmarks.paper.{MODULES[key]}") for key in ("P3", "P11", "P1")
    )
    (kept,) = [one for one in titration.stored() if (one.coverage, one.rate, one.factor) == (0.3, 0.0, 1.0)]
    again = ROWS["P3"].numbers["D1 of Cal, cycle 1, no side reaction, jump removed"]
    assert kept.removed[0] == pytest.approx(again, rel=5e-3)
    (onsets,) = [row[4] for row in windows.stored() if row[:4] == (1e-6, "both", 0.3, 1e-3)]
    assert onsets[0] == pytest.approx(ROWS["P11"].numbers["inert electrode, onset at 0.001 A/m2 [V]"], abs=1e-3)
    assert onsets[1] == pytest.approx(ROWS["P11"].numbers["particle, charged, onset at 0.001 A/m2 [V]"], abs=1e-3)
    matched = [one for one in ratios.stored() if ratios.name_of(one) in ROWS["P1"].numbers]
    assert len(matched) == 2
    for one in matched:
        assert one.ratios[0] == pytest.approx(ROWS["P1"].numbers[ratios.name_of(one)], rel=5e-3)
