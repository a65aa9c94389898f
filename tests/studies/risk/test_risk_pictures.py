"""What the picture of a risk study draws: every leg of a protocol by itself, gaps where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.pictures import band_line, legs, risk_picture
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

SCENARIOS = tuple(Scenario("peo-litfsi", kind, "both") for kind in ("total", "mutual"))


def up(x: np.ndarray) -> np.ndarray:
    return np.exp(3.0 * x)


def down(x: np.ndarray) -> np.ndarray:
    return 0.1 * np.exp(-x)


def curve(times: float = 1.0, *, last_known: float = 0.35) -> RiskCurve:
    """Charge, hold without a match below `last_known`, rest with a drift, discharge, and a second charge."""
    charge, hold = np.linspace(0.9, 0.4, 60), np.linspace(0.4, 0.3, 20)
    rest = 0.3 + 1e-4 * np.linspace(0.0, 1.0, 10)
    discharge, again = np.linspace(0.3, 0.8, 60), np.linspace(0.8, 0.5, 30)
    x = np.concatenate([charge, hold, rest, discharge, again])
    risk = times * np.concatenate([up(charge), up(hold), down(rest), down(discharge), 77.0 + 0.0 * again])
    risk[60:80][hold < last_known] = np.nan
    columns = {name: risk for name in names.RISK_CURVES}
    return RiskCurve(x, np.linspace(3.0, 4.2, len(x)), risk, columns)


def study(label: str = "Cal") -> RiskStudy:
    band = (curve(0.5), curve(2.0, last_known=0.37))
    every = dict.fromkeys(SCENARIOS, curve())
    return RiskStudy(label, 0.3, every, dict.fromkeys(SCENARIOS, band), (0.1, 1.0))


def test_charges_and_discharges_are_found_whatever_rests_between_them() -> None:
    x = curve().mean_x
    ends = [(x[leg][0], x[leg][-1]) for leg in legs(x)]
    np.testing.assert_allclose(ends, [(0.9, 0.3), (0.3, 0.8), (0.8, 0.5)], atol=2e-4)
    assert [(leg.start, leg.stop) for leg in legs(np.linspace(0.9, 0.3, 50))] == [(0, 50)]


@pytest.mark.parametrize(("leg", "law"), [(0, up), (1, down)])
def test_a_line_is_its_own_leg_and_nothing_of_the_other(leg: int, law: object) -> None:
    line = band_line(study(), SCENARIOS[0], leg)
    known = np.isfinite(line.values)
    assert known.sum() > 150
    assert np.all(np.diff(line.mean_x) * (1.0 if leg else -1.0) > 0.0)
    np.testing.assert_allclose(line.values[known], law(line.mean_x[known]), rtol=1e-3)  # type: ignore[operator]
    banded = np.isfinite(line.low)
    np.testing.assert_allclose(line.low[banded], 0.5 * line.values[banded], rtol=1e-9)
    np.testing.assert_allclose(line.high[banded], 2.0 * line.values[banded], rtol=1e-9)
    assert line.discharge is bool(leg)


def test_a_gap_stays_a_gap_and_does_not_end_in_the_way_back() -> None:
    line = band_line(study(), SCENARIOS[0])
    assert np.isnan(line.values[line.mean_x < 0.34]).all()
    assert np.isfinite(line.values[line.mean_x > 0.36]).all()
    assert np.isnan(line.high[line.mean_x < 0.365]).all()  # one run of the band ends at 0.37: no band of the others
    assert np.isnan(curve().at(0.32))
    assert curve().at(0.5) == pytest.approx(float(up(np.array(0.5))), rel=1e-3)


def test_the_picture_holds_one_line_of_each_leg_of_each_particle() -> None:
    figure = risk_picture([study(), study("Hot-Cal")], mean_x=0.5, reactant="peo-litfsi", driving_forces=("both",))
    left = figure.axes[0]
    labels = [line.get_label() for line in left.get_lines()[:-1]]
    kinds = [f"{kind}, {way}" for way in ("charge", "discharge") for _ in range(2) for kind in ("total", "mutual")]
    particles = ["Cal", "Cal", "Hot-Cal", "Hot-Cal"] * 2
    assert labels == [f"{label}, {kind}" for label, kind in zip(particles, kinds, strict=True)]
    for line in left.get_lines()[:-1]:
        x = np.asarray(line.get_xdata())
        assert np.all(np.diff(x) > 0.0) or np.all(np.diff(x) < 0.0)
    assert "first passed" in figure.axes[1].get_title(loc="left")
