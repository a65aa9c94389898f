"""Checks of what has to hold whatever the parameters: balance, current, reversal, symmetry, repetition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asyncsoc.contact.shapes import cap, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState
from asyncsoc.studies.verification import runs
from asyncsoc.studies.verification.check import VerificationCheck, compare
from asyncsoc.studies.verification.runs import Array

COVERAGE = 0.3
_TOLERANCE = 1e-5


class CurrentCheck:
    """Callback of the largest |integral of i over the contact - imposed current|, in units of `scale` [A]."""

    def __init__(self, weights: Array, scale: float) -> None:
        self._weights = weights
        self._scale = scale
        self._imposed = 0.0
        self.worst = 0.0

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Check the state at the beginning of a protocol step."""
        self._imposed = constraint.target
        self._look(state)

    def step(self, step: AcceptedStep) -> None:
        """Check an accepted state."""
        self._look(step.end)

    def _look(self, state: StepState) -> None:
        collected = float(self._weights[state.contact_nodes] @ state.contact_current_density)
        self.worst = max(self.worst, abs(collected - self._imposed) / self._scale)


def butler_volmer_checks() -> list[VerificationCheck]:
    """Charge, rest and discharge the default material under a cap: balance, imposed current, a second run."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    material = cathode(DEFAULT_CATHODE)
    contact = cap(body.mesh, COVERAGE)
    table = tabulate(material, electrolyte(DEFAULT_ELECTROLYTE), runs.TEMPERATURE)
    current = 3.0 * runs.unit_current()
    constraints = [
        *runs.constant_current(current, [1.0], body.mass),
        *runs.constant_current(0.0, [0.5], body.mass),
        *runs.constant_current(-current, [1.0], body.mass),
    ]
    numbered = tuple(replace(constraint, number=number) for number, constraint in enumerate(constraints, 1))
    member = runs.member_of(body, contact, numbered, table, _TOLERANCE)
    member = replace(member, kinetics=ButlerVolmer(), x=np.full(len(body.mass), 0.8))
    finals, guards, current_checks = [], [], []
    for _ in range(2):
        guard = BalanceGuard(body.mass, material.maximum_concentration)
        current_check, ends = CurrentCheck(contact.weights, current), runs.StepEndStates()
        outcome = integrate(Problem.alone(body.system, [member]), [[current_check, ends]], batch_callbacks=[[guard]])[0]
        if outcome.error is not None:
            raise outcome.error
        finals.append(ends.states[3].x)
        guards.append(guard)
        current_checks.append(current_check)
    mean = float(body.mass @ finals[0] / body.mass.sum())
    where = f"cap f = {COVERAGE:g}, Butler-Volmer, D(x), charge, rest and discharge"
    return [
        compare(f"lithium balance error, {where} [c_max V]", guards[0].worst, 0.0, 1e-10),
        compare(f"integral of i over the contact less I, {where} [I]", current_checks[0].worst, 0.0, 1e-10),
        compare(f"mean stoichiometry after equal charge back, {where}", mean, 0.8, 1e-10),
        compare(f"second run of the same case, {where}: largest difference in x", _largest(*finals), 0.0, 0.0),
    ]


def uniform_flux_checks() -> list[VerificationCheck]:
    """Reverse the current, turn the cap, cover everything: the linear problem's symmetries."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    table, current = runs.constant_table(), runs.unit_current()
    there = runs.constant_current(current, [0.05], body.mass)
    back = runs.constant_current(-current, [0.05], body.mass)
    mirrored = _mirror(body.mesh.points)
    top = cap(body.mesh, COVERAGE)
    bottom = replace(top, weights=top.weights[mirrored])
    tolerance = 1e-8
    members = [
        runs.member_of(body, top, there, table, tolerance),
        runs.member_of(body, top, back, table, tolerance),
        runs.member_of(body, bottom, there, table, tolerance),
        runs.member_of(body, cap(body.mesh, 1.0), there, table, tolerance),
        runs.member_of(body, full(body.mesh), there, table, tolerance),
    ]
    up, reverse, down, closed, whole = (states[1].x for states in runs.run_members(body, members))
    rise = (runs.START - float(body.mass @ up / body.mass.sum())) / runs.UNIT
    return [
        compare(f"mean change 3 tau, cap f = {COVERAGE:g}, tau = 0.05 [J R/D]", rise, 0.15, 1e-9),
        compare("reversed current: largest |x(I) + x(-I) - 2 x0|", _largest(up + reverse, 2.0 * runs.START), 0.0, 1e-9),
        compare("cap turned to the other pole: largest difference in x", _largest(up, down[mirrored]), 0.0, 1e-9),
        compare("coverage 1 as a cap and as full contact: largest difference in x", _largest(closed, whole), 0.0, 0.0),
    ]


def _largest(first: Array, second: Array | float) -> float:
    return float(np.abs(first - second).max())


def _mirror(points: Array) -> np.ndarray:
    """Return for each node the number of its mirror image in z = 0."""
    scale = np.abs(points).max()
    keys = np.round(points / scale, 9) + 0.0
    flipped = keys * np.array([1.0, -1.0]) + 0.0
    order, other = np.lexsort(keys.T), np.lexsort(flipped.T)
    image = np.empty(len(points), dtype=np.int64)
    image[other] = order
    return image
