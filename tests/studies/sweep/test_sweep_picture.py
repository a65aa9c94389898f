"""The picture of a sweep: what is drawn over what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.sweep import ScatterPoints, SweepPanel, spread, sweep_figure
from asyncsoc.studies.sweep.design import DesignOptions, make_design
from asyncsoc.studies.sweep.load import LoadedRecords
from asyncsoc.studies.sweep.picture import draw_sweep, figure_of
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import AT_HALF
from tests.plotting.texts import collisions, laid_out

RANDOM = {"contact": {"kind": "random", "n": 4}, "protocol": {"steps": ["Charge at C/10 until 4.2 V"]}}


def loaded(count: int, **numbers: np.ndarray) -> LoadedRecords:
    values = {name.replace("_", " "): value for name, value in numbers.items()}
    return LoadedRecords(count, np.zeros(count, dtype=np.int8), values)


def test_spread_over_layouts() -> None:
    x = np.repeat([0.1, 0.5], 5)
    found = spread(x, np.arange(10.0))
    assert found.x.tolist() == [0.1, 0.5]
    assert found.median.tolist() == [2.0, 7.0]
    assert (found.extremes[0].tolist(), found.extremes[1].tolist()) == ([0.0, 5.0], [4.0, 9.0])
    many = spread(np.linspace(0.0, 1.0, 1000), np.linspace(0.0, 1.0, 1000))
    assert len(many.x) == 14
    np.testing.assert_allclose(many.median, many.x, atol=1e-3)
    with pytest.raises(InputError, match="nothing to draw"):
        spread(x, np.full(10, np.nan))


def test_contact_soc_asynchrony_and_risk_over_coverage(tmp_path: Path) -> None:
    design = make_design(
        DesignOptions(("contact.coverage=0.1:0.9:5", "protocol.temperature=40 degC,60 degC"), replicas=6), RANDOM
    )
    count = len(design)
    noise = np.random.default_rng(1).uniform(0.0, 0.05, count)
    coverage = np.array([design.values(k)["contact.coverage"] for k in range(count)], dtype=float)
    numbers = {AT_HALF: 0.5 + 0.3 * (1.0 - coverage) + noise, "Largest asynchrony": 0.3 * (1.0 - coverage) + noise}
    found = loaded(count, **numbers, Final_risk_max=1.0 / coverage + noise)
    path = draw_sweep(tmp_path / "sweep.png", Plan("layouts", RANDOM, design), found)
    assert path.stat().st_size > 20_000


def test_samples_are_drawn_as_points_and_bins(tmp_path: Path) -> None:
    design = make_design(
        DesignOptions(("contact.coverage=0.1:0.9", "particle.radius=1 um:100 um:log"), sample="lhs:100"), RANDOM
    )
    values = np.linspace(0.0, 1.0, 100)
    found = loaded(100, Largest_asynchrony=values, **{AT_HALF: values})
    assert draw_sweep(tmp_path / "sweep.png", Plan("sample", RANDOM, design), found).is_file()


def test_cases_that_never_come_to_half_are_marked_and_counted_and_leave_no_band_of_the_others() -> None:
    design = make_design(DesignOptions(("contact.coverage=0.1:0.9:5", "protocol.temperature=300:400:8")), RANDOM)
    coverage = np.array([design.values(k)["contact.coverage"] for k in range(len(design))], dtype=float)
    place = np.tile(np.arange(8), 5)
    half = 0.6 + 0.01 * place
    half[(coverage < 0.2) & (place < 6)] = np.nan
    half[(coverage > 0.2) & (coverage < 0.4) & (place < 2)] = np.nan
    found = loaded(len(design), Largest_asynchrony=0.3 - 0.2 * coverage + 0.01 * place, **{AT_HALF: half})
    figure = laid_out(figure_of(Plan("half", RANDOM, design), found))
    left, right = figure.axes
    assert "8 of 40 cases" in left.get_title(loc="left") and "of 40" not in right.get_title(loc="left")
    (crosses,) = [line for line in left.get_lines() if line.get_marker() == "x"]
    np.testing.assert_allclose(crosses.get_xdata(), [0.1, 0.3])
    assert [text.get_text() for text in left.texts] == ["6/8", "2/8"]
    (points,) = [line for line in left.get_lines() if line.get_marker() == "."]
    drawn = np.isfinite(points.get_ydata())
    np.testing.assert_allclose(np.asarray(points.get_xdata())[drawn], coverage[np.isfinite(half) & (coverage < 0.4)])
    medians = next(line for line in left.get_lines() if line.get_marker() == "o")
    np.testing.assert_array_equal(np.isfinite(medians.get_ydata()), [False, False, True, True, True])
    for band in left.collections:
        assert min(path.vertices[:, 0].min() for path in band.get_paths()) == pytest.approx(0.5)
    assert min(path.vertices[:, 0].min() for path in right.collections[0].get_paths()) == pytest.approx(0.1)
    low, high = left.get_ylim()
    assert (np.nanmin(half) - low) / (high - low) > 0.1  # the marks stand below every number
    assert collisions(figure) == []


def test_particles_of_a_table_are_points_and_no_line(tmp_path: Path) -> None:
    table = tmp_path / "particles.csv"
    table.write_text("particle.radius, contact.coverage\n4 um, 0.35\n6.5 um, 0.52\n9 um, 0.48\n")
    design = make_design(DesignOptions(table=str(table)), RANDOM)
    half, lead = np.array([0.53, 0.54, 0.65]), np.array([0.05, 0.06, 0.18])
    found = loaded(3, Largest_asynchrony=lead, **{AT_HALF: half})
    figure = laid_out(figure_of(Plan("particles", RANDOM, design), found))
    for axes, numbers in zip(figure.axes, (half, lead), strict=True):
        assert all(line.get_linestyle() == "None" for line in axes.get_lines())
        points = axes.get_lines()[0]
        np.testing.assert_allclose(points.get_xdata(), [0.35, 0.52, 0.48])
        np.testing.assert_allclose(points.get_ydata(), numbers)
    assert collisions(figure) == []


def test_leads_and_lags_are_not_drawn_as_one_quantity() -> None:
    design = make_design(DesignOptions(("contact.coverage=0.1,0.5",)), RANDOM)
    lead = np.array([0.2, 0.07])
    numbers = {"Largest lead of the contact": lead, "Largest asynchrony": np.array([0.2, -0.08])}
    right = figure_of(
        Plan("cycles", RANDOM, design), LoadedRecords(2, np.zeros(2, dtype=np.int8), {**numbers, AT_HALF: lead})
    )
    line = right.axes[1].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), lead)
    assert right.axes[1].get_ylabel() == "Largest lead of the contact"


def test_a_line_without_any_number_is_counted_and_keeps_the_colours_of_the_others() -> None:
    design = make_design(DesignOptions(("contact.coverage=0.1,0.5", "protocol.temperature=40 degC,60 degC")), RANDOM)
    cold = np.array([float(design.values(k)["protocol.temperature"]) < 320.0 for k in range(4)])
    found = loaded(4, Largest_asynchrony=np.full(4, 0.1), **{AT_HALF: np.where(cold, np.nan, 0.7)})
    left, right = figure_of(Plan("lines", RANDOM, design), found).axes
    warm = [line.get_color() for axes in (left, right) for line in axes.get_lines() if "60" in str(line.get_label())]
    assert len(warm) == 2 and warm[0] == warm[1]
    assert "2 of 4 cases" in left.get_title(loc="left")


def test_nothing_to_draw(tmp_path: Path) -> None:
    names_only = make_design(DesignOptions(("material.name=ncm811-sturm2019,ncm811-chen2020",)), RANDOM)
    with pytest.raises(InputError, match="no number was varied"):
        draw_sweep(tmp_path / "sweep.png", Plan("names", RANDOM, names_only), loaded(2))
    failed = make_design(DesignOptions(("contact.coverage=0.1,0.2",)), RANDOM)
    with pytest.raises(InputError, match="no case"):
        draw_sweep(tmp_path / "sweep.png", Plan("failed", RANDOM, failed), loaded(2))
    with pytest.raises(InputError, match="nothing to draw"):
        sweep_figure([], abscissa="f")
    sweep_figure([SweepPanel("y", "t", (ScatterPoints("", np.array([1.0, 2.0]), np.array([1.0, 2.0])),))], abscissa="f")


def test_failed_cases_are_marked_too_and_no_survivor_is_a_median() -> None:
    design = make_design(DesignOptions(("contact.coverage=0.1:0.9:5", "protocol.temperature=300:400:8")), RANDOM)
    coverage = np.array([design.values(k)["contact.coverage"] for k in range(len(design))], dtype=float)
    place = np.tile(np.arange(8), 5)
    lead = 0.3 - 0.2 * coverage + 0.01 * place
    failed = (coverage < 0.2) & (place < 7)  # one survivor
    lead[failed] = np.nan
    found = LoadedRecords(len(design), failed.astype(np.int8), {AT_HALF: lead + 0.4, "Largest asynchrony": lead})
    figure = laid_out(figure_of(Plan("failed", RANDOM, design), found))
    for axes in figure.axes:
        assert "not carried out: 7 of 40 cases" in axes.get_title(loc="left")
        assert [text.get_text() for text in axes.texts] == ["7/8"]
        medians = next(line for line in axes.get_lines() if line.get_marker() == "o")
        np.testing.assert_array_equal(np.isfinite(medians.get_ydata()), [False, True, True, True, True])
        dashed = [line for line in axes.get_lines() if line.get_linestyle() == "--"]
        assert all(not np.isfinite(line.get_ydata()[0]) for line in dashed)
    both = lead.copy()
    both[coverage > 0.8] = np.nan
    mixed = LoadedRecords(len(design), failed.astype(np.int8), {AT_HALF: both, "Largest asynchrony": lead})
    left = laid_out(figure_of(Plan("mixed", RANDOM, design), mixed)).axes[0]
    assert "mean SOC of 0.5 not reached: 8 of 40 cases, not carried out: 7" in left.get_title(loc="left")
