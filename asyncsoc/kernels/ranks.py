"""Particles of a group distributed over processes: each evaluates its own, and all know what reaches the group of all.

What a particle leaves for its group are a few numbers. Before they are reduced every rank is given those of all
particles, and adds them up in the order of the particles itself: the bits do not depend on the number of ranks, and all
of them take the same decisions. A problem of one process has None for its ranks, with which this compiles to nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.by_address import call_address
from asyncsoc.base.compiling import kernel

COLUMNS = 12
"""Numbers of each particle that are exchanged at a time, at most."""


class RankArrays(NamedTuple):
    """The particles of this rank among P, and how the others are reached.

    Attributes
    ----------
    own : (k,)
        Particles of this rank, ascending.
    order : (P,)
        All particles, one rank after the other.
    exchange : (1,)
        Address of a function of one number m that gives every rank what all have in `sent`, m numbers a particle.
    sent : (COLUMNS k,), received : (COLUMNS P,)
        What it sends and receives, m numbers after each other for each particle.
    gathered : (P, COLUMNS)
        The numbers of every particle after an exchange.
    """

    own: NDArray[np.int64]
    order: NDArray[np.int64]
    exchange: NDArray[np.int64]
    sent: NDArray[np.float64]
    received: NDArray[np.float64]
    gathered: NDArray[np.float64]


@kernel
def particles_here(ranks, groups, g):
    """Return how many particles of a group this process evaluates."""
    if ranks is None:
        return groups.size[g]
    return ranks.own.size


@kernel
def particle_here(ranks, groups, g, p):
    """Return the number of the `p`-th particle of a group that this process evaluates."""
    if ranks is None:
        return groups.first[g] + p
    return ranks.own[p]


@kernel
def give_to_all(ranks, columns):
    """Give every rank the first `columns` numbers of each particle of this one, from `gathered`, and take theirs."""
    for p in range(ranks.own.size):
        for q in range(columns):
            ranks.sent[columns * p + q] = ranks.gathered[ranks.own[p], q]
    call_address(ranks.exchange[0], columns)
    for p in range(ranks.order.size):
        for q in range(columns):
            ranks.gathered[ranks.order[p], q] = ranks.received[columns * p + q]


@kernel
def give_shares(ranks, contacts):
    """Give every rank what the particles leave of a stage, and of the beginning of a step."""
    if ranks is not None:
        for p in range(ranks.own.size):
            j = ranks.own[p]
            attempt, row = contacts.attempt[j], ranks.gathered[j]
            row[0], row[1], row[2], row[3] = attempt.residual, attempt.total, attempt.potential, attempt.corner
        columns = _with_salt(contacts.salt, ranks)
        give_to_all(ranks, columns)
        for j in range(ranks.order.size):
            attempt, row = contacts.attempt[j], ranks.gathered[j]
            attempt.residual, attempt.total, attempt.potential, attempt.corner = row[0], row[1], row[2], row[3]
        _take_salt(contacts.salt, ranks)


@kernel
def _with_salt(salt, ranks):
    """Add how the particles depend on the salt to what is exchanged; return how many numbers that makes."""
    if salt is None:
        return 4
    for p in range(ranks.own.size):
        j = ranks.own[p]
        one, row = salt.response[j], ranks.gathered[j]
        row[4], row[5], row[6], row[7] = one.drawn, one.side, one.side_residual, one.start
        row[8], row[9], row[10] = one.slope, one.side_slope, one.side_corner
    return 11


@kernel
def _take_salt(salt, ranks):
    if salt is not None:
        for j in range(ranks.order.size):
            one, row = salt.response[j], ranks.gathered[j]
            one.drawn, one.side, one.side_residual, one.start = row[4], row[5], row[6], row[7]
            one.slope, one.side_slope, one.side_corner = row[8], row[9], row[10]


@kernel
def give_attempts(ranks, contacts):
    """Give every rank what the attempts of a step have come to."""
    if ranks is not None:
        for p in range(ranks.own.size):
            j = ranks.own[p]
            attempt, row = contacts.attempt[j], ranks.gathered[j]
            row[0], row[1], row[2], row[3] = attempt.error, attempt.charge, attempt.side_charge, attempt.new_unknown
        give_to_all(ranks, 4)
        for j in range(ranks.order.size):
            attempt, row = contacts.attempt[j], ranks.gathered[j]
            attempt.error, attempt.charge, attempt.side_charge, attempt.new_unknown = row[0], row[1], row[2], row[3]
