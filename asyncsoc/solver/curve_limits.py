"""Protocol steps that end where a curve reaches a value: its crossing is located by taking the time step again.

A curve is a function of the state. Where it has crossed its limit at the end of an accepted step, the step is taken
again from its start with smaller sizes until its end lies on the crossing, so that a state that ends a protocol step is
never interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.kernels.profiles import ACCEPTED
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import CurveLimit, StepConstraint
from asyncsoc.solver.dense_output import DenseOutput, restore_nodes
from asyncsoc.solver.profiles import FollowedProfiles
from asyncsoc.solver.states import States

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Measure = Callable[[States, str], Array]
"""Values of a curve at states of particles of one mesh."""
GroupMeasure = Callable[[Sequence[States], str], float]
"""Value of a curve of a group at a state of each of its particles: for every mesh the states of those on it."""

LIMIT = 1000
"""Outcome of a step that ends on curve limit k: LIMIT + k."""
_CLOSE = 1e-9
"""Width of the bracket around a crossing over the time within the protocol step, at which it counts as located."""
_SMALLEST = 1e-12
_ATTEMPTS = 60


@dataclass
class _Watch:
    """The curve limits of a group's present protocol step.

    `margins` are how far each limit is away at the accepted state (positive: not reached), `state` and `own` the
    controller and the particle there, `nodes` the potentials of the group's network. `low` to `high` [s of the time
    step] brackets a crossing that is being located by steps up to `size`; `largest_step` is the group's own.
    """

    limits: tuple[CurveLimit, ...]
    signs: list[float]
    margins: Array
    attempts: int = 0
    low: float = 0.0
    high: float = 0.0
    margin_low: float = 0.0
    margin_high: float = 0.0
    side: int = 0
    largest_step: float = math.inf
    size: float = 0.0
    state: Any = None
    own: Any = None
    nodes: Any = None
    crossed: list[int] = field(default_factory=list)


class CurveLimits:
    """The curve limits of all groups of a problem.

    Parameters
    ----------
    arrays, dense_outputs, profiles
        The problem in the kernels' arrays, the states built from them, the profiles that groups follow.
    measure
        Values of a curve at states; None where no protocol step has a curve limit.
    group_measure
        The same for groups of several particles, or on several meshes.
    """

    def __init__(
        self,
        arrays: ProblemArrays,
        dense_outputs: Sequence[DenseOutput],
        profiles: FollowedProfiles,
        measure: Measure | None,
        group_measure: GroupMeasure | None = None,
    ) -> None:
        self._arrays, self._profiles, self._measure = arrays, profiles, measure
        self._group_measure = group_measure
        self._output, self._outputs = dense_outputs[0], dense_outputs
        self._watched: dict[int, _Watch] = {}
        limited = any(constraint.limits for group in arrays.problem.groups for constraint in group.constraints)
        if limited and (measure if arrays.alone else group_measure) is None:
            raise InputError(
                "a curve ends protocol steps, and nothing measures it",
                where="integrate",
                allowed="measure=... where every particle is alone in its group, on one mesh; else group_measure=...",
            )
        followed = (
            constraint
            for group in arrays.problem.groups
            for constraint in group.constraints
            if constraint.limits and constraint.pieces is not None
        )
        if not arrays.alone and (first := next(followed, None)) is not None:
            raise InputError(
                "a curve ends a profile of single particles only",
                where=f"protocol step {first.number}",
                value=first.limits[0].curve,
                allowed="a voltage, a charge or a duration",
            )

    def __len__(self) -> int:
        """Return how many groups have curve limits now."""
        return len(self._watched)

    def start(self, group: int, constraint: StepConstraint) -> str | None:
        """Watch the curves of a protocol step just begun; return why it is over already, None where it is not."""
        self._watched.pop(group, None)
        if not constraint.limits:
            return None
        values = [self._value_at_start(group, limit) for limit in constraint.limits]
        signs = [
            {">": 1.0, "<": -1.0}.get(limit.side, 1.0 if value <= limit.value else -1.0)
            for limit, value in zip(constraint.limits, values, strict=True)
        ]
        watch = _Watch(constraint.limits, signs, np.zeros(len(values)))
        watch.margins = self._margins_of(watch, np.array([values]))[0]
        self._watched[group] = watch
        watch.largest_step = float(self._arrays.groups.state[group]["largest_step"])
        self._keep(group, watch)
        reason = self._reached(watch)
        return None if reason is None else f"{reason} before the step started"

    def changed(self, group: int) -> str | None:
        """Take the state a group goes on from anew, its contact having changed; return why its step is over thereby."""
        if group not in self._watched:
            return None
        watch = self._watched[group]
        values = [self._value_at_start(group, limit) for limit in watch.limits]
        watch.margins = self._margins_of(watch, np.array([values]))[0]
        self._keep(group, watch)
        return self._reached(watch)

    @staticmethod
    def _reached(watch: _Watch) -> str | None:
        """Return which limit is reached at the state the group goes on from, None where none is."""
        reached = np.flatnonzero(watch.margins <= 0.0)
        return watch.limits[reached[0]].reason if len(reached) else None

    def judge(self, numbers: Ints, outcome: Ints) -> tuple[Ints, Ints]:
        """Judge the accepted attempts of groups.

        Parameters
        ----------
        numbers, outcome : (k,)
            Groups and what their attempts came to.

        Returns
        -------
        again : (j,)
            Groups that take their step again.
        outcome : (k,)
            What the attempts come to: LIMIT + k where limit k is reached.
        """
        outcome, again = outcome.copy(), []
        for row, number in enumerate(numbers.tolist()):
            if number not in self._watched:
                continue
            found = self._judge(number, int(outcome[row]))
            if found is None:
                again.append(number)
            else:
                outcome[row] = found
        return np.array(again, dtype=np.int64), outcome

    def _judge(self, number: int, outcome: int) -> int | None:
        """Return what an accepted attempt of a group comes to, None where it is taken again."""
        watch, state = self._watched[number], self._arrays.groups.state[number]
        start, h = float(watch.state["time"]), float(state["last_step"])
        steps = int(state["accepted"] - watch.state["accepted"])
        if steps > 1 and self._rewound(number, watch):
            return None
        margins = self._margins_at_end(number, watch)
        if (margins > 0.0).all() and (not watch.attempts or h < watch.size * (1.0 - _SMALLEST)):
            watch.margins = margins  # not reached, or the attempt was cut short: on from here
            self._release(number, watch)
            self._keep(number, watch)
            return outcome
        if steps > 1:  # the rows before the end are this side of the limits
            rows = self._profiles.rows(number)
            taken = 0 if rows is None else int(rows.numbers[-1, ACCEPTED] - watch.state["accepted"])
            self._profiles.rewind(number, taken)
            return None
        if not watch.attempts:
            watch.crossed = np.flatnonzero(margins <= 0.0).tolist()
            watch.low, watch.margin_low, watch.side = 0.0, float(watch.margins[watch.crossed].min()), 0
        margin = float(margins[watch.crossed].min())
        if margin <= 0.0:
            watch.margin_low *= 0.5 if watch.side == 1 else 1.0
            watch.high, watch.margin_high, watch.side = h, margin, 1
        else:
            watch.margin_high *= 0.5 if watch.side == -1 else 1.0
            watch.low, watch.margin_low, watch.side = h, margin, -1
        watch.attempts += 1
        close = watch.high - watch.low <= _CLOSE * (start + watch.high) or watch.margin_high == 0.0
        if watch.high == h and (close or watch.attempts > _ATTEMPTS):
            self._release(number, watch)
            self._profiles.show_end(number)
            return LIMIT + min(watch.crossed, key=lambda k: float(margins[k]))
        watch.size = watch.high if close else self._between(watch, start)
        self._restore(number, watch)
        return None

    def _keep(self, number: int, watch: _Watch) -> None:
        """Keep the state a step begins with."""
        watch.state = self._arrays.groups.state[number].copy()
        watch.own = self._arrays.contacts.own[self._particles(number)].copy()
        watch.nodes = self._arrays.node_potentials[number].tolist()

    def _restore(self, number: int, watch: _Watch) -> None:
        """Go back to the start of a step, to take it no larger than `watch.size`."""
        groups = self._arrays.groups
        if number in self._profiles:
            self._profiles.rewind(number, 1)
        else:
            groups.state[number], self._arrays.contacts.own[self._particles(number)] = watch.state, watch.own
            restore_nodes(self._arrays, number, watch.nodes)
        groups.state[number]["largest_step"] = watch.size

    def _release(self, number: int, watch: _Watch) -> None:
        """End a search: steps may be as large as before."""
        self._arrays.groups.state[number]["largest_step"] = watch.largest_step
        watch.attempts = 0

    @staticmethod
    def _between(watch: _Watch, start: float) -> float:
        """Return where the crossing is expected, a little inside the bracket."""
        span = watch.high - watch.low
        middle = (watch.low * watch.margin_high - watch.high * watch.margin_low) / (
            watch.margin_high - watch.margin_low
        )
        if not watch.low < middle < watch.high:
            middle = watch.low + 0.5 * span
        inset = min(0.25 * _CLOSE * (start + watch.high), 0.25 * span)
        return min(max(middle, watch.low + inset), watch.high - inset)

    def _rewound(self, number: int, watch: _Watch) -> bool:
        """Take a call again up to the last row before a crossing among its rows, where there is one."""
        rows = self._profiles.rows(number)
        if rows is None:
            return False
        crossed = np.flatnonzero((self._margins(watch, self._output.followed(number, rows)) <= 0.0).any(axis=1))
        if not len(crossed):
            return False
        before = rows.numbers[crossed[0] - 1, ACCEPTED] - watch.state["accepted"] if crossed[0] else 0.0
        self._profiles.rewind(number, int(before))
        return True

    def _particles(self, number: int) -> slice:
        """Return the places of a group's particles among all."""
        members = self._arrays.members(number)
        return slice(members.start, members.stop)

    def _value_at_start(self, group: int, limit: CurveLimit) -> float:
        """Return the value of a curve at the state from which a group goes on."""
        if self._arrays.alone:
            return float(self._values(self._output.starts(np.array([group])), limit)[0])
        return self._group_value([output.starts(places) for output, places in self._places(group)], limit)

    def _margins_at_end(self, group: int, watch: _Watch) -> Array:
        """Return how far each limit is away at the end of the last attempt."""
        if self._arrays.alone:
            return np.asarray(self._margins(watch, self._output.accepted(np.array([group])).end)[0])
        ends = [output.accepted(places).end for output, places in self._places(group)]
        values = [self._group_value(ends, limit) for limit in watch.limits]
        return np.asarray(self._margins_of(watch, np.array([values]))[0])

    def _places(self, group: int) -> list[tuple[DenseOutput, Ints]]:
        """Return for each mesh its states and the places of the group's particles on it."""
        return [(output, self._arrays.places(mesh, np.array([group]))) for mesh, output in enumerate(self._outputs)]

    def _group_value(self, states: Sequence[States], limit: CurveLimit) -> float:
        value = math.nan if self._group_measure is None else self._group_measure(states, limit.curve)
        return abs(value) if limit.magnitude else value

    def _values(self, states: States, limit: CurveLimit) -> Array:
        if self._measure is None:
            return np.zeros(len(states))
        values = self._measure(states, limit.curve)
        return np.abs(values) if limit.magnitude else values

    def _margins(self, watch: _Watch, states: States) -> Array:
        """Return how far each limit is away (k, limits)."""
        return self._margins_of(watch, np.column_stack([self._values(states, limit) for limit in watch.limits]))

    @staticmethod
    def _margins_of(watch: _Watch, values: Array) -> Array:
        """Return how far each limit is away (k, limits) from values (k, limits); one that is not known is far."""
        margins = np.array(watch.signs) * (np.array([limit.value for limit in watch.limits]) - values)
        return np.asarray(np.where(np.isnan(margins), 1.0, margins))
