"""The page on own contacts does what it says: its Python runs, its cases are cases, its links lead somewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import asyncsoc as aso
from asyncsoc.contact.build import contact_kinds
from asyncsoc.contact.change import LAWS
from asyncsoc.problem.build import prepare
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "own_contacts.md"


def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, PAGE.name, "exec"), names)
    for name, coverage in (("by_facet", 0.4), ("petals", 0.26), ("spots", 0.08), ("union", 0.12)):
        case = aso.Case.from_objects(names["particle"], names[name], aso.Material(), aso.Protocol.of("Rest for 1 hour"))
        assert abs(prepare(case).contact.coverage_realised - coverage) < 0.05, name


def test_the_cases_are_cases(tmp_path: Path) -> None:
    np.save(tmp_path / "weights.npy", np.ones(len(aso.Particle.sphere(mesh="coarse").surface().facets)))
    found = blocks(PAGE, "toml")
    assert len(found) == 3
    for block in found:
        (tmp_path / "case.toml").write_text(block)
        prepare(aso.Case.from_toml(tmp_path / "case.toml"))


def test_the_table_of_laws_is_complete() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [law for law in LAWS if f'law = "{law}"' not in text] == []
    assert {"placed", "weights", "map"} <= set(contact_kinds())


def test_links_lead_somewhere() -> None:
    assert links(PAGE)
    assert [target for target in links(PAGE) if not (ROOT / "docs" / target).exists()] == []
