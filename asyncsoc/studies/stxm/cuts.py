"""What part of a particle is looked at, and where the contact lies in the image."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.studies.stxm.projection import FIELD, PIXELS, BeamView

Array = NDArray[np.float64]
Cut = Literal["fragment", "full"]

THICKNESS = 0.2e-6
"""m; of the fragment, assumed: about what soft X-rays pass at the L edge of a transition metal."""
_ALL_ROUND = 1e-6
_ROOM = 1.05


def contact_direction(mesh: ParticleMesh, contact: ContactMap) -> Array:
    """Return the direction from the particle's middle to the middle of its contact, (3,); +z where it has none.

    That of a cap is +z or -z in axisymmetric coordinates. Full contact, belts and even patches have none.
    """
    up = np.array([0.0, 0.0, 1.0])
    if mesh.coordinates == "radial":
        return up
    if mesh.coordinates == "axisymmetric":
        height = float(contact.weights @ mesh.points[:, 1]) / float(contact.weights.sum())
        return -up if height < -_ALL_ROUND * _reach(mesh, up) else up  # full contact has no side
    mean = contact.weights @ (mesh.points - _middle(mesh)) / contact.weights.sum()
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length) if length > _ALL_ROUND * np.ptp(mesh.points) else up


def view_of(
    mesh: ParticleMesh,
    contact: ContactMap,
    *,
    cut: Cut = "fragment",
    field: float | None = None,
    pixels: int = PIXELS,
    thickness: float | None = None,
    beam: ArrayLike | None = None,
) -> BeamView:
    """Return the view of a particle in which its contact is at the top of the image.

    Parameters
    ----------
    mesh, contact
        The particle.
    cut
        "fragment": a square slab under the middle of the contact, from the surface inwards, at right angles to the
        beam; "full": the whole particle.
    field
        Side of the field of view [m]: the paper's 2.5 um, of a full particle as much as it needs.
    pixels
        Points a side.
    thickness
        Of the fragment [m]; None: `THICKNESS`, assumed.
    beam
        Direction; None: at right angles to the direction of the contact.

    Raises
    ------
    InputError
        An unknown cut, or what a `BeamView` refuses.
    """
    if cut not in ("fragment", "full"):
        raise InputError("unknown cut", where="cut", value=cut, allowed="fragment, full")
    upward = contact_direction(mesh, contact)
    given = np.asarray(_across(upward) if beam is None else beam, dtype=np.float64)
    if given.shape != (3,) or not np.isfinite(given).all() or not given.any():
        raise InputError("the beam has a direction", where="beam", value=str(beam), allowed="three numbers, not all 0")
    along = float(np.linalg.norm(np.cross(given / np.linalg.norm(given), upward))) < _ALL_ROUND
    shown = _across(upward) if along else upward  # along the contact's axis nothing is up
    middle, reach = _middle(mesh), _reach(mesh, upward)
    if cut == "full":
        needed = 2.0 * _ROOM * float(np.linalg.norm(mesh.points - _origin(mesh), axis=1).max())
        size = max(FIELD, needed) if field is None else field
        return BeamView(size, pixels, middle, given, shown, thickness=math.inf if thickness is None else thickness)
    size = FIELD if field is None else field
    centre = middle + (reach - 0.5 * size) * upward
    return BeamView(size, pixels, centre, given, shown, THICKNESS if thickness is None else thickness)


def _across(direction: Array) -> Array:
    """Return a direction at right angles to one: +x where that is possible."""
    along = np.array([1.0, 0.0, 0.0]) if abs(direction[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    return np.asarray(along - (along @ direction) * direction)


def _origin(mesh: ParticleMesh) -> Array:
    return np.zeros(mesh.points.shape[1]) if mesh.coordinates != "cartesian" else _middle(mesh)


def _middle(mesh: ParticleMesh) -> Array:
    if mesh.coordinates != "cartesian":
        return np.zeros(3)
    corners = mesh.points[mesh.cells]
    volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    return np.asarray(np.average(corners.mean(axis=1), axis=0, weights=volumes))


def _reach(mesh: ParticleMesh, upward: Array) -> float:
    """Return how far the surface is from the middle in a direction [m]: the outermost node about it."""
    if mesh.coordinates != "cartesian":
        return float(np.linalg.norm(mesh.points, axis=1).max())
    offset = mesh.points[np.unique(mesh.facets)] - _middle(mesh)
    distance = np.linalg.norm(offset, axis=1)
    nearest = np.argsort(-(offset @ upward) / distance)[:8]
    return float(distance[nearest].mean())
