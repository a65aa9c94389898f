"""A group of particles on 1, 2 and 4 processes: the same bits, how much quicker, and what is exchanged in a step.

    python -m benchmarks.processes [--particles 192] [--pairs 5] [--json FILE]

Axisymmetric spheres of coverages from 0.1 to 0.95 on three meshes charge at C/10 as one group. Runs of one and of two
processes follow each other in pairs, each process pinned to a core of its own; the speed-up is the median over the
pairs. Before a time is printed all runs must have ended with the same bits. MPI waits in a loop, so that wall times
count where nothing else runs; the times of the work are processor times without what was spent in exchanges.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.base.environment import mpi_ranks
from asyncsoc.base.lanes import WIDTH
from asyncsoc.kernels.batch import block_memory
from asyncsoc.kernels.ranks import give_to_all
from asyncsoc.problem.arrays import problem_arrays
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.problem.particles import Problem
from asyncsoc.problem.ranks import Ranks, distributed, step_cost
from asyncsoc.simulation.group_setup import own_homes, problem_of_group, with_homes
from asyncsoc.solver.integrate import METHODS, integrate

_MESHES = ("draft", "coarse", "default")
_EXCHANGES = 500
_MANY, _MANY_RANKS = 10_000, 100
"""Particles and processes for which the share of the exchanges is estimated."""


class _TimedRanks(Ranks):
    """Ranks that count the processor time of exchanges."""

    spent = 0.0

    def _exchange(self, columns: int) -> int:
        began = time.thread_time()
        done = super()._exchange(columns)
        self.spent += time.thread_time() - began
        return done


def setups_of(count: int) -> tuple[list[PreparedCase], list[list[int]]]:
    """Return particles on three meshes, and for each mesh those on it."""
    setups = [
        prepare(
            aso.Case.from_dict(
                {
                    "contact": {"kind": "cap", "coverage": float(coverage)},
                    "particle": {"mesh": _MESHES[k % len(_MESHES)], "edge_levels": 0},
                    "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
                }
            )
        )
        for k, coverage in enumerate(np.linspace(0.1, 0.95, count))
    ]
    return with_homes(setups)


def measured(count: int) -> dict[str, Any]:
    """Return what this process has measured of a run of as many particles, with the others of mpiexec."""
    world = mpi_ranks()
    rank, size = (0, 1) if world is None else (world.rank, world.size)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})
    setups, homes = setups_of(count)
    costs = [step_cost(setups[home[0]].system) for home in homes]
    owner = distributed(costs, homes, size)
    found: dict[str, Any] = {}
    for short in (True, False):  # the first run loads the kernels
        ranks = None if world is None else _TimedRanks(world, owner)
        problem: Problem = problem_of_group(
            setups, own_homes(homes, ranks), np.ones(count), np.zeros(count), None, None
        )
        if world is not None:
            world.barrier()
        wall, processor = time.perf_counter(), time.process_time()
        (outcome,) = integrate(problem, ranks=ranks)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        if outcome.error is not None or outcome.checkpoint is None:
            raise SystemExit(f"the run ended early: {outcome.error}")
        if short:
            continue
        bits = hashlib.sha256(b"".join(one.x.tobytes() for one in outcome.checkpoint.particles)).hexdigest()
        steps = outcome.accepted + outcome.rejected
        each = np.zeros(count)
        for home, cost in zip(homes, costs, strict=True):
            each[home] = cost
        load = np.bincount(owner, weights=each, minlength=size)
        found = {
            "bits": bits,
            "wall [s]": wall,
            "work [s]": processor - (0.0 if ranks is None else ranks.spent),
            "meshes": len(homes),
            "nodes": sum(len(home) * setups[home[0]].mesh.n_nodes for home in homes),
            "attempted steps": steps,
            "memory of states and factors [MiB]": memory_of(problem, ranks) / 2**20,
            "largest load over mean": float(load.max() / load.mean()),
        }
        if ranks is not None:
            found["exchanges a step"] = ranks.exchanges / steps
            found["numbers of a particle a step"] = ranks.numbers / steps / count
            found["an exchange alone [us]"] = exchange_alone(ranks, world)
            many = Ranks(world, np.arange(_MANY, dtype=np.int64) % size)
            found[f"an exchange of {_MANY} particles alone [us]"] = exchange_alone(many, world)
    told = [found] if world is None else world.allgather(found)
    if len({one["bits"] for one in told}) != 1:
        raise SystemExit("the processes have ended with different bits")
    return {**found, "wall [s]": max(one["wall [s]"] for one in told), "work [s]": max(one["work [s]"] for one in told)}


def memory_of(problem: Problem, ranks: Ranks | None) -> float:
    """Return the bytes of the states and factors that a process keeps through a step."""
    arrays = problem_arrays(problem, ranks)
    total = 0
    for system, body in zip(problem.meshes, arrays.bodies, strict=True):
        total += sum(getattr(body, name).nbytes for name in ("x", "x_new", "dense"))
        total += block_memory(system.kernel, METHODS["rodas4p2"], body, -(-len(body.number) // WIDTH)).nbytes
    return float(total)


def exchange_alone(ranks: Ranks, world: Any) -> float:
    """Return the time of an exchange of four numbers a particle while nobody has to wait for another [us].

    What a kernel does for it is in it: numbers are put together, exchanged, and put in the order of the particles.
    """
    times = []
    for _ in range(_EXCHANGES):
        world.barrier()
        began = time.perf_counter()
        give_to_all(ranks.kernel, 4)
        times.append(time.perf_counter() - began)
    return 1e6 * statistics.median(times)


def share_of_exchanges(two: dict[str, float], particles: int) -> float:
    """Return an upper estimate of the share that exchanges have in a step of many particles on many processes.

    An exchange takes at most log2 of the processes times as long as one between two, which gathers as many numbers.
    """
    hops = math.ceil(math.log2(_MANY_RANKS))
    exchanges = two["exchanges a step"] * hops * 1e-6 * two[f"an exchange of {_MANY} particles alone [us]"]
    work = 2.0 * two["work [s]"] / two["attempted steps"] / particles * _MANY / _MANY_RANKS
    return exchanges / (exchanges + work)


def started(processes: int, particles: int) -> dict[str, Any]:
    """Return what so many processes have measured."""
    launcher = Path(sys.executable).with_name("mpiexec")
    command = [str(launcher), "-n", str(processes), sys.executable, "-m", "benchmarks.processes", "--inner"]
    done = subprocess.run(
        [*command, "--particles", str(particles)], capture_output=True, text=True, check=False, cwd=Path.cwd()
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compared(particles: int, pairs: int) -> dict[str, Any]:
    """Return medians over pairs of runs of one and of two processes, and one run of four."""
    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: [], 4: []}
    for pair in range(pairs):
        for processes in (1, 2) if pair % 2 == 0 else (2, 1):
            runs[processes].append(started(processes, particles))
    runs[4].append(started(4, particles))
    bits = {one["bits"] for some in runs.values() for one in some}
    if len(bits) != 1:
        raise SystemExit("1, 2 and 4 processes have ended with different bits")

    def ratio(name: str) -> float:
        return statistics.median(one[name] / two[name] for one, two in zip(runs[1], runs[2], strict=True))

    median = {
        str(count): {name: statistics.median(one[name] for one in some) for name in some[0] if name != "bits"}
        for count, some in runs.items()
    }
    one, two = median["1"]["work [s]"], median["2"]["work [s]"]
    return {
        "particles": particles,
        "pairs": pairs,
        "load average": os.getloadavg()[0],
        "processes": median,
        "speed-up of the wall time, 2 processes": ratio("wall [s]"),
        "speed-up of the work, 2 processes": ratio("work [s]"),
        f"share of exchanges at most, {_MANY} particles, {_MANY_RANKS} processes": share_of_exchanges(
            median["2"], particles
        ),
        "share of the work that every process does": max(2.0 * two - one, 0.0) / one,
    }


def main() -> int:
    """Measure, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=192)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inner:
        found = measured(given.particles)
        world = mpi_ranks()
        if world is None or world.rank == 0:
            sys.stdout.write(json.dumps(found) + "\n")
        return 0
    found = compared(given.particles, given.pairs)
    text = json.dumps(found, indent=1)
    if given.json is not None:
        given.json.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
