"""Tolerance of a protocol step, and the size of its first time step."""

from __future__ import annotations

import math

_FIRST_MOVE = 10.0
_LARGEST_FIRST_MOVE = 3e-3
"""In stoichiometry: towards full lithiation potential and exchange current change e-fold over a few thousandths."""
_SMALLEST_FIRST_STEP = 1e-6
_FIRST_SHARE = 0.01
"""Of the particle's relaxation time R^2/(4.333 D), which no first step exceeds."""
_RELAXATION = 4.333
_SMALL_GRADIENT = 5e-3
"""v R/D, with v the flux under the contact, below which a current's gradients are small [in stoichiometry] ..."""
_LEAST_TOLERANCE = 0.01
"""... and the share of the tolerance to which at most the smallest are followed."""


def step_tolerance(tolerance: float, flux: float, radius: float, diffusivity: float) -> float:
    """Return the tolerance of a protocol step.

    It is the run's own, unless a current is imposed that makes gradients hardly larger than that: they decide how long
    a voltage that is held afterwards takes, so that they are followed to a share of themselves.

    Parameters
    ----------
    tolerance
        The run's own, in stoichiometry; 1 or more asks for equal steps.
    flux
        Imposed current density over F c_max [m/s]; 0 where none is imposed.
    radius, diffusivity
        Of the particle [m], under its contact [m2/s].
    """
    if flux == 0.0 or tolerance >= 1.0:
        return tolerance
    return tolerance * min(1.0, max(flux * radius / diffusivity / _SMALL_GRADIENT, _LEAST_TOLERANCE))


def first_step(
    tolerance: float,
    jump: float,
    density: float,
    radius: float,
    diffusivity: float,
    *,
    longest: float,
    imposed: bool,
) -> float:
    """Return a first step [s] over which a jump in flux moves the contact by about ten tolerances.

    The contact is taken as a semi-infinite solid. Where the flux follows from a voltage, the contact moves by
    `_LARGEST_FIRST_MOVE` at most. However small the jump, currents and potentials may begin to change at a new rate: no
    first step is longer than `_FIRST_SHARE` of the relaxation time of a sphere of the particle's volume. A tolerance of
    1 or more asks for equal steps of the largest size.

    Parameters
    ----------
    tolerance, radius, diffusivity
        As of `step_tolerance`.
    jump, density
        Change of the current density [A/m2]; F c_max [C/m3].
    longest
        Longest step [s].
    imposed
        Whether the flux is imposed everywhere on the contact.
    """
    if tolerance >= 1.0:
        return longest
    move = _FIRST_MOVE * tolerance
    if not imposed:
        move = min(move, _LARGEST_FIRST_MOVE)
    move *= density
    first = _FIRST_SHARE * radius**2 / (_RELAXATION * diffusivity)
    if jump > 0.0:
        first = min(first, math.pi * diffusivity * (move / (2.0 * jump)) ** 2)
    return min(max(first, _SMALLEST_FIRST_STEP), longest)
