"""Cathode sets against the published tables, against PyBaMM and against what a cathode must obey."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.materials.capacity import specific_capacity, stoichiometry_at, theoretical_capacity, usable_range
from asyncsoc.materials.end_of_discharge import with_end_of_discharge
from asyncsoc.materials.registry import cathode, cathode_names
from asyncsoc.materials.types import Cathode

VOLTAGES = (4.2, 4.1, 4.0, 3.9, 3.8, 3.7, 3.6)
STURM = (0.271, 0.379, 0.452, 0.536, 0.632, 0.742, 0.872)
CHEN = (0.305, 0.403, 0.477, 0.549, 0.622, 0.737, 0.861)
GHOSH = (0.266, 0.374, 0.452, 0.533, 0.619, 0.761, 0.882)
"""Stoichiometries tabulated by A. Ghosh et al. 2021, doi:10.1149/1945-7111/abdc71, for the same cell's cathode."""


def potential(material: Cathode, x) -> np.ndarray:
    return material.open_circuit_potential(np.asarray(x, dtype=float))


@pytest.mark.parametrize(("name", "table"), [("ncm811-sturm2019-pure", STURM), ("ncm811-chen2020", CHEN)])
def test_stoichiometry_at_the_published_voltages(name, table):
    found = [stoichiometry_at(cathode(name), voltage) for voltage in VOLTAGES]
    np.testing.assert_allclose(found, table, atol=6e-4)


def test_sets_agree_with_an_independent_measurement_within_their_stated_uncertainty():
    found = [stoichiometry_at(cathode("ncm811-sturm2019"), voltage) for voltage in VOLTAGES]
    np.testing.assert_allclose(found, GHOSH, atol=0.03)


@pytest.mark.parametrize("name", cathode_names())
def test_every_cathode_is_physical_over_its_window(name):
    material = cathode(name)
    x = np.linspace(*material.window, 20001)
    assert np.all(np.diff(potential(material, x)) < 0.0)
    for temperature in (298.15, 333.15):
        d = material.diffusivity(x, temperature)
        i0 = material.exchange_current_density(x, temperature)
        assert np.all(d > 0.0) and np.all(i0 > 0.0)
        assert d.shape == i0.shape == x.shape
    assert material.window[0] <= material.validity[0] < material.validity[1] <= material.window[1]
    assert material.density == pytest.approx(material.maximum_concentration * material.molar_mass)


def test_end_of_discharge_term_brings_the_default_to_the_papers_lower_voltage():
    material = cathode("ncm811-sturm2019")
    assert potential(material, 0.900) == pytest.approx(3.0, abs=0.005)
    assert stoichiometry_at(material, 2.8) == pytest.approx(0.904, abs=5e-4)
    assert potential(material, material.window[1]) < 2.5 < potential(material, material.validity[1])
    pure = cathode("ncm811-sturm2019-pure")
    assert potential(material, 0.5) == pytest.approx(potential(pure, 0.5), abs=1e-12)
    assert potential(pure, 0.862) - potential(material, 0.862) < 1e-3
    assert potential(pure, 0.88) - potential(material, 0.88) == pytest.approx(0.022, abs=0.002)
    slope = (potential(material, 0.904) - potential(material, 0.903)) / 0.001
    assert slope == pytest.approx(-50.0, rel=0.05)  # and no steeper


def test_the_term_can_be_put_on_any_set_and_is_listed_as_an_assumption():
    extended = with_end_of_discharge(cathode("ncm811-chen2020"))
    assert extended.name == "ncm811-chen2020-eod"
    assert potential(extended, extended.window[1]) < 2.5
    (term,) = [p for p in extended.parameters if p.name == "end-of-discharge term"]
    assert term.assumed
    names = [p.name for p in extended.parameters]
    assert len(names) == len(set(names))
    listed = {p.name: p.value for p in extended.parameters}
    assert (listed["lowest stoichiometry"], listed["highest stoichiometry"]) == extended.window
    assert (listed["lowest valid stoichiometry"], listed["highest valid stoichiometry"]) == extended.validity


def test_diffusivity_of_oregan_at_60_degc():
    d = cathode("ncm811-oregan2022").diffusivity(np.array([0.3, 0.4, 0.5, 0.6, 0.8]), 333.0)
    np.testing.assert_allclose(d, [7.1e-15, 1.7e-14, 1.2e-14, 1.1e-14, 5.0e-15], rtol=0.04)


@pytest.mark.parametrize("temperature", [298.15, 333.15])
@pytest.mark.parametrize(
    ("name", "reference", "density"),
    [("ncm811-chen2020", "Chen2020", 6138.8), ("ncm811-oregan2022", "ORegan2022", 5035.7)],
)
def test_equals_pybamm(name, reference, density, temperature):
    pybamm = pytest.importorskip("pybamm")
    values = pybamm.ParameterValues(reference)
    material = cathode(name)
    x = np.linspace(0.05, 0.95, 181)
    sto, kelvin = pybamm.Vector(x), pybamm.Scalar(temperature)

    def evaluate(symbol) -> np.ndarray:
        return np.broadcast_to(values.process_symbol(symbol).evaluate(), (len(x), 1))[:, 0]

    c_max = values["Maximum concentration in positive electrode [mol.m-3]"]
    assert material.maximum_concentration == c_max
    assert material.density == pytest.approx(density, rel=1e-4)
    np.testing.assert_allclose(
        potential(material, x), evaluate(values["Positive electrode OCP [V]"](sto)), rtol=1e-13, atol=1e-13
    )
    exchange = values["Positive electrode exchange-current density [A.m-2]"]
    expected = evaluate(exchange(pybamm.Scalar(1000.0), sto * c_max, pybamm.Scalar(c_max), kelvin))
    # Both codes carry the gas constant; PyBaMM's may differ in the last digits.
    np.testing.assert_allclose(material.exchange_current_density(x, temperature), expected, rtol=1e-8)
    diffusivity = values["Positive particle diffusivity [m2.s-1]"]
    symbol = diffusivity(sto, kelvin) if callable(diffusivity) else pybamm.Scalar(diffusivity)
    np.testing.assert_allclose(material.diffusivity(x, temperature), evaluate(symbol), rtol=1e-12)


def test_one_c_is_the_charge_from_x_1_to_the_charged_voltage():
    material = cathode("ncm811-sturm2019")
    assert usable_range(material) == pytest.approx(0.729, abs=5e-4)
    radius = 7.5e-6
    volume = 4.0 / 3.0 * np.pi * radius**3
    charge = theoretical_capacity(material, volume)
    assert charge == pytest.approx(50060.0 * 96485.33212 * volume * (1.0 - stoichiometry_at(material, 4.2)), rel=1e-12)
    assert specific_capacity(material) * 3600.0 * material.density * volume == pytest.approx(charge, rel=1e-12)
    assert specific_capacity(material) / usable_range(material) == pytest.approx(275.5, abs=0.05)


@pytest.mark.parametrize("name", cathode_names())
def test_stoichiometry_inverts_the_potential(name):
    material = cathode(name)
    low, high = material.window
    for x in np.linspace(low, high, 17):
        assert stoichiometry_at(material, float(potential(material, x))) == pytest.approx(x, abs=1e-12)
