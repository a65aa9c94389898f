"""Our own entry, on the same problem: uniform flux through the same contact, the same D(x) tabulated."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import ParticleScale, Segment, segment_of
from asyncsoc.fem.assembly import assemble
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.kinetics.tables import MaterialTable, tabulate
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.protocol.types import Step
from asyncsoc.stepping.integrate import integrate
from asyncsoc.stepping.members import Member
from asyncsoc.stepping.state import AcceptedStep, StepState
from asyncsoc.stepping.system import order_system
from asyncsoc.stepping.warmup import compile_kernels
from benchmarks.peers.problem import TEMPERATURE, History, Problem, diffusivity
from benchmarks.reporting import clock


@dataclass(eq=False)
class Sampler:
    """Keeps the contact mean at every accepted step."""

    problem: Problem
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    final: NDArray[np.float64] | None = None

    def start(self, state: StepState, segment: Segment) -> None:
        """Keep the initial state."""
        self._keep(state)

    def step(self, step: AcceptedStep) -> None:
        """Keep the end of a step."""
        self._keep(step.end)
        self.final = step.end.x

    def _keep(self, state: StepState) -> None:
        self.times.append(state.time)
        self.values.append(self.problem.contact_mean(state.x))


@lru_cache(maxsize=1)
def _table() -> MaterialTable:
    return tabulate(
        cathode(DEFAULT_CATHODE),
        electrolyte(DEFAULT_ELECTROLYTE),
        TEMPERATURE,
        diffusivity=lambda x, _: np.asarray(diffusivity(x)),
    )


def charge(problem: Problem, tolerance: float) -> History:
    """Charge with the error per step held to `tolerance` in stoichiometry."""
    began = clock()
    compile_kernels()
    operators = assemble(problem.mesh)
    system = order_system(operators)
    material = cathode(DEFAULT_CATHODE)
    scale = ParticleScale(1.0, 1.0, 0.0, material.window, TEMPERATURE)
    step = Step("current", problem.current, problem.duration, (), None, None, 1, "charge")
    member = Member(
        x=np.full(problem.mesh.n_nodes, problem.start),
        weights=problem.contact.weights,
        film_resistance=0.0,
        segments=(segment_of(step, 1, scale),),
        tables={TEMPERATURE: _table()},
        kinetics=UNIFORM_FLUX,
        transfer_coefficient=0.5,
        maximum_concentration=problem.maximum_concentration,
        tolerance=tolerance,
    )
    sampler = Sampler(problem)
    ready = clock()
    outcome = integrate(system, [member], [[sampler]])[0]
    done = clock()
    if outcome.error is not None or outcome.stop_reason != "duration reached" or sampler.final is None:
        raise RuntimeError(f"the charge ended early: {outcome.stop_reason}")
    return History(
        times=np.array(sampler.times),
        contact_mean=np.array(sampler.values),
        final=sampler.final,
        set_up=ready - began,
        solve=done - ready,
        steps=outcome.accepted,
    )
