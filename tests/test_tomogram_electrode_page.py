"""The page on a volume as one electrode: its table is that of the stored runs, which keep what is promised."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pages import ROOT

PAGE = (ROOT / "docs" / "tomogram_electrode.md").read_text(encoding="utf-8")
STORED = json.loads((ROOT / "benchmarks" / "tomogram_electrode.json").read_text(encoding="utf-8"))
RUNS: list[dict[str, Any]] = STORED["runs"]


def row(name: str) -> list[float]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {name}"))
    return [float(cell.strip()) for cell in line.strip("|").split("|")[1:]]


@pytest.mark.parametrize(
    ("name", "key", "within"),
    [
        ("nodes of a mesh", "nodes, mean", 0.51),
        ("processor time of the threads", "processor time, threads [s]", 0.51),
        ("processor time to assemble", "processor time, assembling [s]", 0.51),
        ("wall time of both", "wall time [s]", 0.51),
        ("memory at the peak [GiB]", "peak memory [GiB]", 0.051),
    ],
)
def test_the_table_is_that_of_the_runs(name: str, key: str, within: float) -> None:
    assert row(name) == pytest.approx([run[key] for run in RUNS], abs=within)


def test_the_runs_keep_what_is_promised() -> None:
    assert [run["particles"] for run in RUNS] == [100, 300, 10_000, 1091]
    assert all(run["lithium balance error"] < 1e-10 and run["peak memory [GiB]"] < 12.0 for run in RUNS)
    assert RUNS[-1]["wall time [s]"] < 15.0 * 60.0
