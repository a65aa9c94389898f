"""Protocol steps as frozen data; currents are positive on charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Control = Literal["current", "c-rate", "voltage", "rest"]
Quantity = Literal["voltage", "current", "c-rate", "capacity"]
COLDEST, HOTTEST = 200.0, 500.0
"""Lowest and highest temperature [K] of a step or a whole protocol."""


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
class StepSequence:
    """A sequence of steps with cycles unrolled."""

    steps: tuple[Step, ...]

    def temperatures(self, otherwise: float) -> dict[float, str]:
        """Return every temperature [K] at which a step is carried out, with the case's key or step that asks for it.

        Parameters
        ----------
        otherwise
            Temperature [K] of the steps that name none.
        """
        found: dict[float, str] = {}
        for number, step in enumerate(self.steps, start=1):
            own = step.temperature
            found.setdefault(
                otherwise if own is None else own, "protocol.temperature" if own is None else f"protocol step {number}"
            )
        return found
