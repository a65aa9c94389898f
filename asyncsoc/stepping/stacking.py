"""Members stacked into the arrays the kernels read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.kernels.controller import LARGEST
from asyncsoc.kernels.members import (
    ACTIVE,
    AREA,
    CHARGE_DENSITY,
    CURRENT_FACTOR,
    CURRENT_SCALE,
    DURATION,
    INVERSE_BLOCK,
    N_CONTACT,
    N_EVENTS,
    SERIES,
    SIDE_FIRST,
    SIDE_INVERSE_SPACING,
    SIDE_TABLE,
    SPACING,
    TABLE,
    TOLERANCE,
    X_FIRST,
    F,
    Members,
    allocate,
)
from asyncsoc.stepping.members import Member
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.units import FARADAY, GAS_CONSTANT

FOREVER = 1e30
"""What the kernels take for an unlimited duration [s]."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Members and their arrays.

    Attributes
    ----------
    members
        M members.
    data
        Arrays of the kernels; nodes in elimination order.
    contact_nodes
        Mesh nodes of each member's contact, in the order of its rows in `data`.
    tables
        Index of each material table by its identity.
    """

    members: tuple[Member, ...]
    data: Members
    contact_nodes: tuple[NDArray[np.int64], ...]
    tables: dict[int, int]


def stack(system: OrderedSystem, members: Sequence[Member]) -> Stack:
    """Stack the members of one mesh; what belongs to a protocol step is loaded when the step begins."""
    tables = list({id(table): table for member in members for table in member.tables.values()}.values())
    sides = list({id(member.side): member.side for member in members if member.side is not None}.values())
    contacts = tuple(np.flatnonzero(member.weights > 0.0) for member in members)
    flat = np.zeros(4)  # a stand-in where no member has a side reaction
    data = allocate(
        len(members),
        len(system.kernel.mass),
        max(len(nodes) for nodes in contacts),
        max(len(segment.events) for member in members for segment in member.segments) + 1,
        np.stack([t.coefficients for t in tables]),
        np.stack([s.coefficients for s in sides] or [flat]),
    )
    side_numbers = {id(side): k for k, side in enumerate(sides)}
    for j, (member, nodes) in enumerate(zip(members, contacts, strict=True)):
        count, facts = len(nodes), data.facts[j]
        facts[N_CONTACT] = count
        data.nodes[j, :count] = system.place[nodes]
        data.areas[j, :count] = member.weights[nodes]
        facts[AREA] = math.fsum(data.areas[j, :count])
        data.resistance[j, :count] = member.film_resistance
        thickness = np.asarray(member.film_thickness, dtype=np.float64)
        data.film[j, :count] = thickness if thickness.ndim == 0 else thickness[nodes]
        data.film_new[j] = data.film[j]
        data.x[j] = member.x[system.order]
        facts[TOLERANCE] = member.tolerance
        data.state[j, LARGEST] = min(member.largest_step, FOREVER)
        if member.side is not None:
            s = member.side
            facts[SIDE_TABLE] = side_numbers[id(s)]
            facts[SIDE_FIRST], facts[SIDE_INVERSE_SPACING] = s.first, s.inverse_spacing
            facts[ACTIVE : INVERSE_BLOCK + 1] = (
                1.0,
                s.alpha,
                s.beta,
                s.shift,
                s.scale,
                s.inverse_limit,
                s.growth,
                s.resistivity,
                s.inverse_block,
            )
    return Stack(tuple(members), data, contacts, {id(table): k for k, table in enumerate(tables)})


def load_segment(stacked: Stack, j: int, segment: Segment) -> None:
    """Load what a protocol step sets for member `j`: temperature, constraint, events, duration."""
    data, member = stacked.data, stacked.members[j]
    facts, table = data.facts[j], member.tables[segment.temperature]
    facts[TABLE] = stacked.tables[id(table)]
    facts[X_FIRST : SPACING + 1] = (table.x_first, 1.0 / table.spacing, table.spacing)
    f = FARADAY / (GAS_CONSTANT * segment.temperature)
    density = FARADAY * member.maximum_concentration
    facts[F : CHARGE_DENSITY + 1] = (f, member.transfer_coefficient, member.kinetics, density)
    constraint = (segment.current_factor, segment.potential_factor, segment.target, segment.series)
    facts[CURRENT_FACTOR : SERIES + 1] = constraint
    facts[CURRENT_SCALE] = segment.current_scale
    facts[N_EVENTS] = len(segment.events)
    for k, event in enumerate(segment.events):
        data.events[j, k] = (event.kind, event.value)
    facts[DURATION] = min(segment.duration, FOREVER)
