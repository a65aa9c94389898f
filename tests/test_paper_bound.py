"""The running-maximum bound of docs/paper.md, for random protocols, coverages, films and side reactions."""

from __future__ import annotations

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names

ALLOWED = 1e-3
"""In x: discretization."""
START = 0.85


def potential(x: np.ndarray | float) -> np.ndarray:
    return cathode("ncm811-sturm2019").open_circuit_potential(np.asarray(x, dtype=np.float64))


def case(coverage: float, steps: list[str], side: dict, **more) -> aso.Case:
    return aso.Case.from_dict(
        {
            "particle": {"radius": "7.5 um", "mesh": "coarse", "edge_levels": 0},
            "contact": {"kind": "cap", "coverage": coverage},
            "side_reaction": side,
            "protocol": {"temperature": "60 degC", "steps": steps, "initial_stoichiometry": START},
            **more,
        }
    )


def random_case(draw: np.random.Generator) -> aso.Case:
    def rate() -> str:
        return f"{10.0 ** draw.uniform(-1.5, 0.0):.3f}C"

    steps = [
        f"Charge at {rate()} for {draw.integers(10, 90)} minutes or until 4.2 V",
        *draw.choice(["Rest for 10 minutes", f"Discharge at {rate()} for 5 minutes or until 3.2 V"], 1),
        f"Charge at {rate()} for {draw.integers(10, 90)} minutes or until 4.2 V",
        f"Charge at {rate()} for 20 minutes or until 4.2 V",
    ]
    side = [
        {"mode": "off"},
        {"mode": "coupled", "exchange_current_density": 10.0 ** draw.uniform(-7, -4)},
        {"mode": "coupled", "exchange_current_density": 1e-5, "film_conductivity": 1e-3},
    ][draw.integers(3)]
    return case(float(draw.uniform(0.05, 0.95)), steps, side)


def excess(run: aso.Solution, particle_potential: np.ndarray) -> np.ndarray:
    """Return by how much [V] any point of the particle is above the bound, in every recorded state."""
    highest = potential(run.columns[names.MINIMUM_X] + ALLOWED)
    bound = np.maximum(np.maximum.accumulate(particle_potential), potential(START))
    return highest - bound


@pytest.mark.parametrize("seed", range(6))
def test_no_point_is_above_the_running_maximum_of_the_potential(seed: int) -> None:
    run = aso.simulate(random_case(np.random.default_rng(seed)))
    assert run.columns[names.MINIMUM_X][-1] < START - 0.005
    assert excess(run, run.columns[names.POTENTIAL]).max() < 0.0


def test_of_a_group_no_particle_is_above_the_running_maximum_of_the_cell() -> None:
    steps = ["Charge at C/3 for 60 minutes", "Charge at C/10 until 4.2 V"]
    cases = [case(coverage, steps, {"mode": "off"}) for coverage in (0.1, 0.3, 0.95)]
    group = aso.simulate_particles(cases)
    for one in group.particle_runs:
        assert excess(one, group.columns[names.VOLTAGE]).max() < 0.0


def test_the_bound_needs_the_running_maximum() -> None:
    """After a step down of the current the contact is above the present potential while the cell still charges."""
    steps = ["Charge at 1C for 20 minutes", "Charge at C/100 for 1 minute"]
    fast = {"kinetics": {"exchange_current_density": 10.0}, "material": {"diffusivity_factor": 0.3}}
    run = aso.simulate(case(0.95, steps, {"mode": "off"}, **fast))
    second = run.columns[names.STEP] == 2
    assert (run.columns[names.CURRENT][second] > 0.0).all()
    above = potential(run.columns[names.MINIMUM_X]) - run.columns[names.POTENTIAL]
    assert above[second].max() > 3e-4
    assert excess(run, run.columns[names.POTENTIAL]).max() < 0.0
