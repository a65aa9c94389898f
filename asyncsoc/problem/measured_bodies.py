"""The particles of an electrode in their measured shapes: each on its own mesh, in the layer of its depth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.case.case import Case
from asyncsoc.case.contact import Contact
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.particle import Particle
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.problem.measured_depths import volume_length
from asyncsoc.problem.particle_sample import ParticleSample

Indices = NDArray[np.int64]
Named = tuple[str, Particle, Contact]

CLOSED = "closed: no lithium passes from particle to particle, nor through the contact from the electrolyte"
"""What a result says of the contacts between measured particles."""
_SAME_LENGTH = 1e-6
_OWN_MESH = ("mesh", "edge_levels", "layer_decades")
"""Keys of a particle that say how a sphere is meshed."""


def measured_bodies(case: Case, sample: ParticleSample, touching: Indices, *, covered: bool) -> list[Named]:
    """Return name, body and contact of the measured particles that carry the current.

    Parameters
    ----------
    case
        The case of the electrode.
    sample
        Its particles.
    touching : (n,)
        Their numbers in the sample.
    covered
        Whether all of their surfaces is in contact instead, contacts between particles too.

    Raises
    ------
    InputError
        The case says how particles are meshed, or the set is not there.
    """
    given = case.electrode.set
    assert given is not None
    known = type(case.particle).model_fields
    for key in _OWN_MESH:
        if getattr(case.particle, key) != known[key].default:
            raise InputError(
                "measured particles bring their own meshes",
                where=f"particle.{key}",
                value=getattr(case.particle, key),
                next_step="remove it",
            )
    particles = given.load()
    contact = Contact.full() if covered else Contact(kind="labels", active=("active",))
    found = []
    for number in touching.tolist():
        row = particles.rows[number]
        file, sha = str(Path(particles.folder) / str(row["file"])), sha256_of(bytes.fromhex(str(row["sha256"])))
        own = {"shape": "mesh", "file": file, "length_unit": 1.0, "sha256": sha, "radius": None, "model": "auto"}
        found.append((f"particle {row['particle']}", case.particle.model_copy(update=own), contact))
    return found


def named_by_layer(bodies: list[Named], layers: ElectrodeLayers | None) -> Iterator[Named]:
    """Yield bodies with the layer in the name of each, where there are layers."""
    for k, (name, body, contact) in enumerate(bodies):
        yield name if layers is None else f"layer {layers.nodes[k] + 1} {name}", body, contact


def layers_by_depth(electrode: Electrode, sample: ParticleSample, touching: Indices, count: int) -> tuple[int, ...]:
    """Return the layer of each measured particle that carries current: that of its centre, the first at the separator.

    Raises
    ------
    InputError
        The electrode is thicker or thinner than the volume, or a layer has no particle.
    """
    given = electrode.set
    assert given is not None
    length = volume_length(given.load(), str(given.separator_side))
    thickness = electrode.amounts(sample.density).thickness
    if abs(thickness / length - 1.0) > _SAME_LENGTH:
        raise InputError(
            "the electrode is not as thick as the volume its particles were measured in",
            where="electrode.thickness",
            value=f"{thickness * 1e6:.6g} um",
            allowed=f"{length * 1e6:.9g} um from {given.separator_side}",
            next_step="set electrode.thickness to it, or use the group model",
        )
    nodes = np.clip((sample.depth[touching] / length * count).astype(np.int64), 0, count - 1)
    empty = sorted(set(range(count)) - set(nodes.tolist()))
    if empty:
        raise InputError(
            f"layer {empty[0] + 1} of {count} has no particle that carries current",
            where="electrode.layers",
            value=count,
            next_step="use fewer layers",
        )
    return tuple(nodes.tolist())


def measured_columns(electrode: Electrode, sample: ParticleSample) -> list[dict[str, Any]]:
    """Return what a result lists of each measured particle beside what it lists of spheres."""
    if not electrode.measured:
        return [{} for _ in range(len(sample))]
    depth = sample.depth.tolist() or [None] * len(sample)
    return [
        {"file": file, **({} if deep is None else {"depth [m]": deep})}
        for file, deep in zip(sample.files, depth, strict=True)
    ]
