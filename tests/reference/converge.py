"""Values that no longer depend on the grid: runs on several grids, extrapolated, with an estimate of what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tests.reference.grid import Resolution, sphere
from tests.reference.materials import X_MAX, X_MIN
from tests.reference.particle import Physics
from tests.reference.protocol import ProtocolStep, Run, simulate

LEVELS = (0.7, 1.0, 1.4)  # number of cells along each direction over that of the working grid


@dataclass(frozen=True)
class Problem:
    """All that defines a run but the grid's fineness and the tolerance."""

    radius: float  # m
    kind: str  # full, cap or belt
    coverage: float
    physics: Physics
    initial: float
    protocol: tuple[ProtocolStep, ...]
    unit: float  # A at 1 C
    window: tuple[float, float] = (X_MIN, X_MAX)
    resolution: Resolution = field(default_factory=Resolution)


@dataclass(frozen=True)
class Estimate:
    """A value extrapolated to vanishing cells, and the estimated error of the finest run and of the extrapolation."""

    value: Any  # a number or an array of them
    finest: Any
    error: Any  # of `value`


def run(problem: Problem, level: float = 1.0, tolerance: float = 1e-7) -> Run:
    """Run on the working grid with `level` times as many cells along each direction."""
    resolution = replace(problem.resolution, refine=level * problem.resolution.refine)
    kind = "full" if problem.coverage == 1.0 else problem.kind
    grid = sphere(problem.radius, kind, problem.coverage, resolution)
    return simulate(
        grid, problem.physics, problem.initial, list(problem.protocol), problem.unit, tolerance, problem.window
    )


def runs(problem: Problem, levels: tuple[float, ...] = LEVELS, tolerance: float = 1e-7) -> list[Run]:
    """Run on every level, coarsest first."""
    return [run(problem, level, tolerance) for level in levels]


def richardson(values: list[Any], levels: tuple[float, ...] = LEVELS, order: float = 2.0) -> Estimate:
    """Extrapolate the last two of `values` with the formal order.

    With three levels the error is a tenth of the last correction, or the difference between the last two extrapolated
    values where that is larger; with two it is half the correction.
    """
    corrections = []
    for k in range(1, len(values)):
        ratio = (levels[k] / levels[k - 1]) ** order
        corrections.append((values[k] - values[k - 1]) / (ratio - 1))
    extrapolated = [values[k + 1] + corrections[k] for k in range(len(corrections))]
    error = 0.5 * np.abs(corrections[-1])
    if len(extrapolated) > 1:
        error = np.maximum(0.1 * np.abs(corrections[-1]), np.abs(extrapolated[-1] - extrapolated[-2]))
    return Estimate(extrapolated[-1], values[-1], error)


def converged(
    problem: Problem,
    read: Callable[[Run], float],
    levels: tuple[float, ...] = LEVELS,
    tolerance: float = 1e-7,
) -> Estimate:
    """Return what `read` takes from a run, extrapolated; what a looser tolerance changes is in its error."""
    all_runs = runs(problem, levels, tolerance)
    estimate = richardson([read(one) for one in all_runs], levels)
    looser = read(run(problem, levels[0], 10 * tolerance)) - read(all_runs[0])
    return replace(estimate, error=estimate.error + abs(looser) / 3)


def durations(problem: Problem, levels: tuple[float, ...] = LEVELS, tolerance: float = 1e-7) -> list[Estimate]:
    """Extrapolated durations [s] of every step that all levels carried out."""
    all_runs = runs(problem, levels, tolerance)
    count = min(len(one.steps) for one in all_runs)
    return [richardson([one.steps[k].duration for one in all_runs], levels) for k in range(count)]


def finite(estimate: Estimate) -> bool:
    """Whether value and error are numbers."""
    return bool(np.isfinite([estimate.value, estimate.error]).all())
