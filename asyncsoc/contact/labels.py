"""From the labels of a mesh to the touched fraction of every facet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.geometry.labelled import NO_TAG, LabelledMesh
from asyncsoc.geometry.measure import facet_areas

Array = NDArray[np.float64]

DEFAULTS = ("contact", "active")
"""Labels that mean contact where the case names none, in this order."""


def contact_fraction(labelled: LabelledMesh, active: Sequence[str | int] = ()) -> Array:
    """Return the fraction of each surface facet that is in contact, (n_facets,) in [0, 1].

    Parameters
    ----------
    labelled
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
    known = labelled.label_names
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
    total = np.zeros(len(labelled.mesh.facets))
    for label in wanted:
        total += _share(labelled, label)
    if not total.any():
        raise InputError(
            "the contact has no area: no facet is labelled as in contact",
            where=f"mesh {labelled.mesh.name!r}",
            value=", ".join(wanted),
            allowed="at least one facet",
            next_step="check the labels of the mesh, or name others in contact.active",
        )
    return np.minimum(total, 1.0)


def exposed_coverage(labelled: LabelledMesh, fraction: Array) -> float | None:
    """Return contact over contact and "inactive" area where the mesh has soft shares of it, else None."""
    if "inactive" not in labelled.shares:
        return None
    areas = facet_areas(labelled.mesh)
    touched, bare = float(areas @ fraction), float(areas @ _checked(labelled, "inactive", labelled.shares["inactive"]))
    return touched / (touched + bare)


def _share(labelled: LabelledMesh, label: str) -> Array:
    if label in labelled.shares:
        return _checked(labelled, label, labelled.shares[label])
    n = len(labelled.mesh.facets)
    if label in labelled.sets:
        tagged = np.zeros(n, dtype=bool)
        for rows in labelled.sets.values():
            tagged[rows] = True
        _require_all(labelled, tagged, "set")
        out = np.zeros(n)
        out[labelled.sets[label]] = 1.0
        return out
    array, number = _tag(labelled, label)
    values = labelled.tags[array]
    _require_all(labelled, values != NO_TAG, f"tag in {array!r}")
    return np.where(values == number, 1.0, 0.0)


def _tag(labelled: LabelledMesh, label: str) -> tuple[str, int]:
    """Return the tag array and the number a label stands for."""
    if label in labelled.names:
        return labelled.names[label]
    array, equals, text = label.rpartition("=")
    if not equals:
        arrays = [name for name in labelled.tags if name == "gmsh:physical"] or list(labelled.tags)
        array, text = (arrays[0] if len(arrays) == 1 else ""), label
    number = int(text) if text.strip().lstrip("-").isdecimal() and len(text) < 20 else None
    if array not in labelled.tags or number is None or not (labelled.tags[array] == number).any():
        known = labelled.label_names
        raise InputError(
            "no facet of the mesh has this label",
            where="contact.active",
            value=label,
            allowed=", ".join(known) or "none: the mesh has no labels",
            nearest=nearest_name(label, known),
            next_step="name a label of the mesh",
        )
    return array, number


def _checked(labelled: LabelledMesh, label: str, values: Array) -> Array:
    _require_all(labelled, ~np.isnan(values), f"weight {label!r}")
    bad = (values < 0.0) | (values > 1.0)
    if bad.any():
        raise InputError(
            f"a weight of {label!r} is not a share of its facet",
            where=f"mesh {labelled.mesh.name!r}",
            value=float(values[np.argmax(bad)]),
            allowed="0 to 1",
            next_step="scale the weights, or name another label in contact.active",
        )
    return values


def _require_all(labelled: LabelledMesh, said: NDArray[np.bool_], what: str) -> None:
    missing = int(np.count_nonzero(~said))
    if missing:
        raise InputError(
            f"{missing} of {len(said)} facets of the surface carry no {what}",
            where=f"mesh {labelled.mesh.name!r}",
            value=missing,
            allowed="0: every facet is in contact or said not to be",
            next_step="tag the rest too, for example as 'inactive', and save all surface triangles",
        )
