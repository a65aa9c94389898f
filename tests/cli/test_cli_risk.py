"""`asyncsoc risk`, `asyncsoc react` and the side reaction's parameters on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asyncsoc.cli.main import main

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
    for row, other in zip(cal["risk"], hot["risk"], strict=True):
        low, high = row["over i0"]
        assert low <= row["largest risk"] <= high
        product = 1.0
        for factor in row["factors"].values():
            product *= factor
        assert row["largest risk"] == pytest.approx(product, rel=1e-3)
        assert row["largest risk"] > other["largest risk"] > 1.0
        assert row["factors"]["reaction energy"] == 1.0 or row["driving force"] != "potential"
        assert row["dose against full coverage"] > 1.0
    assert {"survives under both"} == {
        row["word"] for row in document["conclusions"] if "per contact area at equal mean" in row["statement"]
    }
    assert Path(document["files"][0]).read_bytes().startswith(b"\x89PNG")


def test_risk_as_tables(case, capsys) -> None:
    assert main(["risk", case, "--at-x", "0.8", "--reactant", "litfsi", "--reactant", "eca"]) == 0
    out = capsys.readouterr().out
    assert "raises the risk of litfsi more than that of eca" in out
    assert "survives under" in out
    assert "assumed" in out


def test_what_cannot_be_studied(case, capsys) -> None:
    assert main(["risk", case, "--set", "kinetics.model=uniform-flux"]) == 2
    assert "no band over it" in capsys.readouterr().err
    own = "side_reaction.energies=[[0.1, -0.5], [0.4, -0.45], [0.7, -0.4], [1.0, -0.3]]"
    assert main(["risk", case, "--set", own]) == 2
    assert "of one kind" in capsys.readouterr().err
    assert main(["risk", case, "--reactant", "water"]) == 2
    assert "unknown reactant" in capsys.readouterr().err


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
