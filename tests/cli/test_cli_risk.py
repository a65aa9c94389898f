"""`asyncsoc risk`, `asyncsoc react` and the side reaction's parameters on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.case import Case
from asyncsoc.cli.main import main
from asyncsoc.materials.thermochemistry.conditions import ENERGIES
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.studies.risk.study import study_risk

CASE = """
[contact]
kind = "cap"
coverage = 0.3
[protocol]
steps = ["Charge at C/5 for 1 hour"]
"""


@pytest.fixture
def case(tmp_path: Path) -> str:
    path = tmp_path / "case.toml"
    path.write_text(CASE)
    return str(path)


@pytest.mark.slow
def test_risk_is_told_under_every_reading_with_its_band(case, tmp_path, capsys) -> None:
    assert (
        main(["risk", case, "--against", "contact.coverage=0.9", "--at-x", "0.8", "-o", str(tmp_path), "--json"]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    cal, hot = document["particles"]
    assert cal["coverage"] == pytest.approx(0.3)
    assert cal["exchange current densities [A/m2]"] == [0.1, 1.0]
    readings = {(row["energy"], row["driving force"]) for row in cal["risk"]}
    assert readings == {(e, d) for e in ("total", "mutual") for d in ("potential", "reaction-energy", "both")}
    # The case's own energy first, then the other; the potential alone knows no reaction energy.
    told = [(row["driving force"], row["thermochemistry"]) for row in cal["risk"]][:5]
    assert told == [("potential", "enthalpy"), *((d, t) for d in ("reaction-energy", "both") for t in ENERGIES)]
    for row, other in zip(cal["risk"], hot["risk"], strict=True):
        outer = row["over i0 and thermochemistry"]
        assert outer[0] <= row["over i0"][0] <= row["over i0"][1] <= outer[1]
        low, high = row["over i0"]
        assert low <= row["largest risk"] <= high
        product = 1.0
        for factor in row["factors"].values():
            product *= factor
        assert row["largest risk"] == pytest.approx(product, rel=1e-3)
        assert row["largest risk"] > other["largest risk"] > 1.0
        assert row["factors"]["reaction energy"] == 1.0 or row["driving force"] != "potential"
        assert row["dose against full coverage"] > 1.0
    assert {"holds under both"} == {
        row["word"] for row in document["conclusions"] if "per contact area at equal mean" in row["statement"]
    }
    assert Path(document["files"][0]).read_bytes().startswith(b"\x89PNG")


def test_risk_as_tables(case, capsys) -> None:
    assert main(["risk", case, "--at-x", "0.8", "--reactant", "litfsi", "--reactant", "eca"]) == 0
    out = capsys.readouterr().out
    assert "raises the risk of litfsi more than that of eca" in out
    assert "only as enthalpy" in out
    assert "assumed" in out


@pytest.mark.slow
def test_a_stoichiometry_that_is_never_reached_is_an_error_or_explained(case, capsys) -> None:
    assert main(["risk", case, "--at-x", "0.2", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert "no particle reaches this mean stoichiometry" in error["what"]
    assert error["where"] == "--at-x"
    assert error["allowed"].startswith("f = 0.3: 0.7")
    for wrong in ("1.5", "-0.1", "nan"):
        assert main(["risk", case, "--at-x", wrong]) == 2
        assert "0 to 1" in capsys.readouterr().err
    longer = ["--against", "protocol.steps=['Charge at C/5 for 2 hours']"]
    assert main(["risk", case, *longer, "--at-x", "0.65"]) == 0
    out = capsys.readouterr().out
    assert "nan" not in out
    assert "mean x = 0.65 is not reached; the mean x that can be compared: f = 0.3: 0.7" in out


def test_gibbs_energies_on_request(case, capsys) -> None:
    assert main(["risk", case, "--at-x", "0.8", "--energy", "gibbs", "--temperature", "25 degC", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["particles"][0]["risk"]
    told = [(row["thermochemistry"], row["thermochemistry temperature [K]"]) for row in rows[1:3]]
    assert told == [("gibbs", 298.15), ("enthalpy", 298.15)]
    assert main(["risk", case, "--energy", "gibs"]) == 2
    assert "side_reaction.thermochemistry" in capsys.readouterr().err
    assert main(["risk", case, "--temperature", "150 degC"]) == 2
    assert "at most 90 degC" in capsys.readouterr().err


def test_an_array_of_exchange_current_densities(case) -> None:
    study = study_risk(Case.from_toml(case), driving_forces=("potential",), exchange_current_densities=np.array([0.3]))
    assert study.exchange_current_densities == (0.3,)
    assert len(study.band[study.scenarios[0]]) == 1


def test_what_cannot_be_studied(case, capsys) -> None:
    assert main(["risk", case, "--set", "kinetics.model=uniform-flux"]) == 2
    assert "no band over it" in capsys.readouterr().err
    own = "side_reaction.energies=[[0.1, -0.5], [0.4, -0.45], [0.7, -0.4], [1.0, -0.3]]"
    assert main(["risk", case, "--set", own]) == 2
    assert "of one kind" in capsys.readouterr().err
    assert main(["risk", case, "--reactant", "water"]) == 2
    assert "unknown reactant" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["risk 3", "film 5 nm"])
def test_a_step_of_a_study_that_ends_on_a_side_reaction_is_refused(limit, case, capsys) -> None:
    """Once it never ended there: the study has a risk for each scenario, and took none of them for the step's."""
    assert main(["risk", case, "--set", f"protocol.steps=['Charge at C/10 until {limit} or 4.2 V']"]) == 2
    told = capsys.readouterr().err
    assert "none of them can end a step" in told
    assert "until 4.2 V" in told


def test_a_step_of_a_study_may_end_on_a_curve_of_the_lithium(case) -> None:
    steps = 'protocol.steps=["Charge at C/10 until mean SOC 0.2"]'
    run = Case.from_toml(case).with_overrides(["protocol.initial_soc=0.15", steps, "particle.mesh=coarse"])
    study = study_risk(run, driving_forces=("potential",), exchange_current_densities=())
    mean_x = study.default[study.scenarios[0]].mean_x
    whole = simulate(run.with_overrides(["side_reaction.mode=off"])).columns
    assert whole[names.MEAN_SOC][-1] == pytest.approx(0.2, abs=1e-6)
    assert mean_x[-1] == pytest.approx(whole[names.MEAN_X][-1], abs=1e-6)


def test_the_constants_are_listed_as_assumed(capsys) -> None:
    assert main(["params", "side-reaction", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["parameters"]}
    assert all(row["assumed"] and row["source"] == "assumed" and row["note"] for row in rows.values())
    lumped = rows["film resistance gained per charge"]
    assert lumped["value"] == pytest.approx(
        rows["film volume per charge"]["value"] / rows["film conductivity"]["value"]
    )
    assert rows["barrier coefficient"]["value"] == pytest.approx(1.617, abs=1e-3)
    assert main(["params", "--json"]) == 0
    assert "side-reaction" in {row["name"] for row in json.loads(capsys.readouterr().out)["sets"]}


def test_react_is_a_command(capsys) -> None:
    assert main(["react", "--electrolyte", "eca", "--x", "1,0.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["x"] == [1.0, 0.5]
    assert main(["react", "--electrolyte", "water"]) == 2
    assert "unknown reactant" in capsys.readouterr().err
