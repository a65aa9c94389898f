"""Groups whose particles are on many meshes: the bits of one mesh, and one solution between steps for all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import asyncsoc as aso
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState

COVERAGES = (0.2, 0.4, 0.6, 0.9)


class Middles:
    """Keeps the states at two times within every step."""

    def __init__(self) -> None:
        self.kept: list[tuple[float, float, float]] = []

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Do nothing at the start."""

    def step(self, step: AcceptedStep) -> None:
        for share in (0.25, 0.5):
            state = step.at(step.start_time + share * (step.end.time - step.start_time))
            self.kept.append((state.potential, state.current, float(state.x.sum())))


def carried(meshes: int) -> tuple[list[Middles], int]:
    """Carry a group of four particles on so many copies of a mesh; return what was kept, and the accepted steps."""
    base = aso.Case.from_dict({"particle": {"mesh": "coarse"}, "protocol": {"steps": ["Charge at C/5 for 20 minutes"]}})
    setups = [prepare(base.with_overrides(["contact.kind=cap", f"contact.coverage={f}"])) for f in COVERAGES]
    first = setups[0]
    assert all(setup.system is first.system for setup in setups)
    constraint = replace(first.member.constraints[0], target=4.0 * first.member.constraints[0].target)
    places = tuple(k % meshes for k in range(len(setups)))
    group = Group(tuple(s.member for s in setups), (constraint,), first.member.tolerance, meshes=places)
    kept = [Middles() for _ in setups]
    (outcome,) = integrate(Problem((first.system,) * meshes, (group,)), [[one] for one in kept])
    assert outcome.error is None
    return kept, outcome.accepted


def test_particles_on_meshes_of_their_own_have_the_bits_of_those_on_one() -> None:
    together, steps = carried(1)
    apart, others = carried(4)
    assert others == steps
    for one, other in zip(together, apart, strict=True):
        assert np.array_equal(np.array(one.kept), np.array(other.kept))
