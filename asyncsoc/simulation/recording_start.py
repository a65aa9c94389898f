"""What the recorders of a run leave behind for the run that resumes it, and what they go on from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.contact_state import SideReactionCheckpoint
from asyncsoc.simulation.results.data import RecordingCheckpoint, RunData
from asyncsoc.solver.checkpoints import Checkpoint


@dataclass(frozen=True, eq=False)
class RecordingStart:
    """Where the recorders of a resumed run go on.

    Attributes
    ----------
    checkpoint
        The state resumed from.
    cycle
        Cycle of the last state.
    initial_mean_x
        Volume-mean stoichiometry at the start of the protocol.
    rows
        Curves of the cycle that goes on, from its start to here; empty where the next one begins.
    side
        Of the recorder of the side reaction, None where there is none.
    """

    checkpoint: Checkpoint
    cycle: int
    initial_mean_x: float
    rows: Mapping[str, NDArray[Any]]
    side: SideReactionCheckpoint | None

    @property
    def step(self) -> int | None:
        """Protocol step underway, from 1; None where the next one begins."""
        return len(self.checkpoint.finished) + 1 if self.checkpoint.underway else None


def recording_start(case: Case, previous: RunData, checkpoint: Checkpoint) -> RecordingStart:
    """Return where the recorders go on if `case` resumes `previous` from its checkpoint.

    Raises
    ------
    InputError
        The result does not hold what the recorder of its side reaction needs, or not the curves of the cycle that goes
        on.
    """
    recording, steps = previous.recording, case.protocol.plan.steps
    if recording is None:
        if case.side_reaction.mode != "off":
            raise InputError(
                "this result of a run with a side reaction holds no state of its recorder to resume from",
                where="resume",
                value=previous.name,
                allowed="a result written by this version of asyncsoc or a later one",
                next_step="run the case from its start",
            )
        recording = RecordingCheckpoint(float(previous.columns[names.MEAN_X][0]))
    done = len(checkpoint.finished)
    cycle = steps[done].cycle if checkpoint.underway else (checkpoint.finished[-1].cycle if done else 0)
    following = steps[done].cycle if done < len(steps) else cycle + 1
    rows: dict[str, NDArray[Any]] = {}
    if following == cycle:
        chosen = rows_before(previous, checkpoint) & (previous.columns[names.CYCLE] == cycle)
        if previous.status == "done" and not _keeps(previous, cycle):
            raise InputError(
                "the result did not keep the curves of the cycle that goes on",
                where="output.keep_cycles",
                value=f"cycle {cycle}",
                allowed="further cycles, or a result that kept this one",
                next_step="run the case from its start, or begin a new cycle",
            )
        rows = {name: values[chosen] for name, values in previous.columns.items()}
    return RecordingStart(
        checkpoint=checkpoint,
        cycle=cycle,
        initial_mean_x=recording.initial_mean_x,
        rows=rows,
        side=recording.side,
    )


def rows_before(previous: RunData, checkpoint: Checkpoint) -> NDArray[np.bool_]:
    """Return which rows of a run's curves (r,) are those up to its checkpoint."""
    before = previous.columns[names.TIME] <= checkpoint.time
    if not checkpoint.underway:  # the next protocol step begins with a row of its own at the same time
        before &= previous.columns[names.STEP] <= len(checkpoint.finished)
    return np.asarray(before)


def _keeps(previous: RunData, cycle: int) -> bool:
    return Case.from_text(previous.case_toml).output.kept_cycles.hold(cycle)
