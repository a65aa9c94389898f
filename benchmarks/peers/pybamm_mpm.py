"""The peer of many size classes: PyBaMM's multi-particle model (MPM) of a half-cell."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.pybamm_spm import HIGHEST_VOLTAGE, LITHIUM_EXCHANGE_CURRENT, LITHIUM_MOLAR_VOLUME, ParameterSet
from benchmarks.reporting import clock

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

Array = NDArray[np.float64]

STD = 0.3
"""Standard deviation of the radius over its mean, by surface; PyBaMM's default."""
RANGE = (0.05, 1.0 + 5.0 * STD)
"""Smallest and largest radius over the mean; PyBaMM begins at 0, where its first class would be a point."""


@dataclass(frozen=True)
class MultiParticleSettings:
    """Finite volumes along the radius, their stretch towards the surface (0: all of one width), relative tolerance."""

    points: int = 20
    stretch: float = 0.0
    tolerance: float = 1e-4

    def __str__(self) -> str:
        """Say it in words."""
        width = f", stretch {self.stretch:g}" if self.stretch else ""
        return f"{self.points} volumes{width}, rtol {self.tolerance:g}"


@dataclass(frozen=True, eq=False)
class SizeClasses:
    """What a run gave.

    Attributes
    ----------
    radii, areas : (N,)
        Radius of each class [m], and its share of the surface.
    times : (k,), s
    voltage : (k,), V
        Against lithium.
    set_up, solve : s
        Times of the process: building the model with a first solve, and the least of the solves that follow.
    """

    radii: Array
    areas: Array
    times: Array
    voltage: Array
    set_up: float
    solve: float


def _density(ratio: Any, functions: Any) -> Any:
    """Return the lognormal law of radius over its mean, by surface; its factor is left out."""
    spread = math.log(1.0 + STD**2)
    return functions.exp(-((functions.log(ratio) + 0.5 * spread) ** 2) / (2.0 * spread)) / ratio


def classes(mean_radius: float, count: int) -> tuple[Array, Array]:
    """Return radii [m] and shares of the surface of the classes that the MPM makes of the law, (N,) each."""
    edges = np.linspace(*RANGE, count + 1)
    ratios = 0.5 * (edges[1:] + edges[:-1])
    density = _density(ratios, np)
    return mean_radius * ratios, density / density.sum()


def charge(
    parameters: ParameterSet,
    setting: MultiParticleSettings,
    *,
    mean_radius: float,
    count: int,
    current_density: float,
    start: float,
    times: Array,
    repeats: int = 3,
) -> SizeClasses:
    """Charge the size classes of a half-cell with constant current at 25 degC.

    Parameters
    ----------
    parameters
        PyBaMM's parameter set.
    setting
        Mesh and tolerance.
    mean_radius
        Mean of the radius over the surface [m].
    count
        Classes.
    current_density
        Mean over the surface of all particles, positive on charge [A/m2].
    start
        Initial stoichiometry.
    times
        s, from 0.
    repeats
        Solves that are timed.
    """
    import pybamm

    began = clock()
    model = pybamm.lithium_ion.MPM({"working electrode": "positive"})
    values = pybamm.ParameterValues(parameters)
    radii, areas = classes(mean_radius, count)
    active = values["Positive electrode active material volume fraction"]
    thickness = values["Positive electrode thickness [m]"]
    plane = values["Electrode width [m]"] * values["Electrode height [m]"]
    plane *= values["Number of electrodes connected in parallel to make a cell"]
    half = 0.5 * (radii[1] - radii[0])

    def law(radius: Any) -> Any:
        return _density(radius / mean_radius, pybamm) / mean_radius

    values.update(
        {
            "Positive particle radius [m]": mean_radius,
            "Positive minimum particle radius [m]": radii[0] - half,
            "Positive maximum particle radius [m]": radii[-1] + half,
            "Positive area-weighted particle-size distribution [m-1]": law,
            "Upper voltage cut-off [V]": HIGHEST_VOLTAGE,
            "Ambient temperature [K]": 298.15,
            "Initial temperature [K]": 298.15,
            "Initial concentration in positive electrode [mol.m-3]": start
            * values["Maximum concentration in positive electrode [mol.m-3]"],
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM_EXCHANGE_CURRENT,
            "Lithium metal partial molar volume [m3.mol-1]": LITHIUM_MOLAR_VOLUME,
        },
        check_already_exists=False,
    )
    areal = current_density * 3.0 * active / float(areas @ radii) * thickness
    values.update({"Current function [A]": -areal * plane})  # PyBaMM's current is positive on discharge
    points = {**model.default_var_pts, "r_p": setting.points, "R_p": count}
    submeshes = dict(model.default_submesh_types)
    if setting.stretch:
        stretch = {"side": "right", "stretch": setting.stretch}
        submeshes["positive particle"] = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, stretch)
    solver = pybamm.IDAKLUSolver(rtol=setting.tolerance, atol=0.01 * setting.tolerance)
    simulation = pybamm.Simulation(
        model, parameter_values=values, var_pts=points, submesh_types=submeshes, solver=solver
    )
    span, wanted = [float(times[0]), float(times[-1])], np.asarray(times)
    simulation.solve(t_eval=span, t_interp=wanted)  # the first solve sets the solver up
    ready, spent = clock(), []
    for _ in range(repeats):
        before = clock()
        solution = simulation.solve(t_eval=span, t_interp=wanted)
        voltage = np.asarray(solution["Voltage [V]"].entries, dtype=np.float64)
        spent.append(clock() - before)
    return SizeClasses(radii, areas, np.asarray(solution.t, dtype=np.float64), voltage, ready - began, min(spent))
