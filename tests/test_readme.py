"""The README does what it says: its Python runs, its commands print what it shows, its links lead somewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asyncsoc.cli.main import main
from tests.pages import ROOT, blocks, links

README = ROOT / "README.md"


@pytest.fixture
def beside_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_quick_start_has_four_lines_and_a_number(beside_examples: Path) -> None:
    python = blocks(README, "python")
    assert len([line for line in python[0].splitlines() if line.strip()]) <= 5
    assert any("assert" in block for block in python)
    names: dict[str, object] = {}
    for block in python:
        exec(compile(block, str(README), "exec"), names)
    assert (beside_examples / "cal.png").stat().st_size > 10_000
    assert list((beside_examples / "results").glob("*.vtkhdf"))


def test_resuming_needs_the_file_alone(beside_examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "`asyncsoc run --resume FILE`" in README.read_text(encoding="utf-8")
    assert main(["run", "examples/cal_vs_hotcal.toml", "--set", "contact.coverage=0.4", "-o", "out", "-q"]) == 0
    (result,) = Path("out").glob("*.vtkhdf")
    assert main(["run", "--resume", str(result)]) == 0
    assert "Coverage asked                           0.4" in capsys.readouterr().out


def test_links_lead_somewhere() -> None:
    targets = links(README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_it_names_no_place_outside_the_repository() -> None:
    for page in (README, *sorted((ROOT / "docs").glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for word in (f"{os.sep}work{os.sep}", f"{os.sep}root{os.sep}", "handbook", f"{os.sep}tmp{os.sep}"):
            assert word not in text, f"{page.name}: {word}"


def test_the_picture_is_small_enough_to_commit() -> None:
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        assert picture.stat().st_size < 250_000
