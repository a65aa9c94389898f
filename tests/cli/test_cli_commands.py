"""What the commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asyncsoc.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"
CAL = str(EXAMPLES / "cal_vs_hotcal.toml")


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def document(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0], parse_constant=refuse)


@pytest.mark.parametrize("command", ["run", "estimate", "protocol", "params", "verify", "doctor", "demo"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: asyncsoc {command}" in capsys.readouterr().out


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "Exit codes: 0 done, 2 wrong input" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("asyncsoc ")


def test_protocol_as_table_and_document(capsys: pytest.CaptureFixture[str]) -> None:
    texts = (
        "Charge at C/10 until 4.2 V",
        "Hold at 4.2 V for 2 hours or until C/50",
        "Rest for 1 hour (5 minute period)",
    )
    steps = document(capsys, "protocol", *texts)["steps"]
    assert [step["control"] for step in steps] == ["c-rate", "voltage", "rest"]
    assert (steps[0]["value"], steps[0]["unit"]) == (0.1, "1/h")
    assert steps[0]["terminations"] == [{"quantity": "voltage", "value": 4.2, "unit": "V"}]
    assert (steps[1]["duration [s]"], steps[2]["period [s]"]) == (7200.0, 300.0)
    assert main(["protocol", *texts]) == 0
    table = capsys.readouterr().out
    for shown in ("+0.1 C", "voltage 4.2 V", "7200 s", "c-rate 0.02 C", "300 s", *texts):
        assert shown in table


def test_parameters_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    names = {entry["name"]: entry for entry in document(capsys, "params")["sets"]}
    assert names["ncm811-sturm2019"]["default"]
    assert names["peo-litfsi"]["kind"] == "electrolyte"
    for name in names:
        parameters = document(capsys, "params", name)["parameters"]
        assert parameters
        for parameter in parameters:
            assert {"name", "value", "unit", "source", "assumed"} <= set(parameter)
            assert isinstance(parameter["assumed"], bool)
    assert main(["params", "peo-litfsi"]) == 0
    assert "conductivity" in capsys.readouterr().out


def test_estimate_of_a_case_and_of_options_agree(capsys: pytest.CaptureFixture[str]) -> None:
    of_case = document(capsys, "estimate", CAL)
    options = ("--radius", "7.5 um", "--coverage", "0.3", "--rate", "C/10", "--temperature", "60 degC")
    assert document(capsys, "estimate", *options) == of_case
    faster = document(capsys, "estimate", "--rate", "C/5")
    excess = "contact-mean excess in stoichiometry"
    assert faster[excess]["with typical D"] == pytest.approx(2 * of_case[excess]["with typical D"], rel=1e-12)
    less = document(capsys, "estimate", CAL, "--set", "contact.coverage=0.1")
    assert less[excess]["with typical D"] > of_case[excess]["with typical D"]
    assert main(["estimate", "--diffusivity", "4e-15 m2/s"]) == 0
    captured = capsys.readouterr()
    assert "flux-limited" in captured.out
    assert "note: " in captured.err


def check(name: str, passed: bool) -> SimpleNamespace:
    return SimpleNamespace(name=name, value=1.0, reference=float("nan"), tolerance=0.1, passed=passed, note="why")


def test_verify_shows_its_checks_and_fails_with_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = SimpleNamespace(
        run_checks=lambda progress, *, three_dimensional, electrode: [check("cap", True), check("belt", True)]
    )
    monkeypatch.setitem(sys.modules, "asyncsoc.studies.verification.suite", suite)
    shown = document(capsys, "verify")["checks"]
    assert shown[0] == {
        "name": "cap",
        "value": 1.0,
        "reference": None,
        "tolerance": 0.1,
        "passed": True,
        "note": "why",
    }
    suite.run_checks = lambda progress, *, three_dimensional, electrode: [check("cap", True), check("belt", False)]
    assert not document(capsys, "verify", code=3)["checks"][1]["passed"]
    assert main(["verify"]) == 3
    captured = capsys.readouterr()
    assert "belt" in captured.out
    assert "1 of 2 checks passed; failed: belt" in captured.err
    suite.run_checks = lambda progress, *, three_dimensional, electrode: [check("ball", three_dimensional or electrode)]
    assert main(["verify", "--3d"]) == 0
    assert main(["verify", "--electrode"]) == 0
    assert main(["verify"]) == 3


def test_doctor_exits_with_4_where_something_needed_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncsoc.cli import installation as doctor

    good, absent = doctor.Check("Python", True, "3.12"), doctor.Check("gmsh", False, "not installed", required=False)
    missing = doctor.Check("C compiler", False, "none", "apt-get install gcc")
    monkeypatch.setattr(doctor, "run_checks", lambda: (good, absent))
    shown = document(capsys, "doctor")
    assert shown["ok"] is True
    assert [entry["name"] for entry in shown["checks"]] == ["Python", "gmsh"]
    monkeypatch.setattr(doctor, "run_checks", lambda: (good, missing))
    assert document(capsys, "doctor", code=4)["ok"] is False
    assert main(["doctor"]) == 4
    assert "apt-get install gcc" in capsys.readouterr().out


def test_demo_ends_with_its_table_and_the_paths_of_its_pictures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def charge(directory: Path, *, progress: object) -> SimpleNamespace:
        return SimpleNamespace(
            columns=("quantity", "Cal"),
            rows=[("lead", 0.16)],
            notes=["* where reached"],
            files=[directory / "curves.png"],
        )

    monkeypatch.setitem(sys.modules, "asyncsoc.studies.demo.report", SimpleNamespace(run_demo=charge))
    assert main(["demo", "-o", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "0.16" in shown
    assert "* where reached" in shown
    assert shown.endswith(f"{tmp_path / 'curves.png'}\n")


def test_a_table_survives_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncsoc.cli import console

    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(console, "is_terminal", lambda stream: True)
    assert main(["protocol", "Charge at C/10 until 4.2 V"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


@pytest.mark.parametrize(
    ("step", "code"), [("Charge at C/10 until 4.2 V (40 degC)", 2), ("Charge at C/10 until 4.2 V", 0)]
)
def test_the_temperature_of_an_estimate_reaches_the_step_or_says_that_it_does_not(
    step: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = f'["{step}", "Rest for 1 hour (80 degC)"]'
    text = f'[contact]\nkind = "cap"\ncoverage = 0.3\n[protocol]\nsteps = {steps}\n'
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    assert main(["estimate", str(tmp_path / "case.toml"), "--temperature", "50 degC"]) == code
    printed = capsys.readouterr()
    assert ("--temperature does not reach" in printed.err) == (code == 2)
    assert code == 2 or "323.15 K" in printed.err
