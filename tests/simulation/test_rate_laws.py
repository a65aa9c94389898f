"""Whole runs under Marcus-Hush-Chidsey kinetics: against the scalar equation, and against Butler-Volmer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.base.units import ELEMENTARY_CHARGE, FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.studies.calibration.constants import parse_constant
from asyncsoc.studies.calibration.fit import calibrate
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.sweep.plan import Plan

CYCLE = (
    "Charge at C/5 until 4.1 V",
    "Hold at 4.1 V until C/20",
    "Rest for 1 hour",
    "Discharge at C/5 until 3.5 V",
)
CAP = {"kind": "cap", "coverage": 0.3}


def marcus(energy: str = "0.2 eV", **more: Any) -> dict[str, Any]:
    """Return the kinetics section."""
    return {"model": "marcus-hush-chidsey", "reorganization_energy": energy, **more}


def net_rate(eta: float, energy: float, temperature: float) -> float:
    """Return S(eta) from its defining integral, anodic less cathodic over the rate at equilibrium; `energy` in eV."""
    f = FARADAY / (GAS_CONSTANT * temperature)
    reduced, a = energy * f, abs(eta) * f

    def anodic(a: float) -> float:
        def integrand(x: float) -> float:
            return math.exp(-((x - a + reduced) ** 2) / (4.0 * reduced)) / (1.0 + math.exp(-x))

        return math.fsum(
            quad(integrand, left, left + 10.0, epsabs=1e-14, epsrel=1e-12)[0] for left in range(-60, 100, 10)
        )

    return math.copysign((1.0 - math.exp(-a)) * anodic(a) / anodic(0.0), eta)


@pytest.mark.parametrize("energy", [0.1, 0.4])
def test_the_voltage_solves_the_scalar_equation(run, energy: float) -> None:
    """One contact node: V = U(x_s) + eta + i R_film + I R_series with i0(x_s) S(eta) = I/A."""
    solution = run("Charge at 1 C for 3 minutes", kinetics=marcus(f"{energy} eV", film_resistance=0.005))
    columns, material, medium = solution.columns, cathode("ncm811-sturm2019"), electrolyte("peo-litfsi")
    assert medium.exchange_current_density is not None
    surface = np.flatnonzero(solution.contact.weights > 0.0)
    assert len(surface) == 1
    for k in (1, len(columns[names.TIME]) // 2, -1):
        x = np.array([columns[names.CONTACT_X][k]])
        density = columns[names.CURRENT][k] / solution.contact.area
        i0 = float(medium.exchange_current_density(x, 333.15)[0])
        eta = brentq(lambda e, i0=i0, density=density: i0 * net_rate(e, energy, 333.15) - density, 0.0, 0.5, xtol=1e-14)
        assert eta > 0.02
        assert columns[names.KINETIC][k] == pytest.approx(eta, abs=1e-6)
        potential = float(material.open_circuit_potential(x)[0]) + eta + density * 0.005
        assert columns[names.POTENTIAL][k] == pytest.approx(potential, abs=2e-6)


def test_large_reorganization_energies_give_the_run_of_butler_volmer(run) -> None:
    step, kinetics = "Charge at C/2 for 30 minutes", {"transfer_coefficient": 0.5}
    expected = run(step, contact=CAP, kinetics=kinetics).columns[names.VOLTAGE][-1]
    apart = [run(step, contact=CAP, kinetics=marcus(f"{e} eV")).columns[names.VOLTAGE][-1] - expected for e in (5, 20)]
    # Slower than Butler-Volmer by a^2/(4 L): the difference goes with the inverse of the reorganization energy.
    assert 0.0 < apart[1] < 1e-3
    assert apart[0] / apart[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.slow
def test_every_kind_of_step_with_film_and_side_reaction(run) -> None:
    side = {"mode": "coupled", "exchange_current_density": 1e-6}
    kinetics = {"film_resistance": 0.02}
    start = {"initial_stoichiometry": 0.8}
    found, reference = (
        run(*CYCLE, contact=CAP, kinetics=kinetics | law, side_reaction=side, protocol=start)
        for law in (marcus("0.3 eV"), {"model": "butler-volmer"})
    )
    assert found.status == "done" and len(found.steps) == len(CYCLE)
    assert abs(found.lithium_balance_error) < 1e-10
    assert found.steps[0].duration < reference.steps[0].duration  # slower kinetics reach the voltage sooner
    resistance = found.columns[names.INTERFACE_RESISTANCE]
    assert np.all(np.isfinite(resistance)) and np.all(resistance > 0.0)


def test_side_by_side_it_has_the_bits_of_a_run_alone(make_case) -> None:
    from asyncsoc.simulation.batch import simulate_batch

    cases = [
        make_case(*CYCLE, kinetics=law)
        for k, law in enumerate((marcus("0.15 eV"), {}, marcus("1 eV"), {"model": "linear"}, marcus()))
    ]
    for case, ending in zip(cases, simulate_batch(cases, threads=1), strict=True):
        assert ending.solution is not None
        alone = simulate(case)
        np.testing.assert_array_equal(ending.solution.columns[names.VOLTAGE], alone.columns[names.VOLTAGE])


def limit(solution, energy: float, x: float, temperature: float) -> float:
    """Return the current [A] of the plateau by quadrature, at a stoichiometry."""
    exchange = electrolyte("peo-litfsi").exchange_current_density
    assert exchange is not None
    (value,) = np.atleast_1d(exchange(np.array([x]), temperature))
    return solution.contact.area * float(value) * net_rate(1.5, energy, temperature)


def test_a_current_beyond_the_plateau_names_the_limiting_current(run, make_case) -> None:
    case = make_case("Charge at 20 C for 1 minute", contact=CAP, kinetics=marcus("0.1 eV"))
    with pytest.raises(InfeasibleStepError, match="limiting current of marcus-hush-chidsey kinetics") as caught:
        simulate(case)
    named = float(str(caught.value).split("kinetics, ")[1].split(" A")[0])
    solution = run("Charge at C/50 for 1 minute", contact=CAP, kinetics=marcus("0.1 eV"))
    expected = limit(solution, 0.1, case.protocol.initial_stoichiometry, case.protocol.temperature)
    assert named == pytest.approx(expected, rel=1e-3)


def test_a_current_that_reaches_the_plateau_within_a_step_says_so(make_case) -> None:
    """i0 falls towards full lithiation: a discharge reaches a limit that it did not meet at its start."""
    case = make_case("Discharge at 0.3 C for 9 hours", contact=CAP, kinetics=marcus("0.1 eV"),
                     protocol={"initial_stoichiometry": 0.5})  # fmt: skip
    with pytest.raises(InfeasibleStepError, match="limiting current of marcus-hush-chidsey kinetics") as caught:
        simulate(case)
    assert 2000.0 < float(str(caught.value).split("t = ")[1].split(" s")[0]) < 3000.0


def test_the_key_has_units_ranges_and_leaves_hashes_alone(make_case) -> None:
    case = make_case(kinetics=marcus("300 meV"))
    assert case.kinetics.reorganization_energy == pytest.approx(0.3 * ELEMENTARY_CHARGE)
    assert case.hash == make_case(kinetics=marcus("0.3 eV")).hash
    assert Case.from_text(case.to_toml()).hash == case.hash
    assert "# J" in case.to_toml()
    changed = case.with_overrides(["kinetics.reorganization_energy=0.5 eV"])
    assert changed.hash not in (case.hash, make_case().hash)
    plain = make_case(kinetics={"model": "butler-volmer"})
    assert "reorganization_energy" not in plain.to_toml()
    with pytest.raises(InputError, match="out of range") as caught:
        make_case(kinetics=marcus("30 eV"))
    assert "at least 0.05, at most 20 eV" in str(caught.value)
    with pytest.raises(InputError, match="wrong dimension"):
        make_case(kinetics=marcus("0.3 V"))


def test_a_parameter_of_another_law_is_said_to_have_no_effect(run, make_case) -> None:
    solution = run("Charge at C/10 for 1 minute", kinetics={"reorganization_energy": "0.3 eV"})
    assert [w for w in solution.warnings if "reorganization_energy has no effect with butler-volmer kinetics" in w]
    usual = run("Charge at C/10 for 1 minute", kinetics=marcus("0.3 eV"))
    assert not [w for w in usual.warnings if "no effect" in w]


def test_what_has_no_effect_is_neither_varied_nor_fitted(make_case) -> None:
    case, law = make_case("Charge at C/10 for 1 minute"), "marcus-hush-chidsey"
    with pytest.raises(InputError, match="no effect with butler-volmer kinetics: it is a parameter of " + law):
        Plan.of(case, "kinetics.reorganization_energy=0.1 eV,0.3 eV")
    both = Plan.of(case, f"kinetics.model=butler-volmer,{law}", "kinetics.reorganization_energy=0.1 eV,0.3 eV")
    assert len(both.design) == 4
    curve = MeasuredCurve("voltage", np.linspace(1.0, 50.0, 5), np.full(5, 3.7), False, "data.csv", "")
    with pytest.raises(InputError, match="no effect"):
        calibrate(case, [curve], [parse_constant("kinetics.reorganization_energy")])
