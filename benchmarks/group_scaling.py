"""What a group costs against its number of particles, and what 200 of them cost under three laws of coverage.

    python -m benchmarks.group_scaling [--store FILE] [--figure FILE]

Axisymmetric spheres of 7.5 um charge at C/10 at one potential. Steps and time per attempted step are told apart: more
particles meet the dips of D(x) at more times, which takes steps; a step must take time in proportion to the particles.
Before a time is kept, the currents of the particles must add up to that of the protocol.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.kernels.batch import block_memory
from asyncsoc.problem.arrays import problem_arrays
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.integrate import METHODS, integrate
from asyncsoc.solver.warmup import compile_kernels
from benchmarks.reporting import AnswerError, clock, machine, require

STORED = Path(__file__).with_suffix(".json")
COUNTS = (10, 30, 100, 300, 1000)
PARTICLES = 200
MOST_EXPONENT = 1.05
SHORT, LONG = "Charge at C/10 for 30 minutes", "Charge at C/10 until 4.2 V"


def coverages(law: str, count: int) -> np.ndarray:
    """Return `count` quantiles of a law of coverage."""
    shares = (np.arange(count) + 0.5) / count
    if law == "uniform, 0.1 to 0.95":
        return np.asarray(0.1 + 0.85 * shares)
    if law == "beta, mean 0.3, std 0.1":
        from scipy.stats import beta

        k = 0.3 * 0.7 / 0.1**2 - 1.0
        return np.asarray(beta.ppf(shares, 0.3 * k, 0.7 * k))
    if law == "two classes, 0.3 and 0.95":
        return np.where(shares < 0.5, 0.3, 0.95)
    raise ValueError(law)


LAWS = ("uniform, 0.1 to 0.95", "beta, mean 0.3, std 0.1", "two classes, 0.3 and 0.95")


def group(step: str, mesh: str, law: str, count: int) -> Problem:
    """Return a group of particles under the current of all."""
    base = aso.Case.from_dict({"particle": {"mesh": mesh, "edge_levels": 0}, "protocol": {"steps": [step]}})
    setups = {
        float(f): prepare(base.with_overrides(["contact.kind=cap", f"contact.coverage={f}"]))
        for f in np.unique(coverages(law, count))
    }
    members = [setups[float(f)].member for f in coverages(law, count)]
    first = members[0]
    constraints = tuple(replace(one, target=one.target * count, series=one.series / count) for one in first.constraints)
    system = next(iter(setups.values())).system
    return Problem((system,), (Group(tuple(members), constraints, first.tolerance),))


class CurrentSum:
    """The largest |sum of the particles' currents / that of the group - 1| over the ends of steps."""

    def __init__(self) -> None:
        self.worst = 0.0

    def start(self, states: Any, constraints: Any) -> dict[int, Any]:
        """Nothing to check yet."""
        return {}

    def step(self, steps: Any) -> dict[int, Any]:
        """Add up the currents."""
        asked = self.asked
        self.worst = max(self.worst, abs(float(steps.end.current.sum()) / asked - 1.0))
        return {}

    asked = 1.0


def timed(problem: Problem, repeats: int) -> tuple[float, RunOutcome]:
    """Return the least process time of a charge [s], and how it ended.

    Raises
    ------
    AnswerError
        It ended early, or the currents do not add up.
    """
    checker, best = CurrentSum(), float("inf")
    checker.asked = problem.groups[0].constraints[0].target
    (outcome,) = integrate(problem, batch_callbacks=[[checker]])
    require("currents of the particles over that of the group, less 1", checker.worst, 1e-10)
    for _ in range(repeats):
        before = clock()
        (outcome,) = integrate(problem)
        best = min(best, clock() - before)
    if outcome.error is not None:
        raise AnswerError(f"the charge ended early: {outcome.stop_reason}")
    return best, outcome


def scaling_row(count: int) -> dict[str, float]:
    """Return time per attempted step and memory of `count` particles on the coarse mesh."""
    problem = group(SHORT, "coarse", LAWS[0], count)
    seconds, outcome = timed(problem, 3 if count <= 100 else 1)
    attempts = outcome.accepted + outcome.rejected
    return {
        "particles": count,
        "steps": outcome.accepted,
        "attempts": attempts,
        "time per attempted step [ms]": 1e3 * seconds / attempts,
        "memory [MB per particle]": memory(problem) / 1e6 / count,
    }


def memory(problem: Problem) -> float:
    """Return what states and what lives through a step take [B]."""
    arrays = problem_arrays(problem)
    (body,), (system,) = arrays.bodies, problem.meshes
    blocks = block_memory(system.kernel, METHODS["rodas4p2"], body, -(-len(body.number) // 8))
    states = (one for one in (*body, *arrays.contacts) if one is not None and one is not arrays.contacts.tables)
    return float(blocks.nbytes + sum(one.nbytes for one in states))


def law_row(law: str, count: int = PARTICLES, mesh: str = "default") -> dict[str, Any]:
    """Return what a charge to 4.2 V costs under a law of coverage."""
    seconds, outcome = timed(group(LONG, mesh, law, count), 1)
    attempts = outcome.accepted + outcome.rejected
    return {
        "coverage": law,
        "particles": count,
        "charge [s]": seconds,
        "steps": outcome.accepted,
        "attempts": attempts,
        "time per attempted step [ms]": 1e3 * seconds / attempts,
        "end": outcome.stop_reason,
    }


def exponent(rows: list[dict[str, float]]) -> float:
    """Return p of time per step = c N^p, fitted over all rows."""
    n = np.log([row["particles"] for row in rows])
    return float(np.polyfit(n, np.log([row["time per attempted step [ms]"] for row in rows]), 1)[0])


def measured(counts: tuple[int, ...] = COUNTS, laws: tuple[str, ...] = LAWS) -> dict[str, Any]:
    """Return all numbers."""
    compile_kernels(groups=True)
    rows = [scaling_row(count) for count in counts]
    return {
        "scaling, coarse mesh": rows,
        "exponent": exponent(rows),
        "charge to 4.2 V, default mesh": [law_row(law) for law in laws],
        "machine": machine(),
    }


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the time per step against the number of particles."""
    from matplotlib.figure import Figure

    rows = found["scaling, coarse mesh"]
    n = np.array([row["particles"] for row in rows])
    time = np.array([row["time per attempted step [ms]"] for row in rows])
    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.loglog(n, time, "o", label=f"measured, N^{found['exponent']:.3f} fitted")
    axes.loglog(n, time[0] * n / n[0], "--", color="0.5", label="in proportion to N")
    axes.set(xlabel="Particles at one potential", ylabel="Time per attempted step [ms]")
    axes.legend()
    axes.grid(visible=True, which="major", alpha=0.3)
    figure.savefig(path, dpi=150)


def main() -> int:
    """Measure, store, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=STORED)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    found = measured()
    options.store.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.figure is not None:
        draw(found, options.figure)
    print(json.dumps(found, indent=1))
    return int(found["exponent"] > MOST_EXPONENT)


if __name__ == "__main__":
    raise SystemExit(main())
