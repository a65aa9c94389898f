"""Impedance of runs: closed forms, the whole linearized problem as a second solution, parts, states, meshes, files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import diags
from scipy.sparse.linalg import spsolve

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.linearize import GroupState, linearize
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.side_reaction_fields import FILM
from asyncsoc.simulation.impedance.described import described_by_run
from asyncsoc.simulation.impedance.equivalent_circuit import circuit_impedance, fit_circuit
from asyncsoc.studies.verification.impedance import full_transfer

X, TEMPERATURE, RADIUS, D = 0.55, 333.15, 7.5e-6, 1e-14
SIDE = {"mode": "coupled", "exchange_current_density": 1e-4, "film_conductivity": 1e-6}


def case(**changes: dict[str, Any]) -> aso.Case:
    sections: dict[str, Any] = {
        "particle": {"radius": RADIUS, "mesh": "coarse"},
        "contact": {"kind": "full"},
        "material": {"diffusivity": D},
        "kinetics": {"exchange_current_density": 0.5},
        "protocol": {"temperature": TEMPERATURE, "initial_stoichiometry": X, "steps": ["Rest for 1 hour"]},
    }
    for name, keys in changes.items():
        sections[name] = {**sections.get(name, {}), **keys}
    return aso.Case.from_dict(sections)


@pytest.fixture(scope="module")
def charged() -> aso.Solution:
    """A cap with film, charged and at rest."""
    return aso.simulate(
        case(
            contact={"kind": "cap", "coverage": 0.3},
            side_reaction=SIDE,
            protocol={"steps": ["Charge at C/5 for 1 hour", "Rest for 1 hour"]},
        )
    )


def covered_sphere(f: np.ndarray, double_layer: float, film: complex | np.ndarray = 0.0) -> np.ndarray:
    """Return the closed form of a covered sphere at rest [ohm]: film + (charge transfer + diffusion | double layer)."""
    ocp, area = cathode("ncm811-sturm2019").open_circuit_potential, 4.0 * math.pi * RADIUS**2
    c_max = cathode("ncm811-sturm2019").maximum_concentration
    slope = float(ocp(np.array([X + 1e-5]))[0] - ocp(np.array([X - 1e-5]))[0]) / 2e-5
    w = 2.0 * np.pi * f
    diffusion = -slope * RADIUS / (FARADAY * c_max * D) * full_transfer(1j * w * RADIUS**2 / D)
    transfer = GAS_CONSTANT * TEMPERATURE / FARADAY / 0.5
    return np.asarray((film + 1.0 / (1j * w * double_layer + 1.0 / (transfer + diffusion))) / area)


@pytest.mark.parametrize("double_layer", [0.0, 0.2])
def test_covered_sphere_is_the_closed_form(double_layer: float) -> None:
    f = np.geomspace(1e-4, 1e3, 36)
    simulation = aso.EISSimulation(case(impedance={"double_layer_capacitance": double_layer}))
    found = simulation.solve(f, at="initial")
    expected = covered_sphere(f, double_layer)
    alone = found.impedance - found.parts["separator"]
    assert np.abs(alone / expected - 1.0).max() < 2e-4  # 0.1 % was asked for
    assert np.abs(found.parts["constriction"] / found.impedance).max() < 2e-4
    assert found.interface_resistance == pytest.approx(GAS_CONSTANT * TEMPERATURE / FARADAY / 0.5 / found.contact_area)


def test_a_grown_film_is_a_resistance_beside_a_capacitance(charged: aso.Solution) -> None:
    """On a covered sphere, whose contact is at one stoichiometry and one film thickness everywhere."""
    run = aso.simulate(case(side_reaction=SIDE, protocol={"steps": ["Charge at C/5 for 1 hour", "Rest for 1 hour"]}))
    f, permittivity = np.geomspace(1.0, 1e7, 25), 8.0
    settings = aso.Impedance(double_layer_capacitance=0.1, film_permittivity=permittivity)
    found = run.impedance(f, settings=settings)
    thickness = float(run.columns[names.FILM_MEAN][-1])
    resistance = thickness / 1e-6
    time = resistance * 8.8541878128e-12 * permittivity / thickness
    expected = resistance / (1.0 + 2j * np.pi * f * time) / found.contact_area
    np.testing.assert_allclose(found.parts["film"], expected, rtol=1e-6)
    assert found.parts["film"].imag.min() < -0.4 * resistance / found.contact_area  # the top of its arc is seen


def whole_impedance(
    solution: aso.Solution, row: int, frequencies: np.ndarray, double_layer: float, salt: tuple[float, ...] = ()
) -> np.ndarray:
    """Return the impedance from the linearization of all particles at once, factored at each frequency."""
    described = described_by_run(solution)
    group = described.group
    constraint = group.constraints[int(solution.columns[names.STEP][row]) - 1]
    time = solution.columns[names.TIME][row]
    x, film, nodes = [], [], {}
    for k, (one, model) in enumerate(zip(solution.particle_runs or (solution,), group.particles, strict=True)):
        moment = int(np.argmin(np.abs(one.field_times - time)))
        x.append(one.field_x[moment])
        touching = model.weights > 0.0
        film.append(one.more_fields[FILM][moment][touching] if FILM in one.more_fields else np.zeros(touching.sum()))
        ohms = group.resistances[k] if group.resistances else 0.0
        if group.network is not None and np.isfinite(ohms):
            seen = one.columns[names.POTENTIAL][row] + ohms * one.columns[names.CURRENT][row]
            nodes[group.network.nodes[k]] = float(seen)
    potential = solution.columns[names.VOLTAGE][row] - constraint.series * solution.columns[names.CURRENT][row]
    state = GroupState(tuple(x), float(potential), tuple(film), tuple(nodes[k] for k in sorted(nodes)), salt)
    linear = linearize(described.problem, state, protocol_step=constraint.number - 1, double_layer=double_layer)
    out = []
    for frequency in frequencies:
        rows = (linear.jacobian - 2j * np.pi * frequency * linear.mass).tocsc()
        by_row = 1.0 / np.abs(rows).max(axis=1).toarray().ravel()
        rows = diags(by_row) @ rows
        by_column = 1.0 / np.abs(rows).max(axis=0).toarray().ravel()
        answer = spsolve((rows @ diags(by_column)).tocsc(), -by_row * linear.target_column.astype(complex))
        out.append(answer[-1] * by_column[-1] + constraint.series)
    return np.array(out)


def test_a_cap_with_film_is_the_whole_linearized_problem(charged: aso.Solution) -> None:
    f = np.array([1e-4, 1e-2, 1.0, 1e3])
    settings = aso.Impedance(double_layer_capacitance=0.2, film_permittivity=0.0)
    for at, row in (("step 1", np.flatnonzero(charged.columns[names.STEP] == 1)[-1]), ("final", -1)):
        found = charged.impedance(f, at, settings=settings)
        expected = whole_impedance(charged, int(row), f, 0.2)
        assert np.abs(found.impedance / expected - 1.0).max() < 1e-6  # what the reduced basis keeps to
        assert found.interface_resistance == pytest.approx(charged.columns[names.INTERFACE_RESISTANCE][row], rel=1e-6)


@pytest.fixture(scope="module")
def layered() -> aso.Solution:
    """An electrode in layers with particles of two coverages behind resistances of their own, charging."""
    return aso.simulate(
        aso.Case.from_dict(
            {
                "electrode": {
                    "model": "layers",
                    "layers": 3,
                    "loading": "12.7 mg/cm2",
                    "porosity": 0.1,
                    "composition": [80, 15, 5],
                    "particles": 2,
                    "coverage": {"law": "beta", "mean": 0.4, "std": 0.2},
                    "radius": "5 um",
                    "contact_resistance": "0.5 ohm m2",
                    "lithium": {"exchange_current_density": "4 A/m2"},
                },
                "particle": {"mesh": "coarse", "edge_levels": 0},
                "side_reaction": SIDE,
                "protocol": {"steps": ["Charge at C/5 for 30 minutes"]},
            }
        )
    )


@pytest.mark.slow
def test_layers_are_the_whole_linearized_problem(layered: aso.Solution) -> None:
    f = np.array([1e-3, 1.0, 1e3])
    settings = aso.Impedance(double_layer_capacitance=0.2, film_permittivity=0.0, lithium_double_layer_capacitance=0.0)
    found = layered.impedance(f, settings=settings)
    expected = whole_impedance(layered, -1, f, 0.2)
    assert found.kind == "frozen while charging"
    assert np.abs(found.impedance / expected - 1.0).max() < 1e-6  # what the reduced basis keeps to
    assert list(found.parts) == [
        "charge transfer", "film", "diffusion", "constriction", "film growth", "contact resistance", "electrode",
        "lithium", "separator",
    ]  # fmt: skip


@pytest.mark.slow
def test_lithium_has_an_arc_of_its_own(layered: aso.Solution) -> None:
    f, area = np.geomspace(1e-2, 1e5, 30), 1e-4
    plain, storing = (
        layered.impedance(f, settings=aso.Impedance(lithium_double_layer_capacitance=c)) for c in (0.0, 0.3)
    )
    ohm = plain.parts["lithium"].real[0]
    assert ohm < GAS_CONSTANT * TEMPERATURE / FARADAY / 4.0 / area  # a current makes it smaller
    np.testing.assert_allclose(storing.parts["lithium"], ohm / (1.0 + 2j * np.pi * f * ohm * 0.3 * area), rtol=1e-9)
    rest = set(plain.parts) - {"lithium"}
    assert all(np.array_equal(plain.parts[name], storing.parts[name]) for name in rest)


@pytest.mark.slow
def test_parts_add_up_and_mean_what_they_say(charged: aso.Solution) -> None:
    found = charged.impedance(at="step 1")
    np.testing.assert_allclose(sum(found.parts.values()), found.impedance, rtol=1e-12)
    assert found.kind == "frozen while charging"
    assert charged.impedance(at="initial").kind == "stationary"
    # without diffusion, the low frequencies of charge transfer and film are the interface's resistance
    low = found.parts["charge transfer"].real[0] + found.parts["film"].real[0]
    assert low == pytest.approx(found.interface_resistance, rel=1e-6)
    # a small patch constricts: at low frequency by about 8/(3 pi^2 a D) in units of concentration, a its radius
    small = aso.EISSimulation(case(contact={"kind": "cap", "coverage": 0.02})).solve([1e-5], at="initial")
    ocp, c_max = cathode("ncm811-sturm2019").open_circuit_potential, 50060.0
    slope = float(ocp(np.array([X + 1e-5]))[0] - ocp(np.array([X - 1e-5]))[0]) / 2e-5
    patch = RADIUS * 2.0 * math.sqrt(0.02)
    disc = -slope / (FARADAY * c_max) * 8.0 / (3.0 * math.pi**2 * patch * D)
    assert small.parts["constriction"].real[0] == pytest.approx(disc, rel=0.15)  # a disc on a half space


def test_admittances_of_particles_of_any_size_add_up() -> None:
    """Spheres of two sizes share a mesh in a group; alone each has its own."""
    contact = {"kind": "cap", "coverage": 0.3}
    ones = [case(particle={"radius": radius}, contact=contact) for radius in (4e-6, 9e-6)]
    many, f = (3.0, 0.5), np.array([1e-4, 1e-2, 1.0, 100.0])
    together = aso.simulate_particles(ones, list(many)).impedance(f, at="initial")
    apart = [aso.EISSimulation(one, graded=False).solve(f, at="initial") for one in ones]
    admittance = sum(n / (one.impedance - one.parts["separator"]) for n, one in zip(many, apart, strict=True))
    np.testing.assert_allclose(together.impedance - together.parts["separator"], 1.0 / admittance, rtol=1e-5)


def test_an_experimenter_reads_the_interface_resistance(charged: aso.Solution) -> None:
    found = charged.impedance()
    assert found.fit.interface_resistance == pytest.approx(found.interface_resistance, rel=0.05)
    assert found.fit.misfit < 0.05
    # the fit itself, on circuits of known constants
    f = np.geomspace(1e-4, 1e6, 60)
    for known in ((20.0, 100.0, 600.0, 0.85, 40.0, 300.0), (1.0, 5.0, 10.0, 1.0, 30.0, 5e3)):
        circuit = circuit_impedance(known, f)
        read = fit_circuit(f, circuit)
        assert read.interface_resistance == pytest.approx(known[1], rel=1e-3)
        assert read.series_resistance == pytest.approx(known[0], rel=1e-3)
        assert read.exponent == pytest.approx(known[3], abs=1e-3)
        assert read.diffusion_resistance == pytest.approx(known[4], rel=1e-2)


def test_kramers_kronig_holds_and_a_drifting_spectrum_is_found_out(charged: aso.Solution) -> None:
    for at in ("initial", "step 1", "rest"):
        found = charged.impedance(at=at)
        assert np.abs(found.kramers_kronig()).max() < 1e-3, at
    # one that drifts by 20 % while it is measured, from high to low frequency, is that of no system at all
    drifting = aso.ImpedanceSpectrum(found.frequencies, found.impedance * np.linspace(1.2, 1.0, len(found.frequencies)))
    assert np.abs(drifting.kramers_kronig()).max() > 1e-2


@pytest.mark.slow
def test_the_mesh_is_graded_and_a_coarse_one_is_told() -> None:
    fast = case(
        contact={"kind": "cap", "coverage": 0.3},
        kinetics={"exchange_current_density": 50.0},
        electrolyte={"separator_thickness": 0.0},
        impedance={"highest_frequency": 1e4, "points": 30},
    )
    graded, plain = aso.EISSimulation(fast), aso.EISSimulation(fast, graded=False)
    fine, coarse = graded.solve(at="initial"), plain.solve(at="initial")
    assert graded.case.particle.layer_decades and plain.case.particle.layer_decades is None
    assert not any("the mesh resolves" in warning for warning in fine.warnings)
    assert any("the mesh resolves diffusion within 0.1 % of |Z| up to" in warning for warning in coarse.warnings)
    apart = np.abs(coarse.impedance / fine.impedance - 1.0)
    said = coarse.mesh_error > 2e-3
    assert said.any()
    ratio = apart[said] / coarse.mesh_error[said]
    assert ratio.min() > 0.3 and ratio.max() < 2.0, ratio


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (1234.5, "the state at this time was not kept"),
        ("1234.5 s", "output.fields_every"),
        ("step 9", "the run has no step 9"),
        ("cycle 2", "output.keep_cycles"),
        ("9 h", "the run has no such time"),
        ("somewhere", "there is no such state"),
        (True, "there is no such state"),
    ],
)
def test_states_that_are_not_there_are_refused(charged: aso.Solution, at: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        charged.impedance([1.0], at)
    assert says in str(caught.value)


def test_states_are_found_by_any_name(charged: aso.Solution) -> None:
    end = float(charged.columns[names.TIME][-1])
    by_name = [charged.impedance([1e-2, 1.0], at).impedance for at in ("final", "rest", "step 2", "cycle 1", end)]
    assert all(np.array_equal(one, by_name[0]) for one in by_name)
    half = charged.impedance([1.0], "30 min")
    assert half.at["time [s]"] == 1800.0
    assert half.kind == "frozen while charging"
    assert half.at["current [A]"] == pytest.approx(charged.columns[names.CURRENT][1])


def test_a_contact_that_has_changed_is_that_of_its_time() -> None:
    halved = aso.simulate(
        aso.Case.from_dict(
            {
                "particle": {"radius": "5 um", "mesh": "coarse"},
                "contact": {
                    "kind": "cap",
                    "coverage": 0.4,
                    "coverage_change": {"cycle": [1, 2], "relative_coverage": [1.0, 0.5]},
                },
                "protocol": {"cycle": [{"repeat": 2, "steps": ["Charge at C/10 for 10 minutes"]}]},
            }
        )
    )
    surface = 4.0 * math.pi * 5e-6**2
    for cycle in (1, 2):
        row = int(np.flatnonzero(halved.columns[names.CYCLE] == cycle)[-1])
        found = halved.impedance([1e-3, 1.0], f"cycle {cycle}")
        assert found.contact_area / surface == pytest.approx(halved.columns[names.COVERAGE][row], rel=2e-3)
    assert halved.columns[names.COVERAGE][row] == pytest.approx(0.2, rel=1e-6)


@pytest.mark.parametrize("frequencies", [[], [0.0], [-1.0], [np.nan], [[1.0]], ["a"], [1e15]])
def test_frequencies_are_above_zero(charged: aso.Solution, frequencies: Any) -> None:
    with pytest.raises(InputError, match="frequenc"):
        charged.impedance(frequencies)


def test_uniform_flux_has_no_impedance() -> None:
    imposed = case(kinetics={"model": "uniform-flux", "exchange_current_density": None})
    with pytest.raises(InputError, match="uniform flux"):
        aso.EISSimulation(imposed).solve([1.0], at="initial")


def test_files_hold_the_spectrum(charged: aso.Solution, tmp_path: Path) -> None:
    found = charged.impedance()
    again = aso.ImpedanceSpectrum.load(found.save(tmp_path / "one.nc"))
    for name in ("frequencies", "impedance", "mesh_error"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert again.kind == found.kind and dict(again.at) == dict(found.at) and again.parameters == found.parameters
    assert again.interface_resistance == found.interface_resistance and again.warnings == found.warnings
    assert all(np.array_equal(again.parts[name], found.parts[name]) for name in found.parts)
    bdf = found.to_csv(tmp_path / "one.bdf.csv")
    head = bdf.read_text().splitlines()[0]
    assert head == "Frequency / Hz,Real Impedance / ohm,Imaginary Impedance / ohm,Absolute Impedance / ohm,Phase / deg"
    plain = found.to_csv(tmp_path / "one.csv", layout="impedance.py")
    table = np.loadtxt(plain, delimiter=",")
    np.testing.assert_array_equal(table[:, 1] + 1j * table[:, 2], found.impedance)
    for path in (bdf, plain):
        read = aso.ImpedanceSpectrum.from_csv(path)
        np.testing.assert_array_equal(read.impedance, found.impedance)
        np.testing.assert_array_equal(read.frequencies, found.frequencies)
    (tmp_path / "machine.csv").write_text(
        "imaginary_impedance_ohm,real_impedance_ohm,frequency_hertz\n-2,1,10\n-3,2,5\n"
    )
    read = aso.ImpedanceSpectrum.from_csv(tmp_path / "machine.csv")
    np.testing.assert_array_equal(read.impedance, [2.0 - 3.0j, 1.0 - 2.0j])
    assert read.kind == "measured"


@pytest.mark.parametrize("text", ["", "1,2\n", "1,2,x\n", "0,1,2\n", "freq,other\n1,2\n"])
def test_files_that_are_no_spectrum_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(InputError):
        aso.ImpedanceSpectrum.from_csv(path)
    (tmp_path / "wrong.nc").write_text(text or "nothing")
    with pytest.raises(InputError):
        aso.ImpedanceSpectrum.load(tmp_path / "wrong.nc")


def test_a_saved_run_has_the_same_impedance(charged: aso.Solution, tmp_path: Path) -> None:
    again = aso.Solution.load(charged.save(tmp_path))
    f = [1e-3, 1.0]
    np.testing.assert_array_equal(again.impedance(f).impedance, charged.impedance(f).impedance)


@pytest.mark.slow
def test_names_are_those_of_pybamm(charged: aso.Solution) -> None:
    pybamm = pytest.importorskip("pybamm")
    found = charged.impedance([1e-2, 1.0])
    theirs = pybamm.EISSolution(found.frequencies, found.impedance)
    assert found.get_data_dict().keys() == theirs.get_data_dict().keys()
    for name in ("Frequency [Hz]", "Impedance [Ohm]", "Z_re [Ohm]", "Z_im [Ohm]"):
        np.testing.assert_array_equal(found[name], theirs[name])
    shared = {"solve", "solution", "nyquist_plot"}
    assert shared <= set(dir(pybamm.EISSimulation)) and shared <= set(dir(aso.EISSimulation))


def test_a_start_is_taken_from_a_state_of_charge() -> None:
    one = aso.EISSimulation(case()).solve([1.0], initial_soc=0.4)
    assert one.at["mean SOC"] == pytest.approx(0.4)
    assert one.kind == "stationary"


def test_cases_without_an_impedance_keep_their_hash() -> None:
    plain = case()
    assert case(impedance={"points": 60}).hash == plain.hash
    assert case(impedance={"points": 61}).hash != plain.hash
    assert aso.Case.from_text(case(impedance={"points": 61}).to_toml()).impedance.points == 61
    with pytest.raises(InputError, match="no range"):
        case(impedance={"lowest_frequency": "1 kHz", "highest_frequency": "1 Hz"})
