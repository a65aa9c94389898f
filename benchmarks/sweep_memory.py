"""Ten thousand radial cases in one go: memory while it runs, time, size on the disk.

    python benchmarks/sweep_memory.py [--cases 10000] [--workers 2] [--figure FILE]
    pytest benchmarks/sweep_memory.py -s

The resident memory of the parent and of every worker is read from /proc twice a second (Linux only). Asserted first:
every case is carried out, and a few, drawn at random, have the curves of a run of their own. Memory counts as flat
where no process grows by more than a tenth over the second half of the sweep.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from reporting import AnswerError, arguments, machine, require, show, table
from sweep_kills import PROGRAM, children

from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.sweep.load import SweepArchive

CASE = """
[particle]
radius = "5 um"
[protocol]
temperature = "60 degC"
steps = ["Charge at {rate} C until 4.2 V"]
"""
FLAT = 0.1
CHECKED = 5
_PERIOD = 0.5  # s


def resident(pid: int) -> float:
    """Return the resident memory of a process [MB], NaN where it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return float(line.split()[1]) / 1e3
    except OSError:
        pass
    return float("nan")


def watched(command: list[str]) -> tuple[float, dict[str, list[tuple[float, float]]]]:
    """Run a command; return its time [s] and, per process, the memory [MB] at each time."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    curves: dict[str, list[tuple[float, float]]] = {"parent": []}
    workers: dict[int, str] = {}
    while process.poll() is None:
        now = time.monotonic() - began
        curves["parent"].append((now, resident(process.pid)))
        for pid in children(process.pid):
            name = workers.setdefault(pid, f"worker {len(workers) + 1}")
            curves.setdefault(name, []).append((now, resident(pid)))
        time.sleep(_PERIOD)
    if process.returncode != 0:
        raise AnswerError(f"the sweep ended with exit code {process.returncode}")
    return time.monotonic() - began, curves


def growth(curve: list[tuple[float, float]]) -> float:
    """Return by what share the memory grew over the second half of the run."""
    times, values = np.array(curve).T
    good = np.isfinite(values)
    times, values = times[good], values[good]
    middle = (times > 0.4 * times[-1]) & (times <= 0.6 * times[-1])
    return float(np.median(values[times > 0.8 * times[-1]]) / np.median(values[middle]) - 1.0)


def check(folder: Path, count: int) -> None:
    """Compare a few cases with runs of their own.

    Raises
    ------
    AnswerError
        They differ, or a case was not carried out.
    """
    archive = SweepArchive.open(folder)
    done = archive.records_index.counts().done
    require("cases not carried out", count - done, 0.0)
    for number in random.Random(0).sample(range(count), CHECKED):
        record = archive.record(number)
        columns = simulate(archive.plan.case(number)).columns
        rows = np.isin(columns[names.TIME], record.columns[names.TIME]) if record is not None else []
        if record is None or not np.isin(record.columns[names.VOLTAGE], columns[names.VOLTAGE][rows]).all():
            raise AnswerError(f"case {number} of the sweep differs from its own run")


def measure(cases: int, workers: int, figure: str = "") -> dict[str, Any]:
    """Run the sweep and watch it."""
    rates = round(cases**0.5)
    with tempfile.TemporaryDirectory() as place:
        folder, case = Path(place) / "sweep", Path(place) / "radial.toml"
        case.write_text(CASE)
        axes = ["--vary", f"rate=0.05:0.5:{rates}:log", "--vary", f"kinetics.film_resistance=0:0.01:{cases // rates}"]
        command = [sys.executable, "-c", PROGRAM, "sweep", str(case), *axes, "-o", str(folder), "--quiet"]
        seconds, curves = watched([*command, "--workers", str(workers), "--no-collect"])
        count = rates * (cases // rates)
        check(folder, count)
        shards = sum(path.stat().st_size for path in (folder / "shards").iterdir())
        collected, collecting = watched([*command[:3], "sweep", "collect", str(folder)])
        dataset = sum(path.stat().st_size for path in folder.glob("sweep.*"))
    if figure:
        draw(curves, count, seconds, Path(figure))
    return {
        "cases": count,
        "workers": workers,
        "time [s]": seconds,
        "cases per second": count / seconds,
        "core time per case [ms]": 1e3 * workers * seconds / count,
        "records on disk [MB]": shards / 1e6,
        "per case [kB]": shards / count / 1e3,
        "collecting [s]": collected,
        "data set, table and picture [MB]": dataset / 1e6,
        "memory of collecting [MB]": max(value for _, value in collecting["parent"]),
        "memory [MB]": {name: max(value for _, value in curve) for name, curve in curves.items()},
        "growth over the second half": {name: growth(curve) for name, curve in curves.items()},
    }


def draw(curves: dict[str, list[tuple[float, float]]], count: int, seconds: float, path: Path) -> None:
    """Draw the memory of every process over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.6), dpi=150, layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(*np.array(curve).T, label=name)
    axes.set(xlabel="Time [s]", ylabel="Resident memory [MB]", ylim=(0.0, None))
    axes.set_title(f"{count} radial cases in {seconds:.0f} s", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path)


def shown(found: dict[str, Any]) -> str:
    """Return the numbers as a table."""
    rows: list[tuple[str, object]] = []
    for name, value in found.items():
        if isinstance(value, dict):
            rows += [(f"{name}: {part}", number) for part, number in value.items()]
        else:
            rows.append((name, value))
    return table(("sweep", ""), rows)


def test_memory_stays_flat() -> None:
    """As many cases as take much longer than the workers' start: memory does not grow."""
    found = measure(int(os.environ.get("ASYNCSOC_SWEEP_CASES", "30000")), 2)
    sys.stdout.write(shown(found) + "\n")
    assert all(abs(share) < FLAT for share in found["growth over the second half"].values())


if __name__ == "__main__":
    given = arguments(__doc__ or "", cases=10_000, workers=2, figure="")
    result = measure(given.cases, given.workers, given.figure)
    show({**result, "machine": machine()}, shown(result), as_json=given.json)
