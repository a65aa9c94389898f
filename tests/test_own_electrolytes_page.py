"""The page on electrolytes and reactants of one's own does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

import asyncsoc as aso
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "own_electrolytes.md"


def test_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        assert "assert" in block
        exec(compile(block, PAGE.name, "exec"), names)


def test_toml_is_a_case_and_the_same_as_in_python() -> None:
    (text,) = blocks(PAGE, "toml")
    reactant = aso.Case.from_text(text).side_reaction.reactant
    assert isinstance(reactant, aso.Reactant)
    assert reactant.to_phase().energy_per_atom == pytest.approx(139.7 / 96.485 / 10.0, rel=1e-4)


@pytest.mark.parametrize(
    "conductivity",
    [
        '"0.43 mS/cm"',
        '{"T [degC]" = [25, 60, 90], "conductivity [mS/cm]" = [0.01, 0.4, 1.2]}',
        '{law = "arrhenius", prefactor = "2e4 S/m", activation_energy = "35.8 kJ/mol", range = ["60 degC", "90 degC"]}',
    ],
)
def test_the_forms_of_the_table_are_read(conductivity: str) -> None:
    assert conductivity in PAGE.read_text(encoding="utf-8")
    text = f'[electrolyte]\nconductivity = {conductivity}\n[protocol]\nsteps = ["Rest for 1 hour"]\n'
    assert aso.Case.from_text(text).electrolyte.conductivity is not None


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
