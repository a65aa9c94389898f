"""Pulses found in curves whose jumps and changes are known, and in files of both layouts."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.studies.gitt.measured_pulses import PulseTimes, read_gitt
from asyncsoc.studies.gitt.pulses import evaluate_gitt

PULSE, REST, RISE, SLOPE, JUMP = 1800.0, 1800.0, 0.02, 0.03, 0.015
"""s, s; steady change, change under current and jump of every pulse [V]."""


def curve(sampling: float, signs: tuple[int, ...] = (1, 1, -1, 1), *, exact: bool = False) -> tuple[np.ndarray, ...]:
    """Return time, current and voltage: V = V0 + jump + slope sqrt(s/t) in a pulse, at once V0 + rise after it."""
    time, current, voltage, level, now = [0.0, 600.0], [0.0, 0.0], [3.6, 3.6], 3.6, 600.0
    for sign in signs:
        first = 0.0 if exact else sampling
        since = np.arange(first, PULSE + 0.5 * sampling, sampling)
        time += (now + since).tolist()
        current += [sign * 2e-9] * len(since)
        voltage += (level + sign * (JUMP + SLOPE * np.sqrt(since / PULSE))).tolist()
        now, level = now + PULSE, level + sign * RISE
        since = np.arange(first, REST + 0.5 * sampling, sampling)
        time += (now + since).tolist()
        current += [0.0] * len(since)
        voltage += [level] * len(since)
        now += REST
    return np.array(time), np.array(current), np.array(voltage)


@pytest.mark.parametrize(("sampling", "exact"), [(10.0, True), (10.0, False), (60.0, False)])
def test_changes_and_jump_are_those_put_in(sampling: float, exact: bool) -> None:
    result = evaluate_gitt(*curve(sampling, exact=exact), radius=7.5e-6)
    assert [pulse.direction for pulse in result.pulses] == ["charge", "charge", "discharge", "charge"]
    assert [pulse.cycle for pulse in result.pulses] == [1, 1, 1, 2]
    for pulse in result.pulses:
        sign = 1.0 if pulse.direction == "charge" else -1.0
        assert pulse.duration == pytest.approx(PULSE)
        assert pulse.rest == pytest.approx(REST)
        assert sign * pulse.steady_change == pytest.approx(RISE, rel=1e-9)
        assert sign * pulse.jump == pytest.approx(JUMP, rel=1e-6)
        assert sign * pulse.transient_change == pytest.approx(SLOPE, rel=1e-6)
        assert pulse.d1 == pytest.approx((RISE / SLOPE) ** 2, rel=1e-6)
        # Equation 1, written out.
        assert pulse.apparent == pytest.approx(4.0 / (math.pi * 1800.0) * 2.5e-6**2 * 4.0 / 9.0, rel=1e-6)


def test_a_jump_that_is_kept_counts() -> None:
    result = evaluate_gitt(*curve(10.0), jump="kept")
    assert result.pulses[0].d1 == pytest.approx((RISE / (SLOPE + JUMP)) ** 2, rel=1e-9)


def test_a_pulse_against_its_own_steady_change_has_no_value() -> None:
    time, current, voltage = curve(10.0, (1, 1))
    voltage = np.where(time > 600.0 + PULSE + REST, voltage - 2.0 * RISE, voltage)
    result = evaluate_gitt(time, current, voltage)
    assert math.isnan(result.pulses[0].d1) is False
    assert math.isnan(evaluate_gitt(time, -current, voltage).pulses[0].d1)


def test_a_short_pulse_is_marked_and_one_without_rest_left_out() -> None:
    time, current, voltage = curve(10.0)
    end = 600.0 + 3.0 * (PULSE + REST) + 300.0
    cut = (time <= end) | (current == 0.0)
    result = evaluate_gitt(time[cut], current[cut], voltage[cut])
    assert [pulse.cut_short for pulse in result.pulses] == [False, False, False, True]
    result = evaluate_gitt(time[1:], np.where(time[1:] < 700.0, 2e-9, current[1:]), voltage[1:])
    assert len(result.pulses) == 3
    assert "1 of 4 pulses" in result.notes[0]


def written(path: Path, head: str, *columns: np.ndarray) -> Path:
    rows = [",".join(f"{value:.12g}" for value in row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_files_of_every_layout_give_the_same_pulses(tmp_path: Path) -> None:
    time, current, voltage = curve(30.0)
    own = read_gitt(written(tmp_path / "own.csv", "time [s],current [A],voltage [V]", time, current, voltage))
    bdf = read_gitt(
        written(tmp_path / "bdf.csv", "Test Time / s,Current / mA,Voltage / V", time, 1e3 * current, voltage)
    )
    flipped = read_gitt(
        written(tmp_path / "flipped.csv", "time [s],current [A],voltage [V]", time, -current, voltage),
        positive="discharge",
    )
    bare = read_gitt(
        written(tmp_path / "bare.csv", "time [h],voltage [V]", time / 3600.0, voltage),
        times=PulseTimes(600.0, PULSE, REST),
    )
    for other in (bdf, flipped, bare):
        assert [pulse.direction for pulse in other.pulses] == [pulse.direction for pulse in own.pulses]
        assert other.column("d1") == pytest.approx(own.column("d1"), rel=1e-7)
    assert "taken from the times given" in bare.notes[-1]


@pytest.mark.slow
def test_the_command_prints_measured_pulses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "own.csv", "time [s],current [A],voltage [V]", *curve(30.0))
    assert main(["gitt", "measured", str(file), "--radius", "7.5 um", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["D1"] == pytest.approx([4.0 / 9.0] * 4, rel=1e-6)
    assert document["true diffusivity [m2/s]"] == [None] * 4
    assert document["direction"] == ["charge", "charge", "discharge", "charge"]
    assert main(["gitt", "measured", str(file), "-o", str(tmp_path / "out")]) == 0
    table, picture = capsys.readouterr().out.splitlines()[-2:]
    assert Path(table).read_text(encoding="utf-8").splitlines()[0].startswith("cycle,start [s],duration [s]")
    assert Path(picture).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--start", "10 min"], "needs all of its times"),
        (["--positive", "up"], "unknown sign of the current"),
        (["--jump", "halved"], "unknown treatment of the jump"),
        (["--radius", "7.5 V"], "7.5 V"),
    ],
)
def test_wrong_options_are_refused(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "own.csv", "time [s],current [A],voltage [V]", *curve(30.0))
    assert main(["gitt", "measured", str(file), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_file_without_current_says_what_to_do(tmp_path: Path) -> None:
    time, _, voltage = curve(30.0)
    file = written(tmp_path / "bare.csv", "time [s],voltage [V]", time, voltage)
    with pytest.raises(InputError, match="does not say when the current flowed") as caught:
        read_gitt(file)
    assert "--start" in str(caught.value.next_step)
    with pytest.raises(InputError, match="ends before the first pulse"):
        read_gitt(file, times=PulseTimes(1e7, PULSE, REST))
    with pytest.raises(InputError, match="no pulse between two rests"):
        evaluate_gitt(time, np.zeros_like(time), voltage)
    with pytest.raises(InputError, match="equal length"):
        evaluate_gitt(time, time[1:], voltage)
