"""Marcus-Hush-Chidsey kinetics against their defining integral by adaptive quadrature, and their limits."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from asyncsoc.base.compiling import record
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ELEMENTARY_CHARGE
from asyncsoc.interface.kinetics import inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import butler_volmer
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey, marcus_hush_chidsey
from asyncsoc.interface.rate_laws import RateParameters, load_kinetics
from asyncsoc.interface.rates import local_currents
from asyncsoc.interface.side_reaction_constants import SideReactionParameters

ERROR = 2e-12
"""Largest relative error of S and dS/deta of the kernel, 0.1 to 2 eV, -1 to 1 V, 250 to 375 K."""


def rate_integral(eta: float, energy: float, temperature: float) -> float:
    """Return k_ox = integral of exp(-(x - L + a)^2/(4 L))/(1 + exp(x)) dx, energies over k_B T, `energy` in eV."""
    f = inverse_thermal_voltage(temperature)
    a, reduced = eta * f, energy * f

    def integrand(x: float) -> float:
        occupied = math.exp(-x) / (1.0 + math.exp(-x)) if x > 0.0 else 1.0 / (1.0 + math.exp(x))
        return math.exp(-((x - reduced + a) ** 2) / (4.0 * reduced)) * occupied

    low, high = (
        -max(a, 0.0) - 12.0 * math.sqrt(2.0 * reduced) - 40.0,
        reduced + abs(a) + 12.0 * math.sqrt(2.0 * reduced),
    )
    edges = np.linspace(low, high, 41)
    return math.fsum(
        quad(integrand, left, right, epsabs=0.0, epsrel=1e-13, limit=200)[0] for left, right in pairwise(edges)
    )


def law_by_quadrature(eta: float, energy: float, temperature: float) -> float:
    """Return S = (k_ox - k_red)/k_0: what is oxidized less what is reduced, of slope F/(R T) at eta = 0."""
    oxidized, reduced = (rate_integral(sign * eta, energy, temperature) for sign in (1.0, -1.0))
    return (oxidized - reduced) / rate_integral(0.0, energy, temperature)


def by_kernel(eta: float, energy: float, temperature: float) -> tuple[float, float]:
    """Return S and dS/deta as the solver's kernel has them."""
    row = np.zeros(1, record(RateParameters, SideReactionParameters))[0]
    load_kinetics(row, MarcusHushChidsey(energy * ELEMENTARY_CHARGE), temperature)
    found = local_currents(eta, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, False, 0.0, 0.0, row)
    return found[0], found[2]


energies, temperatures = st.floats(0.1, 2.0), st.floats(250.0, 375.0)


@pytest.mark.parametrize("temperature", [250.0, 333.15, 375.0])
@pytest.mark.parametrize("energy", [0.1, 0.2, 0.5, 1.0, 2.0])
def test_kernel_is_the_integral(energy: float, temperature: float) -> None:
    with np.errstate(under="ignore"):
        for eta in (-1.0, -0.6, -0.2, -0.05, 0.02, 0.1, 0.3, 0.7, 1.0):
            expected = law_by_quadrature(eta, energy, temperature)
            # The difference of two rates near equilibrium carries their rounding.
            rounding = 1e-14 * rate_integral(abs(eta), energy, temperature) / rate_integral(0.0, energy, temperature)
            assert by_kernel(eta, energy, temperature)[0] == pytest.approx(expected, rel=ERROR, abs=rounding)


@settings(max_examples=200, deadline=None)
@given(eta=st.floats(-1.0, 1.0), energy=energies, temperature=temperatures)
def test_kernel_and_plain_numpy_agree(eta: float, energy: float, temperature: float) -> None:
    value, slope = by_kernel(eta, energy, temperature)
    expected, expected_slope = marcus_hush_chidsey(eta, energy * ELEMENTARY_CHARGE, temperature)
    assert value == pytest.approx(float(expected), rel=ERROR, abs=1e-300)
    # On the plateau the slope is a small difference of large terms.
    plateau = abs(value) * inverse_thermal_voltage(temperature)
    assert slope == pytest.approx(float(expected_slope), rel=ERROR, abs=1e-13 * plateau)


@settings(max_examples=200, deadline=None)
@given(eta=st.floats(-0.9, 0.9), energy=energies, temperature=temperatures)
def test_slope_is_that_of_the_law(eta: float, energy: float, temperature: float) -> None:
    h = 2e-5
    (above, _), (below, _) = (by_kernel(eta + sign * h, energy, temperature) for sign in (1.0, -1.0))
    _, slope = by_kernel(eta, energy, temperature)
    assert slope >= 0.0
    assert slope == pytest.approx((above - below) / (2.0 * h), rel=1e-6, abs=1e-9 * max(abs(above), abs(below)))


@settings(max_examples=100, deadline=None)
@given(eta=st.floats(0.0, 1.5), energy=st.floats(0.05, 20.0), temperature=temperatures)
def test_it_is_odd_and_never_faster_than_butler_volmer(eta: float, energy: float, temperature: float) -> None:
    value, slope = by_kernel(eta, energy, temperature)
    back, back_slope = by_kernel(-eta, energy, temperature)
    assert (back, back_slope) == (-value, slope)
    # Butler-Volmer's difference of two exponentials carries their rounding.
    assert value <= float(butler_volmer(eta, 0.5, temperature)[0]) * (1.0 + 1e-12) + 1e-15
    assert by_kernel(0.0, energy, temperature) == pytest.approx((0.0, inverse_thermal_voltage(temperature)), rel=1e-12)


def test_large_reorganization_energies_give_butler_volmer() -> None:
    """S/S_BV = 1 - a^2/(4 L) + ..., a the overpotential and L the reorganization energy over k_B T."""
    f, expected = inverse_thermal_voltage(333.15), float(butler_volmer(0.1, 0.5, 333.15)[0])
    missing = [1.0 - by_kernel(0.1, energy, 333.15)[0] / expected for energy in (5.0, 10.0, 20.0)]
    assert missing[0] / missing[1] == pytest.approx(2.0, rel=0.02)
    assert missing[1] / missing[2] == pytest.approx(2.0, rel=0.01)
    assert missing[2] == pytest.approx((0.1 * f) ** 2 / (4.0 * 20.0 * f), rel=0.02)


@pytest.mark.parametrize("energy", [0.05, 0.2, 0.5])
def test_beyond_the_reorganization_energy_it_levels_off(energy: float) -> None:
    f = inverse_thermal_voltage(333.15)
    limit = math.sqrt(4.0 * math.pi * energy * f) / rate_integral(0.0, energy, 333.15)
    for eta in (2.5, 50.0, 1e6):
        value, slope = by_kernel(eta, energy, 333.15)
        assert value == pytest.approx(limit, rel=1e-11)
        assert slope == pytest.approx(0.0, abs=1e-10 * limit * f)


def test_the_reorganization_energy_is_checked_and_marked() -> None:
    with pytest.raises(InputError, match="reorganization_energy is out of range"):
        MarcusHushChidsey(0.2)  # eV where joules are meant
    assert MarcusHushChidsey().reorganization_energy == pytest.approx(0.2 * ELEMENTARY_CHARGE)
