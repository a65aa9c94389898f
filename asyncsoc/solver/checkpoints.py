"""What is left of a run: outcomes of its protocol steps, and the checkpoint from which it can be resumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import ShortRepr
from asyncsoc.base.errors import SimulationError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StepOutcome:
    """Outcome of one protocol step: its text, the reason it ended, its duration [s], charge and side charge [C]."""

    number: int
    cycle: int
    text: str
    reason: str
    duration: float
    charge: float
    side_charge: float = 0.0


def numbers_of(row: np.void) -> dict[str, float]:
    """Return the numbers of a record by name."""
    return {name: float(row[name]) for name in row.dtype.names or ()}


@dataclass(frozen=True, eq=False, repr=False)
class ParticleCheckpoint(ShortRepr):
    """The state of one particle at a checkpoint.

    Attributes
    ----------
    x : (n,)
        Stoichiometry, mesh node order.
    film : (c,)
        Film thickness on the contact nodes [m].
    charge, side_charge
        Passed within the present protocol step [C].
    start_charge, start_side_charge
        Passed before it began [C].
    potential
        The particle's own driving potential [V], where it differs from its group's; else not a number.
    """

    x: Array
    film: Array
    charge: float
    side_charge: float
    start_charge: float
    start_side_charge: float
    potential: float = math.nan


@dataclass(frozen=True, eq=False, repr=False)
class Checkpoint(ShortRepr):
    """The complete accepted state of a group: resumed from it, a run has the same bits as one that never stopped.

    Attributes
    ----------
    particles
        Its particles in order.
    state
        Time and charges within the protocol step, step size, error before: `kernels.parameters.ControllerState` by
        name.
    start_time
        When the present protocol step began [s].
    finished
        Protocol steps done; the present one is the next.
    underway
        Whether the present protocol step has begun.
    tolerance_share
        The tolerance of the present protocol step over the group's own.
    nodes
        Potentials of the nodes of its network [V]; empty where it has none.
    salt
        Concentrations of the salt in them and in the separator [mol/m3]; empty where it is not solved.
    """

    particles: tuple[ParticleCheckpoint, ...]
    state: Mapping[str, float]
    start_time: float
    finished: tuple[StepOutcome, ...]
    underway: bool
    tolerance_share: float = 1.0
    nodes: tuple[float, ...] = ()
    salt: tuple[float, ...] = ()

    @property
    def time(self) -> float:
        """Seconds since the start of the protocol."""
        return self.start_time + (self.state["time"] if self.underway else 0.0)


@dataclass(frozen=True, eq=False, repr=False)
class RunOutcome(ShortRepr):
    """Outcome of a group's run.

    Attributes
    ----------
    stop_reason
        Why the last protocol step ended.
    steps
        One entry per protocol step begun.
    accepted, rejected
        Steps of the integrator.
    error
        None where the protocol was completed.
    checkpoint
        The last accepted state; None where no step was started.
    """

    stop_reason: str
    steps: tuple[StepOutcome, ...]
    accepted: int
    rejected: int
    error: SimulationError | None
    checkpoint: Checkpoint | None
