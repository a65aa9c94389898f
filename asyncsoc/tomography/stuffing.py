"""Isosurface stuffing: tetrahedra with bounded dihedral angles inside a level set.

Lattice nodes near the level set are moved onto it, the other lattice edges are cut where they cross it, and each
tetrahedron's inside part is filled from a small set of templates, which agree across faces because diagonals start at
the lower lattice number. Moved nodes are where such a body can touch itself in an edge or a node alone. Where that is
not wanted (`sound`), these nodes go back to their places and their edges are cut no closer to them than a node would
have been moved, as if the level set ran there: without any moved node the surface is that of marching tetrahedra,
which is always a manifold.
Source: Labelle and Shewchuk 2007, 10.1145/1275808.1276448 (uniform variant).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.errors import SimulationError
from asyncsoc.geometry.measure import determinant
from asyncsoc.tomography.lattice import bcc_lattice, unique_edges
from asyncsoc.tomography.topology import defects

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_WARP_LONG, _WARP_SHORT = 0.24999, 0.41189
"""Share of an edge within which its end moves onto the crossing (the source's parameters for bounded angles)."""
_ROOT_STEPS = 3
_SOUND_ROUNDS = 12
"""Rounds of putting nodes back before all of them are."""


class _Crossings:
    """Where lattice edges cross the level set, and the numbers of the points put there."""

    def __init__(self, edges: Int, numbers: Int, n_points: int) -> None:
        self._n = n_points
        keys = edges[:, 0] * n_points + edges[:, 1]
        order = np.argsort(keys)
        self._keys, self._numbers = keys[order], numbers[order]

    def number(self, a: Int, b: Int) -> Int:
        """Return the cut point's number on each edge (a, b)."""
        keys = np.minimum(a, b) * self._n + np.maximum(a, b)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        found: Int = self._numbers[place]
        if len(keys) and ((self._keys[place] != keys).any() or (found < 0).any()):
            raise SimulationError("a lattice edge that should be cut is not", where="isosurface stuffing")
        return found


def stuff(
    field: NDArray[np.float32],
    level: float,
    step: float,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    sound: bool = False,
) -> tuple[Float, Int]:
    """Return points and positively oriented tetrahedra that fill ``field > level``.

    Parameters
    ----------
    field : (nz, ny, nx) float32
        Values at integer coordinates, interpolated linearly, zero beyond the array.
    level
        Level of the surface.
    step
        Edge of the lattice's cubes [voxel].
    shift
        Offset of the lattice as a part of `step`.
    sound
        Make a surface that is a manifold, at the price of points off the level set where it would not be one.

    Returns
    -------
    points : (n, 3) float64
        Coordinates in voxels, in the array's axis order.
    cells : (m, 4) int64

    Raises
    ------
    SimulationError
        Nothing is above the level.
    """

    def value(at: Float) -> Float:
        out: Float = ndimage.map_coordinates(field, at.T, output=np.float64, order=1, mode="constant", prefilter=False)
        return out - level

    inside = np.argwhere(field > level)
    if not len(inside):
        raise SimulationError("nothing is above the level", where="isosurface stuffing", value=level)
    low = inside.min(axis=0) - (2.5 - np.array(shift)) * step
    points, cells = bcc_lattice(low, inside.max(axis=0) + 1.5 * step, step)
    f = value(points)
    f[np.abs(f) < 1e-9] = 1e-9
    above = np.count_nonzero(f[cells] > 0, axis=1)
    edges, long = unique_edges(cells[(above > 0) & (above < 4)], len(points))
    cells = cells[above > 0]
    crossed = f[edges[:, 0]] * f[edges[:, 1]] < 0
    edges, long = edges[crossed], long[crossed]
    part = _roots(value, points[edges[:, 0]], points[edges[:, 1]], f[edges[:, 0]], f[edges[:, 1]])
    stay = np.zeros(len(points), bool)
    all_points, filled, zero = _body(points, f, cells, edges, long, part, stay)
    for left in range(_SOUND_ROUNDS if sound else 0, 0, -1):
        touching = np.zeros(len(all_points), bool)
        touching[defects(all_points, filled)] = True
        again = touching[: len(points)] & zero
        if not again.any():
            break
        stay |= again if left > 1 else True
        all_points, filled, zero = _body(points, f, cells, edges, long, part, stay)
    return _compact(all_points, filled, step)


def _body(
    points: Float, f: Float, cells: Int, edges: Int, long: NDArray[np.bool_], part: Float, stay: NDArray[np.bool_]
) -> tuple[Float, Int, NDArray[np.bool_]]:
    """Return points, the tetrahedra of the body, and which lattice nodes were moved; those that `stay` are not."""
    points = points.copy()
    limit = np.where(long, _WARP_LONG, _WARP_SHORT)
    part = np.maximum(part, np.where(stay[edges[:, 0]], limit, 0.0))
    part = np.minimum(part, np.where(stay[edges[:, 1]], 1.0 - limit, 1.0))
    cuts = points[edges[:, 0]] + part[:, None] * (points[edges[:, 1]] - points[edges[:, 0]])
    sign = _warp(points, np.sign(f), edges, limit, part, cuts, stay)
    live = sign[edges[:, 0]] * sign[edges[:, 1]] < 0
    numbers = np.full(len(edges), -1)
    numbers[live] = len(points) + np.arange(np.count_nonzero(live))
    filled = _fill(cells, sign, _Crossings(edges, numbers, len(points)))
    return np.concatenate([points, cuts[live]]), filled, sign == 0


def _roots(value: object, a: Float, b: Float, fa: Float, fb: Float) -> Float:
    """Return where edges a-b cross zero, as a part of the edge, by a few safeguarded secant steps."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    at_low, at_high = fa.copy(), fb.copy()
    part = fa / (fa - fb)
    for _ in range(_ROOT_STEPS):
        here = value(a + part[:, None] * (b - a))  # type: ignore[operator]
        same = here * at_low > 0
        low, at_low = np.where(same, part, low), np.where(same, here, at_low)
        high, at_high = np.where(same, high, part), np.where(same, at_high, here)
        part = low + at_low / (at_low - at_high + 1e-300) * (high - low)
    return np.clip(part, 1e-6, 1.0 - 1e-6)


def _warp(
    points: Float, sign: Float, edges: Int, limit: Float, part: Float, cuts: Float, stay: NDArray[np.bool_]
) -> Float:
    """Move lattice nodes that are too close to a crossing onto the nearest one (in place); return signs, 0 if moved."""
    nodes = np.concatenate([edges[:, 0], edges[:, 1]])
    away = np.concatenate([part, 1.0 - part])
    close = (away < np.concatenate([limit, limit])) & ~stay[nodes]
    length = np.linalg.norm(points[edges[:, 1]] - points[edges[:, 0]], axis=1)
    distance = (away * np.concatenate([length, length]))[close]
    cut = np.concatenate([np.arange(len(edges))] * 2)[close]
    nodes = nodes[close]
    order = np.lexsort((cut, distance, nodes))
    nodes, cut = nodes[order], cut[order]
    first = np.ones(len(nodes), bool)
    first[1:] = nodes[1:] != nodes[:-1]
    points[nodes[first]] = cuts[cut[first]]
    sign = sign.copy()
    sign[nodes[first]] = 0.0
    return sign


def _fill(cells: Int, sign: Float, crossings: _Crossings) -> Int:
    """Return the tetrahedra that fill the inside part of every lattice tetrahedron."""
    s = sign[cells]
    plus, minus = (s > 0).sum(axis=1), (s < 0).sum(axis=1)
    out = [cells[(plus > 0) & (minus == 0)]]
    mixed = (plus > 0) & (minus > 0)
    # Inside nodes first, then nodes on the surface, then outside ones; within a kind by lattice number.
    order = np.lexsort((cells[mixed], -s[mixed]), axis=1)
    sorted_cells = np.take_along_axis(cells[mixed], order, axis=1)
    plus, minus = plus[mixed], minus[mixed]
    for p, m in ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)):
        chosen = sorted_cells[(plus == p) & (minus == m)]
        if len(chosen):
            out += _template(chosen, p, m, crossings)
    return np.concatenate(out)


def _template(cells: Int, plus: int, minus: int, crossings: _Crossings) -> list[Int]:
    """Return the inside part of tetrahedra with `plus` nodes inside, `minus` outside and the rest on the surface."""
    cut = crossings.number
    columns = list(cells.T)
    if plus == 1:
        zeros = columns[1 : 4 - minus]
        cuts = [cut(columns[0], outer) for outer in columns[4 - minus :]]
        return [np.stack([columns[0], *zeros, *cuts], axis=1)]
    a, b, c, d = columns
    if (plus, minus) == (2, 1):
        return [np.stack([a, b, cut(b, d), c], axis=1), np.stack([a, cut(b, d), cut(a, d), c], axis=1)]
    if (plus, minus) == (3, 1):
        ad, bd, cd = cut(a, d), cut(b, d), cut(c, d)
        return [np.stack(q, axis=1) for q in ((a, ad, bd, cd), (a, b, bd, cd), (a, b, c, cd))]
    ac, ad, bc, bd = cut(a, c), cut(a, d), cut(b, c), cut(b, d)
    return [np.stack(q, axis=1) for q in ((a, b, bc, bd), (a, ac, bc, bd), (a, ac, ad, bd))]


def _compact(points: Float, cells: Int, step: float) -> tuple[Float, Int]:
    """Drop unused points and vanishing tetrahedra; orient the others positively."""
    volume = determinant(points[cells[:, 1:]] - points[cells[:, :1]]) / 6.0
    turned = volume < 0
    cells[turned] = cells[turned][:, [0, 2, 1, 3]]
    cells = cells[np.abs(volume) > 1e-9 * step**3]
    used = np.zeros(len(points), bool)
    used[cells] = True
    return points[used], (np.cumsum(used) - 1)[cells]
