"""Several round patches, each with its own direction and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.contact.directions import separations
from asyncsoc.contact.integrals import SurfaceIntegral, above, whole
from asyncsoc.contact.map import MOST_PATCHES, ContactMap
from asyncsoc.contact.patches import TOUCHING, direction_cosines
from asyncsoc.contact.shapes import unit_axis
from asyncsoc.contact.solve import make_map, part_with_coverage, require_cartesian
from asyncsoc.geometry.mesh import ParticleMesh

_RANGE = (-1.1, 1.1)  # holds every cosine, rounded ones too


@dataclass(frozen=True)
class PlacedPatch:
    """One round patch.

    Attributes
    ----------
    direction
        From the centre of volume to the middle of the patch.
    coverage
        Its area over that of the whole surface.
    angle
        Half of the opening of its cone [rad], in place of the coverage.
    """

    direction: tuple[float, float, float]
    coverage: float | None = None
    angle: float | None = None


def placed_patches(mesh: ParticleMesh, patches: Sequence[PlacedPatch]) -> ContactMap:
    """Put round patches of given directions and sizes on the surface; they may touch, and never overlap.

    A patch is the part of the surface within a cone about its direction, of exactly its coverage, or of its angle.

    Parameters
    ----------
    mesh
        Cartesian, star-shaped about its centre of volume.
    patches
        At least one.

    Returns
    -------
    ContactMap
        With "n" and "smallest_radius [m]" (of the disc of the smallest patch's area) among its parameters.

    Raises
    ------
    InputError
        Mesh not cartesian, no patch or too many, a patch as large as the surface, or two that overlap.
    """
    require_cartesian(mesh, "placed")
    if not 1 <= len(patches) <= MOST_PATCHES:
        raise InputError(
            "the number of patches is out of range",
            where="contact.patch",
            value=len(patches),
            allowed=f"1 to {MOST_PATCHES}",
        )
    directions = np.array([unit_axis(patch.direction) for patch in patches])
    cosines = direction_cosines(mesh, directions)
    total = float(whole(mesh).areas.sum())
    shares, angles, areas = np.zeros(mesh.facets.shape), np.empty(len(patches)), np.empty(len(patches))
    for k, patch in enumerate(patches):
        part_at = partial(above, mesh, cosines[:, k])
        if patch.coverage is not None:
            edge, part = part_with_coverage(mesh, "placed", part_at, *_RANGE, patch.coverage)
            opening, sphere = (
                float(np.arccos(np.clip(edge, -1.0, 1.0))),
                2.0 * float(np.arcsin(np.sqrt(patch.coverage))),
            )
            # On a sphere the angle is known, however coarse the mesh; on any other particle it is what was found.
            angles[k] = sphere if abs(opening - sphere) < TOUCHING else opening
        else:
            angles[k] = float(patch.angle or 0.0)
            part = part_at(float(np.cos(angles[k])))
        shares += part.shares
        areas[k] = part.areas.sum()
    apart = separations(directions)
    overlap = angles[:, None] + angles[None, :] > apart * (1.0 + 1e-12) + 1e-12
    if overlap.any():
        first, second = np.argwhere(overlap)[0].tolist()
        raise overlapping(first + 1, second + 1, float(apart[first, second]), float(angles[first] + angles[second]))
    asked = sum(areas[k] / total if p.coverage is None else p.coverage for k, p in enumerate(patches))
    parameters = {"n": float(len(patches)), "smallest_radius [m]": float(np.sqrt(areas.min() / np.pi))}
    return make_map(mesh, "placed", SurfaceIntegral(np.minimum(shares, whole(mesh).shares)), float(asked), parameters)


def overlapping(first: int, second: int, apart: float, needed: float) -> InputError:
    """Return the error for two patches (counted from 1) whose middles are `apart` and would touch at `needed` [rad]."""
    return InputError(
        f"patches {first} and {second} overlap",
        where=f"contact.patch[{second}]",
        value=f"{np.degrees(apart):.4g} deg apart",
        allowed=f"at least {np.degrees(needed):.4g} deg, the sum of their half angles",
        next_step="move them apart or make them smaller; for a union that counts overlaps once use "
        "Contact.from_function or kind = 'random'",
    )
