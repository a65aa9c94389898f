"""Gibbs energies: against the source's own, against pymatgen, against what may not matter, and what they decide."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.curve import compared_curve, reaction_curve, sampled_energies
from asyncsoc.materials.thermochemistry.loading import default_phase_table, parse_phase_table
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL
from asyncsoc.materials.thermochemistry.pseudo_binary import pseudo_binary
from asyncsoc.materials.thermochemistry.reactants import lithiated_host, reactant, reactant_names
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind
from tests.thermochemistry.pymatgen_route import interfacial_reactivity

COLD, WARM = Conditions("gibbs", 298.15), Conditions("gibbs", 333.15)
ELECTROLYTES = ("litfsi", "eca", "peo")
FOLDER = resources.files("asyncsoc.materials.thermochemistry") / "data"
DATA = json.loads((FOLDER / "phases.json").read_text(encoding="utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "thermochemistry.md"


@pytest.mark.parametrize("row", [row for row in DATA["phases"] if row["formation_gibbs_kJ_per_mol"] is not None],
                         ids=lambda row: f"{row['formula']}({row['state']})")  # fmt: skip
def test_enthalpy_and_entropy_give_the_gibbs_energy_the_source_states(row: dict[str, Any]) -> None:
    phase = default_phase_table().phase(row.get("name", row["formula"]))
    made = COLD.phase(phase).energy / KJ_PER_MOL
    assert made == pytest.approx(row["formation_gibbs_kJ_per_mol"], abs=1.7)  # Co3O4; all others within 0.7
    assert WARM.phase(phase).temperature == 333.15


def test_estimated_entropies_are_the_rule_of_their_volumes_and_are_marked() -> None:
    """S = 2.095 V + 13 (minerals) or 2.258 V + 15 (ionic salts), V in cm3/mol: Jenkins and Glasser 2003."""
    estimated = [row for row in DATA["phases"] if row["entropy_estimated"]]
    assert {row["formula"] for row in estimated} >= {"NiCO3", "Li2MnO3", "LiNiO2", "MnSO4"}
    for row in estimated:
        volume, entropy = row["molar_volume_cm3_per_mol"], row["entropy_J_per_mol_K"]
        rules = (2.095 * volume + 13.0, 2.258 * volume + 15.0)
        assert min(abs(entropy - rule) for rule in rules) < 0.06, row["formula"]
        assert row["entropy_uncertainty_J_per_mol_K"] == pytest.approx(0.2 * entropy, abs=0.1)
        assert row["entropy_source"] in ("VOLUME", "CELL")
    table = default_phase_table()
    assert "NiCO3" in table.estimated
    assert not {"CO2", "N2", "LiF", "NiO", "SO2F2"} & table.estimated
    assert all(phase.entropy_estimated for phase in (lithiated_host("ncm811"), *map(reactant, reactant_names())))


def test_the_rule_is_as_good_as_the_uncertainty_says() -> None:
    """On solids of the table whose entropy is tabulated; cell volumes recalled from densities of the CRC Handbook."""
    volumes = {"Li2CO3": 35.02, "Li2SO4": 49.75, "NiF2": 20.57, "NiSO4": 38.59, "CoF2": 21.73, "CoSO4": 41.78}
    table = default_phase_table()
    errors = [(2.258 * volume + 15.0) / table.phase(name).entropy - 1.0 for name, volume in volumes.items()]
    oxides = {"Li2O": 14.84, "Co3O4": 39.41, "MnO2": 17.11, "MnCO3": 31.07, "NiO": 11.11, "Mn2O3": 31.57, "MnO": 13.21}
    errors += [(2.095 * volume + 13.0) / table.phase(name).entropy - 1.0 for name, volume in oxides.items()]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(0.2, abs=0.05)


def test_one_phase_by_hand() -> None:
    """LiF at 60 degC: -616.0 + 333.15 (29.1 + 101.4 - 35.7)/1000 kJ/mol."""
    assert WARM.phase(default_phase_table().phase("LiF")).energy / KJ_PER_MOL == pytest.approx(-584.42, abs=0.01)
    assert ENTHALPY.phase(reactant("peo")) is reactant("peo")


@pytest.mark.parametrize("potential", [None, 3.9])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "x", "conditions"), [("litfsi", 0.25, WARM), ("litfsi", 0.5, COLD), ("eca", 0.5, WARM)]
)
@pytest.mark.slow
def test_pymatgen_finds_the_same_minimum(
    name: str, x: float, conditions: Conditions, kind: Kind, potential: float | None
) -> None:
    pytest.importorskip("pymatgen.analysis.interface_reactions")
    table = conditions.table(default_phase_table())
    cathode = named_host("ncm811").under(conditions).at(x)
    problem = pseudo_binary(cathode, conditions.phase(reactant(name)), table=table, kind=kind, potential=potential)
    _, energy = interfacial_reactivity(problem).minimum
    curve = reaction_curve(
        named_host("ncm811"), reactant(name), np.array([x]), kind=kind, potential=potential, conditions=conditions
    )
    assert curve.energy[0] == pytest.approx(energy, abs=1e-6)


def test_the_entropy_of_an_element_that_takes_no_part_cancels() -> None:
    """Every reaction is balanced. N2 is a product; lithium's counts because U was measured against the metal."""
    host, salt, table = named_host("ncm811"), reactant("litfsi"), default_phase_table()
    x = np.array([0.9, 0.4])
    base = reaction_curve(host, salt, x, conditions=WARM).energy

    def change(*names: str) -> np.ndarray:
        changed = {name: 1.02 * table.element_entropies[name] for name in names}
        other = replace(table, element_entropies={**table.element_entropies, **changed})
        return np.abs(reaction_curve(host, salt, x, table=other, conditions=WARM).energy - base)

    assert change("Ni", "Co", "Mn", "O2", "C", "F2", "S", "H2").max() < 1e-12
    assert change("Li").min() > 1e-5
    assert change("N2").min() > 1e-4


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_the_total_energy_is_concave_in_temperature(name: str) -> None:
    """A minimum of functions linear in T, less functions linear in T."""
    kelvin = (240.0, 298.15, 360.0)
    low, middle, high = (
        reaction_curve(
            named_host("ncm811"), reactant(name), np.array([0.8, 0.4]), conditions=Conditions("gibbs", one)
        ).energy
        for one in kelvin
    )
    share = (kelvin[1] - kelvin[0]) / (kelvin[2] - kelvin[0])
    assert (middle >= (1.0 - share) * low + share * high - 1e-10).all()


@pytest.mark.parametrize("conditions", [ENTHALPY, COLD, WARM], ids=lambda one: one.label)
@pytest.mark.parametrize("name", ELECTROLYTES)
def test_totals_rise_with_x_under_both_energies(name: str, conditions: Conditions) -> None:
    x = np.linspace(0.0, 1.0, 11)
    curve = reaction_curve(named_host("ncm811"), reactant(name), x, conditions=conditions)
    assert (np.diff(curve.energy) > 0.0).all()


def test_entropy_decides_what_mutual_litfsi_does() -> None:
    """As enthalpy it is flat to falling below x = 0.6; as Gibbs energy it is monotone and steepens by 5 meV/atom."""
    host, salt = named_host("ncm811"), reactant("litfsi")
    x = np.array([0.557, 0.438])
    for conditions, low, high in ((ENTHALPY, 0.001, 0.004), (COLD, -0.006, -0.003), (WARM, -0.006, -0.004)):
        energy = reaction_curve(host, salt, x, kind="mutual", conditions=conditions).energy
        assert low < energy[1] - energy[0] < high
    dense = reaction_curve(host, salt, np.linspace(0.25, 1.0, 16), kind="mutual", conditions=WARM).energy
    assert (np.diff(dense) > 0.0).all()


def test_entropy_takes_most_of_the_gap_to_eca_and_moves_the_crossing() -> None:
    host = named_host("ncm811")

    def gap(conditions: Conditions, x: np.ndarray) -> np.ndarray:
        one, other = (
            reaction_curve(host, reactant(name), x, kind="mutual", conditions=conditions).energy
            for name in ("litfsi", "eca")
        )
        return np.asarray(one - other)

    half = np.array([0.5])
    assert gap(ENTHALPY, half)[0] == pytest.approx(-0.040, abs=0.003)
    assert gap(WARM, half)[0] == pytest.approx(-0.006, abs=0.004)
    x = np.array([0.28, 0.33, 0.38, 0.42, 0.46, 0.5])
    crossings = {one.label: float(np.interp(0.0, -gap(one, x), x)) for one in (ENTHALPY, COLD, WARM)}
    assert crossings["enthalpy"] == pytest.approx(0.355, abs=0.015)
    assert 0.4 < crossings[COLD.label] < crossings[WARM.label] < 0.48


def test_the_band_holds_both_energies() -> None:
    host, salt, x = named_host("ncm811"), reactant("litfsi"), np.array([0.8, 0.5, 0.3])
    for kind in KINDS:
        for asked in (Conditions("enthalpy", 333.15), WARM):
            curve = compared_curve(host, salt, x, kind=kind, conditions=asked)
            other = reaction_curve(host, salt, x, kind=kind, conditions=asked.other)
            assert curve.systematic is not None
            np.testing.assert_allclose(curve.energy + curve.systematic, other.energy, atol=1e-12)
            low, high = curve.band(1.0)
            for one in (curve.energy, other.energy):
                assert (low < one - 0.9 * curve.standard_deviation).all()
                assert (high > one + 0.9 * curve.standard_deviation).all()


def test_uncertain_entropies_widen_the_gibbs_energy() -> None:
    carbonate = default_phase_table().phase("NiCO3")
    assert WARM.phase(carbonate).uncertainty > carbonate.uncertainty
    drawn = sampled_energies(named_host("ncm811"), reactant("eca"), 0.5, samples=60, seed=1, conditions=WARM)
    curve = reaction_curve(named_host("ncm811"), reactant("eca"), np.array([0.5]), conditions=WARM)
    assert drawn.mean() == pytest.approx(curve.energy[0], abs=0.02)
    assert drawn.std() == pytest.approx(curve.standard_deviation[0], rel=0.4)


def test_new_phases_have_their_sources() -> None:
    table = default_phase_table()
    fluoride, manganate = table.phase("SO2F2"), table.phase("Li2MnO3")
    assert "JANAF" in fluoride.source
    assert not fluoride.assumed
    assert COLD.phase(fluoride).energy / KJ_PER_MOL == pytest.approx(-711.9, abs=0.5)
    assert manganate.assumed
    assert "Cupid" in manganate.source
    # Per atom between LiMn2O4 and LiMnO2, and below its own oxides.
    assert -210.0 < manganate.energy_per_atom / KJ_PER_MOL < table.phase("LiMn2O4").energy_per_atom / KJ_PER_MOL
    assert manganate.energy < table.phase("Li2O").energy + table.phase("MnO2").energy


@pytest.mark.parametrize("kelvin", [200.0, 400.0, float("nan")])
def test_temperatures_out_of_range(kelvin: float) -> None:
    with pytest.raises(InputError, match=r"out of range(.|\n)*-40 to 90 degC"):
        Conditions("gibbs", kelvin)


def test_an_unknown_energy_and_a_missing_entropy() -> None:
    with pytest.raises(InputError, match="did you mean: gibbs"):
        Conditions("gibs")  # type: ignore[arg-type]
    row = {"formula": "LiF", "formation_enthalpy_kJ_per_mol": -616, "uncertainty_kJ_per_mol": 1, "source": "CRC"}
    header = {"format": "asyncsoc-phase-table", "title": "one", "temperature_K": 298.15}
    bare = parse_phase_table({**header, "phases": [row]}, origin="own.json")
    with pytest.raises(InputError, match=r"entropy of LiF is not known(.|\n)*own.json"):
        WARM.table(bare)
    with pytest.raises(InputError, match="another temperature"):
        WARM.phase(WARM.phase(reactant("peo")))
    known = {**row, "entropy_J_per_mol_K": 35.7, "entropy_estimated": True}
    assert WARM.table(parse_phase_table({**header, "phases": [known]}, origin="own.json")).estimated == {"LiF"}
    for key, value in (("entropy_uncertainty_J_per_mol_K", -1), ("entropy_estimated", 1), ("entropy_source", 3)):
        with pytest.raises(InputError, match=key):
            parse_phase_table({**header, "phases": [{**known, key: value}]}, origin="own.json")
    with pytest.raises(InputError, match="element_entropies"):
        parse_phase_table({**header, "phases": [known], "element_entropies_J_per_mol_K": [1]}, origin="own.json")


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("thermochemistry_tables", PAGE.with_name("thermochemistry_tables.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_documented_energies_are_the_computed_ones() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert tables().written(page, ("reaction energies",)) == page
    assert len(re.findall(r"^\| [\w-]+, (?:total|mutual) \| (?:H|G 25|G 60) \|", page, re.MULTILINE)) == 30


@pytest.mark.slow
@pytest.mark.parametrize("column", [("total", "G 60")])
def test_the_documented_conclusions_are_the_computed_ones(column: tuple[str, str]) -> None:
    """One column of six; `python docs/thermochemistry_tables.py` computes all and writes the page."""
    made = tables()
    rows = [line.strip("| \n").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    kept = {row[0]: row[1:] for row in rows}
    place = kept["conclusion"].index(", ".join(column))
    for statement, told in made.statements().items():
        assert kept[statement][place] == told(column)[1], statement
