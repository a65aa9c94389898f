"""Every function that the page of the model names beside an equation is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "physics.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## Where each equation is computed")[1].split("\n## ")[0]
TEXT = PAGE.read_text(encoding="utf-8")
SYMBOLS = TEXT.split("## Symbols")[1].split("\n## ")[0]
EQUATIONS = "".join(re.findall(r"\$\$(.*?)\$\$", TEXT.split("## Symbols")[0], re.DOTALL))
_OPERATORS = {"partial", "nabla", "mathbf", "mathrm", "qquad", "int", "sum", "frac", "big", "Big", "cdot", "min",
              "max", "ln", "delta", "dot", "bar", "sqrt"}  # fmt: skip
NAMED = re.findall(r"`(asyncsoc\.[A-Za-z_.0-9]+)`", SECTION + SYMBOLS)


def test_every_row_names_a_function() -> None:
    rows = [line for line in SECTION.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 15
    assert all("`asyncsoc." in row.rsplit("|", 2)[1] for row in rows)


@pytest.mark.parametrize("name", NAMED)
def test_the_function_exists(name: str) -> None:
    module, function = name.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function))


def test_every_symbol_has_a_unit_and_a_function() -> None:
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in SYMBOLS.splitlines()
        if line.startswith("| ")
    ]
    assert len(rows) > 25
    for symbol, meaning, unit, function in rows[1:]:
        assert symbol and meaning and unit and "`asyncsoc." in function, symbol
        assert symbol.count("$") // 2 in (unit.count(",") + 1, 0) or "," not in unit or "(" in unit, symbol


def test_every_symbol_of_the_equations_is_in_the_table() -> None:
    """Greek letters, and Latin ones with an index in roman type."""
    greek = set(re.findall(r"\\([A-Za-z]+)", EQUATIONS)) - _OPERATORS
    listed = set(re.findall(r"\\([A-Za-z]+)", SYMBOLS))
    assert len(greek) > 8
    assert greek - listed == set()
    indexed = set(re.findall(r"(?<![A-Za-z])([A-Za-z])_\\mathrm\{([A-Za-z,0-9]+)\}", EQUATIONS))
    assert len(indexed) > 6
    assert indexed - set(re.findall(r"(?<![A-Za-z])([A-Za-z])_\\mathrm\{([A-Za-z,0-9]+)\}", SYMBOLS)) == set()
