"""Nickel valence: charge balance, the sum of the fractions, and the published ratios."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.materials.valence import (
    ni2_fraction,
    ni3_fraction,
    ni4_fraction,
    ni4_to_ni3,
    nickel_valence,
    stoichiometry_from_ratio,
)


@given(x=st.floats(0.1, 1.0))
def test_charge_balances_and_fractions_add_up(x):
    f2, f3, f4 = float(ni2_fraction(x)), float(ni3_fraction(x)), float(ni4_fraction(x))
    assert f2 + f3 + f4 == pytest.approx(1.0, abs=1e-14)
    assert min(f2, f3, f4) >= -1e-14
    assert 2 * f2 + 3 * f3 + 4 * f4 == pytest.approx(float(nickel_valence(x)), abs=1e-12)
    lithium, cobalt, manganese, oxygen = x, 0.1 * 3, 0.1 * 4, -2 * 2
    assert lithium + 0.8 * (2 * f2 + 3 * f3 + 4 * f4) + cobalt + manganese + oxygen == pytest.approx(0.0, abs=1e-12)


@given(ratio=st.floats(0.0, 1e6))
def test_ratio_and_stoichiometry_are_inverse(ratio):
    assert float(ni4_to_ni3(stoichiometry_from_ratio(ratio))) == pytest.approx(ratio, rel=1e-9 * (1 + ratio), abs=1e-12)


def test_ratios_of_the_mapped_particles():
    np.testing.assert_allclose(
        stoichiometry_from_ratio([1.37, 0.75, 0.97, 1.07]), [0.438, 0.557, 0.506, 0.487], atol=6e-4
    )


def test_ratio_is_that_of_the_fractions_and_zero_while_ni2_is_left():
    x = np.linspace(0.15, 1.0, 200)
    np.testing.assert_allclose(ni4_to_ni3(x), ni4_fraction(x) / ni3_fraction(x), atol=1e-13)
    assert np.all(ni4_to_ni3(x[x > 0.9]) == 0.0)


@pytest.mark.parametrize("x", [0.1, 0.05, np.nan, [0.5, 0.0]])
def test_ratio_without_ni3_is_refused(x):
    with pytest.raises(InputError, match="no Ni3"):
        ni4_to_ni3(x)


@pytest.mark.parametrize("ratio", [-0.1, np.nan, np.inf, [0.5, -1.0]])
def test_impossible_ratio_is_refused(ratio):
    with pytest.raises(InputError, match="ratio"):
        stoichiometry_from_ratio(ratio)
