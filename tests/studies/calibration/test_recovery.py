"""The intervals of fits hold what they promise: stored recovery runs, and some of them computed again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.case.case import Case
from asyncsoc.cli.main import main
from benchmarks.recovery import DESIGNS, Run, counts, read, recover, table
from tests.pages import ROOT
from tests.studies.calibration.synthetic import I0, D

STORED = ROOT / "docs" / "recovery.json"
EXAMPLE = ROOT / "examples" / "fits"
QUICK, THOROUGH = [("full contact, one C/10 charge", 1), ("full contact, three rates", 2)], [
    ("full contact, three rates and GITT", 3), ("cap, one C/10 charge", 4),
]  # fmt: skip


@pytest.fixture(scope="module")
def stored() -> list[Run]:
    return read(STORED)


@pytest.mark.parametrize("key", [D, I0])
def test_true_values_lie_within_the_intervals_where_they_are_called_identified(stored: list[Run], key: str) -> None:
    found = [one for one in counts(stored) if one["constant"] == key]
    identified, inside = (sum(one[name] for one in found) for name in ("identified", "inside"))
    assert identified >= 200
    assert 0.90 <= inside / identified <= 0.99


def test_every_design_and_constant_does(stored: list[Run]) -> None:
    assert {run.design for run in stored} == set(DESIGNS)
    assert all(run.converged for run in stored)
    for one in counts(stored):
        assert one["identified"] == one["runs"] >= 50
        assert one["inside"] / one["identified"] >= 0.86, one


def test_the_page_has_the_stored_counts(stored: list[Run]) -> None:
    page = (ROOT / "docs" / "fitting.md").read_text(encoding="utf-8")
    assert table(counts(stored)) in page


def again(stored: list[Run], design: str, seed: int) -> None:
    (kept,) = [run for run in stored if (run.design, run.seed) == (design, seed)]
    new = recover(design, seed)
    assert new.truth == pytest.approx(kept.truth, rel=1e-6)
    assert new.identified == kept.identified
    half = 0.5 * (np.array(kept.high) - np.array(kept.low))
    np.testing.assert_array_less(np.abs(np.subtract(new.values, kept.values)) / half, 0.03)
    np.testing.assert_allclose((np.subtract(new.high, new.low)) / (2.0 * half), 1.0, atol=0.03)


@pytest.mark.parametrize(("design", "seed"), QUICK)
def test_stored_runs_are_what_the_code_does(stored: list[Run], design: str, seed: int) -> None:
    again(stored, design, seed)


@pytest.mark.slow
@pytest.mark.parametrize(("design", "seed"), THOROUGH)
def test_slower_ones_too(stored: list[Run], design: str, seed: int) -> None:
    again(stored, design, seed)


@pytest.mark.slow
def test_the_example_is_fitted_as_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(EXAMPLE / "two_rates.toml"), "--json", "-o", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    constants = {one["key"]: one for one in found["fitted constants"]}
    for key, truth in ((D, 0.7), (I0, 1.5)):
        low, high = constants[key]["confidence interval"]
        assert low < truth < high
        assert constants[key]["identified"]
    assert constants[I0]["prior"] == {"mean": 1.0, "scale": "logarithm", "factor": pytest.approx(3.0)}
    assert [one["name"] for one in found["data"]] == ["c10.csv", "fast"]
    first, second, summary, picture = map(Path, found["files"])
    assert Case.from_toml(first).material.fitted_to == Case.from_toml(second).material.fitted_to
    assert "Charge at 1C" in second.read_text()
    assert json.loads(summary.read_text())["converged"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_cases_and_data_come_in_pairs_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fast = tmp_path / "fast.toml"
    text = (EXAMPLE / "particle.toml").read_text()
    fast.write_text(text.replace("Charge at C/10 for 6 hours", "Charge at 1C for 20 minutes"))
    arguments = ["calibrate", str(EXAMPLE / "particle.toml"), str(EXAMPLE / "c10.csv"), f"{fast}:{EXAMPLE / '1c.csv'}"]
    options = ["--fit", f"{D}=0.1:10", "--fit", I0, "--prior", f"{I0}=1.5*/1.01", "--error", "1 mV", "--profile"]
    assert main([*arguments, *options]) == 0
    printed = capsys.readouterr()
    assert "95 % by profile likelihood" in printed.out
    (row,) = re.findall(rf"{D}\s+([\d.]+)\s+([\d.]+) to ([\d.]+)", printed.out)
    value, low, high = map(float, row)
    assert low < 0.7 < high and low < value < high
