"""Tables: accuracy against the functions and independent quadrature, slopes against analytic ones, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import ocp_and_i0_array, psi_and_d_array
from asyncsoc.materials.registry import cathode, cathode_names, electrolyte, electrolyte_names
from asyncsoc.materials.tables import COLUMNS, MaterialTable, tabulate

TEMPERATURE = 333.15
CATHODE, PEO = cathode("ncm811-sturm2019"), electrolyte("peo-litfsi")


def psi_and_d(table: MaterialTable, x) -> tuple[np.ndarray, np.ndarray]:
    return psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)


def ocp_and_i0(table: MaterialTable, x) -> tuple[np.ndarray, ...]:
    return ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)


@pytest.mark.parametrize("liquid", [False, True])
@pytest.mark.parametrize("name", cathode_names())
def test_table_reproduces_the_functions_inside_the_window(name, liquid):
    material, beside = cathode(name), electrolyte("liquid-lipf6" if liquid else "peo-litfsi")
    table = tabulate(material, beside, TEMPERATURE)
    assert table.coefficients.shape == (2049, len(COLUMNS))
    x = np.linspace(*material.window, 50021)
    _, d = psi_and_d(table, x)
    ocp, _, i0, _ = ocp_and_i0(table, x)
    exchange = beside.exchange_current_density or material.exchange_current_density
    assert np.max(np.abs(ocp - material.open_circuit_potential(x))) < 1e-7
    assert np.max(np.abs(d / material.diffusivity(x, TEMPERATURE) - 1.0)) < 1e-7
    assert np.max(np.abs(i0 / exchange(x, TEMPERATURE) - 1.0)) < 1e-6


@pytest.mark.parametrize("name", ["ncm811-sturm2019", "ncm811-chen2020"])
def test_psi_is_the_integral_of_the_diffusivity(name):
    material = cathode(name)
    table = tabulate(material, PEO, TEMPERATURE)
    x = np.linspace(*material.window, 12)
    psi, _ = psi_and_d(table, x)
    expected = [
        quad(
            lambda s: 1e14 * float(material.diffusivity(np.array(s), TEMPERATURE)),
            table.x_first,
            upper,
            epsabs=0.0,
            epsrel=1e-12,
            limit=500,
            points=[s for s in (0.3216, 0.4532, 0.8098) if s < upper],
        )[0]
        for upper in x
    ]
    np.testing.assert_allclose(1e14 * psi, expected, rtol=1e-10)


def test_slopes_of_the_potential_equal_the_analytic_derivative():
    table = tabulate(CATHODE, PEO, TEMPERATURE)
    x = table.nodes

    def bell(rate: float, centre: float) -> np.ndarray:
        return rate / np.cosh(np.minimum(np.abs(rate * (x - centre)), 300.0)) ** 2

    expected = (
        -1.7503283
        + 2 * 0.608682148 * x
        - 0.423924601 * bell(2139.24294, 0.999973289)
        - 17.5710279 * bell(15.76087, 0.311479561)
        + 17.581976 * bell(15.7942423, 0.311484291)
        - 50.0 / (1.0 + np.exp(-(x - 0.8886) / 0.004))
    )
    np.testing.assert_allclose(table.coefficients[:, 3], expected, rtol=1e-9, atol=1e-8)


def test_slopes_of_the_exchange_current_equal_the_analytic_derivative():
    table = tabulate(CATHODE, PEO, TEMPERATURE)
    x, i0, slope = table.nodes, table.coefficients[:, 4], table.coefficients[:, 5]
    np.testing.assert_allclose(slope, i0 * (0.43 / x - 0.57 / (1.0 - x)), rtol=1e-8, atol=1e-9)


def test_interpolation_error_falls_with_the_fourth_power_of_the_spacing():
    x = np.linspace(*CATHODE.window, 20011)
    errors = []
    for n_cells in (256, 512, 1024):
        table = tabulate(CATHODE, PEO, TEMPERATURE, n_cells=n_cells)
        assert table.n_cells == n_cells
        errors.append(np.max(np.abs(ocp_and_i0(table, x)[0] - CATHODE.open_circuit_potential(x))))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(orders > 3.8)


def test_table_reaches_a_little_beyond_the_window_and_is_read_only():
    table = tabulate(CATHODE, PEO, TEMPERATURE)
    assert 0.0 < table.x_first < CATHODE.window[0] < CATHODE.window[1] < table.x_last < 1.0
    assert table.nodes[-1] == pytest.approx(table.x_last, abs=1e-15)
    assert (table.temperature, table.window, table.validity) == (TEMPERATURE, CATHODE.window, CATHODE.validity)
    assert not table.coefficients.flags.writeable
    assert table.coefficients.flags.c_contiguous
    assert table.coefficients[0, 0] == 0.0


def test_same_input_gives_the_same_bits():
    first, second = (tabulate(CATHODE, PEO, TEMPERATURE).coefficients for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("name", electrolyte_names())
def test_exchange_current_is_the_electrolytes_or_else_the_cathodes(name):
    beside = electrolyte(name)
    _, _, i0, _ = ocp_and_i0(tabulate(CATHODE, beside, 298.15), np.array([0.5]))
    expected = 5.028 * 0.5 if name == "liquid-lipf6" else 0.3 * np.exp(24010 / 8.314462618 * (1 / 333.15 - 1 / 298.15))
    assert i0[0] == pytest.approx(expected, rel=1e-9)


def test_overrides_by_numbers_and_functions():
    table = tabulate(CATHODE, PEO, TEMPERATURE, diffusivity=4e-15, exchange_current_density=0.7)
    x = np.linspace(*CATHODE.window, 301)
    psi, d = psi_and_d(table, x)
    np.testing.assert_allclose(d, 4e-15, rtol=1e-12)
    np.testing.assert_allclose(psi, 4e-15 * (x - table.x_first), rtol=1e-11)
    np.testing.assert_array_equal(ocp_and_i0(table, x)[2], 0.7)
    assert np.all(table.coefficients[:, 5] == 0.0)
    table = tabulate(CATHODE, PEO, TEMPERATURE, diffusivity=lambda x, T: 1e-17 * T * x)
    np.testing.assert_allclose(psi_and_d(table, x)[1], 1e-17 * TEMPERATURE * x, rtol=1e-12)


def test_an_exchange_current_that_touches_zero_stays_non_negative_between_nodes():
    table = tabulate(CATHODE, PEO, TEMPERATURE, exchange_current_density=lambda x, T: np.maximum(x - 0.5, 0.0))
    assert np.min(ocp_and_i0(table, np.linspace(*CATHODE.window, 100003))[2]) >= 0.0


def test_a_potential_interpolated_from_data_stays_strictly_falling_between_nodes():
    points, values = np.array([0.2, 0.5, 0.50001, 0.93]), np.array([4.3, 4.299, 3.8, 3.0])
    kinked = replace(CATHODE, open_circuit_potential=lambda x: np.interp(x, points, values))
    table = tabulate(kinked, PEO, TEMPERATURE, n_cells=512)
    slopes = ocp_and_i0(table, np.linspace(*CATHODE.window, 100003))[1]
    assert np.all(slopes <= 0.0)


BAD_FUNCTIONS = {
    "nan": lambda x, T: np.where(x > 0.7, np.nan, 1e-14),
    "infinite": lambda x, T: np.full_like(x, np.inf),
    "complex": lambda x, T: x * 1e-14 + 1e-15j,
    "wrong shape": lambda x, T: np.ones(3),
    "text": lambda x, T: "1e-14 m2/s",
    "raises": lambda x, T: 1 / 0,
    "wrong signature": lambda x: x,
    "negative": lambda x, T: np.where(x > 0.7, -1e-14, 1e-14),
}


@pytest.mark.parametrize("kind", BAD_FUNCTIONS)
@pytest.mark.parametrize("key", ["diffusivity", "exchange_current_density"])
def test_bad_functions_are_refused(kind, key):
    with pytest.raises(InputError) as caught:
        tabulate(CATHODE, PEO, TEMPERATURE, **{key: BAD_FUNCTIONS[kind]})
    assert caught.value.exit_code == 2
    assert caught.value.where is not None and CATHODE.name in caught.value.where


@pytest.mark.parametrize("value", [0.0, -1e-15, float("nan")])
def test_diffusivity_must_be_positive(value):
    with pytest.raises(InputError, match=r"not positive|not finite"):
        tabulate(CATHODE, PEO, TEMPERATURE, diffusivity=value)


def test_a_jump_of_the_diffusivity_that_would_turn_negative_between_nodes_is_refused():
    nodes = tabulate(CATHODE, PEO, TEMPERATURE, diffusivity=1e-14).nodes
    edge = nodes[1000] + 0.15 * (nodes[1001] - nodes[1000])
    with pytest.raises(InputError, match="too sharply"):
        tabulate(CATHODE, PEO, TEMPERATURE, diffusivity=lambda x, T: np.where(x < edge, 1e-12, 1e-18))


def test_zero_exchange_current_is_allowed_but_a_negative_one_is_not():
    assert np.all(tabulate(CATHODE, PEO, TEMPERATURE, exchange_current_density=0.0).coefficients[:, 4:] == 0.0)
    with pytest.raises(InputError, match="negative"):
        tabulate(CATHODE, PEO, TEMPERATURE, exchange_current_density=-0.1)


def test_a_rising_potential_is_refused_with_the_place():
    bump = replace(CATHODE, open_circuit_potential=lambda x: 4.0 - x + 0.2 * np.exp(-(((x - 0.6) / 0.03) ** 2)))
    with pytest.raises(InputError, match=r"does not fall from x = 0\.546") as caught:
        tabulate(bump, PEO, TEMPERATURE)
    assert caught.value.next_step is not None


def test_a_potential_that_is_not_finite_is_refused():
    with pytest.raises(InputError, match="not finite"):
        tabulate(replace(CATHODE, open_circuit_potential=lambda x: np.log(x - 0.3)), PEO, TEMPERATURE)


@pytest.mark.parametrize("temperature", [60.0, 0.0, -1.0, 1000.0, float("nan")])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(InputError, match="temperature") as caught:
        tabulate(CATHODE, PEO, temperature)
    assert "200 to 500 K" in str(caught.value)


@pytest.mark.parametrize("window", [(0.5, 0.5), (0.9, 0.2), (-0.1, 0.9), (0.2, 1.1), (0.2, float("nan"))])
def test_impossible_windows_are_refused(window):
    with pytest.raises(InputError, match="window"):
        tabulate(replace(CATHODE, window=window), PEO, TEMPERATURE)


def test_too_few_cells_are_refused():
    with pytest.raises(InputError, match="too few table cells"):
        tabulate(CATHODE, PEO, TEMPERATURE, n_cells=8)
