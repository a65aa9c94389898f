"""The page on own cathodes: its Python runs, its TOML is a case, its laws are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncsoc.case.case import Case
from asyncsoc.materials.property_laws import LAWS
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "own_cathodes.md"


def test_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)


def test_toml_is_a_case(tmp_path: Path) -> None:
    for file in (ROOT / "examples").glob("own_cathode*.csv"):
        (tmp_path / file.name).symlink_to(file)
    for block in blocks(PAGE, "toml"):
        (tmp_path / "case.toml").write_text(block)
        assert Case.from_toml(tmp_path / "case.toml").material.name == "own"


def test_every_law_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == set(LAWS)


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
