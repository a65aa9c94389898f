"""The closed forms of a titration against the inverse Laplace transform, limits and simulations."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.cli.main import main
from asyncsoc.studies.gitt.bias import apparent_over_true, bias_table, small_pulse_law
from asyncsoc.studies.gitt.contact_rise import RoundPatches, contact_excess
from asyncsoc.studies.gitt.correction import correct_apparent
from asyncsoc.studies.gitt.synthetic import draw, titrate
from asyncsoc.studies.gitt.titration import GittPlan, simulate_gitt
from asyncsoc.studies.verification.checks_gitt import titrated
from asyncsoc.studies.verification.impedance import cap_transfer

DOCS = Path(__file__).parents[3] / "docs"


def talbot(tau: float, coverage: float, terms: int = 24) -> float:
    """Return h(tau) of a cap from its transfer function H(s)/s by the fixed Talbot contour (Abate and Valko 2004)."""
    r = 2.0 * terms / (5.0 * tau)
    theta = np.arange(1, terms) * math.pi / terms
    cotangent = 1.0 / np.tan(theta)
    s = r * theta * (cotangent + 1j)
    weight = np.exp(tau * s) * (1.0 + 1j * (theta + (theta * cotangent - 1.0) * cotangent))
    total = 0.5 * math.exp(r * tau) * (cap_transfer(np.array([r + 0j]), coverage) / r).real[0]
    total += float(np.sum((weight * cap_transfer(s, coverage) / s).real))
    return r / terms * total


@pytest.mark.parametrize("coverage", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("tau", [1e-4, 5e-4, 2e-3, 0.037, 0.6])
def test_the_rise_of_the_contact_is_the_inverse_laplace_transform(coverage: float, tau: float) -> None:
    rise = 3.0 * tau + float(contact_excess(tau, RoundPatches(coverage)))
    assert rise == pytest.approx(talbot(tau, coverage), rel=1e-3)


def test_full_contact_follows_the_law_and_the_figures_of_larger_pulses() -> None:
    for tau in (1e-4, 3e-4, 1e-3):
        assert abs(apparent_over_true(tau, RoundPatches(1.0)) - small_pulse_law(tau)) < 0.002
    # tan a = a by hand: the three slowest modes of Crank's series suffice at tau = 0.32.
    roots = np.array([4.493409457909064, 7.725251836937707, 10.904121659428899])
    rise = 3.0 * 0.32 + 0.2 - 2.0 * float(np.sum(np.exp(-(roots**2) * 0.32) / roots**2))
    assert apparent_over_true(0.32, RoundPatches(1.0)) == pytest.approx(
        4.0 / (9.0 * math.pi * 0.32) * (0.96 / rise) ** 2, rel=1e-4
    )


def test_small_and_large_pulses_have_their_limits() -> None:
    for coverage, patches in ((0.1, 1), (0.5, 1), (0.3, 6)):
        contact = RoundPatches(coverage, patches)
        assert apparent_over_true(1e-8, contact) == pytest.approx(coverage**2, rel=2e-3)
        assert 1000.0 * apparent_over_true(1000.0, contact) == pytest.approx(4.0 / (9.0 * math.pi), rel=5e-3)


def test_simulated_pulses_follow_the_law() -> None:
    assert abs(titrated(3e-4, 1.0, rate="C/50")[0] - small_pulse_law(3e-4)) < 0.002
    for tau, figure in ((0.01, 0.83), (0.03, 0.72), (0.32, 0.30)):  # by the series of a sphere
        assert abs(titrated(tau, 1.0)[0] - figure) < 0.02


@pytest.mark.slow
def test_simulated_pulses_in_a_row_follow_the_closed_form() -> None:
    contact = RoundPatches(0.3)
    for before, value in enumerate(titrated(0.05, 0.3, rest=0.1, pulses=3)):
        assert value == pytest.approx(apparent_over_true(0.05, contact, rest=2.0, before=before), rel=0.01)


def test_the_range_holds_the_value_it_was_made_from_and_is_narrow_without_doubt() -> None:
    radius, pulse, true = 7.5e-6, 1800.0, 4e-15
    tau = true * pulse / radius**2
    for coverage, patches in ((1.0, 1), (0.3, 1), (0.3, 6)):
        apparent = true * apparent_over_true(tau, RoundPatches(coverage, patches))
        found = correct_apparent(
            apparent, (coverage, coverage), (radius, radius), pulse, patches=patches, tolerance=0.0
        )
        assert found.low is not None
        assert found.high is not None
        assert found.covers(true)
        assert found.width < 0.15
        wide = correct_apparent(apparent, (0.5 * coverage, coverage), (5e-6, 1e-5), pulse, formula_radius=radius)
        assert wide.covers(true)
        assert wide.width > found.width


def test_ranges_have_one_end_where_nothing_can_be_told() -> None:
    saturated = 4.0 / (9.0 * math.pi) * 7.5e-6**2 / 1800.0
    found = correct_apparent(0.95 * saturated, (0.9, 1.0), (7.5e-6, 7.5e-6), 1800.0)
    assert found.high is None
    assert found.low is not None
    assert found.covers(1.0)
    # A rest as long as the pulse on a particle with slow diffusion: sqrt(2) - 1 whatever the diffusivity.
    short = correct_apparent((math.sqrt(2.0) - 1.0) ** 2 * saturated, (1.0, 1.0), (7.5e-6, 7.5e-6), 1800.0, rest=1800.0)
    assert short.low is None
    assert short.covers(1e-19)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"apparent": -1.0}, "apparent must be positive"),
        ({"apparent": 1e-13}, "no diffusivity gives this apparent value"),
        ({"coverage": (0.5, 0.2)}, "a range is not in order"),
        ({"coverage": (0.5, 1.2)}, "a range is not in order"),
        ({"radius": (0.0, 1e-6)}, "a range is not in order"),
        ({"rest": 0.0}, "rest must be positive"),
        ({"tolerance": 1.0}, "the tolerance is out of range"),
        ({"before": -1}, "pulses before is negative"),
        ({"patches": 0}, "number of patches"),
        ({"formula_radius": math.nan}, "a radius must be positive"),
    ],
)
def test_what_makes_no_range_is_refused(given: dict[str, object], words: str) -> None:
    usual = {"apparent": 1e-15, "coverage": (0.2, 0.4), "radius": (7e-6, 8e-6), "pulse": 1800.0}
    with pytest.raises(InputError, match=words):
        correct_apparent(**(usual | given))  # type: ignore[arg-type]


def test_the_command_corrects(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--apparent", "6e-16 m2/s", "--coverage", "0.2:0.4", "--radius", "7.5 um", "--rest", "30 min"]
    assert main(["gitt", "correct", *given, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = correct_apparent(6e-16, (0.2, 0.4), (7.5e-6, 7.5e-6), 1800.0, rest=1800.0)
    assert document["lowest diffusivity [m2/s]"] == pytest.approx(found.low)
    assert document["highest diffusivity [m2/s]"] == pytest.approx(found.high)
    assert main(["gitt", "correct", "--apparent", "6e-16 m2/s", "--coverage", "a:b", "--radius", "7 um"]) == 2
    assert "--coverage" in capsys.readouterr().err


def stored(name: str) -> list[dict[str, str]]:
    with (DOCS / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_stored_table_of_corrections_says_what_the_page_says() -> None:
    rows = stored("gitt_correction.csv")
    assert len(rows) == 200
    assert sum(row["covered"] == "yes" for row in rows) >= 190
    for row in rows:
        low, high = row["lowest [m2/s]"], row["highest [m2/s]"]
        inside = (not low or float(low) <= float(row["diffusivity [m2/s]"])) and (
            not high or float(row["diffusivity [m2/s]"]) <= float(high)
        )
        assert inside == (row["covered"] == "yes")


@pytest.mark.slow
def test_the_stored_table_of_corrections_is_what_the_command_gives() -> None:
    for row in stored("gitt_correction.csv")[3:200:33]:
        one = titrate(draw(17, int(row["number"])))
        assert one.found is not None
        assert one.diffusivity == pytest.approx(float(row["diffusivity [m2/s]"]), rel=1e-5)
        assert one.apparent == pytest.approx(float(row["apparent diffusivity [m2/s]"]), rel=1e-3)
        assert one.covered == (row["covered"] == "yes")
        for end, name in ((one.found.low, "lowest [m2/s]"), (one.found.high, "highest [m2/s]")):
            assert (end is None) == (not row[name])
            assert end is None or end == pytest.approx(float(row[name]), rel=0.05)


def test_the_stored_chart_is_that_of_the_closed_forms() -> None:
    rows = stored("gitt_bias.csv")
    one_patch = {(float(row["coverage"]), round(float(row["D t/R2"]), 9)): row for row in rows if row["patches"] == "1"}
    for fresh in bias_table((0.1, 0.5, 1.0), (1,), (1e-4, 0.01, 1.0)):
        row = one_patch[(fresh.coverage, round(fresh.tau, 9))]
        assert float(row["apparent over true diffusivity"]) == pytest.approx(fresh.apparent_over_true, rel=1e-4)
    assert {row["patches"] for row in rows} == {"1", "6", "12"}


def test_a_jump_that_passes_the_limit_by_itself_ends_the_direction() -> None:
    case = Case.from_dict(
        {
            "particle": {"radius": "2 um"},
            "contact": {"kind": "full"},
            "protocol": {"initial_voltage": 3.74, "steps": ["Rest for 1 minute"]},
        }
    )
    plan = GittPlan(rate="2 C", pulse=60.0, rest=60.0, upper=3.745, lower=3.4, cycles=1)
    result, solution = simulate_gitt(case, plan)
    assert result.pulses
    assert {pulse.direction for pulse in result.pulses} == {"discharge"}
    assert solution.stop_reason == "duration reached"
    with pytest.raises(InputError, match="starts outside the limits"):
        simulate_gitt(case, GittPlan(upper=3.7))
    with pytest.raises(InputError, match="constant current"):
        GittPlan(rate="8 nW")
