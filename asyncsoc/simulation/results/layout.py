"""Where things stand in a run's file, and how the mesh looks to VTK.

One HDF5 file holds `/VTKHDF` (the fields in time, as ParaView and pyvista read them; format of VTK 9.3 and later,
https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format), `/curves` (netCDF-4, as xarray reads it),
`/cycles` (a row a cycle, netCDF-4 too), `/mesh` and `/contact` (what VTK has no place for), `/checkpoint` and
`/recording` (what a resumed run goes on from) and the case, its provenance and the summaries as attributes of `/`.
Of a group of particles `/VTKHDF` shows the first, and `/particles` holds all (`results.particle_files`).
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import Coordinates

FORMAT: Final = "asyncsoc run"
FORMAT_VERSION: Final = 1
SUFFIX: Final = ".vtkhdf"
CHECKSUM_SUFFIX: Final = ".sha256"

STOICHIOMETRY: Final = "Stoichiometry"
SOC: Final = "SOC"
CONTACT_WEIGHT: Final = "Contact weight [m2]"
CONTACT_FRACTION: Final = "Contact fraction"

OWN_FIELDS: Final = (STOICHIOMETRY, SOC, CONTACT_WEIGHT, CONTACT_FRACTION)
"""Fields every file has; others follow the cathode and the run."""
EXACT_FIELDS: Final = (STOICHIOMETRY, "Film thickness [m]")
"""Fields that are state, kept in double precision; what follows from them is there for pictures."""

DIMENSION: Final[dict[Coordinates, int]] = {"radial": 1, "axisymmetric": 2, "cartesian": 3}
"""Number of coordinates of a node."""
COLUMNS: Final[dict[Coordinates, tuple[int, ...]]] = {
    "radial": (0,),
    "axisymmetric": (0, 2),
    "cartesian": (0, 1, 2),
}
"""Columns of a VTK point (x, y, z) that hold the node's own coordinates: (r), (r, z) and (x, y, z)."""
VTK_TYPE: Final[dict[Coordinates, int]] = {"radial": 3, "axisymmetric": 5, "cartesian": 10}
"""VTK's numbers of line, triangle and tetrahedron."""
AXES: Final[dict[Coordinates, tuple[str, ...]]] = {
    "radial": ("r [m]",),
    "axisymmetric": ("r [m]", "z [m]"),
    "cartesian": ("x [m]", "y [m]", "z [m]"),
}
"""Names of a node's coordinates."""


def vtk_points(points: NDArray[np.float64], coordinates: Coordinates) -> NDArray[np.float64]:
    """Return the nodes (n, 3) in space [m]: a line along x, the half-plane y = 0, or as they are."""
    out = np.zeros((len(points), 3))
    out[:, COLUMNS[coordinates]] = points
    return out


def stored_name(curve: str) -> str:
    """Return a name as netCDF and HDF5 allow it: a slash would open a group."""
    return curve.replace("/", " per ")


def slug(name: str) -> str:
    """Return a case's name as a file name may hold it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "run"
