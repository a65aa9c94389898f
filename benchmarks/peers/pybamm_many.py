"""PyBaMM's half-cell single-particle model solved for many particles: current, diffusivity and start as inputs.

The model is built once; inputs change from solve to solve. Three ways of asking are there, and a benchmark takes the
quickest: one solve after another, one call with a list of inputs, and either of them with outputs computed by the
solver (`output_variables`), which then keeps no states.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.problem import RADIUS, TEMPERATURE, Problem
from benchmarks.peers.pybamm_spm import HIGHEST_VOLTAGE, LITHIUM_EXCHANGE_CURRENT, LITHIUM_MOLAR_VOLUME
from benchmarks.reporting import clock

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

Array = NDArray[np.float64]
SURFACE = "X-averaged positive particle surface stoichiometry"
CURRENT, DIFFUSIVITY, START = "current factor", "diffusivity factor", "start"


@dataclass(frozen=True)
class PybammSettings:
    """How PyBaMM is asked.

    Attributes
    ----------
    points
        Finite volumes along the radius.
    stretch
        0: all of one width; else narrower towards the surface (`Exponential1DSubMesh`).
    tolerance
        Relative; the absolute one is a hundredth of it.
    at_once
        One call with a list of inputs.
    outputs
        Only the surface stoichiometry is computed, by the solver.
    threads
        Of the solver, for a list of inputs.
    """

    points: int
    stretch: float
    tolerance: float
    at_once: bool
    outputs: bool
    threads: int = 1

    def __str__(self) -> str:
        """Say it in words."""
        width = f", stretch {self.stretch:g}" if self.stretch else ""
        how = ("list of inputs" if self.at_once else "one by one") + (", output variables" if self.outputs else "")
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"{self.points} volumes{width}, rtol {self.tolerance:g}, {how}{threads}"


@dataclass(frozen=True, eq=False)
class Charges:
    """Surface stoichiometry at the times asked for (m, k); building time, process and wall time per particle [s]."""

    times: Array
    surface: Array
    set_up: float
    solve: float
    wall: float


def charge(setting: PybammSettings, usual: Problem, members: Sequence[Problem], times: Array) -> Charges:
    """Charge the particles of a half-cell, each with the current, diffusivity and start of a member.

    Reading the surface stoichiometry is timed too: without `outputs` PyBaMM computes it on demand.
    """
    import pybamm

    began = clock()
    model = pybamm.lithium_ion.SPM({"working electrode": "positive"})
    values = _parameters(pybamm, usual)
    points = {**model.default_var_pts, "r_p": setting.points}
    submeshes = dict(model.default_submesh_types)
    if setting.stretch:
        stretch = {"side": "right", "stretch": setting.stretch}
        submeshes["positive particle"] = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, stretch)
    solver = pybamm.IDAKLUSolver(
        rtol=setting.tolerance,
        atol=0.01 * setting.tolerance,
        output_variables=[SURFACE] if setting.outputs else None,
        options={"num_threads": setting.threads, "num_solvers": setting.threads},
    )
    simulation = pybamm.Simulation(
        model, parameter_values=values, var_pts=points, submesh_types=submeshes, solver=solver
    )
    span, wanted = [float(times[0]), float(times[-1])], np.asarray(times)
    inputs = [{CURRENT: m.current / usual.current, DIFFUSIVITY: m.diffusivity_scale, START: m.start} for m in members]

    def solve(given: list[dict[str, float]]) -> list[Any]:
        if setting.at_once:
            return list(solver.solve(simulation.built_model, span, t_interp=wanted, inputs=given))
        return [simulation.solve(t_eval=span, t_interp=wanted, inputs=entry) for entry in given]

    simulation.solve(t_eval=span, t_interp=wanted, inputs=inputs[0])  # the first solve sets the solver up
    solve(inputs[:2])
    ready, wall = clock(), time.perf_counter()
    solutions = solve(inputs)
    surface = [np.ravel(s[SURFACE].data if setting.outputs else s[SURFACE].entries) for s in solutions]
    done, wall = clock(), time.perf_counter() - wall
    count = len(members)
    return Charges(wanted, np.array(surface), ready - began, (done - ready) / count, wall / count)


def _parameters(pybamm: Any, usual: Problem) -> Any:
    values = pybamm.ParameterValues("ORegan2022")
    concentration = values["Maximum concentration in positive electrode [mol.m-3]"]
    density = usual.current / (4.0 * math.pi * RADIUS**2) * concentration / usual.maximum_concentration
    active = values["Positive electrode active material volume fraction"]
    areal = density * 3.0 * active / RADIUS * values["Positive electrode thickness [m]"]
    plane = values["Electrode width [m]"] * values["Electrode height [m]"]
    diffusivity = values["Positive particle diffusivity [m2.s-1]"]
    values.update(
        {
            "Positive particle radius [m]": RADIUS,
            "Upper voltage cut-off [V]": HIGHEST_VOLTAGE,
            "Ambient temperature [K]": TEMPERATURE,
            "Initial temperature [K]": TEMPERATURE,
            "Current function [A]": -areal * plane * pybamm.InputParameter(CURRENT),
            "Positive particle diffusivity [m2.s-1]": lambda x, temperature: (
                pybamm.InputParameter(DIFFUSIVITY) * diffusivity(x, temperature)
            ),
            "Initial concentration in positive electrode [mol.m-3]": pybamm.InputParameter(START) * concentration,
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM_EXCHANGE_CURRENT,
            "Lithium metal partial molar volume [m3.mol-1]": LITHIUM_MOLAR_VOLUME,
        },
        check_already_exists=False,
    )
    return values
