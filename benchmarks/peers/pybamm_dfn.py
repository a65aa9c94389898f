"""The peer of layers: PyBaMM's half-cell DFN (Doyle, Fuller, Newman) in the ohmic limit."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.pybamm_spm import HIGHEST_VOLTAGE, LITHIUM_MOLAR_VOLUME, ParameterSet
from benchmarks.reporting import clock

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

Array = NDArray[np.float64]

KAPPA = 0.05
"""Conductivity of the electrolyte without porosity [S/m]: about that of a polymer."""
LITHIUM = 5.0
"""Exchange current density of the lithium electrode [A/m2]."""


@dataclass(frozen=True)
class PorousHalfCell:
    """What a parameter set says of the electrode, its separator and its spherical particles.

    Attributes
    ----------
    thickness, separator, radius
        m.
    active
        Volume fraction of the active material.
    ionic, electronic, in_separator
        Effective conductivities of electrolyte and electrode, and of the electrolyte in the separator [S/m].
    sigma
        Of the electrode without its volume fraction [S/m]: constant, where the set has a function.
    plane
        Area of the cell [m2].
    """

    thickness: float
    separator: float
    radius: float
    active: float
    ionic: float
    electronic: float
    in_separator: float
    sigma: float
    plane: float


@dataclass(frozen=True)
class DfnSettings:
    """Finite volumes along the radius, their stretch towards the surface (0: all of one width), relative tolerance."""

    points: int = 20
    stretch: float = 0.0
    tolerance: float = 1e-4

    def __str__(self) -> str:
        """Say it in words."""
        width = f", stretch {self.stretch:g}" if self.stretch else ""
        return f"{self.points} volumes along the radius{width}, rtol {self.tolerance:g}"


def described(parameters: ParameterSet) -> PorousHalfCell:
    """Return what a parameter set says."""
    import pybamm

    values = pybamm.ParameterValues(parameters)
    sigma = values["Positive electrode conductivity [S.m-1]"]
    sigma = float(sigma) if isinstance(sigma, int | float) else 0.18
    pores, between = values["Positive electrode porosity"], values["Separator porosity"]
    plane = values["Electrode width [m]"] * values["Electrode height [m]"]
    return PorousHalfCell(
        thickness=values["Positive electrode thickness [m]"],
        separator=values["Separator thickness [m]"],
        radius=values["Positive particle radius [m]"],
        active=values["Positive electrode active material volume fraction"],
        ionic=KAPPA * pores ** values["Positive electrode Bruggeman coefficient (electrolyte)"],
        electronic=sigma * (1.0 - pores) ** values["Positive electrode Bruggeman coefficient (electrode)"],
        in_separator=KAPPA * between ** values["Separator Bruggeman coefficient (electrolyte)"],
        sigma=sigma,
        plane=plane * values["Number of electrodes connected in parallel to make a cell"],
    )


def charge(
    parameters: ParameterSet,
    setting: DfnSettings,
    *,
    layers: int,
    current_density: float,
    start: float,
    times: Array,
    repeats: int = 3,
) -> tuple[Array, Array, float]:
    """Charge the half-cell with constant current at 25 degC; return times [s], voltages [V] and the solve's time [s].

    Parameters
    ----------
    parameters
        PyBaMM's parameter set.
    setting
        Mesh along the radius, and tolerance.
    layers
        Finite volumes through the electrode, and through the separator.
    current_density
        Per area of the cell, positive on charge [A/m2].
    start
        Initial stoichiometry.
    times
        s, from 0.
    repeats
        Solves that are timed, after one that sets the solver up.
    """
    import pybamm

    model = pybamm.lithium_ion.DFN({"working electrode": "positive"})
    values, cell = pybamm.ParameterValues(parameters), described(parameters)
    values.update(
        {
            "Cation transference number": 1.0,  # no salt gradient
            "Electrolyte conductivity [S.m-1]": KAPPA,
            "Positive electrode conductivity [S.m-1]": cell.sigma,
            "Upper voltage cut-off [V]": HIGHEST_VOLTAGE,
            "Ambient temperature [K]": 298.15,
            "Initial temperature [K]": 298.15,
            "Initial concentration in positive electrode [mol.m-3]": start
            * values["Maximum concentration in positive electrode [mol.m-3]"],
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM,
            "Lithium metal partial molar volume [m3.mol-1]": LITHIUM_MOLAR_VOLUME,
            "Current function [A]": -current_density * cell.plane,  # PyBaMM's current is positive on discharge
        },
        check_already_exists=False,
    )
    points = {**model.default_var_pts, "x_p": layers, "x_s": layers, "r_p": setting.points}
    submeshes = dict(model.default_submesh_types)
    if setting.stretch:
        stretch = {"side": "right", "stretch": setting.stretch}
        submeshes["positive particle"] = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, stretch)
    solver = pybamm.IDAKLUSolver(rtol=setting.tolerance, atol=0.01 * setting.tolerance)
    simulation = pybamm.Simulation(
        model, parameter_values=values, var_pts=points, submesh_types=submeshes, solver=solver
    )
    span, wanted, best = [float(times[0]), float(times[-1])], np.asarray(times), np.inf
    simulation.solve(t_eval=span, t_interp=wanted)  # the first solve sets the solver up
    for _ in range(repeats):
        before = clock()
        solution = simulation.solve(t_eval=span, t_interp=wanted)
        voltage = np.asarray(solution["Voltage [V]"].entries, dtype=np.float64)
        best = min(best, clock() - before)
    return np.asarray(solution.t, dtype=np.float64), voltage, float(best)
