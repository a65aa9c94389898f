"""States, accepted steps, outcomes, checkpoints and the callback protocols: plain data, SI, mesh node order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.protocol.constraints import StepConstraint

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepState:
    """A member at one time.

    Attributes
    ----------
    time
        Since the start of the protocol [s].
    step, cycle
        Numbers of the protocol step and cycle, from 1.
    x : (n,)
        Stoichiometry, in the mesh's node order.
    potential
        phi_s - phi_e [V] at the particle: behind its own resistance, where it has one.
    voltage
        Cell voltage: potential of the particle's group plus series drop [V].
    current
        Particle current [A], positive on charge.
    charge
        Charge passed since the start of the protocol [C].
    contact_nodes : (c,) int64
        Mesh nodes of the contact.
    contact_current_density : (c,)
        Intercalation current density on them [A/m2], per area of contact whether a film has closed a part of it or not.
    film_resistance : (c,)
        On them [ohm m2], the grown film's included.
    temperature
        K.
    film_thickness : (c,)
        Grown by the side reaction [m]; empty where there is none.
    side_current_density : (c,)
        Of the side reaction [A/m2], per the same area; empty where there is none.
    open_share : (c,)
        Share of their area that no film has closed.
    side_charge
        The side reaction's part of `charge` [C].
    step_time
        Since the start of the protocol step [s].
    salt : (n,)
        Concentrations of the salt of its group [mol/m3], the lithium electrode first; None where there is none.
    """

    time: float
    step: int
    cycle: int
    x: Array
    potential: float
    voltage: float
    current: float
    charge: float
    contact_nodes: NDArray[np.int64]
    contact_current_density: Array
    film_resistance: Array
    temperature: float
    film_thickness: Array = field(default_factory=lambda: np.zeros(0))
    side_current_density: Array = field(default_factory=lambda: np.zeros(0))
    open_share: Array = field(default_factory=lambda: np.zeros(0))
    side_charge: float = 0.0
    step_time: float = 0.0
    salt: Array | None = None


@dataclass(frozen=True, eq=False)
class States:
    """States of many members, one row each with the fields of `StepState`; a member may have any number of rows.

    Attributes
    ----------
    number : (k,) int64
        Members by their number in the batch.
    contact_nodes
        For each member of the batch its contact nodes, ascending.
    film_open : (k,) bool
        Whether the member has a side reaction that grows film.
    time, step_time, temperature, potential, voltage, current, charge, side_charge : (k,)
        As of `StepState`. `potential` is NaN where the constraint could not be solved.
    step, cycle : (k,) int64
    x : (k, n)
    contact_current_density, side_current_density, film_resistance, film_thickness, open_share : (k, C)
        As wide as the widest contact of the batch; beyond a member's own nodes they mean nothing.
    salt : (k, n)
        Concentrations of the salt of their groups [mol/m3]; None where there is none.
    """

    number: NDArray[np.int64]
    contact_nodes: Sequence[NDArray[np.int64]]
    film_open: NDArray[np.bool_]
    time: Array
    step_time: Array
    step: NDArray[np.int64]
    cycle: NDArray[np.int64]
    temperature: Array
    x: Array
    potential: Array
    voltage: Array
    current: Array
    charge: Array
    side_charge: Array
    contact_current_density: Array
    side_current_density: Array
    film_resistance: Array
    film_thickness: Array
    open_share: Array
    salt: Array | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.number)

    @classmethod
    def of(cls, **fields: Any) -> States:
        """Return states of all fields, which is quicker by far than the constructor of a frozen class."""
        made = object.__new__(cls)
        made.__dict__.update(fields)
        return made

    @classmethod
    def joined(cls, parts: Sequence[States]) -> States:
        """Return states of one mesh, one after the other."""
        if len(parts) == 1:
            return parts[0]
        names = parts[0]._rows
        changes: Any = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return replace(parts[0], **changes)

    def rows(self, kept: NDArray[np.bool_]) -> States:
        """Return the rows where `kept` (k,) is true."""
        if kept.all():
            return self
        changes: Any = {name: getattr(self, name)[kept] for name in self._rows}
        return replace(self, **changes)

    @property
    def _rows(self) -> list[str]:
        """Names of what has a row for each state."""
        absent = ("contact_nodes",) if self.salt is not None else ("contact_nodes", "salt")
        return [name for name in self.__dataclass_fields__ if name not in absent]

    def one(self, row: int) -> StepState:
        """Return one row."""
        nodes = self.contact_nodes[int(self.number[row])]
        count, film = len(nodes), len(nodes) if self.film_open[row] else 0
        return StepState(
            time=float(self.time[row]),
            step=int(self.step[row]),
            cycle=int(self.cycle[row]),
            x=self.x[row],
            potential=float(self.potential[row]),
            voltage=float(self.voltage[row]),
            current=float(self.current[row]),
            charge=float(self.charge[row]),
            contact_nodes=nodes,
            contact_current_density=self.contact_current_density[row, :count],
            film_resistance=self.film_resistance[row, :count],
            temperature=float(self.temperature[row]),
            film_thickness=self.film_thickness[row, :film],
            open_share=self.open_share[row, :count],
            side_current_density=self.side_current_density[row, :film],
            side_charge=float(self.side_charge[row]),
            step_time=float(self.step_time[row]),
            salt=None if self.salt is None else self.salt[row],
        )


@dataclass(frozen=True, eq=False)
class AcceptedSteps:
    """Steps accepted by as many members, one each.

    Attributes
    ----------
    start_time : (k,)
        When each step began [s].
    end
        Where each ended.
    at
        `at(rows, times)` returns the states of the members `end.number[rows]` at `times` within their steps
        (continuous solution); a row's `potential` is NaN where the constraint cannot be solved. It reads the
        integrator's own arrays: call it within `BatchCallback.step`. After the next step it raises SimulationError.
    followed
        States on the way to `end` of members that follow a profile: they take many steps at a time, and `start_time`
        is that of the last one. A member's rows come in the order of their times. None: there are none.
    shown : (k,) bool
        Whether `end` is one of the times asked for; only a member that follows a profile may end between them. None:
        all are.
    following : (k,) bool
        Whether the member follows a profile; None: none does.
    """

    start_time: Array
    end: States
    at: Callable[[NDArray[np.int64], Array], States]
    followed: States | None = None
    shown: NDArray[np.bool_] | None = None
    following: NDArray[np.bool_] | None = None

    def without(self, numbers: Mapping[int, object]) -> AcceptedSteps:
        """Return the steps of the other members."""
        if not numbers:
            return self
        kept = np.array([int(number) not in numbers for number in self.end.number], dtype=bool)
        places = np.flatnonzero(kept)
        followed = self.followed
        if followed is not None:
            followed = followed.rows(np.array([int(number) not in numbers for number in followed.number], dtype=bool))
        return AcceptedSteps(
            self.start_time[kept],
            self.end.rows(kept),
            lambda rows, times: self.at(places[rows], times),
            followed,
            None if self.shown is None else self.shown[kept],
            None if self.following is None else self.following[kept],
        )

    def one(self, row: int) -> AcceptedStep:
        """Return the step of one member."""

        def at(when: float) -> StepState:
            state = self.at(np.array([row]), np.array([when])).one(0)
            if np.isnan(state.potential):
                raise UnsolvedStateError(when)
            return state

        def each(times: Sequence[float]) -> list[StepState]:
            states = self.at(np.full(len(times), row), np.array(times))
            unknown = np.isnan(states.potential)
            if unknown.any():
                raise UnsolvedStateError(float(times[int(np.argmax(unknown))]))
            return [states.one(k) for k in range(len(times))]

        return AcceptedStep(float(self.start_time[row]), self.end.one(row), at, each)


class UnsolvedStateError(SimulationError):
    """No potential satisfies a group's constraint between two accepted states; `time` is when [s]."""

    def __init__(self, time: float) -> None:
        super().__init__(f"the constraint cannot be solved at t = {time:.6g} s")
        self.time = time


@dataclass(frozen=True, eq=False)
class AcceptedStep:
    """An accepted step: where it began, where it ended, and `at(time)` for any time between (continuous solution).

    `at` reads the integrator's own arrays: call it within `Callback.step`. After the next step it raises
    SimulationError. `each(times)` is `at` of several times together, which is quicker.
    """

    start_time: float
    end: StepState
    at: Callable[[float], StepState]
    each: Callable[[Sequence[float]], list[StepState]]


class Callback(Protocol):
    """Receives every state of a member that the integrator accepts; raises SimulationError to stop the member.

    Along a profile, one with an attribute `sparse` that is true receives the last of many steps at a time.
    """

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Receive the state at the beginning of a protocol step, the step's current or voltage applied."""

    def step(self, step: AcceptedStep) -> None:
        """Receive an accepted step."""


Errors = Mapping[int, SimulationError]
"""Members to be stopped, by number, and why."""


class BatchCallback(Protocol):
    """Receives the states of all members of a batch together, which is quicker by far; returns members to stop.

    Along a profile, one with an attribute `sparse` that is true receives the last of many steps at a time, and those
    before it that are rows (`AcceptedSteps.followed`); `every_row` may say for each member that every step is one.
    """

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Receive states at the beginning of protocol steps, the steps' currents or voltages applied."""

    def step(self, steps: AcceptedSteps) -> Errors:
        """Receive a step accepted by each of many members."""
