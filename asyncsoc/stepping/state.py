"""What the integrator shows: states, accepted steps, outcomes. Plain data, SI, mesh node order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.errors import SimulationError

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
        phi_s - phi_e [V].
    voltage
        Cell voltage: potential plus series drop [V].
    current
        Particle current [A], positive on charge.
    charge
        Charge passed since the start of the protocol [C].
    contact_nodes : (c,) int64
        Mesh nodes of the contact.
    contact_current_density : (c,)
        Intercalation current density on them [A/m2].
    film_resistance : (c,)
        On them [ohm m2], the grown film's included.
    temperature
        K.
    film_thickness : (c,)
        Grown by the side reaction [m]; empty where there is none.
    side_current_density : (c,)
        Of the side reaction [A/m2]; empty where there is none.
    side_charge
        The side reaction's part of `charge` [C].
    step_time
        Since the start of the protocol step [s].
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
    side_charge: float = 0.0
    step_time: float = 0.0


@dataclass(frozen=True, eq=False)
class AcceptedStep:
    """An accepted step: where it began, where it ended, and `at(time)` for any time between (continuous solution).

    `at` reads the integrator's own arrays: ask within `Observer.step`. Once the next step is taken it raises
    SimulationError.
    """

    start_time: float
    end: StepState
    at: Callable[[float], StepState]


@dataclass(frozen=True)
class SegmentOutcome:
    """How one protocol step went: its words, why it stopped, its duration [s], charge and side charge [C]."""

    number: int
    cycle: int
    text: str
    reason: str
    duration: float
    charge: float
    side_charge: float = 0.0


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Everything a member needs to go on from an accepted state, bit for bit as if it had never stopped.

    Attributes
    ----------
    x : (n,)
        Stoichiometry, mesh node order.
    film : (c,)
        Film thickness on the contact nodes [m].
    state : (N_STATE,)
        Columns of `kernels.controller`: time and charges within the protocol step, step size, error before.
    start_time, start_charge, start_side_charge
        When the present protocol step began [s], charges passed until then [C].
    finished
        Protocol steps done; the present one is the next.
    underway
        Whether the present protocol step has begun.
    """

    x: Array
    film: Array
    state: Array
    start_time: float
    start_charge: float
    start_side_charge: float
    finished: tuple[SegmentOutcome, ...]
    underway: bool

    @property
    def time(self) -> float:
        """Seconds since the start of the protocol."""
        return self.start_time + (float(self.state[0]) if self.underway else 0.0)


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a member's run ended.

    Attributes
    ----------
    stop_reason
        Why the last protocol step ended.
    segments
        One entry per protocol step begun.
    accepted, rejected
        Steps of the integrator.
    error
        None where the protocol was carried out to its end.
    checkpoint
        The last accepted state, to go on from; None where nothing was begun.
    """

    stop_reason: str
    segments: tuple[SegmentOutcome, ...]
    accepted: int
    rejected: int
    error: SimulationError | None
    checkpoint: Checkpoint | None


class Observer(Protocol):
    """Sees every member state the integrator accepts; raises SimulationError to stop the member."""

    def start(self, state: StepState, segment: Segment) -> None:
        """See the state at the beginning of a protocol step, the step's current or voltage applied."""

    def step(self, step: AcceptedStep) -> None:
        """See an accepted step."""
