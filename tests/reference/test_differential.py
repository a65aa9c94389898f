"""The program against the second solver on random cases of every kind of step; what it gets wrong it must say.

    python -m tests.reference.test_differential

computes every stored case; the tests repeat a share of them.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reference.cases import draw
from tests.reference.compare import Program, compare, run_program, thin_charge
from tests.reference.materials import theoretical_capacity
from tests.reference.stored import load

STORED = load()
PROMISED = {"radial": 2e-3, "axisymmetric": 5e-3, "3d": 1e-2}
"""Relative error of durations and charges that needs no warning."""
SIDE = 1e-2
"""Relative error of the side charge."""
QUICK = {"radial": 30, "axisymmetric": 5, "radial-coupled": 12, "radial-report": 4, "radial-temperatures": 8}
SHARE = 4
"""Of the cases that the quick tests leave, the slow ones repeat one in so many."""
KINDS = sorted({label.rsplit("-", 2)[0] for label in STORED})
_SIZE = re.compile(r"step (\d+) \(.*\) lasts about ([\d.e+-]+) % too (long or short|long|short)")


def numbers(kind: str, *, quick: bool) -> list[int]:
    every = sorted(int(label.rsplit("-", 1)[1]) for label in STORED if label.rsplit("-", 2)[0] == kind)
    first = QUICK.get(kind, 0)
    return every[:first] if quick else every[first::SHARE]


def named(program: Program) -> dict[int, float]:
    """Return the errors of durations that the program's own warnings name, by step."""
    found = [match for warning in program.warnings if (match := _SIZE.search(warning))]
    return {int(m[1]): float(m[2]) / 100.0 * (-1.0 if m[3] == "short" else 1.0) for m in found}


def check(kind: str, number: int) -> None:
    label = f"{kind}-1-{number}"
    specimen = draw(kind, 1, number)
    program = run_program(specimen.keys())
    assert not program.failure, label
    warned = named(program)
    least = 1e-3 * theoretical_capacity(specimen.radius)  # smaller charges count as this, as in `StepDifference`
    for place, reference in enumerate(STORED[label]):
        if place >= len(program.steps):
            assert reference["reason"] == "infeasible" or program.infeasible, label
            return
        mine = program.steps[place]
        if reference["duration"] == 0.0 and mine.duration == 0.0:
            continue
        assert mine.reason == reference["reason"], (label, place + 1)
        for value, expected, scale, error in (
            (mine.duration, reference["duration"], reference["duration"], reference.get("duration_error", 0.0)),
            (mine.charge, reference.get("charge", 0.0), least, reference.get("charge_error", 0.0)),
        ):
            off = (value - expected) / max(abs(expected), scale)
            allowed = PROMISED[kind.split("-", maxsplit=1)[0]] + 2.0 * error
            known = says_so(off, warned.get(place + 1), warned)
            assert abs(off) <= allowed or known, (label, place + 1, off, warned)
        if "side" in reference and mine.side is not None:
            enough = max(reference["side"], thin_charge(specimen))
            assert abs(mine.side[-1] - reference["side"]) <= (SIDE + 2.0 * reference["side_error"]) * enough, label


def says_so(off: float, size: float | None, warned: dict[int, float]) -> bool:
    """Whether a warning names the step's error to a factor of three, or at least one as large of a step before it."""
    if size is not None:  # of a held voltage it is not known whether too long or too short
        return size / 3.0 <= off <= 3.0 * size or size / 3.0 <= -off <= 3.0 * size
    return any(abs(off) <= abs(other) for other in warned.values())


@pytest.mark.parametrize(("kind", "number"), [(kind, k) for kind in QUICK for k in numbers(kind, quick=True)])
def test_beside_what_is_stored(kind: str, number: int) -> None:
    check(kind, number)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_what_is_stored(kind: str) -> None:
    for number in numbers(kind, quick=False):
        check(kind, number)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), [(k, n) for k in ("radial", "radial-coupled") for n in range(8)])
def test_radial_beside_the_second_solver_itself(kind: str, number: int) -> None:
    one = compare(draw(kind, 5, number))
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


if __name__ == "__main__":
    for label in STORED:
        name, _, case = label.rsplit("-", 2)
        check(name, int(case))
        print(label, "as stored", flush=True)
