"""The recorders of a batch of runs, and the times at which they record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.case.kept_cycles import KEEP_ALL, KeptCycles
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.caching import ContentCache
from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.curves import TimeSeriesRecorder
from asyncsoc.recorders.particle_constants import BatchConstants, ParticleConstants
from asyncsoc.recorders.salt import SaltRecorder
from asyncsoc.recorders.snapshots import SnapshotRecorder
from asyncsoc.simulation.cycle_recording import CycleRecorder
from asyncsoc.simulation.memory_limit import MOST_BETWEEN
from asyncsoc.simulation.recording_start import RecordingStart
from asyncsoc.simulation.results.data import RecordingCheckpoint
from asyncsoc.solver.checkpoints import Checkpoint, RunOutcome
from asyncsoc.solver.states import AcceptedSteps, Errors, States, UnsolvedStateError

if TYPE_CHECKING:
    from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder

Array = NDArray[np.float64]

_BLOCK = 4_000_000
"""Numbers of states within a step that are worked out at a time: 32 MB."""
_MOST_WAITING = 1000
"""Rows recorded after which those of complete cycles are taken in and dropped where they are not kept."""
_CONSTANTS = ContentCache[ParticleConstants](most_bytes=1 << 28)
"""Kept for all cases that share a particle and its contact."""


@dataclass(frozen=True, eq=False)
class RunRecorders:
    """How one member of a batch is recorded.

    Attributes
    ----------
    constants
        Constants from which its curves are computed.
    fields_every
        Period of its snapshots [s]; None takes them only where protocol steps begin and end.
    rates
        Recorder of its side reaction, None where there is none.
    changing
        How its contact changes, None where it stays.
    kept
        The cycles of which curves and snapshots are kept.
    start
        Where it is resumed, None where it begins.
    """

    constants: ParticleConstants
    fields_every: float | None = None
    rates: SideReactionRecorder | None = None
    changing: ChangingContact | None = None
    kept: KeptCycles = KEEP_ALL
    start: RecordingStart | None = None


class RecordingCallback:
    """Passes states to the recorders: the end and the middle of every accepted step, output and snapshot times.

    Parameters
    ----------
    members
        How each member of the batch is recorded.
    takes_cycles
        Whether rows of complete cycles are taken in and dropped here; where members belong to one group, that is done
        for all of them together (`group_cycles`).

    Attributes
    ----------
    begun
        For each member charge and side charge [C] with which its protocol steps began.
    """

    sparse = True

    def __init__(self, members: Sequence[RunRecorders], *, takes_cycles: bool = True) -> None:
        self.constants = BatchConstants([member.constants for member in members])
        self.curves, self.salt = TimeSeriesRecorder(self.constants), SaltRecorder()
        self.fields = [SnapshotRecorder(member.fields_every) for member in members]
        self.rates = [member.rates for member in members]
        self._snapshots = np.array([np.nan if m.fields_every is None else m.fields_every for m in members])
        self._period = np.full(len(members), np.nan)
        self._step_start = np.zeros(len(members))
        self._changing = {k: (m.changing, m.constants) for k, m in enumerate(members) if m.changing is not None}
        self._every_state = ~np.isnan(self._snapshots) | np.array([member.rates is not None for member in members])
        self.every_row = np.array([member.rates is not None for member in members], dtype=bool)
        self.cycles = [CycleRecorder(member.kept, member.start) for member in members]
        self.checkpoints: dict[int, RecordingCheckpoint] = {}
        self._takes_cycles = takes_cycles
        self._dropping = [k for k, member in enumerate(members) if not member.kept.everything and takes_cycles]
        self.begun: list[dict[int, tuple[float, float]]] = [{} for _ in members]
        self._cycle, self._last_time = np.zeros(len(members), dtype=np.int64), np.full(len(members), -np.inf)
        self._cycle_start, self._recorded = np.zeros(len(members)), 0
        self._resumed = {k: member.start for k, member in enumerate(members) if member.start is not None}
        self._origins = [None if member.start is None else member.start.checkpoint for member in members]
        for number, start in self._resumed.items():
            self.curves.set_initial_mean(number, start.initial_mean_x)
            self.fields[number].resume(start.checkpoint.time, start.step)

    @property
    def recorded(self) -> int:
        """Rows recorded since cycles were taken in."""
        return self._recorded

    @property
    def changing(self) -> dict[int, ChangingContact]:
        """The contacts of the members whose coverage changes."""
        return {number: contact for number, (contact, _) in self._changing.items()}

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Record the states protocol steps begin with: the time of the one before, its own current or voltage."""
        self._settle(states.number)
        self._step_start[states.number] = states.time - states.step_time
        goes_on = np.zeros(len(states), dtype=bool)
        for row, (number, cycle, within, constraint) in enumerate(
            zip(states.number.tolist(), states.cycle.tolist(), states.step_time.tolist(), constraints, strict=True)
        ):
            resumed = self._resumed.pop(number, None)
            if resumed is not None and resumed.step is not None:  # its state was recorded by the run resumed
                self._step_start[number], goes_on[row] = resumed.checkpoint.start_time, True
            elif int(states.step[row]) not in self.begun[number]:
                passed = float(states.charge[row]), float(states.side_charge[row])
                self.begun[number][int(states.step[row])] = passed
            if number in self._changing:
                changing, constants = self._changing[number]
                start = float(self._step_start[number])
                contact = changing.in_force(cycle, start, start + constraint.time_of_contact(within))
                self.curves.set_areas(number, contact.weights[constants.contact_nodes])
            if cycle != self._cycle[number]:
                self._cycle[number], self._cycle_start[number] = cycle, states.time[row]
            self._period[number] = np.nan if constraint.step.period is None else constraint.step.period
            rates = self.rates[number]
            if rates is not None:
                rates.start_step(states.one(row), constraint, float(self._step_start[number]))
        begun = states.rows(~goes_on)
        self._record_rows(begun)
        for row in range(len(begun)):
            self._record_state(begun, row)
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Record accepted steps, output times within them, and due snapshots."""
        self._settle(steps.end.number)
        lost = self._with_too_many_times(steps)
        steps = steps.without(lost)
        rows, times = self._times(steps)
        block = max(_BLOCK // max(steps.end.x.shape[1], 1), 1)
        for first in range(0, len(rows), block):
            between = steps.at(rows[first : first + block], times[first : first + block])
            unknown = np.isnan(between.potential)
            if unknown.any():
                lost |= {
                    int(between.number[k]): UnsolvedStateError(float(between.time[k])) for k in np.flatnonzero(unknown)
                }
            known = np.array([int(number) not in lost for number in between.number], dtype=bool)
            self._record(between.rows(known))
        self._record_ends(steps.without(lost))
        return lost

    def _record_ends(self, steps: AcceptedSteps) -> None:
        """Record the states at the ends of steps, and those on the way of members that follow a profile."""
        if steps.followed is not None:
            self._record_followed(steps.followed)
        self._record(steps.end if steps.shown is None else steps.end.rows(steps.shown))

    def _record_followed(self, states: States) -> None:
        """Record states on the way along profiles; of most of them there are rows alone, no snapshots."""
        self._record_rows(states)
        numbers = states.number
        due = self.every_row[numbers].copy()
        for number in np.unique(numbers).tolist():
            if not math.isnan(self._snapshots[number]):
                own = np.flatnonzero(numbers == number)
                periods = np.floor(states.time[own] / self._snapshots[number] * (1.0 + 1e-9))
                due[own] |= np.diff(periods, prepend=periods[0] - 1.0) > 0.0
        for row in np.flatnonzero(due).tolist():
            self._record_state(states, row)

    def _record(self, states: States) -> None:
        if len(states):
            self._record_rows(states)
            for row in np.flatnonzero(self._every_state[states.number]).tolist():
                self._record_state(states, row)

    def _record_rows(self, states: States) -> None:
        """Record rows of curves."""
        if len(states):
            self.curves.record(states)
            self.salt.record(states)
            self._last_time[states.number] = states.time
            self._recorded += len(states)

    def _settle(self, numbers: NDArray[np.int64]) -> None:
        """Note what has been accepted: runs may be resumed from the states recorded last, not from those before."""
        for number in numbers.tolist():
            rates, time = self.rates[number], float(self._last_time[number])
            self.fields[number].hold(time)
            if rates is not None:
                rates.hold(time)
        if self._recorded >= _MOST_WAITING and self._dropping:
            complete = {k: int(self._cycle[k]) for k in self._dropping if self._last_time[k] > self._cycle_start[k]}
            self._take_cycles(complete)

    def _take_cycles(self, complete: Mapping[int, int], *, ended: bool = False) -> None:
        """Take in the rows of members' cycles below a number, and drop those that are not kept."""
        curves, kept = self.curves.curves(), {}
        for number, below in complete.items():
            columns = self.columns_before(curves[number], number, below, ended=ended)
            if columns is not None:
                kept[number] = self.cycles[number].take(columns, below)
                if ended:
                    kept[number][-1:] = True
        self.drop(kept)

    def columns_before(
        self, curves: dict[str, NDArray[Any]], number: int, below: int, *, ended: bool
    ) -> dict[str, NDArray[Any]] | None:
        """Return a member's curves with those of its side reaction, as far as they are evaluated.

        None where rows of a cycle below `below` still wait, or there are none.
        """
        rates = self.rates[number]
        if not len(curves[names.TIME]):
            return None
        side = {} if rates is None else rates.columns() if ended else rates.evaluated()
        count = min((len(values) for values in side.values()), default=len(curves[names.TIME]))
        if not ended and side and curves[names.CYCLE][min(count, len(curves[names.CYCLE]) - 1)] < below:
            return None
        if rates is not None and not side:
            return None
        return {name: values[:count] for name, values in curves.items()} | side

    def drop(self, kept: Mapping[int, NDArray[np.bool_]]) -> None:
        """Keep only those rows of members where `kept[number]` (r,) is true; further rows stay."""
        for number, mask in kept.items():
            rates = self.rates[number]
            if rates is not None:
                rates.drop(mask)
        self.curves.drop(kept)
        if 0 in kept:
            self.salt.drop(kept[0])
        self._recorded = 0

    def complete_before(self, number: int) -> int:
        """Return the cycle below which all states of a member are recorded and accepted; 0 where none are new."""
        return int(self._cycle[number]) if self._last_time[number] > self._cycle_start[number] else 0

    def settle(self) -> None:
        """Note that all states recorded so far have been accepted."""
        self._settle(np.arange(len(self.rates)))

    def _with_too_many_times(self, steps: AcceptedSteps) -> dict[int, SimulationError]:
        """Return members with too many output times within one step: a hold may last without limit."""
        length, numbers = steps.end.time - steps.start_time, steps.end.number
        count = np.nan_to_num(length / self._snapshots[numbers]) + np.nan_to_num(length / self._period[numbers])
        if steps.following is not None:
            count = np.where(steps.following, 0.0, count)
        return {
            int(numbers[row]): SimulationError(
                f"{count[row]:.3g} output times lie within one step of {length[row]:.3g} s",
                where="output.fields_every, or the step's output period",
                next_step="ask for states less often",
            )
            for row in np.flatnonzero(count > MOST_BETWEEN).tolist()
        }

    def finish(self, outcomes: Sequence[RunOutcome], particles: Sequence[int] | None = None) -> None:
        """Keep the last state of each member as a snapshot, and the rows of the cycles that are complete.

        `particles` are their places in their groups; None where each is alone.
        """
        places = [0] * len(outcomes) if particles is None else particles
        for number, (outcome, particle) in enumerate(zip(outcomes, places, strict=True)):
            if outcome.checkpoint is not None and _goes_beyond(outcome, self._origins[number]):
                self._keep_last(number, outcome.checkpoint, particle)
        if self._takes_cycles:
            self._take_cycles(self.last_cycles(outcomes), ended=True)

    def last_cycles(self, outcomes: Sequence[RunOutcome]) -> dict[int, int]:
        """Return for each member the cycle below which all are complete at the end of its run."""
        return {k: int(self._cycle[k]) + (outcome.error is None) for k, outcome in enumerate(outcomes)}

    def went_on(self, number: int) -> bool:
        """Return whether a member has anything to show: a resumed run may be stopped before its first step."""
        return self._origins[number] is None or number in self.checkpoints

    def _keep_last(self, number: int, checkpoint: Checkpoint, particle: int) -> None:
        """Keep what the run may be resumed with from its checkpoint, and the state there as a snapshot."""
        fields, rates, time = self.fields[number], self.rates[number], checkpoint.time
        before, due = len(fields), fields.finish(time, checkpoint.particles[particle].x)
        side = None
        if rates is not None:
            if len(fields) > before:
                rates.keep_field(time)
            side = rates.checkpoint(time, underway=checkpoint.underway, due=due)
        self.checkpoints[number] = RecordingCheckpoint(self.curves.initial_mean(number), len(fields) == before, side)

    def _times(self, steps: AcceptedSteps) -> tuple[NDArray[np.int64], Array]:
        """Return members and times within their steps at which states are recorded, each member's in order."""
        start, end, numbers = steps.start_time, steps.end.time, steps.end.number
        middle = 0.5 * (start + end)
        inside = (start < middle) & (middle < end)
        snapshots, periods = self._snapshots[numbers], self._period[numbers]
        if steps.following is not None:  # their rows are at points of the profile
            inside &= ~steps.following
            snapshots, periods = (np.where(steps.following, np.nan, every) for every in (snapshots, periods))
        further = np.flatnonzero(~(np.isnan(snapshots) & np.isnan(periods)))
        rows, times = np.flatnonzero(inside), middle[inside]
        for row in further.tolist():
            origins = ((0.0, snapshots[row]), (self._step_start[numbers[row]], periods[row]))
            more = [
                time
                for origin, period in origins
                if not math.isnan(period)
                for time in _multiples(float(origin), float(period), float(start[row]), float(end[row]))
            ]
            more = sorted({time for time in more if start[row] < time < end[row]} - {float(middle[row])})
            rows, times = np.append(rows, [row] * len(more)), np.append(times, more)
        if len(further):
            # By time: particles of a group that are asked for at one time have their potential solved for once.
            order = np.lexsort((rows, times))
            rows, times = rows[order], times[order]
        return rows.astype(np.int64), times

    def _record_state(self, states: States, row: int) -> None:
        """Pass a state to the recorders of one member."""
        number, time, step = int(states.number[row]), float(states.time[row]), int(states.step[row])
        rates, fields = self.rates[number], self.fields[number]
        if rates is not None:
            rates.record(states.one(row))
        stored = self.cycles[number].stored(int(states.cycle[row]), starts=float(states.step_time[row]) == 0.0)
        if fields.record(time, step, states.x[row], stored=stored) and rates is not None:
            rates.keep_field(time, stored=stored)


def _goes_beyond(outcome: RunOutcome, origin: Checkpoint | None) -> bool:
    """Return whether a run has a state later than the one resumed from, or is over since no further step can begin.

    Steps that are over before they start pass no state, so that the run could still be resumed from where it began.
    """
    if origin is None or outcome.checkpoint is not origin:
        return True
    return outcome.error is None and len(outcome.steps) > len(origin.finished)


def _multiples(origin: float, period: float, start: float, end: float) -> list[float]:
    """Return origin + k period within (start, end), up to rounding."""
    first = math.floor((start - origin) / period) + 1
    last = math.ceil((end - origin) / period) - 1
    return [origin + k * period for k in range(first, last + 1)]


def particle_constants(setup: PreparedCase) -> ParticleConstants:
    """Return the constants from which the curves of a case's particle are computed."""
    mesh, contact, cathode = setup.mesh, setup.contact, setup.cathode
    changing = setup.member.changing
    nodes = None if changing is None else changing.nodes
    contact_hash = sha256_of(contact.weights, b"" if nodes is None else nodes)
    key = mesh.sha256, contact.kind, contact_hash, cathode, setup.step_potentials
    return _CONSTANTS.get(
        key,
        lambda: ParticleConstants.build(
            mesh,
            contact,
            setup.operators.mass,
            cathode,
            charged_x=setup.charged_x,
            step_potentials=setup.step_potentials,
            nodes=nodes,
        ),
    )
