"""Integrate a function of position over the facets of a surface, however abruptly it changes.

Each facet is divided into equal triangles, and a triangle on which the function is not linear is divided into four,
again and again. On each triangle the function is taken as the quadratic through its corners and the middles of its
edges, whose integrals against the facet's hat functions are exact. On the smallest triangles a jump is found along the
edges it crosses, by bisection, and taken as a straight line between.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.integrals import corner_part
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]
Weight = Callable[[Array], object]
"""Takes points (n, 3), returns weights (n,) in [0, 1], or booleans."""

FIRST_DIVISIONS = 2
"""Halvings of every facet's edges before its values are looked at."""
MOST_DIVISIONS = 5
"""Halvings down to which a jump is followed: a facet's edge over 32."""
_LINEAR = 1e-3
"""How far the middle of an edge may lie from the mean of its ends."""
_MOST_POINTS = 1_000_000
_ROUNDING = 1e-9
_JUMP = 0.2
"""Difference of values across a smallest triangle that is a jump."""
_HALVINGS = 20
_CORNERS = np.eye(3)
_MIDDLES = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])  # opposite to corners 0, 1, 2
_CORNER_INTEGRALS = np.full((3, 3), -1.0 / 60.0) + np.eye(3) * (1.0 / 30.0 + 1.0 / 60.0)
_MIDDLE_INTEGRALS = np.full((3, 3), 2.0 / 15.0) - np.eye(3) * (1.0 / 15.0)
"""Integrals of the quadratic basis against the hat functions over a triangle of area 1; rows: basis functions."""


def corner_weights(mesh: ParticleMesh, weight: Weight, place: Callable[[Array], Array]) -> Array:
    """Return the weights of the surface's corners that have the integrals of a function: (n_facets, 3) in [0, 1].

    Integral over a facet of weight times the hat function of a corner = facet's area / 3 times the corner's weight.

    Parameters
    ----------
    mesh
        Cartesian.
    weight
        Function of points (n, 3); returns (n,) numbers in [0, 1] or booleans.
    place
        Turns points on the mesh's facets into what the function is given.

    Raises
    ------
    InputError
        The function fails, or returns something else than finite numbers in [0, 1], one for each point.
    """
    corners = mesh.points[mesh.facets]
    total = np.zeros((len(mesh.facets), 3))
    facets, triangles = _divided(len(mesh.facets))
    area = 4.0**-FIRST_DIVISIONS
    for depth in range(FIRST_DIVISIONS, MOST_DIVISIONS + 1):
        left: list[tuple[NDArray[np.int64], Array]] = []
        step = max(_MOST_POINTS // 6, 1)
        for start in range(0, len(facets), step):
            these, parts = facets[start : start + step], triangles[start : start + step]
            six = np.concatenate([parts, _MIDDLES @ parts], axis=1)  # (t, 6, 3) barycentric
            points = np.einsum("tpc,tcd->tpd", six, corners[these])
            values = checked_weights(weight, place(points.reshape(-1, 3))).reshape(-1, 6)
            at_corners, at_middles = values[:, :3], values[:, 3:]
            between = 0.5 * (at_corners.sum(axis=1, keepdims=True) - at_corners)
            settled = (np.abs(at_middles - between) <= _LINEAR).all(axis=1) | (depth == MOST_DIVISIONS)
            shares = at_corners @ _CORNER_INTEGRALS + at_middles @ _MIDDLE_INTEGRALS
            if depth == MOST_DIVISIONS:
                _cut(shares, weight, place, corners[these], parts, at_corners)
            hats = np.einsum("tb,tbc->tc", shares, parts)[settled] * area
            for corner in range(3):
                total[:, corner] += np.bincount(these[settled], hats[:, corner], minlength=len(total))
            left.append((these[~settled], parts[~settled]))
        facets, triangles = np.concatenate([f for f, _ in left]), np.concatenate([t for _, t in left])
        if not len(facets):
            break
        facets, triangles = _quartered(facets, triangles)
        area /= 4.0
    weights = np.clip(3.0 * total, 0.0, 1.0)
    # What adds up to a bare or a covered corner within rounding is one.
    weights[weights < _ROUNDING] = 0.0
    weights[weights > 1.0 - _ROUNDING] = 1.0
    return weights


def _cut(
    shares: Array,
    weight: Weight,
    place: Callable[[Array], Array],
    corners: Array,
    parts: Array,
    at_corners: Array,
) -> None:
    """Replace the integrals (t, 3) over triangles that a jump cuts, one corner on one side, by those of a straight cut.

    Parameters
    ----------
    shares
        Integrals against the hat functions of the triangles themselves, of area 1.
    weight, place
        As of `corner_weights`.
    corners, parts : (t, 3, 3)
        Corners of the facets in space, and of the triangles in their facets.
    at_corners : (t, 3)
        Values there.
    """
    for alone in range(3):
        one, two = (alone + 1) % 3, (alone + 2) % 3
        rest = 0.5 * (at_corners[:, one] + at_corners[:, two])
        jump = at_corners[:, alone] - rest
        chosen = np.flatnonzero(
            (np.abs(jump) > _JUMP) & (np.abs(at_corners[:, one] - at_corners[:, two]) < 0.5 * np.abs(jump))
        )
        if not len(chosen):
            continue
        half, start = rest[chosen] + 0.5 * jump[chosen], parts[chosen, alone]
        fractions = []
        for other in (one, two):
            low, high = np.zeros(len(chosen)), np.ones(len(chosen))
            for _ in range(_HALVINGS):
                middle = 0.5 * (low + high)
                at = start + middle[:, None] * (parts[chosen, other] - start)
                values = checked_weights(weight, place(np.einsum("tc,tcd->td", at, corners[chosen])))
                beyond = (values - half) * jump[chosen] < 0.0
                low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
            fractions.append(0.5 * (low + high))
        order = [alone, one, two]
        cut = np.repeat(rest[chosen, None] / 3.0, 3, axis=1)
        cut[:, order] += jump[chosen, None] * corner_part(*fractions)
        shares[chosen] = cut


def checked_weights(weight: Weight, points: Array) -> Array:
    """Return a function's values at points (n, 3): finite numbers in [0, 1], one for each.

    Raises
    ------
    InputError
        It fails or returns something else.
    """
    where = "Contact.from_function"
    try:
        given = weight(points)
    except Exception as error:  # the function is the user's own: whatever it raises is said in one way
        raise InputError(
            f"the function cannot be evaluated: {type(error).__name__}: {error}",
            where=where,
            value=f"points of shape {points.shape}",
            allowed="a function of points (n, 3) that returns (n,) weights in [0, 1] or booleans",
            next_step="write it for arrays: points[:, 2] > 0.4",
        ) from None
    values = np.asarray(given)
    if values.dtype.kind not in "bfiu" or values.shape != (len(points),):
        raise InputError(
            "the function does not return one weight for each point",
            where=where,
            value=f"{values.dtype} of shape {values.shape}",
            allowed=f"numbers or booleans of shape ({len(points)},)",
            next_step="write it for arrays: points[:, 2] > 0.4",
        )
    values = values.astype(np.float64)
    bad = ~((values >= -_ROUNDING) & (values <= 1.0 + _ROUNDING))
    if bad.any():
        first = int(np.argmax(bad))
        raise InputError(
            "the function returns a weight outside [0, 1]",
            where=f"{where}, at the point {np.array2string(points[first], precision=4)}",
            value=float(values[first]),
            allowed="0 (bare) to 1 (in contact), finite",
            next_step="clip or scale it",
        )
    return np.asarray(np.clip(values, 0.0, 1.0))


def _divided(count: int) -> tuple[NDArray[np.int64], Array]:
    """Return facets' numbers and the barycentric corners (t, 3, 3) of the triangles they are divided into at first."""
    facets, triangles = np.arange(count), np.broadcast_to(_CORNERS, (count, 3, 3))
    for _ in range(FIRST_DIVISIONS):
        facets, triangles = _quartered(facets, triangles)
    return facets, triangles


def _quartered(facets: NDArray[np.int64], triangles: Array) -> tuple[NDArray[np.int64], Array]:
    """Divide triangles (t, 3, 3) into four equal ones each."""
    a, b, c = (triangles[:, k] for k in range(3))
    ab, bc, ca = 0.5 * (a + b), 0.5 * (b + c), 0.5 * (c + a)
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.tile(facets, 4), np.concatenate([np.stack(part, axis=1) for part in parts])
