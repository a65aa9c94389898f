"""How well a mesh resolves a contact."""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.measure import facet_lengths
from asyncsoc.geometry.mesh import ParticleMesh

# At six facets the pseudo-steady contact mean of a cap or belt is off by 1 to 1.5 % (axisymmetric, against the series).
FEWEST_FACETS = 6.0
_MOSTLY = 0.5


def facets_across(contact: ContactMap, mesh: ParticleMesh) -> float:
    """Count surface facets across the radius of a cap or patch, or across the width of a belt.

    Axisymmetric meshes: facets along the contact's profile. 3-D meshes: the radius of the disc of one patch's area, or
    the belt's width, over the mean edge length of the facets touched. Infinite where the contact has no edge: at
    coverage 1, or on a radial mesh.
    """
    if mesh.coordinates == "radial" or contact.coverage_realised >= 1.0:
        return math.inf
    touched = contact.facet_fraction > 0.0
    if mesh.coordinates == "axisymmetric":
        return float(contact.facet_fraction.sum())
    lengths = facet_lengths(mesh)[touched]
    return _size(contact, mesh) / float(np.mean(lengths))


def _size(contact: ContactMap, mesh: ParticleMesh) -> float:
    """Radius of the disc of one patch's area, or width of a belt [m]."""
    if contact.kind == "belt":
        return 2.0 * contact.parameters["half_width [m]"]
    if "smallest_radius [m]" in contact.parameters:
        return contact.parameters["smallest_radius [m]"]
    given = contact.kind in ("labels", "weights", "map")
    n = labelled_patches(contact, mesh) if given else contact.parameters.get("n", 1.0)
    return math.sqrt(contact.area / (math.pi * n))


def labelled_patches(contact: ContactMap, mesh: ParticleMesh) -> int:
    """Count the connected parts of the facets that are mostly in contact, of all that are touched where none is."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    mostly = contact.facet_fraction > _MOSTLY
    facets = mesh.facets[mostly if mostly.any() else contact.facet_fraction > 0.0]
    used, local = np.unique(facets, return_inverse=True)
    local = local.reshape(facets.shape)
    rows, columns = np.repeat(local[:, :1], facets.shape[1], axis=1).ravel(), local.ravel()
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(used), len(used)))
    return int(connected_components(graph, directed=False, return_labels=False))


def resolution_warning(contact: ContactMap, mesh: ParticleMesh, fewest: float = FEWEST_FACETS) -> str | None:
    """Return a warning where fewer than `fewest` facets lie across the contact, else None."""
    found = facets_across(contact, mesh)
    if found >= fewest:
        return None
    return (
        f"the mesh has {found:.1f} surface facets across the contact ({contact.kind}, coverage "
        f"{contact.coverage_realised:.3g}), fewer than {fewest:g}: the concentration there may be off by more than "
        "2 %; use a finer mesh or a larger contact"
    )
