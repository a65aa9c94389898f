"""Layouts of one coverage: evenly spread patches lead least, one patch most, whatever the particle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.studies.layouts import SOC, Layout, LayoutResult, charge_layouts, layouts, layouts_figure

STEPS = ["Charge at C/10 until 4.2 V"]


@pytest.fixture(scope="module")
def case() -> aso.Case:
    ball = ball_mesh(7, 0.08, 1.6)
    return aso.Case(
        particle=aso.Particle.from_arrays(ball.points * 7.5e-6, ball.cells),
        protocol=aso.Protocol(steps=STEPS),
        output=aso.Output(fields_every="2 h"),
    )


@pytest.fixture(scope="module")
def findings(case: aso.Case) -> list[LayoutResult]:
    return charge_layouts(case, layouts(0.3, 6, 3))


def test_dispersion_buys_lead_and_capacity(findings: list[LayoutResult]):
    one, even, random = findings
    assert [found.label for found in findings] == ["one patch", "6 even patches", "6 random patches"]
    assert one.moment.mean_soc == pytest.approx(SOC, abs=1e-9)
    assert one.moment.lead > random.moment.lead > even.moment.lead > 0.0
    assert even.moment.lead == pytest.approx(0.38 * one.moment.lead, rel=0.12)
    assert even.capacity > random.capacity > one.capacity
    assert one.moment.lead == pytest.approx(0.132, abs=0.006)
    assert one.largest_lead >= one.moment.lead - 1e-9  # a row's against one between two rows
    for found in findings:
        assert found.solution.contact.coverage_realised == pytest.approx(0.3, abs=1e-9)


@pytest.mark.slow
def test_the_figure_shows_every_layout(findings: list[LayoutResult], tmp_path: Path):
    figure = layouts_figure(findings)
    titles = [axes.get_title(loc="center") for axes in figure.axes]
    assert {"one patch", "6 even patches", "6 random patches"} <= set(titles)
    assert any("asynchrony" in axes.get_xlabel() and "mA h/g" in axes.get_xlabel() for axes in figure.axes)
    figure.savefig(tmp_path / "layouts.png", dpi=40)
    assert (tmp_path / "layouts.png").stat().st_size > 10_000


def test_a_charge_that_ends_too_early_is_refused(case: aso.Case):
    short = aso.Case(particle=case.particle, protocol=aso.Protocol(steps=["Charge at C/10 for 1 hour"]))
    with pytest.raises(InputError, match="does not reach"):
        charge_layouts(short, [Layout("cap", aso.Contact.cap(0.3))])


def test_every_layout_is_a_case_of_its_own(case: aso.Case, findings: list[LayoutResult]):
    assert len({case.hash, *(found.solution.case_sha256 for found in findings)}) == 4


@pytest.mark.slow
def test_the_example_prints_its_table(run_python, tmp_path: Path):
    script = Path(__file__).parents[3] / "examples" / "layouts.py"
    done = run_python(script, tmp_path / "layouts.png", timeout=120.0)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    leads = [float(row[-4]) for row in rows[1:4]]
    assert np.allclose(leads, [0.132, 0.050, 0.079], atol=0.003)
    assert (tmp_path / "layouts.png").stat().st_size > 10_000
