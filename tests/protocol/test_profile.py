"""Profiles against time: from CSV files and arrays, their pieces, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base import csv_tables
from asyncsoc.base.errors import InputError
from asyncsoc.protocol.pieces import piece_table
from asyncsoc.protocol.profile import Profile, read_profile

PIECES = {"interpolation": "linear", "duration": None, "period": None, "temperature": 300.0}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "drive.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("head", "quantity", "factor"),
    [
        ("time [s], current [A]", "current", 1.0),
        ("Time (h); Current (nA)", "current", 1e-9),
        ("time [s], current [mA/g]", "specific current", 1.0),
        ("time [s], current [mA/cm2]", "areal current", 10.0),
        ("time [s], c-rate", "c-rate", 1.0),
        ("time [s], C-rate [1/h]", "c-rate", 1.0),
        ("time [s], c-rate [C]", "c-rate", 1.0),
        ("time [s], power [nW]", "power", 1e-9),
        ("time [s], voltage [mV]", "voltage", 1e-3),
    ],
)
def test_heads(tmp_path: Path, head: str, quantity: str, factor: float) -> None:
    separator = ";" if ";" in head else ","
    profile = read_profile(written(tmp_path, f"# a comment\n{head}\n0{separator}1\n2{separator}3\n"))
    assert profile.quantity == quantity
    assert profile.values == pytest.approx(np.array([1.0, 3.0]) * factor, rel=1e-14)
    assert profile.duration == (7200.0 if "h)" in head else 2.0)


def test_the_battery_data_format_follows_its_current(tmp_path: Path) -> None:
    text = "Test Time / s,Voltage / V,Current / A,Unix Time / s\n100,3.7,1e-9,0\n101,3.8,-1e-9,1\n"
    profile = read_profile(written(tmp_path, text))
    assert (profile.quantity, profile.time.tolist(), profile.values.tolist()) == ("current", [0.0, 1.0], [1e-9, -1e-9])
    machine = "test_time_second,voltage_volt,current_ampere\n100,3.7,1e-9\n101,3.8,-1e-9\n"
    assert read_profile(written(tmp_path, machine)) == profile


def test_a_file_and_its_arrays_are_one_profile(tmp_path: Path) -> None:
    arrays = Profile.from_arrays([0, 1, 3], c_rate=[0.1, 1 / 3, -0.2], temperature=[298.15, 300.0, 310.0])
    again = read_profile(arrays.saved(tmp_path / "p.csv"))
    assert again == arrays
    assert hash(again) == hash(arrays)
    assert arrays != Profile.from_arrays([0, 1, 3], c_rate=[0.1, 1 / 3, -0.2])
    assert Profile.from_arrays([5, 6, 8], c_rate=[0.1, 1 / 3, -0.2]) == Profile.from_arrays(
        [0, 1, 3], c_rate=[0.1, 1 / 3, -0.2]
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("time [s], current [A]\n0,1\n2,1\n1,1\n", ["time does not rise", "drive.csv:4", "sort"]),
        ("time [s], current [A]\n0,1\n0,2\n", ["time does not rise", "drive.csv:3"]),
        ("time [s], current [A]\n-1,1\n2,1\n", ["time is out of range", "drive.csv:2"]),
        ("time [s], current [A]\n0,1\n1,nan\n", ["current is not a finite number", "drive.csv:3"]),
        ("time [s], current [A]\n0,1\n", ["too few rows"]),
        ("time [s], current [A]\n", ["too few rows"]),
        ("", ["the file is empty"]),
        ("time [s], current [furlong]\n0,1\n1,1\n", ["unknown unit 'furlong'"]),
        ("time [s], current [V]\n0,1\n1,1\n", ["wrong dimension"]),
        ("time [s], current [A], Current [mA]\n0,1,1\n1,1,1\n", ["two columns of current"]),
        ("time [s], power [W], voltage [V]\n0,1,1\n1,1,1\n", ["follows one quantity"]),
        ("time [s], current [A], power [W]\n0,1,1\n1,1,1\n", ["follows one quantity"]),
        ("time [s], amps\n0,1\n1,1\n", ["no column 'current [A]'"]),
        ("t, current [A]\n0,1\n1,1\n", ["no column 'time [s]'"]),
        ("time [s], current [A]\n0,1e6\n1,1\n", ["current is out of range"]),
        ("time [s], voltage [V]\n0,-1\n1,4\n", ["voltage is out of range"]),
        ("time [s], current [A], temperature [degC]\n0,1,25\n1,1,2500\n", ["temperature is out of range"]),
        ("time [s], current [A], temperature [degC]\n0,1,0\n1,1,90\n2,1,20\n", []),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, parts: list[str]) -> None:
    path = written(tmp_path, text)
    if not parts:
        assert len(read_profile(path).levels) == 3
        return
    with pytest.raises(InputError) as caught:
        read_profile(path)
    for part in parts:
        assert part in str(caught.value)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drive.csv"
    with path.open("wb") as file:
        file.write(b"time [s], current [A]\n")
        file.truncate(300_000_000)  # sparse: takes no room
    with pytest.raises(InputError, match="too large"):
        read_profile(path)
    with pytest.raises(InputError, match=r"drive\.cvs"):
        read_profile(tmp_path / "drive.cvs")
    assert csv_tables.LARGEST == 200_000_000


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"time": [0, 1]}, ["follows one quantity"]),
        ({"time": [0, 1], "current": [1, 2], "power": [1, 2]}, ["follows one quantity", "current"]),
        ({"time": [0, 1, 2], "current": [1, 2]}, ["different lengths"]),
        ({"time": [0, 1], "current": [1, 2], "temperature": [300.0]}, ["different lengths"]),
        ({"time": [0, 1], "current": [1, np.inf]}, ["not finite", "point 2"]),
        ({"time": ["a", "b"], "current": [1, 2]}, ["not made of numbers"]),
        ({"time": [[0, 1]], "current": [1, 2]}, ["wrong shape"]),
        ({"time": [0], "current": [1]}, ["two points"]),
    ],
)
def test_arrays_that_are_refused(arrays: dict, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Profile.from_arrays(**arrays)
    for part in parts:
        assert part in str(caught.value)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    count = draw(st.integers(2, 30))
    steps = draw(st.lists(st.sampled_from([0.1, 1.0, 7.0, 1 / 3]), min_size=count - 1, max_size=count - 1))
    values = draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, -0.7, 0.3]), min_size=count, max_size=count))
    return Profile.from_arrays(np.concatenate([[0.0], np.cumsum(steps)]), current=values)


@given(
    profiles(), st.sampled_from(["linear", "hold"]), st.sampled_from([None, 0.25, 3.0]), st.sampled_from([None, 0.6])
)
@settings(max_examples=150, deadline=None)
def test_the_charge_of_the_pieces_is_that_of_the_profile(
    profile: Profile, interpolation: str, period: float | None, share: float | None
) -> None:
    duration = None if share is None else share * profile.duration
    table = piece_table(profile, 2.0, interpolation=interpolation, duration=duration, period=period, temperature=300.0)
    end = profile.duration if duration is None else duration
    time = np.append(profile.time[profile.time < end * (1.0 - 1e-12)], end)
    if interpolation == "linear":
        expected = np.trapezoid(np.interp(time, profile.time, profile.values), time)
    else:
        expected = float((profile.values[: len(time) - 1] * np.diff(time)).sum())
    assert table.integral == pytest.approx(2.0 * expected, abs=1e-12 * max(end, 1.0))
    assert table.ends[-1] == pytest.approx(end)
    assert (np.diff(table.ends) > 0.0).all()
    assert table.shown[-1]
    if period is not None:
        rows = table.ends[table.shown]
        assert rows == pytest.approx(np.unique([*np.arange(period, end * (1.0 - 1e-6), period), end]), rel=1e-6)
    else:
        inner = profile.time[(profile.time > 0.0) & (profile.time < end * (1.0 - 1e-9))]
        assert np.isin(inner, table.ends).all()


def test_a_period_that_asks_for_too_many_rows() -> None:
    profile = Profile.from_arrays([0.0, 1e8], current=[0.0, 1e-9])
    with pytest.raises(InputError, match="output period is too short"):
        piece_table(profile, 1.0, **{**PIECES, "period": 1e-3})


def test_pieces_of_one_value_are_one_where_no_row_is_wanted() -> None:
    profile = Profile.from_arrays(np.arange(101.0), current=np.where(np.arange(101) < 50, 0.0, 1e-9))
    assert len(piece_table(profile, 1.0, **PIECES).ends) == 100
    coarse = piece_table(profile, 1.0, **{**PIECES, "period": 100.0})
    assert coarse.ends.tolist() == [49.0, 50.0, 100.0]
