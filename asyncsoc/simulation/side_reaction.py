"""What watches the side reaction of a run, and the companion run under full coverage it is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.interface.reference_rates import KineticsModel
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.problem.case_side_reaction import companion_case
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import Segment
from asyncsoc.recorders.covered_reference import Reference
from asyncsoc.recorders.side_reaction import RateRecorder
from asyncsoc.recorders.side_reaction_constants import Setting
from asyncsoc.recorders.side_reaction_fields import nodal_fields
from asyncsoc.recorders.side_reaction_report import side_report
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState
from asyncsoc.solver.warmup import compile_kernels

COMPANION_PARTS = 8
"""Parts into which a companion's steps are divided."""


def setting_of(setup: PreparedCase, model: SideReactionModel, threshold: float) -> Setting:
    """Return what a recorder of rates must know about a particle made ready.

    Parameters
    ----------
    setup
        The particle.
    model
        Its side reaction, or another to look at it with.
    threshold
        Risk above which contact counts as endangered.
    """
    nodes = np.flatnonzero(setup.member.weights > 0.0)
    return Setting(
        model=model,
        coupled=setup.member.side is not None,
        mass=setup.operators.mass,
        nodes=nodes,
        areas=setup.member.weights[nodes],
        open_circuit_potential=setup.cathode.open_circuit_potential,
        tables=setup.member.tables,
        kinetics=KineticsModel(setup.member.kinetics),
        alpha=setup.member.transfer_coefficient,
        threshold=threshold,
    )


class Following:
    """Shows recorders of rates every accepted step, evenly divided.

    Parameters
    ----------
    recorders
        Who is shown.
    parts
        Parts a step is divided into. A companion takes several: what it is compared with lies between its own steps.
    """

    def __init__(self, *recorders: RateRecorder, parts: int = 2) -> None:
        self.recorders = recorders
        self._parts = parts

    def start(self, state: StepState, segment: Segment) -> None:
        """Show the state a protocol step begins with."""
        for recorder in self.recorders:
            recorder.begin(state, segment)
            recorder.record(state)

    def step(self, step: AcceptedStep) -> None:
        """Show an accepted step."""
        length = step.end.time - step.start_time
        inner = [step.at(step.start_time + k / self._parts * length) for k in range(1, self._parts)]
        for state in (*inner, step.end):
            for recorder in self.recorders:
                recorder.record(state)


_references: dict[str, Reference] = {}
"""Companions run in this process, by the hash of their case: in a sweep over coverage all cases share one."""
_MOST_REFERENCES = 64


def reference_of(case: Case) -> Reference:
    """Return what the companion of a case went through.

    Raises
    ------
    InputError
        The companion cannot be built.
    """
    companion = companion_case(case)
    if companion.hash not in _references:
        if len(_references) >= _MOST_REFERENCES:
            _references.pop(next(iter(_references)))
        _references[companion.hash] = _run_companion(companion)
    return _references[companion.hash]


def _run_companion(case: Case) -> Reference:
    setup = prepare(case)
    if setup.side is None:
        raise InputError("a companion needs a side reaction", where="side_reaction.mode", value="off")
    recorder = RateRecorder(setting_of(setup, setup.side, case.side_reaction.risk_threshold))
    compile_kernels(batches=False)
    # What keeps a companion from finishing ends its track; beyond it there is nothing to compare with.
    integrate(Problem.alone(setup.system, [setup.member]), [[Following(recorder, parts=COMPANION_PARTS)]])
    return recorder.as_reference()


def watch(case: Case, setup: PreparedCase) -> RateRecorder | None:
    """Return what watches the side reaction of a case, its companion run first; None where there is none."""
    if setup.side is None:
        return None
    return RateRecorder(setting_of(setup, setup.side, case.side_reaction.risk_threshold), reference_of(case))


def found(rates: RateRecorder | None, setup: PreparedCase) -> dict[str, Any]:
    """Return what a solution gains from watching its side reaction: further fields and a report; empty without."""
    if rates is None:
        return {}
    return {"more_fields": nodal_fields(rates), "reports": {"side reaction": side_report(rates, setup.mesh)}}
