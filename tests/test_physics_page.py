"""Every function that the page of the model names beside an equation is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "physics.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## Where each equation is computed")[1].split("\n## ")[0]
NAMED = re.findall(r"`(asyncsoc\.[A-Za-z_.0-9]+)`", SECTION)


def test_every_row_names_a_function() -> None:
    rows = [line for line in SECTION.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 15
    assert all("`asyncsoc." in row.rsplit("|", 2)[1] for row in rows)


@pytest.mark.parametrize("name", NAMED)
def test_the_function_exists(name: str) -> None:
    module, function = name.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function))
