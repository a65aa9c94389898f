"""`asyncsoc export` and `asyncsoc cite`: files for other programs, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import asyncsoc as aso
from asyncsoc.cli.main import main

ROOT = Path(__file__).parents[2]
CASE = ROOT / "examples" / "contact_corrected.toml"
FULL = ["--set", "contact.kind=full", "--set", "contact.coverage=1"]
SHORT = [*FULL, "--set", "protocol.steps=['Charge at C/5 for 10 minutes']"]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    assert main(["run", str(CASE), *SHORT, "-o", str(tmp_path), "--quiet"]) == 0
    (file,) = tmp_path.glob("*.vtkhdf")
    return file


def test_a_result_becomes_a_file_of_the_battery_data_format(
    result: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    capsys.readouterr()
    target = tmp_path / "mine.bdf.csv"
    assert main(["export", "bdf", str(result), "-o", str(target), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [str(target)]
    curves = aso.read_bdf(target)
    assert len(curves) == document["rows"]
    assert curves.voltage.tolist() == aso.Solution.load(result).columns["Voltage [V]"].tolist()
    assert main(["export", "bdf", str(result)]) == 0
    assert result.with_suffix(".bdf.csv").read_text() == target.read_text()


def test_a_result_and_its_case_cite_the_same(result: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    capsys.readouterr()
    assert main(["cite", str(result)]) == 0
    of_result = capsys.readouterr().out
    assert main(["cite", str(CASE), "-o", str(tmp_path / "case.bib")]) == 0
    assert (tmp_path / "case.bib").read_text() == of_result
    assert "@article{sturm2019," in of_result and "@software{asyncsoc," in of_result


@pytest.mark.parametrize("command", [["cite", "no.vtkhdf"], ["export", "bdf", "no.vtkhdf"], ["cite", "no.toml"]])
def test_a_missing_file_is_said_in_one_message(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rates", "C/2"], "two ends"),
        (["--rates", "fast,C/2"], "not a rate"),
        (["--tolerance", "0 mV"], "above 0 V"),
        (["--voltages", "3.6 V,9 V"], "range of voltage"),
    ],
)
def test_wrong_options_are_said_in_one_message(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["export", "pybamm", str(CASE), *FULL, *options, "--quiet"])
    assert code == 2
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_is_made_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "full.json"
    command = ["export", "pybamm", str(CASE), *FULL, "-o", str(target), "--json"]
    assert main(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["error [V]"] < 0.5e-3
    assert document["files"] == [str(target)]
    assert aso.ContactCorrectedModel.from_bpx(target).error == document["error [V]"]
