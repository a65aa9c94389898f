"""Synthetic measurements: what the model says with known constants, with noise or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.studies.calibration.response import Request, Response, respond_together

FULL: dict[str, Any] = {"particle": {"radius": "5 um", "mesh": "coarse"}, "contact": {"kind": "full"}}
CAP: dict[str, Any] = {
    "particle": {"radius": "5 um", "mesh": "coarse"},
    "contact": {"kind": "cap", "coverage": 0.35},
}
D, SLOPE, I0 = (
    "material.diffusivity_factor", "material.diffusivity_slope", "kinetics.exchange_current_density_factor",
)  # fmt: skip


def case_of(*steps: str, like: Mapping[str, Any] = FULL, **sections: Any) -> aso.Case:
    return aso.Case.from_dict({**like, "protocol": {"steps": list(steps)}, **sections})


def curve_of(
    case: aso.Case,
    truth: Mapping[str, float],
    *,
    points: int = 40,
    noise: float = 0.0,
    seed: int = 1,
    name: str = "synthetic",
    times: Sequence[float] | None = None,
) -> aso.MeasuredCurve:
    """Return the voltage of a case with its true constants, evenly over its protocol."""
    duration = sum(step.duration or 0.0 for step in case.protocol.plan.steps)
    time = np.linspace(duration / points, duration, points) if times is None else np.array(times)
    asked = aso.MeasuredCurve.from_arrays(time=time, voltage=np.ones(len(time)))
    exact = case.with_overrides([*(f"{key}={value!r}" for key, value in truth.items()), "solver.tolerance=1e-7"])
    (found,) = respond_together([Request(exact, ((asked, None),))])
    assert isinstance(found, Response)
    voltage = found.at(asked) + np.random.default_rng(seed).normal(0.0, noise, len(time))
    return aso.MeasuredCurve.from_arrays(time=time, voltage=voltage, name=name)
