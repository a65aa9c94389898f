"""What the curves of a case's particle are measured with, made once for all cases that share it."""

from __future__ import annotations

from asyncsoc.base.hashing import sha256_of
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.caching import ContentCache
from asyncsoc.recorders.particle_constants import ParticleConstants

_GAUGES = ContentCache[ParticleConstants](most_bytes=1 << 28)


def particle_constants(setup: PreparedCase) -> ParticleConstants:
    """Return what the curves of a particle are measured with."""
    mesh, contact, cathode = setup.mesh, setup.contact, setup.cathode
    key = mesh.sha256, contact.kind, sha256_of(contact.weights), cathode
    return _GAUGES.get(
        key,
        lambda: ParticleConstants.build(mesh, contact, setup.operators.mass, cathode, charged_x=setup.charged_x),
    )
