"""Reactants and phases of one's own against those that come with asyncsoc, and the properties they must have."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.conditions import Conditions
from asyncsoc.materials.thermochemistry.curve import compared_curve, reaction_curve
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.thermochemistry.own import energy_above_equilibrium, own_phase, with_phases
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase
from asyncsoc.materials.thermochemistry.pseudo_binary import reaction_energy
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.ready import ready_table
from asyncsoc.problem.case_parameters import given_by_the_case
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.studies.risk.study import study_risk

HOST = named_host("ncm811")
GIBBS = Conditions("gibbs", 333.15)
# As in asyncsoc/materials/thermochemistry/data/reactants.json.
AGAIN: dict[str, dict[str, Any]] = {
    "litfsi": {
        "formula": "LiN(SO2CF3)2", "formation_enthalpy": "-1870 kJ/mol", "uncertainty": "40 kJ/mol",
        "entropy": "333 J/(mol K)", "entropy_uncertainty": "40 J/mol/K",
    },
    "eca": {
        "formula": "C6H7NO2", "formation_enthalpy": "-265 kJ/mol", "uncertainty": 15e3, "entropy": 266.1,
        "entropy_uncertainty": 20,
    },
    "peo": {
        "formula": "C2H4O", "formation_enthalpy": -183e3, "uncertainty": "10000 J/mol", "entropy": "94.5 J/(K mol)",
        "entropy_uncertainty": "14 J/(mol*K)",
    },
}  # fmt: skip
EC = {"name": "ec", "formula": "C3H4O3", "formation_enthalpy": "-682.8 kJ/mol"}


def again(name: str, **keys: Any) -> aso.Reactant:
    return aso.Reactant(name=f"my {name}", **{**AGAIN[name], **keys})


def case(side_reaction: dict[str, Any], **sections: Any) -> aso.Case:
    keys = {"mode": "report", **side_reaction}
    return aso.Case.from_dict({"side_reaction": keys, "protocol": {"steps": ["Charge at C/5 until 4.2 V"]}, **sections})


@pytest.mark.parametrize("conditions", [Conditions(), GIBBS])
@pytest.mark.parametrize("kind", ["total", "mutual"])
@pytest.mark.parametrize("name", list(AGAIN))
def test_the_numbers_that_come_with_asyncsoc_given_again_are_the_same_reaction(
    name: str, kind: Any, conditions: Conditions
) -> None:
    x = np.array([1.0, 0.7, 0.5, 0.3])
    ours, theirs = (
        compared_curve(HOST, phase, x, kind=kind, conditions=conditions)
        for phase in (again(name).to_phase(), reactant(name))
    )
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-12)
    np.testing.assert_allclose(ours.standard_deviation, theirs.standard_deviation, atol=1e-12)
    np.testing.assert_allclose(ours.band(), theirs.band(), atol=1e-12)
    for one, other in zip(ours.reactions, theirs.reactions, strict=True):
        assert one.amounts() == pytest.approx(other.amounts(), abs=1e-9)


def test_a_case_with_them_has_the_same_side_reaction() -> None:
    material = cathode("ncm811-sturm2019")
    ours = side_reaction_model(case({"reactant": again("peo").model_dump()}), material)
    theirs = side_reaction_model(case({"reactant": "peo"}), material)
    assert ours.reactant == "my peo"
    np.testing.assert_allclose(ours.table.energy, theirs.table.energy, atol=1e-9)
    assert ours.constants.barrier_coefficient == pytest.approx(theirs.constants.barrier_coefficient, rel=1e-6)
    assert ours.constants.reference_energy == pytest.approx(theirs.constants.reference_energy, abs=1e-8)


def test_a_coupled_run_with_them_grows_the_same_film() -> None:
    solutions = [
        aso.simulate(case({"mode": "coupled", "reactant": one, "exchange_current_density": 1e-4}))
        for one in ("eca", again("eca"))
    ]
    theirs, ours = (one.columns["Film thickness max [m]"][-1] for one in solutions)
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert solutions[1].reports["side reaction"]["reactant"] == "my eca"
    rows = solutions[1].reports["given by the case"]["reactant"]
    assert [row["value"] for row in rows] == pytest.approx([-265.0, 266.1])
    assert all(row["assumed"] for row in rows)


def test_the_risk_with_them_is_the_same() -> None:
    one = case({"reactant": again("peo")}, contact={"kind": "cap", "coverage": 0.3}, particle={"mesh": "coarse"})
    study = study_risk(
        one, reactants=["peo", "my peo", again("litfsi")], energies=["total"], driving_forces=["both"],
        exchange_current_densities=(), conditions=[Conditions()],
    )  # fmt: skip
    risks = {scenario.reactant: study.range_at(scenario, 0.5)[0] for scenario in study.scenarios}
    assert list(risks) == ["peo", "my peo", "my litfsi"]
    assert risks["my peo"] == pytest.approx(risks["peo"], rel=1e-6)
    assert risks["my litfsi"] != pytest.approx(risks["peo"], rel=1e-3)
    assert risks["peo"] > 2.0


def test_without_an_entropy_the_study_is_of_enthalpies_alone() -> None:
    short = {"protocol": {"steps": ["Charge at C/5 for 10 minutes"]}}
    study = study_risk(
        aso.Case.from_dict({"side_reaction": {"reactant": EC}, **short}),
        energies=["total"], driving_forces=["both"], exchange_current_densities=(),
    )  # fmt: skip
    assert {one.conditions for one in study.scenarios} == {Conditions()}
    with pytest.raises(InputError, match="the entropy of ec is not known"):
        side_reaction_model(case({"reactant": EC, "thermochemistry": "gibbs"}), cathode("ncm811-sturm2019"))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["litfsi", "eca", "peo"]), st.floats(0.05, 0.95), st.floats(0.15, 0.85), st.floats(0.01, 0.3),
       st.integers(0, 100))  # fmt: skip
def test_a_stable_phase_of_ones_own_takes_part_and_an_unstable_one_changes_nothing(
    name: str, x: float, share: float, depth: float, pick: int
) -> None:
    """A phase made of two products lies by `depth` eV/atom below or above their mixture."""
    at, salt = HOST.at(x), reactant(name)
    before = reaction_energy(at, salt)
    mixed = [amount.phase for amount in before.products if amount.phase.name not in (at.name, salt.name)]
    assume(len(mixed) > 1)
    one, other = mixed[pick % len(mixed)], mixed[(pick + 1) % len(mixed)]
    amounts = ((one, share), (other, 1.0 - share))
    elements = sorted({element for phase, _ in amounts for element in phase.composition})
    total = {e: sum(n * phase.composition.get(e, 0.0) for phase, n in amounts) for e in elements}
    formula = "".join(f"{element}{amount:.12f}" for element, amount in total.items())
    count = sum(total.values())
    energy = sum(n * phase.energy for phase, n in amounts)

    def reacted(shift: float) -> Any:
        own = own_phase(formula, 1000.0 * (energy + shift * count) / KJ_PER_MOL, name="mine")
        return reaction_energy(at, salt, table=with_phases(default_phase_table(), [own]))

    above, below = reacted(depth), reacted(-depth)
    assert above.energy == pytest.approx(before.energy, abs=1e-9)
    assert above.amounts() == pytest.approx(before.amounts(), abs=1e-6)
    assert below.energy < before.energy - 1e-6
    assert "mine" in below.amounts()
    # It cannot gain more than all of it made of what there is: the moles of the two products limit it.
    assert below.energy > before.energy - depth


def test_a_phase_of_ones_own_takes_the_place_of_the_same_one_in_the_table() -> None:
    own = own_phase("LiF", -700e3, source="a test", uncertainty=1e3)
    table = with_phases(default_phase_table(), [own])
    assert table.phase("LiF").energy == own.energy and table.phase("LiF").state == "s"
    assert len(table.phases) == len(default_phase_table().phases)
    assert reaction_energy(HOST.at(0.5), reactant("litfsi"), table=table).energy < -0.7
    with pytest.raises(InputError, match="2 states of H2O"):
        with_phases(default_phase_table(), [own_phase("H2O", -285.8e3)])
    gas = with_phases(default_phase_table(), [own_phase("H2O", -241.8e3, state="g")])
    assert len(gas.phases) == len(default_phase_table().phases)
    with pytest.raises(InputError, match="duplicate phase"):
        with_phases(default_phase_table(), [own, own])


def test_an_element_that_no_phase_has_needs_phases_of_ones_own() -> None:
    hexafluorophosphate = {"formula": "LiPF6", "formation_enthalpy": "-2296 kJ/mol", "name": "lipf6"}
    with pytest.raises(InputError, match="no phase of the table contains P") as refused:
        case({"reactant": hexafluorophosphate})
    assert "side_reaction.phases" in str(refused.value.next_step)
    phases = [
        {"formula": "PF5", "state": "g", "formation_enthalpy": "-1594.4 kJ/mol"},
        {"formula": "Li3PO4", "formation_enthalpy": "-2095.8 kJ/mol"},
        {"formula": "POF3", "formation_enthalpy": "-1254.3 kJ/mol"},
    ]
    given = {"reactant": hexafluorophosphate, "phases": phases}
    material = cathode("ncm811-sturm2019")
    with pytest.raises(InputError, match="does not rise with x") as unmatched:  # lithium fluoride binds more than U
        side_reaction_model(case(given), material)
    assert "side_reaction.barrier_coefficient" in str(unmatched.value.next_step)
    model = side_reaction_model(case({**given, "barrier_coefficient": 2.0}), material)
    assert (model.table.energy < 0.0).all()
    names = [row["name"] for row in given_by_the_case(case({"phases": phases}))["given by the case"]["phases"]]
    assert names == ["formation enthalpy of PF5", "formation enthalpy of Li3PO4", "formation enthalpy of POF3"]


def test_an_element_brings_its_entropy_as_a_phase() -> None:
    phases = [
        {"formula": "P", "formation_enthalpy": 0, "entropy": "41.1 J/(mol K)"},
        {"formula": "PF5", "state": "g", "formation_enthalpy": "-1594.4 kJ/mol", "entropy": "300.8 J/(mol K)"},
    ]
    table = aso.SideReaction(phases=phases).phase_table()
    fluoride = GIBBS.table(table).phase("PF5")
    elements = 41.1 + 2.5 * 202.8  # J/(mol K), of P and 5/2 F2
    assert fluoride.energy == pytest.approx((-1594.4 - 333.15 * (300.8 - elements) / 1000.0) * KJ_PER_MOL, rel=1e-9)
    with pytest.raises(InputError, match="the entropy of P is not known"):
        GIBBS.table(aso.SideReaction(phases=phases[1:]).phase_table())


@settings(max_examples=10, deadline=None)
@given(st.floats(0.5, 60.0), st.floats(0.1, 0.9))
def test_an_uncertainty_becomes_a_band(uncertainty: float, x: float) -> None:
    """Standard deviations of independent errors add in squares; the slope is a finite difference."""
    salt = again("eca", uncertainty="0 kJ/mol", entropy=None, entropy_uncertainty=None).to_phase()
    points, step = np.array([x]), 1e-4

    def curve(phase: Phase) -> Any:
        return reaction_curve(HOST, phase, points)

    known = curve(salt)
    higher, lower = (curve(replace(salt, energy=salt.energy + shift)) for shift in (step, -step))
    slope = (higher.energy - lower.energy) / (2.0 * step)
    uncertain = curve(again("eca", uncertainty=f"{uncertainty} kJ/mol").to_phase())
    wanted = math.hypot(float(known.standard_deviation[0]), float(slope[0]) * uncertainty * KJ_PER_MOL)
    assert float(uncertain.standard_deviation[0]) == pytest.approx(wanted, rel=1e-5)
    low, high = uncertain.band()
    assert float(high[0] - low[0]) == pytest.approx(4.0 * wanted, rel=1e-5)


def test_none_given_is_an_assumed_one() -> None:
    phase = aso.Reactant(**EC).to_phase()
    assert phase.uncertainty == pytest.approx(20.0 * KJ_PER_MOL)
    assert phase.uncertainty_source.startswith("assumed")
    assert phase.assumed and not aso.Reactant(**EC, source="CRC Handbook").to_phase().assumed


def test_a_gibbs_energy_stands_for_the_entropy() -> None:
    """LiF of the table: enthalpy, Gibbs energy and entropy are the CRC Handbook's and agree to its digits."""
    keys = {"formula": "LiF", "name": "fluoride", "formation_enthalpy": "-616 kJ/mol"}
    by_gibbs = aso.Reactant(**keys, formation_gibbs="-587.7 kJ/mol").to_phase()
    assert by_gibbs.entropy == pytest.approx(35.7, abs=0.7)
    standard = Conditions("gibbs", 298.15).phase(by_gibbs)
    assert standard.energy == pytest.approx(-587.7 * KJ_PER_MOL, rel=1e-12)


def test_energies_per_mole_per_formula_unit_and_per_atom_are_one() -> None:
    joule = -682.8e3
    electronvolt = joule / 96485.33212
    for given_as in ("-682.8 kJ/mol", joule, f"{electronvolt!r} eV", f"{electronvolt / 10.0!r} eV/atom"):
        found = aso.Reactant(**{**EC, "formation_enthalpy": given_as})
        assert found.formation_enthalpy == pytest.approx(joule, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2e6, 1e6).filter(lambda value: abs(value) > 1e-6), st.floats(0.0, 1e5))
def test_written_and_read_again_a_case_is_the_same(enthalpy: float, uncertainty: float) -> None:
    keys = {"formation_enthalpy": f"{enthalpy / 1000.0!r} kJ/mol", "uncertainty": f"{uncertainty / 1000.0!r} kJ/mol"}
    try:
        one = case({"reactant": {**EC, **keys}})
    except InputError as error:
        assert "eV/atom" in error.what  # farther than 1 eV/atom from equilibrium
        return
    again = aso.Case.from_text(one.to_toml())
    assert again.side_reaction.reactant == one.side_reaction.reactant
    assert again.hash == one.hash
    assert one.with_overrides(["contact.kind=full"]).side_reaction.reactant == one.side_reaction.reactant


ENTRIES: list[dict[str, Any]] = [
    {"composition": {"C": 2}, "energy": -18.4, "entry_id": "mp-C"},
    {"composition": {"H": 2}, "energy": -6.8, "entry_id": "mp-H"},
    {"composition": {"O": 2}, "energy": -9.8, "entry_id": "mp-O"},
    {"composition": {"C": 6, "H": 8, "O": 6}, "energy": -112.0, "correction": -1.0, "entry_id": "mp-EC"},
]
FORMED = (-113.0 / 2 - (3 * -9.2 + 4 * -3.4 + 3 * -4.9)) / 1.0
"""eV per C3H4O3, by hand."""


def test_computed_entries_give_the_formation_energy(tmp_path: Path) -> None:
    file = tmp_path / "entries.json"
    file.write_text(json.dumps(ENTRIES))
    found = [aso.Reactant(formula="C3H4O3", name="ec", entries=one) for one in (file, str(file), ENTRIES)]
    for one in found:
        assert one.to_phase().energy == pytest.approx(FORMED, abs=1e-9)
        assert one.to_phase().uncertainty == pytest.approx(0.05 * 10)
        assert one.source == "computed entry mp-EC"
    (tmp_path / "case.toml").write_text(
        '[side_reaction]\nmode = "report"\nphases = "entries.json"\n[side_reaction.reactant]\nformula = "C3H4O3"\n'
        'entries = "entries.json"\n[protocol]\nsteps = ["Rest for 1 hour"]\n'
    )
    one = aso.Case.from_toml(tmp_path / "case.toml")
    file.unlink()
    assert aso.Case.from_text(one.to_toml()).hash == one.hash
    assert [phase.formula for phase in one.side_reaction.phases] == ["C3H4O3"]


class Entry:
    """An entry that says what it holds as pymatgen's do."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def as_dict(self) -> dict[str, Any]:
        return {"@module": "os", "@class": "system", **self.row}


def test_objects_of_entries_are_read_through_their_dictionary() -> None:
    entries = [Entry(row) for row in ENTRIES]
    assert aso.Reactant(formula="C3H4O3", entries=entries).to_phase().energy == pytest.approx(FORMED, abs=1e-9)
    (phase,) = aso.SideReaction(phases=entries).phases
    assert phase.to_phase().energy == pytest.approx(FORMED, abs=1e-9)


@pytest.mark.slow
def test_pymatgens_entries_are_read_as_they_are() -> None:
    computed = pytest.importorskip("pymatgen.entries.computed_entries")
    entries = [
        computed.ComputedEntry(
            "".join(f"{element}{amount}" for element, amount in row["composition"].items()),
            row["energy"],
            correction=row.get("correction", 0.0),
            entry_id=row["entry_id"],
        )
        for row in ENTRIES
    ]
    assert aso.Reactant(formula="C3H4O3", entries=entries).to_phase().energy == pytest.approx(FORMED, abs=1e-9)


def test_the_phases_of_the_package_given_again_change_nothing() -> None:
    table = default_phase_table()
    section = aso.SideReaction(phases=table, reactant="eca")
    x = np.array([0.8, 0.4])
    ours = reaction_curve(HOST, reactant("eca"), x, table=section.phase_table())
    np.testing.assert_allclose(ours.energy, reaction_curve(HOST, reactant("eca"), x).energy, atol=1e-9)


def test_react_reads_a_file_and_a_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone, whole, phases = tmp_path / "peo.toml", tmp_path / "case.toml", tmp_path / "phases.json"
    keys = 'name = "mine"\nformula = "C2H4O"\nformation_enthalpy = "-183 kJ/mol"\nuncertainty = "10 kJ/mol"\n'
    alone.write_text(keys)
    whole.write_text(f'[side_reaction.reactant]\n{keys}[protocol]\nsteps = ["Rest for 1 hour"]\n')
    phases.write_text(json.dumps([{"formula": "Li2C2O4", "formation_energy_per_atom": -2.6}]))

    def react(*arguments: str) -> dict[str, Any]:
        assert main(["react", "--x", "0.7,0.4", "--json", *arguments]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    built_in = react("--electrolyte", "peo")
    for file in (alone, whole):
        found = react("--electrolyte", str(file))
        assert found["reaction energy [eV/atom]"] == pytest.approx(built_in["reaction energy [eV/atom]"], abs=1e-12)
        assert found["reactants"][1]["name"] == "mine" and found["reactants"][1]["assumed"]
        assert found["systematic difference [eV/atom]"] is None
    added = react("--electrolyte", str(alone), "--add-phases", str(phases))
    assert added["reaction energy [eV/atom]"][0] < built_in["reaction energy [eV/atom]"][0] - 0.01
    assert "LiCO2" in added["products"][0]
    assert main(["react", "--electrolyte", str(alone), "--x", "0.5"]) == 0
    told = capsys.readouterr().out
    assert "was given without a source: it is an assumption" in told and "No entropy of mine" in told


def test_the_plausible_distance_is_measured_against_the_table() -> None:
    """Acetylene to carbon and methane, by hand from the CRC Handbook's enthalpies."""
    acetylene = own_phase("C2H2", 227.4e3)
    table = default_phase_table()
    methane = table.phase("CH4").energy if "CH4" in table.names else -74.6 * KJ_PER_MOL
    wanted = (227.4 * KJ_PER_MOL - 0.5 * methane) / 4.0
    assert energy_above_equilibrium(acetylene, table) == pytest.approx(wanted, abs=0.02)


def test_ready_tables_of_another_phase_table_are_their_own() -> None:
    own = with_phases(default_phase_table(), [own_phase("LiF", -620e3, source="a test")])
    plain, changed = ready_table(HOST, "litfsi"), ready_table(HOST, "litfsi", phases=own)
    assert (changed.energy < plain.energy - 1e-4).all()
    np.testing.assert_array_equal(ready_table(HOST, "litfsi").energy, plain.energy)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no enthalpy": ({"formation_enthalpy": None}, "formation enthalpy of C3H4O3 is missing"),
    "zero for unknown": ({"formation_enthalpy": 0}, "formation enthalpy of C3H4O3 is missing"),
    "kJ without a unit": ({"formation_enthalpy": -682.8}, "next to nothing"),
    "J for kJ": ({"formation_enthalpy": "-682.8 J/mol"}, "next to nothing"),
    "kJ for J": ({"formation_enthalpy": "-682800 kJ/mol"}, "no compound has such a formation enthalpy"),
    "per mole as per atom": ({"formation_enthalpy": "-7.08 eV/atom"}, "no compound has such a formation enthalpy"),
    "kJ per atom": ({"formation_enthalpy": "-68 kJ/mol/atom"}, "per atom is read in eV"),
    "energy, not molar": ({"formation_enthalpy": "-682.8 kJ"}, "wrong dimension"),
    "unknown unit": ({"formation_enthalpy": "-163 kcal/mol"}, "unknown unit"),
    "far from equilibrium": ({"formation_enthalpy": "700 kJ/mol"}, "eV/atom above"),
    "below everything": ({"formation_enthalpy": "-2800 kJ/mol"}, "eV/atom below"),
    "NaN": ({"formation_enthalpy": math.nan}, "finite"),
    "text": ({"formation_enthalpy": "unknown"}, "no number found"),
    "a list": ({"formation_enthalpy": [1, 2]}, "a quantity must be a number"),
    "lower case": ({"formula": "c3h4o3"}, "not a chemical formula"),
    "unknown symbol": ({"formula": "C3Xx4O3"}, "unknown element 'Xx'"),
    "brackets": ({"formula": "C3(H4O3"}, "unbalanced formula"),
    "empty formula": ({"formula": ""}, "a chemical formula is missing"),
    "element without phases": ({"formula": "C3H4SiO3"}, "no phase of the table contains Si"),
    "negative uncertainty": ({"uncertainty": "-5 kJ/mol"}, "uncertainty is out of range"),
    "kJ of uncertainty without a unit": ({"uncertainty": 5}, "next to nothing"),
    "huge uncertainty": ({"uncertainty": "5000 kJ/mol"}, "uncertainty is out of range"),
    "kJ of entropy": ({"entropy": "0.17 J/(mol K)"}, "no compound has such an entropy"),
    "entropy of formation": ({"entropy": "-300 J/(mol K)"}, "no compound has such an entropy"),
    "entropy's unit": ({"entropy": "170 J/mol"}, "wrong dimension"),
    "negative spread": ({"entropy": 170, "entropy_uncertainty": -1}, "uncertainty is negative"),
    "Gibbs in J": ({"formation_gibbs": "-560 J/mol"}, "which no compound has"),
    "Gibbs and entropy": ({"formation_gibbs": "-560 kJ/mol", "entropy": 300}, "disagree"),
    "taken name": ({"name": "PEO"}, "belongs to a reactant that comes with asyncsoc"),
    "unknown key": ({"enthalpy": "-682 kJ/mol"}, "unknown"),
    "state": ({"state": "solid"}, "unknown name"),
    "entries too": ({"entries": ENTRIES}, "exclude each other"),
    "two lines": ({"source": "a\nb"}, "not one line"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_reactant_is_one_clear_error(name: str) -> None:
    changed, words = WRONG[name]
    keys = {key: value for key, value in {**EC, **changed}.items() if value is not None}
    with pytest.raises(InputError) as refused:
        case({"reactant": keys})
    assert words in str(refused.value)
    assert str(refused.value.where).startswith("side_reaction.reactant")


def test_what_is_missing_says_where_to_look() -> None:
    with pytest.raises(InputError) as refused:
        aso.Reactant(formula="C3H4O3")
    assert "298.15 K" in str(refused.value.allowed) and "kJ per mole of the formula unit" in str(refused.value.allowed)
    for words in ("NIST Chemistry WebBook", "entries.json", "group additivity", "uncertainty"):
        assert words in str(refused.value.next_step)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "a list of tables, or the path"),
        ([5], "a phase is a table of keys"),
        ("missing.json", "cannot be read"),
        ([{"formula": "LiF"}], "formation enthalpy of LiF is missing"),
        ([{"formula": "LiF", "formation_enthalpy": "-616 J/mol"}], "next to nothing"),
        ([{"formula": "LiF", "formation_enthalpy": "-616 kJ/mol"}] * 2, "duplicate phase"),
        ([{"formula": "H2O", "formation_enthalpy": "-286 kJ/mol"}], "2 states of H2O"),
        ([{"composition": {"Li": 1, "F": 1}, "energy": -10.0}], "no reference for Li, F"),
        ([{"composition": {"Xy": 1}, "energy": -10.0}], "unknown element 'Xy'"),
    ],
)
def test_wrong_phases_are_one_clear_error(value: Any, words: str) -> None:
    with pytest.raises(InputError) as refused:
        case({"phases": value})
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'protocol' is missing"),
        ('formula = "C3H4O3"\n', "formation enthalpy of C3H4O3 is missing"),
        ("formula = C3H4O3\n", "TOML syntax"),
        ('[side_reaction]\nmode = "report"\n', "names no reactant"),
    ],
)
def test_a_wrong_file_ends_react_with_exit_code_2(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    assert main(["react", "--electrolyte", str(file)]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert words in told or "names no reactant" in told
