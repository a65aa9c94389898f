"""The table: its measured error, its monotony, the rate it gives, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.decomposition import decomposition
from asyncsoc.interface.decomposition_constants import DecompositionConstants, matching_barrier_coefficient
from asyncsoc.materials.ncm811 import lithiated
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.cathodes import cathode_host, named_host
from asyncsoc.materials.thermochemistry.curve import reaction_curve
from asyncsoc.materials.thermochemistry.host import host
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.reaction import Kind
from asyncsoc.materials.thermochemistry.table import ReactionEnergyTable, table_from_points, tabulate

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def litfsi() -> ReactionEnergyTable:
    return tabulate(named_host("ncm811"), reactant("litfsi"))


def test_work_of_delithiation_is_the_integral_of_the_voltage() -> None:
    for name in ("ncm811", "ncm811-chen2020"):
        work = named_host(name).work(np.array([1.0, 0.9, 0.8, 0.6, 0.5, 0.45, 0.4, 0.3, 0.25]))
        # Integrals of three published curves agree within 10 meV: 0.35 ... 2.88 eV.
        expected = [0.0, 0.350, 0.711, 1.459, 1.848, 2.047, 2.250, 2.664, 2.876]
        np.testing.assert_allclose(work, expected, atol=0.01)
    straight = host("straight", lambda x: 4.0 - x, lithiated())
    x = np.linspace(0.0, 1.0, 101)
    np.testing.assert_allclose(straight.work(x), 4.0 * (1.0 - x) - 0.5 * (1.0 - x**2), atol=1e-13)
    steep = host("steep", lambda x: 4.0 - 0.4 * np.tanh(2139.0 * (x - 0.99997)), lithiated())
    exact = 4.0 * 0.3 - 0.4 / 2139.0 * (math.log(math.cosh(2139.0 * 3e-5)) - (2139.0 * 0.29997 - math.log(2.0)))
    assert float(steep.work(0.7)) == pytest.approx(exact, abs=1e-7)


def test_end_of_discharge_terms_are_no_equilibrium() -> None:
    assert named_host("ncm811").name == "ncm811-sturm2019-pure"
    assert cathode_host(cathode("ncm811-sturm2019")).name == "ncm811-sturm2019-pure"
    with pytest.raises(InputError, match="integrated to x = 1"):
        host("default with its term", cathode("ncm811-sturm2019").open_circuit_potential, lithiated())
    with pytest.raises(InputError, match="integrated to x = 1"):
        host("nan", lambda x: x * np.nan, lithiated())
    with pytest.raises(InputError, match="did you mean"):
        named_host("ncm81")


@pytest.mark.parametrize(("name", "kind"), [("litfsi", "total"), ("eca", "mutual")])
def test_error_against_the_programs_is_below_a_millielectronvolt(name: str, kind: Kind) -> None:
    table = tabulate(named_host("ncm811"), reactant(name), kind=kind)
    x = np.random.default_rng(5).uniform(0.0, 1.0, 40)
    exact = reaction_curve(named_host("ncm811"), reactant(name), x, kind=kind).energy
    found, _ = table.evaluate(x)
    assert table.interpolation_error < 5e-4
    np.testing.assert_allclose(found, exact, atol=1e-3)


def test_monotone_where_its_nodes_are(litfsi: ReactionEnergyTable) -> None:
    x = np.linspace(0.0, 1.0, 20001)
    energy, slope = litfsi.evaluate(x)
    assert (np.diff(energy) > 0.0).all()
    assert (slope >= 0.0).all()
    assert not litfsi.energy.flags.writeable
    assert not litfsi.coefficients.flags.writeable
    assert litfsi.validity == (0.216, 0.95)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1e-4, 1.0), min_size=4, max_size=12), st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12))
def test_a_users_monotone_table_stays_monotone(steps: list[float], rises: list[float]) -> None:
    x = np.minimum(np.cumsum(steps) / np.sum(steps), 1.0)
    energy = np.cumsum(rises[: x.size]) - 13.0
    table = table_from_points(x, energy)
    found, slope = table.evaluate(np.linspace(table.x[0], table.x[-1], 999))
    assert (np.diff(found) >= -1e-12).all()
    assert (slope >= -1e-9).all()


def test_a_users_table_keeps_its_values() -> None:
    x, energy = np.array([0.2, 0.35, 0.5, 0.8, 1.0]), np.array([-0.68, -0.66, -0.645, -0.61, -0.594])
    table = table_from_points(x, energy, electrolyte="mine")
    found, _ = table.evaluate(x)
    np.testing.assert_allclose(found, energy, atol=table.interpolation_error + 1e-4)
    np.testing.assert_allclose(table.evaluate(table.x)[0], PchipInterpolator(x, energy)(table.x), atol=1e-12)
    assert table.interpolation_error < 1e-4
    with pytest.raises(InputError, match="outside the reaction-energy table"):
        table.evaluate(np.array([0.19]))


@pytest.mark.parametrize(
    ("x", "energy", "words"),
    [
        ([0.2, 0.4, 0.6], [-0.6, -0.5, -0.4], "four or more"),
        ([0.2, 0.4, 0.6, 0.8], [-0.6, -0.5, -0.4], "as many energies"),
        ([0.2, 0.4, 0.4, 0.8], [-0.6, -0.5, -0.4, -0.3], "must rise"),
        ([0.2, 0.4, 0.6, 1.1], [-0.6, -0.5, -0.4, -0.3], "out of range"),
        ([0.2, 0.4, math.nan, 0.8], [-0.6, -0.5, -0.4, -0.3], "out of range"),
        ([0.2, 0.4, 0.6, 0.8], [-0.6, -0.5, math.nan, -0.3], "out of range"),
        ([0.2, 0.4, 0.6, 0.8], [-0.6, -0.5, -0.4, 0.3], "out of range"),
        ([0.2, 0.4, 0.6, 0.8], [-0.6, -0.5, -0.55, -0.3], "must not fall"),
    ],
)
def test_a_bad_user_table_is_one_clear_error(x: list[float], energy: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        table_from_points(np.array(x), np.array(energy))


def test_mutual_energies_may_fall_and_kinds_are_checked() -> None:
    x, energy = np.linspace(0.2, 1.0, 5), np.array([-0.43, -0.44, -0.445, -0.42, -0.40])
    assert table_from_points(x, energy, kind="mutual").kind == "mutual"
    with pytest.raises(InputError, match="kind"):
        table_from_points(x, energy, kind="both")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="nodes"):
        table_from_points(x, energy, kind="mutual", nodes=2)


def test_rate_is_tafel_times_bell_evans_polanyi(litfsi: ReactionEnergyTable) -> None:
    constants = DecompositionConstants(exchange_current_density=1e-3, limiting_thickness=2e-8)
    random = np.random.default_rng(2)
    x, volts = random.uniform(0.2, 1.0, (3, 40)), random.uniform(3.5, 4.4, (3, 40))
    kelvin, film = random.uniform(290.0, 360.0, (3, 40)), random.uniform(0.0, 1e-7, (3, 40))
    found = decomposition(litfsi, constants, x, volts, kelvin, film=film)
    energy, slope = litfsi.evaluate(x)
    thermal = GAS_CONSTANT * kelvin / FARADAY
    expected = 1e-3 * np.exp(0.5 * (volts - 3.8) / thermal) * np.exp(-5.0 * (energy + 0.64) / thermal)
    assert found.rate.shape == x.shape
    np.testing.assert_allclose(found.rate, expected / (1.0 + film / 2e-8), rtol=1e-8)
    np.testing.assert_array_equal(found.energy, energy)
    np.testing.assert_array_equal(found.slope, slope)
    risk = decomposition(litfsi, constants, x, volts, kelvin, film=film, relative_to=2e-3).rate
    np.testing.assert_allclose(risk, found.rate / 2e-3, rtol=1e-13)
    with pytest.raises(InputError, match="relative_to"):
        decomposition(litfsi, constants, x, 4.0, 333.15, relative_to=0.0)
    one = decomposition(litfsi, constants, x, 4.0, 333.15)
    np.testing.assert_array_equal(one.rate, decomposition(litfsi, constants, x, np.full(x.shape, 4.0), 333.15).rate)


def test_driving_forces_come_apart(litfsi: ReactionEnergyTable) -> None:
    constants, x = DecompositionConstants(), np.array([0.3, 0.5])
    potential_only, energy_only = constants.driven_by("potential"), constants.driven_by("reaction-energy")
    assert np.ptp(decomposition(litfsi, potential_only, x, 4.0, 333.15).rate) == 0.0
    rate = decomposition(litfsi, energy_only, x, 4.0, 333.15).rate
    np.testing.assert_array_equal(rate, decomposition(litfsi, energy_only, x, 3.5, 333.15).rate)
    assert rate[0] > rate[1]
    assert constants.driven_by("both") is constants
    with pytest.raises(InputError, match="driving force"):
        constants.driven_by("potentials")  # type: ignore[arg-type]


def test_the_default_barrier_matches_tafel_on_litfsi(litfsi: ReactionEnergyTable) -> None:
    """Both give a factor of about 11 from x = 0.557 to 0.438 at 60 degC; one reacting atom would give 1.3."""
    curve = named_host("ncm811").open_circuit_potential
    assert matching_barrier_coefficient(litfsi, curve) == pytest.approx(5.0, abs=0.1)
    ends = np.array([0.438, 0.557])
    volts = curve(ends)
    tafel = math.exp(0.5 * (volts[0] - volts[1]) / (GAS_CONSTANT * 333.15 / FARADAY))
    constants = DecompositionConstants().driven_by("reaction-energy")
    rate = decomposition(litfsi, constants, ends, 4.0, 333.15).rate
    assert rate[0] / rate[1] == pytest.approx(tafel, rel=0.05)
    assert tafel == pytest.approx(11.0, rel=0.1)
    mutual = tabulate(named_host("ncm811"), reactant("litfsi"), kind="mutual", nodes=21)
    with pytest.raises(InputError, match="no barrier coefficient"):
        matching_barrier_coefficient(mutual, curve)


def test_constants_referenced_to_a_table_leave_tafel_alone_there(litfsi: ReactionEnergyTable) -> None:
    constants = DecompositionConstants(exchange_current_density=1e-3).referenced_to(litfsi, 0.497)
    assert decomposition(litfsi, constants, np.array([0.497]), 3.8, 333.15).rate[0] == pytest.approx(1e-3, rel=1e-12)


def test_constants_are_marked_and_checked() -> None:
    parameters = DecompositionConstants().parameters()
    assert len(parameters) == 6
    assert all(parameter.assumed and parameter.note for parameter in parameters)
    for values in (
        {"exchange_current_density": -1.0},
        {"transfer_coefficient": math.nan},
        {"onset_potential": 40.0},
        {"barrier_coefficient": -1.0},
        {"reference_energy": 1.0},
        {"limiting_thickness": 0.0},
    ):
        with pytest.raises(InputError, match=next(iter(values))):
            DecompositionConstants(**values)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"x": np.array([0.5, 1.2])}, "outside the reaction-energy table"),
        ({"x": np.array([0.5, math.nan])}, "outside the reaction-energy table"),
        ({"potential": np.array([4.0, math.nan])}, "potential is out of range"),
        ({"potential": np.array([4.0, 4.0, 4.0])}, "another length"),
        ({"temperature": -1.0}, "temperature is out of range"),
        ({"film": np.array([-1e-9, 0.0])}, "film is out of range"),
    ],
)
def test_bad_points_are_one_clear_error(litfsi: ReactionEnergyTable, changed: dict[str, Array], words: str) -> None:
    good = {"x": np.array([0.4, 0.5]), "potential": np.array([4.0, 4.1]), "temperature": 333.15, "film": None}
    values = {**good, **changed}
    with pytest.raises(InputError, match=words):
        decomposition(
            *(litfsi, DecompositionConstants(), values["x"], values["potential"], values["temperature"]),
            film=values["film"],
        )
