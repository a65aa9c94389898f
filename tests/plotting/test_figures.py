from __future__ import annotations

import io
import re
import sys

import matplotlib as mpl
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.contact import shapes
from asyncsoc.geometry.library import load_builtin
from asyncsoc.plotting.band import BandPanel, BandSeries, band_figure
from asyncsoc.plotting.curves import LabelledRun, abscissa_of, curves_figure, overpotential_figure
from asyncsoc.plotting.overview import comparison_figure, overview_figure
from asyncsoc.plotting.section import SectionPanel, contour_levels, nice_length, section_figure
from asyncsoc.plotting.style import LINES
from asyncsoc.recorders import curve_names as names
from tests.plotting.texts import collisions, laid_out

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


def cycled(*, film: bool = False) -> dict[str, np.ndarray]:
    """Three cycles of charge, rest, discharge and rest; the contact leads by 0.15 and lags by 0.2."""
    hours = np.concatenate([np.linspace(start, start + 1.0, 12) for start in range(12)])
    step = np.repeat(np.arange(1, 13), 12)
    kind = (step - 1) % 4
    within = hours - np.floor(hours - 1e-9)
    within[::12] = 0.0
    soc = np.choose(kind, [0.1 + 0.8 * within, 0.9 + 0.0 * within, 0.9 - 0.8 * within, 0.1 + 0.0 * within])
    ahead = np.choose(kind, [0.15, 0.0, -0.2, 0.0]) * np.sin(np.pi * within)
    found = {
        names.TIME: 3600.0 * hours,
        names.CAPACITY: 170.0 * soc,
        names.CURRENT: np.choose(kind, [1e-10, 1e-24, -1e-10, 0.0]),
        names.VOLTAGE: 3.0 + 1.2 * soc,
        names.MEAN_SOC: soc,
        names.CONTACT_SOC: soc + ahead,
        names.STEP: step,
        names.CYCLE: (step - 1) // 4 + 1,
    }
    if film:
        found |= {names.FILM_MEAN: 1e-9 * hours, names.FILM_MAX: 2e-9 * hours}
    return found


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
    return BandPanel("Largest asynchrony [1]", "Largest asynchrony", series, "ends at 4.2 V")


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
    "cycles": lambda: overview_figure(LabelledRun("cycles", cycled()), panel(), "Ni$^{4+}$ share of nickel [1]"),
    "film": lambda: overview_figure(LabelledRun("film", cycled(film=True)), panel(), "Ni$^{4+}$ share of nickel [1]"),
    "two cycled": lambda: curves_figure([LabelledRun("one", cycled()), LabelledRun("two", cycled())], "time"),
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


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_the_same_twice_and_leave_the_users_settings_alone(name):
    before = dict(mpl.rcParams)
    first = png(FIGURES[name]())
    assert first.startswith(b"\x89PNG")
    with mpl.rc_context({"font.size": 30.0, "axes.grid": True}):
        assert png(FIGURES[name]()) == first
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_lies_on_another_or_leaves_the_picture(name):
    assert collisions(FIGURES[name]()) == []


@pytest.mark.parametrize("name", ["cycles", "film", "two cycled", "curves-time"])
def test_no_legend_or_writing_lies_on_a_curve_over_time(name):
    figure = laid_out(FIGURES[name]())
    for axes in figure.axes:
        written = [text for text in axes.texts if text.get_text()]
        boxes = [artist.get_window_extent() for artist in (axes.get_legend(), *written) if artist is not None]
        for line in axes.get_lines():
            points = line.get_transform().transform(np.column_stack(line.get_data()).astype(float).reshape(-1, 2))
            for box in boxes:
                assert not box.count_contains(points), (axes.get_title(loc="left"), line.get_label())


def test_cycles_are_drawn_over_time_with_their_rests_shaded_and_both_leads_told():
    voltage, soc, _, _ = FIGURES["cycles"]().axes
    (line,) = voltage.get_lines()
    np.testing.assert_allclose(line.get_xdata(), cycled()[names.TIME] / 3600.0)
    np.testing.assert_allclose(line.get_ydata(), cycled()[names.VOLTAGE])
    rests = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in voltage.patches]
    np.testing.assert_allclose(rests, [(hour, hour + 1.0) for hour in (1, 3, 5, 7, 9, 11)])
    texts = [text.get_text() for text in soc.get_legend().get_texts()]
    lead = cycled()[names.CONTACT_SOC] - cycled()[names.MEAN_SOC]
    assert f"asynchrony \N{MINUS SIGN}{-lead.min():.3f} to {lead.max():+.3f}" in texts and "rest" in texts
    assert not soc.texts


def test_a_charge_without_rests_is_drawn_over_capacity_and_one_with_over_time():
    assert abscissa_of(run()) == "capacity"
    charge = columns()
    step, current = np.full(40, 1), np.full(40, 1e-10)
    assert abscissa_of(LabelledRun("", charge | {names.STEP: step, names.CURRENT: current})) == "capacity"
    step[30:], current[30:] = 2, 0.0
    flat = np.minimum(charge[names.CAPACITY], charge[names.CAPACITY][30])
    rested = charge | {names.STEP: step, names.CURRENT: current, names.CAPACITY: flat}
    assert abscissa_of(LabelledRun("", rested)) == "time"


def test_a_film_is_in_the_picture_of_its_run():
    film = next(axes for axes in FIGURES["film"]().axes if axes.get_title(loc="left") == "Film on the contact")
    (mean,) = film.get_lines()
    np.testing.assert_allclose(mean.get_ydata(), cycled(film=True)[names.FILM_MEAN] * 1e9)
    assert film.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(24.0)
    assert [axes.get_title(loc="left") for axes in FIGURES["cycles"]().axes].count("Film on the contact") == 0


@pytest.mark.slow
def test_no_figure_is_registered_with_pyplot(run_python):
    code = """
import sys
from asyncsoc.plotting.curves import LabelledRun, curves_figure
from asyncsoc.recorders import curve_names as names
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
    assert labels == ["sum", "separator and anode", "charge transfer", "concentration"]


def test_sections_share_one_colour_bar_over_the_values_of_all():
    figure = section_figure([panel(), panel(0.95)], "Stoichiometry [1]")
    maps = [artist for axes in figure.axes[:2] for artist in axes.collections if artist.get_array() is not None]
    limits = [artist.get_clim() for artist in maps if artist.get_array().size > 100]
    assert len(limits) == 2
    np.testing.assert_allclose(limits, [(0.2, 0.8)] * 2, atol=1e-3)
    assert figure.axes[-1].get_ylabel() == "Stoichiometry [1]"


def test_the_range_beside_a_band_is_the_headline():
    texts = [text.get_text() for axes in band_figure([band()]).axes for text in axes.texts]
    assert {"0.17", "0.05", "0.09", "0.03", "0.01", "Cal:\nends at 4.2 V"} <= set(texts)
    diamonds = [line for axes in band_figure([band()]).axes for line in axes.get_lines() if line.get_marker() == "D"]
    assert [float(line.get_ydata()[0]) for line in diamonds] == [0.02]


def test_the_largest_lead_is_marked_with_its_size():
    lead = columns()[names.CONTACT_SOC] - columns()[names.MEAN_SOC]
    axes = curves_figure([run()]).axes[1]
    assert len(axes.texts) == 1  # the arrow
    assert f"largest asynchrony {lead.max():+.3f}" in axes.get_legend_handles_labels()[1]
    level = columns() | {names.CONTACT_SOC: columns()[names.MEAN_SOC]}
    axes = curves_figure([LabelledRun("level", level)]).axes[1]
    assert not axes.texts and not any("asynchrony" in label for label in axes.get_legend_handles_labels()[1])


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
    from asyncsoc.base.errors import EnvironmentProblem
    from asyncsoc.plotting.grid import pyvista_grid

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
