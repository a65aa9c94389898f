"""What a group of particles at one potential costs beside as many independent ones, per particle and step.

    python benchmarks/group_cost.py [--particles 200] [--json]

Axisymmetric spheres of coverages from 0.1 to 0.95 charge at C/10: once each alone with its own steps, side by side, and
once as one group with common steps. Before a time is printed the group's currents must add up to the one asked for.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.kernels.batch import block_memory
from asyncsoc.problem.arrays import problem_arrays
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Group, Member, Problem
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.solver.integrate import METHODS, integrate
from asyncsoc.solver.warmup import compile_kernels


def particles(count: int) -> tuple[OrderedSystem, list[Member]]:
    """Return a mesh and as many particles on it."""
    setups = [
        prepare(
            aso.Case.from_dict(
                {
                    "contact": {"kind": "cap", "coverage": float(coverage)},
                    "particle": {"edge_levels": 0},
                    "protocol": {"steps": ["Charge at C/10 for 4 hours"]},
                }
            )
        )
        for coverage in np.linspace(0.1, 0.95, count)
    ]
    return setups[0].system, [setup.member for setup in setups]


def per_step(problem: Problem, count: int, threads: int) -> tuple[float, int]:
    """Return seconds per particle and attempted step, and the number of attempts of a group."""
    began = time.perf_counter()
    outcomes = integrate(problem, threads=threads)
    wall = time.perf_counter() - began
    attempts = [outcome.accepted + outcome.rejected for outcome in outcomes]
    if any(outcome.error is not None for outcome in outcomes):
        raise SystemExit("a run ended early")
    each = sum(attempts) if len(attempts) > 1 else attempts[0] * count
    return wall / each, round(float(np.mean(attempts)))


def check(problem: Problem) -> float:
    """Return by how much the currents of a group's particles miss the current asked for, relatively."""
    ends: dict[int, float] = {}

    class Keep:
        def __init__(self, number: int) -> None:
            self.number = number

        def start(self, state: Any, constraint: Any) -> None:
            """Nothing to keep."""

        def step(self, step: Any) -> None:
            ends[self.number] = step.end.current

    (group,) = problem.groups
    integrate(problem, [[Keep(k)] for k in range(len(group.particles))])
    asked = group.constraints[0].target
    return abs(sum(ends.values()) / asked - 1.0)


def main() -> int:
    """Measure, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    compile_kernels()
    system, members = particles(options.particles)
    count = len(members)
    constraints = tuple(replace(one, target=one.target * count) for one in members[0].constraints)
    group = Problem((system,), (Group(tuple(members), constraints, members[0].tolerance),))
    missed = check(group)
    if missed > 1e-9:
        raise SystemExit(f"the currents of the group miss the one asked for by {missed:.1e}")
    found = [
        (per_step(Problem.alone(system, members), count, options.threads), per_step(group, count, options.threads))
        for _ in range(options.repeats)
    ]
    alone, together = (min(pair[k][0] for pair in found) for k in (0, 1))
    body = problem_arrays(group).bodies[0]
    memory = block_memory(system.kernel, METHODS["rodas4p2"], body, 1).nbytes / 8
    document = {
        "particles": count,
        "nodes": len(system.kernel.mass),
        "alone [ms per particle and step]": 1e3 * alone,
        "group [ms per particle and step]": 1e3 * together,
        "ratio": together / alone,
        "attempts alone, mean": found[0][0][1],
        "attempts of the group": found[0][1][1],
        "memory through a step [MB per particle]": memory / 1e6,
        "currents missed": missed,
    }
    print(
        json.dumps(document, indent=1) if options.json else "\n".join(f"{k:42s} {v:.4g}" for k, v in document.items())
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
