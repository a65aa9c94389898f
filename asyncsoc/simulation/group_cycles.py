"""The rows of a group's cycles, computed along its run, and which rows of its particles' curves are kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.kept_cycles import KeptCycles
from asyncsoc.problem.ranks import Ranks
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.particle_group import GroupShares, group_curves
from asyncsoc.simulation.cycle_recording import CycleRecorder
from asyncsoc.simulation.recording import RecordingCallback
from asyncsoc.simulation.recording_start import RecordingStart
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.states import AcceptedSteps, Errors, States

Array = NDArray[np.float64]

_MOST_WAITING = 1000
"""Rows of each particle after which those of complete cycles are taken in and dropped where they are not kept."""


class GroupCycles:
    """Rows of the cycles of a group and of its particles; a callback that comes before those that record.

    Parameters
    ----------
    recordings
        The recorders of each mesh.
    homes
        For each mesh the particles on it.
    shares
        What each particle counts; the areas are those of the rows.
    kept
        The cycles of which curves and snapshots are kept.
    start
        Where a resumed run goes on, with the rows of the group; None begins one.
    ranks
        The processes over which the particles are distributed: their rows wait until the end of the run.
    """

    sparse = True

    def __init__(
        self,
        recordings: Sequence[RecordingCallback],
        homes: Sequence[Sequence[int]],
        shares: GroupShares,
        kept: KeptCycles,
        start: RecordingStart | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self._ranks = ranks
        self._recordings, self._homes, self._shares, self._kept = recordings, homes, shares, kept
        self.cycles = CycleRecorder(kept, start)

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Do nothing: rows are taken in between steps."""
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Take in the rows of complete cycles where many wait; those of this step are not recorded yet."""
        first = self._recordings[0]
        if self._ranks is not None:
            return {}
        if not self._kept.everything and first.recorded >= _MOST_WAITING * len(self._homes[0]):
            for recording in self._recordings:
                recording.settle()
            if complete := first.complete_before(0):
                self._take(complete, ended=False)
        return {}

    def finish(self, outcome: RunOutcome) -> None:
        """Take in the rows of all complete cycles, at the end of the run."""
        complete = self._recordings[0].last_cycles([outcome])[0]
        self._take(complete, ended=True)

    def _take(self, complete: int, *, ended: bool) -> None:
        here: dict[int, tuple[dict[str, NDArray[Any]] | None, Array]] = {}
        for recording, home in zip(self._recordings, self._homes, strict=True):
            curves, own = recording.curves.curves(), recording.curves.contact_areas()
            for place, j in enumerate(home):
                here[j] = recording.columns_before(curves[place], place, complete, ended=ended), own[place]
        if self._ranks is not None:
            here = dict(enumerate(self._ranks.of_all([here[j] for j in self._ranks.own.tolist()])))
        columns = {j: found for j, (found, _) in here.items() if found is not None}
        areas = {j: own for j, (_, own) in here.items()}
        if len(columns) < len(here):
            return
        rows = min(len(one[names.TIME]) for one in columns.values())
        cut = {j: {name: values[:rows] for name, values in one.items()} for j, one in columns.items()}
        own_areas = np.array([areas[j][:rows] for j in range(len(cut))])
        together = group_curves([cut[j] for j in range(len(cut))], replace(self._shares, areas=own_areas))
        stays = self.cycles.take(together, complete)
        if ended:
            stays[-1:] = True
        for recording, home in zip(self._recordings, self._homes, strict=True):
            kept = {}
            for place, j in enumerate(home):
                recording.cycles[place].take(cut[j], complete)
                more = len(columns[j][names.TIME]) - rows
                kept[place] = np.concatenate([stays, np.ones(more, dtype=bool)])
            recording.drop(kept)
