"""Protocol steps as frozen data; currents are positive on charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asyncsoc.base.display import ShortRepr
from asyncsoc.protocol.profile import COLDEST, HOTTEST, Interpolation, Profile

Control = Literal[
    "current", "c-rate", "areal current", "specific current", "voltage", "rest", "power", "resistance", "profile"
]
Quantity = Literal["voltage", "current", "c-rate", "areal current", "specific current", "capacity", "curve"]
RATES: tuple[Control, ...] = ("current", "c-rate", "areal current", "specific current")
"""Controls that hold a current."""
Side = Literal["", "<", ">"]
__all__ = [
    "COLDEST",
    "HOTTEST",
    "RATES",
    "Control",
    "FollowedProfile",
    "Quantity",
    "Side",
    "Step",
    "StepSequence",
    "Termination",
]


@dataclass(frozen=True)
class Termination:
    """A threshold that ends a step.

    `value` is in V, A (particle, magnitude), 1/h (C-rate, magnitude), A/m2 of electrode or A/kg of active material
    (magnitudes) or, for "capacity", the charge passed in the step as a magnitude in the unit `unit`: "C" (coulomb,
    particle), "A.h/kg", "A.h/m2" of electrode or "fraction" of the capacity. For "curve" it is a value of the curve
    named `curve`, in its own unit.

    `side` says from which side the threshold is passed: ">" where the step ends above it, "<" below it; "" where that
    follows from the step, or from where a curve lies when the step begins.
    """

    quantity: Quantity
    value: float
    unit: str
    curve: str = ""
    side: Side = ""


@dataclass(frozen=True)
class FollowedProfile:
    """The profile a step follows.

    Attributes
    ----------
    name
        What the step calls it: a file's name, or one given to it in Python.
    interpolation
        "linear" between its points, or "hold": every value until the next point.
    profile
        None where it is not known here; `sha256` says which it is.
    sha256
        Of its content.
    """

    name: str
    interpolation: Interpolation = "linear"
    profile: Profile | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a protocol.

    Attributes
    ----------
    control
        What is held: "current" [A, the particle's], "c-rate" [1/h], "areal current" [A per m2 of electrode], "specific
        current" [A per kg of active material], "voltage" [V against Li], "rest", "power" [W, the
        particle's], "resistance" [ohm, across the particle]; or "profile".
    value
        Signed: positive charges. For "voltage" the voltage, for "resistance" the resistance, for "rest" and "profile"
        0.
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
    follows
        The profile, for "profile".
    """

    control: Control
    value: float
    duration: float | None
    terminations: tuple[Termination, ...]
    period: float | None
    temperature: float | None
    cycle: int
    text: str
    follows: FollowedProfile | None = None

    @property
    def temperatures(self) -> tuple[float | None, ...]:
        """Temperatures [K] at which it is carried out; None for the protocol's."""
        profile = None if self.follows is None else self.follows.profile
        return profile.levels or (self.temperature,) if profile is not None else (self.temperature,)


@dataclass(frozen=True, repr=False)
class StepSequence(ShortRepr):
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
            for own in step.temperatures:
                asked_by = "protocol.temperature" if own is None else f"protocol step {number}"
                found.setdefault(otherwise if own is None else own, asked_by)
        return found
