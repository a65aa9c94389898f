"""The fully covered particle against PyBaMM's half-cell single-particle model, at equal current density."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.recorders import curve_names as names

pytest.importorskip("pybamm")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # PyBaMM's own warnings

RADIUS, START, PERIOD = 5e-6, 0.9, 60.0


def difference(run, parameters: str, rate: str, tolerance: float, peer: dict) -> tuple[np.ndarray, np.ndarray]:
    """Voltage [V] and surface stoichiometry of asyncsoc minus PyBaMM, once a minute up to 4.2 V."""
    from benchmarks.peers.pybamm_spm import charge

    solution = run(
        f"Charge at {rate} until 4.2 V (1 minute period)",
        particle={"radius": RADIUS},
        material={"name": f"ncm811-{parameters.lower()}"},
        electrolyte={"name": "liquid-lipf6"},
        protocol={"temperature": 298.15, "initial_stoichiometry": START},
        solver={"tolerance": tolerance},
    )
    times = solution.columns[names.TIME]
    on_the_minute = np.flatnonzero(np.abs(times - PERIOD * np.round(times / PERIOD)) < 1e-6)
    assert len(on_the_minute) > 90
    current_density = solution.columns[names.CURRENT][0] / (4.0 * np.pi * RADIUS**2)
    other = charge(
        parameters,  # type: ignore[arg-type]
        radius=RADIUS,
        current_density=current_density,
        start=START,
        times=PERIOD * np.arange(len(on_the_minute)),
        **peer,
    )
    # The particle's potential: the separator's drop is no part of a single-particle model.
    voltage = solution.columns[names.POTENTIAL][on_the_minute] - other.voltage
    return voltage, solution.columns[names.CONTACT_X][on_the_minute] - other.surface_x


@pytest.mark.parametrize("parameters", ["Chen2020", "ORegan2022"])
@pytest.mark.parametrize("rate", ["C/10", "C/2"])
def test_refined_both_agree_within_a_millivolt(run, parameters, rate):
    peer = {"radial_points": 200, "tolerances": (1e-8, 1e-10)}
    voltage, surface = difference(run, parameters, rate, 1e-6, peer)
    assert np.sqrt(np.mean(voltage**2)) < 0.1e-3  # 1 mV was asked for, 0.02 mV is seen
    assert np.abs(voltage).max() < 0.3e-3
    assert np.abs(surface).max() < 5e-5


@pytest.mark.parametrize("parameters", ["Chen2020", "ORegan2022"])
@pytest.mark.parametrize("rate", ["C/10", "C/2"])
def test_as_they_come_both_agree_within_three_millivolts(run, parameters, rate):
    voltage, _ = difference(run, parameters, rate, 1e-4, {})
    assert np.sqrt(np.mean(voltage**2)) < 1e-3  # 3 mV was asked for, 0.2 mV is seen
    assert np.abs(voltage).max() < 3e-3
