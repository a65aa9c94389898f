"""Runs of the unit problem (constant D, uniform flux) with the package's own assembly, contact and integrator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.contact.map import ContactMap
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import MaterialTable, tabulate
from asyncsoc.problem.particles import Member, Method, Problem
from asyncsoc.problem.system import OrderedSystem, order_system
from asyncsoc.protocol.constraints import ParticleScale, StepConstraint, step_constraint
from asyncsoc.protocol.types import Step
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState

Array = NDArray[np.float64]

RADIUS = 5e-6
DIFFUSIVITY = 1e-14
TEMPERATURE = 333.15
START = 0.6
UNIT = 0.005
"""J R / (D c_max) of the runs: small enough that every excess up to tau = 3 stays in the material's window."""


@dataclass(frozen=True, eq=False)
class MeshedSphere:
    """A meshed sphere of radius `RADIUS` ready to be integrated."""

    mesh: ParticleMesh
    mass: Array
    system: OrderedSystem


class StepEndStates:
    """Callback that keeps the state at the start and at the end of each protocol step."""

    def __init__(self) -> None:
        self.states: dict[int, StepState] = {}

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Record the initial state under number 0."""
        self.states.setdefault(0, state)

    def step(self, step: AcceptedStep) -> None:
        """Record the latest state of the protocol step."""
        self.states[step.end.step] = step.end


@lru_cache(maxsize=4)
def particle(unit_mesh: ParticleMesh) -> MeshedSphere:
    """Scale a mesh of the unit sphere and assemble it; the same object for the same mesh object."""
    mesh = unit_mesh.scaled(RADIUS)
    operators = assemble(mesh)
    return MeshedSphere(mesh, operators.mass, order_system(operators))


def constant_table() -> MaterialTable:
    """Return the default material with the constant diffusivity of the runs."""
    return tabulate(cathode(DEFAULT_CATHODE), electrolyte(DEFAULT_ELECTROLYTE), TEMPERATURE, diffusivity=DIFFUSIVITY)


def unit_current() -> float:
    """Return the current [A] whose J R / (D c_max) is `UNIT`: 4 pi R F c_max D `UNIT`."""
    return 4.0 * math.pi * RADIUS * FARADAY * cathode(DEFAULT_CATHODE).maximum_concentration * DIFFUSIVITY * UNIT


def constant_current(current: float, durations: Sequence[float], mass: Array) -> tuple[StepConstraint, ...]:
    """Return one protocol step of constant current [A] for each duration, in units of R^2 / D."""
    material = cathode(DEFAULT_CATHODE)
    volume = float(mass.sum())
    scale = ParticleScale(
        capacity=FARADAY * material.maximum_concentration * volume,
        mass=volume * material.density,
        series=0.0,
        window=material.window,
        temperature=TEMPERATURE,
    )
    seconds = RADIUS**2 / DIFFUSIVITY
    steps = (Step("current", current, tau * seconds, (), None, None, 1, f"for {tau:g} R^2/D") for tau in durations)
    return tuple(step_constraint(step, number, scale) for number, step in enumerate(steps, 1))


def member_of(
    body: MeshedSphere,
    contact: ContactMap,
    constraints: tuple[StepConstraint, ...],
    table: MaterialTable,
    tolerance: float,
) -> Member:
    """Return a uniform particle of stoichiometry `START` under uniform flux; `dataclasses.replace` changes the rest."""
    return Member(
        x=np.full(len(body.mass), START),
        weights=contact.weights,
        film_resistance=0.0,
        constraints=constraints,
        tables={TEMPERATURE: table},
        kinetics=UniformFlux(),
        maximum_concentration=cathode(DEFAULT_CATHODE).maximum_concentration,
        tolerance=tolerance,
    )


def run_members(
    body: MeshedSphere, members: Sequence[Member], method: Method = "rodas4p2"
) -> list[dict[int, StepState]]:
    """Integrate members; return for each its states by protocol step, 0 being the start.

    Raises
    ------
    SimulationError
        A member did not reach the end of its protocol.
    """
    keepers = [StepEndStates() for _ in members]
    for outcome in integrate(Problem.alone(body.system, members), [[keeper] for keeper in keepers], method=method):
        if outcome.error is not None:
            raise outcome.error
        if len(outcome.steps) != len(members[0].constraints):
            raise SimulationError("a verification run ended early", where="verification", value=outcome.stop_reason)
    return [keeper.states for keeper in keepers]


def excess(body: MeshedSphere, state: StepState) -> Array:
    """Return the depletion against the volume mean at each node [J R / D]."""
    mean = float(body.mass @ state.x) / float(body.mass.sum())
    return np.asarray((mean - state.x) / UNIT)


def excess_histories(
    body: MeshedSphere, contacts: Sequence[ContactMap], taus: Sequence[float], tolerance: float = 1e-8
) -> list[list[Array]]:
    """Charge under each contact with the unit current and return the excess fields at the times `taus`.

    Parameters
    ----------
    body
        The particle.
    contacts
        Each makes one member of a batch.
    taus
        Increasing times in R^2 / D.
    tolerance
        Of the integrator, in stoichiometry (`UNIT` is 0.005).
    """
    table = constant_table()
    constraints = constant_current(unit_current(), np.diff([0.0, *taus]).tolist(), body.mass)
    members = [member_of(body, contact, constraints, table, tolerance) for contact in contacts]
    histories = run_members(body, members)
    return [[excess(body, states[number]) for number in range(1, len(taus) + 1)] for states in histories]
