"""A measurement: a curve, the case it was measured in, and how its points count in a fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import ShortRepr
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import to_si
from asyncsoc.case.case import Case
from asyncsoc.studies.calibration.measured import MeasuredCurve, read_measured

Array = NDArray[np.float64]
Weights = Literal["points", "time", "steps"]

VOLTAGE_ERROR = 5e-3
"""V expected between model and measurement; sets how voltages weigh against resistances."""
RESISTANCE_ERROR = 0.05
"""Relative; resistances are compared by their logarithms."""
_WEIGHTS: dict[str, Weights] = {"points": "points", "time": "time", "steps": "steps"}
_SMALLEST = 1e-300
_LATE, _LATE_SHARE = 1.0, 1e-3
"""s, and share of the protocol's duration, by which data may reach beyond it."""


@dataclass(frozen=True, eq=False, repr=False)
class Measurement(ShortRepr):
    """A measured curve and the case it was measured in.

    Attributes
    ----------
    case
        Particle, contact and protocol of the measurement, and the constants that are not fitted.
    curve
        What was measured.
    name
        What messages, and constants that belong to some measurements only, call it.
    error
        Error expected between model and data: V, or relative for a resistance.
    weights
        "points": every point counts the same. "time": as much as the time (or capacity) that it stands for, which keeps
        densely sampled parts from outweighing the others. "steps": the points of every protocol step count the same
        together, as for the pulses and the rests of GITT.
    step
        Number of the protocol step the curve belongs to, with time and capacity counted from its start. None: times
        count from the start of the protocol.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> curve = aso.MeasuredCurve.from_arrays(time=[0.0, 600.0, 1200.0], voltage=[3.1, 3.68, 3.70])
    >>> aso.Measurement.of(case, curve, name="cell 2", error="2 mV").error
    0.002
    """

    case: Case
    curve: MeasuredCurve
    name: str
    error: float
    weights: Weights = "points"
    step: int | None = None

    @classmethod
    def of(
        cls,
        case: Case,
        data: MeasuredCurve | str | Path,
        *,
        name: str | None = None,
        error: float | str | None = None,
        weights: str = "points",
        step: int | None = None,
    ) -> Self:
        """Return a measurement, checked.

        Parameters
        ----------
        case
            The case it was measured in.
        data
            The curve, or the CSV file it is in.
        name
            None: the file's.
        error
            '1 mV', a number in V, or for resistances a fraction; None: 5 mV, and 0.05.
        weights, step
            See the attributes. A curve against capacity needs a step where the protocol has several.

        Raises
        ------
        InputError
            The file cannot be used, an option is wrong, or the data reach beyond the protocol.
        """
        curve = data if isinstance(data, MeasuredCurve) else read_measured(data)
        called = curve.name if name is None else name
        if weights not in _WEIGHTS:
            raise unknown_name("way to weight points", weights, _WEIGHTS, where=f"weights of {called}")
        error_expected, number = _error(error, curve, called), _step(case, curve, step, called)
        found = cls(case, curve, called, error_expected, _WEIGHTS[weights], number)
        found._check_duration()
        return found

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self.curve.values)

    def difference(self, values: Array) -> Array:
        """Return the differences of the model's values from the data, in units of the expected error."""
        if self.curve.quantity == "voltage":
            return (values - self.curve.values) / self.error
        return np.asarray(np.log(np.maximum(values, _SMALLEST) / self.curve.values) / self.error)

    def point_weights(self, steps: NDArray[np.int64]) -> Array:
        """Return what each point counts, 1 on average.

        Parameters
        ----------
        steps : (n,)
            Number of the protocol step each point is in.
        """
        if self.weights == "points":
            return np.ones(self.count)
        if self.weights == "time":
            found = np.gradient(self.curve.abscissa)
        else:
            _, member, counts = np.unique(steps, return_inverse=True, return_counts=True)
            found = 1.0 / counts[member]
        return np.asarray(found * (self.count / found.sum()))

    def _check_duration(self) -> None:
        """Refuse data that reach beyond a protocol whose steps all have a duration."""
        if self.curve.against != "time":
            return
        steps = self.case.protocol.plan.steps
        chosen = steps if self.step is None else steps[self.step - 1 : self.step]
        if any(step.duration is None for step in chosen):
            return
        duration = sum(step.duration or 0.0 for step in chosen)
        last = float(self.curve.abscissa[-1])
        if last > duration * (1.0 + _LATE_SHARE) + _LATE:
            raise InputError(
                "the data reach beyond the protocol" if self.step is None else "the data reach beyond their step",
                where=self.name,
                value=f"{last:.6g} s",
                allowed=f"at most {duration:.6g} s, the duration of "
                + ("its steps" if self.step is None else f"step {self.step} ({chosen[0].text})"),
                next_step="describe in protocol.steps what was done while the data were taken, and check the unit",
            )


def _error(error: float | str | None, curve: MeasuredCurve, name: str) -> float:
    voltage = curve.quantity == "voltage"
    if error is None:
        return VOLTAGE_ERROR if voltage else RESISTANCE_ERROR
    value = to_si(error, "V" if voltage else "", where=f"error of {name}")
    if value <= 0.0:
        raise InputError(
            "an expected error must be above 0", where=f"error of {name}", value=error,
            allowed="'1 mV'" if voltage else "a fraction, such as 0.02",
        )  # fmt: skip
    return value


def _step(case: Case, curve: MeasuredCurve, step: int | None, name: str) -> int | None:
    """Return the number of the step a curve belongs to, the only one that passes charge where that is meant."""
    steps = case.protocol.plan.steps
    where = f"step of {name}"
    if step is not None:
        if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step <= len(steps):
            raise InputError("no such protocol step", where=where, value=step, allowed=f"1 to {len(steps)}")
    elif curve.against == "capacity":
        passing = [number for number, one in enumerate(steps, start=1) if one.control != "rest"]
        if len(passing) != 1:
            raise InputError(
                "a curve against capacity belongs to one step, and the protocol has several that pass charge"
                if passing
                else "a curve against capacity needs a step that passes charge",
                where=where,
                value=f"{len(passing)} steps",
                allowed=", ".join(map(str, passing)) if passing else None,
                next_step="give step = N" if passing else "describe the charge in protocol.steps",
            )
        step = passing[0]
    if curve.against == "capacity" and step is not None and steps[step - 1].control == "rest":
        raise InputError(
            "no charge passes in a rest", where=where, value=f"step {step}, {steps[step - 1].text!r}",
            next_step="give the step in which the curve was measured",
        )  # fmt: skip
    return step
