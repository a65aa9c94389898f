"""Tables of cases: CSV and parquet give the same cases; a wrong cell is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.studies.sweep import case_tables as tables
from asyncsoc.studies.sweep.case_tables import read_table

BASE = {"protocol": {"steps": ["Charge at {rate} C until 4.2 V"]}}
KEYS = ("particle.radius", "material.name", "rate")
ROWS = ((5e-6, "ncm811-sturm2019", 0.1), (7.5e-6, "ncm811-chen2020", 0.5))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_csv(tmp_path: Path) -> None:
    text = "particle.radius, material.name, rate\n5 um, ncm811-sturm2019, 0.1\n\n7.5 um, ncm811-chen2020, 0.5\n"
    assert read_table(write(tmp_path / "cases.csv", text), BASE) == (KEYS, ROWS)


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {key: [row[k] for row in ROWS] for k, key in enumerate(KEYS)}
    parquet.write_table(pyarrow.table(columns), tmp_path / "cases.parquet")
    assert read_table(tmp_path / "cases.parquet", BASE) == (KEYS, ROWS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("rate\n", "no cases"),
        ("rate,contact.covrage\n1,0.5\n", "contact.coverage"),
        ("rate\n1\n\n2,3\n", "row 2"),
        ("rate,contact.coverage\n1,\n", "row 1, contact.coverage"),
        ("rate,contact.coverage\n1,1.5\n", "row 1, contact.coverage"),
        ('rate\n"1', "cannot be read"),
    ],
)
def test_a_wrong_table_is_one_clear_error(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as found:
        read_table(write(tmp_path / "cases.csv", text), BASE)
    assert says in str(found.value)


def test_a_missing_table_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such table"):
        read_table(tmp_path / "cases.csv", BASE)
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(write(tmp_path / "cases.parquet", "no parquet"), BASE)


def test_a_table_too_large_to_be_read_in_a_minute_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 4)
    with pytest.raises(InputError, match="at most 2 with 2 columns"):
        read_table(write(tmp_path / "cases.csv", "rate,contact.coverage\n" + "1,0.5\n" * 3), BASE)
