"""Names, listings, electrolytes, overrides and the messages for wrong input."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.capacity import stoichiometry_at, theoretical_capacity
from asyncsoc.materials.overrides import SOURCE, with_overrides
from asyncsoc.materials.registry import (
    DEFAULT_CATHODE,
    DEFAULT_ELECTROLYTE,
    cathode,
    cathode_names,
    describe,
    electrolyte,
    electrolyte_names,
)


def test_names_of_the_contract_are_known_and_the_defaults_come_first():
    assert {"ncm811-sturm2019", "ncm811-chen2020", "ncm811-oregan2022"} <= set(cathode_names())
    assert {"peo-litfsi", "pegda-peca"} <= set(electrolyte_names())
    assert cathode_names()[0] == DEFAULT_CATHODE == cathode(DEFAULT_CATHODE).name
    assert electrolyte_names()[0] == DEFAULT_ELECTROLYTE == electrolyte(DEFAULT_ELECTROLYTE).name
    assert all(cathode(name).name == name for name in cathode_names())
    assert all(electrolyte(name).name == name for name in electrolyte_names())


@pytest.mark.parametrize("lookup", [cathode, electrolyte, describe])
def test_unknown_name_lists_the_known_ones_and_the_nearest(lookup):
    known = cathode_names() if lookup is not electrolyte else electrolyte_names()
    with pytest.raises(InputError) as caught:
        lookup(known[0] + "x")
    assert caught.value.nearest == known[0]
    assert caught.value.exit_code == 2
    assert known[1] in str(caught.value)


@pytest.mark.parametrize("name", [*cathode_names(), *electrolyte_names()])
def test_every_parameter_has_unit_source_and_mark(name):
    parameters = describe(name)
    assert len({p.name for p in parameters}) == len(parameters) > 4
    for p in parameters:
        assert p.source, p.name
        assert isinstance(p.assumed, bool)
        assert isinstance(p.value, (str, float)), p.name
        assert p.source != "assumed" or p.assumed
        assert p.note or not p.assumed, f"{name}: the assumption '{p.name}' says nothing about what is known"


@pytest.mark.parametrize("name", electrolyte_names())
def test_electrolytes_conduct_better_when_warm_and_have_positive_exchange_current(name):
    set_ = electrolyte(name)
    conductivity = [set_.conductivity(t) for t in np.linspace(273.15, 393.15, 41)]
    assert np.all(np.array(conductivity) > 0.0)
    assert np.all(np.diff(conductivity) >= 0.0)
    assert set_.separator_thickness > 0.0 and set_.areal_capacity > 0.0 and 0.0 < set_.transfer_coefficient < 1.0
    if set_.exchange_current_density is not None:
        assert np.all(set_.exchange_current_density(np.linspace(0.1, 0.95, 50), 333.15) > 0.0)


def test_values_of_the_electrolytes_at_60_degc():
    peo, pegda = electrolyte("peo-litfsi"), electrolyte("pegda-peca")
    assert peo.conductivity(333.15) == pytest.approx(4.66e-2, rel=1e-12)
    assert peo.conductivity(323.15) == pytest.approx(1.31e-2, rel=1e-12)
    assert pegda.conductivity(333.15) == pytest.approx(4.3e-2, rel=1e-12)
    assert peo.exchange_current_density is not None
    assert float(peo.exchange_current_density(np.array(0.5), 333.15)) == pytest.approx(0.3, rel=1e-12)
    assert electrolyte("liquid-lipf6").exchange_current_density is None
    assert electrolyte("liquid-lipf6").conductivity(298.15) == pytest.approx(0.9487 * 0.47**1.5, rel=1e-12)


def test_peo_below_its_melting_point_is_what_was_measured_there():
    """The three series of the source, in S/cm at degC; the mean of their logarithms is what the set gives."""
    peo = electrolyte("peo-litfsi").conductivity
    first = {25.0: 1.16e-5, 40.0: 6.0e-5}
    second, third = {30.0: 9.365e-6, 40.0: 3.392e-5}, {30.0: 9.38e-6, 40.0: 3.41e-5}
    assert peo(313.15) == pytest.approx(100.0 * (first[40.0] * second[40.0] * third[40.0]) ** (1 / 3), rel=2e-3)
    inverse = {celsius: 1.0 / (celsius + 273.15) for celsius in (25.0, 30.0, 40.0)}
    share = (inverse[30.0] - inverse[25.0]) / (inverse[40.0] - inverse[25.0])
    between = first[25.0] * (first[40.0] / first[25.0]) ** share
    at_30 = (between * second[30.0] * third[30.0]) ** (1 / 3)
    assert peo(303.15) == pytest.approx(100.0 * at_30, rel=5e-3)
    assert peo(298.15) == pytest.approx(100.0 * at_30 * first[25.0] / between, rel=5e-3)


@pytest.mark.parametrize("celsius", [-20.0, -0.1, 120.1])
def test_a_conductivity_nobody_measured_anywhere_near_is_refused(celsius):
    with pytest.raises(InputError, match="0 to 120 degC") as caught:
        electrolyte("peo-litfsi").conductivity(celsius + 273.15)
    assert "electrolyte.conductivity" in str(caught.value)


@pytest.mark.parametrize("name", [*cathode_names(), *electrolyte_names()])
def test_sets_travel_to_other_processes(name):
    original = cathode(name) if name in cathode_names() else electrolyte(name)
    assert pickle.loads(pickle.dumps(original)).parameters == original.parameters


def test_override_of_the_diffusivity_replaces_value_and_listing():
    material = cathode(DEFAULT_CATHODE)
    changed = with_overrides(material, diffusivity=4e-15)
    x = np.linspace(0.25, 0.9, 7)
    np.testing.assert_array_equal(changed.diffusivity(x, 333.15), np.full(7, 4e-15))
    (listed,) = [p for p in changed.parameters if p.name == "diffusivity"]
    assert listed.value == 4e-15 and listed.source == SOURCE and "O'Regan" in listed.note
    assert material.diffusivity(x, 333.15)[0] != 4e-15
    assert pickle.loads(pickle.dumps(changed)).diffusivity(x, 300.0)[0] == 4e-15


def test_override_by_a_function_of_x_and_t():
    changed = with_overrides(cathode(DEFAULT_CATHODE), diffusivity=lambda x, T: 1e-14 * x * T / 300.0)
    assert changed.diffusivity(np.array([0.5]), 300.0)[0] == pytest.approx(5e-15)
    assert any(p.source == SOURCE for p in changed.parameters)


def test_override_of_the_maximum_concentration_changes_capacity_and_density():
    material = cathode(DEFAULT_CATHODE)
    changed = with_overrides(material, maximum_concentration=49340.0)
    assert changed.density == pytest.approx(49340.0 * material.molar_mass)
    ratio = theoretical_capacity(changed, 1e-15) / theoretical_capacity(material, 1e-15)
    assert ratio == pytest.approx(49340.0 / 50060.0, rel=1e-12)
    overridden = {p.name for p in changed.parameters if p.source == SOURCE}
    assert overridden == {"maximum concentration", "density"}
    assert with_overrides(material) is material


@pytest.mark.parametrize("bad", [0.0, -1e-15, float("nan"), float("inf")])
@pytest.mark.parametrize("key", ["diffusivity", "maximum_concentration"])
def test_impossible_override_is_refused(key, bad):
    with pytest.raises(InputError, match="positive") as caught:
        with_overrides(cathode(DEFAULT_CATHODE), **{key: bad})
    assert caught.value.where == f"material.{key}"


@pytest.mark.parametrize("voltage", [5.0, 1.0, float("nan")])
def test_voltage_outside_the_potentials_range_is_refused_with_the_range(voltage):
    with pytest.raises(InputError, match="does not take this value") as caught:
        stoichiometry_at(cathode(DEFAULT_CATHODE), voltage, where="protocol.initial_voltage")
    assert caught.value.where == "protocol.initial_voltage"
    assert "2.252 to 4.300 V" in str(caught.value)


@pytest.mark.parametrize("volume", [0.0, -1.0, float("nan")])
def test_impossible_volume_is_refused(volume):
    with pytest.raises(InputError, match="volume"):
        theoretical_capacity(cathode(DEFAULT_CATHODE), volume)


def test_listing_names_imports_neither_a_set_nor_a_heavy_library():
    code = (
        "import sys; from asyncsoc.materials.registry import cathode_names; cathode_names();"
        "heavy = {'scipy', 'numba', 'dolfinx', 'asyncsoc.materials.ncm811_sturm2019'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_refit_of_karanth_is_the_sources_where_that_states_its_range():
    """The polynomials are those of MPET's pull request 130, D in cm2/s there: the set takes the sound part of them."""
    ninth = (
        37.60120496926822,
        -1155.8947947859672,
        11887.013361406942,
        -67638.17186534218,
        235652.79793610598,
        -522889.4946864639,
        740625.6188941287,
        -647127.9100798424,
        317224.13759806077,
        -66631.56720002113,
    )
    fifth = (-23.67, 236.09, -669.95, 815.43, -445.05, 87.15)
    material = cathode("ncm811-karanth2024")
    x = np.linspace(0.22, 0.78, 200)
    theirs = np.log10(0.5e-4) + np.polynomial.polynomial.polyval(x, ninth)
    assert np.abs(np.log10(material.diffusivity(x, 298.15)) - theirs).max() < 0.09
    x = np.linspace(0.22, 0.68, 200)
    theirs = np.log10(np.polynomial.polynomial.polyval(x, fifth))
    assert np.abs(np.log10(material.exchange_current_density(x, 298.15)) - theirs).max() < 0.1
    whole = material.diffusivity(np.linspace(*material.window, 500), 298.15)
    assert 1e-15 <= whole.min() < whole.max() < 2e-14
