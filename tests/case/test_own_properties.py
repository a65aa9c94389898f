"""A cathode of the user's own: numbers, tables, CSV files, named laws and functions as properties of a case."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.materials.ncm811 import diffusivity_oregan2022, exchange_current_oregan2022, potential_chen2020
from asyncsoc.materials.property_kinds import DIFFUSIVITY, EXCHANGE_CURRENT, POTENTIAL
from asyncsoc.materials.property_tables import table_from_arrays
from asyncsoc.problem.case_materials import cathode_of

X = np.linspace(0.2, 0.99, 80)
STEPS = {"steps": ["Charge at C/10 until 4.2 V"], "initial_stoichiometry": 0.9}
OWN: dict[str, Any] = {
    "name": "own",
    "open_circuit_potential": {"x": X, "U": potential_chen2020(X)},
    "diffusivity": "4e-15 m2/s",
    "maximum_concentration": "51765 mol/m3",
    "formula": "LiNi0.8Co0.1Mn0.1O2",
    "window": [0.22, 0.98],
}


def case(material: dict[str, Any], kinetics: dict[str, Any] | None = None) -> aso.Case:
    return aso.Case.from_dict(
        {
            "material": material,
            "kinetics": kinetics or {"exchange_current_density": "2 A/m2"},
            "electrolyte": {"name": "liquid-lipf6"},
            "protocol": STEPS,
        }
    )


def written(path: Path, head: str, *columns: Any) -> str:
    rows = "\n".join(",".join(repr(float(one)) for one in row) for row in zip(*columns, strict=True))
    path.write_text(f"{head}\n{rows}\n")
    return str(path)


@pytest.mark.parametrize("reverse", [False, True], ids=["rising x", "falling x"])
def test_a_file_arrays_and_a_mapping_are_one_case(tmp_path: Path, reverse: bool) -> None:
    x = X[::-1] if reverse else X
    files = {
        "open_circuit_potential": written(tmp_path / "ocv.csv", "x, U [mV]", x, 1e3 * potential_chen2020(x)),
        "diffusivity": written(tmp_path / "d.csv", "x; D [cm2/s]".replace(";", ","), x, np.full(len(x), 4e-11)),
    }
    from_file = case({**OWN, **files})
    from_arrays = case({**OWN, "diffusivity": {"x": X.tolist(), "D": [4e-15] * len(X)}})
    cathodes = [cathode_of(one.material) for one in (from_file, from_arrays)]
    probe = np.linspace(0.22, 0.98, 333)
    np.testing.assert_allclose(*(one.open_circuit_potential(probe) for one in cathodes), rtol=1e-12)
    np.testing.assert_allclose(*(one.diffusivity(probe, 300.0) for one in cathodes), rtol=1e-9)
    listed = {one.name: one.source for one in cathodes[0].parameters}
    assert "ocv.csv, SHA-256" in listed["open-circuit potential"]


def test_where_a_table_is_from_is_not_part_of_the_case(tmp_path: Path) -> None:
    u = potential_chen2020(X)
    file = case({**OWN, "open_circuit_potential": written(tmp_path / "ocv.csv", "x, U [V]", X, u)})
    assert file.hash == case(OWN).hash
    assert case({**OWN, "open_circuit_potential": {"x": X, "U": u + 1e-6}}).hash != case(OWN).hash


@pytest.mark.parametrize(
    "material",
    [
        OWN,
        {**OWN, "diffusivity": diffusivity_oregan2022, "open_circuit_potential": potential_chen2020},
        {**OWN, "diffusivity": {"law": "arrhenius", "value": "4e-15 m2/s", "activation_energy": "30 kJ/mol"}},
        {**OWN, "diffusivity": {"x": [0.2, 0.9], "T": ["25 degC", 333.15], "D": [[1e-15, 2e-15], [3e-15, 4e-15]]}},
        {**OWN, "valence": {"element": "Ni", "atoms": 0.8, "fixed_charge": 0.7}, "charged_voltage": 4.3},
        {"name": "ncm811-chen2020", "diffusivity": {"law": "log10-polynomial", "coefficients": [-14.0, -1.0]}},
    ],
    ids=["table", "functions", "law", "grid", "valence", "override"],
)
def test_a_case_is_data(material: dict[str, Any]) -> None:
    first = case(material, {"exchange_current_density": {"law": "butler-volmer", "rate_constant": 2e-5}})
    for again in (
        aso.Case.from_text(first.to_toml()),
        aso.Case.from_dict(first.to_dict()),
        pickle.loads(pickle.dumps(first)),
        first.with_overrides([]),
    ):
        assert again == first
        assert again.hash == first.hash
        assert again.to_toml() == first.to_toml()


def test_tables_and_functions_follow_what_they_are_made_of() -> None:
    probe, nodes = np.linspace(0.23, 0.97, 1001), np.linspace(0.2, 0.99, 200)
    table = table_from_arrays(POTENTIAL, nodes, potential_chen2020(nodes))
    assert np.abs(table(probe) - potential_chen2020(probe)).max() < 1e-5
    own = cathode_of(
        case({**OWN, "diffusivity": diffusivity_oregan2022, "open_circuit_potential": potential_chen2020}).material
    )
    assert np.abs(own.open_circuit_potential(probe) - potential_chen2020(probe)).max() < POTENTIAL.tolerance
    for temperature in (263.15, 298.15, 333.15):
        exact = diffusivity_oregan2022(probe, temperature)
        assert np.abs(own.diffusivity(probe, temperature) / exact - 1.0).max() < DIFFUSIVITY.tolerance
    i0 = case(OWN, {"exchange_current_density": exchange_current_oregan2022}).kinetics.exchange_current
    exact = exchange_current_oregan2022(probe, 320.0)
    assert np.abs(i0(probe, 320.0) / exact - 1.0).max() < EXCHANGE_CURRENT.tolerance


@given(st.lists(st.floats(1e-4, 0.5), min_size=1, max_size=30), st.lists(st.floats(0.0, 0.3), min_size=30, max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_table_of_u_falls_wherever_its_data_do(gaps: list[float], falls: list[float]) -> None:
    x = np.minimum(np.concatenate(([0.0], np.cumsum(gaps))) / sum(gaps), 1.0)
    u = 4.5 - np.concatenate(([0.0], np.cumsum(falls[: len(gaps)])))
    if np.any(np.diff(x) <= 0.0) or u[-1] < 0.0 or u[0] == u[-1]:
        return
    table = table_from_arrays(POTENTIAL, x, u)
    fine = table(np.linspace(0.0, 1.0, 2001))
    assert np.all(np.diff(fine) < 1e-15)
    assert np.abs(table(x) - u).max() < 1.1e-5  # equal neighbours are tilted by 0.01 mV at most


def test_activation_energies_act_about_their_temperature() -> None:
    energy = {"diffusivity_activation_energy": "30 kJ/mol", "reference_temperature": "60 degC"}
    own = cathode_of(case({**OWN, **energy}).material)
    x = np.array([0.5])
    assert own.diffusivity(x, 333.15)[0] == pytest.approx(4e-15, rel=1e-12)
    factor = np.exp(30000.0 / 8.31446261815324 * (1.0 / 333.15 - 1.0 / 298.15))
    assert own.diffusivity(x, 298.15)[0] == pytest.approx(4e-15 * factor, rel=1e-12)


def rising(x: np.ndarray) -> np.ndarray:
    return 3.0 + x


def raising(x: np.ndarray) -> np.ndarray:
    raise RuntimeError("no data")


NAN = {"x": [0.2, 0.5, 0.9], "U": [4.2, float("nan"), 3.5]}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "x back and forth",
        {"open_circuit_potential": {"x": [0.2, 0.6, 0.5, 0.9], "U": [4.2, 4.0, 3.8, 3.5]}},
        "x does not rise",
    ),
    ("x twice", {"open_circuit_potential": {"x": [0.2, 0.5, 0.5, 0.9], "U": [4.2, 4.0, 3.8, 3.5]}}, "x does not rise"),
    ("x in per cent", {"open_circuit_potential": {"x": [20, 50, 90], "U": [4.2, 4.0, 3.8]}}, "x is out of range"),
    ("NaN", {"open_circuit_potential": NAN}, "not a finite number"),
    ("U in mV without its unit", {"open_circuit_potential": {"x": [0.2, 0.9], "U": [4200, 3500]}}, "U is out of range"),
    ("U rises", {"open_circuit_potential": {"x": [0.2, 0.5, 0.9], "U": [3.5, 3.8, 4.2]}}, "does not fall"),
    ("U constant", {"open_circuit_potential": {"x": [0.2, 0.5, 0.9], "U": [3.4, 3.4, 3.4]}}, "does not fall"),
    ("U a number", {"open_circuit_potential": 3.4}, "cannot be one number"),
    ("negative D", {"diffusivity": {"x": [0.2, 0.9], "D": [1e-14, -1e-14]}}, "D is out of range"),
    ("negative D, a number", {"diffusivity": -1e-14}, "out of range"),
    ("D in volts", {"diffusivity": "4 V"}, "wrong dimension"),
    (
        "lengths differ",
        {"diffusivity": {"x": [0.2, 0.5, 0.9], "D": [1e-14, 1e-14]}},
        "does not have a value for every x",
    ),
    ("no x", {"diffusivity": {"D": [1e-14, 1e-14]}}, "lacks 'x'"),
    ("unknown key", {"diffusivity": {"x": [0.2, 0.9], "D": [1e-14, 1e-14], "Temperature": 3}}, "unknown key"),
    ("texts", {"diffusivity": {"x": [0.2, 0.9], "D": ["1e-14", "a"]}}, "not a list of numbers"),
    ("one point", {"diffusivity": {"x": [0.2], "D": [1e-14]}}, "too few rows"),
    ("too many points", {"diffusivity": {"x": np.linspace(0, 1, 6000), "D": np.full(6000, 1e-14)}}, "too many values"),
    ("T for U", {"open_circuit_potential": {"x": [0.2, 0.9], "T": [298.0], "U": [[4.2, 3.5]]}}, "has no temperatures"),
    ("T twice", {"diffusivity": {"x": [0.2, 0.9], "T": [298.0, 298.0], "D": [[1e-14, 1e-14]] * 2}}, "given twice"),
    (
        "T in degC without its unit",
        {"diffusivity": {"x": [0.2, 0.9], "T": [25, 60], "D": [[1e-14, 1e-14]] * 2}},
        "T is out of range",
    ),
    ("unknown law", {"diffusivity": {"law": "arhenius", "value": 1e-14}}, "unknown law"),
    ("a law of another property", {"diffusivity": {"law": "tanh-sum", "constant": 4.0}}, "unknown law"),
    (
        "law parameter missing",
        {"diffusivity": {"law": "arrhenius", "activation_energy": 3e4}},
        "lacks its parameter 'value'",
    ),
    (
        "law parameter unknown",
        {"diffusivity": {"law": "arrhenius", "value": 1e-14, "energy": 3e4}},
        "no parameter 'energy'",
    ),
    ("law parameter of another unit", {"diffusivity": {"law": "arrhenius", "value": "1e-14 m/s"}}, "wrong dimension"),
    (
        "lists of a law differ",
        {
            "open_circuit_potential": {
                "law": "tanh-sum",
                "constant": 4.0,
                "amplitudes": [1.0],
                "steepnesses": [1.0, 2.0],
                "positions": [0.5],
            }
        },
        "different lengths",
    ),
    (
        "a law that rises",
        {"open_circuit_potential": {"law": "polynomial", "coefficients": [3.0, 1.0]}},
        "does not fall",
    ),
    ("window beyond the table", {"window": [0.1, 0.98]}, "reaches beyond the table"),
    ("window upside down", {"window": [0.9, 0.2]}, "no window of stoichiometries"),
    ("window of text", {"window": "0.2 to 0.9"}, "no window of stoichiometries"),
    ("unknown element", {"formula": "LiXx0.8O2"}, "unknown element"),
    ("no lithium", {"formula": "CoO2"}, "holds lithium"),
    (
        "activation energy without a diffusivity",
        {"diffusivity_activation_energy": 3e4, "name": "ncm811-chen2020", "diffusivity": None},
        "activation energy belongs",
    ),
    ("function raises", {"open_circuit_potential": raising}, "RuntimeError: no data"),
    ("function of wrong shape", {"open_circuit_potential": lambda x: np.ones(3)}, "something else than a real number"),
    ("complex function", {"diffusivity": lambda x: 1e-14 * (1.0 + 0j * x)}, "something else than a real number"),
    ("function that rises", {"open_circuit_potential": rising}, "does not fall"),
    ("function with a jump", {"diffusivity": lambda x: np.where(x < 0.5123, 1e-14, 1e-15)}, "too sharply"),
    ("function of x and T for U", {"open_circuit_potential": lambda x, t: 4.0 - x}, "function of x alone"),
    ("function below zero", {"diffusivity": lambda x: x - 0.5}, "out of range"),
    ("a list", {"diffusivity": [1e-14, 2e-14]}, "this is no diffusivity"),
    ("unknown redox element", {"valence": {"element": "Zz"}}, "unknown redox element"),
    ("valence of text", {"valence": {"element": "Co", "atoms": "one"}}, "made of numbers"),
    ("a missing file", {"diffusivity": "no_such.csv"}, "cannot be opened"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_said_once(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        case({**OWN, **change})
    assert caught.value.where
    assert caught.value.allowed or caught.value.next_step or caught.value.nearest


@pytest.mark.parametrize("key", ["open_circuit_potential", "diffusivity", "maximum_concentration", "formula"])
def test_what_an_own_cathode_lacks_is_named(key: str) -> None:
    with pytest.raises(InputError, match=f"lacks {key}"):
        case({one: value for one, value in OWN.items() if one != key})


def test_an_own_cathode_needs_an_exchange_current_somewhere() -> None:
    with pytest.raises(InputError, match="needs its exchange current density"):
        case(OWN, {"model": "linear"})
    assert case(OWN, {"model": "uniform-flux"}).material.name == "own"


LOWER = {"x": X, "U": potential_chen2020(X) - 0.02}
UPPER = {"x": X, "U": potential_chen2020(X) + 0.02}
HYSTERESIS: list[tuple[str, dict[str, Any], str]] = [
    ("one branch", {"open_circuit_potential_charge": UPPER}, "needs both branches"),
    (
        "branches exchanged",
        {"open_circuit_potential_charge": LOWER, "open_circuit_potential_discharge": UPPER},
        "lies below that on discharge",
    ),
    ("a rule without branches", {"hysteresis": "branches"}, "needs both branches"),
    ("an unknown rule", {"hysteresis": "preisach"}, "unknown name"),
    ("an entropy in mV", {"entropy_coefficient": 0.3}, "out of range"),
    ("an entropy of another unit", {"entropy_coefficient": "0.1 mV"}, "wrong dimension"),
    ("an entropy as a law", {"entropy_coefficient": {"law": "polynomial", "coefficients": [1e-4]}}, "no named law"),
    ("a charged voltage out of reach", {"charged_voltage": 4.9}, "does not reach 4.9 V"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in HYSTERESIS], ids=[row[0] for row in HYSTERESIS])
def test_what_is_wrong_of_branches_and_entropy_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        case({**OWN, **change})
    assert caught.value.where


FILES = {
    "empty": ("", "empty"),
    "a head alone": ("x, U [V]\n", "too few rows"),
    "no head": ("0.2, 4.2\n0.9, 3.5\n", "no column"),
    "another column": ("x, V [V]\n0.2, 4.2\n0.9, 3.5\n", "no column"),
    "another unit": ("x, U [A]\n0.2, 4.2\n0.9, 3.5\n", "dimension"),
    "a decimal comma": ("x; U [V]\n0,2; 4,2\n0,9; 3,5\n", "not a finite number"),
    "a gap": ("x, U [V]\n0.2, 4.2\n0.5,\n0.9, 3.5\n", "not a finite number"),
    "huge": ("x, U [V]\n" + "".join(f"{k / 7000:.6f}, {4.5 - k / 7000:.6f}\n" for k in range(7000)), "too many values"),
    "a rise": ("x, U [V]\n0.2, 4.2\n0.5, 3.7\n0.7, 3.8\n0.9, 3.5\n", "does not fall"),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_is_wrong_with_a_file_is_said_with_its_place(kind: str, tmp_path: Path) -> None:
    text, said = FILES[kind]
    (tmp_path / "ocv.csv").write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        case({**OWN, "open_circuit_potential": str(tmp_path / "ocv.csv")})
    assert "ocv.csv" in str(caught.value.where)


def test_a_grid_with_a_hole_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x, T [degC], D [m2/s]\n0.2, 25, 1e-14\n0.9, 25, 1e-14\n0.2, 60, 2e-14\n")
    with pytest.raises(InputError, match="no full grid") as caught:
        case({**OWN, "diffusivity": tmp_path / "d.csv"})
    assert "x = 0.9 and 60 degC" in str(caught.value)


def test_the_command_line_takes_files_and_ends_with_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from asyncsoc.cli.main import main

    example = Path(__file__).parents[2] / "examples" / "own_cathode.toml"
    assert main(["params", str(example), "--json"]) == 0
    assert "own_cathode_ocv.csv, SHA-256" in capsys.readouterr().out
    wrong = tmp_path / "d.csv"
    wrong.write_text("x, D [m2/s]\n0.2, 1e-14\n0.9, -1e-14\n")
    assert main(["run", str(example), "--set", f"material.diffusivity={wrong}"]) == 2
    said = capsys.readouterr().err
    assert "d.csv:3" in said
    assert "Traceback" not in said


def test_a_molar_mass_given_to_a_set_changes_its_density_and_charge_per_gram() -> None:
    own = cathode_of(case({"name": "ncm811-chen2020"}).material)
    given = cathode_of(case({"name": "ncm811-chen2020", "molar_mass": "100 g/mol"}).material)
    assert given.molar_mass == 0.1
    assert given.density == pytest.approx(own.density * 0.1 / own.molar_mass, rel=1e-12)
    listed = {one.name: one.value for one in given.parameters}
    assert listed["capacity per unit x"] == pytest.approx(96485.33212 / 360.0, rel=1e-9)


PLACED: list[tuple[str, dict[str, Any], str, str]] = [
    ("formula of a set", {"name": "ncm811-chen2020", "formula": "LiCoO2"}, "keeps its own formula", "material.formula"),
    ("law below all D", {"diffusivity": {"law": "log10-polynomial", "coefficients": [-300]}}, "range", "diffusivity"),
    ("law beyond numbers", {"diffusivity": {"law": "log10-polynomial", "coefficients": [400]}}, "range", "diffusivity"),
    ("value of a law", {"diffusivity": {"law": "arrhenius", "value": 1e-28}}, "out of range", "diffusivity.value"),
    ("row of a table", {"open_circuit_potential": {"x": [0.1, 0.1], "U": [4, 3]}}, "x does", "_potential, value 2"),
    ("temperature of a law", {"diffusivity": {"law": "arrhenius", "value": 1e-14, "reference_temperature": 25}},
     "200 to 500 K", "diffusivity.reference_temperature"),
    ("endless number", {"valence": {"element": "Ni", "atoms": 10**400}}, "made of numbers", "material.valence"),
    ("a truth value", {"valence": {"element": "Co", "atoms": True}}, "made of numbers", "material.valence"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said", "place"), [row[1:] for row in PLACED], ids=[row[0] for row in PLACED])
def test_what_is_wrong_is_said_with_its_key(change: dict[str, Any], said: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        case(change if "name" in change else {**OWN, **change})
    assert said in str(caught.value)
    assert place in str(caught.value.where)


@pytest.mark.parametrize(
    "form",
    [lambda key: {"x": [0.0, 1.0], "T": ["60 degC"], key: [[2e-14, 2e-14]]},
     lambda key: {"law": "arrhenius", "value": 2e-14, "reference_temperature": "60 degC"}],
    ids=["table", "law"],
)  # fmt: skip
def test_an_activation_energy_counts_from_the_temperature_that_is_named(form: Any) -> None:
    factor = np.exp(30e3 / 8.314462618 * (1.0 / 333.15 - 1.0 / 298.15))
    made = case({**OWN, "diffusivity": form("D"), "diffusivity_activation_energy": "30 kJ/mol"})
    d = cathode_of(made.material).diffusivity
    given = form("i0") if "law" not in form("i0") else {**form("i0"), "value": 2.0}
    if "i0" in given:
        given["i0"] = [[2.0, 2.0]]
    i0 = case(OWN, {"exchange_current_density": given, "exchange_current_activation_energy": 30e3}).kinetics
    x = np.array([0.5])
    np.testing.assert_allclose([d(x, 333.15)[0], d(x, 298.15)[0]], [2e-14, 2e-14 * factor], rtol=1e-9)
    found = [float(i0.exchange_current(x, t)[0]) for t in (333.15, 298.15)]
    np.testing.assert_allclose(found, [2.0, 2.0 * factor], rtol=1e-9)


def test_a_reference_temperature_that_changes_nothing_is_said() -> None:
    from asyncsoc.case.validity import rate_law_warnings

    def said(**kinetics: object) -> tuple[str, ...]:
        case = aso.Case.from_objects(
            particle=aso.Particle(radius="5 um"),
            contact=aso.Contact(),
            material=aso.Material(),
            kinetics=aso.Kinetics(**kinetics),
            protocol=aso.Protocol(temperature="60 degC", steps=("Rest for 1 minute",)),
        )
        return rate_law_warnings(case)

    (sentence,) = said(exchange_current_density=1.0, reference_temperature="40 degC")
    assert sentence.startswith("kinetics.reference_temperature has no effect")
    energy = {"exchange_current_activation_energy": 3e4}
    assert said(exchange_current_density=1.0, reference_temperature="40 degC", **energy) == ()
    assert said(exchange_current_density=1.0) == ()
