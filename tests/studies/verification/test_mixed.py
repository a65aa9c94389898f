"""The mixed active/inactive reference: limits, what it solves, convergence of its extrapolation."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.studies.verification import mixed, steady


@pytest.mark.parametrize("coverage", [0.5, 0.1])
def test_slow_kinetics_tend_to_the_uniform_flux(coverage: float) -> None:
    slow = mixed.cap_linear_kinetics(coverage, 1e-4)
    assert slow.contact_mean == pytest.approx(steady.cap_contact_mean_steady(coverage), rel=2e-5)
    assert slow.pole == pytest.approx(steady.cap_pole_steady(coverage), rel=2e-4)


def test_fast_kinetics_tend_to_a_disc_at_one_concentration() -> None:
    coarse, fine = (mixed._solve(0.01, 1e5, degree)[0] for degree in (400, 800))
    # first order in 1 / degree where the field varies as r^(1/2)
    assert 2.0 * fine - coarse == pytest.approx(steady.small_cap_isothermal(0.01), rel=5e-3)


@pytest.mark.parametrize("biot", [0.3, 10.0])
@pytest.mark.parametrize("coverage", [0.6, 0.05])
def test_driving_force_and_contact_mean_differ_by_the_mean_flux(coverage: float, biot: float) -> None:
    result = mixed.cap_linear_kinetics(coverage, biot)
    assert result.driving - result.contact_mean == pytest.approx(1.0 / (coverage * biot), rel=1e-9)
    assert result.pole > result.contact_mean > 0.2


def test_full_coverage_is_the_full_sphere() -> None:
    result = mixed.cap_linear_kinetics(1.0, 2.0)
    assert (result.contact_mean, result.pole) == pytest.approx((0.2, 0.2))
    assert result.driving == pytest.approx(0.7)


def test_extrapolation_has_converged() -> None:
    for coverage, biot in ((0.5, 10.0), (0.1, 1.0), (0.1, 10.0)):
        usual, longer = (mixed.cap_linear_kinetics(coverage, biot, degree) for degree in (400, 800))
        assert usual.contact_mean == pytest.approx(longer.contact_mean, rel=1e-5)
        assert usual.pole == pytest.approx(longer.pole, rel=5e-5)


@pytest.mark.parametrize("biot", [0.0, -1.0, np.inf, np.nan])
def test_biot_numbers_that_cannot_be(biot: float) -> None:
    with pytest.raises(InputError, match="Biot"):
        mixed.cap_linear_kinetics(0.3, biot)
