"""The members of a batch on their way through their protocols: between what the kernels advance and what watches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc._processes import uninterrupted
from asyncsoc.electrode.segments import Event, Segment
from asyncsoc.errors import ConvergenceError, InfeasibleStepError, InterruptedRunError, SimulationError
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
    RETRY,
    RUNNING,
    SIDE_CHARGE,
    STEP_SIZE,
    TIME,
    X_ABOVE,
    X_BELOW,
)
from asyncsoc.kernels.interpolation import ocp_and_i0_array
from asyncsoc.kernels.members import AREA, DURATION, TOLERANCE
from asyncsoc.kernels.observing import start_members
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.stepping.stacking import Stack, load_segment
from asyncsoc.stepping.state import (
    AcceptedSteps,
    Checkpoint,
    Errors,
    Observer,
    Outcome,
    SegmentOutcome,
    States,
    Watcher,
    controller_row,
)
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.stepping.viewing import Viewer
from asyncsoc.units import FARADAY

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_FIRST_MOVE = 10.0
_LARGEST_FIRST_MOVE = 3e-3
"""In stoichiometry: towards full lithiation potential and exchange current change e-fold over a few thousandths."""
_SMALLEST_FIRST_STEP = 1e-6
_FIRST_SHARE = 0.01
"""Of the particle's relaxation time R^2/(4.333 D), which no first step exceeds."""
_RELAXATION = 4.333
_AT_A_LIMIT = 1e-6
"""In stoichiometry: how far beyond a limit a step ends that was located on it."""
_SMALL_GRADIENT = 5e-3
"""v R/D, with v the flux under the contact, below which a current's gradients are small [in stoichiometry] ..."""
_LEAST_TOLERANCE = 0.01
"""... and the share of the tolerance to which at most the smallest are followed."""


@dataclass(eq=False)
class _Run:
    """Where one member is in its protocol.

    `position` counts the protocol steps done, `finished` tells how they went, `done` those done by the last accepted
    state. `checkpoint` is where the run went on from.
    """

    position: int
    finished: list[SegmentOutcome]
    error: SimulationError | None = None
    checkpoint: Checkpoint | None = None
    done: tuple[SegmentOutcome, ...] = ()


class Runs:
    """The members of a batch.

    Parameters
    ----------
    system, stacked
        What the kernels read.
    observers
        For each member, what watches it.
    watchers
        What watches all of them.
    """

    def __init__(
        self,
        system: OrderedSystem,
        stacked: Stack,
        observers: Sequence[Sequence[Observer]],
        watchers: Sequence[Watcher],
    ) -> None:
        self._system, self._stack = system, stacked
        self._members, self._data = stacked.members, stacked.data
        self._observers, self._watchers = observers, watchers
        self._observed = np.array([bool(some) for some in observers], dtype=bool)
        self._viewer = Viewer(system, stacked)
        self._radius = float(np.cbrt(3.0 * system.kernel.mass.sum() / (4.0 * math.pi)))
        self._runs = [_Run(0, []) for _ in stacked.members]
        # Of the last accepted states: state vectors; whether there are any yet, whether they lie within steps.
        self._kept = stacked.data.state.copy()
        self._fresh, self._underway = (np.zeros(len(stacked.members), dtype=bool) for _ in range(2))

    def open(self, checkpoints: Sequence[Checkpoint | None]) -> Ints:
        """Begin, or go on from checkpoints; return the members that have anything to do."""
        with uninterrupted():
            return self._open(checkpoints)

    def _open(self, checkpoints: Sequence[Checkpoint | None]) -> Ints:
        new: list[int] = []
        old: list[int] = []
        for number, checkpoint in enumerate(checkpoints):
            (old if checkpoint is not None and self._resumed(number, checkpoint) else new).append(number)
        going = self._show_starts(old)
        return np.array(sorted([*going, *self._begin(new)]), dtype=np.int64)

    def accept(self, numbers: Ints) -> Ints:
        """Deal with what `attempt_members` came to with these members; return those that go on.

        A Ctrl-C waits until it is done: a state taken by halves could not be gone on from.
        """
        with uninterrupted():
            return self._accept(numbers)

    def _accept(self, numbers: Ints) -> Ints:
        outcome = self._data.outcome[numbers]
        again = numbers[outcome == RETRY]
        numbers, outcome = numbers[outcome != RETRY], outcome[outcome != RETRY]
        stuck = (outcome != RUNNING) & (outcome != DURATION_REACHED) & (outcome < EVENT)
        if stuck.any():
            for number in numbers[stuck].tolist():
                self._fail(number, self._stuck(number))
            numbers, outcome = numbers[~stuck], outcome[~stuck]
        stopped = self._show_steps(self._viewer.accepted(numbers)) if len(numbers) else {}
        if stopped:
            kept = np.array([int(number) not in stopped for number in numbers], dtype=bool)
            numbers, outcome = numbers[kept], outcome[kept]
        data = self._data
        data.x[numbers], data.film[numbers] = data.x_new[numbers], data.film_new[numbers]
        self._kept[numbers] = data.state[numbers]
        running = outcome == RUNNING
        self._fresh[numbers], self._underway[numbers] = True, running
        going: Ints = np.sort(np.concatenate([again, numbers[running]]))
        if running.all():
            return going
        ended = numbers[~running].tolist()
        for number, code in zip(ended, outcome[~running].tolist(), strict=True):
            segment, run = self._segment(number), self._runs[number]
            self._close(number, segment.events[code - EVENT].reason if code >= EVENT else "duration reached")
            run.done = tuple(run.finished)
        return np.sort(np.concatenate([going, np.array(self._begin(ended), dtype=np.int64)]))

    def interrupt(self) -> None:
        """Stop all that are underway where their last accepted states are."""
        for number, run in enumerate(self._runs):
            if run.error is None and run.position < len(self._members[number].segments):
                where = f"protocol step {self._segment(number).number}"
                run.error = InterruptedRunError("the run was interrupted", where=where)

    def outcomes(self) -> list[Outcome]:
        """Return how the runs ended."""
        return [self._outcome(number) for number in range(len(self._runs))]

    def _outcome(self, number: int) -> Outcome:
        run, state = self._runs[number], self._data.state[number]
        reason = run.finished[-1].reason if run.finished else "nothing to do"
        if run.error is not None:
            reason = run.error.what
        checkpoint = run.checkpoint
        if self._fresh[number]:
            underway = bool(self._underway[number])
            checkpoint = self._viewer.checkpoint(number, self._kept[number], run.done, underway=underway)
        counts = int(state[ACCEPTED]), int(state[REJECTED])
        return Outcome(reason, tuple(run.finished), *counts, run.error, checkpoint)

    def _segment(self, number: int) -> Segment:
        return self._members[number].segments[self._runs[number].position]

    def _resumed(self, number: int, checkpoint: Checkpoint) -> bool:
        """Take up a checkpoint; return whether it lies within a protocol step, which then goes on."""
        data, run = self._data, self._runs[number]
        run.position, run.finished = len(checkpoint.finished), list(checkpoint.finished)
        run.done, run.checkpoint = checkpoint.finished, checkpoint
        data.x[number] = checkpoint.x[self._system.order]
        data.film[number, : len(checkpoint.film)] = checkpoint.film
        data.film_new[number] = data.film[number]
        self._viewer.resume(number, checkpoint)
        underway = checkpoint.underway and run.position < len(self._members[number].segments)
        if underway:
            self._load([number])
            largest = float(data.state[number, LARGEST])
            data.state[number] = controller_row(checkpoint.state)
            data.state[number, LARGEST] = largest
        else:
            data.state[number] = controller_row(checkpoint.state)
        return underway

    def _begin(self, numbers: Iterable[int]) -> list[int]:
        """Start the next protocol steps of these members; return those that have anything left to do."""
        going: list[int] = []
        waiting = list(numbers)
        while waiting:
            waiting = [j for j in waiting if self._runs[j].position < len(self._members[j].segments)]
            before = self._data.state[waiting, CURRENT].tolist()
            over: dict[int, str] = {}
            for row, (number, found) in enumerate(zip(waiting, self._load(waiting).tolist(), strict=True)):
                reason = self._begun(number, found, before[row])
                if reason is not None:
                    over[number] = reason
            shown = self._show_starts([number for number in waiting if self._runs[number].error is None])
            going += [number for number in shown if number not in over]
            waiting = [number for number in shown if number in over]
            for number in waiting:
                self._close(number, over[number])
        return going

    def _load(self, numbers: list[int]) -> Array:
        """Load the present protocol steps and solve their constraints; return what `start_members` found."""
        found = np.empty((len(numbers), 3))
        guesses = np.empty(len(numbers))
        for row, number in enumerate(numbers):
            segment = self._segment(number)
            load_segment(self._stack, number, segment)
            self._viewer.begin(number, segment)
            guesses[row] = self._guess(number, segment)
        start_members(self._data, np.array(numbers, dtype=np.int64), guesses, found)
        for number, diffusivity in zip(numbers, found[:, 2].tolist(), strict=True):
            self._data.facts[number, TOLERANCE] = self._tolerance(number, diffusivity)
        return found

    def _tolerance(self, number: int, diffusivity: float) -> float:
        """Return the tolerance of a member's present protocol step.

        It is the member's own, unless a current is imposed that makes gradients hardly larger than that: they decide
        how long a voltage that is held afterwards takes, so that they are followed to a share of themselves.
        """
        member, segment = self._members[number], self._segment(number)
        if not segment.galvanostatic or segment.target == 0.0 or member.tolerance >= 1.0:
            return member.tolerance
        density = FARADAY * member.maximum_concentration * float(self._data.facts[number, AREA])
        gradient = abs(segment.target) / density * self._radius / diffusivity
        return member.tolerance * min(1.0, max(gradient / _SMALL_GRADIENT, _LEAST_TOLERANCE))

    def _begun(self, number: int, found: list[float], current_before: float) -> str | None:
        """Judge a protocol step just loaded; return why it is over already, None where it is not or cannot be."""
        segment, state = self._segment(number), self._data.state[number]
        converged, which, diffusivity = found
        if not converged:
            self._fail(number, self._infeasible(number, "no current satisfies the step at its start"))
        elif state[MARGIN] <= 0.0 and not self._leaves(number, segment.events[int(which)], float(state[MARGIN])):
            event = segment.events[int(which)]
            if event.kind in (CURRENT_BELOW, OPEN_BELOW):
                return f"{event.reason} before the step began"
            self._fail(number, self._infeasible(number, f"{event.reason} already at the start of the step"))
        else:
            jump = abs(float(state[CURRENT]) - current_before) / float(self._data.facts[number, AREA])
            state[STEP_SIZE] = self._first_step(number, jump, diffusivity)
        return None

    def _leaves(self, number: int, event: Event, margin: float) -> bool:
        """Return whether the limit of stoichiometry that a step before has reached is being left by a held voltage.

        Places under the contact go towards the stoichiometry whose open-circuit potential is the particle's.
        """
        segment, potential = self._segment(number), float(self._data.state[number, POTENTIAL])
        if segment.galvanostatic or margin <= -_AT_A_LIMIT or event.kind not in (X_BELOW, X_ABOVE):
            return False
        table = self._members[number].tables[segment.temperature]
        limit = np.array([event.value])
        at_limit = float(ocp_and_i0_array(limit, table.x_first, table.spacing, table.coefficients)[0][0])
        return potential < at_limit if event.kind == X_BELOW else potential > at_limit

    def _guess(self, number: int, segment: Segment) -> float:
        """Return a first lambda: the potential reached, NaN for the open-circuit one; a current under uniform flux."""
        if self._members[number].kinetics == UNIFORM_FLUX or not segment.galvanostatic:
            return segment.target
        return float(self._data.state[number, POTENTIAL]) if self._runs[number].position > 0 else math.nan

    def _first_step(self, number: int, jump: float, diffusivity: float) -> float:
        """Return a first step over which a jump in flux [A/m2] moves the contact by about ten tolerances.

        The contact is taken as a semi-infinite solid. Where the flux follows from a voltage, the contact moves by
        `_LARGEST_FIRST_MOVE` at most. However small the jump, currents and potentials may begin to change at a new
        rate: no first step is longer than `_FIRST_SHARE` of the relaxation time of a sphere of the particle's volume.
        A tolerance of 1 or more asks for equal steps of the largest size.
        """
        member = self._members[number]
        longest = float(self._data.facts[number, DURATION])
        if member.tolerance >= 1.0:
            return longest
        move = _FIRST_MOVE * member.tolerance
        if member.kinetics != UNIFORM_FLUX:
            move = min(move, _LARGEST_FIRST_MOVE)
        move *= FARADAY * member.maximum_concentration
        first = _FIRST_SHARE * self._radius**2 / (_RELAXATION * diffusivity)
        if jump > 0.0:
            first = min(first, math.pi * diffusivity * (move / (2.0 * jump)) ** 2)
        return min(max(first, _SMALLEST_FIRST_STEP), longest)

    def _show_starts(self, numbers: list[int]) -> list[int]:
        """Show the states protocol steps begin with; return the members that nobody stopped."""
        if not numbers:
            return []
        states = self._viewer.starts(np.array(numbers, dtype=np.int64))
        segments = [self._segment(number) for number in numbers]
        stopped: dict[int, SimulationError] = {}
        for watcher in self._watchers:
            kept = np.array([number not in stopped for number in numbers], dtype=bool)
            seen = [segment for segment, there in zip(segments, kept, strict=True) if there]
            stopped |= watcher.start(states.rows(kept), seen)
        for row in np.flatnonzero(self._observed[numbers]).tolist():
            if numbers[row] not in stopped:
                stopped |= self._observe_start(states, row, segments[row])
        return self._stop(numbers, stopped)

    def _observe_start(self, states: States, row: int, segment: Segment) -> Errors:
        number = int(states.number[row])
        try:
            for observer in self._observers[number]:
                observer.start(states.one(row), segment)
        except SimulationError as error:
            return {number: error}
        return {}

    def _show_steps(self, steps: AcceptedSteps) -> Errors:
        """Show accepted steps; return the members that somebody stopped."""
        stopped: dict[int, SimulationError] = {}
        for watcher in self._watchers:
            stopped |= watcher.step(steps.without(stopped))
        if self._observed.any():
            for row, number in enumerate(steps.end.number.tolist()):
                if self._observed[number] and number not in stopped:
                    stopped |= self._observe_step(steps, row)
        self._stop([], stopped)
        return stopped

    def _observe_step(self, steps: AcceptedSteps, row: int) -> Errors:
        number = int(steps.end.number[row])
        try:
            step = steps.one(row)
            for observer in self._observers[number]:
                observer.step(step)
        except SimulationError as error:
            return {number: error}
        return {}

    def _stop(self, numbers: list[int], stopped: Errors) -> list[int]:
        """Let members fail; return the others among `numbers`."""
        for number, error in stopped.items():
            self._fail(number, error)
        return [number for number in numbers if number not in stopped] if stopped else numbers

    def _close(self, number: int, reason: str) -> None:
        self._runs[number].finished.append(self._summary(number, reason))
        self._viewer.close(number)
        self._runs[number].position += 1

    def _summary(self, number: int, reason: str) -> SegmentOutcome:
        segment, state = self._segment(number), self._data.state[number]
        charge, side = float(state[CHARGE]), float(state[SIDE_CHARGE])
        return SegmentOutcome(
            segment.number, segment.step.cycle, segment.step.text, reason, float(state[TIME]), charge, side
        )

    def _fail(self, number: int, error: SimulationError) -> None:
        self._runs[number].error = error
        self._runs[number].finished.append(self._summary(number, error.what))

    def _infeasible(self, number: int, why: str) -> InfeasibleStepError:
        segment = self._segment(number)
        return InfeasibleStepError(
            f"protocol step {segment.number} ({segment.step.text!r}) cannot be carried out: {why}, "
            f"t = {self._viewer.start_time[number]:.6g} s",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
            next_step="change the step's target or the state it starts from; the states reached so far are kept",
        )

    def _stuck(self, number: int) -> ConvergenceError:
        segment, state = self._segment(number), self._data.state[number]
        return ConvergenceError(
            f"protocol step {segment.number} ({segment.step.text!r}) stopped",
            time=float(self._viewer.start_time[number]) + float(state[TIME]),
            step_size=float(state[STEP_SIZE]),
            reason="no step size meets the tolerance or satisfies the current and voltage constraint",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
        )
