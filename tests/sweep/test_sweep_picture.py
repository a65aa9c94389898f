"""The picture of a sweep: what is drawn over what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.drawing.sweep import Cloud, SweepPanel, spread, sweep_figure
from asyncsoc.errors import InputError
from asyncsoc.sweep.design import Wanted, make_design
from asyncsoc.sweep.gather import Gathered
from asyncsoc.sweep.picture import draw_sweep
from asyncsoc.sweep.plan import Plan
from asyncsoc.sweep.record import AT_HALF

RANDOM = {"contact": {"kind": "random", "n": 4}, "protocol": {"steps": ["Charge at C/10 until 4.2 V"]}}


def gathered(count: int, **numbers: np.ndarray) -> Gathered:
    values = {name.replace("_", " "): value for name, value in numbers.items()}
    return Gathered(count, np.zeros(count, dtype=np.int8), values)


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
        Wanted(("contact.coverage=0.1:0.9:5", "protocol.temperature=40 degC,60 degC"), replicas=6), RANDOM
    )
    count = len(design)
    noise = np.random.default_rng(1).uniform(0.0, 0.05, count)
    coverage = np.array([design.values(k)["contact.coverage"] for k in range(count)], dtype=float)
    numbers = {AT_HALF: 0.5 + 0.3 * (1.0 - coverage) + noise, "Largest asynchrony": 0.3 * (1.0 - coverage) + noise}
    found = gathered(count, **numbers, Final_risk_max=1.0 / coverage + noise)
    path = draw_sweep(tmp_path / "sweep.png", Plan("layouts", RANDOM, design), found)
    assert path.stat().st_size > 20_000


def test_samples_are_drawn_as_points_and_bins(tmp_path: Path) -> None:
    design = make_design(
        Wanted(("contact.coverage=0.1:0.9", "particle.radius=1 um:100 um:log"), sample="lhs:100"), RANDOM
    )
    values = np.linspace(0.0, 1.0, 100)
    found = gathered(100, Largest_asynchrony=values, **{AT_HALF: values})
    assert draw_sweep(tmp_path / "sweep.png", Plan("sample", RANDOM, design), found).is_file()


def test_nothing_to_draw(tmp_path: Path) -> None:
    names_only = make_design(Wanted(("material.name=ncm811-sturm2019,ncm811-chen2020",)), RANDOM)
    with pytest.raises(InputError, match="no number was varied"):
        draw_sweep(tmp_path / "sweep.png", Plan("names", RANDOM, names_only), gathered(2))
    failed = make_design(Wanted(("contact.coverage=0.1,0.2",)), RANDOM)
    with pytest.raises(InputError, match="no case"):
        draw_sweep(tmp_path / "sweep.png", Plan("failed", RANDOM, failed), gathered(2))
    with pytest.raises(InputError, match="nothing to draw"):
        sweep_figure([], abscissa="f")
    sweep_figure([SweepPanel("y", "t", (Cloud("", np.array([1.0, 2.0]), np.array([1.0, 2.0])),))], abscissa="f")
