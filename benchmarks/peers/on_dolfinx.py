"""What both dolfinx peers begin with: the mesh in dolfinx, lengths in radii, the contact as a field on cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base import environment as _bootstrap
from benchmarks.peers.problem import Problem, diffusivity

_CELLS = {"radial": "interval", "axisymmetric": "triangle", "cartesian": "tetrahedron"}


@dataclass(frozen=True, eq=False)
class Domain:
    """A particle of unit radius in dolfinx.

    Attributes
    ----------
    mesh, space
        dolfinx mesh and first-order Lagrange space.
    touched
        Piecewise constant: fraction of the cell's surface facet in contact.
    measure
        Weight of the volume element: 2 pi r, or 1.
    node : (n,)
        Node of the particle's mesh for each degree of freedom.
    mean_weights : (n,)
        Contact area of each degree of freedom over the total: the contact mean is their product with the unknowns.
    """

    mesh: Any
    space: Any
    touched: Any
    measure: Any
    node: NDArray[np.int64]
    mean_weights: NDArray[np.float64]


def domain_of(problem: Problem) -> Domain:
    """Hand the particle's mesh to dolfinx."""
    _bootstrap.prepare()
    import basix.ufl
    import dolfinx
    import dolfinx.fem
    import dolfinx.mesh
    import ufl
    from mpi4py import MPI

    particle = problem.mesh
    points = particle.points / problem.radius
    element = basix.ufl.element("Lagrange", _CELLS[particle.coordinates], 1, shape=(points.shape[1],))
    mesh = dolfinx.mesh.create_mesh(MPI.COMM_SELF, np.array(particle.cells), ufl.Mesh(element), points)
    space = dolfinx.fem.functionspace(mesh, ("Lagrange", 1))
    touched = dolfinx.fem.Function(dolfinx.fem.functionspace(mesh, ("DG", 0)))
    touched.x.array[:] = problem.cell_fractions()[mesh.topology.original_cell_index]
    node = np.empty(particle.n_nodes, dtype=np.int64)
    geometry = np.asarray(mesh.geometry.dofmaps[0])
    node[np.asarray(space.dofmap.list).ravel()] = mesh.geometry.input_global_indices[geometry.ravel()]
    measure: Any = 1.0
    if particle.coordinates != "cartesian":
        r = ufl.SpatialCoordinate(mesh)[0]
        measure = 2.0 * math.pi * r if particle.coordinates == "axisymmetric" else 4.0 * math.pi * r**2
    weights = problem.contact.weights[node] / problem.contact.area
    return Domain(mesh, space, touched, measure, node, weights)


def scaled_diffusivity(problem: Problem, x: Any) -> Any:
    """Return D(x)/R^2 [1/s] as a UFL expression."""
    import ufl

    return diffusivity(x, ufl.exp) / problem.radius**2
