"""P1 lumped, P1 consistent and P2 elements in 3-D: error of a cap's contact mean against the time of a linear solve.

Written on dolfinx and PETSc directly, constant D, uniform flux on a cap. The steady state and tau = 0.01 are solved to
1e-9 (shift-invert Lanczos for the exponential), so that what is left is the discretization; the time is that of one
solve of K + M/h, h = 1e-3 R^2/D, by conjugate gradients with one symmetric Gauss-Seidel sweep to 1e-6. With D(x) a mass
that is not lumped would be weighted with 1/D and assembled in every stage: the time of that stands beside it.

    python benchmarks/elements.py [--json]
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from reporting import arguments, clock, show, table

from asyncsoc.base import environment as _bootstrap
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.studies.verification.closed_forms import cap_contact_mean

Array = NDArray[np.float64]

TAU = 0.01
COVERAGES = (0.3, 0.05)
STEP = 1e-3
_LANCZOS, _REPEAT, _BISECTIONS, _QUADRATURE = 30, 10, 40, 60


@dataclass(frozen=True)
class Found:
    """Errors of the contact mean [%], by coverage; CPU time [ms] of a solve, and of assembling a weighted mass."""

    mesh: str
    element: str
    unknowns: int
    entries: int
    steady: tuple[float, ...]
    early: tuple[float, ...]
    solve: float
    iterations: int
    assembly: float


@dataclass(frozen=True, eq=False)
class Discrete:
    """Stiffness, mass, and the contact's load of one coverage."""

    stiffness: sp.csr_matrix
    mass: sp.csr_matrix
    load: Array


class Space:
    """First- or second-order Lagrange elements on straight tetrahedra."""

    def __init__(self, mesh: ParticleMesh, degree: int) -> None:
        _bootstrap.prepare()
        import basix.ufl
        import dolfinx.fem
        import dolfinx.mesh
        import ufl
        from mpi4py import MPI

        self.fem, self.ufl = dolfinx.fem, ufl
        element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
        self.domain = dolfinx.mesh.create_mesh(
            MPI.COMM_SELF, np.array(mesh.cells), ufl.Mesh(element), np.array(mesh.points)
        )
        self.space = dolfinx.fem.functionspace(self.domain, ("Lagrange", degree))

    def matrix(self, form: Any) -> sp.csr_matrix:
        """Assemble a bilinear form."""
        found = self.fem.assemble_matrix(self.fem.form(form))
        found.scatter_reverse()
        return found.to_scipy().tocsr()

    def assembly_time(self) -> float:
        """Return the CPU time of assembling the mass weighted with a nodal quantity [ms]: with D(x), once a stage."""
        ufl = self.ufl
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        weight = self.fem.Function(self.space)
        weight.x.array[:] = 1.0
        form = self.fem.form(weight * u * v * ufl.dx)
        matrix = self.fem.create_matrix(form)
        times = []
        for _ in range(_REPEAT):
            matrix.data[:] = 0.0
            began = clock()
            self.fem.assemble_matrix(matrix, form)
            times.append(clock() - began)
        return 1e3 * min(times)

    def discrete(self, coverage: float, *, lumped: bool) -> Discrete:
        """Assemble; the contact's edge is put where the quadrature of its indicator has the coverage."""
        ufl = self.ufl
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        mass = self.matrix(u * v * ufl.dx)
        if lumped:
            mass = sp.diags(np.asarray(mass.sum(axis=1)).ravel()).tocsr()
        x = ufl.SpatialCoordinate(self.domain)
        edge = self.fem.Constant(self.domain, 0.0)
        inside = ufl.conditional(ufl.ge(x[2] / ufl.sqrt(ufl.dot(x, x)), edge), 1.0, 0.0)
        ds = ufl.ds(domain=self.domain, metadata={"quadrature_degree": _QUADRATURE})
        area = self.fem.form(inside * ds)
        low, high, whole = -1.0, 1.0, None
        for _ in range(_BISECTIONS):
            edge.value = low if whole is None else 0.5 * (low + high)
            found = self.fem.assemble_scalar(area)
            whole = found if whole is None else whole
            low, high = (edge.value.item(), high) if found > coverage * whole else (low, edge.value.item())
        load = self.fem.assemble_vector(self.fem.form(inside * v * ds)).array.copy()
        return Discrete(self.matrix(ufl.dot(ufl.grad(u), ufl.grad(v)) * ufl.dx), mass, load)


class Solver:
    """Conjugate gradients of PETSc."""

    def __init__(self, matrix: sp.csr_matrix, preconditioner: str, tolerance: float) -> None:
        from mpi4py import MPI
        from petsc4py import PETSc

        rows = (matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data)
        self._matrix = PETSc.Mat().createAIJ(matrix.shape, csr=rows, comm=MPI.COMM_SELF)
        self._matrix.setOption(PETSc.Mat.Option.SPD, True)
        self.method = PETSc.KSP().create(MPI.COMM_SELF)
        self.method.setOperators(self._matrix)
        self.method.setType("cg")
        self.method.getPC().setType(preconditioner)
        self.method.setTolerances(rtol=tolerance, max_it=5000)
        self.method.setUp()

    def __call__(self, right: Array) -> Array:
        """Return the solution."""
        x, y = self._matrix.createVecs()
        y.array[:] = right
        self.method.solve(y, x)
        return x.array.copy()


def steady(parts: Discrete) -> Array:
    """Return the pseudo-steady excess, without mean."""
    k, m = parts.stiffness, parts.mass
    mass = m @ np.ones(m.shape[0])
    load = parts.load * (4.0 * math.pi / parts.load.sum())
    balanced = load - mass * (load.sum() / mass.sum())
    solve = Solver((k + 1e-6 * m).tocsr(), "icc", 1e-11)
    u = solve(balanced)
    u += solve(balanced - k @ u)
    return u - (mass @ u) / mass.sum()


def decayed(parts: Discrete, u: Array, tau: float) -> Array:
    """Return exp(-tau M^-1 K) u by Lanczos on (M + tau/10 K)^-1 M."""
    k, m, shift = parts.stiffness, parts.mass, tau / 10.0
    solve = Solver((m + shift * k).tocsr(), "icc", 1e-11)
    size = math.sqrt(u @ (m @ u))
    basis, diagonal, beside = [u / size], [], []
    for _ in range(_LANCZOS):
        z = solve(m @ basis[-1])
        first = [z @ (m @ q) for q in basis]
        z -= sum(c * q for c, q in zip(first, basis, strict=True))
        second = [z @ (m @ q) for q in basis]
        z -= sum(c * q for c, q in zip(second, basis, strict=True))
        diagonal.append(first[-1] + second[-1])
        beside.append(math.sqrt(z @ (m @ z)))
        basis.append(z / beside[-1])
    small = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    values, vectors = np.linalg.eigh(small)
    values = np.clip(values, 1e-300, 1.0)
    weights = vectors @ (np.exp(-tau * (1.0 / values - 1.0) / shift) * vectors[0]) * size
    return np.asarray(sum(c * q for c, q in zip(weights, basis, strict=False)))


def examine(name: str, mesh: ParticleMesh, element: str) -> Found:
    """Measure one element on one mesh."""
    space = Space(mesh, 2 if element == "P2" else 1)
    late, early, last = [], [], None
    for coverage in COVERAGES:
        parts = last = space.discrete(coverage, lumped=element == "P1 lumped")
        u = steady(parts)
        for found, field, tau in ((late, u, math.inf), (early, u - decayed(parts, u, TAU), TAU)):
            mean = float(parts.load @ field / parts.load.sum())
            found.append(100.0 * (mean / cap_contact_mean(tau, coverage) - 1.0))
    matrix = (last.mass / STEP + last.stiffness).tocsr()
    solve = Solver(matrix, "sor", 1e-6)
    solve(last.load)
    times = []
    for _ in range(_REPEAT):
        began = clock()
        solve(last.load)
        times.append(clock() - began)
    count = solve.method.getIterationNumber()
    solved = 1e3 * min(times)
    assembled = 0.0 if element == "P1 lumped" else space.assembly_time()
    return Found(name, element, matrix.shape[0], matrix.nnz, tuple(late), tuple(early), solved, count, assembled)


def rows(found: list[Found]) -> list[tuple[object, ...]]:
    """Return the table's rows."""
    return [
        (f"{f.mesh}, {f.element}", f.unknowns, f.entries, *f.steady, *f.early, f.solve, f.iterations, f.assembly)
        for f in found
    ]


def main() -> None:
    """Measure and show."""
    options = arguments("P1 lumped, P1 consistent and P2 in 3-D")
    meshes = {
        "frequency 5": (ball_mesh(5, 0.084, 1.9), ("P2",)),
        "frequency 7": (ball_mesh(7, 0.06, 1.7), ("P2",)),
        "coarse": (load_builtin("sphere-3d-coarse"), ("P1 lumped", "P1 consistent", "P2")),
        "default": (load_builtin("sphere-3d-default"), ("P1 lumped", "P1 consistent")),
        "fine": (load_builtin("sphere-3d-fine"), ("P1 lumped", "P1 consistent")),
    }
    found = [examine(name, mesh, element) for name, (mesh, elements) in meshes.items() for element in elements]
    names = [f"{when}, f = {f:g} [%]" for when in ("steady", f"tau = {TAU:g}") for f in COVERAGES]
    head = ("mesh, element", "unknowns", "entries", *names, "solve [ms]", "iterations", "assembly [ms]")
    show({"found": [asdict(f) for f in found]}, table(head, rows(found)), as_json=options.json)


def test_elements_rank_as_the_documentation_says() -> None:
    """On one small mesh: consistent mass halves the early error, P2 is better throughout, and costs more."""
    mesh = ball_mesh(4, 0.1, 1.9)
    lumped, consistent, second = (examine("small", mesh, e) for e in ("P1 lumped", "P1 consistent", "P2"))
    for a, b, c in zip(lumped.early, consistent.early, second.early, strict=True):
        assert abs(c) < abs(b) < abs(a)
    assert np.allclose(lumped.steady, consistent.steady, atol=1e-3)
    assert max(map(abs, second.steady)) < 0.4 * max(map(abs, lumped.steady))
    assert second.entries > 10 * lumped.entries


if __name__ == "__main__":
    main()
