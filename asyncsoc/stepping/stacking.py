"""Members stacked into the arrays the kernels read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.kernels.controller import LARGEST
from asyncsoc.kernels.members import Members, allocate
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
        (
            np.array([[t.x_first, 1.0 / t.spacing, t.spacing] for t in tables]),
            np.stack([t.coefficients for t in tables]),
        ),
        (
            np.array([[s.first, s.inverse_spacing] for s in sides] or [[0.0, 1.0]]),
            np.stack([s.coefficients for s in sides] or [flat]),
        ),
    )
    side_numbers = {id(side): k for k, side in enumerate(sides)}
    for j, (member, nodes) in enumerate(zip(members, contacts, strict=True)):
        count = len(nodes)
        data.n_contact[j] = count
        data.nodes[j, :count] = system.place[nodes]
        data.areas[j, :count] = member.weights[nodes]
        data.area[j] = math.fsum(data.areas[j, :count])
        data.resistance[j, :count] = member.film_resistance
        thickness = np.asarray(member.film_thickness, dtype=np.float64)
        data.film[j, :count] = thickness if thickness.ndim == 0 else thickness[nodes]
        data.film_new[j] = data.film[j]
        data.x[j] = member.x[system.order]
        data.tolerance[j] = member.tolerance
        data.state[j, LARGEST] = min(member.largest_step, FOREVER)
        if member.side is not None:
            s = member.side
            data.side_table[j] = side_numbers[id(s)]
            data.side[j] = (
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
    data.table[j] = stacked.tables[id(member.tables[segment.temperature])]
    f = FARADAY / (GAS_CONSTANT * segment.temperature)
    data.medium[j] = (f, member.transfer_coefficient, member.kinetics, FARADAY * member.maximum_concentration)
    data.control[j] = (segment.current_factor, segment.potential_factor, segment.target, segment.series)
    data.n_events[j] = len(segment.events)
    for k, event in enumerate(segment.events):
        data.events[j, k] = (event.kind, event.value)
    data.duration[j] = min(segment.duration, FOREVER)
