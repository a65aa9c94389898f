"""The page about processes: its table is that of the stored measurement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import processes

ROOT = Path(__file__).parent.parent


def stored(name: str) -> Any:
    return json.loads((ROOT / "benchmarks" / f"{name}.json").read_text())


def test_the_table_of_processes_is_that_of_the_measurement() -> None:
    assert processes.shown(stored("processes")) in (ROOT / "docs" / "processes.md").read_text()


def test_what_was_measured_of_processes_meets_what_is_asked_for() -> None:
    found = stored("processes")
    assert found["speed-up of the work, 2 processes"] >= 1.6
    assert found["speed-up of the wall time, 2 processes"] >= 1.6
    steps = {one["attempted steps"] for one in found["processes"].values()}
    assert len(steps) == 1
