"""Small sweeps: radial particles that are charged for a moment, so that a case takes milliseconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from asyncsoc.studies.sweep.design import DesignOptions, make_design
from asyncsoc.studies.sweep.plan import Plan

BASE: dict[str, Any] = {
    "name": "small",
    "particle": {"radius": "5 um"},
    "protocol": {"temperature": "60 degC", "steps": ["Charge at {rate} C for 10 minutes", "Rest for 5 minutes"]},
}
TOML = """
[particle]
radius = "5 um"
[protocol]
temperature = "60 degC"
steps = ["Charge at {rate} C for 10 minutes", "Rest for 5 minutes"]
"""


def plan_of(*vary: str, base: dict[str, Any] | None = None, keep: Any = "curves", **wanted: Any) -> Plan:
    keys = BASE if base is None else base
    return Plan("small", keys, make_design(DesignOptions(vary, **wanted), keys), keep)


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    return plan_of


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(TOML)
    return path


@pytest.fixture
def start_command() -> Callable[..., subprocess.Popen[str]]:
    """Start the command line in a process of its own."""

    def start(*arguments: object, **variables: str) -> subprocess.Popen[str]:
        code = "import sys; from asyncsoc.cli.main import main; sys.exit(main())"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def run_command(start_command: Callable[..., subprocess.Popen[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line to its end."""

    def run(*arguments: object, timeout: float = 120.0, **variables: str) -> subprocess.CompletedProcess[str]:
        process = start_command(*arguments, **variables)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run


def payloads(folder: Path, plan: Plan) -> list[bytes | None]:
    """The records of a sweep's cases, in order."""
    from asyncsoc.studies.sweep.folder import load_record_files
    from asyncsoc.studies.sweep.index import Index

    records_index = Index(plan.validate().hashes)
    load_record_files(folder, records_index)
    assert records_index.repeated == 0
    return [records_index.payload(number) for number in range(len(plan.design))]


@pytest.fixture
def records_in() -> Callable[[Path, Plan], list[bytes | None]]:
    return payloads


__all__: Sequence[str] = ()
