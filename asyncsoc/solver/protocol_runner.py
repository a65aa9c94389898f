"""Runs the groups of a problem through their protocols: starts steps, accepts states, calls callbacks, ends runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InfeasibleStepError, InterruptedRunError, SimulationError
from asyncsoc.base.processes import uninterrupted
from asyncsoc.kernels.step_control import (
    DURATION_REACHED,
    EVENT,
    NOT_SOLVED,
    RETRY,
    RUNNING,
)
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.problem.particles import Group
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.callbacks import CallbackDispatch, every_row, every_step
from asyncsoc.solver.checkpoints import Checkpoint, RunOutcome, StepOutcome, numbers_of
from asyncsoc.solver.contact_change import duration_over, keep_passed, load_areas_at_end
from asyncsoc.solver.curve_limits import CurveLimits, GroupMeasure, Measure
from asyncsoc.solver.dense_output import accepted_particles, dense_outputs, places_of, restore_particles, start_time_of
from asyncsoc.solver.profiles import FollowedProfiles
from asyncsoc.solver.salt_states import accepted_salt, take_salt
from asyncsoc.solver.states import BatchCallback, Callback, Errors
from asyncsoc.solver.step_errors import (
    explained,
    infeasible_step,
    not_followed,
    stopped_step,
)
from asyncsoc.solver.step_starts import StepStarts
from asyncsoc.solver.stop_reasons import stop_reason

Ints = NDArray[np.int64]
_NONE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(eq=False)
class _GroupProgress:
    """Progress of one group through its protocol.

    `position` counts the protocol steps done, `finished` holds their outcomes, `done` those of the last accepted state.
    `checkpoint` is the one from which the run was resumed.
    """

    position: int
    finished: list[StepOutcome]
    error: SimulationError | None = None
    checkpoint: Checkpoint | None = None
    done: tuple[StepOutcome, ...] = ()


class ProtocolRunner:
    """The protocols of all groups of a problem.

    Parameters
    ----------
    arrays
        The problem in the kernels' arrays.
    callbacks
        The callbacks of each particle.
    batch_callbacks
        The callbacks of each mesh, for all particles on it.
    measure, group_measure
        Values of a curve at states of particles, of a group; None where no curve ends a protocol step.

    Attributes
    ----------
    profiles
        The profiles that groups follow.
    """

    def __init__(
        self,
        arrays: ProblemArrays,
        callbacks: Sequence[Sequence[Callback]],
        batch_callbacks: Sequence[Sequence[BatchCallback]],
        measure: Measure | None = None,
        group_measure: GroupMeasure | None = None,
    ) -> None:
        self._arrays, self._contacts, self._groups = arrays, arrays.contacts, arrays.groups
        self._members: tuple[Group, ...] = arrays.problem.groups
        self._dense_outputs = dense_outputs(arrays)
        needs = every_step(arrays, callbacks, batch_callbacks), every_row(arrays, batch_callbacks)
        self.profiles = FollowedProfiles(arrays, self._dense_outputs, *needs)
        self._limits = CurveLimits(arrays, self._dense_outputs, self.profiles, measure, group_measure)
        self._dispatch = CallbackDispatch(arrays, self._dense_outputs, callbacks, batch_callbacks, self.profiles)
        self._starts = StepStarts(arrays, self._dense_outputs, self.profiles)
        self._runs = [_GroupProgress(0, []) for _ in self._members]
        # Of the last accepted states: state of the controller and of the particles; whether there are any yet, and
        # whether they lie within protocol steps.
        self._kept, self._kept_own = arrays.groups.state.copy(), arrays.contacts.own.copy()
        self._kept_nodes = arrays.node_potentials.copy()
        self._fresh, self._underway = (np.zeros(len(self._members), dtype=bool) for _ in range(2))

    def open(self, checkpoints: Sequence[Checkpoint | None]) -> Ints:
        """Start the runs, or resume them from checkpoints; return the groups that have anything left to do."""
        with uninterrupted():
            return self._open(checkpoints)

    def _open(self, checkpoints: Sequence[Checkpoint | None]) -> Ints:
        new: list[int] = []
        old: list[int] = []
        for number, checkpoint in enumerate(checkpoints):
            (old if checkpoint is not None and self._resumed(number, checkpoint) else new).append(number)
        active = self._dispatch_starts(old)
        for number in active:
            self._limits.start(number, self._constraint(number))
        return np.array(sorted([*active, *self._begin(new)]), dtype=np.int64)

    def accept(self, numbers: Ints) -> Ints:
        """Process the outcomes of the attempts of these groups; return those that continue.

        A Ctrl-C waits until it is done: a half accepted state could not be resumed from.
        """
        with uninterrupted():
            return self._accept(numbers)

    def _accept(self, numbers: Ints) -> Ints:
        outcome, again = self._groups.outcome[numbers], _NONE
        if np.count_nonzero(outcome == RUNNING) < len(outcome):
            retry = outcome == RETRY
            again, numbers, outcome = numbers[retry], numbers[~retry], outcome[~retry]
            stuck = (outcome != RUNNING) & (outcome != DURATION_REACHED) & (outcome < EVENT)
            for number in numbers[stuck].tolist():
                self._fail(number, self._stuck(number))
            numbers, outcome = numbers[~stuck], outcome[~stuck]
        if len(self._limits):
            retaken, outcome = self._limits.judge(numbers, outcome)
            taken = ~np.isin(numbers, retaken)
            again = np.concatenate([again, retaken])
            numbers, outcome = numbers[taken], outcome[taken]
        stopped = self._dispatch_steps(numbers) if len(numbers) else {}
        if stopped:
            kept = np.array([int(number) not in stopped for number in numbers], dtype=bool)
            numbers, outcome = numbers[kept], outcome[kept]
        self._take(numbers)
        running = outcome == RUNNING
        self._fresh[numbers], self._underway[numbers] = True, running
        active: Ints = np.sort(np.concatenate([again, numbers[running]])) if len(again) else numbers[running]
        if np.count_nonzero(running) == len(running):
            return active
        ended, further = [], []
        for number, code in zip(numbers[~running].tolist(), outcome[~running].tolist(), strict=True):
            constraint = self._constraint(number)
            reason = stop_reason(self._arrays, number, constraint, code, self._start_time(number))
            if (
                code == DURATION_REACHED
                and self._arrays.changing
                and not duration_over(self._arrays, number, constraint)
            ):
                over = self._change_contact(number)
                if over is None:
                    further += [number] if self._runs[number].error is None else []
                    continue
                reason = over
            self._close(number, reason)
            self._runs[number].done = tuple(self._runs[number].finished)
            ended.append(number)
        return np.sort(np.concatenate([active, np.array([*further, *self._begin(ended)], dtype=np.int64)]))

    def _change_contact(self, number: int) -> str | None:
        """Go on within a protocol step with other contact areas; return why it is over thereby, None where it is not.

        Where the group cannot go on, its run has the error.
        """
        row, members = self._groups.state[number], list(self._arrays.members(number))
        before, own = row.copy(), self._contacts.own[members]
        self._starts.within[number] = before["time"]
        found = self._load([number])[0]
        keep_passed(self._arrays, number, self._constraint(number), before, own)
        if found["solved"] and row["margin"] <= 0.0:
            return self._constraint(number).events[int(found["event"])].reason
        self._underway[number] = True
        self._check_start(number, found.item(), float(before["current"]))
        if self._runs[number].error is None:
            self._kept[number], self._kept_own[members] = row, self._contacts.own[members]
            self._kept_nodes[number] = self._arrays.node_potentials[number]
            if self._dispatch_starts([number]) and (reason := self._limits.changed(number)) is not None:
                self._underway[number] = False
                return reason
        return None

    def _take(self, numbers: Ints) -> None:
        """Accept the states at the ends of the last attempts of these groups."""
        contacts = self._contacts
        for mesh, body in enumerate(self._arrays.bodies):
            places = self._arrays.places(mesh, numbers)
            if len(places) == len(contacts.own):  # all there are, which is quicker
                np.copyto(body.x, body.x_new)
                np.copyto(contacts.film, contacts.film_new)
                np.copyto(self._kept_own, contacts.own)
                break
            body.x[places] = body.x_new[places]
            particles = body.number[places]
            contacts.film[particles] = contacts.film_new[particles]
            self._kept_own[particles] = contacts.own[particles]
        every = slice(None) if len(numbers) == len(self._members) else numbers  # which is quicker
        self._kept[every] = self._groups.state[every]
        if self._kept_nodes.size:
            self._kept_nodes[every] = self._arrays.node_potentials[every]
        take_salt(self._groups, numbers)
        self.profiles.accepted(numbers)

    def interrupt(self) -> None:
        """Stop all groups that are underway at their last accepted states."""
        for number, run in enumerate(self._runs):
            if run.error is None and run.position < len(self._members[number].constraints):
                where = f"protocol step {self._constraint(number).number}"
                run.error = InterruptedRunError("the run was interrupted", where=where)

    def outcomes(self) -> list[RunOutcome]:
        """Return how the runs ended."""
        return [self._outcome(number) for number in range(len(self._runs))]

    def _outcome(self, number: int) -> RunOutcome:
        run, state = self._runs[number], self._groups.state[number]
        last = run.finished[-1].reason if run.finished else "nothing to do"
        reason = last if run.error is None else run.error.what
        checkpoint = self._checkpoint(number) if self._fresh[number] else run.checkpoint
        counts = int(state["accepted"]), int(state["rejected"])
        return RunOutcome(reason, tuple(run.finished), *counts, run.error, checkpoint)

    def _checkpoint(self, number: int) -> Checkpoint:
        """Return the accepted state of a group, from which it can be resumed."""
        self.profiles.undo(number)
        return Checkpoint(
            particles=accepted_particles(self._arrays, self._dense_outputs, number, self._kept_own),
            state=numbers_of(self._kept[number]),
            start_time=self._start_time(number),
            finished=self._runs[number].done,
            underway=bool(self._underway[number]),
            tolerance_share=float(self._groups.step[number]["tolerance"]) / self._members[number].tolerance,
            nodes=tuple(self._kept_nodes[number, : self._groups.step[number]["nodes"]].tolist()),
            salt=accepted_salt(self._groups, number),
        )

    def _constraint(self, number: int) -> StepConstraint:
        return self._members[number].constraints[self._runs[number].position]

    def _resumed(self, number: int, checkpoint: Checkpoint) -> bool:
        """Restore a checkpoint; return whether it lies within a protocol step, which then continues."""
        contacts, groups, run = self._contacts, self._groups, self._runs[number]
        run.position, run.finished = len(checkpoint.finished), list(checkpoint.finished)
        run.done, run.checkpoint = checkpoint.finished, checkpoint
        for mesh, place in places_of(self._arrays, number):
            body, system = self._arrays.bodies[mesh], self._arrays.problem.meshes[mesh]
            j = body.number[place]
            particle = checkpoint.particles[j - self._groups.first[number]]
            body.x[place] = particle.x[system.order]
            contacts.film[j, : len(particle.film)] = particle.film
            contacts.film_new[j] = contacts.film[j]
            self._dense_outputs[mesh].resume(place, checkpoint.start_time, particle)
        underway = checkpoint.underway and run.position < len(self._members[number].constraints)
        state, self._starts.within[number] = groups.state[number], 0.0
        if underway:
            self._starts.within[number] = self._constraint(number).time_of_contact(checkpoint.state["time"])
            self._load([number])
            groups.step[number]["tolerance"] = self._members[number].tolerance * checkpoint.tolerance_share
        elif run.position and self._arrays.changing:
            last = self._members[number].constraints[run.position - 1]
            load_areas_at_end(self._arrays, number, last, run.finished[-1].duration, checkpoint.start_time)
        largest = float(state["largest_step"])
        for name, value in checkpoint.state.items():
            state[name] = value
        state["largest_step"] = largest
        restore_particles(self._arrays, number, checkpoint)
        if underway:
            self.profiles.seek(number, float(state["time"]))
            self._kept[number], self._underway[number] = state, True
        return underway

    def _begin(self, numbers: Iterable[int]) -> list[int]:
        """Start the next protocol steps of these groups; return those that have anything left to do."""
        active: list[int] = []
        waiting = list(numbers)
        while waiting:
            waiting = [j for j in waiting if self._runs[j].position < len(self._members[j].constraints)]
            before, self._starts.within[waiting] = self._groups.state["current"][waiting].tolist(), 0.0
            over: dict[int, str] = {}
            for row, (number, found) in enumerate(zip(waiting, self._load(waiting).tolist(), strict=True)):
                if (reason := self._check_start(number, found, before[row])) is not None:
                    over[number] = reason
            shown = self._dispatch_starts([number for number in waiting if self._runs[number].error is None])
            for number in shown:  # curves know the contact of the step only now
                if number not in over and (reason := self._limits.start(number, self._constraint(number))) is not None:
                    over[number] = reason
            active += [number for number in shown if number not in over]
            waiting = [number for number in shown if number in over]
            for number in waiting:
                self._close(number, over[number])
        return active

    def _load(self, numbers: list[int]) -> NDArray[np.void]:
        """Load the present protocol steps and solve their constraints; return the records `StepStart`."""
        begun = [self._runs[number].position > 0 for number in numbers]
        return self._starts.load(numbers, [self._constraint(number) for number in numbers], begun)

    def _check_start(self, number: int, found: tuple[int, int, float], current_before: float) -> str | None:
        """Check a protocol step just loaded; return why it is over already, None where it is not or is not feasible."""
        seen = float(self._kept[number]["potential"])
        reason, why = self._starts.judge(number, self._constraint(number), found, current_before, seen)
        if why is not None:
            self._fail(number, self._infeasible(number, why))
        return reason

    def _dispatch_starts(self, numbers: list[int]) -> list[int]:
        """Call the callbacks with the states protocol steps begin with; return the groups that no callback stopped."""
        return self._stop(numbers, self._dispatch.starts(numbers, [self._constraint(number) for number in numbers]))

    def _dispatch_steps(self, numbers: Ints) -> Errors:
        """Call the callbacks with accepted steps; return the groups that a callback stopped."""
        stopped = self._dispatch.steps(numbers)
        self._stop([], stopped)
        return stopped

    def _stop(self, numbers: list[int], stopped: Errors) -> list[int]:
        """End the runs of groups with errors; return the others among `numbers`."""
        for number, error in stopped.items():
            self._fail(number, explained(self._arrays, number, self._constraint(number), error))
        return [number for number in numbers if number not in stopped] if stopped else numbers

    def _close(self, number: int, reason: str) -> None:
        self._runs[number].finished.append(self._summary(number, reason, self._groups.state[number]))
        for mesh, dense_output in enumerate(self._dense_outputs):
            dense_output.close(self._arrays.places(mesh, np.array([number])))
        self._runs[number].position += 1

    def _summary(self, number: int, reason: str, state: np.void) -> StepOutcome:
        constraint = self._constraint(number)
        charge, side = float(state["charge"]), float(state["side_charge"])
        return StepOutcome(
            constraint.number, constraint.step.cycle, constraint.step.text, reason, float(state["time"]), charge, side
        )

    def _fail(self, number: int, error: SimulationError) -> None:
        """End a run with an error, at its last accepted state: that of an attempt that failed is none.

        A protocol step in which no state has been accepted yet has passed no charge.
        """
        state = self._kept[number].copy()
        if not self._underway[number]:
            state["time"] = state["charge"] = state["side_charge"] = 0.0
        self._runs[number].error = error
        self._runs[number].finished.append(self._summary(number, error.what, state))

    def _infeasible(self, number: int, why: str) -> InfeasibleStepError:
        return infeasible_step(self._constraint(number), why, self._start_time(number))

    def _stuck(self, number: int) -> SimulationError:
        constraint = self._constraint(number)
        time = self._start_time(number) + float(self._groups.state[number]["time"])
        if self._groups.outcome[number] == NOT_SOLVED:
            return infeasible_step(constraint, not_followed(constraint, self.profiles.target(number)), time)
        return stopped_step(self._arrays, number, constraint, time)

    def _start_time(self, number: int) -> float:
        """Return when a group's present protocol step began [s]."""
        return start_time_of(self._arrays, self._dense_outputs, number)
