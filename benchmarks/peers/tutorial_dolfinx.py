"""The script a user would write after the FEniCSx tutorials: implicit Euler, NonlinearProblem, MUMPS.

Everything is left as the tutorials teach it: one form for a step, `dt` a constant, Newton by SNES with a direct solver,
the solution copied to the old one. The steps are the user's: equal or graded. D(x) grad x, consistent mass. UFL
estimates a high quadrature degree for an exponential D(x); a user who knows that gives one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.on_dolfinx import domain_of, scaled_diffusivity
from benchmarks.peers.problem import History, Problem
from benchmarks.reporting import clock

PETSC_OPTIONS = {
    "snes_type": "newtonls",
    "snes_linesearch_type": "none",
    "snes_rtol": 1e-8,
    "snes_atol": 1e-10,
    "ksp_type": "preonly",
    "pc_type": "lu",
    "pc_factor_mat_solver_type": "mumps",
}


def charge(problem: Problem, ends: NDArray[np.float64], quadrature_degree: int | None = None) -> History:
    """Charge with implicit Euler steps that end at `ends` (k,) [s]; None leaves the quadrature to UFL's estimate."""
    began = clock()
    domain = domain_of(problem)
    import ufl
    from dolfinx.fem import Constant, Function
    from dolfinx.fem.petsc import NonlinearProblem

    x, old, test = Function(domain.space), Function(domain.space), ufl.TestFunction(domain.space)
    x.x.array[:] = problem.start
    old.x.array[:] = problem.start
    dt = Constant(domain.mesh, 1.0)
    flux = Constant(domain.mesh, problem.flux)
    metadata = {} if quadrature_degree is None else {"quadrature_degree": quadrature_degree}
    dx, ds = ufl.Measure("dx", domain=domain.mesh, metadata=metadata), ufl.Measure("ds", domain=domain.mesh)
    form = domain.measure * (x - old) * test * dx
    form += dt * domain.measure * scaled_diffusivity(problem, x) * ufl.inner(ufl.grad(x), ufl.grad(test)) * dx
    form += dt * domain.measure * flux * domain.touched * test * ds
    step = NonlinearProblem(form, x, petsc_options_prefix="tutorial_", petsc_options=PETSC_OPTIONS)
    ready = clock()

    now, times, means, iterations = 0.0, [0.0], [problem.start], 0
    for end in ends:
        dt.value = end - now
        step.solve()
        reason: Any = step.solver.getConvergedReason()
        if reason <= 0:
            raise RuntimeError(f"Newton did not converge at {end:.6g} s")
        iterations += int(step.solver.getIterationNumber())
        old.x.array[:] = x.x.array
        now = float(end)
        times.append(now)
        means.append(float(domain.mean_weights @ x.x.array))
    done = clock()
    final = np.empty(problem.mesh.n_nodes)
    final[domain.node] = x.x.array
    return History(np.array(times), np.array(means), final, ready - began, done - ready, len(ends), iterations)
