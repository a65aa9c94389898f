"""Targets of a group's constraint that change with time, and those that are a power.

Within a piece of a profile the target runs in a line. A power is the product of current and voltage; a step is taken
with it linearized about the accepted state,

    (V + R I) dI + I dphi_s = P - I V,    V = phi_s + R I,

and what that leaves out of a stage, (R dI + dphi_s) dI, is added to the stage's residual (`boundary.reduce_stage`): the
matrix is the exact derivative, so the method keeps its order.
"""

from __future__ import annotations

from asyncsoc.base.compiling import kernel


@kernel
def aim(contacts, groups, g, time):
    """Set the target of a group's constraint to what it is at `time` [s] within the protocol step."""
    step = groups.step[g]
    step.target = step.value + step.drift * (time - step.start)
    if step.product == 0:
        contacts.parameters[groups.first[g]].target = step.target


@kernel
def aim_step(contacts, groups, g):
    """Set the target, its slope and, for a power, the linearization for a step from the accepted state."""
    step, state, first = groups.step[g], groups.state[g], groups.first[g]
    aim(contacts, groups, g, state.time)
    contacts.parameters[first].drift = step.drift
    if step.product > 0:
        current, voltage = state.current, state.potential + step.series * state.current
        for j in range(first, first + groups.size[g]):
            particle = contacts.parameters[j]
            particle.current_factor = particle.multiplicity * (voltage + step.series * current)
        contacts.parameters[first].potential_factor = current
        contacts.parameters[first].target = step.target + current * voltage
