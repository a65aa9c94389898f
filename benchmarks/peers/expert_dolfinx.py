"""What an expert would write with dolfinx and PETSc: adaptive time stepping by TS, constant parts assembled once.

F(t, x, x') = M x' + K(x) x + b = 0 with the consistent mass M and the load b assembled once, the diffusion term and
its Jacobian assembled into the same storage each time. Second order by default (variable-step BDF2 with the local error
controlled); the Rosenbrock-W methods of TS serve as reference. MUMPS in two dimensions, GMRES with GAMG or ILU in
three.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from benchmarks.peers.on_dolfinx import Domain, domain_of, scaled_diffusivity
from benchmarks.peers.problem import History, Problem
from benchmarks.reporting import clock

Method = Literal["bdf2", "bdf3", "bdf4", "rosw"]
Linear = Literal["mumps", "gamg", "ilu"]
FIRST_STEP = 1.0
"""s; the controller takes over from there."""
MOST_STEPS = 100_000
QUADRATURE_DEGREE = 3
JIT_OPTIONS = {"cffi_extra_compile_args": ["-O3", "-march=native"]}


class _Equations:
    """Residual and Jacobian as TS asks for them."""

    def __init__(self, problem: Problem, domain: Domain) -> None:
        import ufl
        from dolfinx import fem
        from dolfinx.fem import petsc
        from petsc4py import PETSc

        self._petsc, self._insert = petsc, PETSc.InsertMode.INSERT_VALUES
        self._x = fem.Function(domain.space)
        trial, test = ufl.TrialFunction(domain.space), ufl.TestFunction(domain.space)
        # Three points a triangle are exact for a linear D; UFL would estimate many more from the nested exponentials.
        dx = ufl.Measure("dx", domain=domain.mesh, metadata={"quadrature_degree": QUADRATURE_DEGREE})
        ds = ufl.Measure("ds", domain=domain.mesh)
        diffusion = scaled_diffusivity(problem, self._x) * ufl.inner(ufl.grad(self._x), ufl.grad(test))
        diffusion_form = domain.measure * diffusion * dx
        self._diffusion = fem.form(diffusion_form, jit_options=JIT_OPTIONS)
        self._derivative = fem.form(ufl.derivative(diffusion_form, self._x, trial), jit_options=JIT_OPTIONS)
        self.mass = petsc.assemble_matrix(fem.form(domain.measure * trial * test * dx))
        self.mass.assemble()
        load = domain.measure * problem.flux * domain.touched * test * ds
        self._load = petsc.assemble_vector(fem.form(load))
        self.jacobian_matrix = petsc.create_matrix(self._derivative)
        self.residual_vector = self._load.duplicate()

    def residual(self, ts: Any, now: float, x: Any, rate: Any, out: Any) -> None:
        """Fill `out` with M x' + K(x) x + b."""
        self._x.x.array[:] = x.array_r
        self.mass.mult(rate, out)
        out.axpy(1.0, self._load)
        self._petsc.assemble_vector(out, self._diffusion)

    def jacobian(self, ts: Any, now: float, x: Any, rate: Any, shift: float, matrix: Any, other: Any) -> None:
        """Fill `matrix` with shift M + dK(x)x/dx."""
        self._x.x.array[:] = x.array_r
        matrix.zeroEntries()
        self._petsc.assemble_matrix(matrix, self._derivative)
        matrix.assemble()
        matrix.axpy(shift, self.mass, structure=self._structure)

    @property
    def _structure(self) -> Any:
        from petsc4py import PETSc

        return PETSc.Mat.Structure.SAME_NONZERO_PATTERN

    def initial(self, value: float) -> Any:
        """Return the vector of unknowns at the start."""
        vector = self._load.duplicate()
        vector.set(value)
        return vector


def charge(
    problem: Problem,
    tolerance: float,
    *,
    method: Method = "bdf2",
    linear: Linear | None = None,
) -> History:
    """Charge with the local error held to `tolerance` (root mean square, stoichiometry).

    Parameters
    ----------
    problem
        What to solve.
    tolerance
        Absolute.
    method
        "bdf2" (or 3, 4), or "rosw": a Rosenbrock-W method of order 4 (the reference).
    linear
        None: MUMPS in two dimensions, GAMG in three. "ilu" is a little quicker up to some ten thousand unknowns.
    """
    began = clock()
    domain = domain_of(problem)
    from petsc4py import PETSc

    equations = _Equations(problem, domain)
    prefix = "expert_"
    options = {
        **(
            {"ts_type": "rosw", "ts_rosw_type": "4l"}
            if method == "rosw"
            else {"ts_type": "bdf", "ts_bdf_order": int(method[-1])}
        ),
        "ts_adapt_type": "basic",
        "ts_adapt_wnormtype": "2",
        "ts_adapt_dt_max": problem.duration / 8.0,
        "ts_exact_final_time": "matchstep",
        "snes_rtol": 1e-4,
        "snes_atol": 0.0,
        "snes_stol": 1e-10,
        **_linear_options(linear or ("gamg" if problem.mesh.coordinates == "cartesian" else "mumps")),
    }
    store = PETSc.Options()
    for name, value in options.items():
        store.setValue(prefix + name, value)
    solver = PETSc.TS().create(domain.mesh.comm)
    solver.setOptionsPrefix(prefix)
    solver.setIFunction(equations.residual, equations.residual_vector)
    solver.setIJacobian(equations.jacobian, equations.jacobian_matrix, equations.jacobian_matrix)
    solver.setTolerances(atol=tolerance, rtol=0.0)
    solver.setTime(0.0)
    solver.setTimeStep(min(FIRST_STEP, problem.duration * 1e-4))
    solver.setMaxTime(problem.duration)
    solver.setMaxSteps(MOST_STEPS)
    solver.setFromOptions()
    x = equations.initial(problem.start)
    reported: list[float] = []
    means: list[float] = []

    def monitor(ts: Any, step: int, now: float, state: Any) -> None:
        reported.append(float(now))
        means.append(float(domain.mean_weights @ state.array_r))

    solver.setMonitor(monitor)
    ready = clock()
    solver.solve(x)
    done = clock()
    reason: Any = solver.getConvergedReason()
    if reason <= 0:
        raise RuntimeError(f"TS stopped: reason {reason} at {solver.getTime():.6g} s")
    final = np.empty(problem.mesh.n_nodes)
    final[domain.node] = x.array_r
    steps = int(solver.getStepNumber())
    solver.destroy()
    return History(np.array(reported), np.array(means), final, ready - began, done - ready, steps)


def _linear_options(linear: Linear) -> dict[str, Any]:
    if linear == "mumps":
        return {"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"}
    if linear == "ilu":
        return {"ksp_type": "gmres", "ksp_rtol": 1e-4, "pc_type": "ilu"}
    return {"ksp_type": "gmres", "ksp_rtol": 1e-6, "pc_type": "gamg", "pc_gamg_reuse_interpolation": True}
