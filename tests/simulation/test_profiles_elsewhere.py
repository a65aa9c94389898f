"""Cases with profiles in estimates, sweeps, fits and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.protocol.profile import Profile
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.response import respond
from asyncsoc.studies.sweep.plan import Plan

SECTIONS: dict[str, Any] = {"particle": {"radius": 5e-6}, "contact": {"kind": "cap", "coverage": 0.3}}


def case(step: str, **protocol: Any) -> aso.Case:
    return aso.Case.from_dict({**SECTIONS, "protocol": {"initial_soc": 0.3, "steps": [step], **protocol}})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    time = np.arange(61.0)
    return Profile.from_arrays(time, c_rate=0.1 + 0.2 * np.sin(time)).saved(tmp_path / "drive.csv")


def test_the_estimate_takes_the_mean_current_of_a_profile() -> None:
    plain = aso.estimate(case("Charge at C/10 until 4.2 V"))
    profile = {"time": [0.0, 10.0, 20.0], "c_rate": [0.0, 0.2, 0.0]}
    followed = aso.estimate(case("Follow p until > 4.2 V", profiles={"p": profile}))
    assert followed.largest_lead == pytest.approx(plain.largest_lead, rel=1e-9)
    assert any("mean current" in note for note in followed.notes)
    with pytest.raises(InputError, match="no step of the protocol has a constant current"):
        aso.estimate(case("Follow p", profiles={"p": {"time": [0.0, 1.0, 2.0], "c_rate": [-1.0, 0.0, 1.0]}}))


def test_a_sweep_takes_a_profile_from_a_file_and_refuses_arrays(file: Path) -> None:
    plan = Plan.of(case(f'Follow "{file}"'), "contact.coverage=0.3,0.5")
    sections = [plan.case(number) for number in (0, 1)]
    assert [one.contact.coverage for one in sections] == [0.3, 0.5]
    assert sections[0].protocol.profile[0].sha256 == sections[1].protocol.profile[0].sha256
    with pytest.raises(InputError, match="every worker can read"):
        Plan.of(case("Follow p", profiles={"p": {"time": [0, 1], "c_rate": [0, 1]}}), "contact.coverage=0.3,0.5")


def test_a_fit_compares_with_data_measured_along_a_profile(file: Path) -> None:
    one = case(f'Follow "{file}"').with_overrides(["contact.kind=full", "contact.coverage=1"])
    columns = aso.simulate(one).columns
    times = np.array([5.0, 20.0, 50.0])
    measured = MeasuredCurve(
        "voltage", times, np.interp(times, columns[names.TIME], columns[names.VOLTAGE]), False, "", ""
    )
    response = respond(one, [measured])
    values = np.interp(times, response.time, response.voltage)
    assert values == pytest.approx(measured.values, abs=2e-5)


def test_the_command_says_how_a_profile_is_read(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocol", f'Follow "{file}" until mean SOC 0.4 or < 2.8 V (hold)', "--json"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert (step["control"], step["profile"]["quantity"], step["profile"]["points"]) == ("profile", "c-rate", 61)
    assert step["profile"]["between points"] == "hold"
    assert step["terminations"] == [
        {"quantity": "curve", "value": 0.4, "unit": "1", "curve": "Mean SOC"},
        {"quantity": "voltage", "value": 2.8, "unit": "V", "side": "<"},
    ]
    assert main(["protocol", "Charge at 8 nW until 4.2 V", "Discharge at 4 Gohm for 1 s", "Follow nowhere.csv"]) == 0
    shown = capsys.readouterr().out
    assert "+8e-09 W" in shown and "4e+09 ohm" in shown and "nowhere.csv (not here)" in shown


def test_a_case_file_names_a_profile_beside_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[contact]\nkind = "full"\n[protocol]\nsteps = ["Follow drive.csv"]\ninitial_soc = 0.3\n'
    (file.parent / "case.toml").write_text(text)
    assert main(["run", str(file.parent / "case.toml"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["curves"][names.TIME]) == 61
    file.write_text("time [s], c-rate\n0,1\n0,1\n")
    assert main(["run", str(file.parent / "case.toml"), "--json"]) == 2
    assert "time does not rise" in capsys.readouterr().err
