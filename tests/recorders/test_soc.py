"""State of charge on the scale of the cathode."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.recorders.soc import state_of_charge


def test_soc_is_0_when_full_of_lithium_and_1_in_equilibrium_with_4p2_volt():
    assert state_of_charge(np.array([1.0, 0.271]), 0.271) == pytest.approx([0.0, 1.0])


def test_soc_needs_a_scale():
    with pytest.raises(InputError, match=r"below 1"):
        state_of_charge(np.array([0.5]), 1.0)
