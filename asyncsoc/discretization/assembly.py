"""Assemble the diffusion operators of a particle with dolfinx, first-order Lagrange elements."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base import environment
from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]
_SKEW = 1e-9
"""Asymmetry of a tensor over its largest entry that rounding may leave."""
CELL_NAMES = {"radial": "interval", "axisymmetric": "triangle", "cartesian": "tetrahedron"}


def cannot_import(error: ImportError) -> EnvironmentProblem:
    """Return the error of an installation without dolfinx."""
    return EnvironmentProblem(
        f"dolfinx cannot be imported: {error}",
        next_step="pip install dolfinx-solver-real (Linux x86-64) or use the conda-forge environment.yml; "
        "`asyncsoc doctor` checks the installation",
    )


def assemble(mesh: ParticleMesh, tensor: Array | None = None) -> Operators:
    r"""Assemble stiffness and row-sum lumped mass of the whole particle.

    .. math:: K_{ij} = \int \nabla\phi_i\cdot A\nabla\phi_j\,dV, \qquad m_i = \int \phi_i\,dV,

    with :math:`dV = 4\pi r^2 dr` (radial), :math:`2\pi r\,dr\,dz` (axisymmetric) or :math:`dx\,dy\,dz`; all integrals
    are exact for first-order elements on straight cells.

    Parameters
    ----------
    mesh
        Particle mesh with n nodes, coordinates in m.
    tensor : (n_cells, d, d)
        A of each cell, symmetric and positive definite, in the mesh's d coordinates: diffusivities over the one that
        the material gives. The identity where None.

    Returns
    -------
    Operators
        K in CSR [m], m [m3], volume [m3], in the node order of `mesh`.

    Raises
    ------
    EnvironmentProblem
        dolfinx cannot be imported, or no C compiler is there to compile the forms.
    InputError
        A tensor of another shape, or one that is not symmetric and positive definite.
    """
    if tensor is not None:
        tensor = _checked(tensor, mesh)
    environment.prepare()
    try:
        import basix.ufl
        import dolfinx
        import dolfinx.fem
        import dolfinx.mesh
        import ufl
        from mpi4py import MPI
    except ImportError as error:
        raise cannot_import(error) from error

    scale = float(np.abs(mesh.points).max())
    element = basix.ufl.element("Lagrange", CELL_NAMES[mesh.coordinates], 1, shape=(mesh.points.shape[1],))
    domain = dolfinx.mesh.create_mesh(MPI.COMM_SELF, np.array(mesh.cells), ufl.Mesh(element), mesh.points / scale)
    space = dolfinx.fem.functionspace(domain, ("Lagrange", 1))
    trial, test = ufl.TrialFunction(space), ufl.TestFunction(space)
    weight = _measure_weight(mesh, ufl.SpatialCoordinate(domain))
    measure = ufl.Measure("dx", domain=domain)
    with environment.form_cache() as cache:
        compiler, generator = environment.form_options(cache)
        gradient = ufl.grad(trial)
        if tensor is not None:
            gradient = ufl.dot(_per_cell(domain, tensor), gradient)
        stiffness = weight * ufl.dot(gradient, ufl.grad(test)) * measure
        stiffness_form = dolfinx.fem.form(stiffness, jit_options=compiler, form_compiler_options=generator)
        mass_form = dolfinx.fem.form(weight * test * measure, jit_options=compiler, form_compiler_options=generator)
    matrix = dolfinx.fem.assemble_matrix(stiffness_form)
    matrix.scatter_reverse()
    vector = dolfinx.fem.assemble_vector(mass_form)

    to_node = _dof_to_node(domain, space)
    dimension = 2 if mesh.coordinates == "radial" else (1 if mesh.coordinates == "axisymmetric" else 0)
    power = mesh.points.shape[1] + dimension  # of the length scale in a volume
    mass = np.empty(mesh.n_nodes)
    mass[to_node] = vector.array[: mesh.n_nodes] * scale**power
    permuted = _permuted_symmetric(matrix.to_scipy(), to_node)
    return Operators(
        indptr=permuted.indptr,
        indices=permuted.indices,
        stiffness=permuted.data * scale ** (power - 2),
        mass=mass,
        volume=float(mass.sum()),
    )


def _checked(tensor: Array, mesh: ParticleMesh) -> Array:
    """Return a tensor for each cell as float64; raise InputError where it is none that diffusion can have."""
    d, where = mesh.points.shape[1], f"mesh {mesh.name!r}, tensor"
    values = np.asarray(tensor, dtype=np.float64)
    if values.shape != (len(mesh.cells), d, d):
        raise InputError(
            "the tensor has the wrong shape", where=where, value=values.shape, allowed=f"({len(mesh.cells)}, {d}, {d})"
        )
    if not np.isfinite(values).all():
        raise InputError("the tensor is not finite", where=where, next_step="repair it")
    skew = np.abs(values - values.transpose(0, 2, 1)).max(axis=(1, 2)) > _SKEW * np.abs(values).max(axis=(1, 2))
    smallest = np.linalg.eigvalsh(values)[:, 0]
    wrong = skew | (smallest <= 0.0)
    if wrong.any():
        cell = int(np.argmax(wrong))
        raise InputError(
            f"the tensor of cell {cell} is not symmetric and positive definite",
            where=where,
            value=values[cell].tolist(),
            allowed="symmetric, with eigenvalues above 0",
            next_step="give diffusivities over the material's own, in the mesh's coordinates",
        )
    return values


def _per_cell(domain, tensor: Array):  # type: ignore[no-untyped-def]
    """Return a tensor that is constant on each cell as a function of dolfinx."""
    import dolfinx.fem

    space = dolfinx.fem.functionspace(domain, ("Discontinuous Lagrange", 0, tensor.shape[1:]))
    function = dolfinx.fem.Function(space)
    places = np.asarray(space.dofmap.list).ravel()
    rows = function.x.array.reshape(-1, tensor.shape[1] * tensor.shape[2])
    rows[places] = tensor[domain.topology.original_cell_index[: len(places)]].reshape(len(places), -1)
    return function


def _measure_weight(mesh: ParticleMesh, coordinates):  # type: ignore[no-untyped-def]
    if mesh.coordinates == "radial":
        return 4.0 * math.pi * coordinates[0] ** 2
    if mesh.coordinates == "axisymmetric":
        return 2.0 * math.pi * coordinates[0]
    return 1.0


def _dof_to_node(domain, space) -> NDArray[np.int64]:  # type: ignore[no-untyped-def]
    """Return the node of the input mesh for each degree of freedom."""
    geometry_dofs = domain.geometry.dofmaps[0]
    space_dofs = space.dofmap.list
    to_node = np.empty(space.dofmap.index_map.size_local, dtype=np.int64)
    to_node[np.asarray(space_dofs).ravel()] = domain.geometry.input_global_indices[np.asarray(geometry_dofs).ravel()]
    return to_node


def _permuted_symmetric(matrix, to_node: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """Return the CSR matrix in node order, symmetric bit by bit, rows sorted, each row summing to zero."""
    import scipy.sparse as sp

    n = len(to_node)
    coo = matrix.tocoo()
    rows, columns = to_node[coo.row], to_node[coo.col]
    upper = columns > rows
    entries = sp.coo_matrix((coo.data[upper], (rows[upper], columns[upper])), shape=(n, n)).tocsr()
    lower = entries.T.tocsr()
    off_diagonal = (entries + lower).tocsr()
    diagonal = -np.asarray(off_diagonal.sum(axis=1)).ravel()
    full = (off_diagonal + sp.diags(diagonal)).tocsr()
    full.sort_indices()
    return full
