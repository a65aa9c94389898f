"""Sweeps under SIGKILL: parent, worker, writer, during form compilation; nothing recorded is lost, doubled or changed.

    python benchmarks/sweep_kills.py --kills 200        or        pytest benchmarks/sweep_kills.py -s

Sweeps are started from the command line with random numbers of workers and batch widths, killed at random moments and
resumed until the kills are used up. After every kill each record that was on the disk must still be there with the
same bytes, and at the end every case must be there once with the bytes of an uninterrupted sweep of one worker.
Linux only: processes are found in /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting import machine, table

from asyncsoc.base.kernel_cache import cache_base
from asyncsoc.studies.sweep.folder import load_record_files
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.plan import Plan

CASE = """
[particle]
radius = "5 um"
[protocol]
temperature = "60 degC"
steps = ["Charge at {rate} C for 10 minutes"]
"""
TARGETS = ("worker", "writer", "parent", "form compilation")
WEIGHTS = (4, 3, 3, 2)
PROGRAM = "import sys; from asyncsoc.cli.main import main; sys.exit(main())"
PATIENCE = 120.0  # s


@dataclass
class Tally:
    """What was killed, and what came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    resumes: int = 0
    checked: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    quarantined: int = 0


class Sweep:
    """A sweep in a folder of its own, started and resumed from the command line."""

    def __init__(self, root: Path, case: Path, cases: int, random: random.Random) -> None:
        self.folder, self._case, self._cases, self._random = root / "sweep", case, cases, random
        self.cache = root / "cache"
        self._process: subprocess.Popen[bytes] | None = None
        self._index: Index | None = None
        self._known: dict[int, bytes] = {}

    def start(self) -> None:
        """Start or resume it, with another number of workers and another batch width."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CACHE_HOME": str(self.cache)}
        environment["NUMBA_CACHE_DIR"] = str(cache_base())  # forms are compiled anew, kernels are not
        options = ["--workers", str(self._random.choice((1, 2, 3))), "--batch", str(self._random.choice((1, 3, 8, 40)))]
        vary = ["--vary", f"rate=0.1:1:{self._cases}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "sweep", str(self._case), *vary, "-o", str(self.folder), "--resume",
             "--no-collect", "--quiet", *options],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def running(self) -> bool:
        """Whether its parent process lives."""
        return self._process is not None and self._process.poll() is None

    def finish(self) -> int:
        """Wait for its end and return the exit code."""
        return -1 if self._process is None else self._process.wait(PATIENCE)

    def kill_parent(self) -> bool:
        """Kill the parent, and wait until its workers have noticed."""
        if not self.running or self._process is None:
            return False
        workers = children(self._process.pid)
        self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + PATIENCE
        while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.01)
        return True

    def kill_worker(self) -> bool:
        """Kill one of the workers."""
        workers = children(self._process.pid) if self.running and self._process is not None else []
        return bool(workers) and killed(self._random.choice(workers))

    def kill_writer(self) -> bool:
        """Kill a worker in the moment its shard grows."""
        before = self._sizes()
        while self.running and self._process is not None:
            for path, size in self._sizes().items():
                if size > before.get(path, 0):
                    writers = [pid for pid in children(self._process.pid) if has_open(pid, path)]
                    return bool(writers) and killed(writers[0])
        return False

    def kill_compiling(self) -> bool:
        """Kill a worker while it waits for the compiler of a form; the next one finds what was left half-made."""
        if not list((self.cache / "asyncsoc" / "forms").glob("*.c.cached")):
            self.kill_worker()  # nothing to see yet: the one that comes compiles
        else:
            shutil.rmtree(self.cache, ignore_errors=True)
            self.kill_worker()
        while self.running and self._process is not None:
            forms = self.cache / "asyncsoc" / "forms"
            if any(not path.with_suffix(".c.cached").exists() for path in forms.glob("*.c")):
                compiling = [pid for pid in children(self._process.pid) if children(pid)]
                if compiling:
                    return killed(compiling[0])
        return False

    def check(self, tally: Tally) -> None:
        """Compare what is on the disk with what was there before."""
        found = self.records()
        tally.lost += len(set(self._known) - set(found))
        tally.changed += sum(found[number] != data for number, data in self._known.items() if number in found)
        tally.checked += len(self._known)
        self._known = found

    def records(self) -> dict[int, bytes]:
        """Return what is on the disk."""
        if not (self.folder / "manifest.json").is_file():
            return {}
        plan = Plan.read(self.folder)
        records_index = Index(plan.validated_cases(self.folder).hashes)
        load_record_files(self.folder, records_index)
        self._index = records_index
        done = (number for number in range(len(plan.design)) if records_index.status(number) == "done")
        return {number: data for number in done if (data := records_index.payload(number)) is not None}

    @property
    def repeated(self) -> int:
        """Records that are there twice."""
        return 0 if self._index is None else self._index.repeated

    @property
    def quarantined(self) -> int:
        """Cases that were killed twice by chance."""
        return 0 if self._index is None else self._index.counts().quarantined

    def _sizes(self) -> dict[str, int]:
        try:
            with os.scandir(self.folder / "shards") as entries:
                return {entry.path: entry.stat().st_size for entry in entries}
        except OSError:
            return {}


def children(pid: int) -> list[int]:
    """Return the numbers of the processes that `pid` has started."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]
    except OSError:
        return []


def has_open(pid: int, path: str) -> bool:
    """Return whether a process has a file open."""
    try:
        return any(entry.readlink() == Path(path) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def killed(pid: int) -> bool:
    """Kill a process; return whether it was there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def one_round(root: Path, case: Path, cases: int, chance: random.Random, left: int, tally: Tally) -> Sweep:
    """Run one sweep to its end, killing as long as kills are left."""
    sweep = Sweep(root, case, cases, chance)
    sweep.start()
    target = TARGETS[-1]  # a new sweep begins with its forms
    while True:
        if target != TARGETS[-1]:
            time.sleep(chance.uniform(0.0, 3.0))
        if sum(tally.kills.values()) < left and sweep.running:
            kill = {
                "worker": sweep.kill_worker,
                "writer": sweep.kill_writer,
                "parent": sweep.kill_parent,
                "form compilation": sweep.kill_compiling,
            }[target]
            if kill():
                tally.kills[target] += 1
                sweep.check(tally)
        elif sweep.running:
            sweep.finish()
        if not sweep.running:
            sweep.check(tally)
            tally.quarantined += sweep.quarantined
            if len(sweep.records()) == cases:
                return sweep
            tally.resumes += 1
            sweep.start()
        target = chance.choices(TARGETS, WEIGHTS)[0]


def measure(kills: int, cases: int, seed: int) -> dict[str, Any]:
    """Kill until the kills are used up; return the tally."""
    chance, tally, began = random.Random(seed), Tally(), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        case = root / "small.toml"
        case.write_text(CASE)
        reference = one_round(root / "reference", case, cases, chance, 0, Tally()).records()
        while sum(tally.kills.values()) < kills:
            tally.rounds += 1
            sweep = one_round(root / f"round-{tally.rounds}", case, cases, chance, kills, tally)
            found = sweep.records()
            tally.doubled += sweep.repeated
            tally.lost += len(set(reference) - set(found))
            tally.changed += sum(found[number] != data for number, data in reference.items() if number in found)
            tally.checked += len(reference)
            shutil.rmtree(root / f"round-{tally.rounds}")
    return {
        "kills": dict(tally.kills),
        "kills in all": sum(tally.kills.values()),
        "sweeps": tally.rounds,
        "cases in each": cases,
        "resumes": tally.resumes,
        "records checked": tally.checked,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "changed": tally.changed,
        "killed twice by chance, quarantined, recovered by the next resume": tally.quarantined,
        "time [s]": time.monotonic() - began,
        "machine": machine(),
    }


def test_sweeps_survive_being_killed() -> None:
    """A few kills of each kind; nothing lost, doubled or changed."""
    found = measure(int(os.environ.get("ASYNCSOC_KILLS", "20")), 200, seed=0)
    sys.stdout.write(shown(found))
    assert (found["lost"], found["doubled"], found["changed"]) == (0, 0, 0)


def shown(found: dict[str, Any]) -> str:
    """Return the tally as a table."""
    rows = [(f"killed: {name}", count) for name, count in found["kills"].items()]
    rows += [(name, value) for name, value in found.items() if name not in ("kills", "machine")]
    return table(("sweeps under SIGKILL", ""), rows) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(given.kills, given.cases, given.seed)
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if given.json else shown(result))
    sys.exit(0 if result["lost"] == result["doubled"] == result["changed"] == 0 else 3)
