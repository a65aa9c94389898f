"""From a one-parameter family of growing contacts to the one with the coverage asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.contact.integrals import SurfaceIntegral, whole
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh

# Part of the surface by which the realised coverage may miss the one asked for; the root finder reaches 1e-15.
TOLERANCE = 1e-10


def checked_coverage(coverage: object) -> float:
    """Return `coverage` as a float in (0, 1].

    Raises
    ------
    InputError
        Not a number, not finite, zero, negative or above one.
    """
    allowed = "a number in (0, 1]: contact area over surface area"
    if isinstance(coverage, bool) or not isinstance(coverage, (int, float, np.integer, np.floating)):
        raise InputError("coverage is not a number", where="coverage", value=coverage, allowed=allowed)
    value = float(coverage)
    if not 0.0 < value <= 1.0:
        raise InputError(
            "coverage is out of range",
            where="coverage",
            value=value,
            allowed=allowed,
            next_step="a particle without contact cannot be charged; 100 % is 1.0",
        )
    return value


def refuse_radial(mesh: ParticleMesh, kind: str, coverage: float) -> None:
    """Raise InputError where a radial mesh is asked for a contact that is not the whole surface."""
    if mesh.coordinates == "radial" and coverage < 1.0:
        raise InputError(
            "a radial mesh can only be in contact over its whole surface",
            where=f"contact {kind!r}",
            value=coverage,
            allowed="coverage 1",
            next_step='use the model "axisymmetric" (cap, belt) or "3d" (any layout), or "auto"',
        )


def require_cartesian(mesh: ParticleMesh, kind: str) -> None:
    """Raise InputError where a contact that is not axisymmetric is put on a mesh that is."""
    if mesh.coordinates != "cartesian":
        raise InputError(
            f"contact {kind!r} is not axisymmetric",
            where=f"mesh {mesh.name!r}",
            value=mesh.coordinates,
            allowed="a 3-D mesh",
            next_step='use the model "3d" or "auto"',
        )


def make_map(
    mesh: ParticleMesh, kind: str, part: SurfaceIntegral, coverage: float, parameters: dict[str, float]
) -> ContactMap:
    """Lump a part of the surface into a `ContactMap`.

    Raises
    ------
    InputError
        The part has no area.
    """
    all_of_it = whole(mesh)
    weights, surface = part.weights(mesh), all_of_it.weights(mesh)
    realised = 1.0 if np.array_equal(weights, surface) else float(weights.sum() / surface.sum())
    if not realised > 0.0:
        raise InputError(
            "the contact has no area",
            where=f"contact {kind!r}",
            value=coverage,
            allowed="a coverage the surface can hold",
            next_step="ask for a larger coverage",
        )
    fraction = np.clip(part.areas / all_of_it.areas, 0.0, 1.0)
    return ContactMap(kind, weights, surface, fraction, coverage, realised, parameters)


def part_with_coverage(
    mesh: ParticleMesh, kind: str, part_at: Callable[[float], SurfaceIntegral], low: float, high: float, coverage: float
) -> tuple[float, SurfaceIntegral]:
    """Find the threshold at which a part of the surface has the coverage asked for.

    Parameters
    ----------
    mesh
        The particle.
    kind
        Name of the contact, for messages.
    part_at
        Part of the surface at a threshold; shrinks from the whole surface at `low` to nothing at `high`.
    low, high
        Bracket of the threshold.
    coverage
        Asked for, in (0, 1].

    Returns
    -------
    threshold, part

    Raises
    ------
    InputError
        No threshold gives the coverage within 1e-10: the surface has a face on which the level is constant.
    """
    from scipy.optimize import brentq

    if coverage == 1.0:
        return low, whole(mesh)
    total = float(whole(mesh).areas.sum())

    def excess(u: float) -> float:
        return float(part_at(high + u * (low - high)).areas.sum()) / total - coverage

    if excess(0.0) > 0.0:
        raise _flat(kind, coverage, excess(0.0) + coverage)
    u = brentq(excess, 0.0, 1.0, xtol=1e-16, rtol=8.9e-16, maxiter=500)
    threshold = high + u * (low - high)
    part = part_at(threshold)
    missed = float(part.areas.sum()) / total - coverage
    if abs(missed) > TOLERANCE:
        raise _flat(kind, coverage, coverage + missed)
    return threshold, part


def _flat(kind: str, coverage: float, possible: float) -> InputError:
    return InputError(
        "the contact's edge cannot be placed at this coverage: the surface has a flat face there",
        where=f"contact {kind!r}",
        value=coverage,
        allowed=f"for example {possible:.6g}",
        next_step="change the coverage or the axis",
    )
