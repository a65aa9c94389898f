"""The page on impedance does what it says: its Python runs, its links lead somewhere, every part has its row."""

from __future__ import annotations

import pytest

from asyncsoc.simulation.impedance import parts
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "impedance.md"
TEXT = PAGE.read_text(encoding="utf-8")
PARTS = (
    "CHARGE_TRANSFER",
    "FILM",
    "DIFFUSION",
    "CONSTRICTION",
    "GROWTH",
    "CONTACTS",
    "ELECTRODE",
    "LITHIUM",
    "SEPARATOR",
)


@pytest.mark.slow
def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    found = blocks(PAGE, "python")
    assert any("assert" in block for block in found)
    for block in found:
        exec(compile(block, PAGE.name, "exec"), names)


def test_its_links_lead_somewhere() -> None:
    for target in links(PAGE):
        assert (PAGE.parent / target).exists(), target


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_its_row(part: str) -> None:
    assert f"\n| {getattr(parts, part)} | " in TEXT
