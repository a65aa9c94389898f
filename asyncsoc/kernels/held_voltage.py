"""Errors of the current for step control under a held voltage, which a small error in stoichiometry can hide.

Where kinetics are fast the current is the small difference of two large rates. A step much longer than the particle's
relaxation then ends within tolerance of the right stoichiometry although the current between, and even its sign at the
end, mean nothing. So two more errors are formed: the current of the embedded solution against that of the solution, and
the charge passed against the integral of the continuous solution's current by Simpson's rule.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.kernels.aiming import aim
from asyncsoc.kernels.constraint import solve_constraint
from asyncsoc.kernels.particles import EMBEDDED, MIDDLE
from asyncsoc.kernels.salt_arrays import EMBEDDED_SALT
from asyncsoc.kernels.salt_nodes import present_salt

CURRENT_WEIGHT = 10.0
"""Relative error of the current that counts as the tolerance in stoichiometry, over that tolerance."""
CHARGE_WEIGHT = 30.0
"""The same for the charge that the continuous solution's current adds up to."""
_TINY = 1e-290


@kernel
def _current_between(contacts, groups, g, which, unknown):
    """Return a group's current [A] at a state kept between, not a number where the constraint has no solution."""
    present_salt(groups.salt, contacts, groups, g, EMBEDDED_SALT + which)
    converged, _, current, _ = solve_constraint(
        contacts, groups, g, contacts.inner_x[which], contacts.inner_film[which], unknown
    )
    return current if converged else math.nan


@kernel
def currents_between(contacts, groups, g, size, unknown):
    """Return the currents [A] of the embedded solution and in the middle of the step of size [s], a voltage held."""
    embedded = _current_between(contacts, groups, g, EMBEDDED, unknown)
    aimed, time = groups.step[g].aimed > 0, groups.state[g].time
    if aimed:
        aim(contacts, groups, g, time + 0.5 * size)
    middle = _current_between(contacts, groups, g, MIDDLE, unknown)
    if aimed:
        aim(contacts, groups, g, time + size)
    return embedded, middle


@kernel
def held_error(step, size, charge, start, end, embedded, middle):
    """Return the error of a step under a held voltage, in the measure of the tolerance in stoichiometry.

    Parameters
    ----------
    step
        `StepParameters` of the group.
    size, charge
        Of the step [s], and what it passed [C].
    start, end, embedded, middle
        Current before and after the step, of the embedded solution, in the middle [A].
    """
    scale = step.current_scale
    apart = abs(end - embedded) / (CURRENT_WEIGHT * max(abs(end), scale, _TINY))
    added = size / 6.0 * (start + 4.0 * middle + end)
    missing = abs(added - charge) / (CHARGE_WEIGHT * max(abs(charge), scale * size, _TINY))
    return max(apart, missing)
