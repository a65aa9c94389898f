"""The page on cathodes explains every field of a parameter set; its worked example is in tests/test_adding.py."""

from __future__ import annotations

import dataclasses

from asyncsoc.materials.types import Cathode
from tests.pages import ROOT, links

PAGE = ROOT / "docs" / "cathodes.md"


def test_every_field_of_a_set_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [field.name for field in dataclasses.fields(Cathode) if f"`{field.name}`" not in text] == []


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
