"""What the coupled side reaction costs: a charge with it beside the same charge without; balances are asserted first.

    python benchmarks/coupled_cost.py          or        pytest benchmarks/coupled_cost.py -s

Both runs charge the same particle at C/10 for the same five hours, warm, one thread, core time of `simulate` as a
whole: the fully covered reference, the risk at every row and the fields are part of what is timed. Target: 1.5.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
import time
from typing import Any

import numpy as np

from asyncsoc.case import Case
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import side_reaction_recording
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate

TARGET = 1.5
REPEATS = 7
CASE: dict[str, Any] = {
    "contact": {"kind": "cap", "coverage": 0.3},
    "protocol": {"steps": ["Charge at C/10 for 5 hours"]},
}


def case(mode: str, **changes: float) -> Case:
    """Return the case with the side reaction in the mode given."""
    return Case.from_dict({**CASE, "side_reaction": {"mode": mode, **changes}})


def check_answers() -> None:
    """Charge balance, and the coupled path without rate against the plain one; raises where a value is off."""
    coupled = simulate(case("coupled", exchange_current_density=1e-4))
    assert coupled.columns[names.BALANCE].max() < 1e-10
    assert coupled.columns[names.SIDE_CHARGE][-1] > 1e-3 * coupled.columns[names.CHARGE][-1]
    zero, off = simulate(case("coupled", exchange_current_density=0.0)), simulate(case("off"))
    np.testing.assert_allclose(zero.columns[names.VOLTAGE], off.columns[names.VOLTAGE], rtol=1e-12)


def timed(chosen: Case) -> tuple[float, Solution]:
    """Return the core time of a run, its fully covered reference run anew, and the run."""
    side_reaction_recording._references.clear()
    start = time.process_time()
    solution = simulate(chosen)
    return time.process_time() - start, solution


def measure() -> dict[str, float | bool]:
    """Return what was measured, by name with unit; the runs alternate so that the machine's moods are shared."""
    check_answers()
    cases = {"off": case("off"), "report": case("report"), "coupled": case("coupled")}
    best = dict.fromkeys(cases, float("inf"))
    steps = {}
    for _ in range(REPEATS):
        for name, chosen in cases.items():
            seconds, solution = timed(chosen)
            best[name] = min(best[name], seconds)
            steps[name] = sum(solution.provenance["integrator steps"].values())
    ratio = best["coupled"] / best["off"]
    return {
        **{f"core time, {name} [s]": seconds for name, seconds in best.items()},
        **{f"steps, {name} [1]": float(count) for name, count in steps.items()},
        "report / off [1]": best["report"] / best["off"],
        "coupled / off [1]": ratio,
        "target [1]": TARGET,
        "target met": ratio <= TARGET,
    }


def test_a_coupled_run_costs_at_most_half_as_much_again() -> None:
    """Assert answers, then cost; one more try where a neighbour took the core."""
    results = [measure()]
    if not results[-1]["target met"]:
        results.append(measure())
    sys.stdout.write(json.dumps(results[-1], indent=1) + "\n")
    assert results[-1]["target met"]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=1) + "\n")
