"""The integrator: carries every member of a batch through its protocol; a single run is a batch of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.errors import ConvergenceError, InfeasibleStepError, InputError, InterruptedRunError, SimulationError
from asyncsoc.kernels.batch import advance_members, start_member
from asyncsoc.kernels.controller import (
    ACCEPTED,
    CHARGE,
    CURRENT,
    CURRENT_BELOW,
    DURATION_REACHED,
    EVENT,
    LARGEST,
    MARGIN,
    OPEN_BELOW,
    POTENTIAL,
    REJECTED,
    RUNNING,
    SIDE_CHARGE,
    STEP_SIZE,
    TIME,
)
from asyncsoc.kernels.interpolation import psi_and_d_array
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.kernels.tableaux import RODAS4P2, RODAS5P, Tableau
from asyncsoc.stepping.members import Member, Method
from asyncsoc.stepping.stacking import Stack, load_segment, stack
from asyncsoc.stepping.state import Checkpoint, Observer, Outcome, SegmentOutcome
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.stepping.viewing import Viewer
from asyncsoc.units import FARADAY

METHODS: dict[str, Tableau] = {"rodas5p": RODAS5P, "rodas4p2": RODAS4P2}
_FIRST_MOVE = 10.0
_SMALLEST_FIRST_STEP = 1e-6
_NO_JUMP = 1e-15


def integrate(
    system: OrderedSystem,
    members: Sequence[Member],
    observers: Sequence[Sequence[Observer]],
    *,
    method: Method = "rodas4p2",
    threads: int = 1,
    resume: Sequence[Checkpoint | None] | None = None,
) -> list[Outcome]:
    """Carry every member through its protocol.

    Parameters
    ----------
    system
        The mesh all members share.
    members
        M particles.
    observers
        For each member, what watches it.
    method
        "rodas4p2" (order 4) or "rodas5p" (order 5), both L-stable.
    threads
        Threads to spread the members over; the answers do not depend on it.
    resume
        For each member where to go on from, None to begin; the protocol steps a checkpoint has finished are not
        looked at again.

    Returns
    -------
    list of Outcome
        One per member, in order; a member that failed carries its error, the others go on. A KeyboardInterrupt ends
        all that are underway with `InterruptedRunError`.

    Raises
    ------
    InputError
        Unknown method, or no members.
    """
    if method not in METHODS:
        raise InputError("unknown integration method", where="solver.method", value=method, allowed=", ".join(METHODS))
    if not members:
        raise InputError("there is nothing to integrate", where="members", allowed="at least one member")
    stacked = stack(system, members)
    runs = [_Run(system, METHODS[method], stacked, j, observers[j]) for j in range(len(members))]
    starts = resume or [None] * len(members)
    active = runs
    try:
        active = [run for run, start in zip(runs, starts, strict=True) if run.open(start)]
        _carry(system, METHODS[method], stacked, active, threads)
    except KeyboardInterrupt:
        for run in runs:
            run.interrupt()
    return [run.outcome() for run in runs]


def _carry(system: OrderedSystem, tableau: Tableau, stacked: Stack, active: list[_Run], threads: int) -> None:
    """Advance all members, one accepted step each at a time, until none has anything left to do."""
    with ThreadPoolExecutor(threads) as pool:
        while active:
            numbers = [run.number for run in active]
            shares = [np.array(numbers[k::threads], dtype=np.int64) for k in range(threads)]
            if threads == 1:
                advance_members(system.kernel, tableau, stacked.data, shares[0])
            else:
                jobs = [pool.submit(advance_members, system.kernel, tableau, stacked.data, share) for share in shares]
                for job in jobs:
                    job.result()
            active = [run for run in active if run.accept()]


class _Run:
    """One member on its way through its protocol."""

    def __init__(
        self, system: OrderedSystem, tableau: Tableau, stacked: Stack, number: int, observers: Sequence[Observer]
    ) -> None:
        self.number = number
        self._system = system
        self._tableau = tableau
        self._stack = stacked
        self._member = stacked.members[number]
        self._observers = observers
        self._state: NDArray[np.float64] = stacked.data.state[number]
        self._viewer = Viewer(system, tableau, stacked, number)
        self._position = 0
        self._finished: list[SegmentOutcome] = []
        self._error: SimulationError | None = None
        self._checkpoint: Checkpoint | None = None

    @property
    def _segment(self) -> Segment:
        return self._member.segments[self._position]

    def open(self, checkpoint: Checkpoint | None) -> bool:
        """Begin, or go on from a checkpoint; return whether the member has anything to do."""
        if checkpoint is None:
            return self.begin()
        data, j = self._stack.data, self.number
        self._finished = list(checkpoint.finished)
        self._position = len(checkpoint.finished)
        self._checkpoint = checkpoint
        data.x[j] = checkpoint.x[self._system.order]
        data.film[j, : len(checkpoint.film)] = checkpoint.film
        data.film_new[j] = data.film[j]
        self._viewer.resume(checkpoint)
        if not checkpoint.underway or self._position >= len(self._member.segments):
            self._state[:] = checkpoint.state
            return self.begin()
        load_segment(self._stack, j, self._segment)
        start_member(self._system.kernel, self._tableau, data, j, self._guess())
        largest = float(self._state[LARGEST])
        self._state[:] = checkpoint.state
        self._state[LARGEST] = largest
        self._show_start()
        return self._error is None

    def interrupt(self) -> None:
        """Stop where the last accepted state is."""
        if self._error is None and self._position < len(self._member.segments):
            self._error = InterruptedRunError("the run was interrupted", where=f"protocol step {self._segment.number}")

    def begin(self) -> bool:
        """Start the next protocol step; return whether the member has anything left to do."""
        while self._error is None and self._position < len(self._member.segments):
            segment, before = self._segment, float(self._state[CURRENT])
            load_segment(self._stack, self.number, segment)
            converged, which = start_member(
                self._system.kernel, self._tableau, self._stack.data, self.number, self._guess()
            )
            if not converged:
                self._fail(self._infeasible("no current satisfies the step at its start"))
            elif self._state[MARGIN] <= 0.0:
                event = segment.events[which]
                if event.kind in (CURRENT_BELOW, OPEN_BELOW):
                    self._show_start()
                    if self._error is None:
                        self._close(f"{event.reason} before the step began")
                    continue
                self._fail(self._infeasible(f"{event.reason} already at the start of the step"))
            else:
                self._state[STEP_SIZE] = self._first_step(before)
                self._show_start()
            break
        return self._error is None and self._position < len(self._member.segments)

    def accept(self) -> bool:
        """Deal with what `advance` returned; return whether the member goes on."""
        data, j = self._stack.data, self.number
        outcome = int(data.outcome[j])
        if outcome not in (RUNNING, DURATION_REACHED) and outcome < EVENT:
            self._fail(self._stuck())
            return False
        try:
            accepted = self._viewer.accepted(self._segment)
            for observer in self._observers:
                observer.step(accepted)
        except SimulationError as error:
            self._fail(error)
            return False
        data.x[j], data.film[j] = data.x_new[j], data.film_new[j]
        if outcome == RUNNING:
            self._checkpoint = self._viewer.checkpoint(tuple(self._finished), underway=True)
            return True
        self._close(self._segment.events[outcome - EVENT].reason if outcome >= EVENT else "duration reached")
        self._checkpoint = self._viewer.checkpoint(tuple(self._finished), underway=False)
        return self.begin()

    def outcome(self) -> Outcome:
        """Return how the run ended."""
        reason = self._finished[-1].reason if self._finished else "nothing to do"
        counts = int(self._state[ACCEPTED]), int(self._state[REJECTED])
        if self._error is not None:
            reason = self._error.what
        return Outcome(reason, tuple(self._finished), *counts, self._error, self._checkpoint)

    def _guess(self) -> float:
        """Return a first lambda: the potential last reached, or the open-circuit one; the current for uniform flux."""
        segment = self._segment
        if self._member.kinetics == UNIFORM_FLUX or not segment.galvanostatic:
            return segment.target
        if self._position > 0:
            return float(self._state[POTENTIAL])
        table = self._member.tables[segment.temperature]
        start = float(self._member.x[self._member.weights > 0.0].mean())
        return float(np.interp(start, table.nodes, table.coefficients[:, 2]))

    def _first_step(self, current_before: float) -> float:
        """Return a first step over which the jump in flux moves the contact by about ten tolerances.

        The contact is taken as a semi-infinite solid. A tolerance of 1 or more asks for equal steps of the largest
        size.
        """
        data, member = self._stack.data, self._member
        longest = float(data.duration[self.number])
        if member.tolerance >= 1.0:
            return longest
        count = data.n_contact[self.number]  # the rows are as wide as the batch's widest contact: no sum over those
        nodes = data.nodes[self.number, :count]
        area = float(data.areas[self.number, :count].sum())
        jump = abs(float(self._state[CURRENT]) - current_before) / area
        table = member.tables[self._segment.temperature]
        _, diffusivity = psi_and_d_array(data.x[self.number, nodes], table.x_first, table.spacing, table.coefficients)
        move = _FIRST_MOVE * member.tolerance * FARADAY * member.maximum_concentration
        if jump <= _NO_JUMP * move:
            return min(max(float(self._state[STEP_SIZE]), 1.0), longest)
        step = math.pi * float(diffusivity.mean()) * (move / (2.0 * jump)) ** 2
        return min(max(step, _SMALLEST_FIRST_STEP), longest)

    def _show_start(self) -> None:
        try:
            for observer in self._observers:
                observer.start(self._viewer.start(self._segment), self._segment)
        except SimulationError as error:
            self._fail(error)

    def _close(self, reason: str) -> None:
        self._finished.append(self._summary(reason))
        self._viewer.close()
        self._position += 1

    def _summary(self, reason: str) -> SegmentOutcome:
        segment, state = self._segment, self._state
        charge, side = float(state[CHARGE]), float(state[SIDE_CHARGE])
        return SegmentOutcome(
            segment.number, segment.step.cycle, segment.step.text, reason, float(state[TIME]), charge, side
        )

    def _fail(self, error: SimulationError) -> None:
        self._error = error
        self._finished.append(self._summary(error.what))

    def _infeasible(self, why: str) -> InfeasibleStepError:
        segment = self._segment
        return InfeasibleStepError(
            f"protocol step {segment.number} ({segment.step.text!r}) cannot be carried out: {why}, "
            f"t = {self._viewer.start_time:.6g} s",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
            next_step="change the step's target or the state it starts from; the states reached so far are kept",
        )

    def _stuck(self) -> ConvergenceError:
        segment = self._segment
        return ConvergenceError(
            f"protocol step {segment.number} ({segment.step.text!r}) stopped",
            time=self._viewer.start_time + float(self._state[TIME]),
            step_size=float(self._state[STEP_SIZE]),
            reason="no step size meets the tolerance or satisfies the current and voltage constraint",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
        )
