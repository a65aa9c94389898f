"""The phase table that comes with the package, and what a bad one answers."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.loading import default_phase_table, parse_phase_table, read_phase_table
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL
from asyncsoc.materials.thermochemistry.reactants import lithiated_host, reactant, reactant_names

GOOD: dict[str, Any] = {
    "format": "asyncsoc-phase-table",
    "title": "two phases",
    "temperature_K": 298.15,
    "sources": {"CRC": "CRC Handbook, 95th ed."},
    "phases": [
        {"formula": "Li2O", "formation_enthalpy_kJ_per_mol": -597.9, "uncertainty_kJ_per_mol": 1.0, "source": "CRC"},
        {"formula": "LiF", "formation_enthalpy_kJ_per_mol": -616.0, "uncertainty_kJ_per_mol": 3.0, "source": "own"},
    ],
}


def changed(**values: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    for key, value in values.items():
        if value is KeyError:
            del document["phases"][1][key]
        else:
            document["phases"][1][key] = value
    return document


def test_the_package_table_is_sourced_and_consistent() -> None:
    table = default_phase_table()
    assert {"Li", "Ni", "Co", "Mn", "O", "C", "N", "F", "S", "H"} == table.elements
    assert len(table.phases) >= 80
    for phase in table.phases:
        assert phase.source
        assert phase.uncertainty > 0.0
        assert phase.uncertainty_source
        assert phase.temperature == 298.15
        if phase.gibbs is not None:
            # T dS of formation is below 70 J/(mol K) per atom for all of these: a misread column would show.
            assert abs(phase.gibbs - phase.energy) < 0.25 * phase.atoms
    assert table.phase("LiF").energy == pytest.approx(-616.0 * KJ_PER_MOL)
    assert {phase.name for phase in table.phases if phase.assumed} == {"LiCoO2", "LiNiO2", "LiMn2O4", "Li2MnO3"}


def test_gibbs_energies_agree_with_enthalpies_and_entropies() -> None:
    """G = H - T (S - sum of the elements' S) with the elements' standard entropies of the CRC Handbook."""
    entropy = {"Li": 29.1, "Ni": 29.9, "Co": 30.0, "Mn": 32.0, "C": 5.7, "S": 32.1}
    entropy |= {"O": 205.2 / 2, "N": 191.6 / 2, "F": 202.8 / 2, "H": 130.7 / 2}
    checked = 0
    for phase in default_phase_table().phases:
        if phase.gibbs is not None and phase.entropy is not None:
            elements = sum(amount * entropy[element] for element, amount in phase.composition.items())
            gibbs = phase.energy / KJ_PER_MOL - 298.15e-3 * (phase.entropy - elements)
            assert gibbs == pytest.approx(phase.gibbs / KJ_PER_MOL, abs=4.0), phase.name
            checked += 1
    assert checked >= 40


def test_a_table_of_ones_own() -> None:
    table = parse_phase_table(GOOD, origin="own.json")
    assert table.names == ("Li2O", "LiF")
    assert table.phase("Li2O").source == "CRC Handbook, 95th ed."
    assert table.without("LiF").names == ("Li2O",)
    assert [phase.name for phase in table.within({"Li", "O"})] == ["Li2O", "Li", "O2"]
    with pytest.raises(InputError, match="unknown phase"):
        table.phase("Li20")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed(formula="LiZz"), "unknown element"),
        (changed(formula="Li(F"), "unbalanced formula"),
        (changed(composition={"Li": 1, "F": 2}), "unbalanced formula"),
        (changed(composition={"Li": "1", "F": 1}), "a number per element"),
        (changed(formation_enthalpy_kJ_per_mol=math.nan), "finite number"),
        (changed(formation_enthalpy_kJ_per_mol="-616"), "finite number"),
        (changed(formation_enthalpy_kJ_per_mol=True), "finite number"),
        (changed(formation_enthalpy_kJ_per_mol=-1e9), "out of range"),
        (changed(formation_enthalpy_kJ_per_mol=None), "empty"),
        (changed(formation_enthalpy_kJ_per_mol=KeyError), "missing"),
        (changed(source=""), "source is missing"),
        (changed(source=KeyError), "source is missing"),
        (changed(source=3), "source is missing"),
        (changed(uncertainty_kJ_per_mol=-1.0), "negative"),
        (changed(uncertainty_kJ_per_mol=KeyError), "missing"),
        (changed(temperature_K=333.15), "another temperature"),
        (changed(assumed="yes"), "true or false"),
        (changed(energy=1.0), "unknown key"),
        (changed(formula="Li2O"), "duplicate"),
        ({**GOOD, "phases": [3]}, "object"),
        ({**GOOD, "phases": []}, "lists no phases"),
        ({**GOOD, "format": "else"}, "not a table"),
        ({**GOOD, "temperature_K": -1.0}, "positive"),
        ({**GOOD, "sources": {"CRC": 1}}, "sources"),
        ([], "not a table"),
    ],
)
def test_a_bad_table_is_one_clear_error(document: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_phase_table(document, origin="own.json")
    assert "own.json" in str(caught.value)


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_text(json.dumps(GOOD))
    assert read_phase_table(good).names == ("Li2O", "LiF")
    nan = tmp_path / "nan.json"
    nan.write_text(json.dumps(changed(formation_enthalpy_kJ_per_mol=math.inf)))
    with pytest.raises(InputError, match="finite"):
        read_phase_table(nan)
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff{")
    with pytest.raises(InputError, match="not JSON"):
        read_phase_table(broken)
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    with pytest.raises(InputError, match="not JSON"):
        read_phase_table(deep)
    with pytest.raises(InputError, match="cannot be read"):
        read_phase_table(tmp_path / "none.json")


def test_reactants_are_marked_and_mixtures_add_up() -> None:
    assert {"litfsi", "eca", "peo"} < set(reactant_names())
    assert lithiated_host("ncm811").energy == pytest.approx(-626.0 * KJ_PER_MOL)
    for name in reactant_names():
        assert reactant(name).assumed
        assert reactant(name).source
    mixture, salt, polymer = reactant("peo-litfsi"), reactant("LiTFSI"), reactant("peo")
    assert mixture.atoms == pytest.approx(18 * polymer.atoms + salt.atoms)
    assert mixture.energy == pytest.approx(18 * polymer.energy + salt.energy)
    assert mixture.uncertainty == pytest.approx(math.hypot(18 * polymer.uncertainty, salt.uncertainty))
    with pytest.raises(InputError, match="did you mean: litfsi"):
        reactant("litfs")
    with pytest.raises(InputError, match="unknown"):
        reactant("ncm811")
