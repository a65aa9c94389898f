"""Signals at random moments of commands that take long: nothing left behind, nothing half-written, no traceback."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attack.seeds import SWEPT, VOLUME
from benchmarks.attack.worker import ROOT, processes_of

SCRIPT = "import sys\nfrom asyncsoc.cli.main import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
CYCLES = """
[contact]
kind = "cap"
coverage = 0.3
[[protocol.cycle]]
repeat = 40
steps = ["Charge at C/2 until 4.2 V", "Discharge at C/2 until 3.2 V"]
"""
PATIENCE = 60.0  # s
_ENDS = {signal.SIGINT: (130,), signal.SIGTERM: (143,), signal.SIGHUP: (129,), signal.SIGKILL: (-9,)}
_DASKS_OWN = ("dask-scratch-space", "purge.lock", "global.lock")
"""What Dask leaves in the temporary folder whenever it has run."""
_START = 1.0
"""Seconds in which Python itself and the imports of the program begin: a signal then ends it as it ends any program."""


@dataclass(frozen=True)
class Long:
    """A command that takes long, and how long it takes about [s]."""

    name: str
    words: tuple[str, ...]
    seconds: float


def signalled(place: Path, count: int, rng: random.Random) -> tuple[Counter[str], list[str]]:
    """Send `count` signals; return how the commands ended and what was found."""
    codes: Counter[str] = Counter()
    findings: list[str] = []
    inputs = _inputs(place / "long")
    commands = _commands(inputs)
    for number in range(count):
        command = commands[number % len(commands)]
        sent = rng.choice((signal.SIGINT, signal.SIGTERM, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP))
        folder = place / f"signal-{number}"
        shutil.copytree(inputs, folder)
        code, wrong = _one(command, folder, sent, _START + rng.random() * command.seconds, group=rng.random() < 0.4)
        codes[f"{sent.name} {code}"] += 1
        if wrong is None:
            shutil.rmtree(folder)
        else:
            findings.append(f"{command.name}, {sent.name}: {wrong}")
            print(findings[-1], flush=True)
    shutil.rmtree(inputs, ignore_errors=True)
    return codes, findings


def _one(command: Long, folder: Path, sent: signal.Signals, after: float, *, group: bool) -> tuple[str, str | None]:
    temporary = folder / "tmp"
    temporary.mkdir()
    log = folder / "said"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, str(folder / "asyncsoc"), *command.words],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "MPLBACKEND": "Agg"},
        )  # fmt: skip
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        if group and sent == signal.SIGINT:  # as a terminal does
            os.killpg(process.pid, sent)
        else:
            process.send_signal(sent)
    try:
        code = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return "none", f"did not end in {PATIENCE:.0f} s"
    deadline = time.monotonic() + 10.0
    while (alive := processes_of(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return str(code), _fault(code, sent, alive, folder, temporary, log.read_text(errors="replace"))


def _fault(code: int, sent: signal.Signals, alive: list[int], folder: Path, temporary: Path, said: str) -> str | None:
    left = [path.name for path in temporary.rglob("*") if path.name not in _DASKS_OWN]
    halves = [str(path.relative_to(folder)) for path in (folder / "out").rglob("*") if ".tmp" in path.name]
    if alive:
        return f"{len(alive)} processes outlived it"
    if left and sent != signal.SIGKILL:
        return f"left behind: {left[:3]}"
    if [name for name in left if name.startswith("asyncsoc-")]:
        return f"left behind: {left[:3]}"
    if halves:
        return f"half-written: {halves[:3]}"
    if sent != signal.SIGKILL and "Traceback" in said:
        return "a traceback"
    if code not in (0, *_ENDS[sent], -sent):  # the last: it had not begun, or was done
        return f"exit code {code}: {said[-300:]}"
    return _unreadable(folder)


def _unreadable(folder: Path) -> str | None:
    """Return what was kept and cannot be read, None where all can."""
    from asyncsoc.base.errors import AsyncsocError
    from asyncsoc.simulation.results.solution import Solution

    try:
        for path in [*folder.glob("out/*.vtkhdf"), *folder.glob("asyncsoc-output/*.vtkhdf")]:
            Solution.load(path)
        for path in folder.glob("out/*.json"):
            json.loads(path.read_text(encoding="utf-8"))
    except (AsyncsocError, ValueError) as error:
        return f"kept but damaged: {error}"
    return None


def _inputs(folder: Path) -> Path:
    import numpy as np

    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.split import split_particles
    from asyncsoc.tomography.synthetic import sphere_pack

    folder.mkdir()
    (folder / "asyncsoc").write_text(SCRIPT, encoding="utf-8")
    (folder / "cycles.toml").write_text(CYCLES, encoding="utf-8")
    (folder / "sweep.toml").write_text(SWEPT, encoding="utf-8")
    (folder / "charge.toml").write_text('[protocol]\nsteps = ["Charge at C/2 until 4.2 V"]\n', encoding="utf-8")
    build_sphere_mesh = sphere_pack((60, 60, 60), radius=(7.0, 9.0), seed=5, coverage=0.5)
    np.save(folder / "volume.npy", np.array([0, 2, 1, 3], np.uint8)[build_sphere_mesh.volume.phases])
    mesh_particles(build_sphere_mesh.volume, split_particles(build_sphere_mesh.volume), folder=folder / "particles")
    return folder


def _commands(inputs: Path) -> tuple[Long, ...]:
    workers = ("--workers", "2", "-o", "out")
    return (
        Long("run", ("run", "cycles.toml", "-o", "out"), 8.0),
        Long("tomo mesh", ("tomo", "mesh", "volume.npy", *VOLUME, "--min-voxels", "300", *workers), 8.0),
        Long("tomo charge", ("tomo", "charge", "particles", "charge.toml", *workers), 12.0),
        Long("sweep", ("sweep", "sweep.toml", "--vary", "rate=0.1:1:400", *workers), 8.0),
        Long("dask", ("sweep", "sweep.toml", "--vary", "rate=0.1:1:400", "--dask", "local", *workers), 10.0),
        Long("tomo stats", ("tomo", "stats", "volume.npy", *VOLUME, "--mesh", "--min-voxels", "300", *workers), 8.0),
    )
