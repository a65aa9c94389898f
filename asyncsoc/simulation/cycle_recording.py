"""The rows of cycles computed along a run, and which rows of curves and which snapshots are kept of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.kept_cycles import KeptCycles
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import Columns, cycle_row, table_of
from asyncsoc.simulation.recording_start import RecordingStart


class CycleRecorder:
    """Rows of the cycles of one run.

    Parameters
    ----------
    kept
        The cycles of which curves and snapshots are kept.
    start
        Where a resumed run goes on; None begins one.
    """

    def __init__(self, kept: KeptCycles, start: RecordingStart | None = None) -> None:
        self.kept = kept
        self._begun: Columns = {} if start is None else start.rows
        self._first = start is None
        self._cycle = 0 if start is None else start.cycle
        self._rows: dict[int, dict[str, float]] = {}

    def stored(self, cycle: int, *, starts: bool) -> bool:
        """Return whether a snapshot of a cycle is stored; one that `starts` a protocol step ends the one before too."""
        before, self._cycle = self._cycle, cycle
        return self.kept.hold(cycle) or (starts and (before == 0 or self.kept.hold(before)))

    def take(self, columns: Columns, complete: int) -> NDArray[np.bool_]:
        """Compute the rows of complete cycles, and return which rows of the curves are kept (r,).

        Parameters
        ----------
        columns
            The curves so far, less what an earlier call dropped.
        complete
            All cycles below this number are complete.
        """
        cycle = columns[names.CYCLE]
        for number in np.unique(cycle[cycle < complete]).tolist():
            if number not in self._rows:
                own = {name: values[cycle == number] for name, values in columns.items()}
                if len(self._begun) and int(self._begun[names.CYCLE][0]) == number:
                    own = {name: np.concatenate([self._begun[name], values]) for name, values in own.items()}
                    self._begun = {}
                self._rows[number] = cycle_row(own)
        stays = self.kept.holds(cycle) | (cycle >= complete)
        if self._first:
            stays[:1] = True
        return stays

    def table(self) -> dict[str, NDArray[Any]]:
        """Return the rows of the complete cycles as columns by name."""
        return table_of([self._rows[number] for number in sorted(self._rows)])
