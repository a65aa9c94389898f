"""The side reaction of a run: its recorder, the fully covered reference run, and its part of the solution."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.problem.case_side_reaction import covered_case
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders.contact_samples import RecordedParticle
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.side_reaction_fields import nodal_fields
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.recorders.side_reaction_report import side_report
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState
from asyncsoc.solver.warmup import compile_kernels

REFERENCE_PARTS = 8
"""Parts into which a fully covered reference's steps are divided."""


def recorded_particle(setup: PreparedCase, model: SideReactionModel, threshold: float) -> RecordedParticle:
    """Return the constants with which a side reaction of a particle is recorded.

    Parameters
    ----------
    setup
        The particle.
    model
        Its side reaction, or another one to evaluate on the same states.
    threshold
        Risk above which contact counts as endangered.
    """
    nodes = np.flatnonzero(setup.member.weights > 0.0)
    return RecordedParticle(
        model=model,
        coupled=setup.member.side is not None,
        mass=setup.operators.mass,
        nodes=nodes,
        areas=setup.member.weights[nodes],
        open_circuit_potential=setup.cathode.open_circuit_potential,
        tables=setup.member.tables,
        kinetics=setup.member.kinetics,
        threshold=threshold,
        step_potentials=setup.step_potentials,
    )


class SideReactionCallback:
    """Passes every accepted step, evenly divided, to recorders of side reactions.

    Parameters
    ----------
    recorders
        Recorders that receive the states.
    parts
        Parts into which a step is divided: several for a reference, whose states are interpolated.
    """

    def __init__(self, *recorders: SideReactionRecorder, parts: int = 2) -> None:
        self.recorders = recorders
        self._parts = parts

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Record the state with which a protocol step begins."""
        for recorder in self.recorders:
            recorder.start_step(state, constraint)
            recorder.record(state)

    def step(self, step: AcceptedStep) -> None:
        """Record an accepted step."""
        length = step.end.time - step.start_time
        inner = [step.at(step.start_time + k / self._parts * length) for k in range(1, self._parts)]
        for state in (*inner, step.end):
            for recorder in self.recorders:
                recorder.record(state)


_references: dict[str, CoveredReference] = {}
"""References run in this process, by the hash of their case: in a sweep over coverage all cases share one."""
_MOST_REFERENCES = 64


def reference_of(case: Case) -> CoveredReference:
    """Return the fully covered reference of a case.

    Raises
    ------
    InputError
        The fully covered reference cannot be built.
    """
    covered = covered_case(case)
    if covered.hash not in _references:
        if len(_references) >= _MOST_REFERENCES:
            _references.pop(next(iter(_references)))
        _references[covered.hash] = _run_reference(covered)
    return _references[covered.hash]


def _run_reference(case: Case) -> CoveredReference:
    setup = prepare(case)
    if setup.side is None:
        raise InputError("a fully covered reference needs a side reaction", where="side_reaction.mode", value="off")
    recorder = SideReactionRecorder(recorded_particle(setup, setup.side, case.side_reaction.risk_threshold))
    compile_kernels(batches=False)
    # Where the reference cannot finish its protocol its states end, and there is no risk beyond them.
    callback = SideReactionCallback(recorder, parts=REFERENCE_PARTS)
    integrate(Problem.alone(setup.system, [setup.member]), [[callback]], measure=measure_of(setup))
    return recorder.as_covered_reference()


def side_reaction_recorder(case: Case, setup: PreparedCase, *, compared: bool = True) -> SideReactionRecorder | None:
    """Return the recorder of a case's side reaction, its reference run first; None where there is none.

    A particle that is not `compared` has no reference, and no risk against it.
    """
    if setup.side is None:
        return None
    particle = recorded_particle(setup, setup.side, case.side_reaction.risk_threshold)
    return SideReactionRecorder(particle, reference_of(case) if compared else None)


def side_reaction_results(rates: SideReactionRecorder | None, setup: PreparedCase) -> dict[str, Any]:
    """Return the side reaction's part of a solution, further fields and a report; empty without a recorder."""
    if rates is None:
        return {}
    return {"more_fields": nodal_fields(rates), "reports": {"side reaction": side_report(rates, setup.mesh)}}
