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
from asyncsoc.recorders.contact_samples import RecordedParticle
from asyncsoc.recorders.contact_state import SideReactionCheckpoint
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.side_reaction_fields import nodal_fields
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.recorders.side_reaction_report import side_report
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.simulation.growing_reference import GrowingReference
from asyncsoc.simulation.side_reaction_callback import REFERENCE_PARTS, SideReactionCallback
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.warmup import compile_for


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
    recorder = SideReactionRecorder(_reference_particle(case, setup))
    compile_for([setup.system])
    # Where the reference cannot finish its protocol its states end, and there is no risk beyond them.
    callback = SideReactionCallback(recorder, parts=REFERENCE_PARTS)
    integrate(Problem.alone(setup.system, [setup.member]), [[callback]], measure=measure_of(setup))
    return recorder.as_covered_reference()


def _reference_particle(case: Case, setup: PreparedCase) -> RecordedParticle:
    if setup.side is None:
        raise InputError("a fully covered reference needs a side reaction", where="side_reaction.mode", value="off")
    return recorded_particle(setup, setup.side, case.side_reaction.risk_threshold)


def side_reaction_recorder(
    case: Case,
    setup: PreparedCase,
    before: SideReactionCheckpoint | None = None,
    first_step: int = 1,
    *,
    compared: bool = True,
) -> SideReactionRecorder | None:
    """Return the recorder of a case's side reaction, its reference run first; None where there is none.

    Parameters
    ----------
    case, setup
        The case, as it is and made ready.
    before
        What the recorder of a resumed run has kept.
    first_step
        The first protocol step that is recorded.
    compared
        Whether there is a reference: without one no risk is stated.
    """
    if setup.side is None:
        return None
    particle = recorded_particle(setup, setup.side, case.side_reaction.risk_threshold)
    if not compared:
        return SideReactionRecorder(particle, None, before)
    # A reference that cases share is kept whole; where most cycles are not kept, neither is its past.
    reference = reference_of(case) if case.output.kept_cycles.everything else growing_reference_of(case, first_step)
    return SideReactionRecorder(particle, reference, before)


_growing: dict[str, GrowingReference] = {}
"""The reference of the latest long run in this process, by the hash of its case, for the run that resumes it."""


def growing_reference_of(case: Case, first_step: int = 1) -> GrowingReference:
    """Return the fully covered reference of a long run, simulated along with it.

    Parameters
    ----------
    case
        The case of the run.
    first_step
        The first protocol step that it is asked for.

    Raises
    ------
    InputError
        The fully covered reference cannot be built.
    """
    covered = covered_case(case)
    known = _growing.get(covered.hash)
    if known is None or not known.knows(first_step):
        setup = prepare(covered)
        known = GrowingReference(setup, _reference_particle(covered, setup))
        _growing.clear()
        _growing[covered.hash] = known
    return known


def side_reaction_results(rates: SideReactionRecorder | None, setup: PreparedCase) -> dict[str, Any]:
    """Return the side reaction's part of a solution, further fields and a report; empty without a recorder."""
    if rates is None:
        return {}
    return {"more_fields": nodal_fields(rates), "reports": {"side reaction": side_report(rates, setup.mesh)}}
