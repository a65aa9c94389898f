"""Groups that go on where one of their particles has reached the limit of its stoichiometry."""

from __future__ import annotations

from dataclasses import replace

from asyncsoc.kernels.step_control import ALL_X_ABOVE, ALL_X_BELOW, X_ABOVE, X_BELOW
from asyncsoc.materials.saturation import saturating
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.problem.particles import Group, ParticleModel
from asyncsoc.protocol.constraints import Event, StepConstraint

_OF_ALL = {X_BELOW: ALL_X_BELOW, X_ABOVE: ALL_X_ABOVE}


def going_on(group: Group) -> Group:
    """Return a group whose particles stay at their limits while others go on [assumed: `materials.saturation`].

    A current, a power or a profile ends where every particle that can pass a current has reached the limit; a held
    voltage does not end there, since its current falls to nothing by itself.
    """
    known: dict[int, MaterialTable] = {}

    def of(table: MaterialTable) -> MaterialTable:
        if id(table) not in known:
            known[id(table)] = saturating(table)
        return known[id(table)]

    def particle(one: ParticleModel) -> ParticleModel:
        tables = {level: of(table) for level, table in one.tables.items()}
        return replace(one, tables=tables, branch_tables={key: of(table) for key, table in one.branch_tables.items()})

    return replace(
        group,
        particles=tuple(particle(one) for one in group.particles),
        constraints=tuple(_constraint(one) for one in group.constraints),
    )


def _constraint(constraint: StepConstraint) -> StepConstraint:
    held = constraint.held and constraint.pieces is None
    events = [_event(one) for one in constraint.events if not (held and one.kind in _OF_ALL)]
    return replace(constraint, events=tuple(events))


def _event(event: Event) -> Event:
    if event.kind not in _OF_ALL:
        return event
    reason = event.reason.replace("under the contact", "under the contact of every particle")
    return replace(event, kind=_OF_ALL[event.kind], reason=reason)
