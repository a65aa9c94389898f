from __future__ import annotations

import io
import re
import sys

import matplotlib as mpl
import numpy as np
import pytest

from asyncsoc.contact import shapes
from asyncsoc.drawing.band import BandPanel, BandSeries, band_figure
from asyncsoc.drawing.curves import LabelledRun, curves_figure, overpotential_figure
from asyncsoc.drawing.overview import comparison_figure, overview_figure
from asyncsoc.drawing.section import SectionPanel, contour_levels, nice_length, section_figure
from asyncsoc.drawing.style import LINES
from asyncsoc.errors import InputError
from asyncsoc.geometry.library import load_builtin
from asyncsoc.observables import names

UNIT = re.compile(r"\[[^\]]+\]$")


def columns(count: int = 40) -> dict[str, np.ndarray]:
    charge = np.linspace(0.0, 1.0, count)
    return {
        names.TIME: 30000.0 * charge,
        names.CAPACITY: 170.0 * charge,
        names.VOLTAGE: 3.6 + 0.6 * charge,
        names.MEAN_SOC: 0.1 + 0.8 * charge,
        names.CONTACT_SOC: 0.1 + 0.8 * charge + 0.2 * (1.0 - np.exp(-5.0 * charge)),
        names.CONCENTRATION: 0.1 * np.sin(4.0 * charge),
        names.KINETIC: np.full(count, 0.02),
        names.FILM: np.zeros(count),
        names.SERIES: np.full(count, 0.01),
    }


def run(label: str = "Cal") -> LabelledRun:
    return LabelledRun(label, columns())


def panel(coverage: float = 0.3, *, uniform: bool = False) -> SectionPanel:
    mesh = load_builtin("sphere-axisymmetric-coarse").scaled(5e-6)
    values = np.full(mesh.n_nodes, 0.4) if uniform else 0.5 + 0.3 * mesh.points[:, 1] / 5e-6
    return SectionPanel(f"f = {coverage}", mesh, shapes.cap(mesh, coverage), values, "a note")


def band() -> BandPanel:
    d = np.geomspace(1e-15, 3e-14, 7)
    lead = 0.3 * (1e-15 / d) ** 0.5
    series = [
        BandSeries("Cal", d, np.where(d < 2e-15, np.nan, lead), far=np.where(d < 2e-15, np.nan, 0.5 * lead)),
        BandSeries("Hot-Cal", d, 0.05 * (1e-15 / d) ** 0.5, default=0.02),
    ]
    return BandPanel("Largest asynchrony [1]", "How far the contact runs ahead", series, "4.2 V comes first")


FIGURES = {
    "curves": lambda: curves_figure([run(), run("Hot-Cal")], title="Charge at 0.1 C"),
    "curves-time": lambda: curves_figure([run()], "time"),
    "overpotential": lambda: overpotential_figure(run()),
    "section": lambda: section_figure([panel(), panel(0.95)], "Ni$^{4+}$ share of nickel [1]", title="Inside"),
    "uniform": lambda: section_figure([panel(uniform=True)], "Stoichiometry [1]"),
    "band": lambda: band_figure([band(), band()], title="The diffusivity decides", columns=1, note="a note"),
    "rows": lambda: section_figure([panel(), panel(0.5)], "Stoichiometry [1]", columns=1, note="a note"),
    "comparison": lambda: comparison_figure(
        [run(), run("Hot-Cal")], [panel(), panel(0.95)], "Stoichiometry [1]", title="Both", note="a note"
    ),
    "overview": lambda: overview_figure(run(), panel(), "Ni$^{4+}$ share of nickel [1]", title="cal"),
}


def png(figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=50)
    return stream.getvalue()


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_that_shows_a_quantity_carries_its_unit(name):
    labels = [label for axes in FIGURES[name]().axes for label in (axes.get_xlabel(), axes.get_ylabel())]
    shown = [label for label in labels if label and label != "a note"]
    assert shown
    for label in shown:
        assert UNIT.search(label), label


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_the_same_twice_and_leave_the_users_settings_alone(name):
    before = dict(mpl.rcParams)
    first = png(FIGURES[name]())
    assert first.startswith(b"\x89PNG")
    with mpl.rc_context({"font.size": 30.0, "axes.grid": True}):
        assert png(FIGURES[name]()) == first
    assert dict(mpl.rcParams) == before


def test_no_figure_is_registered_with_pyplot(run_python):
    code = """
import sys
from asyncsoc.drawing.curves import LabelledRun, curves_figure
from asyncsoc.observables import names
columns = {name: [0.0, 1.0] for name in names.CURVES}
curves_figure([LabelledRun("a", columns)]).savefig(sys.argv[1], format="png")
assert "matplotlib.pyplot" not in sys.modules
"""
    done = run_python(code, "/dev/null", MPLBACKEND="TkAgg")
    assert done.returncode == 0, done.stderr


def test_mean_and_contact_are_told_apart_by_more_than_colour():
    axes = curves_figure([run(), run("Hot-Cal")]).axes[1]
    styles = {line.get_label(): line.get_linestyle() for line in axes.get_lines()}
    assert styles["under the contact, Cal"] != styles["mean of the particle"]
    assert len({line.get_color() for line in axes.get_lines()}) == 3
    assert {line.get_color() for line in axes.get_lines()} <= set(LINES)


def test_stack_of_the_overpotential_ends_at_its_sum():
    figure = overpotential_figure(run())
    (total,) = figure.axes[0].get_lines()
    parts = columns()
    expected = 1000.0 * (parts[names.CONCENTRATION] + parts[names.KINETIC] + parts[names.SERIES])
    np.testing.assert_allclose(total.get_ydata(), expected)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["sum", "separator and anode", "charge transfer", "concentration under the contact"]


def test_sections_share_one_colour_bar_over_the_values_of_all():
    figure = section_figure([panel(), panel(0.95)], "Stoichiometry [1]")
    maps = [artist for axes in figure.axes[:2] for artist in axes.collections if artist.get_array() is not None]
    limits = [artist.get_clim() for artist in maps if artist.get_array().size > 100]
    assert len(limits) == 2
    np.testing.assert_allclose(limits, [(0.2, 0.8)] * 2, atol=1e-3)
    assert figure.axes[-1].get_ylabel() == "Stoichiometry [1]"


def test_the_range_beside_a_band_is_the_headline():
    texts = [text.get_text() for axes in band_figure([band()]).axes for text in axes.texts]
    assert {"0.17", "0.05", "0.09", "0.03", "0.01", "Cal:\n4.2 V comes first"} <= set(texts)
    diamonds = [line for axes in band_figure([band()]).axes for line in axes.get_lines() if line.get_marker() == "D"]
    assert [float(line.get_ydata()[0]) for line in diamonds] == [0.02]


def test_the_largest_lead_is_marked_with_its_size():
    lead = columns()[names.CONTACT_SOC] - columns()[names.MEAN_SOC]
    texts = [text.get_text() for text in curves_figure([run()]).axes[1].texts]
    assert f"lead\n{lead.max():+.3f}" in texts
    level = columns() | {names.CONTACT_SOC: columns()[names.MEAN_SOC]}
    assert not curves_figure([LabelledRun("level", level)]).axes[1].texts


def test_a_spike_at_the_start_leaves_the_picture_and_is_told():
    spiked = columns() | {names.KINETIC: np.where(np.arange(40) < 2, 0.9, 0.02)}
    axes = overpotential_figure(LabelledRun("", spiked)).axes[0]
    assert axes.get_ylim()[1] < 300.0
    assert any("mV at the start" in text.get_text() for text in axes.texts)
    assert not overpotential_figure(run()).axes[0].texts


def test_contours_are_the_same_round_step_apart_in_all_particles():
    levels = contour_levels([panel(), panel(uniform=True)], 0.2, 0.8)
    np.testing.assert_allclose(np.diff(levels), 0.05)
    assert levels[0] == pytest.approx(0.2)
    assert levels[-1] == pytest.approx(0.8)
    assert contour_levels([panel(uniform=True)], 0.3, 0.5).size == 0


@pytest.mark.parametrize(("length", "expected"), [(3.5e-6, 2e-6), (5.25e-6, 5e-6), (1e-6, 1e-6), (9.9e-7, 5e-7)])
def test_scale_bars_have_round_lengths(length, expected):
    assert nice_length(length) == pytest.approx(expected)


@pytest.mark.parametrize("draw", [lambda: section_figure([], "x [1]"), lambda: band_figure([])])
def test_nothing_to_draw_is_an_error(draw):
    with pytest.raises(InputError, match="nothing to draw"):
        draw()


def test_drawing_needs_no_pyvista(monkeypatch):
    from asyncsoc.drawing.grid import pyvista_grid
    from asyncsoc.errors import EnvironmentProblem

    monkeypatch.setitem(sys.modules, "pyvista", None)
    with pytest.raises(EnvironmentProblem, match="pyvista is needed"):
        pyvista_grid(np.zeros((1, 3)), np.zeros((0, 2), dtype=np.int64), 3, {})


@pytest.mark.parametrize(
    "draw",
    [
        lambda: section_figure([panel()] * 3, "x [1]", columns=2),
        lambda: band_figure([band()] * 3, columns=2),
    ],
)
def test_a_row_that_is_not_full_is_an_error(draw):
    with pytest.raises(InputError, match="the last row is not full"):
        draw()
