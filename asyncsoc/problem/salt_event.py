"""The event that the salt of an electrolyte runs out, in every protocol step of a group that has one."""

from __future__ import annotations

from dataclasses import replace

from asyncsoc.kernels.step_control import SALT_BELOW
from asyncsoc.problem.network import Network
from asyncsoc.protocol.constraints import Event, StepConstraint


def constraints_with_salt(
    constraints: tuple[StepConstraint, ...], network: Network | None
) -> tuple[StepConstraint, ...]:
    """Return protocol steps that end where the salt of the network runs out; as they are where there is none."""
    if network is None or network.salt is None:
        return constraints
    least = network.salt.least
    event = Event(SALT_BELOW, least, f"the salt has run out, below {100.0 * least:g} % of its concentration at rest,")
    return tuple(replace(one, events=(*one.events, event)) for one in constraints)
