"""What a run must show whatever its numbers: limits of coverage, of kinetics, of voltage."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names

CHARGE = "Charge at C/5 for 1 hour"
TIGHT = {"tolerance": 1e-6}


def end(solution, name):
    return float(solution.columns[name][-1])


@pytest.fixture(scope="module")
def radial(run):
    return run(CHARGE, solver=TIGHT)


def test_axisymmetric_at_full_coverage_is_the_radial_particle(run, radial):
    """Two meshes, two assemblies, one answer: the difference is the error of the meshes."""
    full = run(CHARGE, particle={"model": "axisymmetric"}, solver=TIGHT)
    assert end(full, names.CONTACT_X) == pytest.approx(end(radial, names.CONTACT_X), abs=2e-4)
    assert end(full, names.VOLTAGE) == pytest.approx(end(radial, names.VOLTAGE), abs=2e-4)
    assert end(full, names.MEAN_X) == pytest.approx(end(radial, names.MEAN_X), abs=1e-9)
    on_surface = full.contact.weights > 0.0
    assert np.ptp(full.field_x[-1][on_surface]) < 2e-4


@pytest.mark.parametrize("kind", ["cap", "belt"])
def test_a_contact_that_grows_over_the_particle_converges_to_the_full_one(run, radial, kind):
    coverages = (0.9, 0.99, 0.999)
    gaps = []
    for coverage in coverages:
        partial = run(CHARGE, contact={"kind": kind, "coverage": coverage}, solver=TIGHT)
        gaps.append(abs(end(partial, names.CONTACT_X) - end(radial, names.CONTACT_X)))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 5e-4


def test_three_dimensions_agree_with_two(run):
    """The same cap on tetrahedra: another mesh, another linear solve, one answer to the tetrahedra's error."""
    contact = {"kind": "cap", "coverage": 0.3}
    plane, space = (run(CHARGE, contact=contact, particle={"model": model}) for model in ("axisymmetric", "3d"))
    assert space.mesh.coordinates == "cartesian"
    excess = [end(s, names.MEAN_X) - end(s, names.CONTACT_X) for s in (plane, space)]
    assert excess[1] == pytest.approx(excess[0], rel=0.03)
    assert end(space, names.VOLTAGE) == pytest.approx(end(plane, names.VOLTAGE), abs=3e-3)
    assert space.lithium_balance_error <= 1e-10


def test_less_contact_means_more_asynchrony_and_more_voltage(run):
    ahead, voltage = [], []
    for coverage in (0.8, 0.4, 0.2):
        solution = run(CHARGE, contact={"kind": "cap", "coverage": coverage})
        ahead.append(end(solution, names.ASYNCHRONY))
        voltage.append(end(solution, names.VOLTAGE))
    assert 0.0 < ahead[0] < ahead[1] < ahead[2]
    assert voltage[0] < voltage[1] < voltage[2]


def test_current_and_its_reverse_give_the_lithium_back(run):
    solution = run(
        "Charge at C/5 for 30 minutes", "Discharge at C/5 for 30 minutes", "Rest for 10 hours",
        contact={"kind": "cap", "coverage": 0.4},
    )  # fmt: skip
    columns = solution.columns
    assert end(solution, names.CHARGE) == pytest.approx(0.0, abs=1e-12 * np.abs(columns[names.CHARGE]).max())
    assert end(solution, names.MEAN_X) == pytest.approx(columns[names.MEAN_X][0], abs=1e-12)
    np.testing.assert_allclose(solution.field_x[-1], 0.7, atol=1e-4)  # ten hours level what the cycle left behind


def test_a_film_adds_its_drop_to_uniform_flux(run):
    """V = <U> + i R_film + series: the film's part is exactly R I / A, and nothing is left for kinetics."""
    kinetics = {"model": "uniform-flux", "film_resistance": 0.05}
    contact = {"kind": "cap", "coverage": 0.4}
    with_film = run("Charge at C/10 for 1 hour", contact=contact, kinetics=kinetics)
    without = run("Charge at C/10 for 1 hour", contact=contact, kinetics={"model": "uniform-flux"})
    drop = 0.05 * with_film.columns["Current [A]"] / with_film.contact.area
    np.testing.assert_allclose(with_film.columns["Film overpotential [V]"], drop, rtol=1e-12)
    np.testing.assert_allclose(with_film.columns["Voltage [V]"], without.columns["Voltage [V]"] + drop, rtol=1e-12)
    np.testing.assert_allclose(with_film.columns["Kinetic overpotential [V]"], 0.0, atol=1e-12)


def test_uniform_flux_shows_the_area_mean_potential_of_its_surface(run):
    solution = run(CHARGE, contact={"kind": "cap", "coverage": 0.4}, kinetics={"model": "uniform-flux"})
    material, weights = cathode("ncm811-sturm2019"), solution.contact.weights
    mean_potential = weights @ material.open_circuit_potential(solution.field_x[-1]) / weights.sum()
    assert end(solution, names.POTENTIAL) == pytest.approx(mean_potential, abs=2e-6)
    assert end(solution, names.VOLTAGE) == pytest.approx(mean_potential + end(solution, names.SERIES), abs=2e-6)
    assert end(solution, names.SERIES) > 0.0
    assert abs(end(solution, names.KINETIC)) < 1e-3  # weighted by equal currents: only the table's rounding is left


def test_fast_kinetics_hold_the_contact_at_one_stoichiometry(run):
    """With no charge-transfer resistance the particle's one potential is one stoichiometry all over the contact."""
    solution = run(
        CHARGE, contact={"kind": "cap", "coverage": 0.4}, kinetics={"model": "linear", "exchange_current_density": 1e3}
    )
    inside = solution.contact.weights > 0.5 * np.median(solution.contact.weights[solution.contact.weights > 0.0])
    uniform = run(CHARGE, contact={"kind": "cap", "coverage": 0.4}, kinetics={"model": "uniform-flux"})
    assert np.ptp(solution.field_x[-1][inside]) < 0.1 * np.ptp(uniform.field_x[-1][inside])


def test_butler_volmer_is_linear_where_the_overpotential_is_small(run):
    i0 = {"exchange_current_density": 50.0}
    curves = [
        run(CHARGE, kinetics={"model": model, **i0}, solver=TIGHT).columns for model in ("butler-volmer", "linear")
    ]
    kinetic = curves[0][names.KINETIC][-1]
    assert 0.0 < kinetic < 1e-3
    assert curves[0][names.VOLTAGE][-1] == pytest.approx(curves[1][names.VOLTAGE][-1], abs=1e-3 * kinetic)


def test_kinetic_overpotential_of_a_full_contact_is_the_inverse_hyperbolic_sine(run):
    """At f = 1 every node carries I/A, so that eta = (2RT/F) asinh(I / (2 A i0)), by hand."""
    i0, temperature = 0.2, 333.15
    solution = run(CHARGE, kinetics={"exchange_current_density": i0})
    density = end(solution, names.CURRENT) / (4.0 * np.pi * (5e-6) ** 2)
    eta = 2.0 * GAS_CONSTANT * temperature / FARADAY * np.arcsinh(density / (2.0 * i0))
    assert end(solution, names.KINETIC) == pytest.approx(eta, rel=1e-4)


def test_a_film_adds_its_ohmic_drop(run, radial):
    film = run(CHARGE, kinetics={"film_resistance": 0.5}, solver=TIGHT)
    density = end(film, names.CURRENT) / (4.0 * np.pi * (5e-6) ** 2)
    assert end(film, names.FILM) == pytest.approx(0.5 * density, rel=1e-9)
    assert end(film, names.VOLTAGE) - end(radial, names.VOLTAGE) == pytest.approx(0.5 * density, rel=1e-6)


def test_a_warmer_particle_needs_less_voltage(run):
    cold, warm = (run(CHARGE, protocol={"temperature": t}) for t in (313.15, 343.15))
    assert end(cold, names.VOLTAGE) > end(warm, names.VOLTAGE)
    assert end(cold, names.ASYNCHRONY) > end(warm, names.ASYNCHRONY)


def test_a_run_starts_at_rest_at_the_voltage_asked_for(run):
    solution = run("Rest for 1 minute", protocol={"initial_voltage": 3.9, "initial_stoichiometry": None})
    assert solution.columns[names.VOLTAGE] == pytest.approx(3.9, abs=1e-6)
    assert np.ptp(solution.field_x) < 1e-12


def test_the_current_of_a_held_voltage_decays_to_nothing(run):
    """Potentiostatic: the particle comes to equilibrium with the voltage, and passed what lies between."""
    solution = run("Hold at 4 V for 20 hours", contact={"kind": "cap", "coverage": 0.4})
    current = solution.columns[names.CURRENT]
    flowing = current > 1e-6 * current[0]
    assert np.all(np.diff(current[flowing]) < 0.0) and not flowing[-1]
    material = cathode("ncm811-sturm2019")
    np.testing.assert_allclose(material.open_circuit_potential(solution.field_x[-1]), 4.0, atol=1e-4)
    assert solution.lithium_balance_error <= 1e-10


def test_capacity_limits_end_a_step_where_they_say(run):
    by_mass = run("Charge at C/5 until 20 mAh/g")
    assert by_mass.stop_reason.startswith("charge of")
    assert end(by_mass, names.CAPACITY) == pytest.approx(20.0, rel=1e-6)
    by_share = run("Charge at C/5 until 10 % of capacity")
    assert end(by_share, names.TIME) == pytest.approx(1800.0, rel=1e-6)


def test_a_tighter_tolerance_is_closer_to_the_limit(run):
    case = {"contact": {"kind": "cap", "coverage": 0.4}}
    reference = run(CHARGE, **case, solver={"tolerance": 1e-8})
    errors = []
    for tolerance in (1e-3, 1e-4, 1e-5, 1e-6):
        solution = run(CHARGE, **case, solver={"tolerance": tolerance})
        errors.append(abs(end(solution, names.CONTACT_X) - end(reference, names.CONTACT_X)))
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[1] < 1e-4  # the default


def test_ten_cycles_do_not_drift(make_case, run):
    """The balance of every cycle is rounding, and from the second cycle on all that is charged comes out again."""
    cycle = {
        "repeat": 10,
        "steps": ["Charge at C/5 until 4.2 V", "Hold at 4.2 V until C/50", "Discharge at C/5 until 2.8 V"],
    }
    protocol = {"steps": [], "cycle": [cycle], "initial_stoichiometry": None, "initial_voltage": 2.8}
    solution = run(protocol=protocol)
    columns = solution.columns
    worst = [columns[names.BALANCE][columns[names.CYCLE] == k].max() for k in range(1, 11)]
    assert max(worst) <= 1e-12
    charges = np.array([step.charge for step in solution.steps]).reshape(10, 3)
    efficiency = -charges[:, 2] / charges[:, :2].sum(axis=1)
    assert efficiency[0] == pytest.approx(1.0, abs=0.03)  # the first begins relaxed and does not end so
    np.testing.assert_allclose(efficiency[1:], 1.0, atol=5e-4)
    np.testing.assert_allclose(charges[1:], charges[-1:].repeat(9, axis=0), rtol=1e-3)


@pytest.mark.parametrize(
    ("contact", "rate", "cycles"),
    [
        pytest.param({"kind": "full"}, "C/50", 1, id="slowly, from rest at 2.8 V"),
        pytest.param({"kind": "cap", "coverage": 0.3}, "C/10", 2, id="partly covered, in its second cycle"),
    ],
)
def test_charge_and_discharge_between_the_voltage_limits_are_equal(run, contact, rate, cycles):
    """No side reaction, no window in the way: 1 +- 0.005 between 2.8 and 4.2 V for the default material."""
    cycle = {"repeat": cycles, "steps": [f"Charge at {rate} until 4.2 V", f"Discharge at {rate} until 2.8 V"]}
    protocol = {"steps": [], "cycle": [cycle], "initial_stoichiometry": None, "initial_voltage": 2.8}
    solution = run(contact=contact, protocol=protocol)
    assert [step.stop_reason for step in solution.steps[-2:]] == ["voltage 4.2 V reached", "voltage 2.8 V reached"]
    charge, discharge = (step.charge for step in solution.steps[-2:])
    assert -discharge / charge == pytest.approx(1.0, abs=0.005)
