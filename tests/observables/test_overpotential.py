from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from asyncsoc.materials.ncm811_sturm2019 import DEFAULT
from asyncsoc.observables.overpotential import current_weights, split_overpotential

U = DEFAULT.open_circuit_potential
four = {"dtype": np.float64, "shape": 4}


@given(
    x=arrays(**four, elements=st.floats(0.25, 0.85)),
    weights=arrays(**four, elements=st.floats(1e-3, 1.0)),
    current=arrays(**four, elements=st.floats(-2.0, 2.0)),
    film=arrays(**four, elements=st.floats(0.0, 0.1)),
    mean=st.floats(0.25, 0.85),
    potential=st.floats(3.0, 4.5),
    series=st.floats(-0.2, 0.2),
)
def test_parts_add_up_to_voltage_minus_potential_of_the_mean(x, weights, current, film, mean, potential, series):
    split = split_overpotential(
        x_contact=x,
        weights=weights * 1e-12,
        current_density=current,
        film_resistance=film,
        mean_x=mean,
        potential=potential,
        voltage=potential + series,
        open_circuit_potential=U,
    )
    assert split.total == pytest.approx(potential + series - float(U(np.array([mean]))[0]), abs=1e-12)


def test_parts_are_the_current_weighted_means_of_local_ones():
    x, weights, current, film = np.array([0.5, 0.6]), np.array([1.0, 3.0]), np.array([2.0, 1.0]), np.array([0.01, 0.02])
    split = split_overpotential(
        x_contact=x,
        weights=weights,
        current_density=current,
        film_resistance=film,
        mean_x=0.7,
        potential=4.0,
        voltage=4.1,
        open_circuit_potential=lambda x: 4.0 - x,
    )
    share = np.array([0.4, 0.6])
    assert split.concentration == pytest.approx(share @ (4.0 - x) - 3.3)
    assert split.film == pytest.approx(share @ (current * film))
    assert split.kinetic == pytest.approx(share @ (4.0 - (4.0 - x) - current * film))
    assert split.series == pytest.approx(0.1)


def test_weights_stay_a_mean_at_rest():
    weights = np.array([1.0, 1.0, 2.0])
    np.testing.assert_allclose(current_weights(weights, np.array([1.0, -1.0, 0.0])), [0.5, 0.5, 0.0])
    np.testing.assert_allclose(current_weights(weights, np.zeros(3)), [0.25, 0.25, 0.5])
