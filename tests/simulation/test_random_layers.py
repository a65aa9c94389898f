"""Random electrodes in layers: an answer or one clear error, and both balances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import SimulationError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.layers import CURRENT, DRIVING, ELECTROLYTE, ELECTRONIC

STEPS = (
    "Charge at C/10 for 1 hour",
    "Charge at 2C for 5 minutes",
    "Hold at 4.1 V for 20 minutes",
    "Charge at 1 mW for 1 hour",
    "Rest for 10 minutes",
    "Discharge at C/3 for 1 hour",
    "Discharge at 500 ohm for 1 hour",
    "Discharge at 2 mW for 30 minutes",
)


def random_case(seed: int) -> aso.Case:
    """Return an electrode whose conductivities spread over many decades."""
    random = np.random.default_rng(seed)
    electrode: dict[str, Any] = {
        "model": "layers",
        "layers": int(random.integers(1, 9)),
        "loading": f"{random.uniform(2.0, 40.0):.3f} mg/cm2",
        "porosity": random.uniform(0.0, 0.4),
        "particles": 2,
        "coverage": 1.0,
        "radius": {"law": "lognormal", "median": f"{random.uniform(2.0, 9.0):.2f} um", "sigma": 1.3},
        "ionic_conductivity": 10.0 ** random.uniform(-5.0, 0.0),
        "electronic_conductivity": 10.0 ** random.uniform(-5.0, 2.0),
    }
    if random.random() < 0.5:
        kinetics = str(random.choice(["linear", "butler-volmer"]))
        electrode["lithium"] = {"exchange_current_density": 10.0 ** random.uniform(-2.0, 2.0), "kinetics": kinetics}
    steps = [str(random.choice(STEPS)) for _ in range(int(random.integers(1, 4)))]
    start = float(random.uniform(0.4, 0.88))
    return aso.Case.from_dict(
        {
            "electrode": electrode,
            "particle": {"mesh": "coarse"},
            "protocol": {"temperature": "60 degC", "steps": steps, "initial_stoichiometry": start},
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_random_electrodes_balance(seed: int) -> None:
    case = random_case(seed)
    try:
        solution = aso.simulate(case)
    except SimulationError as error:
        assert error.what
        if error.partial is None:
            return
        solution = error.partial
    assert solution.lithium_balance_error < 1e-10
    layers, columns = solution.layers, solution.columns
    current = layers[CURRENT].values
    scale = max(float(np.abs(current).max()), 1e-12 * case.electrode.area)
    assert np.abs(current.sum(axis=0) - columns[names.CURRENT]).max() < 1e-10 * scale
    # Charge: what each particle passed adds up to that of the electrode.
    charge = solution.particles["Multiplicity"].values @ solution.particles[names.CHARGE].values
    assert np.abs(charge - columns[names.CHARGE]).max() <= 1e-10 * max(float(np.abs(charge).max()), 1e-12)
    # Ohm's law of the electrolyte between the middles of the layers.
    count = len(current)
    one = solution.reports["layers"]["thickness [m]"] / count / case.electrode.area
    behind = np.array([current[k + 1 :].sum(axis=0) for k in range(count - 1)])
    drops = np.diff(layers[ELECTROLYTE].values, axis=0)
    expected = behind * one / float(case.electrode.ionic_conductivity or 0.0)
    if count > 1:
        assert np.abs(drops - expected).max() < 1e-9 * max(float(np.abs(expected).max()), 1.0)
    np.testing.assert_allclose(
        layers[ELECTRONIC].values - layers[ELECTROLYTE].values, layers[DRIVING].values, atol=1e-9
    )
