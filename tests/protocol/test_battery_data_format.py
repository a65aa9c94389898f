"""Files of the Battery Data Format are read into time, current and voltage, and what is wrong with one is said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.battery_data_format import read_bdf

ROWS = [
    (0.0, 0.0, 3.60),
    (10.0, 1.0, 3.65),
    (20.0, 1.0, 3.66),
    (30.0, 1.0, 3.67),
    (30.0, -1.0, 3.55),
    (40.0, -1.0, 3.5),
]


def _file(tmp_path: Path, text: str, name: str = "cell.bdf.csv") -> Path:
    file = tmp_path / name
    file.write_text(text)
    return file


def _table(head: str, rows=ROWS, more=lambda k: "") -> str:
    return "\n".join([head, *(f"{t},{i},{u}{more(k)}" for k, (t, i, u) in enumerate(rows))]) + "\n"


@pytest.mark.parametrize(
    "head", ["Test Time / s,Current / A,Voltage / V", "test_time_second,current_ampere,voltage_volt"]
)
def test_labels_and_names_for_machines_are_read(tmp_path, head):
    curves = read_bdf(_file(tmp_path, _table(head)))
    time, current, voltage = np.array(ROWS).T
    np.testing.assert_array_equal(curves.time, time)
    np.testing.assert_array_equal(curves.current, current)
    np.testing.assert_array_equal(curves.voltage, voltage)
    assert len(curves) == 6
    assert len(curves.sha256) == 64
    assert not curves.time.flags.writeable
    fates = {(value.name, value.fate) for value in curves.report}
    assert ("Test Time", "taken") in fates
    assert ("Current, sign", "assumed") in fates  # the format does not say what a positive current does
    assert any("jump" in value.note for value in curves.report)
    assert not any("WARNING" in value.note for value in curves.report)


def test_recommended_columns_are_taken_and_others_listed(tmp_path):
    head = "Test Time / h,Current / mA,Voltage / mV,Ambient Temperature / degC,Step Count / 1,Net Capacity / Ah"
    rows = [(t / 3600.0, 1e3 * i, 1e3 * u) for t, i, u in ROWS]
    curves = read_bdf(_file(tmp_path, _table(head, rows, lambda k: f",{25 + k},{k // 2},0.0")))
    np.testing.assert_allclose(curves.time, np.array(ROWS)[:, 0], rtol=1e-14)
    np.testing.assert_allclose(curves.current, np.array(ROWS)[:, 1], rtol=1e-14)
    np.testing.assert_allclose(curves.temperature, 298.15 + np.arange(6))
    fates = {value.name: value.fate for value in curves.report}
    assert fates["Net Capacity / Ah"] == "ignored"
    assert fates["Test Time"] == fates["Ambient Temperature"] == "converted"
    part = curves.steps(1)
    np.testing.assert_allclose(part.time, [0.0, 10.0])
    np.testing.assert_allclose(curves.between(20.0, 30.0).current, [1.0, 1.0, -1.0])


def test_columns_that_are_not_full_are_left_out_and_said(tmp_path):
    head = "Test Time / s,Current / A,Voltage / V,Ambient Temperature / degC,Step Count / 1"
    curves = read_bdf(_file(tmp_path, _table(head, more=lambda k: "," if k else ",25,1.5")))
    assert curves.temperature is None
    assert curves.step is None
    assert {value.name for value in curves.report if value.fate == "ignored"} == {"Ambient Temperature", "Step Count"}


def test_a_test_of_years_is_noticed(tmp_path):
    rows = [(1e8 * t, i, u) for t, i, u in ROWS]
    report = read_bdf(_file(tmp_path, _table("Test Time / s,Current / A,Voltage / V", rows))).report
    assert any("127 years" in value.note for value in report)


def test_a_current_of_the_other_sign_is_turned_round_and_a_wrong_sign_noticed(tmp_path):
    rows = [(t, -i, u) for t, i, u in ROWS]
    file = _file(tmp_path, _table("Test Time / s,Current / A,Voltage / V", rows))
    assert any("WARNING" in value.note for value in read_bdf(file).report)
    curves = read_bdf(file, positive="discharge")
    np.testing.assert_array_equal(curves.current, np.array(ROWS)[:, 1])
    assert not any("WARNING" in value.note for value in curves.report)


HEAD = "Test Time / s,Current / A,Voltage / V"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.bdf.csv", "Test Time / s,Voltage / V\n0,3\n1,3\n", "no column 'Current [A]'"),
        ("a.bdf.csv", f"{HEAD}\n0,1,3600\n1,1,3610\n", "out of range"),
        ("a.bdf.csv", f"{HEAD}\n0,1,3.6\n1,1,\n", "voltage is not a finite number"),
        ("a.bdf.csv", f"{HEAD}\n0,1,3.6\n-1,1,3.6\n", "does not rise"),
        ("a.bdf.csv", f"{HEAD}\n0,1,3.6\n", "too few rows"),
        ("a.bdf.csv", "Test Time / V,Current / A,Voltage / V\n0,1,3.6\n1,1,3.6\n", "V"),
        ("a.bdf.csv", "", "empty"),
        ("a.bdf.gz", f"{HEAD}\n0,1,3.6\n", "unpack"),
        ("a.bdf.parquet", "PAR1", "write it as CSV"),
        (
            "a.bdf.csv",
            f"{HEAD},Unix Time / s\n" + "".join(f"{1000 * k},1,{3.6 + 0.01 * k},{1749201008 + k}\n" for k in range(9)),
            "milliseconds",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_one_error(tmp_path, name, text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        read_bdf(_file(tmp_path, text, name))


def test_what_is_asked_wrongly_is_one_error(tmp_path):
    curves = read_bdf(_file(tmp_path, _table(HEAD)))
    for ask, message in (
        (lambda: curves.between(100.0, 200.0), "too few points"),
        (lambda: curves.steps(1), "counts no steps"),
        (lambda: read_bdf(tmp_path / "cell.bdf.csv", positive="up"), "charge, discharge"),
        (lambda: read_bdf(tmp_path / "none.bdf"), "cannot be opened"),
    ):
        with pytest.raises(InputError, match=message):
            ask()
