"""Axisymmetric particles per second on both cores: one batch beside independent solves in two processes.

Every case is a full C/10 charge to 4.2 V of the default axisymmetric particle with Butler-Volmer kinetics at its own
coverage. "Independent" is `simulate` called case by case in one process a core, with the mesh, its operators and the
compiled kernels ready; only its own solve times count, which is the strictest form of the comparison. The batch is
`simulate_batch` without snapshots (all curves), its solve time likewise, and `integrate` with nothing observed. The
factor is the smaller of that by wall time and that by core time, which neighbours on the machine disturb less.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.performance.factors import Factor, Part
from benchmarks.performance.measuring import in_a_process
from benchmarks.reporting import clock, require, table

CORES = 2
MEMBERS, ALONE = 64, 16
QUICK_MEMBERS, QUICK_ALONE = 8, 4
LEAST_FACTOR = 2.0
_MODULE = "benchmarks.performance.throughput"


def cases(count: int) -> list[Any]:
    """Return cases of coverages from 0.1 to 0.95."""
    from asyncsoc.case import Case

    base = {
        "particle": {"radius": 5e-6, "model": "axisymmetric"},
        "protocol": {"temperature": 333.15, "steps": ["Charge at C/10 until 4.2 V"]},
    }
    coverages = np.linspace(0.1, 0.95, count)
    return [Case.from_dict({**base, "contact": {"kind": "cap", "coverage": float(f)}}) for f in coverages]


def alone(first: int, step: int, count: int) -> dict[str, Any]:
    """Simulate every `step`-th of `count` cases from `first` on, one by one."""
    from asyncsoc.recorders import curve_names as names
    from asyncsoc.simulation.run import simulate

    chosen = cases(count)[first::step]
    simulate(chosen[0])
    began, before, solves, ends = time.perf_counter(), clock(), 0.0, []
    for case in chosen:
        solution = simulate(case)
        solves += solution.wall_times["solve"]
        ends.append(float(solution.columns[names.CONTACT_X][-1]))
    return {"wall": time.perf_counter() - began, "process": clock() - before, "solves": solves, "ends": ends}


def batch(count: int) -> dict[str, Any]:
    """Simulate the cases in one batch on all cores: with all curves, then with hardly an callback."""
    from asyncsoc.problem.build import prepare
    from asyncsoc.problem.particles import Problem
    from asyncsoc.recorders import curve_names as names
    from asyncsoc.simulation.batch import simulate_batch
    from asyncsoc.solver.integrate import integrate

    chosen = cases(count)
    simulate_batch(chosen[:CORES], snapshots=False, threads=CORES)
    began, before = time.perf_counter(), clock()
    endings = simulate_batch(chosen, snapshots=False, threads=CORES)
    wall, process = time.perf_counter() - began, clock() - before
    solutions = [ending.finished() for ending in endings]
    solves = sum(solution.wall_times["solve"] for solution in solutions)
    setups = [prepare(case) for case in chosen]
    began = time.perf_counter()
    outcomes = integrate(Problem.alone(setups[0].system, [s.member for s in setups]), threads=CORES)
    bare = time.perf_counter() - began
    if any(outcome.error is not None for outcome in outcomes):
        raise RuntimeError("a member was not carried out")
    ends = [float(solution.columns[names.CONTACT_X][-1]) for solution in solutions]
    return {"wall": wall, "process": process, "solves": solves, "bare": bare, "ends": ends}


def measure(quick: bool = False) -> Part:
    """Run the batch, then as many processes as there are cores."""
    many, few = (QUICK_MEMBERS, QUICK_ALONE) if quick else (MEMBERS, ALONE)
    together = in_a_process(_MODULE, "batch", str(many), threads=CORES)
    with ThreadPoolExecutor(CORES) as pool:
        jobs = [pool.submit(in_a_process, _MODULE, "alone", str(k), str(CORES), str(few)) for k in range(CORES)]
        apart = [job.result() for job in jobs]
    single = in_a_process(_MODULE, "batch", str(few), threads=CORES)["ends"]
    ends = np.empty(few)
    for k, found in enumerate(apart):
        ends[k::CORES] = found["ends"]
    require("a batch's answers against those of single runs", float(np.abs(ends - np.array(single)).max()), 1e-12)
    rates = {
        "simulate one by one, whole call": sum(len(f["ends"]) / f["wall"] for f in apart),
        "simulate one by one, its solve": sum(len(f["ends"]) / f["solves"] for f in apart),
        "simulate_batch with all curves, whole call": many / together["wall"],
        "simulate_batch with all curves, its solve": many / together["solves"],
        "integrate, nothing observed": many / together["bare"],
    }
    cores = {
        "simulate one by one": sum(f["process"] for f in apart) / few,
        "simulate_batch with all curves": together["process"] / many,
    }
    by_wall = rates["simulate_batch with all curves, its solve"] / rates["simulate one by one, its solve"]
    by_process = cores["simulate one by one"] / cores["simulate_batch with all curves"]
    factor = Factor(
        f"axisymmetric, both cores: members per second in a batch of {many} / alone",
        min(by_wall, by_process),
        LEAST_FACTOR,
    )
    text = table(("axisymmetric default mesh, both cores", "members per second"), list(rates.items()))
    text += "\n" + table(("core time per member, set-up of cases included", "s"), list(cores.items()))
    return Part((factor,), {"members": many, "members per second": rates, "core time per member [s]": cores}, text)


def main() -> int:
    """Carry out one side and print it as JSON."""
    side, *numbers = sys.argv[1:]
    found = batch(*map(int, numbers)) if side == "batch" else alone(*map(int, numbers))
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
