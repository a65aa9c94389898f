"""The profiles that groups follow: where each is on its own, and the attempts that carry it on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.particles import Body
from asyncsoc.kernels.profiles import (
    ENDS_ROW,
    KEPT,
    PIECE,
    FollowedRows,
    Pieces,
    allocate_rows,
    enter_piece,
    follow,
    load_piece,
)
from asyncsoc.kernels.reductions import load_surfaces
from asyncsoc.kernels.step_control import DURATION_REACHED, NOT_SOLVED, RETRY, RUNNING, STEP_TOO_SMALL
from asyncsoc.kernels.tableaux import Tableau
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.arrays import ProblemArrays, load_level
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.dense_output import DenseOutput

Ints = NDArray[np.int64]

_NODE_STEPS = 200_000
"""Nodes times steps of one call: some tenths of a second, so that an interrupt does not wait for longer."""
_MOST_STEPS = 2000
_NODE_ROWS = 2_000_000
"""Nodes times rows that are kept at a time: 16 MB."""


class _Saved(NamedTuple):
    """The state of a particle alone in its group, and where it is on its profile."""

    x: NDArray[np.float64]
    film: NDArray[np.float64]
    state: np.void
    own: np.void
    place: Ints
    level: int


class FollowedProfiles:
    """Where each group is on the profile it follows.

    Parameters
    ----------
    arrays
        The problem in the kernels' arrays.
    dense_outputs
        For each mesh the states built from them.
    every_step : (G,)
        Whether callbacks need to see every step of a group, so that each goes by itself.
    every_row : (G,)
        Whether the end of every step is a row.
    """

    def __init__(
        self,
        arrays: ProblemArrays,
        dense_outputs: Sequence[DenseOutput],
        every_step: NDArray[np.bool_],
        every_row: NDArray[np.bool_],
    ) -> None:
        self._arrays, self._dense_outputs, self._every_step, self._every_row = (
            arrays,
            dense_outputs,
            every_step,
            every_row,
        )
        self._constraints: dict[int, StepConstraint] = {}
        self._pieces: dict[int, Pieces] = {}
        self._place: dict[int, NDArray[np.int64]] = {}
        self._level: dict[int, int] = {}
        self._rooms: dict[int, FollowedRows] = {}
        self._found: dict[int, FollowedRows] = {}
        self._saved: dict[int, _Saved] = {}
        self._ahead: set[int] = set()
        self._limits: dict[int, int] = {}

    def __contains__(self, group: object) -> bool:
        """Return whether a group follows a profile."""
        return group in self._pieces

    def __len__(self) -> int:
        """Return how many groups follow one."""
        return len(self._pieces)

    def load(self, group: int, constraint: StepConstraint) -> None:
        """Begin the protocol step of a group, which may follow a profile."""
        self.close(group)
        table = constraint.pieces
        if table is None:
            return
        pieces = Pieces(table.ends, table.first, table.last, table.shown, table.level)
        self._constraints[group], self._pieces[group] = constraint, pieces
        self._place[group], self._level[group] = np.zeros(3, dtype=np.int64), int(table.level[0])
        load_piece(self._arrays.contacts, self._arrays.groups, group, pieces, 0)

    def seek(self, group: int, time: float) -> None:
        """Go on where a group was `time` [s] after its protocol step began."""
        if group not in self._pieces:
            return
        pieces = self._pieces[group]
        piece = min(int(np.searchsorted(pieces.ends, time, side="left")), len(pieces.ends) - 1)
        self._place[group][PIECE] = piece
        load_piece(self._arrays.contacts, self._arrays.groups, group, pieces, piece)
        self._change_level(group, int(pieces.level[piece]))

    def close(self, group: int) -> None:
        """End the protocol step of a group."""
        for kept in (
            self._constraints,
            self._pieces,
            self._place,
            self._level,
            self._rooms,
            self._found,
            self._limits,
            self._saved,
        ):
            kept.pop(group, None)

    def rewind(self, group: int, steps: int) -> None:
        """Go back to where the last call for a group began, to take so many steps, and one at a time from there on."""
        saved, arrays = self._saved[group], self._arrays
        self.undo(group)
        arrays.groups.state[group], arrays.contacts.own[group] = saved.state, saved.own
        self._place[group][:] = saved.place
        self._change_level(group, saved.level)
        load_piece(arrays.contacts, arrays.groups, group, self._pieces[group], int(saved.place[PIECE]))
        self._found.pop(group, None)
        self._limits[group] = steps

    def undo(self, group: int) -> None:
        """Put the lithium back where the last call for a group began, unless its end has been accepted."""
        if group in self._ahead:
            saved, (body,) = self._saved[group], self._arrays.bodies
            body.x[group], self._arrays.contacts.film[group] = saved.x, saved.film
            self._ahead.discard(group)

    def accepted(self, groups: Ints) -> None:
        """Say that the ends of the last calls for groups have been accepted."""
        if self._ahead:
            self._ahead.difference_update(groups.tolist())

    def _save(self, group: int, body: Body, limit: int, most: int) -> tuple[int, int]:
        """Keep the state a call begins with; return how many steps it may take."""
        arrays = self._arrays
        self._ahead.add(group)
        self._saved[group] = _Saved(
            body.x[group].copy(),
            arrays.contacts.film[group].copy(),
            arrays.groups.state[group].copy(),
            arrays.contacts.own[group].copy(),
            self._place[group].copy(),
            self._level[group],
        )
        if group not in self._limits:
            return limit, most
        steps = max(self._limits[group], 1)
        self._limits[group] = 1
        return steps, steps

    def target(self, group: int) -> float:
        """Return what the profile asks a group for next [A, V or W]."""
        pieces, place = self._pieces[group], self._place[group]
        return float(pieces.first[min(place[PIECE] + 1, len(pieces.first) - 1)])

    def rows(self, group: int) -> FollowedRows | None:
        """Return the states kept on the way by the last call for a group, None where there are none."""
        return self._found.get(group)

    def shown(self, group: int) -> bool:
        """Whether the state at the end of the last call for a group is a row."""
        return group not in self._place or bool(self._place[group][ENDS_ROW])

    def advance(self, system: System, tableau: Tableau, body: Body, group: int, memory: NDArray[np.float64]) -> None:
        """Carry a group of one particle on along its profile."""
        arrays, place = self._arrays, self._place[group]
        self._enter_level(group)
        n_nodes, n_contact = body.x.shape[1], body.nodes.shape[1]
        if group not in self._rooms:
            room = max(16, min(_MOST_STEPS, _NODE_ROWS // (n_nodes + 3 * n_contact) // len(self._pieces)))
            self._rooms[group] = allocate_rows(room, n_nodes, n_contact)
        rows = self._rooms[group]
        limit = 1 if self._every_step[group] else max(16, min(_MOST_STEPS, _NODE_STEPS // n_nodes))
        most = limit if self._every_step[group] else 4 * limit
        limit, most = self._save(group, body, limit, most)
        arrays.groups.outcome[group] = follow(
            system,
            tableau,
            arrays.contacts,
            arrays.groups,
            body,
            np.array([group], dtype=np.int64),
            memory,
            self._pieces[group],
            place,
            limit,
            most,
            bool(self._every_row[group]),
            rows,
        )
        if arrays.groups.outcome[group] == STEP_TOO_SMALL and self._steps(group):
            self.rewind(group, self._steps(group))  # what went well is accepted first
            arrays.groups.outcome[group] = RETRY
        count = int(place[KEPT])
        self._found.pop(group, None)
        if count:
            self._found[group] = FollowedRows(*(part[:count] for part in rows))

    def _steps(self, group: int) -> int:
        """Return how many steps the last call for a group has accepted."""
        return int(self._arrays.groups.state[group]["accepted"] - self._saved[group].state["accepted"])

    def enter(self, group: int) -> bool:
        """Let a group of several particles go on with its next piece where one has ended; return whether it can."""
        arrays, pieces, place = self._arrays, self._pieces[group], self._place[group]
        if not self._ended(group):
            return True
        self._enter_level(group)
        for mesh, body in enumerate(arrays.bodies):
            load_surfaces(arrays.contacts, body, arrays.places(mesh, np.array([group])))
        if not enter_piece(arrays.contacts, arrays.groups, group, pieces, place[PIECE] + 1):
            arrays.groups.outcome[group] = NOT_SOLVED
            return False
        place[PIECE] += 1
        return True

    def show_end(self, group: int) -> None:
        """Let the state at the end of the last call for a group be a row."""
        if group in self._place:
            self._place[group][ENDS_ROW] = 1

    def judged(self, group: int) -> None:
        """Say that a group of several particles goes on where a piece has ended and others follow."""
        pieces, place, outcome = self._pieces[group], self._place[group], self._arrays.groups.outcome
        ended = outcome[group] == DURATION_REACHED
        place[ENDS_ROW] = int(outcome[group] != RUNNING and (not ended or bool(pieces.shown[place[PIECE]])))
        if self._every_row[group]:
            place[ENDS_ROW] = 1
        if ended and place[PIECE] + 1 < len(pieces.ends):
            outcome[group] = RUNNING

    def _ended(self, group: int) -> bool:
        """Whether the present piece has ended and another one follows."""
        pieces, place = self._pieces[group], self._place[group]
        time = float(self._arrays.groups.state[group]["time"])
        return bool(time >= pieces.ends[place[PIECE]] and place[PIECE] + 1 < len(pieces.ends))

    def _enter_level(self, group: int) -> None:
        """Change the temperature where a piece of another one follows."""
        if self._ended(group):
            self._change_level(group, int(self._pieces[group].level[self._place[group][PIECE] + 1]))

    def _change_level(self, group: int, level: int) -> None:
        if level == self._level[group]:
            return
        constraint = self._constraints[group]
        self._level[group] = level
        load_level(self._arrays, group, constraint, level)
        if constraint.pieces is not None:
            for mesh, dense_output in enumerate(self._dense_outputs):
                places = self._arrays.places(mesh, np.array([group]))
                temperature = constraint.pieces.levels[level]
                dense_output.change_temperature(places, temperature, constraint.level_series[level])
