"""Nickel valence: charge balance, the sum of the fractions, and the published ratios."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.materials.ncm811 import VALENCE as NI
from asyncsoc.materials.valence import ValenceModel


@given(x=st.floats(0.1, 1.0))
def test_charge_balances_and_fractions_add_up(x):
    f2, f3, f4 = float(NI.below_fraction(x)), float(NI.lower_fraction(x)), float(NI.higher_fraction(x))
    assert f2 + f3 + f4 == pytest.approx(1.0, abs=1e-14)
    assert min(f2, f3, f4) >= -1e-14
    lithium, cobalt, manganese, oxygen = x, 0.1 * 3, 0.1 * 4, -2 * 2
    assert lithium + 0.8 * (2 * f2 + 3 * f3 + 4 * f4) + cobalt + manganese + oxygen == pytest.approx(0.0, abs=1e-12)


@given(ratio=st.floats(0.0, 1e6))
def test_ratio_and_stoichiometry_are_inverse(ratio):
    assert float(NI.ratio(NI.stoichiometry_from_ratio(ratio))) == pytest.approx(
        ratio, rel=1e-9 * (1 + ratio), abs=1e-12
    )


def test_ratios_of_the_mapped_particles():
    np.testing.assert_allclose(
        NI.stoichiometry_from_ratio([1.37, 0.75, 0.97, 1.07]), [0.438, 0.557, 0.506, 0.487], atol=6e-4
    )


def test_ratio_is_that_of_the_fractions_and_zero_while_ni2_is_left():
    x = np.linspace(0.15, 1.0, 200)
    np.testing.assert_allclose(NI.ratio(x), NI.higher_fraction(x) / NI.lower_fraction(x), atol=1e-13)
    assert np.all(NI.ratio(x[x > 0.9]) == 0.0)


@pytest.mark.parametrize("x", [0.1, 0.05, np.nan, [0.5, 0.0]])
def test_ratio_without_ni3_is_refused(x):
    with pytest.raises(InputError, match="no Ni3"):
        NI.ratio(x)


@pytest.mark.parametrize("ratio", [-0.1, np.nan, np.inf, [0.5, -1.0]])
def test_impossible_ratio_is_refused(ratio):
    with pytest.raises(InputError, match="ratio"):
        NI.stoichiometry_from_ratio(ratio)


def test_names_and_stoichiometries_of_ncm811():
    assert (NI.all_lower, NI.all_higher) == (0.9, 0.1)
    assert NI.curves == ("Ni4+/Ni3+ at contact", "Ni4+/Ni3+ at far side")
    assert NI.field == "Ni4+ fraction"
    assert (NI.share_label, NI.ratio_label) == ("Ni$^{4+}$ share of nickel [1]", "Ni$^{4+}$/Ni$^{3+}$ [1]")


def test_other_cathodes_balance_too():
    cobalt = ValenceModel("Co", "cobalt", atoms=1.0)
    assert cobalt.ratio(0.75) == pytest.approx(1.0 / 3.0)
    assert cobalt.ratio_name == "Co4+/Co3+"
    assert cobalt.below_fraction(0.5) == 0.0
    iron = ValenceModel("Fe", "iron", atoms=1.0, couple=(2, 3), anion_charge=3.0)
    assert (iron.lower_fraction(1.0), iron.higher_fraction(0.0)) == (1.0, 1.0)
    assert iron.field == "Fe3+ fraction"


@pytest.mark.parametrize(
    "wrong", [{"atoms": 0.0}, {"atoms": 0.8, "couple": (2, 4)}, {"atoms": 1.0, "fixed_charge": 0.7}, {"atoms": np.nan}]
)
def test_a_balance_that_no_cathode_has_is_refused(wrong):
    with pytest.raises(InputError, match="charge balance of nickel"):
        ValenceModel("Ni", "nickel", **wrong)
