"""The program against the second solver on random cases of every kind of step; what it gets wrong it must say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reference.cases import draw
from tests.reference.compare import Program, compare, run_program
from tests.reference.stored import load

STORED = load()
PROMISED = {"radial": 2e-3, "axisymmetric": 5e-3}
"""Relative error of durations and charges that needs no warning."""
QUICK = {"radial": 36, "axisymmetric": 6}
_SIZE = re.compile(r"step (\d+) \(.*\) lasts about ([\d.e+-]+) % too (long|short)")


def numbers(kind: str, *, quick: bool) -> list[int]:
    every = sorted(int(label.split("-")[2]) for label in STORED if label.startswith(f"{kind}-1-"))
    return every[: QUICK[kind]] if quick else every[QUICK[kind] :]


def named(program: Program) -> dict[int, float]:
    """Return the errors of durations that the program's own warnings name, by step."""
    found = [match for warning in program.warnings if (match := _SIZE.search(warning))]
    return {int(m[1]): float(m[2]) / 100.0 * (1.0 if m[3] == "long" else -1.0) for m in found}


def check(kind: str, number: int) -> None:
    label = f"{kind}-1-{number}"
    program = run_program(draw(kind, 1, number).keys())
    assert not program.failure, label
    warned = named(program)
    smallest = max(1e-16, 1e-6 * max(abs(step.get("charge", 0.0)) for step in STORED[label]))
    for place, reference in enumerate(STORED[label]):
        if place >= len(program.steps):
            assert reference["reason"] == "infeasible" or program.infeasible, label
            return
        mine = program.steps[place]
        if reference["duration"] == 0.0 and mine.duration == 0.0:
            continue
        assert mine.reason == reference["reason"], (label, place + 1)
        for value, expected, error in (
            (mine.duration, reference["duration"], reference.get("duration_error", 0.0)),
            (mine.charge, reference.get("charge", 0.0), reference.get("charge_error", 0.0)),
        ):
            if abs(expected) <= smallest:
                continue  # a rest passes no charge but rounding
            off = value / expected - 1.0
            assert abs(off) <= PROMISED[kind] + 2.0 * error or says_so(off, warned.get(place + 1), warned), (
                label, place + 1, off, warned,
            )  # fmt: skip


def says_so(off: float, size: float | None, warned: dict[int, float]) -> bool:
    """Whether a warning names the step's error to a factor of three, or at least one as large of a step before it."""
    if size is not None:
        return size / 3.0 <= off <= 3.0 * size
    return any(abs(off) <= abs(other) for other in warned.values())


@pytest.mark.parametrize("number", numbers("radial", quick=True))
def test_radial(number: int) -> None:
    check("radial", number)


@pytest.mark.parametrize("number", numbers("axisymmetric", quick=True))
def test_axisymmetric(number: int) -> None:
    check("axisymmetric", number)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["radial", "axisymmetric"])
def test_all_that_are_stored(kind: str) -> None:
    for number in numbers(kind, quick=False):
        check(kind, number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(12))
def test_radial_beside_the_second_solver_itself(number: int) -> None:
    one = compare(draw("radial", 5, number))
    assert not one.failure
    assert one.bad() == [], [one.steps[k] for k in one.bad()]


def as_kept(number: int) -> list[dict[str, Any]]:
    return STORED[f"radial-1-{number}"]


def test_the_stored_table_is_the_second_solvers() -> None:
    one = compare(draw("radial", 1, 0))
    for step, kept in zip(one.steps, as_kept(0), strict=True):
        assert step.reason == kept["reason"]
        assert step.duration == pytest.approx(kept["duration"], rel=1e-6)
        assert step.charge == pytest.approx(kept["charge"], rel=1e-6)
