r"""Whether the mesh resolves the gradients a run produced: an error estimate by gradient recovery.

In a pseudo-steady state the contact's lead times the current is the energy :math:`\int |\nabla x|^2 dV` of the field,
so the relative error of the lead is the relative energy error; its estimate compares the gradient, constant on each
cell, with its average around the nodes.
Source: O. C. Zienkiewicz, J. Z. Zhu, Int. J. Numer. Methods Eng. 24 (1987) 337, doi:10.1002/nme.1620240206.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]

LARGEST_ERROR = 0.01
"""Relative energy error above which a run is warned about.

Measured against the fine axisymmetric mesh over caps of 2 to 90 %, C/20 to 1C and D of 1e-15 to 1e-14 m2/s: where the
estimate is 0.01 the contact's lead is 1 to 3.5 % too small, where it is 0.005 0.5 to 2.5 %; the default axisymmetric
mesh stays below 0.003 throughout.
"""
SMALLEST_RANGE = 0.01
"""Range of stoichiometry below which a field counts as uniform."""
_MOST_SNAPSHOTS = 12


class Recovery:
    """Gradient recovery on one mesh."""

    def __init__(self, mesh: ParticleMesh) -> None:
        corners = mesh.points[mesh.cells]
        self._cells = mesh.cells
        self._inverse = np.linalg.inv(corners[:, 1:] - corners[:, :1])
        self._volumes = cell_volumes(mesh)
        self._around = np.bincount(
            mesh.cells.ravel(), np.repeat(self._volumes, mesh.cells.shape[1]), minlength=mesh.n_nodes
        )

    def relative_error(self, field: Array) -> float:
        """Return the estimated energy error of a nodal field (n,) over its energy; 0 for a uniform one."""
        values = field[self._cells]
        gradient = np.einsum("cij,cj->ci", self._inverse, values[:, 1:] - values[:, :1])
        energy = float(self._volumes @ np.sum(gradient**2, axis=1))
        if energy == 0.0:
            return 0.0
        corners = self._cells.shape[1]
        square = np.zeros(len(self._cells))
        for component in gradient.T:
            weighted = np.repeat(self._volumes * component, corners)
            smooth = np.bincount(self._cells.ravel(), weighted, minlength=len(self._around)) / self._around
            apart = smooth[self._cells] - component[:, None]
            # The exact mean over a simplex of the square of a linear function with these corner values.
            square += (np.sum(apart**2, axis=1) + apart.sum(axis=1) ** 2) / (corners * (corners + 1))
        return float(self._volumes @ square) / energy


@lru_cache(maxsize=2)
def _recovery(mesh: ParticleMesh) -> Recovery:
    return Recovery(mesh)


def gradient_error(mesh: ParticleMesh, fields: Array) -> float:
    """Return the largest estimated relative error over a run, each snapshot counted by its range.

    Parameters
    ----------
    mesh
        The particle.
    fields : (k, n)
        Snapshots of the stoichiometry; at most twelve are looked at, evenly spread, the widest among them.
    """
    ranges = np.ptp(fields, axis=1)
    widest = float(ranges.max(initial=0.0))
    if widest < SMALLEST_RANGE:
        return 0.0
    chosen = {int(np.argmax(ranges)), *np.linspace(0, len(fields) - 1, _MOST_SNAPSHOTS).astype(int).tolist()}
    recovery = _recovery(mesh)
    return max(recovery.relative_error(fields[k]) * float(ranges[k]) / widest for k in chosen if ranges[k] > 0.0)


def gradient_warning(mesh: ParticleMesh, fields: Array) -> str | None:
    """Return a warning where the mesh does not resolve the gradients well enough, else None."""
    error = gradient_error(mesh, fields)
    if error <= LARGEST_ERROR:
        return None
    return (
        f"the mesh {mesh.name!r} does not resolve the gradients well: the contact's lead over the mean may be "
        f"{100.0 * error:.1f} to {350.0 * error:.1f} % too small; use a finer mesh (particle.mesh = 'fine' for a "
        "sphere) and compare"
    )
