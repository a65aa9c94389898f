"""Parameters of BPX files and PyBaMM sets become sections of a case, which is data like any other."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.materials.potentials import potential_at
from asyncsoc.problem.case_materials import cathode_of
from tests.materials.importing.bpx_documents import BLEND, LFP, PARTIAL, with_field, write

CHARGE = {"steps": ["Charge at C/10 for 1 hour"], "initial_stoichiometry": 0.9}


def test_a_case_computes_with_what_the_file_says(tmp_path: Path) -> None:
    imported = aso.import_bpx(write(tmp_path, PARTIAL), formula="LiNi0.5Mn0.3Co0.2O2")
    case = imported.case(CHARGE)
    cathode, x = cathode_of(case.material), np.linspace(0.4, 0.95, 77)
    electrode = imported.electrode
    np.testing.assert_allclose(cathode.open_circuit_potential(x), electrode.potential(x, 298.15), rtol=0.0, atol=2e-5)
    i0 = case.kinetics.exchange_current
    for temperature in (298.15, 333.15):
        np.testing.assert_allclose(cathode.diffusivity(x, temperature), electrode.diffusion(x, temperature), rtol=2e-4)
        np.testing.assert_allclose(i0(x, temperature), electrode.exchange_current(x, temperature), rtol=1e-12)
    assert case.kinetics.transfer_coefficient == 0.5
    assert case.particle.radius == 5e-6
    assert cathode.window == (0.4, 0.95)
    assert cathode.maximum_concentration == 50000.0
    assert cathode.charged_voltage == pytest.approx(float(electrode.potential(np.array([0.4]), 298.15)[0]))


def test_such_a_case_is_data(tmp_path: Path) -> None:
    case = aso.import_bpx(LFP, formula="LiFePO4").case(CHARGE, contact={"kind": "cap", "coverage": 0.3})
    file = tmp_path / "case.toml"
    file.write_text(case.to_toml())
    assert len(case.to_toml()) < 50_000
    assert aso.Case.from_toml(file).hash == case.hash
    assert pickle.loads(pickle.dumps(case)).hash == case.hash


def test_the_same_values_make_the_same_case_wherever_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    here, there = write(tmp_path, PARTIAL), write(tmp_path / "a", PARTIAL, "other.json")
    cases = [aso.import_bpx(path, formula="LiCoO2").case(CHARGE) for path in (here, there)]
    assert cases[0].hash == cases[1].hash


@pytest.mark.slow
def test_lfp_of_a_published_file_runs() -> None:
    imported = aso.import_bpx(LFP, formula="LiFePO4")
    solution = aso.simulate(imported.case({"steps": ["Charge at C/2 until 3.6 V"], "initial_stoichiometry": 0.94}))
    assert solution.stop_reason == "voltage 3.6 V reached"
    plateau = solution.curves["Voltage [V]"].values
    assert 3.40 < np.median(plateau) < 3.46  # flat, and a little above U


def test_entropy_and_branches_of_the_file_are_those_of_the_cathode(tmp_path: Path) -> None:
    document = with_field("OCP (delithiation) [V]", "4.65 - 1.1 * x")
    document["Parameterisation"]["Positive electrode"]["OCP (lithiation) [V]"] = {"x": [1.0, 0.0], "y": [3.4, 4.5]}
    imported = aso.import_bpx(write(tmp_path, document), formula="LiCoO2")
    cathode, x = cathode_of(imported.material), np.linspace(0.4, 0.95, 77)
    for temperature in (298.15, 333.15):
        # The table of three points is joined by a cubic here, by straight lines in the standard.
        entropy = np.interp(x, [0.0, 0.5, 1.0], [-1e-4, -2e-4, -1e-4]) * (temperature - 298.15)
        for branch, u in (("charge", 4.65 - 1.1 * x), ("discharge", 4.5 - 1.1 * x)):
            np.testing.assert_allclose(potential_at(cathode, temperature, branch)(x), u + entropy, rtol=0.0, atol=1e-3)
    assert (
        cathode_of(aso.import_bpx(write(tmp_path, document), formula="LiCoO2", hysteresis="mean").material).branches
        is None
    )
    solution = aso.simulate(
        imported.case(
            {
                "steps": ["Charge at C/1000 for 1 minute", "Discharge at C/1000 for 1 minute"],
                "initial_stoichiometry": 0.6,
            }
        )
    )
    voltage = solution.curves["Voltage [V]"].values
    assert voltage[1] - voltage[-1] == pytest.approx(0.15, abs=2e-3)


def test_keys_of_sections_can_be_replaced() -> None:
    imported = aso.import_bpx(BLEND, part="Small Particles", formula="LiNi0.33Mn0.33Co0.34O2", charged_voltage="4.2 V")
    assert imported.material.charged_voltage == 4.2
    case = imported.case(CHARGE, particle={"radius": "3 um"}, kinetics={"film_resistance": 0.01})
    assert case.particle.radius == pytest.approx(3e-6)
    assert case.kinetics.transfer_coefficient == 0.5
    assert case.kinetics.film_resistance == 0.01


def test_sections_may_be_objects_and_the_window_another(tmp_path: Path) -> None:
    imported = aso.import_bpx(write(tmp_path, PARTIAL), window=(0.5, 0.9), formula="LiCoO2")
    protocol = aso.Protocol(steps=["Charge at C/10 for 1 hour"], initial_stoichiometry=0.85)
    case = imported.case(protocol, contact=aso.Contact(kind="cap", coverage=0.3), solver=aso.Solver(tolerance=1e-5))
    assert case.material.window == (0.5, 0.9)
    assert case.contact.coverage == 0.3
    assert case.protocol.initial_stoichiometry == 0.85
    with pytest.raises(InputError, match="coverag"):
        imported.case(protocol, contact={"kind": "cap", "coverag": 0.3})


def test_the_report_is_a_table() -> None:
    text = str(aso.import_bpx(LFP, formula="LiFePO4"))
    assert text.startswith("BPX 0.1.0, lfp_18650_cell_BPX.json")
    assert "converted  Positive electrode: Reaction rate constant" in text
    assert any(line.startswith("ignored") and "Negative electrode" in line for line in text.splitlines())


@pytest.mark.filterwarnings("ignore")
def test_a_pybamm_set_becomes_a_case() -> None:
    pytest.importorskip("pybamm")
    imported = aso.import_pybamm("Marquis2019", window=(0.45, 0.99), formula="LiCoO2")
    case = imported.case(CHARGE)
    assert case.material.window == (0.45, 0.99)
    assert case.material.diffusivity == 1e-13
    assert case.material.diffusivity_activation_energy == pytest.approx(18550.0)
    assert case.material.charged_voltage == 4.2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "formula is not known"),
        ({"formula": "LiXx"}, "Xx"),
        ({"formula": "LiCoO2", "window": (0.9, 0.5)}, "reversed"),
        ({"formula": "LiCoO2", "window": (-0.1, 0.9)}, "not between 0 and 1"),
        ({"formula": "LiCoO2", "radius": 1e-6}, "radius"),
        ({"formula": "LiCoO2", "part": "A"}, "no blend"),
    ],
)
def test_what_is_asked_wrongly_is_one_error(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        aso.import_bpx(write(tmp_path, PARTIAL), **keys)


def test_the_command_shows_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "--from", str(LFP)]) == 0
    shown = capsys.readouterr().out
    assert "Positive electrode: OCP [V]" in shown
    assert "aso.import_bpx(FILE, formula=...)" in shown
    assert main(["params", "--from", str(BLEND), "--part", "Small Particles", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "BPX"
    assert document["part"] == "Small Particles"
    assert document["particle radius [m]"] == 1e-6
    assert {value["fate"] for value in document["values"]} == {"taken", "converted", "assumed", "ignored"}
    curves = document["curves"]
    assert len({len(values) for values in curves.values()}) == 1
    measured = tmp_path / "cell.bdf.csv"
    measured.write_text("Test Time / s,Current / A,Voltage / V\n0,1,3.6\n10,1,3.7\n")
    assert main(["params", "--from", str(measured), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["points"], document["duration [s]"]) == ("BDF", 2, 10.0)
    assert main(["params", "--from", str(measured)]) == 0


def test_the_command_writes_sections_of_a_case_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lfp.toml"
    assert main(["params", "--from", str(LFP), "--formula", "LiFePO4", "-o", str(file)]) == 0
    assert f"asyncsoc run {file}" in capsys.readouterr().out
    file.write_text(
        file.read_text() + '[protocol]\nsteps = ["Charge at C/10 for 1 hour"]\ninitial_stoichiometry = 0.9\n'
    )
    assert aso.Case.from_toml(file).hash == aso.import_bpx(LFP, formula="LiFePO4").case(CHARGE).hash


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "{blend}"], "blend of 2 materials"),
        (["--from", "{blend}", "--part", "Medium"], "unknown part"),
        (["--from", "none.json"], "cannot be opened"),
        (["--from", "{wrong}"], "did you mean: 50000"),
        (["--from", "{csv}"], "no column"),
        (["--from", "{csv}", "--part", "A"], "no parts"),
        (["--part", "A"], "add --from FILE"),
        (["--formula", "LiCoO2"], "add --from FILE"),
        (["--from", "{csv}", "-o", "case.toml"], "no case"),
        (["--from", "{blend}", "--part", "Small Particles", "-o", "case.toml"], "formula is not known"),
        (["peo-litfsi", "--from", "{blend}"], "leave one of them out"),
        (["--from", "."], "not a regular file"),
    ],
)
def test_wrong_input_of_the_command_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    csv = tmp_path / "table.csv"
    csv.write_text("a,b\n1,2\n")
    wrong = write(tmp_path, with_field("Maximum concentration [mol.m-3]", 50.0))
    given = [argument.format(blend=BLEND, csv=csv, wrong=wrong) for argument in arguments]
    assert main(["params", *given]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("window", ["ab", (0.5,), (0.4, 0.5, 0.9), 0.5, (None, 1.0), ("0.4", "0.9"), (True, False)])
def test_a_window_that_is_none_is_refused(window: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no window"):
        aso.import_bpx(write(tmp_path, PARTIAL), formula="LiCoO2", window=window)


@pytest.mark.parametrize("sections", [{"protocol": 5}, {"protocol": CHARGE, "contact": 5}])
def test_a_section_that_is_none_is_refused(sections: dict[str, Any], tmp_path: Path) -> None:
    imported = aso.import_bpx(write(tmp_path, PARTIAL), formula="LiCoO2")
    with pytest.raises(InputError, match="expected a section"):
        imported.case(**sections)
