"""Fits of what matters: D, coverage, radius, i0, film; several measurements, priors, robust losses, profiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.stats import t as student

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.problem.build import prepare
from asyncsoc.studies.calibration.constants import parse_constant
from asyncsoc.studies.calibration.identify import Evidence, identify
from asyncsoc.studies.calibration.losses import LOSSES, loss_of, noise_scale
from asyncsoc.studies.calibration.profile import profile
from asyncsoc.studies.calibration.report import case_text, document, warnings_of
from asyncsoc.studies.calibration.response import Request, Response, respond_together
from tests.studies.calibration.synthetic import CAP, FULL, I0, SLOPE, D, case_of, curve_of

SLOW, FAST, MODERATE = "Charge at C/10 for 6 hours", "Charge at 1C for 20 minutes", "Charge at C/3 for 2 hours"


def test_noise_free_constants_are_found_to_a_thousandth() -> None:
    truth = {D: 0.7, SLOPE: 1.2, I0: 1.8}
    cases = [case_of(SLOW), case_of(FAST)]
    found = aso.calibrate([(case, curve_of(case, truth)) for case in cases], list(truth))
    assert found.converged
    assert found.values == pytest.approx(truth, rel=1e-3)
    assert all(interval.identified for interval in found.identification.intervals)
    assert max(found.rms) < 2e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "steps"),
    [
        ({"particle.radius": 4.2e-6, "kinetics.film_resistance": 0.02}, (SLOW, FAST)),
        ({"material.diffusivity": 6e-15, "protocol.initial_stoichiometry": 0.88}, (SLOW,)),
        ({"kinetics.exchange_current_density": 0.5, "electrolyte.conductivity": 0.02}, (SLOW, FAST)),
    ],
)
def test_other_constants_too(truth, steps) -> None:
    cases = [case_of(step) for step in steps]
    found = aso.calibrate([(case, curve_of(case, truth)) for case in cases], list(truth))
    assert found.values == pytest.approx(truth, rel=2e-3)


@pytest.mark.slow
def test_coverage_and_diffusivity_of_a_cap_are_told_apart_by_the_shape_of_a_charge() -> None:
    truth = {D: 1.3, "contact.coverage": 0.42}
    case = case_of(SLOW, like=CAP)
    found = aso.calibrate((case, curve_of(case, truth, noise=1e-3)), [D, "contact.coverage=0.1:0.9"])
    for interval in found.identification.intervals:
        assert interval.identified
        assert interval.low < truth[interval.key] < interval.high
    # Both set how fast lithium leaves: one can stand in for the other over much of the curve.
    assert found.identification.correlation[0, 1] < -0.7
    assert found.case.contact.fitted == ("coverage",)
    assert found.case.material.fitted == ("diffusivity_factor",)
    assert aso.Case.from_text(case_text(found)).hash == found.case.hash


@pytest.mark.slow
def test_radius_and_diffusivity_of_a_charge_are_left_open() -> None:
    """Under a C-rate a fully covered particle knows D/R^2, and R else only through its area: not with i0 free too."""
    truth = {D: 1.2, "particle.radius": 5e-6, I0: 1.0}
    case = case_of(SLOW)
    found = aso.calibrate((case, curve_of(case, truth, noise=1e-3)), [D, "particle.radius", I0])
    assert not any(interval.identified for interval in found.identification.intervals)
    assert any("leave open" in line for line in warnings_of(found))
    scale = {key: value / truth[key] for key, value in found.values.items()}
    assert scale[D] / scale["particle.radius"] ** 2 == pytest.approx(1.0, rel=0.1)
    assert scale[I0] / scale["particle.radius"] == pytest.approx(1.0, rel=0.1)


@pytest.mark.slow
def test_measurements_share_some_constants_and_have_others_of_their_own() -> None:
    shared, own = {D: 1.4}, {"one": 0.6, "two": 1.9}
    cases = {"one": case_of(SLOW), "two": case_of(MODERATE)}
    data = [
        aso.Measurement.of(case, curve_of(case, {**shared, I0: own[name]}, noise=1e-3, seed=k), name=name, error="1 mV")
        for k, (name, case) in enumerate(cases.items())
    ]
    found = aso.calibrate(data, [D, f"{I0}@one", f"{I0}@two"])
    expected = {D: 1.4, f"{I0}@one": 0.6, f"{I0}@two": 1.9}
    for interval in found.identification.intervals:
        assert interval.low < expected[interval.key] < interval.high
    factors = [case.kinetics.exchange_current_density_factor for case in found.cases]
    assert factors == pytest.approx(list(own.values()), rel=0.05)
    assert found.cases[0].material.diffusivity_factor == found.cases[1].material.diffusivity_factor
    assert [entry["name"] for entry in document(found)["data"]] == ["one", "two"]


@pytest.mark.slow
def test_outliers_pull_squares_and_not_a_robust_loss() -> None:
    case = case_of(SLOW)
    clean = curve_of(case, {D: 1.0, I0: 1.3}, points=60, noise=1e-3)
    voltage = clean.values.copy()
    voltage[5::12] += 0.08
    spoiled = aso.MeasuredCurve.from_arrays(time=clean.time, voltage=voltage, name="spoiled")
    data = aso.Measurement.of(case, spoiled, error="1 mV")
    wrong = {loss: abs(np.log(aso.calibrate(data, [I0], loss=loss).values[I0] / 1.3)) for loss in ("linear", "cauchy")}
    assert wrong["linear"] > 0.1
    assert wrong["cauchy"] < 0.01


def test_a_prior_stands_where_the_data_say_nothing_and_yields_where_they_do() -> None:
    rest = case_of("Rest for 1 hour")
    silent = aso.calibrate((rest, curve_of(rest, {}, points=20, noise=1e-3)), [D], priors={D: "2*/1.5"})
    (interval,) = silent.identification.intervals
    assert interval.value == pytest.approx(2.0, rel=1e-3)
    quantile = student.ppf(0.975, 20)
    assert (interval.low, interval.high) == pytest.approx((2.0 / 1.5**quantile, 2.0 * 1.5**quantile), rel=0.02)
    case = case_of(SLOW)
    told = aso.calibrate((case, curve_of(case, {D: 0.8}, noise=1e-3)), [D], priors={D: "2*/1.5"})
    assert told.values[D] == pytest.approx(0.8, rel=0.05)


def test_capacity_and_steps_are_other_ways_to_count_the_same_run() -> None:
    case = case_of("Charge at C/10 for 2 hours", "Rest for 1 hour", "Charge at C/5 for 1 hour")
    setup = prepare(case)
    mass = setup.operators.volume * setup.cathode.density
    rate = setup.full_charge / 5.0 / 3600.0
    since = np.linspace(60.0, 3500.0, 25)
    curves = {
        "all": aso.MeasuredCurve.from_arrays(time=3.0 * 3600.0 + since, voltage=np.ones(25)),
        "step": aso.MeasuredCurve.from_arrays(time=since, voltage=np.ones(25)),
        "capacity": aso.MeasuredCurve.from_arrays(capacity=since * rate / mass, voltage=np.ones(25)),
        "rest": aso.MeasuredCurve.from_arrays(time=since, voltage=np.ones(25)),
    }
    steps = {"all": None, "step": 3, "capacity": 3, "rest": 2}
    (found,) = respond_together([Request(case, tuple((curve, steps[name]) for name, curve in curves.items()))])
    assert isinstance(found, Response)
    values = {name: found.at(curve, steps[name]) for name, curve in curves.items()}
    np.testing.assert_allclose(values["step"], values["all"], atol=1e-9)
    np.testing.assert_allclose(values["capacity"], values["all"], atol=1e-9)
    assert (found.steps_at(curves["all"]) == 3).all()
    assert (np.diff(values["rest"]) < 1e-6).all() and values["rest"][0] < found.voltage[found.step == 1][-1]


def test_weights_make_the_steps_of_gitt_count_the_same() -> None:
    case = case_of(*("Charge at C/10 for 30 minutes", "Rest for 1 hour") * 2)
    ends = np.array([1800.0, 5400.0, 7200.0, 10800.0])
    dense = np.concatenate([start + np.geomspace(1.0, 3600.0, 30) for start in (1800.0, 7200.0)])
    times = np.unique(np.concatenate([np.linspace(300.0, 1800.0, 4), np.linspace(5700.0, 7200.0, 4), dense]))
    curve = curve_of(case, {}, times=times)
    number = 1 + np.searchsorted(ends, times)
    by_steps = aso.Measurement.of(case, curve, weights="steps").point_weights(number)
    assert by_steps.mean() == pytest.approx(1.0)
    assert [by_steps[number == k].sum() for k in (1, 2, 3, 4)] == pytest.approx([len(times) / 4] * 4)
    by_time = aso.Measurement.of(case, curve, weights="time").point_weights(number)
    assert by_time.mean() == pytest.approx(1.0)
    assert by_time[times > 1860.0][0] / by_time[(times > 1800.0)][0] > 5.0
    data = aso.Measurement.of(case, curve_of(case, {D: 0.8}, times=times, noise=1e-3), weights="steps")
    assert aso.calibrate(data, [D]).values[D] == pytest.approx(0.8, rel=0.05)


def test_factors_multiply_what_the_set_has_and_what_the_case_gives() -> None:
    plain = case_of(SLOW)
    given = plain.with_overrides(["material.diffusivity=5e-15"])
    for case in (plain, given):
        changed = case.with_overrides([f"{D}=2.5", f"{SLOPE}=1.5", f"{I0}=0.4"])
        (before,), (after,) = (tuple(prepare(one).member.tables.values()) for one in (case, changed))
        scale = 2.5 * np.exp(1.5 * (before.nodes - 0.6))
        np.testing.assert_allclose(after.coefficients[:, 1], scale * before.coefficients[:, 1], rtol=1e-12)
        np.testing.assert_allclose(after.coefficients[:, 4], 0.4 * before.coefficients[:, 4], rtol=1e-12)
        np.testing.assert_array_equal(after.coefficients[:, 2], before.coefficients[:, 2])


def test_what_was_fitted_is_said_by_every_run() -> None:
    case = case_of(
        "Charge at C/10 for 10 minutes",
        material={"diffusivity_factor": 1.1, "fitted": ["diffusivity_factor"], "fitted_to": "a.csv"},
    )
    assert any(
        line == "fitted, not measured: material.diffusivity_factor, to a.csv" for line in aso.simulate(case).warnings
    )
    with pytest.raises(InputError, match="need what they were fitted to"):
        case_of(SLOW, material={"fitted": ["diffusivity_factor"]})
    with pytest.raises(InputError, match="can be fitted") as caught:
        case_of(SLOW, material={"fitted": ["diffusivity_facto"], "fitted_to": "a.csv"})
    assert "diffusivity_factor" in str(caught.value)


# The arithmetic, against closed forms


class Linear:
    """A model that is linear in its constants."""

    def __init__(self, design: np.ndarray, data: np.ndarray) -> None:
        self.design, self.data = design, data

    def residuals(self, place: np.ndarray) -> np.ndarray:
        return self.design @ place - self.data

    def jacobian(self, place: np.ndarray) -> np.ndarray:
        return self.design

    def rho(self, z: np.ndarray) -> np.ndarray:
        return loss_of("linear", z)


def linear(seed: int, deviation: float, truth: np.ndarray) -> Linear:
    random = np.random.default_rng(seed)
    design = random.normal(size=(50, 3)) @ np.array([[20.0, 0.0, 0.0], [15.0, 9.0, 0.0], [2.0, 3.0, 14.0]])
    return Linear(design, design @ truth + random.normal(size=50) * deviation)


CONSTANTS = tuple(
    parse_constant(text)
    for text in (f"{SLOPE}=0:1", "side_reaction.onset_potential=0:1", "contact.coverage=0.001:0.999")
)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_profile_of_a_linear_model_is_students_interval(number: int) -> None:
    problem = linear(4, 0.3, np.array([0.4, 0.5, 0.6]))
    best, squares, *_ = np.linalg.lstsq(problem.design, problem.data)
    s = float(np.sqrt(squares[0] / 47))
    covariance = np.linalg.inv(problem.design.T @ problem.design) * s**2
    quantile = student.ppf(0.975, 47)
    half = quantile * np.sqrt(covariance[number, number])
    found = profile(problem, CONSTANTS, best, covariance, number, deviation=s, quantile=quantile)
    ends = CONSTANTS[number].from_unit(best[number] - half), CONSTANTS[number].from_unit(best[number] + half)
    assert (found.low, found.high) == pytest.approx(ends, abs=0.011 * half)
    assert not found.open_low and not found.open_high
    straight = (found.values - CONSTANTS[number].from_unit(best[number])) / (ends[1] - ends[0]) * 2.0 * quantile
    np.testing.assert_allclose(found.tau, straight, atol=0.02)


def test_a_profile_is_open_where_the_range_ends_first() -> None:
    problem = linear(4, 6.0, np.array([0.05, 0.5, 0.6]))
    best = np.array([0.05, 0.5, 0.6])
    covariance = np.linalg.inv(problem.design.T @ problem.design) * 36.0
    problem.data = problem.design @ best
    found = profile(problem, CONSTANTS, best, covariance, 0, deviation=6.0, quantile=2.0)
    assert found.open_low and found.low == 0.0
    assert not found.open_high


def test_two_noises_give_the_intervals_of_the_estimate_that_was_made() -> None:
    random = np.random.default_rng(5)
    design, residuals = random.normal(size=(60, 3)), random.normal(size=60)
    residuals[40:] *= 8.0
    weights = random.uniform(0.2, 2.0, 60)
    weights /= weights.mean()
    found = identify(CONSTANTS, np.full(3, 0.5), design, residuals, Evidence((40, 20), weights))
    share = 57 / 60
    variance = np.repeat([np.mean(residuals[:40] ** 2) / share, np.mean(residuals[40:] ** 2) / share], (40, 20))
    bread = np.linalg.inv(design.T @ (weights[:, None] * design))
    covariance = bread @ (design.T @ ((weights**2 * variance)[:, None] * design)) @ bread
    np.testing.assert_allclose(found.spread, np.sqrt(np.diag(covariance)), rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ["linear", "huber"])
def test_nineteen_of_twenty_intervals_hold_the_truth(weighted: bool, loss: str) -> None:
    """On a linear model with two noises: cheap enough for a thousand draws."""
    random = np.random.default_rng(11)
    truth, design = np.array([0.4, 0.5, 0.6]), random.normal(size=(80, 3))
    weights = np.where(np.arange(80) % 2, 1.7, 0.3) if weighted else np.ones(80)
    inside, draws = 0, 150

    def rho(z: np.ndarray) -> np.ndarray:
        value, first, second = loss_of(loss, z / weights)
        return np.array([weights * value, first, second / weights])

    for _ in range(draws):
        data = design @ truth + random.normal(size=80) * np.repeat([0.05, 0.2], 40)
        fit = least_squares(
            lambda p, d=data: np.sqrt(weights) * (design @ p - d) / 0.05,
            truth,
            jac=lambda p: np.sqrt(weights)[:, None] * design / 0.05,
            loss=rho,
        )
        residuals = (design @ fit.x - data) / 0.05
        found = identify(CONSTANTS, fit.x, design / 0.05, residuals, Evidence((40, 40), weights, loss))
        inside += int((np.abs(fit.x - truth) <= found.quantile * found.spread).sum())
    assert 0.92 < inside / (3 * draws) < 0.98


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_scipy(name: str) -> None:
    residuals = np.array([0.1, -0.7, 1.0, 2.5, -30.0])
    start = least_squares(lambda p: residuals + 0.0 * p[0], [0.0], loss=name, max_nfev=1)
    assert 0.5 * loss_of(name, residuals**2)[0].sum() == pytest.approx(start.cost, rel=1e-12)
    z, step = np.array([0.3, 2.0, 9.0]), 1e-6
    low, high = loss_of(name, z - step), loss_of(name, z + step)
    np.testing.assert_allclose(loss_of(name, z)[1:], (high[:2] - low[:2]) / (2.0 * step), atol=1e-8)
    assert noise_scale("linear", residuals, 0.8) == pytest.approx(np.sqrt(residuals @ residuals / 4.0))


def test_a_prior_counts_like_one_more_measurement() -> None:
    random = np.random.default_rng(2)
    design, residuals, prior = random.normal(size=(30, 3)), random.normal(size=30), np.array([[4.0, 0.0, 0.0]])
    found = identify(CONSTANTS, np.full(3, 0.5), design, residuals, Evidence(priors=prior))
    information = design.T @ design / found.deviation**2 + prior.T @ prior
    np.testing.assert_allclose(found.spread, np.sqrt(np.diag(np.linalg.inv(information))), rtol=1e-9)


def test_a_case_without_the_new_keys_has_the_hash_it_had() -> None:
    case = aso.Case.from_dict({"protocol": {"steps": ["Charge at C/10 until 4.2 V"]}})
    assert case.hash == HASH_BEFORE
    assert case.with_overrides([f"{D}=1"]).hash != HASH_BEFORE
    assert FULL["contact"] == {"kind": "full"}


HASH_BEFORE = "a7eba65e2b9463a6e6e386e081e7c263df72b8df7280f5b9166c4826e0b35091"
