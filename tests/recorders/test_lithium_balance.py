from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncsoc.base.units import FARADAY
from asyncsoc.recorders.curves import lithium_balance_error, specific_capacity


@given(start=st.floats(0.5, 1.0), taken=st.floats(-0.4, 0.4), amount=st.floats(1e-14, 1e-9))
def test_charge_by_faradays_law_balances(start, taken, amount):
    charge = taken * FARADAY * amount
    assert lithium_balance_error(start, start - taken, charge, amount) == pytest.approx(0.0, abs=1e-14)


def test_error_is_a_fraction_of_the_particles_lithium():
    amount = 2e-11
    assert lithium_balance_error(0.9, 0.6, 0.31 * FARADAY * amount, amount) == pytest.approx(0.01)
    assert lithium_balance_error(0.9, 0.6, 0.29 * FARADAY * amount, amount) == pytest.approx(0.01)


def test_one_lithium_per_formula_unit_is_275_mah_per_gram():
    # 97.280 g/mol; c_max V in mol and the mass that belongs to it.
    moles = 3e-11
    volume, density = 1e-15, moles * 97.280e-3 / 1e-15
    assert specific_capacity(FARADAY * moles, density, volume) == pytest.approx(275.5, abs=0.05)
