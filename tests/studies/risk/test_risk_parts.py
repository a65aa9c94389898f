"""The parts risk is made of: matching, factors, hot spots, dose, words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from asyncsoc.contact import shapes
from asyncsoc.contact.build import build_contact
from asyncsoc.geometry.library import load_builtin
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.contact_samples import mean_rate_between
from asyncsoc.recorders.covered_reference import CoveredReference, ReferenceState
from asyncsoc.recorders.hot_spots import hot_spots, share_above
from asyncsoc.recorders.risk_split import LocalState, split_risk
from asyncsoc.studies.risk.conclusions import Conclusion, RatioRange, compare_electrolytes, compare_particles
from asyncsoc.studies.risk.pictures import band_line
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

VOLTS = st.floats(-0.3, 0.3)


@settings(max_examples=50, deadline=None)
@given(VOLTS, VOLTS, st.floats(-0.1, 0.1), st.floats(0.1, 1.0), st.floats(0.0, 1.5), st.floats(0.0, 20.0))
def test_the_factors_multiply_to_the_risk(eta: float, du: float, de: float, film: float, a: float, b: float) -> None:
    constants = DecompositionConstants(transfer_coefficient=a, barrier_coefficient=b)
    law = 1e-3 * math.exp((a * (eta + du) - b * de) / (8.617333262e-5 * 333.15))
    here = LocalState(*(np.array([[v]]) for v in (3.9 + du, 0.02 + eta, -0.5 + de, law * film)))
    full = ReferenceState(*(np.array([v]) for v in (1e-3, 3.9, 0.02, -0.5, 0.0)))
    split = split_risk(here, full, constants, np.array([333.15])).row(0)
    assert split.risk[0] == pytest.approx(1e3 * law * film, rel=1e-12)
    assert split.remainder[0] == pytest.approx(film, rel=1e-9)
    product = split.kinetic * split.concentration * split.reaction * split.remainder
    assert product[0] == pytest.approx(split.risk[0], rel=1e-12)


def test_nothing_to_compare_with() -> None:
    one = np.ones((2, 3))
    rates = np.array([0.0, np.nan])
    state = ReferenceState(rates, *np.ones((4, 2)))
    split = split_risk(LocalState(one, one, one, one), state, DecompositionConstants(),
                       np.array([300.0, 310.0]))  # fmt: skip
    assert np.isnan(split.risk).all()


def reference() -> CoveredReference:
    """A charge, a rest and a discharge with rates that are exponentials of x and of time."""
    x = np.concatenate([np.linspace(0.9, 0.4, 60), np.full(20, 0.4), np.linspace(0.4, 0.8, 50)])
    step = np.repeat([1, 2, 3], [60, 20, 50])
    time = np.concatenate([np.linspace(0, 3600, 60), np.linspace(0, 600, 20), np.linspace(0, 3000, 50)])
    rate = np.where(step == 2, np.exp(-time / 300.0), np.exp(-8.0 * x))
    values = np.column_stack([rate, 4.5 - x, 0.01 + 0.0 * x, -0.6 + 0.1 * x, time])
    return CoveredReference(step, time, x, step == 2, values)


def test_a_companion_is_matched_at_equal_mean_stoichiometry_and_at_rest_at_equal_time() -> None:
    step, time = np.array([1, 2, 3, 1, 3, 2, 4]), np.array([0.0, 123.0, 0.0, 0.0, 0.0, 700.0, 0.0])
    found = reference().match(step, time, np.array([0.6543, 0.77, 0.5, 0.39, 0.85, 0.4, 0.6]))
    np.testing.assert_allclose(found.rate[:2], [math.exp(-8.0 * 0.6543), math.exp(-0.41)], rtol=1e-9)
    np.testing.assert_allclose(found.equilibrium[[0, 2]], [4.5 - 0.6543, 4.0], rtol=1e-12)
    assert found.energy[0] == pytest.approx(-0.6 + 0.06543, rel=1e-12)
    # Where the fully covered reference never came there is nothing to compare with.
    assert np.isnan(found.rate[3:]).all()
    # Two meshes end their charges a little apart.
    assert reference().match(step[:1], time[:1], np.array([0.3999])).rate[0] == pytest.approx(math.exp(-3.2), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-8, 1e3), st.floats(-30.0, 30.0))
def test_the_mean_of_an_exponential(before: float, growth: float) -> None:
    after = before * math.exp(growth)
    found = mean_rate_between(np.array([before]), np.array([after]))[0]
    exact = quad(lambda s: before * math.exp(growth * s), 0.0, 1.0, epsrel=1e-11, epsabs=0.0)[0]
    assert found == pytest.approx(exact, rel=1e-6)
    np.testing.assert_allclose(mean_rate_between(np.zeros(2), np.array([0.0, 2.0])), [0.0, 1.0])


def test_each_patch_above_the_threshold_is_a_spot() -> None:
    mesh = load_builtin("sphere-3d-coarse").scaled(5e-6)
    contact = build_contact(mesh, "patches", 0.3, n=4)
    nodes = np.flatnonzero(contact.weights > 0.0)
    areas = contact.weights[nodes]
    spots = hot_spots(mesh, nodes, areas, np.full(len(nodes), 20.0), 10.0)
    assert len(spots) == 4
    assert sum(spot.share for spot in spots) == pytest.approx(1.0)
    assert all(spot.area == pytest.approx(areas.sum() / 4, rel=0.05) for spot in spots)
    distances = [np.linalg.norm(np.subtract(a.place, b.place)) for a in spots for b in spots if a is not b]
    assert min(distances) > 5e-6
    only = np.where(mesh.points[nodes, 2] > 3.5e-6, 20.0, 1.0)
    above = hot_spots(mesh, nodes, areas, only, 10.0)
    assert 1 <= len(above) < 4
    assert sum(spot.share for spot in above) == pytest.approx(share_above(only, areas, 10.0))
    assert hot_spots(mesh, nodes, areas, np.ones(len(nodes)), 10.0) == ()


def test_the_middle_and_the_rim_of_a_cap_are_one_spot_and_a_ring() -> None:
    mesh = load_builtin("sphere-axisymmetric-coarse").scaled(5e-6)
    contact = shapes.cap(mesh, 0.5)
    nodes = np.flatnonzero(contact.weights > 0.0)
    angle = np.arctan2(mesh.points[nodes, 0], mesh.points[nodes, 1])
    values = np.where((angle < 0.5) | (angle > 1.2), 20.0, 1.0)
    spots = hot_spots(mesh, nodes, contact.weights[nodes], values, 10.0)
    assert len(spots) == 2
    area = 2.0 * math.pi * 5e-6**2
    assert spots[1].area == pytest.approx(area * (1.0 - math.cos(0.5)), rel=0.02)
    assert spots[0].peak == 20.0
    assert spots[0].mean == pytest.approx(20.0, rel=1e-12)


def curve(scale: float) -> RiskCurve:
    x = np.linspace(0.9, 0.4, 51)
    columns = {name: np.full(51, 2.0 * scale) for name in names.RISK_CURVES}
    return RiskCurve(x, 4.5 - x, scale * np.exp(-5.0 * x), columns)


def study(label: str, scales: dict[str, tuple[float, ...]], coverage: float) -> RiskStudy:
    scenarios = {Scenario("peo", kind, force): kind for kind in scales for force in ("potential", "both")}
    return RiskStudy(
        label,
        coverage,
        {scenario: curve(scales[kind][0]) for scenario, kind in scenarios.items()},
        {scenario: tuple(curve(scale) for scale in scales[kind][1:]) for scenario, kind in scenarios.items()},
        (0.1, 1.0),
    )


@pytest.mark.parametrize(
    ("total", "mutual", "word"),
    [
        ((3.0, 2.0, 5.0), (2.0, 1.5, 2.5), "holds under both"),
        ((3.0, 2.0, 5.0), (1.0, 0.9, 1.3), "only under total"),
        ((3.0, 0.9, 5.0), (2.0, 1.2, 2.5), "only under mutual"),
        ((3.0, 0.9, 5.0), (1.0, 0.9, 1.3), "holds under neither"),
        ((0.3, 0.2, 0.5), (0.5, 0.4, 0.6), "the opposite holds"),
    ],
)
def test_a_conclusion_survives_where_it_holds_over_the_whole_band(total, mutual, word) -> None:
    one = study("Cal", {"total": total, "mutual": mutual}, 0.3)
    other = study("Hot-Cal", {"total": (1.0, 1.0, 1.0), "mutual": (1.0, 1.0, 1.0)}, 0.6)
    found = compare_particles(one, other, 0.5, 4.0)
    faster = found[0]
    assert faster.word == word
    assert faster.findings[0].default == pytest.approx(total[0])
    assert (faster.findings[0].low, faster.findings[0].high) == pytest.approx((min(total), max(total)))
    in_all = next(conclusion for conclusion in found if "in total" in conclusion.statement)
    assert in_all.findings[0].default == pytest.approx(0.5 * total[0])
    assert one.default[one.scenarios[0]].dose == pytest.approx(2.0 * total[0])


@pytest.mark.parametrize(
    ("mutual", "gibbs", "word"),
    [
        ((2.0, 1.5, 2.5), (1.6, 1.4, 1.8), "holds under both"),
        ((0.8, 0.7, 0.9), (1.4, 1.3, 1.5), "only under total and mutual as Gibbs 60 degC"),
        ((2.0, 1.5, 2.5), (1.05, 1.0, 1.3), "only under total and mutual as enthalpy"),
        ((0.8, 0.7, 0.9), (0.9, 0.8, 1.0), "only under total"),
    ],
)
def test_the_difference_of_enthalpy_and_gibbs_energy_is_a_systematic_error_of_verdict_and_band(
    mutual: tuple[float, ...], gibbs: tuple[float, ...], word: str
) -> None:
    warm = Conditions("gibbs", 333.15)
    scales = {
        Scenario("peo", "total", "reaction-energy"): (3.0, 2.0, 5.0),
        Scenario("peo", "total", "reaction-energy", warm): (3.1, 2.1, 5.1),
        Scenario("peo", "mutual", "reaction-energy"): mutual,
        Scenario("peo", "mutual", "reaction-energy", warm): gibbs,
    }

    def made(label: str, size: float) -> RiskStudy:
        ones = {scenario: tuple(size * value + 1.0 - size for value in values) for scenario, values in scales.items()}
        return RiskStudy(
            label,
            0.3,
            {scenario: curve(values[0]) for scenario, values in ones.items()},
            {scenario: tuple(curve(value) for value in values[1:]) for scenario, values in ones.items()},
            (0.1, 1.0),
            (ENTHALPY, warm),
        )

    one, other = made("Cal", 1.0), made("Hot-Cal", 0.0)
    found = compare_particles(one, other, 0.5, 4.0)[0]
    assert found.word == word
    assert [finding.conditions.energy for finding in found.findings] == ["enthalpy", "gibbs"] * 2
    scenario = Scenario("peo", "mutual", "reaction-energy")
    assert one.variants(scenario) == (scenario, Scenario("peo", "mutual", "reaction-energy", warm))
    band = (2.0 * min(*mutual, *gibbs), 2.0 * max(*mutual, *gibbs))
    assert one.envelope_at(scenario, 0.5) == pytest.approx(band)
    line = band_line(one, scenario)
    assert (line.low.min(), line.high.max()) == pytest.approx(band)
    assert one.range_at(scenario, 0.5) == pytest.approx((2.0 * mutual[0], 2.0 * min(mutual), 2.0 * max(mutual)))


def test_a_statement_that_one_energy_makes_alone_is_called_so() -> None:
    warm = Conditions("gibbs", 333.15)
    findings = (RatioRange("total", 2.0, 1.9, 2.1), RatioRange("total", 1.0, 0.9, 1.0, warm),
                RatioRange("mutual", 3.0, 2.9, 3.1), RatioRange("mutual", 0.9, 0.8, 1.0, warm))  # fmt: skip
    assert Conclusion("s", "both", "peo", findings).word == "only as enthalpy"
    swapped = tuple(replace(one, conditions=ENTHALPY if one.conditions == warm else warm) for one in findings)
    assert Conclusion("s", "both", "peo", swapped).word == "only as Gibbs 60 degC"


def test_what_was_never_reached_is_called_so() -> None:
    one = study("Cal", {"total": (3.0,), "mutual": (2.0,)}, 0.3)
    found = compare_particles(one, one, 0.2, 5.0)
    assert {conclusion.word for conclusion in found if "equal" in conclusion.statement} == {"never reached"}
    assert math.isnan(one.range_at(one.scenarios[0], 0.2)[1])
    assert math.isnan(one.envelope_at(one.scenarios[0], 0.2)[0])
    assert (one.reached(0.2), one.reached(0.5)) == (False, True)
    assert one.span == pytest.approx((0.4, 0.9))
    assert compare_electrolytes(one, 0.5, "peo", "eca")[1].word == "never reached"
    assert Conclusion("s", "both", "peo", (RatioRange("total", 1.0, 1.0, 1.0),)).word == "holds under neither"
