"""What a user waits for: the first run from an empty cache, a second one, the help, the import.

    python benchmarks/felt_speed.py [--runs 5] [--cold]

Prints the median of processor and wall time of fresh processes. `--cold` also measures a first run, with a cache folder
of its own that is empty. Python keeps its bytecode, as it does for a user (PYTHONDONTWRITEBYTECODE is taken away).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
CASE = ROOT / "examples" / "cal_vs_hotcal.toml"


def timed(arguments: list[str], **variables: str) -> tuple[float, float]:
    """Return processor and wall time [s] of a fresh process."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=ENVIRONMENT | variables, capture_output=True, text=True, check=False, cwd=ROOT
    )
    wall, after = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or ("--json" in arguments and '"Final voltage [V]":4.2' not in done.stdout):
        sys.exit(f"no answer, no time: {(done.stderr or done.stdout)[:500]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--cold", action="store_true")
    chosen = options.parse_args()
    program = ["-c", "from asyncsoc.cli.main import main; main()"]
    with tempfile.TemporaryDirectory() as folder:
        kept = ["-o", folder, "-q"]
        work = {
            "import asyncsoc": ["-c", "import asyncsoc"],
            "asyncsoc --help": [*program, "--help"],
            "asyncsoc run CASE --json": [*program, "run", str(CASE), "--json"],
            "asyncsoc run CASE -o DIR --no-plot": [*program, "run", str(CASE), *kept, "--no-plot"],
            "asyncsoc run CASE -o DIR": [*program, "run", str(CASE), *kept],
        }
        for name, arguments in work.items():
            timed(arguments)
            times = [timed(arguments) for _ in range(chosen.runs)]
            processor, wall = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name:36} {processor:6.2f} s of processor time, {wall:6.2f} s", flush=True)
    if chosen.cold:
        with tempfile.TemporaryDirectory() as folder:
            processor, wall = timed([*program, "run", str(CASE), "--json"], NUMBA_CACHE_DIR=folder)
            print(f"{'first run, empty cache':36} {processor:6.2f} s of processor time, {wall:6.2f} s")


if __name__ == "__main__":
    main()
