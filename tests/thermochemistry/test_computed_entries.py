"""Computed entries as a phase table, and pymatgen as the second route to every number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.entries import parse_entries, read_entries
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.thermochemistry.pseudo_binary import pseudo_binary, reaction_energy
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.reaction import Kind
from tests.thermochemistry.pymatgen_route import interfacial_reactivity

REFERENCES = {"Li": -1.9, "Ni": -5.7, "Co": -7.1, "Mn": -9.0, "O": -4.9, "C": -9.2, "N": -8.3, "F": -1.9, "S": -4.1}
REFERENCES["H"] = -3.4


def computed_entries() -> list[dict[str, Any]]:
    """The package's own table written as total energies on arbitrary zeros, part of each as a correction."""
    entries: list[dict[str, Any]] = [
        {"composition": {element: 2.0}, "energy": 2.0 * energy, "entry_id": f"mp-{element}"}
        for element, energy in REFERENCES.items()
    ]
    for number, phase in enumerate(default_phase_table().phases):
        zero = sum(amount * REFERENCES[element] for element, amount in phase.composition.items())
        entries.append(
            {
                "@module": "os",
                "@class": "system",
                "entry_id": f"mp-{number}",
                "composition": {element: 3.0 * amount for element, amount in phase.composition.items()},
                "energy": 3.0 * (phase.energy + zero) - 0.5,
                "correction": 0.5,
                "parameters": {"run_type": "GGA"},
            }
        )
    return entries


def test_entries_give_the_energies_of_the_table_they_were_made_from(tmp_path: Path) -> None:
    file = tmp_path / "entries.json"
    file.write_text(json.dumps({"entries": computed_entries()}))
    table = read_entries(file)
    assert table.phase("LiF").source == "computed entry mp-0"
    for name in ("litfsi", "eca"):
        for kind in ("total", "mutual"):
            cathode, salt = named_host("ncm811").at(0.5), reactant(name)
            expected = reaction_energy(cathode, salt, kind=kind).energy
            assert reaction_energy(cathode, salt, table=table, kind=kind).energy == pytest.approx(expected, abs=1e-9)


def test_the_lowest_of_several_entries_counts() -> None:
    entries = computed_entries()
    entries.append({"composition": {"F": 1, "Li": 1}, "energy": 0.0, "entry_id": "mp-high"})
    entries.append({"composition": {"Li": 4, "F": 4}, "energy": -100.0, "entry_id": "mp-low"})
    table = parse_entries(entries, origin="entries")
    assert table.phase("LiF").source == "computed entry mp-low"


def test_summaries_with_formation_energies() -> None:
    rows = [
        {"material_id": "mp-1138", "formula_pretty": "LiF", "formation_energy_per_atom": -3.18},
        {"material_id": "mp-1960", "formula_pretty": "Li2O", "formation_energy_per_atom": -2.07},
    ]
    table = parse_entries({"data": rows}, origin="summary.json", uncertainty=0.02)
    lithia = table.phase("Li2O")
    assert lithia.energy == pytest.approx(3 * -2.07)
    assert lithia.uncertainty == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "not a list"),
        ([], "not a list"),
        ([1], "must be an object"),
        ([{"energy": 1.0}], "no composition"),
        ([{"composition": {"Zz": 1}, "energy": 1.0}], "unknown element"),
        ([{"composition": {"Li": -1}, "energy": 1.0}], "positive"),
        ([{"composition": {"Li": 1}, "energy": float("nan")}], "finite number"),
        ([{"composition": {"Li": 1}, "energy": -1.9, "correction": "0"}], "finite number"),
        ([{"composition": {"Li": 1, "F": 1}, "energy": -9.0}], "no reference for Li, F"),
        ([{"composition": {"Li": 1}, "energy": -1.9}], "no compound"),
        ([{"formula_pretty": "LiF)", "formation_energy_per_atom": -1.0}], "unbalanced"),
    ],
)
def test_bad_entries_are_one_clear_error(document: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_entries(document, origin="entries.json")
    assert "entries.json" in str(caught.value)


@pytest.mark.parametrize("potential", [None, 3.9])
@pytest.mark.parametrize("kind", ["total", "mutual"])
@pytest.mark.parametrize(("name", "x"), [("litfsi", 1.0), ("litfsi", 0.25), ("eca", 0.5)])
def test_pymatgen_finds_the_same_minimum(name: str, x: float, kind: Kind, potential: float | None) -> None:
    pytest.importorskip("pymatgen.analysis.interface_reactions")
    problem = pseudo_binary(named_host("ncm811").at(x), reactant(name), kind=kind, potential=potential)
    found = problem.minimum()
    fraction, energy = interfacial_reactivity(problem).minimum
    assert found.energy == pytest.approx(energy, abs=1e-6)
    if potential is None:
        assert found.mixing_fraction == pytest.approx(fraction, abs=1e-6)


def test_pymatgen_finds_the_same_kinks() -> None:
    pytest.importorskip("pymatgen.analysis.interface_reactions")
    problem = pseudo_binary(named_host("ncm811").at(0.5), reactant("litfsi"))
    ours = problem.profile()
    theirs = sorted((kink[1], kink[2]) for kink in interfacial_reactivity(problem).get_kinks())
    for y, energy in theirs:
        assert problem.at(min(y, 1.0)).energy == pytest.approx(energy, abs=1e-6)
    assert len(ours) <= len(theirs)
