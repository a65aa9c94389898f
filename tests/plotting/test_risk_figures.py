"""Figures of risk, film and fit show what they are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.fit import FitPanel, fit_figure
from asyncsoc.plotting.risk import BandLine, FactorBar, FilmLine, film_figure, risk_figure
from tests.plotting.texts import collisions, laid_out

X = np.linspace(0.9, 0.4, 30)


def line(label: str, scale: float) -> BandLine:
    return BandLine(label, X, scale * np.exp(1.0 - X), scale * 0.5 * np.exp(1.0 - X), scale * 2.0 * np.exp(1.0 - X))


BARS = (
    FactorBar(
        "Cal", {"kinetic potential": 1.6, "concentration potential": 4.0, "reaction energy": 3.5}, 22.4, 13.0, 33.0
    ),
    FactorBar(
        "mutual", {"kinetic potential": 1.6, "concentration potential": 4.0, "reaction energy": 0.9}, 5.8, 3.7, 8.6
    ),
)


def test_risk_shows_lines_bands_and_factors() -> None:
    lines = [line("Cal", 20.0), line("Hot-Cal", 1.05)]
    both = [replace(one, variant=kind) for one in lines for kind in ("total", "mutual")]
    panels = {"Driven by the potential": lines, "Driven by the reaction energy": both}
    figure = risk_figure(panels, BARS, title="Risk", bars_title="Factors", band="i0 from 0.1 to 1 A/m²", note="n")
    left, middle, right = figure.axes
    assert left.get_yscale() == middle.get_yscale() == "log"
    assert left.xaxis_inverted()
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["Cal", "Hot-Cal"]
    assert middle.get_title(loc="left") == "Driven by the reaction energy"
    assert [text.get_text() for text in middle.get_legend().get_texts()] == ["total", "mutual"]
    # One colour a particle, dashes for what is told apart.
    assert middle.lines[0].get_color() == middle.lines[1].get_color() != middle.lines[2].get_color()
    assert middle.lines[0].get_linestyle() != middle.lines[1].get_linestyle()
    assert [label.get_text() for label in right.get_yticklabels()] == ["Cal", "mutual"]
    texts = [text.get_text() for text in right.texts]
    assert "22 (13 to 33)" in texts and "3.5" in texts
    # The bars of one row add up to the risk on the logarithmic axis; a factor below 1 goes the other way.
    first = [patch for patch in right.patches if abs(patch.get_y() + 0.31) < 0.01]
    assert first[-1].get_x() + first[-1].get_width() == pytest.approx(22.4)
    second = [patch for patch in right.patches if abs(patch.get_y() - 0.69) < 0.01]
    assert min(patch.get_x() for patch in second) == pytest.approx(0.9)
    figure.canvas.draw()
    with pytest.raises(InputError, match="same particles in each panel"):
        risk_figure({"a": lines, "b": lines[:1]}, BARS, title="", bars_title="", band="")


def test_charge_and_discharge_are_told_apart_and_nothing_is_hidden_behind_a_legend() -> None:
    down = BandLine("Cal", X[::-1], 0.1 * X, 1e-7 * X, 0.2 * X, discharge=True)
    figure = laid_out(
        risk_figure(
            {
                "Driven by the potential": [line("Cal", 20.0), down],
                "Driven by the reaction energy": [line("Cal", 9.0), down],
            },
            BARS,
            title="Risk",
            bars_title="At x",
            band="i0",
        )
    )
    left = figure.axes[0]
    solid, dashed, _ = left.get_lines()
    np.testing.assert_array_equal(solid.get_ydata(), line("Cal", 20.0).values)
    np.testing.assert_array_equal(dashed.get_ydata(), down.values)
    assert solid.get_linestyle() == "-" and dashed.get_linestyle() == "--"
    assert solid.get_color() == dashed.get_color()
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["Cal, charge", "Cal, discharge"]
    assert left.get_ylim()[0] == pytest.approx(1e-2)
    assert left.get_legend().get_window_extent().y1 < left.get_window_extent().y0
    assert collisions(figure) == []


def test_film_shows_its_growth_profile_voltage_and_resistance() -> None:
    capacity = np.linspace(0.0, 120.0, 40)
    place, thickness = np.linspace(0, 1, 9), np.linspace(13e-9, 6e-9, 9)
    film = FilmLine("Cal", place, thickness, capacity, 3.6 + capacity / 200, 200 + capacity,
                    capacity * 1e-10, capacity * 2e-10, capacity, 3.6 + capacity / 250)  # fmt: skip
    figure = film_figure([film], title="Film")
    growth, profile, voltage, resistance = figure.axes
    assert profile.lines[0].get_ydata().max() == pytest.approx(13.0)
    assert growth.lines[0].get_ydata()[-1] == pytest.approx(12.0)
    assert len(voltage.lines) == 2
    assert resistance.get_ylim()[0] == 0.0
    figure.canvas.draw()
    with pytest.raises(InputError, match="needs a run"):
        film_figure([], title="")


def test_a_fit_shows_data_and_differences() -> None:
    time = np.linspace(0.0, 7200.0, 20)
    panel = FitPanel(
        "Cell voltage [V]", time, np.full(20, 4.0), np.full(20, 4.01), np.full(20, 10.0), "fit - data [mV]"
    )
    figure = fit_figure([panel, panel], title="Fitted, not measured", note="a = 1\nb = 2")
    upper, _, lower, _ = figure.axes
    assert upper.lines[0].get_xdata()[-1] == pytest.approx(2.0)
    assert lower.lines[0].get_ydata()[0] == pytest.approx(10.0)
    figure.canvas.draw()
    with pytest.raises(InputError, match="needs a curve"):
        fit_figure([], title="")
