"""Constraints of protocol steps: a relation between current and potential, and what ends a step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from asyncsoc.base.errors import InputError
from asyncsoc.kernels.step_control import (
    CHARGE_REACHED,
    CURRENT_BELOW,
    OPEN_BELOW,
    VOLTAGE_ABOVE,
    VOLTAGE_BELOW,
    X_ABOVE,
    X_BELOW,
)
from asyncsoc.protocol.limits import ASYNCHRONY
from asyncsoc.protocol.pieces import PieceTable, piece_table
from asyncsoc.protocol.types import Side, Step, Termination

SECONDS_PER_HOUR = 3600.0
_SMALL_RATE = 0.01


@dataclass(frozen=True)
class Event:
    """An event that ends a protocol step: kind and value as the kernels read them, and the reason in words."""

    kind: int
    value: float
    reason: str


@dataclass(frozen=True)
class CurveLimit:
    """A value of a curve that ends a protocol step.

    Attributes
    ----------
    curve
        Name of the curve with its unit.
    value
        In that unit.
    side
        ">" where the step ends above it, "<" below it; "" where it ends on the side on which it does not begin.
    reason
        In words.
    magnitude
        Whether the magnitude of the curve is meant.
    """

    curve: str
    value: float
    side: Side
    reason: str
    magnitude: bool = False


@dataclass(frozen=True)
class StepConstraint:
    """One protocol step as current_factor * I + potential_factor * phi_s = target, or I V = target.

    Attributes
    ----------
    step
        The protocol step.
    number
        Its number, from 1.
    current_factor, potential_factor, target
        The constraint: (1, 0, I) for a current [A], (series, 1, V) for a voltage [V], (series + R, 1, 0) for a
        resistance R [ohm]; for a power the target [W] alone. Of a profile the target is the first.
    series
        Series resistance seen by the particle's current [ohm].
    events
        What ends it before its duration.
    limits
        Values of curves that end it, too.
    duration
        Longest duration [s], infinite where only events end it.
    temperature
        K.
    current_scale
        Current below which errors of the current under a held voltage count absolutely [A]: the limit that ends the
        step, else C/100.
    product
        Whether the target is a power.
    pieces
        The profile it follows, in the units of the target.
    level_series
        Series resistance [ohm] at each of the profile's temperatures.
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
    product: bool = False
    limits: tuple[CurveLimit, ...] = ()
    pieces: PieceTable | None = None
    level_series: tuple[float, ...] = ()
    branch: str = ""

    @property
    def galvanostatic(self) -> bool:
        """Whether the current is imposed."""
        return self.potential_factor == 0.0 and not self.product

    @property
    def held(self) -> bool:
        """Whether the current follows from a voltage or a resistance."""
        return self.potential_factor != 0.0 and not self.product

    def time_of_contact(self, within: float) -> float:
        """Return the time within the step [s] whose coverage is set at `within` [s]: a profile keeps its first."""
        return within if self.pieces is None else 0.0

    @property
    def direction(self) -> float | None:
        """A number above 0 where the step charges, below where it discharges; None where a voltage is held.

        A profile goes the way of its net charge or energy.
        """
        if self.held:
            return -1.0 if self.step.control == "resistance" else None
        return self.target if self.pieces is None else self.pieces.integral

    @property
    def largest_current(self) -> float:
        """Largest current that is imposed [A], 0 where none is."""
        if not self.galvanostatic:
            return 0.0
        return abs(self.target) if self.pieces is None else self.pieces.largest

    @property
    def temperatures(self) -> tuple[float, ...]:
        """All temperatures [K] at which it is carried out."""
        return (self.temperature,) if self.pieces is None else self.pieces.levels


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
    areal_capacity
        Of the electrode [C/m2]: what areal currents and charges are shared by.
    every_point
        Whether every point of a profile is a row, whatever its period.
    """

    capacity: float
    mass: float
    series: float
    window: tuple[float, float]
    temperature: float
    least_open: float | None = None
    areal_capacity: float = 0.0
    every_point: bool = False

    @property
    def area(self) -> float:
        """Area of electrode whose capacity is the particle's [m2]; NaN where no areal capacity is known."""
        return self.capacity / self.areal_capacity if self.areal_capacity else math.nan


def series_resistance(thickness: float, conductivity: float, areal_capacity: float, capacity: float) -> float:
    """Return the separator's resistance seen by one particle's current [ohm].

    An electrode of areal capacity Q_A [C/m2] holds Q_A / Q_p particles of capacity Q_p [C] per m2, so its areal
    current is I Q_A / Q_p and the drop thickness / conductivity * I Q_A / Q_p.
    """
    return thickness / conductivity * areal_capacity / capacity


def step_constraint(
    step: Step, number: int, scale: ParticleScale, *, level_series: Mapping[float, float] | None = None
) -> StepConstraint:
    """Turn a protocol step into the constraint and events the integrator reads.

    Parameters
    ----------
    step, number
        The step and its number, from 1.
    scale
        Scales of the particle at the step's temperature.
    level_series
        Series resistance [ohm] by temperature [K], for a profile that has temperatures.

    Raises
    ------
    InputError
        The step follows a profile that is not known.
    """
    pieces = None if step.follows is None else _pieces(step, number, scale)
    # What the step does to the particle: 1 charges, -1 discharges, 0 both or either.
    sign = (
        0.0 if step.control in ("profile", "voltage", "rest") else -1.0 if step.control == "resistance" else step.value
    )
    events = [_event(t, sign, scale) for t in step.terminations if t.quantity != "curve"]
    either = step.control in ("voltage", "profile")
    if sign > 0.0 or either:
        low = scale.window[0]
        events.append(Event(X_BELOW, low, f"stoichiometry limit x = {low:g} reached under the contact"))
    if sign < 0.0 or either:
        high = scale.window[1]
        events.append(Event(X_ABOVE, high, f"stoichiometry limit x = {high:g} reached under the contact"))
    if scale.least_open is not None:
        words = f"contact blocked by film: less than {100.0 * scale.least_open:g} % of it is open"
        events.append(Event(OPEN_BELOW, scale.least_open, words))
    duration = math.inf if step.duration is None else step.duration
    temperature, series = scale.temperature if step.temperature is None else step.temperature, scale.series
    by_level: tuple[float, ...] = ()
    if pieces is not None:
        known = level_series or {}
        temperature = pieces.levels[int(pieces.level[0])]
        by_level = tuple(known.get(level, scale.series) for level in pieces.levels)
        series = by_level[int(pieces.level[0])]
    small = _SMALL_RATE * scale.capacity / SECONDS_PER_HOUR
    current_factor, potential_factor, target, product = _relation(step, series, scale, pieces)
    return StepConstraint(
        step=step,
        number=number,
        current_factor=current_factor,
        potential_factor=potential_factor,
        target=target,
        series=series,
        events=tuple(events),
        duration=duration if pieces is None else float(pieces.ends[-1]),
        temperature=temperature,
        current_scale=min((event.value for event in events if event.kind == CURRENT_BELOW), default=small),
        product=product,
        limits=tuple(_curve_limit(t) for t in step.terminations if t.quantity == "curve"),
        pieces=pieces,
        level_series=by_level,
    )


def _relation(
    step: Step, series: float, scale: ParticleScale, pieces: PieceTable | None
) -> tuple[float, float, float, bool]:
    """Return current factor, potential factor and target of a step's constraint, and whether that is a power."""
    control: str = step.control
    if step.follows is not None and step.follows.profile is not None and pieces is not None:
        quantity, value = step.follows.profile.quantity, float(pieces.first[0])
        control = quantity if quantity in ("power", "voltage") else "current"
    else:
        value = 0.0 if control == "rest" else step.value * _amperes(control, scale)
    if control == "power":
        return 0.0, 0.0, value, True
    if control == "voltage":
        return series, 1.0, value, False
    if control == "resistance":
        return series + value, 1.0, 0.0, False
    return 1.0, 0.0, value, False


def _amperes(quantity: str, scale: ParticleScale) -> float:
    """Return what one unit of a current is in amperes of the particle; 1 of what is no current."""
    return {
        "c-rate": scale.capacity / SECONDS_PER_HOUR,
        "areal current": scale.area,
        "specific current": scale.mass,
    }.get(quantity, 1.0)


def _pieces(step: Step, number: int, scale: ParticleScale) -> PieceTable:
    """Return the profile of a step in the units of its constraint: A of the particle, W, V."""
    follows = step.follows
    if follows is None or follows.profile is None:
        name = "" if follows is None else follows.name
        raise InputError(
            "the profile of this step is not known here",
            where=f"protocol step {number}",
            value=name,
            allowed="a CSV file beside the case, or a profile given in Python",
            next_step="put the file where the case looks for it, or give the profile again (Protocol(profiles=...))",
        )
    factor = {
        "c-rate": scale.capacity / SECONDS_PER_HOUR,
        "specific current": scale.mass,
        "areal current": scale.area,
    }.get(follows.profile.quantity, 1.0)
    return piece_table(
        follows.profile,
        factor,
        interpolation=follows.interpolation,
        duration=step.duration,
        period=step.period,
        temperature=scale.temperature if step.temperature is None else step.temperature,
        every_point=scale.every_point,
    )


def _curve_limit(termination: Termination) -> CurveLimit:
    name, value, side = termination.curve, termination.value, termination.side
    magnitude = name == ASYNCHRONY and not side
    words = f"{'magnitude of ' if magnitude else ''}{name} {side + ' ' if side else ''}{value:g} reached"
    return CurveLimit(name, abs(value) if magnitude else value, side, words, magnitude)


def _event(termination: Termination, sign: float, scale: ParticleScale) -> Event:
    value = termination.value
    if termination.quantity == "voltage":
        above = termination.side == ">" or (not termination.side and sign > 0.0)
        return Event(VOLTAGE_ABOVE if above else VOLTAGE_BELOW, value, f"voltage {value:g} V reached")
    if termination.quantity == "current":
        return Event(CURRENT_BELOW, value, f"current {value:g} A reached")
    if termination.quantity == "c-rate":
        limit = value * scale.capacity / SECONDS_PER_HOUR
        return Event(CURRENT_BELOW, limit, f"current {value:g} C reached")
    if termination.quantity != "capacity":
        shown = f"{0.1 * value:g} mA/cm2" if termination.quantity == "areal current" else f"{value:g} mA/g"
        return Event(CURRENT_BELOW, value * _amperes(termination.quantity, scale), f"current {shown} reached")
    charge = {
        "C": value,
        "A.h/kg": value * SECONDS_PER_HOUR * scale.mass,
        "A.h/m2": value * SECONDS_PER_HOUR * scale.area,
        "fraction": value * scale.capacity,
    }
    words = {
        "C": f"{value:g} C",
        "A.h/kg": f"{value:g} mAh/g",
        "A.h/m2": f"{0.1 * value:g} mAh/cm2",
        "fraction": f"{100.0 * value:g} % of capacity",
    }
    return Event(CHARGE_REACHED, charge[termination.unit], f"charge of {words[termination.unit]} reached")
