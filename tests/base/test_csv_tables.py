"""Tables in CSV files are read in SI, and whatever is wrong with one is said with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError

X = Column("x", ("x", "stoichiometry"), low=0.0, high=1.0)
U = Column("U", ("U", "OCV", "open-circuit potential"), unit="V", low=0.0, high=6.0, above=True)
T = Column("temperature", ("T", "temperature"), unit="K")
TIME = Column("time", ("time", "test time", "t"), unit="s")


def _read(tmp_path: Path, text: str, columns=(X, U), required=("x", "U"), **keys):
    file = tmp_path / "table.csv"
    file.write_text(text)
    return read_csv_table(file, columns, layout="x, U [V]", required=required, **keys)


@pytest.mark.parametrize(
    "text",
    [
        "x, U [V]\n0.2, 4.2\n0.9, 3.5\n",
        "# measured\n\nstoichiometry;other;OCV (mV)\n0.2;-;4200\n0.9;;3500\n",
        "U / V\tx\n4.2\t0.2\n3.5\t0.9\n",
        '"x","U [V]"\n"0.2","4.2"\n"0.9","3.5"\n',
    ],
)
def test_columns_are_found_by_name_in_any_order_and_unit(tmp_path, text):
    table = _read(tmp_path, text)
    np.testing.assert_allclose(table.columns["x"], [0.2, 0.9])
    np.testing.assert_allclose(table.columns["U"], [4.2, 3.5], rtol=1e-15)


def test_single_letters_keep_their_case_and_celsius_its_offset(tmp_path):
    table = _read(tmp_path, "t,T [degC]\n0,25\n1,60\n", (TIME, T), ("time", "temperature"))
    np.testing.assert_allclose(table.columns["temperature"], [298.15, 333.15])
    bdf = _read(tmp_path, "Test Time / s,x\n0,1\n60,1\n", (TIME,), ("time",))
    np.testing.assert_allclose(bdf.columns["time"], [0.0, 60.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("# nothing\n", "no table"),
        ("x\n0.2\n0.3\n", "no column 'U [V]'"),
        ("x, U [V], OCV\n1,2,3\n1,2,3\n", "two columns of U"),
        ("x, U [parsec]\n0.2,4\n0.3,4\n", "parsec"),
        ("x, U [m]\n0.2,4\n0.3,4\n", "m"),
        ("x, U [V]\n0.2,nan\n0.3,4\n", "not a finite number"),
        ("x, U [V]\n0.2,4_0\n0.3,4\n", "not a finite number"),
        ("x, U [V]\n0.2,4\n0.3\n", "table.csv:3"),
        ("x, U [V]\n0.2,4,2\n0.3,4200\n", "out of range"),
        ("x, U [V]\n0.2,4\n", "too few rows"),
        ("x, U [V]\n" + "0.2,4\n" * 9, "too many rows"),
        ("x, U [V]\n0.2," + "4" * 3000 + "\n0.3,4\n", "too long"),
    ],
)
def test_what_is_wrong_is_said_once(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        _read(tmp_path, text, most=5)
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_a_column_that_does_not_rise_is_named_with_its_line(tmp_path):
    table = _read(tmp_path, "x,U\n0.2,4\n# a note\n0.2,3.9\n")
    with pytest.raises(InputError, match=r"table.csv:4"):
        table.rises("x")


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError):
            read_csv_table(path, (X,), layout="x", required=("x",))
