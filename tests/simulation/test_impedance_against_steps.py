"""The impedance against the Fourier transform of a small step of the current in the simulator itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

import asyncsoc as aso
from asyncsoc.recorders import curve_names as names

FREQUENCIES = np.array([1e-4, 3e-4, 1e-3, 1e-2, 1e-1])
BEFORE = ("Charge at C/10 for 4 hours", "Rest for 2 hours")
PLAIN: dict[str, Any] = {"mode": "off"}
AGED: dict[str, Any] = {
    "mode": "coupled",
    "exchange_current_density": 3e-4,
    "film_conductivity": 1e-6,
    "limiting_thickness": "50 nm",
    "blocking_thickness": "400 nm",
}
NO_CAPACITANCE = aso.Impedance(double_layer_capacitance=0.0, film_permittivity=0.0)
"""The simulator has no double layer: its potentials follow at once."""


def stepped(side: dict[str, Any], step: str) -> aso.Solution:
    """Return a run that ends with a small current."""
    return aso.simulate(
        aso.Case.from_dict(
            {
                "particle": {"radius": "7.5 um", "mesh": "coarse", "edge_levels": 0, "layer_decades": 1},
                "contact": {"kind": "cap", "coverage": 0.3},
                "side_reaction": side,
                "protocol": {"steps": [*BEFORE, step]},
                "solver": {"tolerance": 1e-7},
            }
        )
    )


def transformed(side: dict[str, Any]) -> tuple[aso.Solution, np.ndarray]:
    """Return a run and Z = j w times the Fourier transform of the answer to a unit step, (V+ - V-)/(I+ - I-).

    The difference of a step up and one down has no second order. What is left is a straight line after long times,
    whose transform is known, and a part that dies out, which is integrated over a spline in the logarithm of time.
    """
    runs = [stepped(side, f"{kind} at C/400 for 4 hours") for kind in ("Charge", "Discharge")]
    rows = [run.columns[names.STEP] == len(BEFORE) + 1 for run in runs]
    times = [
        run.columns[names.TIME][row] - run.columns[names.TIME][row][0] for run, row in zip(runs, rows, strict=True)
    ]
    volts = [run.columns[names.VOLTAGE][row] for run, row in zip(runs, rows, strict=True)]
    amperes = [float(run.columns[names.CURRENT][row][-1]) for run, row in zip(runs, rows, strict=True)]
    first = max(time[1] for time in times)
    grid = np.geomspace(first, min(time[-1] for time in times), 20001)
    answer = [CubicSpline(np.log(time[1:]), volt[1:])(np.log(grid)) for time, volt in zip(times, volts, strict=True)]
    unit = (answer[0] - answer[1]) / (amperes[0] - amperes[1])
    start = (volts[0][0] - volts[1][0]) / (amperes[0] - amperes[1])
    late = grid > 0.8 * grid[-1]
    slope, offset = np.polyfit(grid[late], unit[late], 1)
    grid, dying = np.concatenate([[0.0], grid]), np.concatenate([[start - offset], unit - offset - slope * grid])
    w = 2.0 * np.pi * FREQUENCIES
    turned = np.exp(-1j * w[:, np.newaxis] * grid)
    slopes = np.diff(dying) / np.diff(grid)
    # by parts, each piece between two times being a straight line
    integral = dying[0] - dying[-1] * turned[:, -1] - (np.diff(turned, axis=1) @ slopes) / (1j * w)
    return runs[0], integral + offset + slope / (1j * w)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "film"), [(PLAIN, False), (AGED, True)])
def test_impedance_is_the_transform_of_a_small_step(side: dict[str, Any], film: bool) -> None:
    run, expected = transformed(side)
    spectrum = run.impedance(FREQUENCIES, at=f"step {len(BEFORE)}", settings=NO_CAPACITANCE)
    apart = np.abs(spectrum.impedance / expected - 1.0)
    assert apart.max() < 0.005, apart  # 1 % was asked for
    assert ("film" in spectrum.parts) is film
    if film:  # an aged one, of which film and closed contact are no small part
        assert spectrum.parts["film"].real[0] > 0.1 * spectrum.interface_resistance
        assert run.columns[names.OPEN_SHARE][-1] < 0.96
