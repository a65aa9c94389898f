"""Cathodes beside NCM811, built in and of a case's own, against PyBaMM's half-cell single-particle model at f = 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.recorders import curve_names as names

pybamm = pytest.importorskip("pybamm")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # PyBaMM's own warnings

PERIOD = 60.0


def ai2020() -> dict[str, Any]:
    """Ai 2020 as a case's own cathode: U(x) is the table of measured values, which PyBaMM interpolates by cubics."""
    from pybamm.input.parameters.lithium_ion import Ai2020

    _, ((x,), u) = Ai2020.lico2_ocp_Ai2020_data
    chosen = (x > 0.42) & (x < 0.99)
    rate = 1e-11 * np.sqrt(1000.0) * 49943.0
    return {
        "material": {
            "name": "own",
            "formula": "LiCoO2",
            "maximum_concentration": 49943.0,
            "open_circuit_potential": {"x": x[chosen], "U": u[chosen]},
            "diffusivity": 5.387e-15,
            "diffusivity_activation_energy": 5000.0,
        },
        "kinetics": {
            "exchange_current_density": {"law": "butler-volmer", "rate_constant": rate, "activation_energy": 5000.0}
        },
    }


SETS: dict[str, tuple[Any, float, float, str]] = {
    "Marquis2019": ({"material": {"name": "lco-marquis2019"}}, 0.92, 1e-5, "4.1 V"),
    "Xu2019": ({"material": {"name": "nmc532-xu2019"}}, 0.9, 5e-6, "4.2 V"),
    "NCA_Kim2011": ({"material": {"name": "nca-kim2011"}}, 0.9, 2e-6, "4.2 V"),
    "Ai2020": (ai2020, 0.92, 3e-6, "4.2 V"),
}


@pytest.mark.parametrize("rate", ["C/10", "C/2"])
@pytest.mark.parametrize("parameters", SETS)
def test_both_agree_within_a_millivolt(parameters: str, rate: str) -> None:
    from benchmarks.peers.pybamm_spm import charge

    given, start, radius, end = SETS[parameters]
    case = aso.Case.from_dict(
        {
            "particle": {"radius": radius},
            "contact": {"kind": "full"},
            "electrolyte": {"name": "liquid-lipf6"},
            "protocol": {
                "steps": [f"Charge at {rate} until {end} (1 minute period)"],
                "temperature": 298.15,
                "initial_stoichiometry": start,
            },
            "solver": {"tolerance": 1e-5},
            **(given() if callable(given) else given),
        }
    )
    solution = aso.simulate(case)
    columns = solution.columns
    times = columns[names.TIME]
    minutes = np.flatnonzero(np.abs(times - PERIOD * np.round(times / PERIOD)) < 1e-6)
    assert len(minutes) > 40
    other = charge(
        parameters,  # type: ignore[arg-type]
        radius=radius,
        current_density=columns[names.CURRENT][0] / (4.0 * np.pi * radius**2),
        start=start,
        times=PERIOD * np.arange(len(minutes)),
        radial_points=100,
        tolerances=(1e-8, 1e-10),
    )
    difference = columns[names.POTENTIAL][minutes] - other.voltage
    rms = np.sqrt(np.mean(difference**2))
    assert rms < 1e-3  # 1 mV was asked for, 0.02 mV is seen
    assert np.abs(difference).max() < 3e-3
    assert np.abs(columns[names.CONTACT_X][minutes] - other.surface_x).max() < 5e-4
