from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from asyncsoc.base.errors import InputError
from asyncsoc.recorders.soc import asynchrony, contact_mean, maximum, mean_stoichiometry, minimum, state_of_charge

stoichiometries = arrays(np.float64, 7, elements=st.floats(0.1, 1.0))
positive = arrays(np.float64, 7, elements=st.floats(1e-3, 1.0))


@given(x=stoichiometries, mass=positive)
def test_mean_lies_between_the_extremes_and_does_not_care_for_units_of_volume(x, mass):
    mean = mean_stoichiometry(x, mass)
    assert minimum(x) - 1e-15 <= mean <= maximum(x) + 1e-15
    assert mean_stoichiometry(x, 1e-18 * mass) == pytest.approx(mean, rel=1e-14)


def test_contact_mean_counts_only_what_is_in_contact():
    x = np.array([0.9, 0.5, 0.3])
    assert contact_mean(x, np.array([0.0, 3.0, 1.0])) == pytest.approx(0.45)


def test_soc_is_0_when_full_of_lithium_and_1_in_equilibrium_with_4p2_volt():
    assert state_of_charge(np.array([1.0, 0.271]), 0.271) == pytest.approx([0.0, 1.0])


@given(mass=positive, weights=positive, level=st.floats(0.2, 1.0))
def test_uniform_lithium_has_no_asynchrony(mass, weights, level):
    assert asynchrony(np.full(7, level), mass, weights, 0.271) == pytest.approx(0.0, abs=1e-14)


def test_asynchrony_is_positive_while_charging_and_changes_sign_with_the_gradient():
    mass, weights = np.array([1.0, 1.0]), np.array([1.0, 0.0])
    charging = asynchrony(np.array([0.4, 0.6]), mass, weights, 0.25)
    assert charging == pytest.approx(0.1 / 0.75)
    assert asynchrony(np.array([0.6, 0.4]), mass, weights, 0.25) == pytest.approx(-charging)


@pytest.mark.parametrize("mean", [mean_stoichiometry, contact_mean])
def test_a_mean_over_nothing_is_one_clear_error(mean):
    with pytest.raises(InputError, match="positive"):
        mean(np.array([0.5, 0.5]), np.zeros(2))


def test_soc_needs_a_scale():
    with pytest.raises(InputError, match=r"below 1"):
        state_of_charge(np.array([0.5]), 1.0)
