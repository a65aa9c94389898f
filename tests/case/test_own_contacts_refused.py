"""Contacts of one's own that are wrong: one clear error each, and never a traceback."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.problem.build import prepare

COARSE = aso.Particle.sphere("5 um", mesh="coarse")
FACETS = len(COARSE.surface().facets)
STEPS = {"steps": ["Charge at C/10 for 10 minutes"]}
NORTH = {"direction": [0, 0, 1], "angle": "20 deg"}
CAP = {"kind": "cap", "coverage": 0.3}


def refused(words: list[str], contact: Any, **sections: Any) -> None:
    with pytest.raises(InputError) as caught:
        prepare(aso.Case.from_dict({"contact": contact, "protocol": STEPS, **sections}))
    for word in words:
        assert word in str(caught.value), str(caught.value)


def with_one(value: float) -> np.ndarray:
    weights = np.zeros(FACETS)
    weights[7] = value
    return weights


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (with_one(math.nan), ["a weight is outside [0, 1]", "facet 7", "nan"]),
        (with_one(math.inf), ["a weight is outside [0, 1]", "inf"]),
        (with_one(1.5), ["a weight is outside [0, 1]", "facet 7", "1.5"]),
        (with_one(-0.1), ["a weight is outside [0, 1]", "-0.1"]),
        (np.zeros(FACETS), ["nothing is in contact"]),
        (np.ones(FACETS - 1), ["do not fit the surface", str(FACETS - 1), f"({FACETS},)"]),
        (np.ones((FACETS, 2)), ["do not fit the surface", f"({FACETS}, 2)"]),
        (np.ones((3, FACETS)), ["do not fit the surface"]),
        (0.3, ["do not fit the surface", "()"]),
        (["a"] * FACETS, ["not numbers"]),
        ("nowhere.npy", ["cannot be opened", "nowhere.npy"]),
    ],
)
def test_wrong_arrays(weights: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        aso.Contact.from_weights(weights, COARSE)
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda p: p[:, 2], ["returns a weight outside [0, 1]", "at the point"]),
        (lambda p: np.full(len(p), math.nan), ["outside [0, 1]", "nan"]),
        (lambda p: 1.0, ["one weight for each point"]),
        (lambda p: p, ["one weight for each point"]),
        (lambda p: ["x"] * len(p), ["one weight for each point"]),
        (lambda p: 1 / 0, ["cannot be evaluated: ZeroDivisionError"]),
        (lambda p: 1.0 if p[2] > 0.4 else 0.0, ["cannot be evaluated", "write it for arrays"]),
        (lambda p: p[:, 2] > 2.0, ["nothing is in contact"]),
        ("points[:, 2] > 0.4", ["cannot be evaluated"]),
    ],
)
def test_wrong_functions(function: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        aso.Contact.from_function(function, COARSE)
    for word in words:
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ({"patch": [{"direction": [0, 0, 0], "angle": "20 deg"}]}, ["not all 0", "contact.patch"]),
        ({"patch": [{"direction": [0, 0, 1]}]}, ["one size", "angle = '20 deg'"]),
        ({"patch": [{**NORTH, "coverage": 0.1}]}, ["one size", "angle, coverage"]),
        ({"patch": [{"angle": "20 deg"}]}, ["one direction", "theta and phi"]),
        ({"patch": [{**NORTH, "theta": "20 deg"}]}, ["one direction"]),
        ({"patch": [{"direction": [0, 0, 1], "angle": 20}]}, ["angle is out of range", "'20 deg'"]),
        ({"patch": [{"direction": [0, 0, 1], "angle": "200 deg"}]}, ["angle is out of range", "180 deg"]),
        ({"patch": [{"direction": [0, 0, 1], "angle": "20 um"}]}, ["not an angle"]),
        ({"patch": [{"direction": [0, 0, 1], "radius": "16 um"}]}, ["larger than the sphere", "1.5e-05"]),
        ({"patch": [{"direction": [0, 0, 1], "coverage": 1.2}]}, ["out of range"]),
        (
            {"patch": [NORTH, {"direction": [0.3, 0, 1], "angle": "20 deg"}]},
            ["patches 1 and 2 overlap", "16.7 deg", "40 deg"],
        ),
        ({"kind": "placed"}, ["'placed' needs its patch"]),
        ({"kind": "placed", "coverage": 0.3, "patch": [NORTH]}, ["coverage that its patch gives"]),
        ({**CAP, "patch": [NORTH]}, ["only 'placed' has the key patch"]),
        ({"patch": [{**NORTH, "size": 1}]}, ["unknown key 'size'", "angle"]),
        ({"kind": "weights"}, ["'weights' needs its weights"]),
        ({"kind": "map"}, ["'map' needs its map"]),
        ({"weights": {"facets": 5, "data": "????"}}, ["packed array is damaged"]),
        ({"weights": {"facets": 5, "data": "eJxjYKAMAAAAQAAB"}}, ["packed array"]),
        ({"weights": np.ones(17)}, ["belong to another mesh", "17 facets"]),
        (
            {"map": {"theta": [0.0, 3.0], "phi": [0.0, 3.0], "weight": [[0.0, 1.0]]}},
            ["do not fit its angles", "(1, 2)"],
        ),
        ({"map": {"theta": [1.0, 0.5], "phi": [0.0], "weight": [[0.0], [1.0]]}}, ["theta does not rise"]),
        (
            {"map": {"theta": [0.0, 3.0], "phi": [0.0, 2.0 * math.pi], "weight": [[0, 1], [0, 1]]}},
            ["more than a full turn"],
        ),
        ({"map": {"theta": [0.0, 3.0], "phi": [0.0], "weight": [[0.0], [1.1]]}}, ["a weight is outside [0, 1]"]),
        ({"map": {"theta": [0.0, 3.0], "phi": [0.0], "weight": [[0.0], [0.0]]}}, ["nothing is in contact"]),
        ({"map": {"theta": [0.0, 5.0], "phi": [0.0], "weight": [[0.0], [1.0]]}}, ["angle is out of range"]),
    ],
)
def test_wrong_patches_and_maps(contact: dict[str, Any], words: list[str]) -> None:
    refused(words, contact, particle={"mesh": "coarse"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"law": "linear"}, ["needs what remains"]),
        ({"law": "linear", "remaining": 0.5}, ["over a time or over cycles"]),
        ({"law": "linear", "remaining": 0.5, "over": "1 h", "cycles": 5}, ["over a time or over cycles"]),
        ({"law": "linear", "remaining": 0.0, "over": "1 h"}, ["out of range", "above 0"]),
        ({"law": "linear", "remaining": 4.0, "over": "1 h"}, ["leaves (0, 1]", "1.2"]),
        ({"law": "quadratic", "remaining": 0.5, "over": "1 h"}, ["unknown name", "linear, exponential, sqrt-time"]),
        ({"law": "sqrt-time", "remaining": 0.5, "cycles": 5}, ["over a time"]),
        ({"law": "linear", "remaining": 0.5, "over": "5 um"}, ["wrong dimension"]),
        ({}, ["how the coverage changes is not said"]),
        ({"cycle": [1, 2, 2], "coverage": [0.3, 0.2, 0.1]}, ["cycle does not rise", "more than 2"]),
        ({"cycle": [1, 2], "coverage": [0.3, 0.2, 0.1]}, ["equally long", "2 of cycle, 3 of coverage"]),
        ({"cycle": [1, 2], "time": [0, 1], "coverage": [0.3, 0.2]}, ["two columns"]),
        ({"time": [0, 1], "coverage": [0.3, 0.0]}, ["out of range"]),
        ({"time": [0, 1], "coverage": [0.3, 1.2]}, ["out of range"]),
        ({"time": [0, 1], "coverage": [0.2, 0.1]}, ["does not begin with the coverage of the contact", "0.3"]),
        ({"time": [0, 1], "relative_coverage": [0.9, 0.5]}, ["does not begin"]),
        ({"time": [0, 1], "relative_coverage": [1.0, 3.5]}, ["leaves (0, 1]"]),
        ({"time": [0, math.nan], "coverage": [0.3, 0.2]}, ["finite"]),
        ({"law": "linear", "remaining": 0.5, "over": "1 h", "coverage": [0.3, 0.2]}, ["by a law or by a table"]),
        ("nowhere.csv", ["cannot be opened", "contact.coverage_change"]),
    ],
)
def test_wrong_changes_of_the_coverage(change: Any, words: list[str]) -> None:
    refused(words, {**CAP, "coverage_change": change})


def test_what_does_not_go_together() -> None:
    law = {"law": "linear", "remaining": 0.5, "over": "1 h"}
    refused(["edge of 'full' cannot be moved"], {"kind": "full", "coverage_change": {**law, "at": "edge"}})
    grows = {"time": [0, 60], "relative_coverage": [1.0, 2.0]}
    touching = [{"direction": [0, 0, 1], "angle": "40 deg"}, {"direction": [1, 0, 0], "angle": "45 deg"}]
    refused(["patches 1 and 2 overlap"], {"patch": touching, "coverage_change": grows}, particle={"mesh": "coarse"})
    refused(
        ["cannot be combined with a side reaction"], {**CAP, "coverage_change": law}, side_reaction={"mode": "report"}
    )
    weights = aso.Contact.from_weights(np.ones(FACETS), COARSE).model_dump(exclude_unset=True)
    refused(["edge of 'weights' cannot be moved"], {**weights, "coverage_change": {**law, "at": "edge"}})
    refused(["belong to another mesh", "sphere-3d-coarse", "allowed: sphere-3d-default"], weights)
    refused(["cannot represent"], weights, particle={"mesh": "coarse", "model": "axisymmetric"})
    refused(["not to a refined one"], weights, particle={"mesh": "coarse", "edge_levels": 2})
    changed = {**weights, "weights": {**weights["weights"], "sha256": "0" * 64}}
    refused(["not those this case was made with"], changed, particle={"mesh": "coarse"})
    surface = COARSE.surface()
    other = aso.Particle.from_arrays(surface.points * 1.1, surface.cells)
    with pytest.raises(InputError, match="belong to another mesh"):
        prepare(
            aso.Case.from_objects(
                other,
                aso.Contact.from_weights(np.ones(FACETS), COARSE),
                aso.Material(),
                aso.Protocol.of(*STEPS["steps"]),
            )
        )
    with pytest.raises(InputError, match="3-D mesh of a sphere"):
        aso.Contact.from_function(lambda p: p[:, 2] > 0, aso.Particle.sphere(model="radial"))
    with pytest.raises(InputError, match="unknown unit of points"):
        aso.Contact.from_function(lambda p: p[:, 2] > 0, COARSE, unit="um")  # type: ignore[arg-type]


def test_an_array_too_large_for_a_case_is_kept_in_the_mesh() -> None:
    weights = {"values": np.random.default_rng(0).uniform(size=100_000)}
    refused(["too large for a case", "contact.kind = 'labels'"], {"weights": weights})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("w.npy", b"not an array", ["cannot be read as a .npy array"]),
        ("w.csv", b"weight\n0.2\nx\n", ["not a finite number", "w.csv:3"]),
        ("w.csv", b"share\n0.2\n", ["no column 'weights'"]),
        ("w.h5", b"no HDF5", ["cannot be read as HDF5"]),
        ("w.xlsx", b"x", ["NumPy, CSV or HDF5"]),
        ("w.npy", b"", ["the file is empty"]),
    ],
)
def test_wrong_files_of_weights_end_with_exit_code_2(
    name: str, content: bytes, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    case = tmp_path / "case.toml"
    case.write_text(f'[contact]\nweights = "{name}"\n[protocol]\nsteps = ["Rest for 1 hour"]\n')
    assert main(["run", str(case)]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    for word in words:
        assert word in told, told


def test_no_pickle_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="pickled objects are never read"):
        aso.Contact.from_weights(tmp_path / "w.npy", COARSE)


def test_a_map_file_is_a_grid(tmp_path: Path) -> None:
    file = tmp_path / "map.csv"
    file.write_text("theta [deg], phi [deg], weight\n0,0,1\n0,90,1\n90,0,0\n")
    refused(["are no grid", "3 rows"], {"map": str(file)})
    file.write_text("theta [grad], phi [deg], weight\n0,0,1\n")
    refused(["unknown unit 'grad'", "deg, rad"], {"map": str(file)})
    file.write_text("theta [deg], phi [deg], weight\n270,0,1\n")
    refused(["theta is out of range"], {"map": str(file)})
