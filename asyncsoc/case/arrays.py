"""Particles given as arrays: a case names them by their SHA-256 and finds them as long as somebody holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from asyncsoc.base.errors import InputError

if TYPE_CHECKING:
    from asyncsoc.geometry.mesh import ParticleMesh

_HELD: WeakValueDictionary[str, ParticleMesh] = WeakValueDictionary()


def hold(mesh: ParticleMesh) -> ParticleMesh:
    """Make a particle findable by its SHA-256; return the one known under it, so that equal arrays are one object."""
    return _HELD.setdefault(mesh.labelled_sha256, mesh)


def held(sha256: str) -> ParticleMesh:
    """Return the particle with this SHA-256.

    Raises
    ------
    InputError
        Nobody in this process holds it.
    """
    found = _HELD.get(sha256)
    if found is None:
        raise InputError(
            "the arrays of this particle are not in this process",
            where="particle.sha256",
            value=sha256,
            allowed="arrays given to Particle.from_arrays before, and still held by a case or particle",
            next_step="make the particle again with Particle.from_arrays, or keep it in a file: "
            "particle.saved('particle.vtu')",
        )
    return found
