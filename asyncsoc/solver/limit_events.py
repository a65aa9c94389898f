"""Limits of stoichiometry at which one protocol step ended and from which the next one leads away."""

from __future__ import annotations

import numpy as np

from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.kernels.particles import START
from asyncsoc.kernels.step_control import ALL_X_ABOVE, ALL_X_BELOW, SALT_BELOW, X_ABOVE, X_BELOW
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import Event, StepConstraint

_AT_A_LIMIT = 1e-6
"""In stoichiometry: how far beyond a limit a step ends that was located on it."""


def leaves_limit(arrays: ProblemArrays, g: int, constraint: StepConstraint, event: Event) -> bool:
    """Return whether the limit of stoichiometry that a step before has reached is being left by a group.

    Under a held voltage, places under the contact go towards the stoichiometry whose open-circuit potential is the
    particle's. A profile leaves a limit that its first current does not lead to. Salt that has run out comes back
    unless the step goes on to use it up, which ends it at once.

    Parameters
    ----------
    arrays
        The problem, the protocol step loaded.
    g
        The group.
    constraint
        Its protocol step.
    event
        The nearest event, which lies at the start or behind.
    """
    state = arrays.groups.state[g]
    margin = float(state["margin"])
    if event.kind == SALT_BELOW:
        return margin > -_AT_A_LIMIT
    if margin <= -_AT_A_LIMIT or event.kind not in (X_BELOW, X_ABOVE, ALL_X_BELOW, ALL_X_ABOVE):
        return False
    if constraint.pieces is not None and not constraint.held:
        current = float(state["current"])
        return current <= 0.0 if event.kind in (X_BELOW, ALL_X_BELOW) else current >= 0.0
    if not constraint.held:
        return False
    found = _potentials_at(arrays, g, constraint, event)
    return all(
        potential < at_limit if event.kind == X_BELOW else potential > at_limit
        for potential, at_limit in (found if arrays.ranks is None else arrays.ranks.together(found))
    )


def _potentials_at(
    arrays: ProblemArrays, g: int, constraint: StepConstraint, event: Event
) -> list[tuple[float, float]]:
    """Return driving potential and open-circuit potential at a limit [V] of every particle that has reached it."""
    found, limit = [], np.array([event.value])
    for j in arrays.members(g) if arrays.ranks is None else arrays.ranks.own.tolist():
        x = arrays.contacts.surface[START, j, : len(arrays.contact_nodes[j])]
        beyond = limit[0] - x.min() if event.kind == X_BELOW else x.max() - limit[0]
        if beyond >= -_AT_A_LIMIT:
            table = arrays.particles[j].table_of(constraint)
            at_limit = float(ocp_and_i0_array(limit, table.x_first, table.spacing, table.coefficients)[0][0])
            found.append((float(arrays.contacts.own[j]["unknown"]), at_limit))
    return found
