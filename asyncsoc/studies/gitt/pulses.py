"""Pulses of a titration in curves of time, current and voltage, and the apparent diffusivity of each.

Of a pulse of duration t the steady voltage changes by dEs, from the end of the rest before it to the end of the rest
after it, and the voltage under current by dEtau, from just after the current is switched on to its end. Then

    D1 = (dEs / dEtau)^2,   D = 4 / (pi t) (R_s / 3)^2 D1.

Source: equations 1 and 2 of An et al., Adv. Funct. Mater. 2023, doi:10.1002/adfm.202305186, after W. Weppner and
R. A. Huggins, J. Electrochem. Soc. 124 (1977) 1569, doi:10.1149/1.2133112.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Jump = Literal["removed", "kept"]

NO_CURRENT = 0.02
"""Share of the largest current below which a row belongs to a rest."""
_SHORT = 0.98
"""Share of the median pulse below which a pulse is called cut short."""
_EARLY = 4.0
"""The jump is extrapolated from the rows up to this multiple of the time of the first one after the switch."""
_FEWEST = 3


@dataclass(frozen=True)
class GittPulse:
    """One pulse and the rests around it.

    Attributes
    ----------
    number, cycle
        From 1; a cycle begins with a charge that follows a discharge.
    direction
        "charge" or "discharge".
    start, duration, rest
        When the current is switched on, how long it flows, and how long the rest after it is [s].
    current
        Mean over the pulse, positive on charge [A]; 1 or -1 where the curves have no current.
    before, switched_on, end, after
        Voltage at the end of the rest before, just after the current is switched on (extrapolated to that moment), at
        the end of the pulse, and at the end of the rest after it [V].
    cut_short
        Whether the pulse is shorter than most of the others: a voltage limit ended it.
    apparent
        Apparent diffusivity by equation 1 [m2/s]; NaN without a radius, or where `d1` is.
    film
        Mean thickness of the film at the end of the pulse [m]; NaN where there is none.
    true
        Diffusivity of the material at the mean stoichiometry of the pulse [m2/s]; NaN where it is not known.
    jump_kept
        Whether the jump at the switch is counted in dEtau.
    """

    number: int
    cycle: int
    direction: Literal["charge", "discharge"]
    start: float
    duration: float
    rest: float
    current: float
    before: float
    switched_on: float
    end: float
    after: float
    cut_short: bool = False
    apparent: float = math.nan
    film: float = math.nan
    true: float = math.nan
    jump_kept: bool = False

    @property
    def voltage(self) -> float:
        """Mean of the steady voltages before and after the pulse [V]: where its diffusivity is drawn."""
        return 0.5 * (self.before + self.after)

    @property
    def steady_change(self) -> float:
        """DEs [V], positive on charge."""
        return self.after - self.before

    @property
    def transient_change(self) -> float:
        """DEtau [V]: from the switch to the end of the pulse, without the jump at the switch unless it is kept."""
        return self.end - (self.before if self.jump_kept else self.switched_on)

    @property
    def jump(self) -> float:
        """Change of the voltage at the moment of the switch [V]: charge transfer, film and series resistance."""
        return self.switched_on - self.before

    @property
    def d1(self) -> float:
        """(dEs/dEtau)^2; NaN where the two do not have the direction of the current."""
        sign = 1.0 if self.direction == "charge" else -1.0
        steady, transient = sign * self.steady_change, sign * self.transient_change
        return (steady / transient) ** 2 if steady > 0.0 and transient > 0.0 else math.nan


def formula_diffusivity(d1: float, duration: float, radius: float) -> float:
    """Return D = 4/(pi t) (R_s/3)^2 D1, equation 1 [m2/s].

    Parameters
    ----------
    d1
        (dEs/dEtau)^2.
    duration
        Of the pulse [s].
    radius
        R_s [m].
    """
    return 4.0 / (math.pi * duration) * (radius / 3.0) ** 2 * d1


@dataclass(frozen=True)
class GittResult:
    """The pulses of a titration.

    Attributes
    ----------
    name
        Of the case or file.
    pulses
        In order of time.
    radius
        R_s of the formula [m]; NaN where none is known.
    notes
        What the numbers rest on, and what was left out.
    """

    name: str
    pulses: tuple[GittPulse, ...]
    radius: float
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> Array:
        """Return an attribute of all pulses, such as 'voltage', as an array."""
        return np.array([getattr(pulse, name) for pulse in self.pulses], dtype=np.float64)

    def of(self, *, cycle: int | None = None, direction: str | None = None, whole: bool = False) -> GittResult:
        """Return the pulses of a cycle, of a direction, or those that were not cut short."""
        chosen = tuple(
            pulse
            for pulse in self.pulses
            if (cycle is None or pulse.cycle == cycle)
            and (direction is None or pulse.direction == direction)
            and not (whole and pulse.cut_short)
        )
        return replace(self, pulses=chosen)

    def document(self) -> dict[str, Any]:
        """Return the pulses as lists by name with unit: what `asyncsoc gitt --json` prints."""
        columns = {
            "cycle": "cycle",
            "start [s]": "start",
            "duration [s]": "duration",
            "rest [s]": "rest",
            "current [A]": "current",
            "voltage [V]": "voltage",
            "steady change [V]": "steady_change",
            "transient change [V]": "transient_change",
            "jump [V]": "jump",
            "D1": "d1",
            "apparent diffusivity [m2/s]": "apparent",
            "true diffusivity [m2/s]": "true",
            "film thickness mean [m]": "film",
        }
        lists: dict[str, Any] = {title: self.column(name) for title, name in columns.items()}
        lists["cycle"] = [pulse.cycle for pulse in self.pulses]
        lists["direction"] = [pulse.direction for pulse in self.pulses]
        lists["cut short"] = [pulse.cut_short for pulse in self.pulses]
        return {"name": self.name, "radius [m]": self.radius, **lists, "notes": list(self.notes)}


def evaluate_gitt(
    time: ArrayLike,
    current: ArrayLike,
    voltage: ArrayLike,
    *,
    radius: float = math.nan,
    jump: Jump = "removed",
    name: str = "arrays",
) -> GittResult:
    """Return the pulses in curves, simulated or measured.

    A pulse is a run of rows with a current of one sign above 2 % of the largest one, between two rests. The moment of
    the switch is the last row of the rest before. The voltage just after it is extrapolated: a line in the square root
    of the time since the switch through the rows up to four times the time of the first row (that row itself where it
    is at the moment of the switch, as in a simulation). A pulse without a rest before and after it is left out.

    Parameters
    ----------
    time, current, voltage : (n,)
        s, A (positive on charge) and V. Equal times in a row are a jump.
    radius
        R_s of the formula [m].
    jump
        "removed": dEtau begins just after the switch; "kept": at the end of the rest before, with the jump in it.
    name
        For messages.

    Raises
    ------
    InputError
        Arrays of other lengths or not finite, times that fall, no pulse between two rests.
    """
    t, i, v = _checked(time, current, voltage, name)
    if jump not in ("removed", "kept"):
        raise InputError("unknown treatment of the jump", where="jump", value=jump, allowed="removed, kept")
    flowing = np.abs(i) > NO_CURRENT * np.abs(i).max()
    found, lacking = [], 0
    spans = _spans(flowing, np.sign(i))
    for place, (first, last) in enumerate(spans):
        rest_end = spans[place + 1][0] - 1 if place + 1 < len(spans) else len(t) - 1
        if first == 0 or flowing[first - 1] or rest_end <= last or t[last] <= t[first - 1]:
            lacking += 1
            continue
        found.append(_pulse((t, i, v), first, last, rest_end, kept=jump == "kept"))
    if not found:
        raise InputError(
            "no pulse between two rests",
            where=name,
            value=f"{len(spans)} stretches of current",
            allowed="a rest, a pulse of constant current, a rest",
            next_step="begin and end the curve in a rest",
        )
    pulses = _numbered(found, radius)
    notes = [f"{lacking} of {len(spans)} pulses have no rest before and after them and are left out"] if lacking else []
    return GittResult(name, pulses, radius, tuple(notes))


def _checked(time: ArrayLike, current: ArrayLike, voltage: ArrayLike, name: str) -> tuple[Array, Array, Array]:
    arrays = [np.asarray(values, dtype=np.float64) for values in (time, current, voltage)]
    if any(values.shape != arrays[0].shape or values.ndim != 1 for values in arrays) or len(arrays[0]) < _FEWEST:
        raise InputError(
            "time, current and voltage must be lists of equal length",
            where=name,
            value=", ".join(str(values.shape) for values in arrays),
            allowed=f"one dimension, {_FEWEST} points or more",
        )
    if not all(np.isfinite(values).all() for values in arrays):
        raise InputError("time, current or voltage is not finite", where=name)
    if (np.diff(arrays[0]) < 0.0).any():
        raise InputError("the times fall", where=name, allowed="each no earlier than the one before")
    return arrays[0], arrays[1], arrays[2]


def _spans(flowing: Bools, sign: Array) -> list[tuple[int, int]]:
    """Return first and last row of each stretch of current of one sign."""
    state = np.where(flowing, sign, 0.0)
    edges = np.concatenate(([0], np.flatnonzero(np.diff(state) != 0.0) + 1, [len(state)]))
    return [(int(a), int(b) - 1) for a, b in pairwise(edges) if state[a] != 0.0]


def _pulse(curves: tuple[Array, Array, Array], first: int, last: int, rest_end: int, *, kept: bool) -> GittPulse:
    t, i, v = curves
    start = float(t[first - 1])
    mean = float(i[first : last + 1].mean())
    return GittPulse(
        number=0,
        cycle=1,
        direction="charge" if mean > 0.0 else "discharge",
        start=start,
        duration=float(t[last]) - start,
        rest=float(t[rest_end] - t[last]),
        current=mean,
        before=float(v[first - 1]),
        switched_on=_at_switch(t[first : last + 1] - start, v[first : last + 1]),
        end=float(v[last]),
        after=float(v[rest_end]),
        jump_kept=kept,
    )


def _at_switch(since: Array, voltage: Array) -> float:
    """Return the voltage at the moment of the switch, from the first rows after it."""
    if since[0] == 0.0 or len(since) == 1:
        return float(voltage[0])
    early = since <= _EARLY * since[0]
    early[1] = True
    root = np.sqrt(since[early])
    slope, value = np.polyfit(root - root.mean(), voltage[early], 1)
    return float(value - slope * root.mean())


def _numbered(pulses: Sequence[GittPulse], radius: float) -> tuple[GittPulse, ...]:
    """Count pulses and cycles, mark those cut short and apply the formula."""
    usual = float(np.median([pulse.duration for pulse in pulses]))
    cycle, before, found = 1, "", []
    for number, pulse in enumerate(pulses, start=1):
        if before == "discharge" and pulse.direction == "charge":
            cycle += 1
        before = pulse.direction
        apparent = formula_diffusivity(pulse.d1, pulse.duration, radius)
        short = pulse.duration < _SHORT * usual
        found.append(replace(pulse, number=number, cycle=cycle, cut_short=short, apparent=apparent))
    return tuple(found)
