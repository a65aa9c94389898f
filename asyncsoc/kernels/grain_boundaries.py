"""What crosses the boundaries between grains, h w (x_a - x_b) for each pair of nodes of a doubled mesh.

The flux acts on x and K on psi(x), so that in w = D dx a pair (a, b) has the derivative h w (w_a/D_a - w_b/D_b) in row a
and its negative in row b: not symmetric where D differs from one side to the other. It is split into

    g (w_a - w_b),  g = h w (1/D_a + 1/D_b)/2,      and      d (w_a + w_b),  d = g (D_b - D_a)/(D_a + D_b).

The first belongs to the matrix that is factored or iterated with, which stays symmetric positive definite: a `tie`. The
second is taken to the right-hand side and the solve repeated until it no longer changes: an iteration that contracts at
least by |D_b - D_a|/(D_a + D_b) for one boundary, and at once where x hardly jumps, D jumps little or h is small. So
the linear system of a stage is that of the exact Jacobian, which the order of the method needs, and each solve conserves
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
    pairs : (p,) int32
        Their numbers.
    """

    indptr: NDArray[np.int32]
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
        scale = load(ws.ties, pairs + _SCALE)
        for p in range(pairs):
            one, other = load(ws.diffusivity, boundaries.first[p]), load(ws.diffusivity, boundaries.second[p])
            store(ws.ties, p, 0.5 * boundaries.conductance[p] * scale * (1.0 / one + 1.0 / other))


@kernel
def add_boundary_flows(boundaries, ws):
    """Add what crosses at the stage argument to the right-hand side."""
    if boundaries is not None:
        scale = load(ws.ties, boundaries.first.size + _SCALE)
        for p in range(boundaries.first.size):
            a, b = boundaries.first[p], boundaries.second[p]
            flow = boundaries.conductance[p] * scale * (load(ws.argument, a) - load(ws.argument, b))
            store(ws.rhs, a, load(ws.rhs, a) - flow)
            store(ws.rhs, b, load(ws.rhs, b) + flow)


@kernel
def add_tied_below(boundaries, ties, i, v, start):
    """Return start + sum of g v over the nodes that node i is tied to before it."""
    if boundaries is not None:
        for q in range(boundaries.below.indptr[i], boundaries.below.indptr[i + 1]):
            p = boundaries.below.pairs[q]
            start += load(ties, p) * load(v, boundaries.first[p])
    return start


@kernel
def add_tied_above(boundaries, ties, i, v, start):
    """Return start + sum of g v over the nodes that node i is tied to after it."""
    if boundaries is not None:
        for q in range(boundaries.above.indptr[i], boundaries.above.indptr[i + 1]):
            p = boundaries.above.pairs[q]
            start += load(ties, p) * load(v, boundaries.second[p])
    return start


@kernel
def add_ties(boundaries, ties, i, start):
    """Return start + sum of the ties of node i."""
    if boundaries is not None:
        for q in range(boundaries.below.indptr[i], boundaries.below.indptr[i + 1]):
            start += load(ties, boundaries.below.pairs[q])
        for q in range(boundaries.above.indptr[i], boundaries.above.indptr[i + 1]):
            start += load(ties, boundaries.above.pairs[q])
    return start


@kernel
def scatter_ties(boundaries, ties, i, row):
    """Subtract the ties of node i to nodes before it from a row of the matrix."""
    if boundaries is not None:
        for q in range(boundaries.below.indptr[i], boundaries.below.indptr[i + 1]):
            p = boundaries.below.pairs[q]
            store(row, boundaries.first[p], load(row, boundaries.first[p]) - load(ties, p))


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
    total = every(b, 0.0)
    for i in range(b.shape[0]):
        entry = add_ties(boundaries, ws.ties, i, load(stiffness.diagonal, i) + load(ws.shift, i))
        total += load(b, i) * load(b, i) / entry
    return total


@kernel
def fill_remainder(boundaries, stiffness, ws, moved):
    """Leave -d (w_a + w_b) of the last change `moved` in `ws.remainder`; return whether any member has to go on."""
    pairs, n = boundaries.first.size, moved.shape[0]
    for i in range(n):
        store(ws.remainder, i, every(moved, 0.0))
    for p in range(pairs):
        a, b = boundaries.first[p], boundaries.second[p]
        one, other = load(ws.diffusivity, a), load(ws.diffusivity, b)
        flow = load(ws.ties, p) * (other - one) / (one + other) * (load(moved, a) + load(moved, b))
        store(ws.remainder, a, load(ws.remainder, a) - flow)
        store(ws.remainder, b, load(ws.remainder, b) + flow)
    store(ws.ties, pairs + _GOING, _norm(boundaries, stiffness, ws, ws.remainder))
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
