"""The react command: its JSON, its table, its pictures and its refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from asyncsoc.base.errors import InputError
from asyncsoc.cli.commands.react import react
from asyncsoc.materials.thermochemistry.formula import parse_formula

APP = typer.Typer()
APP.command()(react)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(APP, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json", *arguments))
    return found


def test_json_holds_what_others_rely_on() -> None:
    found = document("--cathode", "ncm811", "--electrolyte", "litfsi", "--x", "1,0.5,0.25")
    assert found["x"] == [1.0, 0.5, 0.25]
    np.testing.assert_allclose(found["reaction energy [eV/atom]"], [-0.594, -0.645, -0.679], atol=0.02)
    np.testing.assert_allclose(found["mutual reaction energy [eV/atom]"], [-0.395, -0.435, -0.430], atol=0.002)
    assert all(0.0 < y < 1.0 for y in found["mixing fraction"])
    assert found["extrapolated"] == [True, False, False]
    assert found["reactants"][1]["assumed"] is True
    host = {"Li": 0.5, "Ni": 0.8, "Co": 0.1, "Mn": 0.1, "O": 2.0}
    salt = parse_formula(found["reactants"][1]["formula"], where="")
    share = found["molar fraction"][1]
    balance = {e: share * host.get(e, 0.0) + (1.0 - share) * salt.get(e, 0.0) for e in {*host, *salt}}
    for name, amount in found["products"][1].items():
        for element, count in parse_formula(name, where="").items():
            balance[element] -= amount * count
    assert max(abs(value) for value in balance.values()) < 1e-10


def test_json_holds_both_energies_their_difference_and_what_was_estimated() -> None:
    enthalpy, gibbs = (document("--x", "0.8,0.5,0.3", "--energy", name) for name in ("enthalpy", "gibbs"))
    assert (enthalpy["energy"], gibbs["energy"]) == ("enthalpy", "gibbs")
    assert (enthalpy["temperature [K]"], gibbs["temperature [K]"]) == (298.15, 333.15)
    assert enthalpy["systematic difference to"] == {"energy": "gibbs", "temperature [K]": 333.15}
    for prefix in ("", "mutual "):
        one, other = (np.array(found[f"{prefix}reaction energy [eV/atom]"]) for found in (enthalpy, gibbs))
        np.testing.assert_allclose(one + enthalpy[f"{prefix}systematic difference [eV/atom]"], other, atol=1e-12)
        low, high = np.array(enthalpy[f"{prefix}band [eV/atom]"]).T
        assert ((low < np.minimum(one, other)) & (high > np.maximum(one, other))).all()
    # Entropy: totals stronger, mutual weaker, and LiTFSI's mutual energy then rises with x.
    assert gibbs["reaction energy [eV/atom]"][1] == pytest.approx(-0.689, abs=0.001)
    assert gibbs["mutual reaction energy [eV/atom]"][1] == pytest.approx(-0.377, abs=0.001)
    assert {"NiCO3", "Li2MnO3"} <= set(gibbs["entropies estimated"])
    assert gibbs["reactants"][1]["entropy estimated"] is True
    assert "volume" in gibbs["reactants"][1]["entropy source"]
    cold = document("--x", "0.5", "--energy", "gibbs", "--temperature", "25 degC")
    assert cold["temperature [K]"] == 298.15
    assert cold["reaction energy [eV/atom]"][0] == pytest.approx(-0.684, abs=0.001)


def test_a_table_without_entropies_serves_enthalpies_only(tmp_path: Path) -> None:
    row = {"formula": "CO2", "formation_enthalpy_kJ_per_mol": -393.5, "uncertainty_kJ_per_mol": 1, "source": "CRC"}
    rest = ({**row, "formula": name} for name in ("NiO", "CoO", "MnO", "Li2O", "H2O"))
    header = {"format": "asyncsoc-phase-table", "title": "few", "temperature_K": 298.15, "phases": [row, *rest]}
    table = tmp_path / "few.json"
    table.write_text(json.dumps(header))
    found = document("--electrolyte", "peo", "--x", "0.5", "--phases", str(table))
    assert found["systematic difference [eV/atom]"] is None
    assert "-" in run("--electrolyte", "peo", "--x", "0.5", "--phases", str(table))
    with pytest.raises(InputError, match="entropy of CO2 is not known"):
        run("--electrolyte", "peo", "--x", "0.5", "--phases", str(table), "--energy", "gibbs")


def test_the_table_keeps_its_unit_and_marks_estimates() -> None:
    output = run("--electrolyte", "litfsi", "--x", "0.5")
    assert "reaction energy [eV/atom], enthalpy" in output
    assert "Gibbs energy at 60 degC" in output
    assert "NiCO3~" in output
    assert "entropies of both reactants are estimated" in output


def test_default_run_covers_the_whole_range() -> None:
    found = document()
    assert found["electrolyte"] == "litfsi"
    assert len(found["x"]) == 21
    assert found["x"][0] == 1.0
    assert found["x"][-1] == 0.0


def test_several_electrolytes_and_their_picture(tmp_path: Path) -> None:
    plot = tmp_path / "new" / "energy.png"
    found = document("--electrolyte", "eca", "--electrolyte", "peo", "--x", "1:0:-0.5", "--plot", str(plot))
    assert [one["electrolyte"] for one in found["reactions"]] == ["eca", "peo"]
    assert found["figures"] == [str(plot)]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_table_and_the_picture_over_the_mixing_fraction(tmp_path: Path) -> None:
    mixing = tmp_path / "mixing.svg"
    output = run("--electrolyte", "peo", "--x", "0.5", "--mixing-plot", str(mixing))
    assert "Equilibrium products" in output
    assert "Li2CO3" in output
    assert "<svg" in mixing.read_text()


def test_open_to_lithium_and_own_tables(tmp_path: Path) -> None:
    found = document("--electrolyte", "peo", "--x", "0.5", "--potential", "3.9")
    assert found["lithium reservoir [V]"] == 3.9
    assert found["lithium to the reservoir"][0] != 0.0
    enthalpies = {"CO2": -393.5, "NiO": -239.7, "CoO": -237.9, "MnO": -385.2, "Li2O": -597.9, "H2O": -285.8}
    rows = [
        {"formula": formula, "formation_enthalpy_kJ_per_mol": value, "uncertainty_kJ_per_mol": 1, "source": "CRC"}
        for formula, value in enthalpies.items()
    ]
    header = {"format": "asyncsoc-phase-table", "title": "few", "temperature_K": 298.15, "phases": rows}
    table = tmp_path / "few.json"
    table.write_text(json.dumps(header))
    few = document("--electrolyte", "peo", "--x", "0.5", "--phases", str(table))
    many = document("--electrolyte", "peo", "--x", "0.5")
    assert few["reaction energy [eV/atom]"][0] > many["reaction energy [eV/atom]"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--electrolyte", "litfs"), "did you mean: litfsi"),
        (("--cathode", "ncm812"), "unknown cathode"),
        (("--x", "a"), "list of numbers"),
        (("--x", "1:0"), "not a range"),
        (("--x", "1:0:0"), "not a range"),
        (("--x", "1:0:0.1"), "empty or too long"),
        (("--x", "1.2"), "stoichiometry"),
        (("--x", "nan"), "stoichiometry"),
        (("--potential", "-1"), "reservoir"),
        (("--phases", "a.json", "--entries", "b.json"), "two phase tables"),
        (("--phases", "none.json"), "cannot be read"),
        (("--x", "1", "--plot", "energy.gif"), "kind of picture"),
        (("--energy", "gibs"), "did you mean: gibbs"),
        (("--temperature", "150 degC"), r"--temperature(.|\n)*'150 degC'(.|\n)*-40 to 90 degC"),
        (("--temperature", "60"), "needs its unit"),
    ],
)
def test_refusals_are_one_clear_error(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        run(*arguments)
