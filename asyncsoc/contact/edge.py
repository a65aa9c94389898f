"""Where the edge of a contact lies on a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh


def edge_nodes(contact: ContactMap, mesh: ParticleMesh, rings: int = 0) -> NDArray[np.int64]:
    """Return the nodes of the facets that the contact's edge cuts, and nodes between facets in and out of contact.

    Parameters
    ----------
    contact, mesh
        The contact on its mesh.
    rings
        How many rings of cells around these nodes are to be taken along.
    """
    touched, untouched = contact.facet_fraction > 0.0, contact.facet_fraction < 1.0
    inside, outside = (np.zeros(mesh.n_nodes, dtype=bool) for _ in range(2))
    inside[mesh.facets[touched & ~untouched]] = True
    outside[mesh.facets[untouched & ~touched]] = True
    between = inside & outside
    between[mesh.facets[touched & untouched]] = True
    for _ in range(rings):
        between[mesh.cells[between[mesh.cells].any(axis=1)]] = True
    return np.flatnonzero(between)
