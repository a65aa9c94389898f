"""The page about processes and the million of unknowns: their tables are those of the stored measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import million_unknowns, processes

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


def test_the_table_of_a_million_unknowns_is_that_of_the_measurement() -> None:
    rows = stored("million_unknowns")["rows"]
    assert million_unknowns.shown(rows) in (ROOT / "docs" / "performance.md").read_text()
    assert rows[-1]["unknowns"] == pytest.approx(1e6, rel=0.05)
    iterations = [row["iterations per solve"] for row in rows]
    assert max(iterations) <= million_unknowns.MOST_GROWTH * iterations[0]
