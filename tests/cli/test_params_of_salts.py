"""`asyncsoc params` knows the sets of salt transport, with sources and marks."""

from __future__ import annotations

import json

import pytest

from asyncsoc.cli.main import main


def test_sets_of_salts_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "--json"]) == 0
    sets = {one["name"]: one for one in json.loads(capsys.readouterr().out)["sets"]}
    named = [name for name in sets if name.startswith("salt/")]
    assert named == ["salt/peo-litfsi", "salt/lipf6-valoen2005", "salt/lipf6-nyman2008"]
    assert [sets[name]["default"] for name in named] == [True, False, False]  # the default electrolyte's
    for name in named:
        assert main(["params", name, "--json"]) == 0
        rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["parameters"]}
        assert set(rows) == {
            "salt concentration at rest", "salt diffusivity", "transference number", "thermodynamic factor",
            "conductivity over concentration",
        }  # fmt: skip
        assert all(one["source"] for one in rows.values())
    assert main(["params", "salt/peo-litfsi", "--json"]) == 0
    rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["parameters"]}
    assert rows["transference number"]["value"] == 0.2 and rows["transference number"]["assumed"]
    assert rows["salt concentration at rest"]["value"] == 1110.0


def test_an_unknown_set_of_salts_is_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "salt/peo-litsi"]) == 2
    assert "did you mean: salt/peo-litfsi" in capsys.readouterr().err
