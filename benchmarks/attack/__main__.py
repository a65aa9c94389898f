"""Attack the command line with mutated inputs and signals; fail with what reproduces a finding.

    python -m benchmarks.attack --inputs 10000 --signals 200 --seed 1 [--only cases --only volumes] [--keep DIR]

Every command must end with 0, 2, 3 or 4 (130 where it was asked to end after 8 s of its own time), say nothing of
"unexpected", nor a traceback, stay below 2 GiB and 20 s of processor time, print less than 20 kB of errors, and leave
no process and no temporary file. Inputs that break this are kept with the command. Linux only: processes are watched
through /proc.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.attack.mutations import mutate
from benchmarks.attack.seeds import Kind, copied, make_kinds
from benchmarks.attack.worker import Ended, Worker

ALLOWED = (0, 2, 3, 4)
MOST_SAID = 20_000
KINDS = ("cases", "protocols", "results", "sweeps", "meshes", "volumes", "phases", "entries", "csv", "manifests")
SIGNALS = "signals"
_RESTART = 300


@dataclass
class Tally:
    """What became of the inputs of one kind."""

    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0
    findings: list[str] = field(default_factory=list)


def fault(ended: Ended, left: list[str]) -> str | None:
    """Return what is wrong with how a command ended, None where nothing is."""
    said = ended.said
    allowed = (*ALLOWED, 130) if ended.interrupted else ALLOWED
    if ended.code is None:
        return ended.why
    if ended.code not in allowed:
        return f"exit code {ended.code}"
    if "error: unexpected" in said or "Traceback" in said:
        line = next(line for line in said.splitlines() if "unexpected" in line or "Traceback" in line)
        return line[:160]
    errors = "\n".join(line for line in said.splitlines() if not line.startswith("{"))
    if len(errors) > MOST_SAID:
        return f"{len(errors)} characters of errors"
    return f"left behind: {left[:3]}" if left else None


def attack(kind: Kind, name: str, count: int, rng: random.Random, worker: Worker, keep: Path) -> Tally:
    """Run `count` mutated inputs of a kind."""
    tally = Tally()
    others = [
        file.read_bytes()[:100_000]
        for seed in kind.seeds
        for file in ([seed] if seed.is_file() else seed.rglob("*.json"))
    ]
    for number in range(count):
        if worker.done >= _RESTART:
            worker.restart()
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-{number}-", dir=keep))
        target = copied(rng.choice(kind.seeds), folder)
        mutate(target, rng, others)
        words = kind.words(target, rng)
        ended = worker.run(words)
        wrong = fault(ended, worker.left_behind())
        tally.codes[str(ended.code)] += 1
        tally.slowest, tally.largest = max(tally.slowest, ended.seconds), max(tally.largest, ended.memory)
        if wrong is None:
            shutil.rmtree(folder)
            continue
        shutil.rmtree(worker.temporary, ignore_errors=True)
        worker.temporary.mkdir(exist_ok=True)
        tally.findings.append(f"{wrong}\n    asyncsoc {' '.join(words)}"[:600])
        (folder / "finding.txt").write_text(f"{wrong}\n{words}\n\n{ended.said[-4000:]}", encoding="utf-8")
        print(f"{name}: {tally.findings[-1]}", flush=True)
    return tally


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attack", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="mutated inputs of all kinds together")
    parser.add_argument("--signals", type=int, default=20, help="signals over the commands that take long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=(*KINDS, SIGNALS), help="may be given again")
    parser.add_argument("--keep", type=Path, help="where findings are kept; a temporary folder else")
    return parser.parse_args()


def main() -> int:
    """Attack, print a table, and return 1 where anything was found."""
    options = parsed()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="asyncsoc-attack-"))
    keep.mkdir(parents=True, exist_ok=True)
    only, began = options.only or (*KINDS, SIGNALS), time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="seeds-", dir=keep))
    kinds = {name: kind for name, kind in make_kinds(place / "seeds").items() if name in only}
    tallies: dict[str, Tally] = {}
    if kinds and options.inputs:
        weight = sum(kind.share for kind in kinds.values())
        worker = Worker(place)
        for name, kind in kinds.items():
            rng = random.Random(f"{options.seed} {name}")
            count = max(round(options.inputs * kind.share / weight), 1)
            tallies[name] = attack(kind, name, count, rng, worker, keep)
        worker.close()
    if SIGNALS in only and options.signals:
        from benchmarks.attack.signals import signalled

        tally = Tally()
        tally.codes, tally.findings = signalled(keep, options.signals, random.Random(options.seed))
        tallies[SIGNALS] = tally
    found = sum(len(tally.findings) for tally in tallies.values())
    _print(tallies, time.monotonic() - began)
    shutil.rmtree(place, ignore_errors=True)
    if found:
        print(f"{found} findings, kept in {keep}")
    elif options.keep is None:
        shutil.rmtree(keep, ignore_errors=True)
    return 1 if found else 0


def _print(tallies: dict[str, Tally], seconds: float) -> None:
    print(f"\n{'kind':<12}{'inputs':>8}{'findings':>10}{'slowest [s]':>13}{'memory [MiB]':>14}  exit codes")
    for name, tally in tallies.items():
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.codes.items()))
        total, found = sum(tally.codes.values()), len(tally.findings)
        print(f"{name:<12}{total:>8}{found:>10}{tally.slowest:>13.1f}{tally.largest / 2**20:>14.0f}  {codes}")
    print(f"{sum(sum(t.codes.values()) for t in tallies.values())} in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
