"""The demo with two diffusivities in place of nine: everything it writes, and that its numbers are the runs' own."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.case.case import Case
from asyncsoc.materials.ncm811_sturm2019 import DEFAULT
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.demo.headlines import headlines, point_where, shared_stoichiometry
from asyncsoc.studies.demo.pictures import PICTURES
from asyncsoc.studies.demo.report import DemoResult, run_demo
from asyncsoc.studies.demo.scan import CAL, HOT_CAL

VOLUME = 4.0 / 3.0 * math.pi * 7.5e-6**3
ENDS = (1e-15, 3e-14)
EXAMPLE = Path(__file__).parents[3] / "examples" / "cal_vs_hotcal.toml"

Told = list[tuple[int, int, str]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoResult, Told, Path]:
    place = tmp_path_factory.mktemp("demo") / "made"
    log: Told = []
    with np.errstate(all="raise", under="ignore"):
        report = run_demo(place, progress=lambda *said: log.append(said), diffusivities=ENDS)
    return report, log, place


def test_the_demo_is_the_example_case() -> None:
    assert CAL.case().hash == Case.from_toml(EXAMPLE).hash
    assert HOT_CAL.case().hash == Case.from_toml(EXAMPLE, [f"contact.coverage={HOT_CAL.coverage}"]).hash


@pytest.mark.slow
def test_everything_promised_is_there_and_nothing_else(demo: tuple[DemoResult, Told, Path]) -> None:
    report, _, place = demo
    assert [path.stem for path in report.pictures] == list(PICTURES)
    for picture in report.pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 20_000
    written = {path for path in place.iterdir() if path.suffix != ".sha256"}
    assert set(report.files) == written
    assert [Solution.load(path).name for path in report.files if path.suffix == ".vtkhdf"] == ["cal", "hot-cal"]


@pytest.mark.slow
def test_progress_counts_to_the_end(demo: tuple[DemoResult, Told, Path]) -> None:
    _, log, _ = demo
    assert [done for done, _, _ in log] == list(range(log[0][1]))
    assert {total for _, total, _ in log} == {len(log)}
    assert len({what for _, _, what in log}) == len(log)


@pytest.mark.slow
def test_headlines_are_read_off_the_curves(demo: tuple[DemoResult, Told, Path]) -> None:
    report, _, _ = demo
    for found in report.findings:
        numbers, columns = headlines(found.solution), found.solution.columns
        # From the fields and the charge alone: lithium under the contact, and what is left in the particle.
        moles = DEFAULT.maximum_concentration * VOLUME
        passed = np.interp(found.solution.field_times, columns[names.TIME], columns[names.CHARGE])
        share = found.solution.contact.weights / found.solution.contact.weights.sum()
        mean, under = 0.9 - passed / (FARADAY * moles), found.solution.field_x @ share
        leads = (mean - under) / (1.0 - found.solution.stoichiometry_at_4p2)
        assert leads.max() > 0.02
        assert numbers.largest_lead == pytest.approx(leads.max(), abs=2e-3)
        peak = (1.0 - mean[np.argmax(leads)]) / (1.0 - found.solution.stoichiometry_at_4p2)
        assert numbers.soc_at_largest_lead == pytest.approx(peak, abs=0.02)
        left = FARADAY * moles * (mean[0] - mean[-1]) / 3.6  # mA h
        assert numbers.capacity == pytest.approx(left / (1e3 * DEFAULT.density * VOLUME), rel=1e-6)
        assert numbers.end_voltage == pytest.approx(4.2, abs=1e-5)
        assert numbers.balance_error < 1e-10
        assert numbers.at_equal_voltage.voltage == pytest.approx(4.0, abs=1e-9)
        time = numbers.at_equal_voltage.time
        assert numbers.at_equal_voltage.contact_soc == pytest.approx(
            np.interp(time, columns[names.TIME], columns[names.CONTACT_SOC]), abs=2e-3
        )
        field = found.solution.stoichiometry_at(numbers.at_equal_soc.time)
        weights = found.solution.contact.weights
        x = float(weights @ field / weights.sum())
        assert numbers.at_equal_soc.ratio_contact == pytest.approx((0.9 - x) / (x - 0.1), abs=2e-2)


@pytest.mark.slow
def test_a_partial_contact_runs_ahead_and_a_slow_diffusion_makes_it_worse(demo: tuple[DemoResult, Told, Path]) -> None:
    calendered, hot = demo[0].findings
    assert calendered.default.largest_lead > 3.0 * hot.default.largest_lead
    for found in (calendered, hot):
        slow, fast = found.over_diffusivity(lambda h: h.largest_lead)
        assert slow > found.default.largest_lead > fast
        slow, fast = found.over_diffusivity(lambda h: h.capacity)
        assert slow < found.default.capacity < fast
    at_equal_soc = (calendered.default.at_equal_soc, hot.default.at_equal_soc)
    assert at_equal_soc[0].mean_soc == pytest.approx(at_equal_soc[1].mean_soc)
    assert at_equal_soc[0].ratio_contact > at_equal_soc[1].ratio_contact
    assert at_equal_soc[0].ratio_far < at_equal_soc[1].ratio_far


@pytest.mark.slow
def test_at_equal_voltage_the_contact_is_bounded_by_the_voltage(demo: tuple[DemoResult, Told, Path]) -> None:
    """Without overshoot U(x) under the contact stays below the cell's voltage: 4.0 V allows a ratio of 1.27."""
    for found in demo[0].findings:
        for moment in (found.default.at_equal_voltage, *(numbers.at_equal_voltage for numbers in found.scan)):
            assert moment.ratio_contact < 1.27


@pytest.mark.slow
def test_a_moment_never_reached_is_no_number(demo: tuple[DemoResult, Told, Path]) -> None:
    report, _, place = demo
    slow = report.findings[0].scan[0]
    assert math.isnan(slow.at_equal_soc.time)
    (row,) = (row for row in report.rows if row[0].startswith("asynchrony at mean SOC"))
    assert row[2].endswith(" *")
    assert any(note.startswith("*") and "Cal" in note for note in report.notes)
    summary = json.loads((place / "summary.json").read_text())
    moment = summary["particles"]["Cal"]["over diffusivity"][0]["at mean stoichiometry 0.497"]
    assert moment["time [s]"] is None
    assert shared_stoichiometry() == pytest.approx(0.4975, abs=1e-3)


def test_a_moment_lies_between_the_rows_where_a_run_with_more_rows_has_it() -> None:
    case = CAL.case(2e-14)
    fine = simulate(case.with_overrides(['protocol.steps=["Charge at C/10 until 4.2 V (30 s period)"]']))
    coarse = simulate(case)
    for curve, value in ((names.VOLTAGE, 4.0), (names.MEAN_SOC, 0.69)):
        expected, found = point_where(fine, curve, value), point_where(coarse, curve, value)
        assert found.ratio_contact == pytest.approx(expected.ratio_contact, abs=2e-3)
        assert found.ratio_far == pytest.approx(expected.ratio_far, abs=2e-3)
        assert found.voltage == pytest.approx(expected.voltage, abs=1e-3)


@pytest.mark.slow
def test_the_table_is_markdown_too(demo: tuple[DemoResult, Told, Path]) -> None:
    report = demo[0]
    lines = report.markdown().splitlines()
    assert len(lines) == 2 + len(report.rows)
    assert {line.count("|") for line in lines} == {len(report.columns) + 1}


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_runs(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    log: Told = []
    with pytest.raises(InputError, match="cannot be saved") as caught:
        run_demo(taken / "demo", progress=lambda *said: log.append(said))
    assert caught.value.next_step
    assert not log
