"""Long cycling, with and without jumps over cycles: `python -m benchmarks.cycling single|group|memory|kills`.

- `single`: 500 full cycles at C/10 of a particle under a cap with a coupled film, one by one and with jumps, and the
  error of the jumps; before it the mesh: its first cycles against those on the default mesh.
- `group`: the same cycles of an electrode of 50 particles whose coverage follows a beta law, with jumps.
- `memory`: the memory of a run against its number of cycles, as a table and a figure.
- `kills`: runs of a cycling electrode that are killed at random moments and resumed, compared bit by bit.

Each stores its table in `docs/cycling.json`; tests spot-check it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.base.files import replaced
from asyncsoc.case import Case
from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.simulation import simulate
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.results.solution import Solution

STORED = Path(__file__).parents[1] / "docs" / "cycling.json"
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "cycling_memory.png"
CYCLE = ["Charge at C/10 until 4.2 V", "Discharge at C/10 until 3 V"]
TOLERANCE = 1e-3
QUICK = ("Charge at 1C for 10 minutes", "Discharge at 1C for 10 minutes")


def particle_case(repeat: int, tolerance: float | None = None, mesh: str = "draft") -> Case:
    """Return the particle under a cap; on the draft mesh without refinement along the contact's edge."""
    particle = {"radius": "5 um", "mesh": mesh, **({"edge_levels": 0} if mesh == "draft" else {})}
    return Case.from_dict(
        {
            "name": "particle",
            "particle": particle,
            "contact": {"kind": "cap", "coverage": 0.3},
            "side_reaction": {"mode": "coupled"},
            "protocol": {"cycle": [{"repeat": repeat, "steps": CYCLE}]},
            "output": {"keep_cycles": "none", "fields_every": "1 h"},
            "solver": {} if tolerance is None else {"cycle_jump_tolerance": tolerance},
        }
    )


def electrode_case(repeat: int, tolerance: float | None, particles: int, mesh: str = "coarse", **more: Any) -> Case:
    """Return an electrode whose particles have one radius and coverages by a beta law."""
    return Case.from_dict(
        {
            "name": "electrode",
            "electrode": {
                "loading": "12.7 mg/cm2",
                "particles": particles,
                "coverage": {"law": "beta", "mean": 0.3, "std": 0.1},
                "radius": "5 um",
            },
            "particle": {"mesh": mesh, "edge_levels": 0},
            "side_reaction": {"mode": "coupled"},
            "protocol": {"cycle": [{"repeat": repeat, "steps": CYCLE}]},
            "output": {"keep_cycles": "none", "fields_every": "1 h"},
            "solver": {} if tolerance is None else {"cycle_jump_tolerance": tolerance},
            **more,
        }
    )


def timed(run: Any, *arguments: Any, **options: Any) -> tuple[Solution, dict[str, float]]:
    """Return a solution and the seconds it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    solution = run(*arguments, **options)
    return solution, {"wall [s]": time.perf_counter() - wall, "cpu [s]": time.process_time() - cpu}


def errors(jumped: Solution, whole: Solution) -> dict[str, float]:
    """Return the largest relative errors of rows of cycles, and of the end-of-charge SOC the absolute one."""
    found = {
        name: float(np.abs(jumped.cycle_rows[name] / whole.cycle_rows[name] - 1.0).max())
        for name in (rows.DISCHARGED, rows.FILM, rows.RESISTANCE, rows.EFFICIENCY)
    }
    off = np.abs(jumped.cycle_rows[rows.CHARGE_SOC] - whole.cycle_rows[rows.CHARGE_SOC])
    return {**found, f"{rows.CHARGE_SOC}, absolute": float(off.max())}


def jumps_of(solution: Solution) -> dict[str, Any]:
    """Return what a run that jumps says of itself, and which cycles it computed."""
    computed = solution.cycle_rows[rows.COMPUTED] > 0.0
    return {
        **solution.reports["cycle jumps"],
        "tolerance": TOLERANCE,
        "cycles that were computed": solution.cycle_rows[rows.CYCLE][computed].tolist(),
        "lithium balance error": solution.lithium_balance_error,
    }


def single(cycles: int) -> dict[str, Any]:
    """Compare a particle's cycles with and without jumps."""
    simulate(particle_case(2))
    first, default = simulate(particle_case(6)), simulate(particle_case(6, mesh="default"))
    mesh = np.abs(first.cycle_rows[rows.DISCHARGED] / default.cycle_rows[rows.DISCHARGED] - 1.0).max()
    jumped, quick = timed(simulate, particle_case(cycles, TOLERANCE))
    whole, full = timed(simulate, particle_case(cycles))
    steps = whole.provenance["integrator steps"]["accepted"]
    return {
        "cycles": cycles,
        "nodes": whole.mesh.n_nodes,
        "largest error of the capacity against the default mesh, first 6 cycles": float(mesh),
        "one by one": {**full, "steps": steps, "cpu per step [ms]": 1e3 * full["cpu [s]"] / steps},
        "with jumps": {**quick, **jumps_of(jumped)},
        "share of the time": quick["cpu [s]"] / full["cpu [s]"],
        "errors of the jumps": errors(jumped, whole),
        "capacity of the last cycle over the first": float(
            whole.cycle_rows[rows.DISCHARGED][-1] / whole.cycle_rows[rows.DISCHARGED][0]
        ),
    }


def group(cycles: int, particles: int) -> dict[str, Any]:
    """Cycle an electrode with jumps, on two threads."""
    jumped, took = timed(simulate_electrode, electrode_case(cycles, TOLERANCE, particles, "draft"), threads=2)
    capacity = jumped.cycle_rows[rows.DISCHARGED]
    return {
        "cycles": cycles,
        "particles": len(jumped.particle_runs),
        "nodes of each": jumped.mesh.n_nodes,
        "threads": 2,
        "steps": jumped.provenance["integrator steps"]["accepted"],
        **took,
        **jumps_of(jumped),
        "capacity of the last cycle over the first": float(capacity[-1] / capacity[0]),
        "film of the thickest over the thinnest at the end": max(
            one.cycle_rows[rows.FILM][-1] for one in jumped.particle_runs
        )
        / min(one.cycle_rows[rows.FILM][-1] for one in jumped.particle_runs),
    }


_ONE_MEMORY = """
import resource, sys
from benchmarks.cycling import memory_case
from asyncsoc.simulation import simulate
simulate(memory_case(int(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory_case(repeat: int) -> Case:
    """Return a radial particle with a film that is cycled quickly."""
    return Case.from_dict(
        {
            "particle": {"model": "radial", "mesh": "coarse"},
            "contact": {"kind": "full"},
            "side_reaction": {"mode": "coupled", "exchange_current_density": 3e-7},
            "protocol": {"cycle": [{"repeat": repeat, "steps": list(QUICK)}]},
            "output": {"keep_cycles": "none"},
        }
    )


def memory(cycles: list[int]) -> dict[str, Any]:
    """Measure the largest memory of runs of so many cycles, each in a process of its own; draw it."""
    most = []
    for count in cycles:
        done = subprocess.run(
            [sys.executable, "-c", _ONE_MEMORY, str(count)], check=True, capture_output=True, text=True
        )
        most.append(int(done.stdout) / 1024.0)
    from asyncsoc.plotting.style import BLUE, guide_lines, new_figure

    figure = new_figure(5.0, 3.4)
    axes = figure.subplots()
    axes.plot(cycles, most, "o-", color=BLUE)
    axes.set(
        xlabel="Cycles",
        ylabel="Largest memory of the process [MB]",
        title="Cycling with keep_cycles = none",
    )
    axes.set_ylim(0.0, 1.2 * max(most))
    guide_lines(axes)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=150)
    return {"cycles": cycles, "memory [MB]": most}


def kills_case(keep: str, tolerance: float | None) -> Case:
    """Return a small electrode of radial particles with a film, which is cycled eight times."""
    return electrode_case(
        8,
        tolerance,
        3,
        electrode={
            "loading": "12.7 mg/cm2",
            "particles": 3,
            "coverage": 1.0,
            "radius": {"law": "lognormal", "median": "5 um", "sigma": 1.3},
        },
        particle={"mesh": "coarse"},
        side_reaction={"mode": "coupled", "exchange_current_density": 3e-7},
        protocol={"cycle": [{"repeat": 8, "steps": ["Charge at 1C until 4.2 V", "Discharge at 1C until 3 V"]}]},
        output={"keep_cycles": keep, "fields_every": "20 min"},
    )


_RUN = """
import sys
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
from asyncsoc.simulation.results.solution import Solution
from benchmarks.cycling import kills_case
from pathlib import Path
path = Path(sys.argv[1])
resume = Solution.load(path) if path.is_file() else None
case = kills_case(sys.argv[2], float(sys.argv[3]) or None)
print("begun", flush=True)
simulate_with_checkpoints(case, path, every=0.0, resume=resume).save(path)
"""


def same_bits(found: Solution, whole: Solution) -> bool:
    """Return whether rows, curves, snapshots, steps and final state of two runs are the same to the last bit."""
    tables = all(
        np.array_equal(getattr(found, kind)[name], values, equal_nan=True)
        for kind in ("columns", "cycle_rows")
        for name, values in getattr(whole, kind).items()
    )
    states = found.checkpoint is not None and whole.checkpoint is not None
    if states and found.checkpoint is not None and whole.checkpoint is not None:
        states = all(
            np.array_equal(one.x, other.x) and np.array_equal(one.film, other.film) and one.charge == other.charge
            for one, other in zip(found.checkpoint.particles, whole.checkpoint.particles, strict=True)
        )
    particles = all(same_bits(a, b) for a, b in zip(found.particle_runs, whole.particle_runs, strict=True))
    alike = found.steps == whole.steps and np.array_equal(found.field_x, whole.field_x)
    return bool(tables and alike and particles and (states or whole.checkpoint is None))


_LOADING, _AT_THE_START = 3.0, 0.1
"""Kills come within the time a whole run takes and so many seconds more, in which kernels are loaded, counted from when
modules are imported and the result is read; of such a share of them it is counted from the start of the process."""


def _ends(command: list[str], wait: float | None, *, at_the_start: bool) -> bool:
    """Return whether a run ends by itself within a time, None: whatever that takes; else it is killed."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        if process.stdout is not None and not at_the_start:
            process.stdout.readline()  # it has been imported, and the result read
        try:
            _, said = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            process.kill()
            return False
    if process.returncode != 0:
        raise SystemExit(said.decode())
    return True


def kills(count: int, seed: int) -> dict[str, Any]:
    """Kill cycling electrodes so many times at random moments, resume them, and compare their ends."""
    draw, done, runs, wrong = random.Random(seed), 0, 0, 0
    landed: list[int] = []
    while done < count:
        keep, tolerance = ("none", "all")[runs % 2], (None, 1e-2)[runs // 2 % 2]
        whole, took = timed(simulate, kills_case(keep, tolerance))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.vtkhdf"
            while True:
                command = [sys.executable, "-c", _RUN, str(path), keep, str(tolerance or 0.0)]
                longest = took["wall [s]"] + _LOADING
                wait = draw.uniform(0.0, longest) if done < count else None
                if _ends(command, wait, at_the_start=draw.random() < _AT_THE_START):
                    break
                done += 1
                landed.append(len(Solution.load(path).cycle_rows[rows.CYCLE]) if path.is_file() else 0)
            wrong += not same_bits(Solution.load(path), whole)
        runs += 1
    return {
        "kills": done,
        "runs": runs,
        "runs whose bits differ": wrong,
        "kills by complete cycles in the file": {str(n): landed.count(n) for n in sorted(set(landed))},
        "seed": seed,
    }


def keep(name: str, table: dict[str, Any]) -> None:
    """Store a table beside the others."""
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.is_file() else {}
    about = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    stored[name] = {**table, "measured on": about}
    with replaced(STORED) as stream:
        stream.write((json.dumps(stored, indent=1) + "\n").encode())
    print(json.dumps(table, indent=1))


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["single", "group", "memory", "kills"])
    parser.add_argument("--cycles", type=int, default=500)
    parser.add_argument("--particles", type=int, default=50)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=16)
    given = parser.parse_args()
    if given.what == "single":
        keep("single", single(given.cycles))
    elif given.what == "group":
        keep("group", group(given.cycles, given.particles))
    elif given.what == "memory":
        keep("memory", memory([10, 50, 100, 200, 400]))
    else:
        keep("kills", kills(given.kills, given.seed))


if __name__ == "__main__":
    main()
