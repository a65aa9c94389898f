"""The particle that the rows share, its charge, and how far a figure of it depends on D, i0, f and R."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from asyncsoc.case import Case
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution

CAL, HOT_CAL = 0.3, 0.95
CHARGE = "Charge at C/10 until 4.2 V"
SENSITIVE = {
    "D": ("material.diffusivity_factor=0.3", "material.diffusivity_factor=3"),
    "i0": ("kinetics.exchange_current_density_factor=0.333333", "kinetics.exchange_current_density_factor=3.33333"),
    "R": ("particle.radius=5 um", "particle.radius=10 um"),
}
"""Overrides by what is varied: D times 0.3 and 3, i0 0.1 and 1 A/m2 at x = 0.5, R 5 and 10 um."""
LABELS = {"D": "D x 0.3 / x 3", "i0": "i0 0.1 / 1 A/m2", "R": "R 5 / 10 um"}


def particle(coverage: float, steps: Sequence[str] = (CHARGE,), **tables: Any) -> Case:
    """Return a particle under one round contact on the coarse mesh, at 60 degC."""
    return Case.from_dict(
        {
            "particle": {"radius": "7.5 um", "mesh": "coarse", "edge_levels": 0},
            "contact": {"kind": "cap", "coverage": coverage},
            "protocol": {"temperature": "60 degC", "steps": list(steps)},
            "output": {"fields_every": "2 h"},
            **tables,
        }
    )


def run(case: Case, overrides: Sequence[str] = ()) -> Solution:
    """Run a case with overrides."""
    return simulate(case.with_overrides(list(overrides)) if overrides else case)


def sensitivity(
    measure: Callable[[Sequence[str]], float], unit: str, coverages: Sequence[float] = (0.1, 0.6)
) -> tuple[str, dict[str, float]]:
    """Return a line that says what a figure becomes, and the figures by name.

    Parameters
    ----------
    measure
        Gives the figure from overrides of the case.
    unit
        Of the figure, or what it is.
    coverages
        In place of Cal's.
    """
    numbers: dict[str, float] = {}
    parts = [f"unchanged: {measure([]):.3g}"]
    varied = {**SENSITIVE, "f": tuple(f"contact.coverage={f}" for f in coverages)}
    labels = {**LABELS, "f": "f " + " / ".join(f"{f:g}" for f in coverages)}
    for name, overrides in varied.items():
        values = [measure([one]) for one in overrides]
        parts.append(f"{labels[name]}: {values[0]:.3g} / {values[1]:.3g}")
        numbers |= {f"sensitivity, {one}": value for one, value in zip(overrides, values, strict=True)}
    return f"{unit}: {'; '.join(parts)}.", numbers
