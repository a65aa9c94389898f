"""What crosses the boundaries between grains, h w (x_a - x_b) for each pair of nodes of a doubled mesh.

The flux acts on x and K on psi(x), so that in w = D dx a pair (a, b) has the derivative h w (w_a/D_a - w_b/D_b) in row
a and its negative in row b: not symmetric where D differs from one side to the other. It is split into

    g (w_a - w_b),  g = h w (1/D_a + 1/D_b)/2,      and      d (w_a + w_b),  d = g (D_b - D_a)/(D_a + D_b).

The first belongs to the matrix that is factored or iterated with, which stays symmetric positive definite: a `tie`. The
second is taken to the right-hand side and the solve repeated until it no longer changes: an iteration that contracts by
less than |D_b - D_a|/(D_a + D_b) for a pair, and at once where x hardly jumps, D jumps little or h is small. So the
linear system of a stage is that of the exact Jacobian, which the order of the method needs, and each solve conserves
lithium: either part takes from one node what it gives to the other.

A problem without boundaries has None here, and its kernels are compiled without all of this.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import at, every, load, put, store, width

N_TIE_STATE = 3
"""Rows after those of the ties: size of the mesh over the particle's, the goal of the iteration, and who still goes."""
_SCALE, _GOAL, _GOING = 0, 1, 2


class TiedRows(NamedTuple):
    """The pairs of each node on one side of the diagonal.

    Attributes
    ----------
    indptr : (n + 1,) int32
        Start of each node's pairs.
    others : (p,) int32
        The other node of each.
    pairs : (p,) int32
        Their numbers.
    """

    indptr: NDArray[np.int32]
    others: NDArray[np.int32]
    pairs: NDArray[np.int32]


class GrainBoundaries(NamedTuple):
    """Pairs of nodes on both sides of grain boundaries, in elimination order.

    Attributes
    ----------
    first, second : (p,) int32
        Nodes of each pair, the first before the second.
    conductance : (p,)
        h w [m3/s].
    below, above
        Pairs of which a node is the second, and the first.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    conductance: NDArray[np.float64]
    below: TiedRows
    above: TiedRows


@kernel
def tie_size(boundaries, n):
    """Return how many numbers of each member the ties take, and the nodes there is scratch for."""
    if boundaries is None:
        return 0, 0
    return boundaries.first.size + N_TIE_STATE, n


@kernel
def fill_ties(boundaries, contacts, body, block, ws):
    """Fill the ties g of the members from their diffusivities."""
    if boundaries is not None:
        pairs = boundaries.first.size
        for lane in range(width(ws.x)):
            # In the mesh's size K and m go with 1/s^2: the area of a boundary over a volume with 1/s.
            put(ws.ties, pairs + _SCALE, lane, np.sqrt(contacts.parameters[body.number[block[lane]]].diffusivity_scale))
        scale, ties, diffusivity = load(ws.ties, pairs + _SCALE), ws.ties, ws.diffusivity
        first, second, conductance = boundaries.first, boundaries.second, boundaries.conductance
        for p in range(pairs):
            one, other = load(diffusivity, load(first, p)), load(diffusivity, load(second, p))
            store(ties, p, 0.5 * load(conductance, p) * scale * (1.0 / one + 1.0 / other))


@kernel
def add_boundary_flows(boundaries, ws):
    """Add what crosses at the stage argument to the right-hand side."""
    if boundaries is not None:
        scale = load(ws.ties, boundaries.first.size + _SCALE)
        first, second, conductance = boundaries.first, boundaries.second, boundaries.conductance
        argument, rhs = ws.argument, ws.rhs
        for p in range(first.size):
            a, b = load(first, p), load(second, p)
            flow = load(conductance, p) * scale * (load(argument, a) - load(argument, b))
            store(rhs, a, load(rhs, a) - flow)
            store(rhs, b, load(rhs, b) + flow)


@kernel
def tied_below(boundaries):
    """Return the pairs below the diagonal, None without boundaries: taken out once, loops read arrays of their own."""
    if boundaries is None:
        return None
    return boundaries.below


@kernel
def tied_above(boundaries):
    """Return the pairs above the diagonal, None without boundaries."""
    if boundaries is None:
        return None
    return boundaries.above


@kernel
def add_tied(rows, ties, i, v, start):
    """Return start + sum of g v over the nodes that node i is tied to on one side of the diagonal."""
    if rows is not None:
        indptr, others, pairs = rows
        for q in range(load(indptr, i), load(indptr, i + 1)):
            start += load(ties, load(pairs, q)) * load(v, load(others, q))
    return start


@kernel
def add_ties(rows, ties, i, start):
    """Return start + sum of the ties of node i on one side of the diagonal."""
    if rows is not None:
        indptr, _, pairs = rows
        for q in range(load(indptr, i), load(indptr, i + 1)):
            start += load(ties, load(pairs, q))
    return start


@kernel
def scatter_ties(rows, ties, i, row):
    """Subtract the ties of node i to nodes before it from a row of the matrix."""
    if rows is not None:
        indptr, others, pairs = rows
        for q in range(load(indptr, i), load(indptr, i + 1)):
            other = load(others, q)
            store(row, other, load(row, other) - load(ties, load(pairs, q)))


@kernel
def set_goal(boundaries, stiffness, share, exact, ws, b):
    """Set how small the remainder of right-hand sides b has to become.

    A share of what an iterative solve may leave of b, or its floor; a part `exact` of b where that is not 0.
    """
    if boundaries is not None:
        pairs = boundaries.first.size
        norm = _norm(boundaries, stiffness, ws, b)
        store(ws.ties, pairs + _GOAL, norm)
        for lane in range(width(ws.x)):
            first, relative = at(ws.ties, pairs + _GOAL, lane), share * at(ws.relative, 0, lane)
            goal = max(relative * relative * first, at(ws.floor, 0, lane))
            put(ws.ties, pairs + _GOAL, lane, exact * exact * first if exact > 0.0 else goal)


@kernel
def _norm(boundaries, stiffness, ws, b):
    """Return b' diag(A)^-1 b."""
    total, below, above = every(b, 0.0), boundaries.below, boundaries.above
    shift, ties, diagonal = ws.shift, ws.ties, stiffness.diagonal
    for i in range(b.shape[0]):
        entry = add_ties(below, ties, i, load(diagonal, i) + load(shift, i))
        total += load(b, i) * load(b, i) / add_ties(above, ties, i, entry)
    return total


@kernel
def fill_remainder(boundaries, stiffness, ws, moved):
    """Leave -d (w_a + w_b) of the last change `moved` in `ws.remainder`; return whether any member has to go on."""
    pairs, first, second = boundaries.first.size, boundaries.first, boundaries.second
    diffusivity, ties, remainder = ws.diffusivity, ws.ties, ws.remainder
    for i in range(moved.shape[0]):
        store(remainder, i, every(moved, 0.0))
    for p in range(pairs):
        a, b = load(first, p), load(second, p)
        one, other = load(diffusivity, a), load(diffusivity, b)
        flow = load(ties, p) * (other - one) / (one + other) * (load(moved, a) + load(moved, b))
        store(remainder, a, load(remainder, a) - flow)
        store(remainder, b, load(remainder, b) + flow)
    store(ties, pairs + _GOING, _norm(boundaries, stiffness, ws, remainder))
    found = False
    for lane in range(width(ws.x)):
        going = at(ws.ties, pairs + _GOING, lane) > at(ws.ties, pairs + _GOAL, lane)
        put(ws.ties, pairs + _GOING, lane, 1.0 if going else 0.0)
        found = found or going
    return found


@kernel
def going(boundaries, ws):
    """Return, above 0, which members' last change still left a remainder."""
    return load(ws.ties, boundaries.first.size + _GOING)
