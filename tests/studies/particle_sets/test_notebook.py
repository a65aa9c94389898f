"""The worked notebook runs from top to bottom on the synthetic volume it makes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from tests.pages import ROOT

NOTEBOOK = ROOT / "docs" / "tutorials" / "tomogram.md"
_CELL = re.compile(r"^```\{code-cell\} python\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASYNCSOC_VOLUME", raising=False)
    monkeypatch.setenv("ASYNCSOC_PARTICLES", "2")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cells = [match["body"] for match in _CELL.finditer(NOTEBOOK.read_text(encoding="utf-8"))]
    assert len(cells) >= 7
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, str(NOTEBOOK), "exec"), names)
    charged = names["charged"]
    assert len(charged.rows) == 2  # type: ignore[attr-defined]
    assert not charged.failed  # type: ignore[attr-defined]
    assert charged.worst_balance < 1e-9  # type: ignore[attr-defined]
