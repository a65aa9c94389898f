"""The surface of a case's particle, on which contacts are sampled: that of a built-in sphere or of the user's mesh."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.wiring import MESH_FILES, provider
from asyncsoc.case.own_contact import array_keys
from asyncsoc.geometry.mesh import ParticleMesh

if TYPE_CHECKING:
    from asyncsoc.case.particle import Particle

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ParticleSurface:
    """A 3-D mesh whose surface carries a contact.

    Attributes
    ----------
    mesh
        In metres.
    key
        What a case names it by: the name of the built-in mesh, or the SHA-256 of the particle's own.
    sphere
        Whether it is a sphere, whose points are put on it exactly.
    radius
        Of the sphere, or of the sphere of its volume [m].
    """

    mesh: ParticleMesh
    key: str
    sphere: bool
    radius: float

    def sampled(self, weight: Callable[[Any], Any], unit: str) -> dict[str, Any]:
        """Return the keys of `FacetWeights` for a function of position; see `Contact.from_function`."""
        from asyncsoc.contact.own import as_corner_weights, centre_of
        from asyncsoc.contact.sampling import corner_weights

        if unit not in ("radius", "m"):
            raise InputError("unknown unit of points", where="Contact.from_function", value=unit, allowed="radius, m")
        scale = 1.0 if unit == "m" else 1.0 / self.radius
        origin = np.zeros(3) if unit == "m" else centre_of(self.mesh)
        on_sphere = self.radius * scale

        def place(points: Array) -> Array:
            if self.sphere:
                return np.asarray(on_sphere * points / np.sqrt(np.sum(points * points, axis=1, keepdims=True)))
            return (points - origin) * scale

        corners = corner_weights(self.mesh, weight, place)
        return self.given(as_corner_weights(self.mesh, corners, where="Contact.from_function"), "facets")

    def given(self, weights: ArrayLike | str | Path, on: str | None) -> dict[str, Any]:
        """Return the keys of `FacetWeights` for an array on this surface; see `Contact.from_weights`."""
        from asyncsoc.contact.own import as_corner_weights

        where = "Contact.from_weights"
        if isinstance(weights, str | Path):
            from asyncsoc.geometry.surface_arrays import read_surface_array

            weights, where = read_surface_array(weights), str(weights)
        corners = as_corner_weights(self.mesh, weights, on=on, where=where)
        return {"mesh": self.key, **array_keys(corners)}


def surface_of(particle: Particle) -> ParticleSurface:
    """Return the surface of a particle.

    Raises
    ------
    InputError
        A model that is not 3-D, or a mesh file that is unsound or another one.
    """
    if particle.shape == "sphere":
        from asyncsoc.geometry.library import load_builtin

        if particle.model not in ("auto", "3d"):
            raise InputError(
                "a contact given by position needs the 3-D mesh of a sphere",
                where="particle.model",
                value=particle.model,
                allowed="auto, 3d",
            )
        name, radius = f"sphere-3d-{particle.mesh}", float(particle.radius or 1.0)
        return ParticleSurface(load_builtin(name).scaled(radius), name, True, radius)
    if particle.shape == "arrays":
        mesh = particle.labelled.without_labels()
    else:
        read = provider(MESH_FILES).read
        mesh = read(str(particle.file), float(particle.length_unit or 1.0), str(particle.sha256)).without_labels()
    from asyncsoc.geometry.measure import cell_volumes

    radius = math.cbrt(0.75 * float(cell_volumes(mesh).sum()) / math.pi)
    return ParticleSurface(mesh, mesh.sha256, False, radius)
