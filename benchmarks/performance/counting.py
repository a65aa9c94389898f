"""How many iterations the linear solves took: read from the integrator's own arrays, where it counts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from asyncsoc.solver import integrate as room
from asyncsoc.solver.checkpoints import RunOutcome

_STACK = "problem_arrays"
SOLVES_PER_STEP = 6
"""The stages of the default method; under a uniform flux the border takes no iterations."""


@contextmanager
def counted() -> Iterator[list[float]]:
    """Receive the iterations of every member that is integrated inside, once it is left; nothing without a counter."""
    found: list[float] = []
    seen: list[Any] = []
    original = room.__dict__[_STACK]

    def kept(*arguments: Any) -> Any:
        seen.append(original(*arguments))
        return seen[-1]

    setattr(room, _STACK, kept)
    try:
        yield found
    finally:
        setattr(room, _STACK, original)
        for stacked in seen:
            found.extend(float(value) for body in stacked.bodies for value in body.iterations)


def per_solve(counts: Sequence[float], outcomes: Sequence[RunOutcome]) -> float | None:
    """Return the mean iterations of a solve; None where none were counted, as where the solve is direct."""
    solves = SOLVES_PER_STEP * sum(outcome.accepted + outcome.rejected for outcome in outcomes)
    return sum(counts) / solves if sum(counts) > 0.0 else None


def lanes() -> int:
    """Return how many members the kernels carry side by side, reading K once for all of them."""
    try:
        from asyncsoc.base import lanes as side_by_side
    except ImportError:
        return 1
    return int(getattr(side_by_side, "WIDTH", 1))
