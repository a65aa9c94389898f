"""The page on meshes does what it says: its Python runs, its case is a case, its links lead somewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.particle_files import READ
from tests.labelled import write_labelled
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "meshes.md"


def test_the_python_runs() -> None:
    names: dict[str, object] = {}
    found = blocks(PAGE, "python")
    assert len(found[1].strip().splitlines()) == 4
    for block in found:
        exec(compile(block, PAGE.name, "exec"), names)


def test_the_case_is_a_case(tmp_path: Path) -> None:
    ball = ball_mesh(4, 0.2, 1.4)
    touched = np.where(ball.points[ball.facets].mean(axis=1)[:, 2] > 0.3, 1.0, 0.0)
    write_labelled(ball.scaled(5.0), tmp_path / "particle.vtu", {"weight of active": touched})
    (tmp_path / "case.toml").write_text(blocks(PAGE, "toml")[0])
    case = aso.Case.from_toml(tmp_path / "case.toml", ["protocol.steps=['Charge at C/10 for 1 min']"])
    assert aso.simulate(case).contact.coverage_realised == pytest.approx(0.35, abs=0.05)


def test_every_format_is_named() -> None:
    text = PAGE.read_text()
    assert [suffix for suffix in READ if f"`{suffix}`" not in text and suffix != ".xmf"] == []


@pytest.mark.parametrize("page", ["meshes.md", "layouts.md"])
def test_links_lead_somewhere(page: str) -> None:
    targets = [target for target in links(ROOT / "docs" / page) if not target.startswith("http")]
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
