"""A share of `python -m benchmarks.attack` with a fixed seed: mutated inputs of every kind, and signals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KINDS = ("cases", "protocols", "results", "sweeps", "meshes", "volumes", "phases", "entries", "csv", "manifests")
ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc"),
]


def attack(*options: str, keep: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.attack", *options, "--keep", str(keep)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


def test_mutated_inputs_of_every_kind(tmp_path: Path) -> None:
    done = attack("--inputs", "120", "--signals", "0", "--seed", "11", keep=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in (
        "cases",
        "protocols",
        "results",
        "sweeps",
        "meshes",
        "volumes",
        "phases",
        "entries",
        "csv",
        "manifests",
    ):
        assert f"\n{kind} " in done.stdout


def test_signals_at_random_moments(tmp_path: Path) -> None:
    done = attack("--only", "signals", "--signals", "6", "--seed", "5", keep=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_finding_is_a_failure_and_is_kept(tmp_path: Path) -> None:
    """The harness itself: what a command must not do is found."""
    from benchmarks.attack.__main__ import fault
    from benchmarks.attack.worker import Ended

    sound = Ended(2, "", 0.1, 1 << 20, "error: out of range\n  where: x\n")
    assert fault(sound, []) is None
    assert fault(sound, ["asyncsoc-mesh-x"]) is not None
    for code, said in (
        (1, ""),
        (15, ""),
        (2, "Traceback (most recent call last)"),
        (3, "error: unexpected KeyError: 'x'"),
    ):
        assert fault(Ended(code, "", 0.1, 1 << 20, said), []) is not None
    assert fault(Ended(None, "took 2.1 GiB", 0.1, 3 << 30, ""), []) == "took 2.1 GiB"
    assert fault(Ended(2, "", 0.1, 1 << 20, "error: x\n" * 10_000), []) is not None
    assert fault(Ended(130, "", 9.0, 1 << 20, "", interrupted=True), []) is None
