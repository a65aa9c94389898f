"""CSV files of measured curves: what is understood, and one clear error for each bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.studies.calibration.measured import MeasuredCurve, read_measured


def read(tmp_path: Path, content: str | bytes):
    path = tmp_path / "data.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_measured(path)


@pytest.mark.parametrize(
    ("content", "quantity", "time", "values", "per_area"),
    [
        ("time [s],voltage [V]\n0,3.6\n1,3.7\n2,3.8\n", "voltage", [0, 1, 2], [3.6, 3.7, 3.8], False),
        ("# a comment\nTime (h);Cell voltage (mV);T\n0;3600;60\n0.5;3700;60\n1;3800;60\n", "voltage",
         [0, 1800, 3600], [3.6, 3.7, 3.8], False),
        ("Test Time / s,Voltage / V,Current / A\n0,3.6,1\n1,3.7,1\n2,3.8,1\n", "voltage",
         [0, 1, 2], [3.6, 3.7, 3.8], False),
        ("R/ohm cm2\tt/min\n100\t0\n200\t1\n300\t2\n", "resistance", [0, 60, 120], [0.01, 0.02, 0.03], True),
        ("\ufefftime,resistance\r\n0,1e8\r\n1,2e8\r\n2,3e8\r\n", "resistance", [0, 1, 2], [1e8, 2e8, 3e8], False),
        ('"time [s]","voltage [V]"\n"0","3.6"\n1,3.7\n\n2,3.8', "voltage", [0, 1, 2], [3.6, 3.7, 3.8], False),
    ],
)  # fmt: skip
def test_what_is_understood(tmp_path, content, quantity, time, values, per_area) -> None:
    found = read(tmp_path, content)
    assert (found.quantity, found.per_area, found.name) == (quantity, per_area, "data.csv")
    np.testing.assert_allclose(found.time, time)
    np.testing.assert_allclose(found.values, values)
    assert found.described.startswith(f"data.csv (3 points of {quantity}, SHA-256 {found.sha256[:12]}")


@pytest.mark.parametrize(
    ("head", "scale", "per_electrode"),
    [("capacity [mAh/g]", 3600.0, False), ("Specific capacity / A h/kg", 3600.0, False),
     ("areal capacity [mAh/cm2]", 36000.0, True)],
)  # fmt: skip
def test_capacity_is_per_mass_or_per_electrode(tmp_path, head, scale, per_electrode) -> None:
    found = read(tmp_path, f"{head},voltage [V]\n0,3.6\n1,3.7\n2,3.8\n")
    assert (found.against, found.per_electrode) == ("capacity", per_electrode)
    np.testing.assert_allclose(found.abscissa, scale * np.arange(3.0))
    with pytest.raises(InputError, match="has no times"):
        found.time  # noqa: B018


ROWS = "0,3.6\n1,3.7\n2,3.8\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["empty"]),
        ("# only a comment\n", ["holds no table"]),
        (ROWS + "3,3.9\n", ["neither time nor capacity", "head line"]),
        ("time [s],current [A]\n" + ROWS, ["neither voltage nor resistance"]),
        ("voltage [V],v\n" + ROWS, ["two columns of voltage"]),
        ("time,voltage,resistance\n0,1,2\n1,1,2\n2,1,2\n", ["both voltage and resistance"]),
        ("time [s],voltage [A]\n" + ROWS, ["wrong dimension"]),
        ("time [fortnight],voltage [V]\n" + ROWS, ["unknown unit"]),
        ("time [s],resistance [V]\n" + ROWS, ["wrong dimension"]),
        ("time,voltage\n0,3.6\n1,abc\n2,3.8\n", ["not a finite number", "data.csv:3", "'abc'"]),
        ("time,voltage\n0,3.6\n1\n2,3.8\n", ["not a finite number", "data.csv:3"]),
        ("time,voltage\n0,3.6\n1,nan\n2,3.8\n", ["not a finite number", "'nan'"]),
        ("time,voltage\n0,3.6\n1,inf\n2,3.8\n", ["not a finite number"]),
        ("time;voltage\n0;3,6\n1;3,7\n2;3,8\n", ["decimal point", "'3,6'"]),
        ("time,voltage\n0,3.6\n2,3.7\n1,3.8\n", ["does not rise", "data.csv:4"]),
        ("time,voltage\n0,3.6\n0,3.7\n1,3.8\n", ["does not rise"]),
        ("time,voltage\n-1,3.6\n0,3.7\n1,3.8\n", ["time is out of range", "at least 0"]),
        ("time,voltage\n0,3600\n1,3700\n2,3800\n", ["voltage is out of range", "at most 6"]),
        ("time,resistance\n0,1\n1,-1\n2,1\n", ["resistance is out of range", "above 0", "data.csv:3"]),
        ("time,voltage\n0,3.6\n1,3.7\n", ["too few"]),
        ("capacity [A h],voltage [V]\n" + ROWS, ["unknown amount of material", "divide it by the mass"]),
        ("capacity [m],voltage [V]\n" + ROWS, ["wrong dimension"]),
        (b"time,voltage\n0,\xff\n", ["not UTF-8"]),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path, content, words) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    for word in words:
        assert word in str(caught.value)


def test_no_file(tmp_path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match=r"cannot be opened|not a regular file"):
            read_measured(path)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"time": [0, 1, 2]}, "give one of voltage and resistance"),
        ({"time": [0, 1, 2], "capacity": [0, 1, 2], "voltage": [3, 3, 3]}, "give one of time and capacity"),
        ({"time": [0, 1], "voltage": [3, 3]}, "equal length"),
        ({"time": [0, 1, 2], "voltage": [3, 3]}, "equal length"),
        ({"time": [0, 2, 1], "voltage": [3, 3, 3]}, "does not rise"),
        ({"time": [0, 1, 2], "voltage": [3, np.nan, 3]}, "not finite"),
        ({"time": [0, 1, 2], "voltage": [3, 300, 3]}, "out of range"),
        ({"time": [0, 1, 2], "resistance": ["a", "b", "c"]}, "no array of numbers"),
    ],
)
def test_arrays_are_checked_like_files(arrays, words) -> None:
    with pytest.raises(InputError, match=words):
        MeasuredCurve.from_arrays(**arrays)
