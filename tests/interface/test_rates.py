"""Reference rate laws: limits, symmetry, the film's root and derivatives against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from asyncsoc.base.errors import InputError
from asyncsoc.interface.kinetics import UniformFlux, inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer, butler_volmer
from asyncsoc.interface.laws.linear import Linear, linear
from asyncsoc.interface.rate_laws import kinetics_named
from asyncsoc.interface.reference_rates import current_density

T = 333.15
F_RT = inverse_thermal_voltage(T)
LAWS = (Linear, ButlerVolmer)


def exact_law(eta: float, alpha: float) -> float:
    """Butler-Volmer's S(eta) without the cancellation of two exponentials near 1."""
    return float(np.expm1((1.0 - alpha) * F_RT * eta) - np.expm1(-alpha * F_RT * eta))


def test_thermal_voltage_at_60_degc():
    thermal_voltage = 1.0 / F_RT
    assert thermal_voltage == pytest.approx(28.71e-3, rel=1e-4)


def test_symmetric_butler_volmer_is_a_hyperbolic_sine():
    eta = np.linspace(-0.4, 0.4, 81)
    law, slope = butler_volmer(eta, 0.5, T)
    np.testing.assert_allclose(law, 2.0 * np.sinh(0.5 * F_RT * eta), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slope, F_RT * np.cosh(0.5 * F_RT * eta), rtol=1e-12)


def test_butler_volmer_tends_to_the_linear_law_and_to_tafel():
    eta = 1e-7
    assert butler_volmer(eta, 0.3, T)[0] == pytest.approx(linear(eta, T)[0], rel=1e-5)
    assert butler_volmer(0.5, 0.3, T)[0] == pytest.approx(np.exp(0.7 * F_RT * 0.5), rel=1e-7)
    assert butler_volmer(-0.5, 0.3, T)[0] == pytest.approx(-np.exp(0.3 * F_RT * 0.5), rel=1e-7)


@given(eta=st.floats(-0.6, 0.6), alpha=st.floats(0.1, 0.9))
def test_reversal_exchanges_the_transfer_coefficients(eta, alpha):
    assert butler_volmer(-eta, alpha, T)[0] == pytest.approx(
        -butler_volmer(eta, 1.0 - alpha, T)[0], rel=1e-12, abs=1e-14
    )


@settings(max_examples=200, deadline=None)
@given(
    drive=st.floats(-3.0, 3.0),
    log_i0=st.floats(-6.0, 2.0),
    log_film=st.floats(-6.0, 3.0),
    alpha=st.floats(0.2, 0.8),
    law=st.sampled_from(LAWS),
)
def test_film_root_satisfies_the_law_and_derivatives_match_differences(drive, log_i0, log_film, alpha, law):
    i0, film = 10.0**log_i0, 10.0**log_film  # exp(a) - exp(-b) carries a rounding of 2e-16, and i that times i0

    chosen = Linear() if law is Linear else ButlerVolmer(alpha)

    def rate(v, e, r):
        return current_density(chosen, v, e, temperature=T, film_resistance=r)

    found = rate(drive, i0, film)
    current = float(found.current_density)
    eta = drive - current * film
    if law is Linear:
        assert current == pytest.approx(drive / (1.0 / (i0 * F_RT) + film), rel=1e-10, abs=1e-300)
    # The root in eta: what the law needs at the interface and what the film takes add up to the drive.
    elif drive != 0.0:
        side = (1.0 - alpha) if drive > 0 else alpha
        top = min(abs(drive), np.log1p(abs(drive) / (i0 * film)) / (side * F_RT)) * (1.0 + 1e-9) + 1e-30
        expected = brentq(
            lambda e: e + film * i0 * exact_law(e, alpha) - drive,
            *(sorted((0.0, float(np.copysign(top, drive))))),
            xtol=1e-25,
            maxiter=500,
            rtol=1e-14,
        )
        assert i0 * exact_law(expected, alpha) == pytest.approx(current, rel=1e-9, abs=1e-15 * i0)
        assert eta == pytest.approx(expected, rel=1e-6, abs=1e-9 * max(1.0, abs(drive)))
    for value, analytic, shifted in (
        (1.0, found.by_drive, lambda h: rate(drive + h, i0, film)),
        (i0, found.by_i0, lambda h: rate(drive, i0 + h, film)),
        (film, found.by_film_resistance, lambda h: rate(drive, i0, film + h)),
    ):
        h = 1e-5 * value
        numeric = (float(shifted(h).current_density) - float(shifted(-h).current_density)) / (2.0 * h)
        rounding = 1e-15 * i0 / h
        assert float(analytic) == pytest.approx(numeric, rel=1e-4, abs=1e-6 * abs(current) / value + rounding)


def test_without_a_film_the_law_is_explicit_and_arrays_broadcast():
    drive, i0 = np.linspace(-0.1, 0.1, 5)[:, None], np.array([0.1, 0.3, 1.0])
    found = current_density(ButlerVolmer(), drive, i0, temperature=T)
    assert found.current_density.shape == (5, 3)
    np.testing.assert_allclose(found.current_density, i0 * butler_volmer(drive, 0.5, T)[0], rtol=1e-14)


def test_a_thick_film_is_an_ohmic_resistor_and_large_drives_do_not_overflow():
    found = current_density(ButlerVolmer(), [100.0, -100.0], 0.3, temperature=T, film_resistance=1e3)
    np.testing.assert_allclose(found.current_density, [0.1, -0.1], rtol=1e-3)


@pytest.mark.parametrize("law", LAWS)
def test_zero_exchange_current_passes_nothing(law):
    found = current_density(law(), 0.2, 0.0, temperature=T, film_resistance=1.0)
    assert found.current_density == 0.0 and found.by_drive == 0.0


def test_names_of_the_models():
    names = ("uniform-flux", "linear", "butler-volmer")
    assert [kinetics_named(name) for name in names] == [UniformFlux, Linear, ButlerVolmer]
    with pytest.raises(InputError, match="kinetics model") as caught:
        kinetics_named("butler-vollmer")
    assert caught.value.nearest == "butler-volmer"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"law": UniformFlux()}, "no rate law"),
        ({"i0": -1.0}, "exchange current density"),
        ({"i0": float("nan")}, "exchange current density"),
        ({"film_resistance": -1.0}, "film resistance"),
        ({"temperature": 0.0}, "temperature"),
    ],
)
def test_impossible_parameters_are_refused(changes, what):
    given_ = {"law": Linear(), "drive": 0.1, "i0": 1.0, "temperature": T} | changes
    with pytest.raises(InputError, match=what):
        current_density(**given_)


@pytest.mark.parametrize("alpha", [0.0, 1.0, float("nan")])
def test_impossible_transfer_coefficients_are_refused(alpha):
    with pytest.raises(InputError, match="transfer_coefficient"):
        ButlerVolmer(alpha)
