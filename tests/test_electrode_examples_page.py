"""The page on two electrodes: its Python runs, its links lead somewhere, and its tables are what the examples print."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "electrode_examples.md"
TEXT = PAGE.read_text(encoding="utf-8")


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"[+-]?\d+\.\d+", text)]


def rows(*names: str) -> list[list[float]]:
    return [numbers(next(line for line in TEXT.splitlines() if line.startswith(f"| {name} |"))) for name in names]


@pytest.mark.slow
def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    found = blocks(PAGE, "python")
    assert len(found) == 2
    for block in found:
        exec(compile(block, PAGE.name, "exec"), names)
    assert (tmp_path / "electrodes.png").stat().st_size > 10_000


def test_links_lead_somewhere() -> None:
    assert links(PAGE)
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "named", "columns"),
    [
        ("cal_vs_hotcal_electrodes", ("Cal", "Hot-Cal"), (0, 1, 3, 4, 5)),
        ("tomogram_electrode", ("spheres of equal volume and area", "measured shapes"), (0, 1, 2)),
    ],
)
def test_the_tables_are_what_the_examples_print(
    example: str, named: tuple[str, str], columns: tuple[int, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "picture.png"
    assert runpy.run_path(str(ROOT / "examples" / f"{example}.py"))["main"](["--picture", str(picture)]) == 0
    assert picture.stat().st_size > 10_000
    printed = capsys.readouterr().out.splitlines()
    for name, shown in zip(named, rows(*named), strict=True):
        found = numbers(next(line for line in printed if line.startswith(f"{name} ")))
        assert [found[k] for k in columns] == pytest.approx(shown, abs=2e-3)
