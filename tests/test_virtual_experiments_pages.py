"""The pages on GITT, STXM and LSV do what they say: their Python runs, their links lead somewhere, tables agree."""

from __future__ import annotations

import csv

import pytest

from tests.pages import ROOT, blocks, links

PAGES = [ROOT / "docs" / f"{name}.md" for name in ("gitt", "stxm", "lsv")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_runs(page, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(ROOT)
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page) -> None:  # type: ignore[no-untyped-def]
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


def test_the_widths_of_the_page_are_those_of_the_stored_corrections() -> None:
    with (ROOT / "docs" / "gitt_correction.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    text = PAGES[0].read_text(encoding="utf-8")
    covered = sum(row["covered"] == "yes" for row in rows)
    no_upper = sum(not row["highest [m2/s]"] for row in rows)
    no_lower = sum(not row["lowest [m2/s]"] for row in rows)
    assert f"| ranges that hold the true diffusivity | {covered} |" in text
    assert f"| without upper end (saturated) | {no_upper} |" in text
    assert f"| without lower end (rests too short) | {no_lower} |" in text
    assert f"| {200 - no_upper - no_lower}; 0.71, 1.21, 2.60 |" in text


def test_the_differences_of_the_windows_are_those_of_the_stored_scan() -> None:
    with (ROOT / "docs" / "paper_lsv.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    text = PAGES[2].read_text(encoding="utf-8")
    for force in ("potential", "both"):
        for words, column in (
            ("per contact area", "particle charged [V]"),
            ("per electrode area", "particle charged per electrode area [V]"),
        ):
            gaps = [
                1e3 * (float(row["inert electrode [V]"]) - float(row[column]))
                for row in rows
                if row["driving force"] == force and row[column]
            ]
            assert f"| {force} | {words} | {min(gaps):.0f} to {max(gaps):.0f} mV | {len(gaps)} |" in text
