"""The side reaction from a case: reported after the closed form, coupled in balance, blocked, 1 under full coverage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.build import prepare
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders import side_reaction_fields as fields
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.verification.closed_forms import cap_field, full_sphere

T = 333.15
F_RT = FARADAY / (GAS_CONSTANT * T)
CAP = {"kind": "cap", "coverage": 0.25}
STRONG = {"mode": "coupled", "exchange_current_density": 1e-4}
UNIFORM = {
    "particle": {"radius": 5e-6, "mesh": "fine"},
    "contact": CAP,
    "material": {"diffusivity": 1e-14},
    "kinetics": {"model": "uniform-flux"},
    "protocol": {"initial_stoichiometry": 0.7, "steps": ["Charge at C/20 for 2500 s"]},
    "output": {"fields_every": 500.0},
    "solver": {"tolerance": 1e-6},
}


def tafel(solution: Solution, x: np.ndarray, potential: np.ndarray | float) -> np.ndarray:
    """The rate law in plain numpy: constants from the solution's report, E(x) from the linear programs' table."""
    value = {row["name"]: row["value"] for row in solution.reports["side reaction"]["parameters"]}
    case = Case.from_dict(dict(solution.case))
    table = side_reaction_model(case, cathode(case.material.name)).table
    energy = np.interp(x, table.x, table.energy)
    barrier = value["barrier coefficient"] * (energy - value["reference reaction energy"])
    drive = value["transfer coefficient of the side reaction"] * (potential - value["onset potential"])
    return value["exchange current density of the side reaction"] * np.exp(F_RT * (drive - barrier))


def test_under_uniform_flux_rate_and_risk_are_those_of_the_closed_form(run) -> None:
    solution = run(**UNIFORM, side_reaction={"mode": "report"})
    material = cathode("ncm811-sturm2019")
    nodes = np.flatnonzero(solution.contact.weights > 0.0)
    share = solution.contact.weights[nodes] / solution.contact.weights.sum()
    points = solution.mesh.points[nodes]
    rho = np.linalg.norm(points, axis=1)
    radius, diffusivity = 5e-6, 1e-14
    outflow = solution.columns[names.CURRENT][0] / (FARADAY * 50060.0 * 4.0 * np.pi * radius**2)
    unit = outflow * radius / diffusivity
    for k, time in list(enumerate(solution.field_times))[1:]:
        tau = diffusivity * time / radius**2
        mean = 0.7 - 3.0 * tau * unit
        x = mean - unit * cap_field(np.minimum(rho / radius, 1.0), points[:, 1] / rho, tau, 0.25)
        full = mean - unit * full_sphere(1.0, tau)
        u = material.open_circuit_potential
        expected = tafel(solution, x, share @ u(x))
        alone = tafel(solution, full, u(np.atleast_1d(full))[0])
        np.testing.assert_allclose(solution.more_fields[fields.RATE][k, nodes], expected, rtol=0.01)
        np.testing.assert_allclose(solution.more_fields[fields.RISK][k, nodes], expected / alone, rtol=0.01)
    off = np.setdiff1d(np.arange(solution.mesh.n_nodes), nodes)
    assert not solution.more_fields[fields.RISK][:, off].any()


def test_what_is_reported_is_the_rate_law_applied_to_the_states(run) -> None:
    reported = run("Charge at C/5 for 1 hour", contact=CAP, side_reaction={"mode": "report"})
    plain = run("Charge at C/5 for 1 hour", contact=CAP)
    for name, values in plain.columns.items():
        np.testing.assert_array_equal(reported.columns[name], values, err_msg=name)
    np.testing.assert_array_equal(reported.field_x, plain.field_x)
    nodes = np.flatnonzero(plain.contact.weights > 0.0)
    potential = np.interp(plain.field_times, plain.columns[names.TIME], plain.columns[names.POTENTIAL])
    for k in range(len(plain.field_times)):
        expected = tafel(reported, plain.field_x[k, nodes], potential[k])
        # The reference interpolates E(x) linearly, the table by cubics.
        np.testing.assert_allclose(reported.more_fields[fields.RATE][k, nodes], expected, rtol=5e-3)
    assert names.FILM_MAX not in reported.columns
    assert reported.columns[names.SIDE_CHARGE][-1] > 0.0


def test_risk_is_the_product_of_its_factors_along_the_whole_run(run) -> None:
    solution = run("Charge at C/5 for 1 hour", contact=CAP, side_reaction={"mode": "report"})
    columns = solution.columns
    factors = (names.RISK_KINETIC, names.RISK_CONCENTRATION, names.RISK_REACTION)
    product = np.prod([columns[name] for name in factors], axis=0)
    np.testing.assert_allclose(columns[names.RISK_MAX], product * columns[names.RISK_REMAINDER], rtol=1e-12)
    np.testing.assert_allclose(columns[names.RISK_REMAINDER], 1.0, atol=2e-4)
    # A maximum and a mean of as many numbers: equal to rounding where the contact is uniform.
    assert (columns[names.RISK_MAX] >= columns[names.RISK_MEAN] * (1.0 - 1e-12)).all()
    assert columns[names.RISK_MEAN][-1] > 2.0


def test_without_rate_the_coupled_path_takes_the_same_steps_to_the_same_answer(run) -> None:
    steps = (
        "Charge at C/5 until 4.1 V",
        "Hold at 4.1 V for 20 minutes",
        "Rest for 1 hour",
        "Discharge at C/5 for 1 hour",
    )
    off = run(*steps, contact=CAP)
    zero = run(*steps, contact=CAP, side_reaction={"mode": "coupled", "exchange_current_density": 0.0})
    assert zero.provenance["integrator steps"] == off.provenance["integrator steps"]
    assert [step.stop_reason for step in zero.steps] == [step.stop_reason for step in off.steps]
    for name, values in off.columns.items():
        np.testing.assert_allclose(zero.columns[name], values, rtol=1e-12, atol=1e-12 * np.abs(values).max())
    np.testing.assert_allclose(zero.field_x, off.field_x, rtol=0.0, atol=1e-12)
    assert not zero.columns[names.FILM_MAX].any()
    assert not zero.columns[names.SIDE_CHARGE].any()


@pytest.fixture(scope="module")
def coupled(run) -> Solution:
    """Every kind of step with a strong side reaction."""
    return run(
        "Charge at C/5 until 4.15 V",
        "Hold at 4.15 V for 20 minutes",
        "Rest for 2 hours",
        "Discharge at C/5 for 1 hour",
        contact=CAP,
        side_reaction={**STRONG, "limiting_thickness": "10 nm"},
    )


def test_intercalation_and_side_charge_are_the_charge_applied(coupled: Solution) -> None:
    columns = coupled.columns
    assert columns[names.SIDE_CHARGE][-1] > 1e-3 * columns[names.CHARGE].max()
    assert columns[names.BALANCE].max() < 1e-10
    # The film holds the side charge: v times it, place by place.
    nodes = np.flatnonzero(coupled.contact.weights > 0.0)
    grown = coupled.contact.weights[nodes] @ coupled.more_fields[fields.FILM][-1, nodes] / 4e-10
    assert grown == pytest.approx(columns[names.SIDE_CHARGE][-1], rel=1e-10)
    assert sum(step.side_charge for step in coupled.steps) == pytest.approx(columns[names.SIDE_CHARGE][-1], rel=1e-12)
    assert sum(step.charge for step in coupled.steps) == pytest.approx(columns[names.CHARGE][-1], rel=1e-12)
    # Lithium that left, from the field itself, is what was applied less what the side reaction took.
    setup = prepare(Case.from_dict(dict(coupled.case)))
    left = FARADAY * 50060.0 * setup.operators.mass @ (coupled.field_x[0] - coupled.field_x[-1])
    assert left + columns[names.SIDE_CHARGE][-1] == pytest.approx(columns[names.CHARGE][-1], rel=1e-10)


def test_what_is_counted_and_what_left_the_particle_are_both_told(coupled: Solution) -> None:
    summary, columns = coupled.summary(), coupled.columns
    cathode_ = prepare(Case.from_dict(dict(coupled.case))).cathode
    per_stoichiometry = FARADAY * cathode_.maximum_concentration / (3600.0 * cathode_.density)  # mA h/g
    left = per_stoichiometry * (columns[names.MEAN_X][0] - columns[names.MEAN_X].min())
    assert summary["Largest extracted capacity [mA.h/g]"] == pytest.approx(left, rel=1e-9)
    assert summary["Largest extracted capacity [mA.h/g]"] < summary["Largest specific capacity [mA.h/g]"]
    counted = columns[names.CAPACITY][-1] / per_stoichiometry / (1.0 - coupled.stoichiometry_at_4p2)
    assert summary["Final counted SOC"] == pytest.approx(columns[names.MEAN_SOC][0] + counted, rel=1e-9)
    assert summary["Final counted SOC"] > summary["Final mean SOC"] + 1e-4


def test_at_rest_the_side_reaction_discharges_the_particle(coupled: Solution, rows) -> None:
    rest = rows(coupled, 3)
    np.testing.assert_allclose(rest[names.CURRENT], 0.0, atol=1e-20)
    assert (rest[names.SIDE_CURRENT] > 0.0).all()
    assert rest[names.MEAN_X][-1] > rest[names.MEAN_X][0]
    assert np.ptp(rest[names.CHARGE]) < 1e-18


def test_the_constraint_holds_where_every_place_is_solved_by_bisection(coupled: Solution, rows) -> None:
    charging = rows(coupled, 1)
    k = int(np.searchsorted(coupled.field_times, charging[names.TIME][-1], side="right")) - 1
    row = int(np.flatnonzero(coupled.columns[names.TIME] == coupled.field_times[k])[0])
    potential = coupled.columns[names.POTENTIAL][row]
    nodes = np.flatnonzero(coupled.contact.weights > 0.0)
    x, film = coupled.field_x[k, nodes], coupled.more_fields[fields.FILM][k, nodes]
    material = cathode("ncm811-sturm2019")
    table = tabulate(material, electrolyte("peo-litfsi"), T)
    i0 = np.interp(x, table.nodes, table.coefficients[:, 4])
    u = material.open_circuit_potential(x)
    side = tafel(coupled, x, 3.8) / (1.0 + film / 10e-9)
    resistance = film / 1e-7
    assert resistance.max() > 1e-3

    def through(v: float, j: int) -> float:
        eta = v - u[j]
        lithium = i0[j] * (np.exp(0.5 * F_RT * eta) - np.exp(-0.5 * F_RT * eta))
        return lithium + side[j] * np.exp(0.5 * F_RT * (v - 3.8))

    total = 0.0
    for j, area in enumerate(coupled.contact.weights[nodes]):
        v = brentq(lambda v, j=j: v + resistance[j] * through(v, j) - potential, 3.0, 5.0, xtol=1e-14)
        total += area * through(v, j)
    assert total == pytest.approx(coupled.columns[names.CURRENT][row], rel=1e-3)
    share = coupled.columns[names.SIDE_CURRENT][row] / coupled.columns[names.CURRENT][row]
    assert 1e-3 < share < 1.0


def test_the_film_costs_voltage(run) -> None:
    step = "Charge at C/5 until 4.1 V"
    plain = run(step, contact=CAP)
    filmed = run(step, contact=CAP, side_reaction=STRONG)
    assert filmed.columns[names.FILM][-1] > 0.05
    assert filmed.columns[names.CAPACITY][-1] < plain.columns[names.CAPACITY][-1]
    assert filmed.columns[names.INTERFACE_RESISTANCE][-1] > 2.0 * filmed.columns[names.INTERFACE_RESISTANCE][0]
    parts = (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES)
    u = cathode("ncm811-sturm2019").open_circuit_potential(filmed.columns[names.MEAN_X])
    total = sum(filmed.columns[name] for name in parts)
    np.testing.assert_allclose(total, filmed.columns[names.VOLTAGE] - u, atol=1e-12)
    # Where nothing slows it the film is thickest where the contact is delithiated most.
    nodes = np.flatnonzero(filmed.contact.weights > 0.0)
    film = filmed.more_fields[fields.FILM][-1, nodes]
    assert film[np.argmin(filmed.field_x[-1, nodes])] == pytest.approx(film.max(), rel=1e-9)
    assert film.min() < 0.99 * film.max()


@pytest.mark.parametrize("contact", [{"kind": "full"}, CAP], ids=["full", "cap"])
def test_a_film_that_blocks_the_contact_stops_the_run_and_says_so(run, contact) -> None:
    solution = run(
        "Charge at C/5 for 20 hours",
        "Rest for 1 hour",
        contact=contact,
        side_reaction={**STRONG, "blocking_thickness": "2 nm", "film_conductivity": 1e-5},
    )
    assert solution.status == "done"
    assert solution.steps[0].stop_reason == "contact blocked by film: less than 0.1 % of it is open"
    assert solution.stop_reason.startswith("contact blocked by film")
    assert solution.columns[names.OPEN_SHARE][-1] == pytest.approx(1e-3, rel=1e-3)
    assert solution.columns[names.BALANCE].max() < 1e-10
    assert solution.steps[1].duration == 0.0


def test_a_potential_beyond_all_reason_does_not_lose_the_run(run) -> None:
    strange = {"model": "linear", "film_resistance": 30.0}
    found = run("Charge at C/5 for 20 minutes", contact=CAP, kinetics=strange, side_reaction={"mode": "report"})
    assert found.columns[names.POTENTIAL].max() > 10.0
    assert np.isfinite(found.columns[names.SIDE_CURRENT]).all()


@pytest.mark.parametrize("mode", ["report", "coupled"])
def test_risk_is_1_everywhere_under_full_coverage(run, mode: str) -> None:
    charge = "Charge at C/5 until 4.1 V"
    radial = run(charge, side_reaction={**STRONG, "mode": mode})
    # The same run: 1 at shared steps, between them as far as continuous solutions are good.
    np.testing.assert_allclose(radial.columns[names.RISK_MAX], 1.0, rtol=1e-3)
    assert np.median(np.abs(radial.columns[names.RISK_MAX] - 1.0)) < 1e-9
    other = run(charge, particle={"model": "axisymmetric"}, side_reaction={**STRONG, "mode": mode})
    settled = other.columns[names.TIME] > 60.0
    np.testing.assert_allclose(other.columns[names.RISK_MAX][settled], 1.0, atol=5e-3)
    nodes = np.flatnonzero(other.contact.weights > 0.0)
    np.testing.assert_allclose(other.more_fields[fields.RISK][1:, nodes], 1.0, atol=5e-3)


def test_risk_falls_to_1_as_coverage_rises(run) -> None:
    found = []
    for coverage in (0.5, 0.8, 0.95, 0.99):
        solution = run(
            "Charge at C/5 for 1 hour",
            contact={"kind": "cap", "coverage": coverage},
            side_reaction={"mode": "report"},
        )
        found.append(solution.columns[names.RISK_MAX][-1] - 1.0)
    assert all(a > 2.0 * b > 0.0 for a, b in pairwise(found))
    assert found[-1] < 0.05


def test_a_case_that_cannot_be_has_one_clear_error(make_case) -> None:
    with pytest.raises(InputError, match="cannot be coupled under uniform flux"):
        make_case(kinetics={"model": "uniform-flux"}, side_reaction={"mode": "coupled"})
    with pytest.raises(InputError, match="no thermochemistry is known") as caught:
        prepare(make_case(electrolyte={"name": "liquid-lipf6"}, side_reaction={"mode": "report"}))
    assert caught.value.where == "side_reaction.reactant"
    section = {"mode": "report", "reactant": "litfsi", "energy": "mutual"}
    # The coefficient is matched under total energies, so that a flat mutual energy is no obstacle.
    assert prepare(make_case(side_reaction=section)).side is not None


def test_energies_of_ones_own_take_the_reactants_place(run, make_case) -> None:
    table = side_reaction_model(make_case(side_reaction={"mode": "report"}), cathode("ncm811-sturm2019")).table
    points = [[float(x), float(e)] for x, e in zip(table.x, table.energy, strict=True)][::-1]
    own = {"mode": "report", "energies": points}
    charge = "Charge at C/5 for 30 minutes"
    found = run(charge, contact=CAP, side_reaction=own).columns[names.RISK_MAX]
    shipped = run(charge, contact=CAP, side_reaction={"mode": "report"}).columns[names.RISK_MAX]
    np.testing.assert_allclose(found, shipped, rtol=1e-6)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[0.2, -0.5], [0.5, -0.4], [1.0, -0.3]], ["four or more"]),
        ([[0.0, -0.5], [0.3, -0.3], [0.6, -0.4], [1.0, -0.3]], ["must not fall with x", "x = 0.3 to 0.6", "mutual"]),
        ([[0.0, -0.5], [0.3, -0.4], [0.6, -0.4], [1.2, -0.3]], ["a stoichiometry is out of range", "row 4", "0 to 1"]),
        ([[0.0, -0.5], [0.3, -0.4], [0.6, 0.1], [1.0, 0.2]], ["a reaction energy is out of range", "row 3"]),
        ([[0.0, -0.5], [0.3, -0.4], [0.3, -0.4], [1.0, -0.3]], ["stoichiometries must rise"]),
        ([[0.3, -0.5], [0.4, -0.4], [0.6, -0.35], [1.0, -0.3]], ["do not reach over the material", "0.205"]),
    ],
)
def test_a_bad_table_of_ones_own_is_one_clear_error(make_case, points, words) -> None:
    with pytest.raises(InputError) as caught:
        prepare(make_case(side_reaction={"mode": "report", "energies": points}))
    assert str(caught.value.where).startswith("side_reaction.energies")
    for word in words:
        assert word in str(caught.value)


def test_together_as_alone(make_case) -> None:
    cases = [
        make_case(contact={"kind": "cap", "coverage": coverage}, side_reaction={"mode": mode})
        for coverage, mode in ((0.3, "coupled"), (0.5, "off"), (0.6, "report"))
    ]
    together = [ending.finished() for ending in simulate_batch(cases)]
    alone = [simulate_batch([case])[0].finished() for case in cases]
    for one, other in zip(together, alone, strict=True):
        assert list(one.columns) == list(other.columns)
        for name in one.columns:
            np.testing.assert_array_equal(one.columns[name], other.columns[name])
        for name in one.more_fields:
            np.testing.assert_array_equal(one.more_fields[name], other.more_fields[name])


def test_a_run_with_a_film_comes_back_from_its_file(coupled: Solution, tmp_path) -> None:
    path = coupled.save(tmp_path)
    back = Solution.load(path)
    assert back.reports == coupled.reports
    assert list(back.columns) == list(coupled.columns)
    assert set(back.more_fields) == set(coupled.more_fields)
    for name, values in coupled.more_fields.items():
        np.testing.assert_array_equal(back.more_fields[name], values)
    film = back.fields[fields.FILM]
    assert film.attrs["units"] == "m"
    assert (film.sum("node").diff("time") >= -1e-12 * film.sum("node").max()).all()


def test_paraview_sees_the_film_grow(coupled: Solution, tmp_path) -> None:
    pyvista = pytest.importorskip("pyvista")
    reader = pyvista.get_reader(str(coupled.save(tmp_path)))
    thickest = []
    for step in (0, len(coupled.field_times) - 1):
        reader.reader.SetStep(step)
        thickest.append(float(reader.read()[fields.FILM].max()))
    assert thickest[0] == 0.0
    assert thickest[1] == pytest.approx(coupled.columns[names.FILM_MAX][-1], rel=1e-6)


def test_the_split_of_the_overpotential_knows_what_a_film_has_closed() -> None:
    """Half of the contact and more is closed: the kinetic part is still Butler-Volmer's at the open area's current."""
    case = aso.Case.from_dict(
        {
            "contact": {"kind": "full"},
            "side_reaction": {"mode": "coupled", "blocking_thickness": "30 nm"},
            "protocol": {
                "steps": ["Charge at C/20 until 4.0 V", "Hold at 4.1 V for 4 hours", "Discharge at C/20 for 1 hour"]
            },
        }
    )
    solution = aso.simulate(case)
    columns = solution.columns
    opened = columns["Open share of contact"]
    assert opened[-1] < 0.5
    area = 4.0 * np.pi * solution.mesh.points.max() ** 2
    x, kelvin = columns["Contact-mean stoichiometry"], 333.15
    i0 = 0.6 * x**0.43 * (1.0 - x) ** 0.57
    lithium = columns["Current [A]"] - columns["Side current [A]"]
    expected = 2.0 * 8.31446261815324 * kelvin / 96485.33212 * np.arcsinh(lithium / (area * opened) / (2.0 * i0))
    rows = columns["Step"] == 3
    np.testing.assert_allclose(columns["Kinetic overpotential [V]"][rows], expected[rows], atol=2e-4)
    parts = sum(columns[f"{name} overpotential [V]"] for name in ("Concentration", "Kinetic", "Film", "Series"))
    mean = cathode("ncm811-sturm2019").open_circuit_potential(columns["Mean stoichiometry"])
    np.testing.assert_allclose(parts, columns["Voltage [V]"] - mean, atol=1e-9)
