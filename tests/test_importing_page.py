"""The page on imported parameters does what it says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from asyncsoc.materials.importing.bpx_fields import PARTICLE
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "importing.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # PyBaMM's own
def test_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pybamm")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(PAGE, "python")
    assert len(found) == 4
    for block in found:
        exec(compile(block, PAGE.name, "exec"), names)


@pytest.mark.slow
def test_the_example_prints_the_report_and_a_row_for_each_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    example = runpy.run_path(str(ROOT / "examples" / "imported_cathode.py"))
    assert example["main"]([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "BPX 0.1.0, lfp_18650_cell_BPX.json"
    charges = [float(line.split()[1]) for line in lines[-3:]]
    assert 150.0 > charges[0] > charges[1] > charges[2] > 100.0


def test_the_fields_of_a_material_are_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = [key for key in PARTICLE if "activation energy" not in key and "Surface area" not in key]
    assert [key for key in shown if f"`{key}`" not in text] == []


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
