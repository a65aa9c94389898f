"""The quick form of every part: its answers are asserted, its tables shown; only ratios far from their limits hold."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.performance.__main__ import PARTS
from benchmarks.performance.factors import Part, factors_table

LEAST: dict[str, dict[str, float]] = {
    "single": {"as taught, equal steps": 50.0, "as taught, best graded steps": 10.0},
    "sweep": {"as taught, best graded steps": 10.0},
}
"""What small meshes must show on a shared machine, by words of the factor's name."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PARTS)
def test_answers_hold_and_times_are_shown(name: str) -> None:
    """Every part raises where an answer is wrong."""
    part: Part = importlib.import_module(f"benchmarks.performance.{PARTS[name]}").measure(True)
    print(f"\n{part.text}\n")
    if part.factors:
        print(factors_table(part.factors))
    for words, least in LEAST.get(name, {}).items():
        (found,) = [factor for factor in part.factors if words in factor.name]
        assert found.value >= least
