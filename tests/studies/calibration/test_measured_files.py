"""CSV files of measured curves: what is understood, and one clear error for each bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.studies.calibration.measured import read_measured


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


ROWS = "0,3.6\n1,3.7\n2,3.8\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["holds no data", "head line"]),
        ("# only a comment\n", ["holds no data"]),
        (ROWS, ["no column of time", "0, 3.6"]),
        ("time [s],current [A]\n" + ROWS, ["neither voltage nor resistance"]),
        ("voltage [V],v\n" + ROWS, ["two columns of voltage"]),
        ("time,voltage,resistance\n0,1,2\n", ["both voltage and resistance"]),
        ("time [s],voltage [A]\n" + ROWS, ["wrong dimension"]),
        ("time [fortnight],voltage [V]\n" + ROWS, ["unknown unit"]),
        ("time [s],resistance [V]\n" + ROWS, ["wrong dimension"]),
        ("time,voltage\n0,3.6\n1,abc\n2,3.8\n", ["not a finite number", "data.csv:3", "'abc'"]),
        ("time,voltage\n0,3.6\n1\n2,3.8\n", ["not a finite number", "data.csv:3"]),
        ("time,voltage\n0,3.6\n1,nan\n2,3.8\n", ["not a finite number", "'nan'"]),
        ("time,voltage\n0,3.6\n1,inf\n2,3.8\n", ["not a finite number"]),
        ("time;voltage\n0;3,6\n1;3,7\n2;3,8\n", ["decimal point", "'3,6'"]),
        ("time,voltage\n0,3.6\n2,3.7\n1,3.8\n", ["must rise", "data.csv:4"]),
        ("time,voltage\n0,3.6\n0,3.7\n1,3.8\n", ["must rise"]),
        ("time,voltage\n-1,3.6\n0,3.7\n1,3.8\n", ["must rise from 0"]),
        ("time,voltage\n0,3600\n1,3700\n2,3800\n", ["voltage is out of range", "below 6 V"]),
        ("time,resistance\n0,1\n1,-1\n2,1\n", ["resistance is out of range", "above 0 ohm", "data.csv:3"]),
        ("time,voltage\n0,3.6\n1,3.7\n", ["too few points"]),
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
        with pytest.raises(InputError, match="no such data file"):
            read_measured(path)
