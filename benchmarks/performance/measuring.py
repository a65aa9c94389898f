"""Memory of this process, measurements in a process of their own, and what every document says of the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from asyncsoc.simulation.results.provenance import source_sha256, versions
from benchmarks.reporting import AnswerError, machine

ROOT = Path(__file__).resolve().parents[2]
_PEERS = ("pybamm", "scikit-fem")


def resident() -> float:
    """Return the resident memory of this process [B]; Linux only."""
    return _status("VmRSS")


def peak() -> float:
    """Return the largest resident memory this process has had [B]; Linux only."""
    return _status("VmHWM")


def forget_peak() -> float:
    """Let the peak start anew from what is resident now, and return that [B]; Linux only."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident()


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return 1024.0 * float(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


def in_a_process(module: str, *arguments: str, threads: int = 1) -> dict[str, Any]:
    """Run `python -m module arguments` and return the JSON document it prints.

    Raises
    ------
    AnswerError
        It failed; the message is its own.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "NUMBA_NUM_THREADS": str(threads)}
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AnswerError(f"{module} {' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def origin() -> dict[str, Any]:
    """Return when, where and with what something was measured."""
    found = dict(versions())
    for name in _PEERS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": found,
        "source SHA-256": source_sha256(),
    }
