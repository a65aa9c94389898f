"""What a group reports beside its curves: resistances, particles beyond their window, and the bound on their charge."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.electrode_particles import ISOLATED
from asyncsoc.materials.potentials import Potential, potential_at
from asyncsoc.materials.saturation import SATURATION
from asyncsoc.problem.build import PreparedCase
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.group_state import IDLE_VOLUME, RESISTANCES

Array = NDArray[np.float64]
Curves = Mapping[str, NDArray[Any]]

BEYOND, OVERSHOOT = "particles beyond their window", "beyond the running maximum"
MOST_OVERSHOOT = 2e-3
"""Of the stoichiometry a particle has passed through: what tetrahedra may break the bound by (docs/verification.md)."""
_SAMPLES = 20_001
_ROUNDING = 1e-9
_LEAST_PASSED = 1e-4
"""Stoichiometry a particle must have passed through for a relative overshoot to mean anything."""


def group_report(
    called: Sequence[str],
    setups: Sequence[PreparedCase],
    curves: Sequence[Curves],
    resistances: Array,
    idle_volume: float,
    *,
    every_row: bool = True,
) -> tuple[dict[str, Any], list[str]]:
    """Return the report of a group as plain data, and its warnings.

    Parameters
    ----------
    called
        Names of the particles.
    setups, curves
        Each particle as it was made ready, and its curves.
    resistances : (N,), ohm
        Between each and what it shares with the others; infinite where it is isolated.
    idle_volume
        Of particles without contact [m3].
    every_row
        Whether the curves have all their rows; where those of most cycles are not kept, the largest potential so far
        is not known, and neither is whether the bound holds.
    """
    low, high = setups[0].cathode.window
    beyond = [
        name
        for name, one in zip(called, curves, strict=True)
        if one[names.MINIMUM_X].min() < low - _ROUNDING or one[names.MAXIMUM_X].max() > high + _ROUNDING
    ]
    overshoot = running_overshoot(setups[0], curves) if every_row else None
    report: dict[str, Any] = {
        RESISTANCES: [float(ohms) if math.isfinite(ohms) else ISOLATED for ohms in resistances.tolist()],
        IDLE_VOLUME: idle_volume,
        BEYOND: beyond,
        OVERSHOOT: overshoot,
    }
    warnings = []
    if beyond:
        shown = ", ".join(beyond[:3]) + (f" and {len(beyond) - 3} more" if len(beyond) > 3 else "")
        warnings.append(
            f"assumption: beyond the stoichiometry window, {low:g} to {high:g}, where {shown} stayed while others went "
            f"on, U and i0 have no source: {SATURATION.value}"
        )
    if overshoot is not None and overshoot > MOST_OVERSHOOT:
        warnings.append(
            f"a particle is charged beyond what the largest potential so far allows, by {overshoot:.2g} of the "
            f"stoichiometry it passed through (at most {MOST_OVERSHOOT:g} is expected of a mesh of tetrahedra): "
            "take a finer mesh or a smaller solver.tolerance"
        )
    return report, warnings


def running_overshoot(setup: PreparedCase, curves: Sequence[Curves]) -> float | None:
    """Return by how much the particles break the running-maximum bound at the rows of their curves.

    With U falling in x, at constant temperature and without hysteresis, no point of a particle is charged further than
    where it began or than the largest driving potential it has seen: U(x(t)) <= max(max U(x(0)), max over s <= t of
    v(s)). Returned is the largest excess in stoichiometry over the range that the particle has passed through, 0 where
    the bound holds; None where it is not defined: several temperatures, a potential with branches.

    Parameters
    ----------
    setup
        One of the particles made ready; all share the cathode and the protocol.
    curves
        Of each particle.
    """
    levels = {level for one in setup.member.constraints for level in one.temperatures}
    if len(levels) != 1 or setup.cathode.branches is not None:
        return None
    law, largest = potential_at(setup.cathode, levels.pop()), 0.0
    x, potentials = _inverse(law, setup.cathode.window)
    for one in curves:
        lowest, seen = one[names.MINIMUM_X], np.maximum.accumulate(one[names.POTENTIAL])
        allowed = np.minimum(np.interp(seen, potentials, x), lowest[0])
        passed = float(one[names.MAXIMUM_X].max() - lowest.min())
        inside = allowed > x[-1]  # beyond the window U is an assumption of its own
        excess = np.where(inside & (lowest < allowed), allowed - np.maximum(lowest, x[-1]), 0.0)
        if passed > _LEAST_PASSED:
            largest = max(largest, float(excess.max()) / passed)
    return largest


def _inverse(law: Potential, window: tuple[float, float]) -> tuple[Array, Array]:
    """Return stoichiometries, falling, beside their potentials, rising."""
    x = np.linspace(window[1], window[0], _SAMPLES)
    return x, np.maximum.accumulate(np.asarray(law(x)))
