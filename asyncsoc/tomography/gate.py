"""The quality gate of particle meshes: what has to hold before a mesh is handed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_angles
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.soundness import face_connected_parts, open_edges, pinched_nodes
from asyncsoc.geometry.surface import boundary

Float = NDArray[np.float64]
Int = NDArray[np.int64]

SMALLEST_DIHEDRAL = 5.0
"""Smallest dihedral angle accepted [deg]."""
SCALE_BAND = (0.97, 1.03)
"""Accepted factor by which a mesh had to be scaled to its voxel volume."""
AREA_BAND = (0.8, 1.2)
"""Accepted ratio of mesh area to the area that the weighted voxel faces stand for."""
LARGEST_LOSS = 0.01
"""Accepted share of the volume in pieces that the mesh leaves out because they hang on by too little."""


@dataclass(frozen=True)
class Verdict:
    """What the gate measured, and the reasons for which a mesh fails (none: it passes)."""

    smallest_dihedral: float
    scale: float
    area_ratio: float
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the mesh may be handed on."""
        return not self.reasons


def inspect(
    points: Float,
    cells: Int,
    *,
    scale: float,
    area: float,
    expected_area: float,
    lost: float = 0.0,
    most: float | None = None,
) -> Verdict:
    """Return the gate's verdict on a mesh.

    Parameters
    ----------
    points, cells
        The mesh.
    scale
        Factor by which it was scaled to the voxel volume.
    area, expected_area
        Its surface, and the surface the weighted voxel faces stand for, in one unit.
    lost
        Share of its volume in pieces that were left out.
    most
        Largest ratio of the two areas accepted; that of `AREA_BAND` where None.
    """
    reasons = []
    try:
        facets, _ = boundary(points, cells, "cartesian")
    except InputError as error:
        return Verdict(0.0, scale, np.nan, (error.what,))
    mesh = ParticleMesh(points, cells, facets, "cartesian")
    smallest = float(np.degrees(cell_angles(mesh)).min())
    if open_edges(facets):
        reasons.append(f"the surface is not a manifold ({open_edges(facets)} edges)")
    elif pinched_nodes(facets):
        reasons.append(f"the surface is pinched ({pinched_nodes(facets)} nodes)")
    parts = int(face_connected_parts(cells).max()) + 1
    if parts != 1:
        reasons.append(f"{parts} parts")
    if smallest <= SMALLEST_DIHEDRAL:
        reasons.append(f"dihedral angle {smallest:.2f} deg <= {SMALLEST_DIHEDRAL:g} deg")
    if not SCALE_BAND[0] <= scale <= SCALE_BAND[1]:
        reasons.append(f"scaled by {scale:.3f} to the voxel volume, allowed {SCALE_BAND}")
    if lost > LARGEST_LOSS:
        reasons.append(f"{100 * lost:.1f} % of the volume fell off, allowed {100 * LARGEST_LOSS:g} %")
    ratio = area / expected_area
    band = (AREA_BAND[0], most or AREA_BAND[1])
    if not band[0] <= ratio <= band[1]:
        reasons.append(f"surface {ratio:.2f} of the voxel faces', allowed {band}")
    return Verdict(smallest, scale, ratio, tuple(reasons))
