"""Our own entry, on the same problem: the same contact, the same D(x) tabulated; one particle or a batch of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.interface.kinetics import UniformFlux
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import MaterialTable, tabulate
from asyncsoc.problem import particles as stepped
from asyncsoc.problem.particles import Member
from asyncsoc.problem.system import OrderedSystem, order_system
from asyncsoc.protocol.constraints import ParticleScale, StepConstraint, step_constraint
from asyncsoc.protocol.types import Step
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedSteps, Errors, States
from asyncsoc.solver.warmup import compile_kernels
from benchmarks.peers.problem import TEMPERATURE, History, Problem, diffusivity
from benchmarks.reporting import clock

Kinetics = Literal["uniform-flux", "butler-volmer"]
_KINETICS = {"uniform-flux": UniformFlux(), "butler-volmer": ButlerVolmer()}


@dataclass(frozen=True, eq=False)
class Charged:
    """What a batch gave.

    Attributes
    ----------
    histories
        One a member; `solve` is the process time of the batch over its members.
    outcomes
        As `integrate` returned them.
    process, wall
        Times of the whole batch [s].
    """

    histories: tuple[History, ...]
    outcomes: tuple[RunOutcome, ...]
    process: float
    wall: float


class Sampler:
    """Keeps time, contact mean and potential of every state the members of a batch accept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._count = len(problems)
        shared = all(problem.contact is problems[0].contact for problem in problems)
        kept = problems[:1] if shared else problems
        self._weights = np.array([problem.contact.weights / problem.contact.area for problem in kept])
        self._which = np.zeros(self._count, dtype=np.int64) if shared else np.arange(self._count)
        # Only columns some contact touches are looked at.
        self._touched = np.flatnonzero(self._weights.any(axis=0))
        self._weights = self._weights[:, self._touched]
        self._numbers: list[NDArray[np.int64]] = []
        self._rows: list[NDArray[np.float64]] = []

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Keep the initial states."""
        self._keep(states)
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Keep the ends of steps."""
        self._keep(steps.end)
        return {}

    def _keep(self, states: States) -> None:
        weights = self._weights[self._which[states.number]]
        means = (states.x[:, self._touched] * weights).sum(axis=1)
        self._numbers.append(states.number.copy())
        self._rows.append(np.array([states.time, means, states.potential]))

    def histories(self) -> list[NDArray[np.float64]]:
        """Return for each member its rows in order: time, contact mean, potential, (3, k)."""
        numbers, rows = np.concatenate(self._numbers), np.concatenate(self._rows, axis=1)
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(self._count), side="right").tolist()
        return [rows[:, order[start:end]] for start, end in zip([0, *ends], ends, strict=False)]


@lru_cache(maxsize=64)
def _table(scale: float) -> MaterialTable:
    return tabulate(
        cathode(DEFAULT_CATHODE),
        electrolyte(DEFAULT_ELECTROLYTE),
        TEMPERATURE,
        diffusivity=lambda x, _: np.asarray(scale * diffusivity(x)),
    )


@lru_cache(maxsize=4)
def prepared(mesh: ParticleMesh) -> tuple[OrderedSystem, float]:
    """Return the operators of a mesh made ready, and what that took [s]: once a mesh."""
    compile_kernels()
    began = clock()
    system = order_system(assemble(mesh))
    return system, clock() - began


def member_of(problem: Problem, tolerance: float, kinetics: Kinetics = "uniform-flux") -> Member:
    """Return the problem as the integrator takes it."""
    material = cathode(DEFAULT_CATHODE)
    scale = ParticleScale(1.0, 1.0, 0.0, material.window, TEMPERATURE)
    step = Step("current", problem.current, problem.duration, (), None, None, 1, "charge")
    return Member(
        x=np.full(problem.mesh.n_nodes, problem.start),
        weights=problem.contact.weights,
        film_resistance=0.0,
        constraints=(step_constraint(step, 1, scale),),
        tables={TEMPERATURE: _table(problem.diffusivity_scale)},
        kinetics=_KINETICS[kinetics],
        maximum_concentration=problem.maximum_concentration,
        tolerance=tolerance,
    )


def charge_batch(
    problems: Sequence[Problem], tolerance: float, kinetics: Kinetics = "uniform-flux", threads: int = 1
) -> Charged:
    """Charge particles that share a mesh together.

    Raises
    ------
    RuntimeError
        A charge was not carried out to the end of its time or to a limit of the material.
    """
    system, set_up = prepared(problems[0].mesh)
    members = [member_of(problem, tolerance, kinetics) for problem in problems]
    sampler = Sampler(problems)
    ready, wall = clock(), time.perf_counter()
    outcomes = integrate(stepped.Problem.alone(system, members), batch_callbacks=[[sampler]], threads=threads)
    rows = sampler.histories()
    process, wall = clock() - ready, time.perf_counter() - wall
    histories = []
    for (times, means, potentials), outcome in zip(rows, outcomes, strict=True):
        if outcome.error is not None or outcome.checkpoint is None:
            raise RuntimeError(f"the charge ended early: {outcome.stop_reason}")
        histories.append(
            History(
                times=times,
                contact_mean=means,
                final=outcome.checkpoint.particles[0].x,
                set_up=set_up,
                solve=process / len(problems),
                steps=outcome.accepted,
                potential=potentials,
            )
        )
    return Charged(tuple(histories), tuple(outcomes), process, wall)


def charge(problem: Problem, tolerance: float, kinetics: Kinetics = "uniform-flux") -> History:
    """Charge one particle with the error per step held to `tolerance` in stoichiometry.

    Raises
    ------
    RuntimeError
        The charge ended before its time.
    """
    charged = charge_batch([problem], tolerance, kinetics)
    if charged.outcomes[0].stop_reason != "duration reached":
        raise RuntimeError(f"the charge ended early: {charged.outcomes[0].stop_reason}")
    return charged.histories[0]
