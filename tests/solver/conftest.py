from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from asyncsoc.contact.shapes import cap, full
from asyncsoc.discretization.assembly import assemble
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import MaterialTable, tabulate
from asyncsoc.problem.particles import Member, Problem
from asyncsoc.problem.system import OrderedSystem, order_system
from asyncsoc.protocol.constraints import ParticleScale, step_constraint
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import StepState
from tests.solver.keeping import KeepingCallback

RADIUS = 7.5e-6
MATERIAL = cathode("ncm811-sturm2019")
TEMPERATURE = 333.15


@lru_cache(maxsize=16)
def table(temperature: float = TEMPERATURE, diffusivity: float | None = None) -> MaterialTable:
    return tabulate(MATERIAL, electrolyte("peo-litfsi"), temperature, diffusivity=diffusivity)


@dataclass(frozen=True, eq=False)
class Particle:
    """A meshed sphere of 7.5 um and what it takes to make members of it."""

    mesh: ParticleMesh
    operators: Operators
    system: OrderedSystem

    @property
    def scale(self) -> ParticleScale:
        volume = self.operators.volume
        capacity = theoretical_capacity(MATERIAL, volume)
        return ParticleScale(capacity, volume * MATERIAL.density, 2e5, MATERIAL.window, TEMPERATURE)

    def member(self, *steps: str, coverage: float = 1.0, start: Any = 0.7, **changes: Any) -> Member:
        contact = full(self.mesh) if coverage == 1.0 else cap(self.mesh, coverage)
        constraints = tuple(step_constraint(parse_step(s, where="test"), k, self.scale) for k, s in enumerate(steps, 1))
        given: dict[str, Any] = {
            "x": np.broadcast_to(np.asarray(start, dtype=float), self.mesh.n_nodes).copy(),
            "weights": contact.weights,
            "film_resistance": 0.0,
            "constraints": constraints,
            "tables": {TEMPERATURE: table()},
            "kinetics": ButlerVolmer(),
            "maximum_concentration": MATERIAL.maximum_concentration,
            "tolerance": 1e-4,
        }
        return Member(**(given | changes))

    def run_all(
        self, members: Sequence[Member], times: Sequence[float] = (), **options: Any
    ) -> list[tuple[RunOutcome, KeepingCallback]]:
        batch_callbacks = [KeepingCallback(times) for _ in members]
        outcomes = integrate(
            Problem.alone(self.system, members), [[callback] for callback in batch_callbacks], **options
        )
        return list(zip(outcomes, batch_callbacks, strict=True))

    def run(self, member: Member, times: Sequence[float] = (), **options: Any) -> tuple[RunOutcome, KeepingCallback]:
        return self.run_all([member], times, **options)[0]


def particle(mesh: ParticleMesh) -> Particle:
    scaled = mesh.scaled(RADIUS)
    operators = assemble(scaled)
    return Particle(scaled, operators, order_system(operators))


@pytest.fixture(scope="session")
def ball() -> Particle:
    """A radial particle of 41 nodes."""
    return particle(radial_mesh(40, 2e-3))


@pytest.fixture(scope="session")
def body() -> Particle:
    """An axisymmetric particle of a few hundred nodes."""
    return particle(axisymmetric_mesh(0.05, 0.2, 0.15, 0.03))


@pytest.fixture(scope="session")
def make_particle() -> Callable[[ParticleMesh], Particle]:
    """Return a maker of particles from a mesh of the unit sphere."""
    return particle


@pytest.fixture(scope="session")
def make_table() -> Callable[..., MaterialTable]:
    """Return a maker of material tables of the default material."""
    return table


@pytest.fixture(scope="session")
def total_current() -> Callable[[StepState, Member], float]:
    """Return the sum of the local currents over the contact [A]."""
    return lambda state, member: math.fsum(
        (member.weights[state.contact_nodes] * state.contact_current_density).tolist()
    )
