"""What a scikit-fem user would write: the method of lines, solve_ivp's BDF, a sparse Jacobian.

m dx/dt = -K(x) x - b with row-sum lumped mass, so that the right-hand side stays explicit; forms assembled by
scikit-fem's vectorized quadrature; the Jacobian is assembled as a sparse matrix and given to BDF.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.problem import History, Problem, diffusivity
from benchmarks.reporting import clock

_STEP = 1e-6
"""Of stoichiometry, for the derivative of D."""


def charge(problem: Problem, tolerance: float) -> History:
    """Charge with BDF at the absolute tolerance `tolerance`."""
    began = clock()
    import scipy.sparse as sp
    import skfem  # type: ignore[import-untyped]
    from scipy.integrate import solve_ivp
    from skfem.helpers import dot, grad  # type: ignore[import-untyped]

    points, cells = (problem.mesh.points / problem.radius).T.copy(), problem.mesh.cells.T.copy()
    axisymmetric = problem.mesh.coordinates == "axisymmetric"
    mesh = skfem.MeshTri(points, cells) if axisymmetric else skfem.MeshTet(points, cells)
    basis = skfem.Basis(mesh, skfem.ElementTriP1() if axisymmetric else skfem.ElementTetP1(), intorder=2)
    scale = 1.0 / problem.radius**2

    def weight(w: Any) -> Any:
        return 2.0 * math.pi * w.x[0] if axisymmetric else 1.0

    @skfem.LinearForm  # type: ignore[untyped-decorator]
    def volume(v: Any, w: Any) -> Any:
        return weight(w) * v

    @skfem.LinearForm  # type: ignore[untyped-decorator]
    def diffusion(v: Any, w: Any) -> Any:
        return weight(w) * scale * diffusivity(w["x_"]) * dot(grad(w["x_"]), grad(v))

    @skfem.BilinearForm  # type: ignore[untyped-decorator]
    def derivative(u: Any, v: Any, w: Any) -> Any:
        value = w["x_"]
        slope = (diffusivity(value + _STEP) - diffusivity(value - _STEP)) / (2.0 * _STEP)
        return weight(w) * scale * (diffusivity(value) * dot(grad(u), grad(v)) + slope * u * dot(grad(value), grad(v)))

    mass = volume.assemble(basis)
    load = problem.flux * problem.contact.weights / problem.radius**2
    if not axisymmetric and not np.isclose(mass.sum(), 4.0 / 3.0 * math.pi, rtol=1e-6):
        raise RuntimeError("the mesh is not the unit sphere")

    def rate(_: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(-(diffusion.assemble(basis, x_=basis.interpolate(x)) + load) / mass)

    def jacobian(_: float, x: NDArray[np.float64]) -> Any:
        matrix = derivative.assemble(basis, x_=basis.interpolate(x))
        return sp.csc_matrix(sp.diags(-1.0 / mass) @ matrix)

    weights = problem.contact.weights / problem.contact.area
    start = np.full(problem.mesh.n_nodes, problem.start)
    ready = clock()
    solution = solve_ivp(
        rate,
        (0.0, problem.duration),
        start,
        method="BDF",
        jac=jacobian,
        rtol=1e-12 if tolerance < 1e-10 else 0.01 * tolerance,
        atol=tolerance,
        first_step=min(1.0, 1e-4 * problem.duration),
    )
    done = clock()
    if not solution.success:
        raise RuntimeError(solution.message)
    steps = len(solution.t) - 1
    return History(solution.t, weights @ solution.y, solution.y[:, -1], ready - began, done - ready, steps)
