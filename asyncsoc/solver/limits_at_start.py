"""Limits of stoichiometry on which a protocol step begins: it may go on where it leads away from them."""

from __future__ import annotations

import numpy as np

from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.kernels.particles import START
from asyncsoc.kernels.step_control import X_ABOVE, X_BELOW
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import Event, StepConstraint

_AT_A_LIMIT = 1e-6
"""In stoichiometry: how far beyond a limit a step ends that was located on it."""


def leaves_limit(arrays: ProblemArrays, group: int, constraint: StepConstraint, event: Event) -> bool:
    """Return whether the limit of stoichiometry that a step before has reached is being left by a group.

    Under a held voltage, places under the contact go towards the stoichiometry whose open-circuit potential is the
    particle's. A profile leaves a limit that its first current does not lead to.
    """
    state = arrays.groups.state[group]
    if event.kind not in (X_BELOW, X_ABOVE) or float(state["margin"]) <= -_AT_A_LIMIT:
        return False
    if constraint.pieces is not None and not constraint.held:
        current = float(state["current"])
        return current <= 0.0 if event.kind == X_BELOW else current >= 0.0
    if not constraint.held:
        return False
    potential = float(state["potential"])
    return all(
        potential < at_limit if event.kind == X_BELOW else potential > at_limit
        for at_limit in _potentials_at(arrays, group, event, constraint)
    )


def _potentials_at(arrays: ProblemArrays, group: int, event: Event, constraint: StepConstraint) -> list[float]:
    """Return the open-circuit potential at a limit of stoichiometry of every particle that has reached it."""
    found, limit = [], np.array([event.value])
    for j, particle in zip(arrays.members(group), arrays.problem.groups[group].particles, strict=True):
        x = arrays.contacts.surface[START, j, : len(arrays.contact_nodes[j])]
        beyond = limit[0] - x.min() if event.kind == X_BELOW else x.max() - limit[0]
        if beyond >= -_AT_A_LIMIT:
            table = particle.tables[constraint.temperature]
            found.append(float(ocp_and_i0_array(limit, table.x_first, table.spacing, table.coefficients)[0][0]))
    return found
