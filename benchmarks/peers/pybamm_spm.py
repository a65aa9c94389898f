"""The peer at full coverage: PyBaMM's single-particle model of a half-cell."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.reporting import clock

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

Array = NDArray[np.float64]
ParameterSet = Literal["Chen2020", "ORegan2022", "Marquis2019", "Ai2020", "Xu2019", "NCA_Kim2011"]

LITHIUM_MOLAR_VOLUME = 1.3e-5
"""m3/mol; the half-cell model demands one and the single-particle model does not use it."""
LITHIUM_EXCHANGE_CURRENT = 1e9
"""A/m2: so large that the lithium electrode has no overpotential."""
HIGHEST_VOLTAGE = 4.5
"""V; above what is compared, so that the solver does not stop."""


@dataclass(frozen=True)
class SingleParticle:
    """What a run gave.

    Attributes
    ----------
    times : (k,), s
        Output times.
    voltage : (k,), V
        Against lithium.
    surface_x : (k,)
        Stoichiometry at the particle's surface.
    set_up, solve : s
        Times of the process: building the model with a first solve, and solving it again.
    """

    times: Array
    voltage: Array
    surface_x: Array
    set_up: float
    solve: float


def charge(
    parameters: ParameterSet,
    *,
    radius: float,
    current_density: float,
    start: float,
    times: Array,
    temperature: float = 298.15,
    radial_points: int | None = None,
    tolerances: tuple[float, float] | None = None,
) -> SingleParticle:
    """Charge the particles of a half-cell with constant current.

    Parameters
    ----------
    parameters
        PyBaMM's parameter set.
    radius
        m.
    current_density
        On the surface of the particles, positive on charge [A/m2]; the electrode's is 3 eps L/R times that.
    start
        Initial stoichiometry.
    times
        s, from 0; a fixed set, because the points the solver happens to choose are too sparse to interpolate between.
    temperature
        K.
    radial_points
        Finite volumes along the radius; None takes PyBaMM's 20.
    tolerances
        Relative and absolute; None takes PyBaMM's.
    """
    import pybamm

    began = clock()
    model = pybamm.lithium_ion.SPM({"working electrode": "positive"})
    values = pybamm.ParameterValues(parameters)
    active = values["Positive electrode active material volume fraction"]
    thickness = values["Positive electrode thickness [m]"]
    plane = values["Electrode width [m]"] * values["Electrode height [m]"]
    plane *= values["Number of electrodes connected in parallel to make a cell"]
    areal = current_density * 3.0 * active / radius * thickness
    values.update({"Positive particle radius [m]": radius, "Upper voltage cut-off [V]": HIGHEST_VOLTAGE})
    values.update(
        {
            "Ambient temperature [K]": temperature,
            "Initial temperature [K]": temperature,
            "Current function [A]": -areal * plane,  # PyBaMM's current is positive on discharge
            "Initial concentration in positive electrode [mol.m-3]": start
            * values["Maximum concentration in positive electrode [mol.m-3]"],
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM_EXCHANGE_CURRENT,
            "Lithium metal partial molar volume [m3.mol-1]": LITHIUM_MOLAR_VOLUME,
        },
        check_already_exists=False,
    )
    points = dict(model.default_var_pts)
    if radial_points is not None:
        points["r_p"] = radial_points
    options: dict[str, Any] = {}
    if tolerances is not None:
        options = {"rtol": tolerances[0], "atol": tolerances[1]}
    solver = pybamm.IDAKLUSolver(**options)
    simulation = pybamm.Simulation(model, parameter_values=values, var_pts=points, solver=solver)
    span, wanted = [float(times[0]), float(times[-1])], np.asarray(times)
    simulation.solve(t_eval=span, t_interp=wanted)  # the first solve sets the solver up
    ready = clock()
    solution = simulation.solve(t_eval=span, t_interp=wanted)
    done = clock()
    return SingleParticle(
        times=np.asarray(solution.t, dtype=np.float64),
        voltage=np.asarray(solution["Voltage [V]"].entries, dtype=np.float64),
        surface_x=np.asarray(
            solution["X-averaged positive particle surface stoichiometry"].entries, dtype=np.float64
        ).ravel(),
        set_up=ready - began,
        solve=done - ready,
    )
