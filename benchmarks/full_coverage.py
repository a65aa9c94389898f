"""Error against solve time where PyBaMM does the job too: the fully covered particle under constant current.

    python -m benchmarks.full_coverage [--json]

The same sphere, D(x) at 60 degC and current as benchmarks/peers/problem.py, f = 1: PyBaMM's single-particle model of a
half-cell (ORegan2022, finite volumes, IDAKLU) beside our radial particle under uniform flux. The error is the largest
difference of the surface stoichiometry from a common reference, from 1 % of the charge on: ours on the fine mesh,
refined in time, which PyBaMM refined in space and time must agree with before any time is shown. Errors in space count.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from benchmarks.peers import asyncsoc_peer, pybamm_spm
from benchmarks.peers.problem import TEMPERATURE, Problem, default_problem
from benchmarks.reporting import require, show, table

Array = NDArray[np.float64]

FROM = 0.01
OUTPUTS = 200
AGREEMENT = 5e-5
"""Largest difference of the two refined runs, in stoichiometry."""
ACCURATE = 1e-3
"""Largest error of a row."""
PYBAMM_CONCENTRATION = 51765.0
"""c_max of ORegan2022 [mol/m3]: PyBaMM is given the current density that moves the same stoichiometry."""


def output_times(problem: Problem) -> Array:
    """Return times at which PyBaMM reports, dense at the start (k,) [s]."""
    return np.asarray(problem.duration * np.linspace(0.0, 1.0, OUTPUTS + 1) ** 2)


def spherical_cell(problem: Problem, points: int, tolerances: tuple[float, float] | None) -> pybamm_spm.SingleParticle:
    """Run PyBaMM on the problem."""
    area = 4.0 * math.pi * problem.radius**2
    scale = PYBAMM_CONCENTRATION / problem.maximum_concentration
    return pybamm_spm.charge(
        "ORegan2022",
        radius=problem.radius,
        current_density=problem.current / area * scale,
        start=problem.start,
        times=output_times(problem),
        temperature=TEMPERATURE,
        radial_points=points,
        tolerances=tolerances,
    )


def run_all() -> list[dict[str, Any]]:
    """Check that both refined runs agree, then return a row for every setting.

    Raises
    ------
    AnswerError
        They do not, or a row is far off.
    """
    problems = {name: default_problem(f"sphere-radial-{name}", 1.0) for name in ("default", "fine")}
    exact = asyncsoc_peer.charge(problems["fine"], 1e-8)
    reference = CubicSpline(np.sqrt(exact.times), exact.contact_mean)
    first = FROM * exact.times[-1]

    def error_of(times: Array, surface: Array) -> float:
        late = times >= first
        return float(np.abs(surface[late] - reference(np.sqrt(times[late]))).max())

    refined = spherical_cell(problems["fine"], 400, (1e-9, 1e-11))
    require("refined runs apart", error_of(refined.times, refined.surface_x), AGREEMENT)
    rows = []
    for name, problem in problems.items():
        for tolerance in (1e-3, 1e-4, 1e-5):
            ours = asyncsoc_peer.charge(problem, tolerance)
            error = error_of(ours.times, ours.contact_mean)
            setting = f"{name} mesh, tolerance {tolerance:g}"
            rows.append(_row("asyncsoc, radial", setting, ours.set_up, ours.solve, error))
    for points in (20, 50, 100, 200):
        for named, tolerances in (("as it comes", None), ("1e-6", (1e-6, 1e-8))):
            cell = spherical_cell(problems["default"], points, tolerances)
            error = error_of(cell.times, cell.surface_x)
            setting = f"{points} points, tolerance {named}"
            rows.append(_row("PyBaMM, half-cell SPM", setting, cell.set_up, cell.solve, error))
    for row in rows:
        require(f"{row['method']}, {row['setting']}", row["error"], ACCURATE)
    return rows


def _row(method: str, setting: str, set_up: float, solve: float, error: float) -> dict[str, Any]:
    return {"method": method, "setting": setting, "set-up [s]": set_up, "solve [s]": solve, "error": error}


def text_of(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    shown = [
        (*(row[key] for key in ("method", "setting", "set-up [s]", "solve [s]")), f"{row['error']:.1e}") for row in rows
    ]
    return table(("f = 1", "setting", "set-up [s]", "solve [s]", "error"), shown)


@pytest.mark.filterwarnings("ignore")
def test_the_fully_covered_particle_agrees_with_pybamm() -> None:
    """Answers only: which is quicker depends on what is compared; the table is shown."""
    show({}, "\n" + text_of(run_all()), as_json=False)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    given = parser.parse_args()
    rows = run_all()
    show({"rows": rows}, text_of(rows), as_json=given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
