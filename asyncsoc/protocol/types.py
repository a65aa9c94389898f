"""Protocol steps as frozen data; currents are positive on charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Control = Literal["current", "c-rate", "voltage", "rest"]
Quantity = Literal["voltage", "current", "c-rate", "capacity"]


@dataclass(frozen=True)
class Termination:
    """A threshold that ends a step.

    `value` is in V, A (particle, magnitude), 1/h (C-rate, magnitude) or, for "capacity",
    the charge passed in the step as a magnitude in the unit `unit`: "C" (coulomb, particle) or "A.h/kg" or
    "fraction" of the capacity.
    """

    quantity: Quantity
    value: float
    unit: str


@dataclass(frozen=True)
class Step:
    """One step of a protocol.

    Attributes
    ----------
    control
        What is held: "current" [A, the particle's], "c-rate" [1/h], "voltage" [V against Li], "rest".
    value
        Signed: positive charges. For "voltage" the voltage; for "rest" 0.
    duration
        Longest duration [s], None where only terminations end the step.
    terminations
        Any of them ends the step.
    period
        Output period asked for [s], or None.
    temperature
        K, or None for the protocol's.
    cycle
        Number of the cycle the step belongs to, from 1.
    text
        The user's own words.
    """

    control: Control
    value: float
    duration: float | None
    terminations: tuple[Termination, ...]
    period: float | None
    temperature: float | None
    cycle: int
    text: str


@dataclass(frozen=True)
class Protocol:
    """A sequence of steps with cycles unrolled."""

    steps: tuple[Step, ...]
