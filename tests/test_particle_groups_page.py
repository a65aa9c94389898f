"""The page on groups of particles: its Python runs, its links lead somewhere, its table is that of the data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "particle_groups.md"


@pytest.mark.slow
def test_the_python_runs_and_the_table_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)
    assert (tmp_path / "group.png").stat().st_size > 10_000
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in names["solution"].particles.data_vars if f"`{name}`" not in text] == []


def test_links_lead_somewhere() -> None:
    assert links(PAGE)
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
