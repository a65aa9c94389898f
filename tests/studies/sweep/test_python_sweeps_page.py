"""The page on sweeps from Python does what it says, and so does the whole path from own data to a map."""

from __future__ import annotations

import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import asyncsoc as aso
from asyncsoc.cli.main import main
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "python_sweeps.md"
OWN = ROOT / "examples" / "own_everything.py"
FINAL = "Final mean SOC"


@pytest.fixture
def beside_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_page_runs(beside_examples: Path) -> None:
    names: dict[str, object] = {}
    found = blocks(PAGE, "python")
    assert len(found) > 5
    for block in found:
        exec(compile(block, "python_sweeps.md", "exec"), names)
    for picture in ("map.png", "own_everything.png"):
        assert Path(picture).stat().st_size > 10_000


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []


def command() -> list[str]:
    (line,) = [line for line in PAGE.read_text().splitlines() if line.startswith("    asyncsoc sweep examples/own")]
    return shlex.split(line)[1:]


def test_the_whole_path_is_short() -> None:
    assert len([line for line in OWN.read_text().splitlines() if line.strip()]) <= 25
    assert "exec(" not in OWN.read_text()


@pytest.mark.slow
def test_in_python_and_by_one_command_it_is_the_same(beside_examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = runpy.run_path(str(OWN))["data"]
    assert isinstance(data, xr.Dataset)
    assert Path("own_everything.png").stat().st_size > 10_000
    assert main(command()) == 0
    printed = capsys.readouterr().out
    assert "own/heatmap-final-mean-soc.png" in printed
    assert Path("own/heatmap-final-mean-soc.png").stat().st_size > 10_000
    with xr.open_dataset("own/sweep.nc", engine="h5netcdf") as by_command:
        for name in (FINAL, "Largest asynchrony", "Voltage [V]"):
            np.testing.assert_array_equal(by_command[name].values, data[name].values, err_msg=name)
    assert data[FINAL].shape == (3, 3)
    assert (data["status"] == 0).all()


def test_the_case_file_and_the_objects_are_one_case(beside_examples: Path) -> None:
    by_file = aso.Case.from_toml("examples/own_everything.toml")
    source = {"source": by_file.electrolyte.source}
    own = Path("examples/own")
    electrolyte = aso.Electrolyte(
        name="own", conductivity=own / "conductivity.csv", separator_thickness="80 um", areal_capacity="2.55 mAh/cm2",
        **source,
    )  # fmt: skip
    assert electrolyte == by_file.electrolyte
    material = aso.Material(
        name="own", open_circuit_potential=own / "ocv.csv", diffusivity=own / "diffusivity.csv",
        maximum_concentration="63104 mol/m3", formula="LiNi0.8Co0.1Mn0.1O2",
    )  # fmt: skip
    assert material == by_file.material
    assert aso.Case.from_text(by_file.to_toml()).hash == by_file.hash
