"""The compiled table look-up against a plain-numpy twin, scipy's Hermite interpolant and its own derivative."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

from asyncsoc.base.interpolation import ocp_and_i0, ocp_and_i0_array, psi_and_d, psi_and_d_array, psi_and_d_in
from asyncsoc.base.lanes import WIDTH, load, store

FIRST, SPACING, CELLS = 0.2, 0.7 / 16, 16


@pytest.fixture(scope="module")
def coefficients() -> np.ndarray:
    generator = np.random.default_rng(3)
    return generator.normal(size=(CELLS + 1, 6))


def twin(x, values, slopes, *, flat_outside=False):
    """Plain-numpy twin: value and derivative of the Hermite cubic with straight continuation."""
    position = (np.asarray(x) - FIRST) / SPACING
    cell = np.clip(np.floor(position), 0, CELLS - 1).astype(int)
    t = position - cell
    v0, v1, s0, s1 = values[cell], values[cell + 1], slopes[cell] * SPACING, slopes[cell + 1] * SPACING
    value = (1 + 2 * t) * (1 - t) ** 2 * v0 + t * (1 - t) ** 2 * s0 + t**2 * (3 - 2 * t) * v1 + t**2 * (t - 1) * s1
    slope = (6 * t * (t - 1) * (v0 - v1) + (1 - t) * (1 - 3 * t) * s0 + t * (3 * t - 2) * s1) / SPACING
    last_slope, first_slope = (0.0, 0.0) if flat_outside else (slopes[-1], slopes[0])
    beyond, before = position >= CELLS, position <= 0
    value = np.where(beyond, values[-1] + last_slope * (position - CELLS) * SPACING, value)
    value = np.where(before, values[0] + first_slope * position * SPACING, value)
    slope = np.where(beyond, last_slope, np.where(before, first_slope, slope))
    return value, slope


def test_array_wrappers_equal_the_numpy_twin_inside_and_outside(coefficients):
    x = np.linspace(0.0, 1.1, 2202).reshape(3, -1)
    psi, d = psi_and_d_array(x, FIRST, SPACING, coefficients)
    ocp, ocp_slope, i0, i0_slope = ocp_and_i0_array(x, FIRST, SPACING, coefficients)
    for got, expected in zip(
        (psi, d, ocp, ocp_slope, i0, i0_slope),
        (
            *twin(x, coefficients[:, 0], coefficients[:, 1]),
            *twin(x, coefficients[:, 2], coefficients[:, 3]),
            *twin(x, coefficients[:, 4], coefficients[:, 5], flat_outside=True),
        ),
        strict=True,
    ):
        assert got.shape == x.shape
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_agrees_with_scipys_hermite_spline(coefficients):
    nodes = FIRST + SPACING * np.arange(CELLS + 1)
    x = np.linspace(nodes[0], nodes[-1], 1001)[1:-1]
    psi, d = psi_and_d_array(x, FIRST, SPACING, coefficients)
    spline = CubicHermiteSpline(nodes, coefficients[:, 0], coefficients[:, 1])
    np.testing.assert_allclose(psi, spline(x), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(d, spline(x, 1), rtol=1e-10, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(x=st.floats(0.05, 1.05))
def test_the_derivative_is_that_of_the_value(x):
    rows = np.random.default_rng(5).normal(size=(CELLS + 1, 6))
    h = 1e-6
    near_node = abs((x - FIRST) / SPACING - round((x - FIRST) / SPACING)) * SPACING < 2 * h
    if near_node:
        return
    args = (FIRST, 1 / SPACING, SPACING, rows)
    up, down = psi_and_d(x + h, *args)[0], psi_and_d(x - h, *args)[0]
    assert psi_and_d(x, *args)[1] == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-4)
    up, down = ocp_and_i0(x + h, *args), ocp_and_i0(x - h, *args)
    here = ocp_and_i0(x, *args)
    assert here[1] == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-4, abs=1e-4)
    assert here[3] == pytest.approx((up[2] - down[2]) / (2 * h), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("x", [np.nan, -1e300, 1e300, FIRST, FIRST + CELLS * SPACING])
def test_no_stoichiometry_reads_outside_the_table(coefficients, x):
    args = (FIRST, 1 / SPACING, SPACING, coefficients)
    results = (*psi_and_d(x, *args), *ocp_and_i0(x, *args))
    if np.isnan(x):
        assert np.isnan([results[0], results[2], results[4]]).all()
    else:
        assert np.isfinite(results).all()


def test_a_scalar_array_keeps_its_shape(coefficients):
    psi, d = psi_and_d_array(np.float64(0.5), FIRST, SPACING, coefficients)
    assert np.shape(psi) == np.shape(d) == ()


@numba.njit(error_model="numpy")
def _side_by_side(x, grid, cells, tables, out):
    for i in range(x.shape[0]):
        psi, d = psi_and_d_in(load(x, i), load(grid, 0), load(grid, 1), load(grid, 2), load(grid, 3), cells, tables)
        store(out, 2 * i, psi)
        store(out, 2 * i + 1, d)


def test_members_side_by_side_read_their_own_tables_with_the_bits_of_one_alone():
    rng = np.random.default_rng(5)
    tables = rng.normal(size=(3, CELLS + 1, 6))
    which = rng.integers(0, 3, WIDTH)
    first, spacing = rng.uniform(0.1, 0.3, WIDTH), rng.uniform(0.02, 0.05, WIDTH)
    grid = np.array([first, 1.0 / spacing, spacing, which * tables[0].size])
    x = np.concatenate(
        [rng.uniform(-0.5, 1.7, (200, WIDTH)), [first, first + CELLS * spacing], np.full((1, WIDTH), np.nan)]
    )
    out = np.empty((2 * len(x), WIDTH))
    _side_by_side(x, grid, float(CELLS), tables.reshape(-1), out)
    for lane in range(WIDTH):
        args = first[lane], 1.0 / spacing[lane], spacing[lane], tables[which[lane]]
        alone = np.array([psi_and_d(value, *args) for value in x[:, lane]])
        np.testing.assert_array_equal(out[:, lane], alone.ravel())
    assert np.isnan(out[-2]).all() and np.isfinite(out[:-2]).all()
