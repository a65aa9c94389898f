"""The compiled kernel against a plain-numpy twin, its derivatives, its determinism and its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from asyncsoc.base.units import BOLTZMANN_EV
from asyncsoc.materials.thermochemistry.kernels import (
    BLOCK,
    decomposition_field,
    decomposition_point,
    energy_field,
    exponential,
)

Array = NDArray[np.float64]

NODES = 101
FIRST, LAST = 0.0, 1.0
INVERSE = (NODES - 1) / (LAST - FIRST)
CONSTANTS = {"alpha": 0.5, "beta": 5.0, "shift": -5.1, "scale": 1e-3, "inverse_limit": 2e7}


def source() -> tuple[Array, PchipInterpolator]:
    nodes = np.linspace(FIRST, LAST, NODES)
    return nodes, PchipInterpolator(nodes, -0.68 + 0.1 * nodes - 0.02 * np.cos(9.0 * nodes))


def coefficients() -> Array:
    nodes, curve = source()
    energy, left = curve(nodes), curve.derivative()(nodes) / INVERSE
    rise = np.diff(energy)
    columns = [energy[:-1], left[:-1], 3 * rise - 2 * left[:-1] - left[1:], left[:-1] + left[1:] - 2 * rise]
    return np.stack(columns, axis=1).ravel()


def twin(x: Array, potential: Array, temperature: Array, film: Array) -> tuple[Array, Array, Array]:
    """The same mathematics in plain numpy, with scipy's own interpolant."""
    _, curve = source()
    energy, slope = curve(x), curve.derivative()(x)
    kt = BOLTZMANN_EV * temperature
    exponent = (CONSTANTS["alpha"] * potential - CONSTANTS["beta"] * energy + CONSTANTS["shift"]) / kt
    return energy, slope, CONSTANTS["scale"] * np.exp(exponent) / (1.0 + film * CONSTANTS["inverse_limit"])


def field(x: Array, potential: Array, temperature: Array, film: Array) -> tuple[Array, Array, Array]:
    energy, slope, rate = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    c = CONSTANTS
    decomposition_field(
        *(x, potential, temperature, film, FIRST, INVERSE, coefficients(), BOLTZMANN_EV),
        *(c["alpha"], c["beta"], c["shift"], c["scale"], c["inverse_limit"], energy, slope, rate),
    )
    return energy, slope, rate


def point(x: float, potential: float, film: float, temperature: float = 333.15) -> tuple[float, ...]:
    c = CONSTANTS
    found: tuple[float, ...] = decomposition_point(
        *(x, potential, film, 1.0 / (BOLTZMANN_EV * temperature), FIRST, INVERSE, coefficients()),
        *(c["alpha"], c["beta"], c["shift"], c["scale"], c["inverse_limit"]),
    )
    return found


def points(count: int) -> tuple[Array, Array, Array, Array]:
    random = np.random.default_rng(3)
    return (
        random.uniform(FIRST, LAST, count),
        random.uniform(3.0, 4.6, count),
        random.uniform(253.0, 373.0, count),
        random.uniform(0.0, 2e-7, count),
    )


@pytest.mark.parametrize("count", [0, 1, 7, BLOCK, 3 * BLOCK + 5])
def test_field_equals_its_numpy_twin(count: int) -> None:
    given_points = points(count)
    for found, expected in zip(field(*given_points), twin(*given_points), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-13, atol=1e-14)


def test_one_temperature_and_no_film_serve_all_points() -> None:
    x, potential, _, _ = points(5000)
    found = field(x, potential, np.array([333.15]), np.empty(0))
    expected = twin(x, potential, np.full(x.size, 333.15), np.zeros(x.size))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-13, atol=1e-14)


def test_a_point_is_the_same_bits_in_any_company() -> None:
    x, potential, temperature, film = points(2 * BLOCK + 77)
    whole = field(x, potential, temperature, film)
    for part in (slice(0, 1), slice(3, 10), slice(BLOCK - 3, BLOCK + 3), slice(5, 2 * BLOCK)):
        alone = field(x[part].copy(), potential[part].copy(), temperature[part].copy(), film[part].copy())
        for one, other in zip(alone, whole, strict=True):
            assert np.array_equal(one, other[part])
    single = point(x[9], potential[9], film[9], temperature[9])
    assert single[0] == whole[0][9]
    assert single[2] == whole[2][9]


def test_energy_field_equals_the_energy_of_the_rate_field() -> None:
    x, potential, temperature, film = points(3000)
    energy, slope = np.empty(x.size), np.empty(x.size)
    energy_field(x, FIRST, INVERSE, coefficients(), energy, slope)
    both = field(x, potential, temperature, film)
    assert np.array_equal(energy, both[0])
    assert np.array_equal(slope, both[1])


@given(st.floats(0.004, 0.996), st.floats(3.2, 4.5), st.floats(0.0, 1e-7), st.floats(260.0, 370.0))
def test_derivatives_are_those_of_the_values(x: float, potential: float, film: float, temperature: float) -> None:
    _, slope, _, by_x, by_potential, by_film = point(x, potential, film, temperature)
    h = 1e-6

    def central(dx: float, dp: float, df: float, which: int, width: float) -> float:
        up = point(x + dx, potential + dp, film + df, temperature)[which]
        down = point(x - dx, potential - dp, film - df, temperature)[which]
        return float((up - down) / (2.0 * width))

    rate = point(x, potential, film, temperature)[2]
    # The curvature jumps at nodes: a difference across one is only first order.
    assert slope == pytest.approx(central(h, 0, 0, 0, h), rel=1e-4, abs=1e-5)
    assert by_x == pytest.approx(central(h, 0, 0, 2, h), rel=1e-3, abs=1e-4 * rate)
    assert by_potential == pytest.approx(central(0, h, 0, 2, h), rel=1e-7)
    assert by_film == pytest.approx(central(0, 0, 1e-12, 2, 1e-12), rel=1e-3)


def test_beyond_its_ends_the_table_goes_on_as_a_straight_line() -> None:
    _, curve = source()
    for end, x in ((FIRST, -0.07), (LAST, 1.07)):
        energy, slope, *_ = point(x, 4.0, 0.0)
        assert slope == pytest.approx(float(curve.derivative()(end)), rel=1e-12)
        assert energy == pytest.approx(float(curve(end) + curve.derivative()(end) * (x - end)), rel=1e-12)
    left, right = point(LAST - 1e-12, 4.0, 0.0), point(LAST + 1e-12, 4.0, 0.0)
    assert left[1] == pytest.approx(right[1], rel=1e-8)


def test_nan_in_gives_nan_out() -> None:
    assert all(np.isnan(value) for value in point(np.nan, 4.0, 0.0))
    energy, _, rate, *_ = point(0.5, np.nan, 0.0)
    assert np.isfinite(energy)
    assert np.isnan(rate)


def test_exponential_is_exact_to_a_unit_in_the_last_place() -> None:
    values = np.concatenate([np.linspace(-699.0, 699.0, 40001), np.linspace(-1.0, 1.0, 4001)])
    found = np.array([exponential(value) for value in values[::7]])
    np.testing.assert_allclose(found, np.exp(values[::7]), rtol=4.5e-16)
    assert exponential(0.0) == 1.0
    assert np.isfinite(exponential(1e9))
    assert exponential(-1e9) > 0.0


@pytest.mark.parametrize("blocks", [1, 40])
def test_nothing_is_allocated_but_the_handles_of_the_arguments(blocks: int) -> None:
    from numba.core.runtime import _nrt_python, rtsys

    arrays = [*points(blocks * BLOCK), coefficients(), *np.empty((3, blocks * BLOCK))]
    c = CONSTANTS

    def evaluate() -> None:
        scalars = (c["alpha"], c["beta"], c["shift"], c["scale"], c["inverse_limit"])
        decomposition_field(*arrays[:4], FIRST, INVERSE, arrays[4], BOLTZMANN_EV, *scalars, *arrays[5:])

    evaluate()
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats().alloc
        evaluate()
        assert rtsys.get_allocation_stats().alloc - before == len(arrays)
    finally:
        _nrt_python.memsys_disable_stats()
