"""From an apparent diffusivity to a range of the true one, given ranges of coverage and radius."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.studies.gitt.bias import SATURATION
from asyncsoc.studies.gitt.contact_rise import RoundPatches, change_ratio

Array = NDArray[np.float64]

ISOTHERMAL_OVER_UNIFORM = 3.0 * math.pi**2 / 32.0
"""Contact resistance of a disc at one concentration, 1/(4 a D), over that under uniform flux, 8/(3 pi^2 a D): 0.925.
The flux under real kinetics lies between the two."""
TOLERANCE = 0.1
"""Of dEs/dEtau: slope of U and rate of charge transfer change within a pulse."""
_LOWEST, _HIGHEST = 1e-7, 1e2
"""D t / R^2 between which the true value is looked for."""
_POINTS = 700
_COVERAGES, _RADII = 5, 5


@dataclass(frozen=True)
class CorrectedDiffusivity:
    """A range of the true diffusivity.

    Attributes
    ----------
    low, high
        Ends of the range [m2/s]. `high` is None where the formula is saturated: any larger value fits too. `low` is
        None where the rests are too short to tell any smaller value from a larger one.
    d1
        (dEs/dEtau)^2 that the apparent value stands for.
    saturated
        Largest apparent value the formula can give for the radius it was evaluated with [m2/s].
    notes
        What the range rests on.
    """

    low: float | None
    high: float | None
    d1: float
    saturated: float
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> float:
        """Decades between the ends; infinite where one is missing."""
        return math.inf if self.high is None or self.low is None else math.log10(self.high / self.low)

    def covers(self, diffusivity: float) -> bool:
        """Return whether a diffusivity [m2/s] lies in the range."""
        return (self.low is None or self.low <= diffusivity) and (self.high is None or diffusivity <= self.high)


def correct_apparent(
    apparent: float,
    coverage: tuple[float, float],
    radius: tuple[float, float],
    pulse: float,
    *,
    rest: float = math.inf,
    before: int = 0,
    formula_radius: float | None = None,
    patches: int = 1,
    tolerance: float = TOLERANCE,
) -> CorrectedDiffusivity:
    """Return the range of the true diffusivity behind an apparent one.

    The apparent value gives back dEs/dEtau, whatever radius it was computed with. A diffusivity is in the range if
    dEs/dEtau of the closed forms, for some coverage and radius of the ranges given, with the flux between uniform and
    that of one concentration under the contact, is within the tolerance of it.

    Parameters
    ----------
    apparent
        Apparent diffusivity by equation 1 with jumps removed [m2/s].
    coverage, radius
        Lowest and highest coverage; smallest and largest radius of the particles [m].
    pulse, rest
        Durations of the pulse and of the rests [s]; an infinite rest is a complete one.
    before
        Equal pulses that preceded this one since the particle was uniform.
    formula_radius
        R_s that the apparent value was computed with [m]; by default the middle of `radius`.
    patches
        Round patches that the contact consists of.
    tolerance
        Relative, of dEs/dEtau.

    Raises
    ------
    InputError
        Numbers that are not positive, ranges that are not in order, an apparent value that the formula cannot give for
        any diffusivity.
    """
    _check(apparent, coverage, radius, pulse, rest, before, tolerance)
    middle = 0.5 * (radius[0] + radius[1]) if formula_radius is None else formula_radius
    if not (math.isfinite(middle) and middle > 0.0):
        raise InputError("a radius must be positive", where="formula_radius", value=middle, allowed="> 0 m")
    saturated = SATURATION * middle**2 / pulse
    ratio = math.sqrt(apparent / saturated)
    diffusivity = np.geomspace(_LOWEST, _HIGHEST, _POINTS) * radius[0] * radius[1] / pulse
    least, most = _ratios(diffusivity, coverage, radius, pulse, rest / pulse, before, patches)
    # Cells between neighbouring diffusivities: with exact ranges the value is met between two of them.
    least, most = np.minimum(least[:-1], least[1:]), np.maximum(most[:-1], most[1:])
    fits = (least * (1.0 - tolerance) <= ratio) & (ratio <= most * (1.0 + tolerance))
    if not fits.any():
        raise InputError(
            "no diffusivity gives this apparent value",
            where="apparent",
            value=apparent,
            allowed=f"at most {saturated:.4g} m2/s for R_s = {middle:.4g} m and a pulse of {pulse:g} s",
            next_step="check the radius, the durations, and that the jump was removed; or widen the ranges",
        )
    first, last = int(np.argmax(fits)), len(fits) - 1 - int(np.argmax(fits[::-1]))
    low = None if first == 0 else float(diffusivity[first])
    high = None if last == len(fits) - 1 else float(diffusivity[last + 1])
    notes = [
        f"coverage {coverage[0]:g} to {coverage[1]:g} in {patches} round patch{'es' if patches > 1 else ''}, radius "
        f"{radius[0] * 1e6:.4g} to {radius[1] * 1e6:.4g} um, {100.0 * tolerance:g} % of dEs/dEtau allowed",
        "spheres of constant D, jumps removed, flux between uniform and that of one concentration under the contact",
    ]
    if high is None:
        notes.append("the formula is saturated: any diffusivity above the lower end fits")
    if low is None:
        notes.append("the rests are too short: any diffusivity below the upper end fits")
    return CorrectedDiffusivity(low, high, ratio**2, saturated, tuple(notes))


def _ratios(
    diffusivity: Array,
    coverage: tuple[float, float],
    radius: tuple[float, float],
    pulse: float,
    rest: float,
    before: int,
    patches: int,
) -> tuple[Array, Array]:
    """Return the least and the largest dEs/dEtau over coverage, radius and flux, for each diffusivity."""
    least, most = np.full(diffusivity.shape, np.inf), np.zeros(diffusivity.shape)
    coverages = sorted({float(f) for f in np.geomspace(*coverage, _COVERAGES)} | set(coverage))
    radii = sorted({float(r) for r in np.geomspace(*radius, _RADII)} | set(radius))
    for f, r in product((f for f in coverages if coverage[0] <= f <= coverage[1]), radii):
        contact = RoundPatches(f, patches)
        for spreading in (1.0,) if f == 1.0 else (ISOTHERMAL_OVER_UNIFORM, 1.0):
            ratio = change_ratio(diffusivity * pulse / r**2, contact, rest=rest, before=before, spreading=spreading)
            least, most = np.minimum(least, ratio), np.maximum(most, ratio)
    return least, most


def _check(
    apparent: float,
    coverage: tuple[float, float],
    radius: tuple[float, float],
    pulse: float,
    rest: float,
    before: int,
    tolerance: float,
) -> None:
    for name, value in (("apparent", apparent), ("pulse", pulse)):
        if not (math.isfinite(value) and value > 0.0):
            raise InputError(f"{name} must be positive", where=name, value=value, allowed="> 0")
    if not rest > 0.0:
        raise InputError("rest must be positive", where="rest", value=rest, allowed="> 0 s; infinite: complete")
    for name, (low, high), limit in (("coverage", coverage, 1.0), ("radius", radius, math.inf)):
        if not (math.isfinite(high) and 0.0 < low <= high <= limit):
            raise InputError(
                "a range is not in order",
                where=name,
                value=f"{low:g}:{high:g}",
                allowed="0 < LOW <= HIGH" + (" <= 1" if name == "coverage" else ""),
            )
    if not 0.0 <= tolerance < 1.0:
        raise InputError("the tolerance is out of range", where="tolerance", value=tolerance, allowed="0 to below 1")
    if isinstance(before, bool) or before < 0:
        raise InputError("the number of pulses before is negative", where="before", value=before, allowed="0 or more")
