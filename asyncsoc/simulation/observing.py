"""What a single run records, and when."""

from __future__ import annotations

import math

from asyncsoc.electrode.segments import Segment
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.recorders import CurveRecorder, FieldRecorder
from asyncsoc.risk.recorder import RateRecorder
from asyncsoc.stepping.state import AcceptedStep, StepState


class Recording:
    """Shows states to the recorders: every accepted step and its middle, output periods, and times of snapshots.

    Parameters
    ----------
    gauge
        What the curves are measured with.
    fields_every
        Period of the snapshots [s]; None takes them only where protocol steps begin and end.
    rates
        Watches the side reaction, None where there is none.
    """

    def __init__(self, gauge: Gauge, fields_every: float | None, rates: RateRecorder | None = None) -> None:
        self.curves = CurveRecorder(gauge)
        self.fields = FieldRecorder(fields_every)
        self.rates = rates
        self._fields_every = fields_every
        self._period: float | None = None
        self._segment_start = 0.0

    def start(self, state: StepState, segment: Segment) -> None:
        """Record the state a protocol step begins with: the time of the one before, its own current or voltage."""
        self._period = segment.step.period
        self._segment_start = state.time - state.step_time
        if self.rates is not None:
            self.rates.begin(state, segment)
        self._record(state)

    def step(self, step: AcceptedStep) -> None:
        """Record an accepted step, the times between that are asked for, and due snapshots."""
        start, end = step.start_time, step.end.time
        times = {0.5 * (start + end)}
        for origin, period in ((0.0, self._fields_every), (self._segment_start, self._period)):
            if period is not None:
                times |= set(_multiples(origin, period, start, end))
        for time in sorted(times):
            if start < time < end:
                self._record(step.at(time))
        self._record(step.end)

    def finish(self) -> None:
        """Keep the last state as a snapshot."""
        before = len(self.fields)
        self.fields.finish()
        self._keep_rates(before)

    def _record(self, state: StepState) -> None:
        self.curves.record(state)
        if self.rates is not None:
            self.rates.record(state)
        before = len(self.fields)
        self.fields.record(state)
        self._keep_rates(before)

    def _keep_rates(self, before: int) -> None:
        """Keep what is known of the side reaction for the snapshots taken since there were `before`."""
        if self.rates is not None and len(self.fields) > before:
            for time in self.fields.times[before:]:
                self.rates.keep(float(time))


def _multiples(origin: float, period: float, start: float, end: float) -> list[float]:
    """Return origin + k period within (start, end), up to rounding."""
    first = math.floor((start - origin) / period) + 1
    last = math.ceil((end - origin) / period) - 1
    return [origin + k * period for k in range(first, last + 1)]
