"""Cases per second: sweeps of radial, axisymmetric and three-dimensional particles beside independent runs.

    python benchmarks/sweep_throughput.py        or        pytest benchmarks/sweep_throughput.py -s

Asserted first: the sweep's numbers are those of the single runs, bit for bit. Then, for a full C/10 charge each:
the time per case of

- a batch in one process, at several widths (core time: what a quiet machine shows),
- `simulate` called case by case in one process (core time; it keeps snapshots, a batch does not),
- `asyncsoc sweep` on all cores, start-up of the workers included (wall time),
- `asyncsoc run` started anew for every case, as many at a time as there are cores (wall time).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from reporting import AnswerError, arguments, clock, show, table

from asyncsoc.case import Case
from asyncsoc.simulation.results.provenance import cores
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.sweep.batch import Job, JobSettings, run_jobs
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import decode

PROGRAM = "import sys; from asyncsoc.cli.main import main; sys.exit(main())"
STEPS = 'steps = ["Charge at C/10 until 4.2 V"]'
KINDS: dict[str, tuple[str, str, int, tuple[int, ...]]] = {
    "radial": ("", "kinetics.film_resistance=0:0.01:{n}", 512, (1, 8, 64, 256)),
    "axisymmetric": ('[contact]\nkind = "cap"\n', "contact.coverage=0.1:0.9:{n}", 64, (1, 8, 16, 32)),
    "3d": ('[contact]\nkind = "random"\nn = 6\ncoverage = 0.3\n', "contact.seed=0:{last}:{n}", 16, (1, 8, 16)),
}
ALONE = 4
"""Runs of their own that are timed."""


def case_text(contact: str) -> str:
    """Return the case file of a kind."""
    return f'{contact}\n[particle]\nradius = "5 um"\n[protocol]\ntemperature = "60 degC"\n{STEPS}\n'


def timed(call: Callable[[], Any], timer: Callable[[], float]) -> float:
    """Return how long a call takes."""
    began = timer()
    call()
    return timer() - began


def batches(plan: Plan, folder: Path, widths: tuple[int, ...]) -> dict[str, float]:
    """Return the core time per case [ms] at each width; answers are compared with single runs first."""
    settings = JobSettings.of(plan, folder)
    jobs = [Job(plan.case(number).hash, plan.design.values(number)) for number in range(len(plan.design))]
    reference = run_jobs(settings, jobs[: max(widths)])
    summary = simulate(plan.case(1)).summary()
    if decode(reference[1][2]).facts["summary"]["Final contact-mean SOC"] != summary["Final contact-mean SOC"]:
        raise AnswerError("a sweep's case differs from its own run")
    found = {}
    for width in widths:
        count = min(max(width, 4), len(reference))
        parts = [jobs[start : start + width] for start in range(0, count, width)]
        spent = clock()
        records = [record for part in parts for record in run_jobs(settings, part)]
        found[f"batch of {width}"] = 1e3 * (clock() - spent) / len(records)
        if records != reference[: len(records)]:
            raise AnswerError(f"a batch of {width} gives other bits")
    return found


def measure(kind: str) -> dict[str, float]:
    """Return the times per case [ms] of one kind of particle."""
    contact, axis, count, widths = KINDS[kind]
    with tempfile.TemporaryDirectory() as place:
        case = Path(place) / "case.toml"
        case.write_text(case_text(contact))
        vary = axis.format(n=count, last=count - 1)
        base = Case.from_toml(case, ["contact.coverage=0.5"] if "cap" in contact else [])
        plan = Plan.of(base, vary)
        found = batches(plan, Path(place), widths)
        spent = clock()
        for number in range(ALONE):
            simulate(plan.case(number))
        found["simulate, one by one"] = 1e3 * (clock() - spent) / ALONE
        sweep = [sys.executable, "-c", PROGRAM, "sweep", str(case), "--vary", vary, "-o", f"{place}/sweep", "--quiet"]
        overrides = [[f"{key}={value}" for key, value in plan.design.values(k).items()] for k in range(2 * cores())]
        run = [sys.executable, "-c", PROGRAM, "run", str(case), "--quiet"]
        found["asyncsoc sweep, all cores"] = 1e3 * timed(lambda: called(sweep), time.perf_counter) / count

        def run_all() -> None:
            with ThreadPoolExecutor(cores()) as pool:
                list(pool.map(lambda keys: called([*run, "--set", keys[0]]), overrides))

        found["asyncsoc run, all cores"] = 1e3 * timed(run_all, time.perf_counter) / len(overrides)
    return found


def called(command: list[str]) -> None:
    """Run a command to its end on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def test_a_sweep_is_at_least_twice_as_fast_as_runs_of_their_own() -> None:
    """Axisymmetric particles on both cores."""
    found = measure("axisymmetric")
    sys.stdout.write(table(("axisymmetric", "ms per case"), list(found.items())) + "\n")
    assert found["asyncsoc run, all cores"] >= 2.0 * found["asyncsoc sweep, all cores"]


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    result = {kind: measure(kind) for kind in KINDS}
    text = "\n\n".join(table((kind, "ms per case"), list(found.items())) for kind, found in result.items())
    show(result, text, as_json=given.json)
