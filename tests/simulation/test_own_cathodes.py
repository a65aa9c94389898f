"""Runs of cathodes of a case's own: tables against the laws they sample, hysteresis, temperature, plateaus."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.ncm811 import diffusivity_oregan2022, exchange_current_oregan2022, potential_chen2020
from asyncsoc.materials.ncm811_chen2020 import MAXIMUM_CONCENTRATION
from asyncsoc.problem.build import prepare
from asyncsoc.recorders import curve_names as names

WINDOW = (0.22, 0.98)
X = np.linspace(0.2, 0.99, 160)
OWN: dict[str, Any] = {
    "name": "own",
    "formula": "LiNi0.8Co0.1Mn0.1O2",
    "maximum_concentration": MAXIMUM_CONCENTRATION,
    "window": list(WINDOW),
}
T = np.array([283.15, 298.15, 313.15])


def material(**given: Any) -> dict[str, Any]:
    return {**OWN, "open_circuit_potential": potential_chen2020, "diffusivity": diffusivity_oregan2022, **given}


def ran(steps: list[str], own: dict[str, Any], kinetics: dict[str, Any], **sections: Any) -> aso.Solution:
    protocol = {"steps": steps, "temperature": "25 degC", "initial_stoichiometry": 0.9, **sections.pop("protocol", {})}
    keys = {
        "particle": {"radius": "5 um"},
        "contact": {"kind": "full"},
        "electrolyte": {"name": "liquid-lipf6"},
        "material": own,
        "kinetics": kinetics,
        "protocol": protocol,
        **sections,
    }
    return aso.simulate(aso.Case.from_dict(keys))


def voltages(solution: aso.Solution, times: np.ndarray) -> np.ndarray:
    """Voltage at output times both runs have."""
    found = solution.columns[names.TIME]
    return solution.columns[names.VOLTAGE][[int(np.argmin(np.abs(found - time))) for time in times]]


@pytest.mark.parametrize("contact", [{"kind": "full"}, {"kind": "cap", "coverage": 0.3}], ids=["full", "cap"])
def test_tables_give_the_voltage_of_the_laws_they_sample(contact: dict[str, Any]) -> None:
    steps = ["Charge at C/5 for 3 hours (10 minute period)"]
    i0 = exchange_current_oregan2022
    law = ran(steps, material(), {"exchange_current_density": i0}, contact=contact, solver={"tolerance": 1e-6})
    sampled = material(
        open_circuit_potential={"x": X, "U": potential_chen2020(X)},
        diffusivity={"x": X, "T": T, "D": [diffusivity_oregan2022(X, t) for t in T]},
    )
    table = {"x": X, "T": T, "i0": [i0(X, t) for t in T]}
    other = ran(steps, sampled, {"exchange_current_density": table}, contact=contact, solver={"tolerance": 1e-6})
    times = 600.0 * np.arange(19)
    difference = voltages(law, times) - voltages(other, times)
    assert np.abs(difference).max() < 1e-4  # 0.1 mV is asked for


def test_a_function_is_the_closed_law_within_its_stated_error() -> None:
    """Chen's D and i0 with U by its own set and by the function: what a table of 0.01 mV changes is below 0.1 mV."""
    steps = ["Charge at C/5 for 3 hours (10 minute period)"]
    built_in = ran(steps, {"name": "ncm811-oregan2022", "maximum_concentration": MAXIMUM_CONCENTRATION}, {})
    own = ran(steps, material(), {"exchange_current_density": exchange_current_oregan2022})
    times = 600.0 * np.arange(19)
    assert np.abs(voltages(built_in, times) - voltages(own, times)).max() < 1e-4


def test_a_sampled_table_takes_no_more_steps_than_its_law() -> None:
    steps = ["Charge at C/5 for 3 hours (10 minute period)"]
    sampled = material(
        open_circuit_potential={"x": X, "U": potential_chen2020(X)},
        diffusivity={"x": X, "D": diffusivity_oregan2022(X, 298.15)},
    )
    kinetics = {"exchange_current_density": "2 A/m2"}
    law, table = (ran(steps, one, kinetics).provenance["integrator steps"]["accepted"] for one in (material(), sampled))
    assert table <= 1.05 * law + 2


def hysteresis(gap: float, **given: Any) -> dict[str, Any]:
    u = potential_chen2020(X)
    return material(
        open_circuit_potential=None,
        open_circuit_potential_charge={"x": X, "U": u + 0.5 * gap},
        open_circuit_potential_discharge={"x": X, "U": u - 0.5 * gap},
        **given,
    )


CYCLE = [
    "Rest for 10 minutes",
    "Charge at C/50 for 10 hours",
    "Rest for 30 hours",
    "Discharge at C/50 for 10 hours",
    "Rest for 30 hours",
]


def test_each_step_has_the_branch_of_its_current() -> None:
    gap = 0.03
    solution = ran(CYCLE, hysteresis(gap), {"exchange_current_density": "50 A/m2"})
    columns = solution.columns
    for step, offset in enumerate((0.0, 0.5, 0.5, -0.5, -0.5), start=1):
        last = np.flatnonzero(columns[names.STEP] == step)[-1]
        u = potential_chen2020(np.array([columns[names.MEAN_X][last]]))[0] + offset * gap
        rest = columns[names.CURRENT][last] == 0.0
        assert columns[names.VOLTAGE][last] == pytest.approx(u, abs=2e-5 if rest else 3e-3)
    parts = sum(columns[name] for name in (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES))
    branch = np.array([(0.0, 0.5, 0.5, -0.5, -0.5)[int(step) - 1] for step in columns[names.STEP]])
    equilibrium = potential_chen2020(columns[names.MEAN_X]) + gap * branch
    np.testing.assert_allclose(parts, columns[names.VOLTAGE] - equilibrium, atol=2e-5)
    assert solution.lithium_balance_error < 1e-10


def test_the_mean_may_be_chosen_in_place_of_the_branches() -> None:
    steps = ["Charge at C/10 for 1 hour"]
    kinetics = {"exchange_current_density": "2 A/m2"}
    mean = ran(steps, hysteresis(0.03, hysteresis="mean"), kinetics).columns[names.VOLTAGE][-1]
    branches = ran(steps, hysteresis(0.03), kinetics).columns[names.VOLTAGE][-1]
    assert branches - mean == pytest.approx(0.015, abs=1e-4)


def test_the_potential_follows_its_entropy() -> None:
    """At rest, U(T) - U(25 degC) is the difference of temperature times dU/dT, and a change of temperature shows it."""
    own = material(entropy_coefficient={"x": [0.2, 0.99], "dU/dT": [-2e-4, 1e-4]})
    steps = ["Rest for 10 minutes", "Rest for 10 minutes (60 degC)"]
    solution = ran(steps, own, {"exchange_current_density": "2 A/m2"})
    columns = solution.columns
    before, after = (columns[names.VOLTAGE][columns[names.STEP] == step][-1] for step in (1, 2))
    slope = -2e-4 + (0.9 - 0.2) / 0.79 * 3e-4
    assert after - before == pytest.approx(35.0 * slope, abs=1e-6)
    assert np.abs(columns[names.KINETIC]).max() < 1e-6


@pytest.mark.slow
def test_a_flat_plateau_runs() -> None:
    """A measured curve in steps of a millivolt, equal over most of x: every step of it is passed."""
    x = np.linspace(0.02, 0.98, 97)
    u = np.round(3.43 - 0.02 * x + 0.6 * np.exp(-40.0 * x) - 0.6 * np.exp(-40.0 * (1.0 - x)), 3)
    assert np.any(np.diff(u) == 0.0)
    own = {
        "name": "own",
        "formula": "LiFePO4",
        "maximum_concentration": 22806.0,
        "open_circuit_potential": {"x": x, "U": u},
        "diffusivity": "1e-15 m2/s",
        "charged_voltage": 3.5,
        "valence": {"element": "Fe", "couple": [2, 3], "anion_charge": 3},
    }
    solution = ran(
        ["Charge at C/10 until 3.55 V", "Discharge at C/10 until 3.2 V"],
        own,
        {"exchange_current_density": "1 A/m2"},
        particle={"radius": "1 um"},
        contact={"kind": "cap", "coverage": 0.3},
        protocol={"initial_stoichiometry": 0.95},
    )
    assert solution.steps[0].stop_reason == "voltage 3.55 V reached"
    assert "Fe3+/Fe2+ at contact" in solution.curves
    assert solution.lithium_balance_error < 1e-10


def test_a_window_beyond_which_u_was_not_measured_is_reported() -> None:
    own = {"name": "ncm811-chen2020", "window": [0.23, 0.97]}
    solution = ran(["Charge at C/10 until 4.35 V"], own, {})
    assert any("open-circuit potential" in one for one in solution.warnings)


def test_what_is_extrapolated_is_reported() -> None:
    short = {"x": [0.5, 0.7, 0.85], "T": ["10 degC", "20 degC"], "D": [[2e-15, 3e-15, 2e-15], [3e-15, 4e-15, 3e-15]]}
    steps = ["Charge at C/10 for 10 minutes"]
    said = " ".join(ran(steps, material(diffusivity=short), {"exchange_current_density": "2 A/m2"}).warnings)
    assert "beyond 0.5 to 0.85 of the table of the diffusivity, where its end values are held" in said
    assert "the diffusivity is extrapolated from 10 to 20 degC of its table to 25 to 25 degC" in said


def test_without_an_energy_of_formation_a_side_reaction_needs_energies() -> None:
    with pytest.raises(InputError, match="no reaction energies are known") as caught:
        ran(["Charge at C/10 for 10 minutes"], material(), {"exchange_current_density": 2.0}, side_reaction=REPORT)
    assert "side_reaction.energies" in str(caught.value.next_step)
    energies = {**REPORT, "energies": [[0.2, -0.4], [0.5, -0.3], [0.8, -0.2], [0.99, -0.1]], "barrier_coefficient": 0.1}
    solution = ran(
        ["Charge at C/10 for 10 minutes"], hysteresis(0.02), {"exchange_current_density": 2.0}, side_reaction=energies
    )
    assert solution.reports["side reaction"]


REPORT = {"mode": "report", "reactant": "litfsi"}


def test_capacity_and_mass_are_the_own_cathodes() -> None:
    case = aso.Case.from_dict(
        {
            "material": {**material(), "molar_mass": "100 g/mol", "charged_voltage": 4.1},
            "kinetics": {"exchange_current_density": 2.0},
            "protocol": {"steps": ["Charge at C/10 for 1 hour"], "initial_stoichiometry": 0.9},
        }
    )
    setup = prepare(case)
    assert setup.cathode.density == pytest.approx(MAXIMUM_CONCENTRATION * 0.1)
    charged = setup.charged_x
    assert potential_chen2020(np.array([charged]))[0] == pytest.approx(4.1, abs=1e-5)
    volume = setup.operators.volume
    assert setup.full_charge == pytest.approx(MAXIMUM_CONCENTRATION * FARADAY * volume * (1.0 - charged), rel=1e-9)
