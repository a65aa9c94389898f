"""Estimate of a sweep before it runs: number of cases, wall time, space on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.case import Case
from asyncsoc.studies.sweep.index import Counts
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.validated_cases import ValidatedCases

_SECONDS: Mapping[str, float] = {"radial": 0.0015, "axisymmetric": 0.06, "3d": 0.25, "electrode": 0.06}
"""Core time of one protocol step at the default tolerance and mesh [s]; measured (docs/sweeps.md). That of an electrode
is for each of its particles, which are axisymmetric."""
_MESHES: Mapping[str, float] = {"draft": 0.3, "fine": 6.0}
"""What other meshes take, roughly, as a multiple of the default one."""
_START = 4.0  # s; until workers are ready
_ROWS = 60
"""Rows of curves a protocol step leaves."""
_ROW_BYTES = 150.0
_SUMMARY_BYTES = 1200.0
_FIELD_BYTES: Mapping[str, float] = {"radial": 1e5, "axisymmetric": 3e6, "3d": 5e6, "electrode": 3e6}
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Preview:
    """Estimate of a sweep.

    Attributes
    ----------
    cases, pending, recorded
        Cases in all; to be run (each once); recorded already.
    dimensions
        Name and number of places of each dimension.
    models
        Cases to run by model.
    workers
        Processes.
    seconds
        Wall time [s], within a factor of about three.
    bytes
        On the disk at the end, likewise.
    """

    cases: int
    pending: int
    recorded: int
    dimensions: tuple[tuple[str, int], ...]
    models: Mapping[str, int]
    workers: int
    seconds: float
    bytes: float


def make_preview(
    plan: Plan, validated: ValidatedCases, pending: NDArray[np.int64], workers: int, counts: Counts
) -> Preview:
    """Return the estimate of the pending cases of a plan."""
    groups, numbers = np.unique(validated.group_of[pending], return_counts=True)
    models: dict[str, int] = {}
    for group, number in zip(groups.tolist(), numbers.tolist(), strict=True):
        model = validated.groups[group].model
        models[model] = models.get(model, 0) + number
    seconds, size = 0.0, 0.0
    if len(pending):
        sample = plan.case(int(pending[len(pending) // 2]))
        steps = len(sample.protocol.plan.steps)
        seconds = sum(count * _SECONDS[model] for model, count in models.items()) * steps * _effort(sample)
        seconds = seconds / workers + _START
        size = sum(count * _bytes(model, plan, steps) for model, count in models.items())
    dimensions = tuple((dimension.name, len(dimension.rows)) for dimension in plan.design.dimensions)
    recorded = counts.total - counts.open
    return Preview(counts.total, len(pending), recorded, dimensions, models, workers, seconds, size)


def _effort(case: Case) -> float:
    """Return how many times longer a case takes by its mesh and its tolerance: the integrator is of order 4."""
    particles = case.electrode.count if case.electrode.described else 1
    return particles * float((_TOLERANCE / case.solver.tolerance) ** 0.25) * _MESHES.get(case.particle.mesh, 1.0)


def _bytes(model: str, plan: Plan, steps: int) -> float:
    curves = 0.0 if plan.keep == "summary" else _ROWS * _ROW_BYTES * steps
    fields = _FIELD_BYTES[model] * steps if plan.keep == "fields" else 0.0
    return _SUMMARY_BYTES + 400.0 * steps + curves + fields
