"""Curves of a group at states of its particles: for protocol steps that end where one reaches a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.curves import CurveSamples, curve_rows
from asyncsoc.recorders.particle_group import GroupShares, group_curves
from asyncsoc.recorders.soc import state_of_charge
from asyncsoc.simulation.recording import RecordingCallback
from asyncsoc.solver.states import States

Array = NDArray[np.float64]

NOT_LIMITS = (names.TIME, names.STEP, names.CYCLE, names.BALANCE, names.SIDE_CHARGE)
"""Curves of a group that end no step: they rise by themselves, count, or are no function of the state alone."""


class GroupMeasure:
    """Values of the curves of one group at one state of each of its particles.

    Parameters
    ----------
    recordings
        Of the particles on each mesh; their constants have the contact areas as they are.
    homes
        For each mesh the particles on it, in their order.
    shares
        What each particle counts; the areas are those of the states.
    initial_x
        Stoichiometry that particles without contact keep.
    """

    def __init__(
        self,
        recordings: Sequence[RecordingCallback],
        homes: Sequence[Sequence[int]],
        shares: GroupShares,
        initial_x: float,
    ) -> None:
        self._recordings, self._homes, self._shares, self._initial_x = recordings, homes, shares, initial_x

    def __call__(self, states: Sequence[States], curve: str) -> float:
        """Return the value of a curve of the group; `states` has a row for each particle on each mesh."""
        count = len(self._shares.multiplicities)
        columns: list[dict[str, NDArray[Any]]] = [{} for _ in range(count)]
        areas = np.zeros((count, 2))
        for recording, home, found in zip(self._recordings, self._homes, states, strict=True):
            constants = recording.constants
            rows = curve_rows(CurveSamples.of(found, constants), constants, np.zeros(len(constants.which)))
            for row, place in enumerate(found.number.tolist()):
                j, rates = home[place], recording.rates[place]
                values = dict(zip(names.CURVES, rows[row].tolist(), strict=False))
                if rates is not None and curve in names.GROUP_SIDE_CURVES:
                    own = rates.at(found.one(row))
                    values |= {name: own[name] for name in names.GROUP_SIDE_CURVES if name in own}
                # In row 0 the means that all began with, which particles without contact keep; in row 1 those of now.
                columns[j] = {name: np.array([value, value]) for name, value in values.items()}
                columns[j][names.MEAN_X][0] = self._initial_x
                initial = state_of_charge(np.array([self._initial_x]), constants.charged_x[[place]])
                columns[j][names.MEAN_SOC][0] = initial[0]
                areas[j] = rows[row, -1]
        value = group_curves(columns, replace(self._shares, areas=areas)).get(curve)
        return float("nan") if value is None else float(value[1])


def side_curves(recordings: Sequence[RecordingCallback]) -> list[str]:
    """Return the curves of the side reaction that a group has."""
    present = {
        name for recording in recordings for rates in recording.rates if rates is not None for name in rates.names
    }
    return [name for name in names.GROUP_SIDE_CURVES if name in present]
