"""An electrolyte of one's own: its conductivity against closed forms, its series drop by hand, what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.case.validity import conductivity_warnings, exchange_current_warnings
from asyncsoc.cli.main import main
from asyncsoc.problem.case_parameters import case_parameters, given_by_the_case

GAS = 8.31446261815324
CELL = {"separator_thickness": "50 um", "areal_capacity": "2 mAh/cm2"}
TABLE = {"T [degC]": [25.0, 60.0, 90.0], "conductivity [mS/cm]": [0.01, 0.4, 1.2]}


def own(conductivity: Any, **keys: Any) -> aso.Electrolyte:
    return aso.Electrolyte(name="own", conductivity=conductivity, **{**CELL, **keys})


def case(electrolyte: dict[str, Any], temperature: str = "60 degC", **sections: Any) -> aso.Case:
    protocol = {"steps": ["Charge at C/10 for 10 minutes"], "temperature": temperature}
    return aso.Case.from_dict({"electrolyte": electrolyte, "protocol": protocol, **sections})


def kappa(electrolyte: aso.Electrolyte, celsius: float) -> float:
    return electrolyte_of(electrolyte).conductivity(celsius + 273.15)


def test_a_table_is_linear_in_the_logarithm_over_the_inverse_temperature(tmp_path: Path) -> None:
    file = tmp_path / "kappa.csv"
    file.write_text("# EO:Li 20\nT [degC], conductivity [mS/cm]\n25, 0.01\n60, 0.4\n90, 1.2\n")
    inverse = [1.0 / (t + 273.15) for t in (90.0, 60.0, 25.0)]
    wanted = {
        c: math.exp(np.interp(1.0 / (c + 273.15), inverse, np.log([0.12, 0.04, 0.001]))) for c in (25, 31, 60, 88)
    }
    in_si = {"T": [298.15, 333.15, 363.15], "kappa": [0.001, 0.04, 0.12]}
    falling = {"temperature": np.array([363.15, 333.15, 298.15]), "conductivity": [0.12, 0.04, 0.001]}
    for given_as in (TABLE, file, str(file), in_si, falling):
        section = own(given_as)
        for celsius, value in wanted.items():
            assert kappa(section, celsius) == pytest.approx(value, rel=1e-12)
        assert (
            case(section.model_dump(exclude_unset=True)).hash
            == case({"name": "own", "conductivity": TABLE, **CELL}).hash
        )


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(5.0, 150.0), st.floats(5.0, 110.0))
def test_an_arrhenius_law_is_its_closed_form(prefactor: float, energy: float, celsius: float) -> None:
    kelvin = celsius + 273.15
    value = prefactor * math.exp(-energy * 1e3 / (GAS * kelvin))
    at_ends = [prefactor * math.exp(-energy * 1e3 / (GAS * end)) for end in (298.15, 363.15)]
    if not all(1e-11 < one < 1e2 for one in (value, *at_ends)):
        return
    law = {"law": "arrhenius", "activation_energy": f"{energy!r} kJ/mol", "range": ["25 degC", "90 degC"]}
    for scale in ({"prefactor": prefactor}, {"conductivity": value, "at": kelvin}):
        assert kappa(own({**law, **scale}), celsius) == pytest.approx(value, rel=1e-11)
        sampled = np.linspace(298.15, 363.15, 40)
        points = [electrolyte_of(own({**law, **scale})).conductivity(t) for t in sampled]
        table = own({"T": sampled, "conductivity": points})  # Arrhenius is a straight line to the table
        assert kappa(table, celsius) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("power", [0, -0.5])
def test_a_vft_law_is_its_closed_form(power: float) -> None:
    b, zero = 1100.0, 200.0

    def shape(kelvin: float) -> float:
        return kelvin**power * math.exp(-b / (kelvin - zero))

    law = {"law": "vft", "vogel_temperature": "200 K", "power": power, "range": ["25 degC", "90 degC"]}
    ways = (
        {"prefactor": 30.0, "pseudo_temperature": b},
        {"prefactor": "0.3 S/cm", "activation_energy": b * GAS},
        {"prefactor": 30.0, "activation_energy": f"{b * GAS / 96485.33212!r} eV"},
        {"conductivity": 30.0 * shape(333.15), "at": "60 degC", "pseudo_temperature": b},
    )
    for way in ways:
        for celsius in (25.0, 47.0, 90.0):
            assert kappa(own({**law, **way}), celsius) == pytest.approx(30.0 * shape(celsius + 273.15), rel=1e-8)


def test_the_series_drop_is_thickness_over_conductivity_of_the_steps_temperature() -> None:
    """Two runs that differ in the separator alone differ by I L/kappa, with the current per area of electrode."""
    steps = ["Charge at C/5 for 10 minutes", "Charge at C/5 for 10 minutes (47 degC)"]
    protocol = {"steps": steps, "temperature": "60 degC"}
    kinetics = {"exchange_current_density": "0.3 A/m2"}

    def run(conductivity: Any) -> aso.Solution:
        keys = {"name": "own", **CELL, "conductivity": conductivity}
        return aso.simulate(aso.Case.from_dict({"electrolyte": keys, "protocol": protocol, "kinetics": kinetics}))

    table, without = run(TABLE), run(1e6)
    lines = [0.04, math.exp(np.interp(1 / 320.15, [1 / 333.15, 1 / 298.15], np.log([0.04, 0.001])))]
    for step, value in enumerate(lines, start=1):
        here = np.flatnonzero(np.asarray(table.columns["Step"]) == step)[-1]
        drop = table.columns["Voltage [V]"][here] - without.columns["Voltage [V]"][here]
        assert drop == pytest.approx(50e-6 / value * (20.0 / 5.0), rel=1e-6)  # 2 mAh/cm2 at C/5 are 4 A/m2


def test_beyond_its_range_it_warns_and_beyond_20_kelvin_it_ends() -> None:
    keys = {"name": "own", **CELL, "conductivity": TABLE}
    assert conductivity_warnings(case(keys, "25 degC")) == conductivity_warnings(case(keys, "90 degC")) == ()
    (warning,) = conductivity_warnings(case(keys, "109 degC"))
    assert "25 to 90 degC over which the case states it" in warning
    with pytest.raises(InputError, match="cannot be extrapolated this far") as refused:
        aso.simulate(case(keys, "111 degC"))
    assert refused.value.allowed == "5 to 110 degC"
    assert (
        conductivity_warnings(case({"conductivity": TABLE}, "100 degC")) != ()
    )  # a set's own range does not count then
    assert conductivity_warnings(case({"name": "own", **CELL, "conductivity": 0.1}, "111 degC")) == ()


def test_the_exchange_current_density_is_stated_or_the_cathodes_own_is_said() -> None:
    keys = {"name": "own", **CELL, "conductivity": 0.1, "title": "my polymer"}
    (warning,) = exchange_current_warnings(case(keys))
    assert "my polymer" in warning and "cathode's own" in warning and "kinetics.exchange_current_density" in warning
    stated = case(keys, kinetics={"exchange_current_density": "0.3 A/m2"})
    assert exchange_current_warnings(stated) == ()
    shown = {row.name: row for row in case_parameters(stated)["electrolyte"]}
    assert shown["exchange current density"].value == 0.3
    liquid = case(
        {"name": "liquid-lipf6", "conductivity": 0.1, "separator_thickness": "50 um", "areal_capacity": 72000.0}
    )
    ours, theirs = aso.simulate(case(keys)), aso.simulate(liquid)
    assert np.array_equal(ours.columns["Voltage [V]"], theirs.columns["Voltage [V]"])


def test_every_value_given_is_listed_and_in_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = {"name": "own", "title": "PTMC with LiTFSI", "transference_number": 0.6, "transfer_coefficient": 0.4, **CELL}
    found = {row.name: row for row in case_parameters(case({**keys, "conductivity": TABLE}))["electrolyte"]}
    assert found["separator thickness"].value == 5e-5
    assert found["areal capacity"].value == pytest.approx(20.0)
    assert found["transfer coefficient"].value == 0.4
    assert found["conductivity"].value == "25 degC: 0.001; 60 degC: 0.04; 90 degC: 0.12"
    assert "Not used by a single particle" in found["cation transference number"].note
    assert all(found[name].assumed for name in ("conductivity", "separator thickness", "cation transference number"))
    sourced = case({**keys, "conductivity": TABLE, "source": "impedance of our cells"})
    rows = {row.name: row for row in case_parameters(sourced)["electrolyte"]}
    assert rows["conductivity"].source == "impedance of our cells" and not rows["conductivity"].assumed
    solution = aso.simulate(sourced)
    assert {row["name"] for row in solution.reports["given by the case"]["electrolyte"]} == set(rows)
    again = aso.Solution.load(solution.save(tmp_path / "own.vtkhdf"))
    assert again.reports["given by the case"] == solution.reports["given by the case"]
    assert aso.Case.from_text(again.case_toml).hash == sourced.hash
    file = tmp_path / "case.toml"
    file.write_text(sourced.to_toml())
    assert main(["params", str(file)]) == 0
    assert "impedance of our cells" in capsys.readouterr().out
    assert given_by_the_case(case({})) == {}
    (one,) = given_by_the_case(case({"conductivity": 0.1}))["given by the case"]["electrolyte"]
    assert (one["name"], one["value"], one["source"]) == ("conductivity", 0.1, "overridden by the case")


def test_the_transfer_coefficient_goes_into_the_kinetics() -> None:
    keys = {"name": "own", **CELL, "conductivity": 0.1}
    kinetics = {"exchange_current_density": 0.01}
    ours = aso.simulate(case({**keys, "transfer_coefficient": 0.3}, kinetics=kinetics))
    same = aso.simulate(case(keys, kinetics={**kinetics, "transfer_coefficient": 0.3}))
    usual = aso.simulate(case(keys, kinetics=kinetics))
    assert np.array_equal(ours.columns["Voltage [V]"], same.columns["Voltage [V]"])
    assert not np.allclose(ours.columns["Voltage [V]"][1:], usual.columns["Voltage [V]"][1:], atol=1e-4)


def test_a_file_is_looked_for_beside_the_case_and_the_case_needs_it_no_more(tmp_path: Path) -> None:
    (tmp_path / "kappa.csv").write_text("T [degC],conductivity [S/cm]\n25,1e-5\n60,4e-4\n90,1.2e-3\n")
    file = tmp_path / "case.toml"
    file.write_text(
        '[electrolyte]\nname = "own"\nconductivity = "kappa.csv"\nseparator_thickness = "50 um"\n'
        'areal_capacity = "2 mAh/cm2"\n[protocol]\nsteps = ["Charge at C/10 for 10 minutes"]\n'
    )
    found = aso.Case.from_toml(file)
    (tmp_path / "kappa.csv").unlink()
    assert aso.Case.from_text(found.to_toml()).hash == found.hash
    assert found.with_overrides(["contact.kind=full"]).electrolyte == found.electrolyte


def test_old_cases_keep_their_hashes() -> None:
    """Hashes of the release before; a key at its default is not part of them."""
    examples = Path(__file__).parents[2] / "examples"
    before = {
        "cal_vs_hotcal": "0280b1cfa0f0e545698c3445173a6507c9bfc556180a989890d8c9c3fbdb1d73",
        "coupled_film": "01bdafa3aa54835db0d3229ce552e6bfc7173c9527921971dd8c2656cee0ae58",
    }
    for name, digest in before.items():
        assert aso.Case.from_toml(examples / f"{name}.toml").hash == digest


LAW = {"law": "arrhenius", "prefactor": 1e4, "activation_energy": "35 kJ/mol", "range": ["25 degC", "90 degC"]}
VFT = {"law": "vft", "prefactor": 30, "pseudo_temperature": 1100, "vogel_temperature": 200, "range": [298.15, 363.15]}
WRONG: dict[str, tuple[Any, str]] = {
    "neither number nor file": ("peo", "neither a conductivity with its unit nor the path of a CSV"),
    "wrong dimension": ("1 V", "wrong dimension"),
    "negative": (-0.1, "out of range"),
    "no such file": ("missing.csv", "cannot be opened"),
    "no number": (["0.1"], "a quantity must be a number"),
    "falls and rises": ({"T": [300, 320, 310], "kappa": [1, 2, 3]}, "must rise"),
    "twice the same": ({"T": [300, 300], "kappa": [1, 2]}, "must rise"),
    "one point": ({"T": [300], "kappa": [1]}, "too few"),
    "lengths": ({"T": [300, 310, 320], "kappa": [1, 2]}, "as many conductivities as temperatures"),
    "kelvin for degC": ({"T [degC]": [298, 333], "kappa": [0.1, 0.2]}, "out of range"),
    "NaN": ({"T": [300, float("nan")], "kappa": [1, 2]}, "finite"),
    "zero": ({"T": [300, 310], "kappa": [0.0, 2]}, "out of range"),
    "no list": ({"T": 300, "kappa": [1, 2]}, "must be a list"),
    "no temperatures": ({"kappa": [1, 2]}, "lists no temperature"),
    "unknown column": ({"x": [1, 2], "kappa": [1, 2]}, "unknown key of a table"),
    "unit of a column": ({"T [degC]": [25, 60], "kappa [V]": [1, 2]}, "wrong dimension"),
    "unknown law": ({**LAW, "law": "arhenius"}, "unknown law"),
    "no range": ({key: value for key, value in LAW.items() if key != "range"}, "temperatures it was fitted over"),
    "range falls": ({**LAW, "range": ["90 degC", "25 degC"]}, "range of temperatures of a law must rise"),
    "no scale": ({key: value for key, value in LAW.items() if key != "prefactor"}, "needs its prefactor"),
    "two scales": ({**LAW, "conductivity": 0.1, "at": 333.0}, "needs its prefactor"),
    "J for kJ": ({**LAW, "activation_energy": 35}, "out of range"),
    "no energy": ({key: value for key, value in LAW.items() if key != "activation_energy"}, "is missing"),
    "absurd": ({**LAW, "prefactor": 1e-8}, "no separator has"),
    "unknown parameter": ({**LAW, "slope": 1}, "unknown"),
    "T0 in the range": ({**VFT, "vogel_temperature": "20 degC"}, "more than 20 K below"),
    "two energies": ({**VFT, "activation_energy": "9 kJ/mol"}, "either its B"),
    "power": ({**VFT, "power": -0.25}, "out of range"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_conductivity_is_one_clear_error(name: str) -> None:
    value, words = WRONG[name]
    with pytest.raises(InputError) as refused:
        own(value)
    assert words in str(refused.value)
    assert refused.value.where
    with pytest.raises(InputError) as in_a_case:
        case({"name": "own", "conductivity": value, **CELL})
    assert words in str(in_a_case.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# nothing\n", "the file holds no table"),
        ("T [degC],conductivity [S/m]\n25,1e-3\n", "too few rows"),
        ("T,conductivity [S/m]\n298,1e-3\n333,1e-2\n", "names no unit"),
        ("T [degC],sigma [V]\n25,1\n60,2\n", "wrong dimension"),
        ("T [degC],x\n25,1\n60,2\n", "no column"),
        ("T [degC],conductivity [S/m]\n25,-1\n60,2\n", "out of range"),
        ("T [degC],conductivity [S/m]\n25,nan\n60,2\n", "not a finite number"),
    ],
)
def test_a_wrong_file_is_one_clear_error(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "kappa.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        own(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"name": "own"}, "needs conductivity, separator_thickness, areal_capacity"),
        ({"name": "own", "conductivity": 0.1, "separator_thickness": 1e-5}, "needs areal_capacity"),
        ({"name": "owm"}, "unknown electrolyte"),
        ({"name": "peo-litfsi", "title": "mine"}, "a title belongs to an electrolyte of your own"),
        ({"name": "own", "conductivity": 0.1, "transference_number": 1.5, **CELL}, "out of range"),
        ({"name": "own", "conductivity": 0.1, "transfer_coefficient": 0, **CELL}, "out of range"),
        ({"name": "own", "conductivity": 0.1, "title": "two\nlines", **CELL}, "not one line"),
        ({"name": "own", "conductivity": 0.1, "source": " ", **CELL}, "not one line"),
    ],
)
def test_a_wrong_electrolyte_is_one_clear_error(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        aso.Electrolyte(**keys)


def test_the_command_line_says_it_with_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.toml"
    file.write_text(
        '[electrolyte]\nname = "own"\nconductivity = {law = "vft"}\n[protocol]\nsteps = ["Rest for 1 hour"]\n'
    )
    assert main(["run", str(file)]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "electrolyte.conductivity.range" in told
