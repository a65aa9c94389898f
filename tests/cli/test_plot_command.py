"""`asyncsoc plot`: what is drawn follows from the file's ending; options without effect are refused."""

from __future__ import annotations

import json

import pytest
from PIL import Image

import asyncsoc as aso
from asyncsoc.cli.main import main


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    case = aso.Case.from_dict({"contact": {"kind": "full"}, "protocol": {"steps": ["Charge at C/2 for 20 minutes"]}})
    return str(aso.simulate(case).save(tmp_path_factory.mktemp("results")))


def test_a_picture_of_one_result_of_two_and_of_a_curve(result, tmp_path, capsys):
    for number, words in enumerate(([], ["--curve", "Asynchrony"], [result], ["--time", "10 min"])):
        target = tmp_path / f"{number}.png"
        assert main(["plot", result, *words, "-o", str(target)]) == 0
        with Image.open(target) as picture:
            assert picture.width > 500
        assert capsys.readouterr().out == f"{target}\n"
    target = tmp_path / "curves.svg"
    assert main(["plot", result, "-o", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": [str(target)]}
    assert target.read_text().startswith("<?xml")


def test_an_animation(result, tmp_path, capsys):
    target = tmp_path / "run.gif"
    assert main(["plot", result, "-o", str(target), "--frames", "3", "--quantity", "SOC"]) == 0
    with Image.open(target) as moving:
        assert moving.n_frames == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-o", "run.avi"], ".gif"),
        (["-o", "run.gif", "--curve", "Asynchrony"], "--curve"),
        (["-o", "run.png", "--quantity", "SOC"], "--quantity"),
        (["-o", "run.png", "--curve", "Asynchrony", "--time", "1 h"], "--time"),
        (["-o", "run.gif", "--3d"], "--3d"),
        (["-o", "run.png", "--time", "5 um"], "--time"),
        (["-o", "run.png", "--time", "5 h"], "time"),
        (["-o", "run.png", "--particle", "7"], "particle"),
    ],
)
def test_options_without_effect_and_wrong_values_are_refused(result, words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", result, *words]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_run_says_its_warnings_once_on_the_command_line(tmp_path, capfd):
    case = tmp_path / "case.toml"
    case.write_text('[contact]\nkind = "full"\n[protocol]\nsteps = ["Charge at C/5 for 20 hours"]\n')
    assert main(["run", str(case), "--quiet"]) == 0
    said = capfd.readouterr().err
    warned = aso.simulate(aso.Case.from_toml(case)).warnings
    assert warned
    for text in warned:
        assert said.count(text) == 1
    assert "ResultWarning" not in said
