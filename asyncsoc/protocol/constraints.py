"""Constraints of protocol steps: a linear relation between current and potential, and the events that end a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asyncsoc.kernels.step_control import (
    CHARGE_REACHED,
    CURRENT_BELOW,
    OPEN_BELOW,
    VOLTAGE_ABOVE,
    VOLTAGE_BELOW,
    X_ABOVE,
    X_BELOW,
)
from asyncsoc.protocol.types import Step, Termination

SECONDS_PER_HOUR = 3600.0
_SMALL_RATE = 0.01


@dataclass(frozen=True)
class Event:
    """An event that ends a protocol step: kind and value as the kernels read them, and the reason in words."""

    kind: int
    value: float
    reason: str


@dataclass(frozen=True)
class StepConstraint:
    """One protocol step as current_factor * I + potential_factor * phi_s = target.

    Attributes
    ----------
    step
        The protocol step.
    number
        Its number, from 1.
    current_factor, potential_factor, target
        The constraint: (1, 0, I) for a current [A], (series, 1, V) for a voltage [V].
    series
        Series resistance seen by the particle's current [ohm].
    events
        What ends it before its duration.
    duration
        Longest duration [s], infinite where only events end it.
    temperature
        K.
    current_scale
        Current below which errors of the current under a held voltage count absolutely [A]: the limit that ends the
        step, else C/100.
    branch
        Of the open-circuit potential, 'charge' or 'discharge'; '' where there is one for both.
    """

    step: Step
    number: int
    current_factor: float
    potential_factor: float
    target: float
    series: float
    events: tuple[Event, ...]
    duration: float
    temperature: float
    current_scale: float = 0.0
    branch: str = ""

    @property
    def galvanostatic(self) -> bool:
        """Whether the current is imposed."""
        return self.potential_factor == 0.0


@dataclass(frozen=True)
class ParticleScale:
    """Scales of a particle that convert rates and areal quantities into its own currents and charges.

    Attributes
    ----------
    capacity
        What 1 C means for the particle [C].
    mass
        Mass of the particle [kg].
    series
        Series resistance seen by the particle's current [ohm].
    window
        Lowest and highest stoichiometry a step may reach.
    temperature
        Temperature where a step names none [K].
    least_open
        Share of the contact a film must leave open; None where no film can block it.
    """

    capacity: float
    mass: float
    series: float
    window: tuple[float, float]
    temperature: float
    least_open: float | None = None


def series_resistance(thickness: float, conductivity: float, areal_capacity: float, capacity: float) -> float:
    """Return the separator's resistance seen by one particle's current [ohm].

    An electrode of areal capacity Q_A [C/m2] holds Q_A / Q_p particles of capacity Q_p [C] per m2, so its areal
    current is I Q_A / Q_p and the drop thickness / conductivity * I Q_A / Q_p.
    """
    return thickness / conductivity * areal_capacity / capacity


def step_constraint(step: Step, number: int, scale: ParticleScale) -> StepConstraint:
    """Turn a protocol step into the constraint and events the integrator reads."""
    if step.control == "voltage":
        factors = (scale.series, 1.0, step.value)
        current = 0.0
    else:
        per_hour = scale.capacity / SECONDS_PER_HOUR
        current = {"current": step.value, "c-rate": step.value * per_hour, "rest": 0.0}[step.control]
        factors = (1.0, 0.0, current)
    events = [_event(t, current, scale) for t in step.terminations]
    held = step.control == "voltage"
    small = _SMALL_RATE * scale.capacity / SECONDS_PER_HOUR
    if current > 0.0 or held:
        low = scale.window[0]
        events.append(Event(X_BELOW, low, f"stoichiometry limit x = {low:g} reached under the contact"))
    if current < 0.0 or held:
        high = scale.window[1]
        events.append(Event(X_ABOVE, high, f"stoichiometry limit x = {high:g} reached under the contact"))
    if scale.least_open is not None:
        words = f"contact blocked by film: less than {100.0 * scale.least_open:g} % of it is open"
        events.append(Event(OPEN_BELOW, scale.least_open, words))
    return StepConstraint(
        step=step,
        number=number,
        current_factor=factors[0],
        potential_factor=factors[1],
        target=factors[2],
        series=scale.series,
        events=tuple(events),
        duration=math.inf if step.duration is None else step.duration,
        temperature=scale.temperature if step.temperature is None else step.temperature,
        current_scale=min((event.value for event in events if event.kind == CURRENT_BELOW), default=small),
    )


def _event(termination: Termination, current: float, scale: ParticleScale) -> Event:
    value = termination.value
    if termination.quantity == "voltage":
        return Event(VOLTAGE_ABOVE if current > 0.0 else VOLTAGE_BELOW, value, f"voltage {value:g} V reached")
    if termination.quantity == "current":
        return Event(CURRENT_BELOW, value, f"current {value:g} A reached")
    if termination.quantity == "c-rate":
        limit = value * scale.capacity / SECONDS_PER_HOUR
        return Event(CURRENT_BELOW, limit, f"current {value:g} C reached")
    charge = {"C": value, "A.h/kg": value * SECONDS_PER_HOUR * scale.mass, "fraction": value * scale.capacity}
    words = {"C": f"{value:g} C", "A.h/kg": f"{value:g} mAh/g", "fraction": f"{100.0 * value:g} % of capacity"}
    return Event(CHARGE_REACHED, charge[termination.unit], f"charge of {words[termination.unit]} reached")
