"""Checks of the virtual linear sweep: an inert electrode against closed forms, a particle against the law itself."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.studies.lsv.inert import inert_sweep
from asyncsoc.studies.lsv.on_particles import swept_particle
from asyncsoc.studies.verification.check import VerificationCheck, within

TEMPERATURE = 333.15
RATE, START = 1e-3, 3.0
_LIMIT = 2e-9
"""m; film that halves the rate."""


def example() -> Case:
    """Return a small, fully covered particle whose lithium follows a slow sweep: no gradient, fast charge transfer."""
    return Case.from_dict(
        {
            "particle": {"radius": "0.3 um"},
            "contact": {"kind": "full"},
            "material": {"diffusivity": 1e-12},
            "kinetics": {"exchange_current_density": 100.0},
            "electrolyte": {"conductivity": 1e3},
            "side_reaction": {"mode": "report"},
            "protocol": {"temperature": TEMPERATURE, "steps": ["Charge at C/10 until 4.2 V"]},
        }
    )


def limited_film(model: SideReactionModel, voltage: float) -> float:
    """Return the film of a sweep without resistance in closed form [m].

    d + d^2/(2 d_c) = v i_ox0 R T/(a F r) (exp[a F (V - U_ox)/RT] - exp[a F (V_0 - U_ox)/RT]).
    """
    constants = model.constants
    steep = constants.transfer_coefficient * FARADAY / (GAS_CONSTANT * TEMPERATURE)
    charge = sum(
        sign * math.exp(steep * (volts - constants.onset_potential)) for sign, volts in ((1, voltage), (-1, START))
    )
    right = model.film.volume_per_charge * constants.exchange_current_density / (steep * RATE) * charge
    limit = constants.limiting_thickness
    return limit * (math.sqrt(1.0 + 2.0 * right / limit) - 1.0)


def lsv_checks() -> list[VerificationCheck]:
    """Compare an inert electrode with Tafel's law and a limited film, and a particle in equilibrium with its law."""
    case = example()
    model = side_reaction_model(case, cathode_of(case.material))
    model = replace(model, film=replace(model.film, conductivity=1e6))
    checks = []
    curve = inert_sweep(model, TEMPERATURE, rate=RATE, start=START, end=4.2)
    constants = model.constants
    exponent = (
        constants.transfer_coefficient * FARADAY * (4.2 - constants.onset_potential) / (GAS_CONSTANT * TEMPERATURE)
    )
    tafel = constants.exchange_current_density * math.exp(exponent)
    checks.append(within("LSV, inert electrode at 4.2 V: current density, Tafel [A/m2]", curve.density[-1], tafel, 0.1))
    limited = replace(model, constants=replace(constants, limiting_thickness=_LIMIT))
    for end in (4.4, 5.0):
        found = float(inert_sweep(limited, TEMPERATURE, rate=RATE, start=START, end=end).film[-1])
        name = f"LSV, inert electrode, film that slows its growth, at {end:g} V: thickness [m]"
        checks.append(within(name, found, limited_film(limited, end), 0.2))
    swept = swept_particle(case, rate=1e-5, start=3.7, end=4.1)
    for volts in (3.9, 4.05):
        density = float(np.interp(volts, swept.voltage, swept.density))
        cathode = cathode_of(case.material)
        x = _equilibrium(cathode.open_circuit_potential, volts)
        law = float(model.rate(np.array([x]), volts, TEMPERATURE).rate[0])
        name = f"LSV, small particle swept slowly, at {volts:g} V: side reaction, its law in equilibrium [A/m2]"
        checks.append(within(name, density, law, 2.0))
    return checks


def _equilibrium(potential: object, volts: float) -> float:
    """Return the stoichiometry in equilibrium with a voltage, by bisection: U falls with x."""
    low, high = 0.25, 0.89
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = float(np.asarray(potential(np.array([middle])))[0]) > volts  # type: ignore[operator]
        low, high = (middle, high) if above else (low, middle)
    return 0.5 * (low + high)
