from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from asyncsoc.kernels.reductions import split_rows
from tests.recorders.overpotential import shares

four = {"dtype": np.float64, "shape": 4}


def compiled(weights: np.ndarray, potentials: np.ndarray, current: np.ndarray, film: np.ndarray) -> tuple[float, float]:
    """Return <U(x_s)> and <i R_film> as the kernel has them."""
    out = np.empty((1, 2))
    none, count = np.zeros(1, dtype=np.int64), np.array([len(weights)])
    split_rows(none, weights[None], count, potentials[None], current[None], film[None], out)
    return float(out[0, 0]), float(out[0, 1])


@settings(deadline=None)  # the first example loads the kernel
@given(
    weights=arrays(**four, elements=st.floats(1e-3, 1.0)),
    potentials=arrays(**four, elements=st.floats(3.0, 4.5)),
    current=arrays(**four, elements=st.floats(-2.0, 2.0, allow_subnormal=False)),
    film=arrays(**four, elements=st.floats(0.0, 0.1)),
)
def test_means_over_the_contact_are_weighted_with_the_local_current(weights, potentials, current, film):
    weights = 1e-12 * weights
    share = shares(weights, current)
    surface, drop = compiled(weights, potentials, current, film)
    assert surface == pytest.approx(float(share @ potentials), rel=1e-12)
    assert drop == pytest.approx(float(share @ (current * film)), rel=1e-12, abs=1e-15)


def test_parts_are_the_current_weighted_means_of_local_ones():
    surface, drop = compiled(np.array([1.0, 3.0]), np.array([3.5, 3.4]), np.array([2.0, 1.0]), np.array([0.01, 0.02]))
    assert surface == pytest.approx(0.4 * 3.5 + 0.6 * 3.4)
    assert drop == pytest.approx(0.4 * 0.02 + 0.6 * 0.02)


@pytest.mark.parametrize(
    ("current", "expected"), [([1.0, -1.0, 0.0], 0.5 * 3.0 + 0.5 * 4.0), ([0.0, 0.0, 0.0], 0.25 * 7.0 + 0.5 * 3.6)]
)
def test_weights_stay_a_mean_at_rest(current, expected):
    surface, _ = compiled(np.array([1.0, 1.0, 2.0]), np.array([3.0, 4.0, 3.6]), np.array(current), np.zeros(3))
    assert surface == pytest.approx(expected)
