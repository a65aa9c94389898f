"""Charts and packed numbers: round ticks, no peak lost, levels within half a step."""

from __future__ import annotations

import re

import numpy as np
import pytest

from asyncsoc.studies.report.charts import chart_svg, grid_svg, thinned, ticks
from asyncsoc.studies.report.content import ChartLine, PageChart, PageGrid
from asyncsoc.studies.report.packing import QuantisedField, packed
from tests.studies.report.opened_page import unpacked


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.7e-9, 2.2e-9), (3.1, 4.2), (1e5, 1.01e5), (0.0, 14.7)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    found = np.array(ticks(low, high))
    assert 3 <= len(found) <= 7
    assert found.min() >= low - 1e-9 * abs(high - low) and found.max() <= high + 1e-9 * abs(high - low)
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    mantissa = steps[0] / 10.0 ** np.floor(np.log10(steps[0]) + 1e-9)
    assert min(abs(mantissa - n) for n in (1.0, 2.0, 2.5, 5.0)) < 1e-6


def test_a_thinned_line_keeps_its_ends_and_peaks() -> None:
    x = np.linspace(0.0, 1.0, 20001)
    y = np.sin(300.0 * x)
    y[7777], y[12345] = 9.0, -9.0
    few_x, few_y = thinned(ChartLine("", x, y))
    assert len(few_x) <= 500
    assert (few_x[0], few_x[-1]) == (0.0, 1.0)
    assert (few_y.max(), few_y.min()) == (9.0, -9.0)
    assert (np.diff(few_x) > 0.0).all()


def test_a_gap_breaks_the_line_and_a_logarithm_leaves_out_what_has_none() -> None:
    line = ChartLine("a", np.arange(5.0), np.array([1.0, 10.0, np.nan, 1000.0, 0.0]))
    svg, data = chart_svg(PageChart("t", "x", "y", (line,), log_y=True))
    (path,) = re.findall(r' d="([^"]+)"', svg)
    assert [len(part.split("L")) for part in path.split("M")[1:]] == [2, 1]
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert heights[0] - heights[1] == pytest.approx(0.5 * (heights[1] - heights[2]), abs=0.2)  # one decade, two decades
    assert data["series"][0]["y"] == [1.0, 10.0, None, 1000.0, 0.0]


@pytest.mark.parametrize("values", [np.full(4, 3.0), np.full(4, np.nan), np.array([0.0, 0.0, 1e-30, 0.0])])
def test_flat_and_empty_lines_are_drawn(values: np.ndarray) -> None:
    svg, _ = chart_svg(PageChart("t", "x", "y", (ChartLine("", np.arange(4.0), values),)))
    assert "nan" not in svg.lower().replace("aria-nan", "")


def test_cells_without_a_value_are_grey() -> None:
    svg = grid_svg(PageGrid("t", "x", "y", ("1", "2"), ("<a>",), np.array([[1.0, np.nan]])))
    assert svg.count('class="empty"') == 1
    assert "&lt;a&gt;" in svg and "<a>" not in svg


def test_levels_are_within_half_a_step() -> None:
    values = np.random.default_rng(1).normal(size=(3, 1000)) * 1e-6
    values[0, :10] = np.nan
    found = QuantisedField.of(values)
    assert np.isnan(found.values()[0, :10]).all()
    step = np.nanmax(values) - np.nanmin(values)
    np.testing.assert_allclose(found.values()[0, 10:], values[0, 10:], rtol=0.0, atol=0.5001 * step / 65534.0)
    assert np.isnan(QuantisedField.of(np.full(3, np.nan)).values()).all()
    assert (QuantisedField.of(np.full(3, 7.0)).values() == 7.0).all()


@pytest.mark.parametrize(
    "values", [np.array([0, 65535]), np.array([0, 65536]), np.array([], dtype=int), np.array([1.5])]
)
def test_packed_numbers_come_back(values: np.ndarray) -> None:
    assert unpacked(packed(values)).tolist() == values.tolist()
