"""Constants of electrodes fitted to what a cell shows: the curves compared, what is recovered, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.calibration.measured import read_measured
from asyncsoc.studies.calibration.response import respond


def electrode(coverage: Any, *steps: str) -> aso.Case:
    return aso.Case.from_dict(
        {
            "electrode": {"loading": "12.7 mg/cm2", "particles": 2, "area": "3 cm2", "coverage": coverage},
            "particle": {"mesh": "coarse", "edge_levels": 0},
            "protocol": {"steps": list(steps or ("Charge at C/2 until 4.1 V",))},
        }
    )


BETA = {"law": "beta", "mean": 0.4, "std": 0.1}


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Some rows of a run, as voltage against time."""
    columns = aso.simulate(electrode(BETA)).columns
    rows = np.linspace(3, len(columns[names.TIME]) - 1, 25).astype(int)
    file = tmp_path / "data.csv"
    pairs = zip(columns[names.TIME][rows].tolist(), columns[names.VOLTAGE][rows].tolist(), strict=True)
    file.write_text("time [s], voltage [V]\n" + "\n".join(f"{time!r},{voltage!r}" for time, voltage in pairs))
    return str(file)


def test_what_is_compared_is_the_run_of_the_electrode(data: str) -> None:
    case, curve = electrode(BETA), read_measured(data)
    solution, response = aso.simulate(case), respond(case, [curve])
    np.testing.assert_allclose(response.at(curve), curve.values, atol=1e-9)
    np.testing.assert_allclose(response.charge[-1], solution.columns[names.CHARGE][-1], rtol=1e-12)
    assert response.mass == pytest.approx(0.127 * 3e-4, rel=1e-12)
    assert response.electrode == pytest.approx(3e-4)
    capacity = response.charge[-1] / response.mass / 3600.0
    assert capacity == pytest.approx(solution.columns[names.CAPACITY][-1], rel=1e-9)


@pytest.mark.slow
def test_the_mean_coverage_is_found(data: str) -> None:
    start = electrode({**BETA, "mean": 0.55})
    fit = aso.calibrate((start, data), ["electrode.coverage.mean=0.2:0.8"])
    assert fit.values["electrode.coverage.mean"] == pytest.approx(0.4, abs=0.005)
    coverage = fit.case.electrode.coverage
    assert coverage is not None
    assert coverage.mean == fit.values["electrode.coverage.mean"]


@pytest.mark.parametrize(
    ("coverage", "key", "what"),
    [
        (0.4, "electrode.coverage.mean", "does not give this key"),
        (BETA, "electrode.coverage.median", "constant that can be fitted"),
        (BETA, "electrode.contact_resistance.value", "does not give this key"),
        (BETA, "contact.coverage", "no coverage to fit"),
        (BETA, "electrode.coverage.std=0.05:0.4", "wide"),
    ],
)
def test_what_cannot_be_fitted_is_said_before_anything_runs(data: str, coverage: Any, key: str, what: str) -> None:
    case = electrode({**coverage, "mean": 0.05} if "wide" in what else coverage)
    with pytest.raises(InputError, match=what):
        aso.calibrate((case, data), [key])
