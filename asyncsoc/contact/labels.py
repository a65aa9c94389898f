"""From the labels of a mesh to the touched fraction of every facet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.geometry.mesh import NO_TAG, ParticleMesh

Array = NDArray[np.float64]

DEFAULTS = ("contact", "active")
"""Labels that mean contact where the case names none, in this order."""


def contact_fraction(mesh: ParticleMesh, active: Sequence[str | int] = ()) -> Array:
    """Return the fraction of each surface facet that is in contact, (n_facets,) in [0, 1].

    Parameters
    ----------
    mesh
        The particle.
    active
        Labels in contact: names of soft shares, physical groups or sets, `array=number`, or plain numbers where the
        mesh has one array of tags (of gmsh's, its physical groups). Several add up, at most to the whole facet. Empty:
        "contact" or "active".

    Raises
    ------
    InputError
        The mesh has no labels or none of these, a facet carries none at all, a share lies outside [0, 1], or no facet
        is in contact.
    """
    known = mesh.labels.choices
    wanted = [str(label) for label in active] or [label for label in DEFAULTS if label in known][:1]
    if not wanted:
        raise InputError(
            "the mesh does not say by itself where its contact is" if known else "no facet of the mesh has a label",
            where="contact.active",
            allowed=", ".join(known) or None,
            next_step="name the label that is in contact, contact.active = '...'"
            if known
            else "tag the surface triangles and save them with the tetrahedra, or set contact.kind = 'cap'",
        )
    total = np.zeros(len(mesh.facets))
    for label in wanted:
        total += _share(mesh, label)
    if not total.any():
        raise InputError(
            "the contact has no area: no facet is labelled as in contact",
            where=f"mesh {mesh.name!r}",
            value=", ".join(wanted),
            allowed="at least one facet",
            next_step="check the labels of the mesh, or name others in contact.active",
        )
    return np.minimum(total, 1.0)


def exposed_coverage(mesh: ParticleMesh, fraction: Array) -> float | None:
    """Return contact over contact and "inactive" area where the mesh has soft shares of it, else None."""
    if "inactive" not in mesh.labels.weights:
        return None
    areas = mesh.areas
    touched, bare = float(areas @ fraction), float(areas @ _checked(mesh, "inactive", mesh.labels.weights["inactive"]))
    return touched / (touched + bare)


def _share(mesh: ParticleMesh, label: str) -> Array:
    if label in mesh.labels.weights:
        return _checked(mesh, label, mesh.labels.weights[label])
    n = len(mesh.facets)
    if label in mesh.labels.sets:
        tagged = np.zeros(n, dtype=bool)
        for rows in mesh.labels.sets.values():
            tagged[rows] = True
        _require_all(mesh, tagged, "set")
        out = np.zeros(n)
        out[mesh.labels.sets[label]] = 1.0
        return out
    array, number = _tag(mesh, label)
    values = mesh.labels.tags[array]
    _require_all(mesh, values != NO_TAG, f"tag in {array!r}")
    return np.where(values == number, 1.0, 0.0)


def _tag(mesh: ParticleMesh, label: str) -> tuple[str, int]:
    """Return the tag array and the number a label stands for."""
    if label in mesh.labels.names:
        return mesh.labels.names[label]
    array, equals, text = label.rpartition("=")
    if not equals:
        arrays = [name for name in mesh.labels.tags if name == "gmsh:physical"] or list(mesh.labels.tags)
        array, text = (arrays[0] if len(arrays) == 1 else ""), label
    number = int(text) if text.strip().lstrip("-").isdecimal() and len(text) < 20 else None
    if array not in mesh.labels.tags or number is None or not (mesh.labels.tags[array] == number).any():
        known = mesh.labels.choices
        raise InputError(
            "no facet of the mesh has this label",
            where="contact.active",
            value=label,
            allowed=", ".join(known) or "none: the mesh has no labels",
            nearest=nearest_name(label, known),
            next_step="name a label of the mesh",
        )
    return array, number


def _checked(mesh: ParticleMesh, label: str, values: Array) -> Array:
    _require_all(mesh, ~np.isnan(values), f"weight {label!r}")
    bad = (values < 0.0) | (values > 1.0)
    if bad.any():
        raise InputError(
            f"a weight of {label!r} is not a share of its facet",
            where=f"mesh {mesh.name!r}",
            value=float(values[np.argmax(bad)]),
            allowed="0 to 1",
            next_step="scale the weights, or name another label in contact.active",
        )
    return values


def _require_all(mesh: ParticleMesh, said: NDArray[np.bool_], what: str) -> None:
    missing = int(np.count_nonzero(~said))
    if missing:
        raise InputError(
            f"{missing} of {len(said)} facets of the surface carry no {what}",
            where=f"mesh {mesh.name!r}",
            value=missing,
            allowed="0: every facet is in contact or said not to be",
            next_step="tag the rest too, for example as 'inactive', and save all surface triangles",
        )
