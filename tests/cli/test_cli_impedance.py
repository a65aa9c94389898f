"""`asyncsoc eis`: one document, files and pictures, states of a case and of a result, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.cli.main import main

CASE = """
[particle]
radius = "5 um"
mesh = "coarse"
[contact]
kind = "full"
[protocol]
initial_stoichiometry = 0.6
steps = ["Charge at C/5 for 10 minutes", "Rest for 20 minutes"]
[impedance]
highest_frequency = "10 kHz"
points = 25
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "one.toml"
    path.write_text(CASE)
    return path


def test_a_document_has_the_spectrum_and_its_state(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eis", str(case), "--at", "initial", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["frequency [Hz]"]) == len(found["real impedance [ohm]"]) == 25
    assert max(found["imaginary impedance [ohm]"]) < 0.0
    assert found["at"]["time [s]"] == 0.0
    assert found["at"]["voltage [V]"] > 3.0 and 0.0 < found["at"]["mean SOC"] < 1.0
    assert found["kind"] == "stationary"
    total = np.sum([part["real [ohm]"] for part in found["parts"].values()], axis=0)
    np.testing.assert_allclose(total, found["real impedance [ohm]"], rtol=1e-9)
    assumed = {one["name"] for one in found["parameters"] if one["assumed"]}
    assert assumed == {"double-layer capacitance of the contact"}


@pytest.mark.slow
def test_states_are_saved_with_pictures(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["eis", str(case), "--at", "step 1", "--at", "rest", "-o", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["kind"] for one in found["spectra"]] == ["frozen while charging", "stationary"]
    assert {Path(file).suffix for file in found["files"]} == {".nc", ".csv", ".png"}
    assert all(Path(file).stat().st_size > 0 for file in found["files"])
    assert len(found["files"]) == 8


def test_a_result_is_taken_as_it_is(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(case), "-o", str(tmp_path), "--no-plot", "--quiet"]) == 0
    (result,) = tmp_path.glob("*.vtkhdf")
    capsys.readouterr()
    assert main(["eis", "--result", str(result), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["at"]["time [s]"] == 1800.0
    assert main(["eis", str(case), "--result", str(result)]) == 2
    assert "there is nothing to set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "missing argument"),
        (["--at", "step 7"], "no step 7"),
        (["--set", "impedance.points=1"], "impedance.points"),
    ],
)
def test_what_is_wrong_is_said(case: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eis", *([str(case)] if arguments else []), *arguments]) == 2
    assert says in capsys.readouterr().err
