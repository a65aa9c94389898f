"""Operators of a mesh and scratch arrays of a thread for the stepping kernels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.kernels.coarse_levels import N_LEVEL_STATE, Hierarchy, Levels
from asyncsoc.kernels.grain_boundaries import GrainBoundaries, tie_size
from asyncsoc.kernels.ldl import Factor
from asyncsoc.kernels.sparse import Couplings

Array = NDArray[np.float64]


class System(NamedTuple):
    """Operators shared by the members of a batch, nodes in elimination order.

    Attributes
    ----------
    stiffness
        K [m].
    mass : (n,)
        Lumped volumes [m3].
    factor
        Pattern of L; empty where the solve does without.
    hierarchy
        Coarse levels of the conjugate gradients that replace the factorization; None where nothing does: the kernels
        are then compiled without them.
    boundaries
        Pairs of nodes across grain boundaries, of grains that are doubled there; None where nothing is.
    """

    stiffness: Couplings
    mass: Array
    factor: Factor
    hierarchy: Hierarchy | None
    boundaries: GrainBoundaries | None = None

    @property
    def iterative(self) -> bool:
        """Whether conjugate gradients replace the factorization."""
        return self.hierarchy is not None


class Workspace(NamedTuple):
    """Scratch arrays of one thread for one member or for `lanes.WIDTH` of them, the last axis [lanes] only then.

    Attributes
    ----------
    lower : (nnz L[, lanes]), pivots, zero : (n[, lanes])
        Factor and its scratch; of the iterative solve `pivots` is E.
    inverse : (n[, lanes]), krylov : (4, n[, lanes]), levels
        Of the iterative solve; empty otherwise.
    x, shift, diffusivity, psi, argument, rhs, border : (n[, lanes])
        State, diagonal added to K, D, psi, stage argument, right-hand side, border column.
    stages : (s n[, lanes])
        Stage increments of x, one stage after the other.
    combination : (s[, lanes])
        c / h of the stage being built.
    grid : (5[, lanes])
        First node, 1/spacing and spacing of the members' material tables, where in all tables each begins, and what D
        is multiplied by.
    inverse_gh, relative, floor, mask, ok, iterations : (1[, lanes])
        1/(gamma h), goals of the iterative solve, its scratch, whether a member's step is still good, iterations taken.
    film_stages : (m, s, c)
        Stage increments of the film thickness; m members.
    ties : (p + 3[, lanes]), refined, remainder : (n[, lanes])
        Of grain boundaries (`grain_boundaries`): symmetric slopes, and scratch; empty without.
    stage_unknown, stage_charge, stage_side, stage_driving : (m, s)
        Those of the particle's own unknown, of the charge passed, of the side reaction's part of it, and of the
        group's unknown where that is another one.
    """

    lower: Array
    pivots: Array
    zero: Array
    inverse: Array
    krylov: Array
    levels: Levels
    x: Array
    shift: Array
    diffusivity: Array
    psi: Array
    argument: Array
    rhs: Array
    border: Array
    stages: Array
    combination: Array
    grid: Array
    inverse_gh: Array
    relative: Array
    floor: Array
    mask: Array
    ok: Array
    iterations: Array
    film_stages: Array
    stage_unknown: Array
    stage_charge: Array
    stage_side: Array
    stage_driving: Array
    ties: Array
    refined: Array
    remainder: Array


@kernel
def _iterated(hierarchy, n):
    """Return for how many nodes, and coarse ones, there is room for conjugate gradients."""
    if hierarchy is None:
        return 0, 0
    return n, hierarchy.stiffness.diagonal.size


@kernel
def workspace_size(system, s, c, members):
    """Return how many numbers a workspace holds: system, stages, most contact nodes, members side by side."""
    n = system.mass.size
    k, m = _iterated(system.hierarchy, n)
    vectors = 8 + s + (5 if k > 0 else 1)
    tied, doubled = tie_size(system.boundaries, n)
    shared = system.factor.indices.size + vectors * n + 4 * m + N_LEVEL_STATE + s + 11 + tied + 2 * doubled
    return members * (shared + s * c + 4 * s)


@kernel
def _part(memory, start, shape):
    """Return the part of the memory that begins at `start`, in a shape, as a tuple of one.

    A function without reference counts may return an array that it was not given only within a tuple.
    """
    size = 1
    for length in shape:
        size *= length
    return (memory[start : start + size].reshape(shape),)


@kernel
def lay_out(system, s, c, members, lanes, memory):
    """Return the scratch arrays of one thread as parts of its memory; nothing is set.

    Parameters
    ----------
    system
        The mesh.
    s, c
        Stages; most contact nodes.
    members
        Members that advance together: 1, or `lanes.WIDTH`.
    lanes
        The shape this adds to arrays: () or (WIDTH,).
    memory
        Numbers, `workspace_size` of them at least; zero when it is used for the first time.
    """
    n, f = system.mass.size, system.factor.indices.size
    k, m = _iterated(system.hierarchy, n)
    w, one = members, (1, *lanes)
    vector, coarse = (n, *lanes), (m, *lanes)
    zero = _part(memory, 0, (n - k, *lanes))[0]  # first, so that it stays where it is zero
    at = w * (n - k)
    lower = _part(memory, at, (f, *lanes))[0]
    at += w * f
    inverse = _part(memory, at, (k, *lanes))[0]
    at += w * k
    krylov = _part(memory, at, (4, k, *lanes))[0]
    at += w * 4 * k
    levels = Levels(
        _part(memory, at, coarse)[0],
        _part(memory, at + w * m, coarse)[0],
        _part(memory, at + w * 2 * m, coarse)[0],
        _part(memory, at + w * 3 * m, coarse)[0],
        _part(memory, at + w * 4 * m, (N_LEVEL_STATE, *lanes))[0],
    )
    at += w * (4 * m + N_LEVEL_STATE)
    stages = _part(memory, at, (s * n, *lanes))[0]
    at += w * s * n
    combination = _part(memory, at, (s, *lanes))[0]
    at += w * s
    grid = _part(memory, at, (5, *lanes))[0]
    at += w * 5
    v, u = at, at + w * 8 * n
    b = u + w * 6
    tied, doubled = tie_size(system.boundaries, n)
    g = b + w * s * (c + 4)
    spare = (doubled, *lanes)
    return Workspace(
        lower,
        _part(memory, v, vector)[0],
        zero,
        inverse,
        krylov,
        levels,
        _part(memory, v + w * n, vector)[0],
        _part(memory, v + w * 2 * n, vector)[0],
        _part(memory, v + w * 3 * n, vector)[0],
        _part(memory, v + w * 4 * n, vector)[0],
        _part(memory, v + w * 5 * n, vector)[0],
        _part(memory, v + w * 6 * n, vector)[0],
        _part(memory, v + w * 7 * n, vector)[0],
        stages,
        combination,
        grid,
        _part(memory, u, one)[0],
        _part(memory, u + w, one)[0],
        _part(memory, u + w * 2, one)[0],
        _part(memory, u + w * 3, one)[0],
        _part(memory, u + w * 4, one)[0],
        _part(memory, u + w * 5, one)[0],
        _part(memory, b, (w, s, c))[0],
        _part(memory, b + w * s * c, (w, s))[0],
        _part(memory, b + w * s * (c + 1), (w, s))[0],
        _part(memory, b + w * s * (c + 2), (w, s))[0],
        _part(memory, b + w * s * (c + 3), (w, s))[0],
        _part(memory, g, (tied, *lanes))[0],
        _part(memory, g + w * tied, spare)[0],
        _part(memory, g + w * (tied + doubled), spare)[0],
    )
