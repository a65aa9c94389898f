"""Imported positive electrodes, fully covered, against PyBaMM's half-cell single-particle model of the same set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.recorders import curve_names as names

pytest.importorskip("pybamm")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # PyBaMM's own warnings

START, PERIOD = 0.9, 60.0
FORMULAS = {
    "Marquis2019": "LiCoO2",
    "Ai2020": "LiCoO2",
    "Chen2020": "LiNi0.8Co0.1Mn0.1O2",
    "ORegan2022": "LiNi0.8Co0.1Mn0.1O2",
    "Xu2019": "LiNi0.5Mn0.3Co0.2O2",
}
"""Charge per mass alone depends on them."""


def difference(parameters: str, rate: str, temperature: float = 298.15) -> tuple[np.ndarray, np.ndarray]:
    """Voltage [V] and surface stoichiometry of asyncsoc minus PyBaMM, once a minute up to 4.2 V."""
    from benchmarks.peers.pybamm_spm import charge

    imported = aso.import_pybamm(parameters, formula=FORMULAS[parameters])
    radius = imported.electrode.particle_radius
    protocol: dict[str, Any] = {
        "steps": [f"Charge at {rate} until 4.2 V (1 minute period)"],
        "temperature": temperature,
        "initial_stoichiometry": START,
    }
    solution = aso.simulate(imported.case(protocol, contact={"kind": "full"}, solver={"tolerance": 1e-6}))
    times = solution.columns[names.TIME]
    on_the_minute = np.flatnonzero(np.abs(times - PERIOD * np.round(times / PERIOD)) < 1e-6)
    assert len(on_the_minute) > 80
    other = charge(
        parameters,  # type: ignore[arg-type]
        radius=radius,
        current_density=solution.columns[names.CURRENT][0] / (4.0 * np.pi * radius**2),
        start=START,
        times=PERIOD * np.arange(len(on_the_minute)),
        temperature=temperature,
        radial_points=200,
        tolerances=(1e-8, 1e-10),
    )
    # The particle's potential: the separator's drop is no part of a single-particle model.
    voltage = solution.columns[names.POTENTIAL][on_the_minute] - other.voltage
    return voltage, solution.columns[names.CONTACT_X][on_the_minute] - other.surface_x


@pytest.mark.parametrize("parameters", FORMULAS)
@pytest.mark.parametrize("rate", ["C/10", "C/2"])
def test_imported_sets_agree_within_a_millivolt(parameters: str, rate: str) -> None:
    voltage, surface = difference(parameters, rate)
    assert np.sqrt(np.mean(voltage**2)) < 0.1e-3  # 1 mV was asked for, 0.02 mV is seen
    assert np.abs(voltage).max() < 0.3e-3
    assert np.abs(surface).max() < 5e-5


@pytest.mark.parametrize("parameters", ["Marquis2019", "ORegan2022"])
def test_temperature_enters_as_in_the_set(parameters: str) -> None:
    voltage, _ = difference(parameters, "C/2", 318.15)
    assert np.sqrt(np.mean(voltage**2)) < 0.1e-3
