"""The model's cell voltage, or resistance of the interface, at the times of measured curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.case import Case
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.simulation.side_reaction_recording import recorded_particle
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, StepState
from asyncsoc.solver.warmup import compile_kernels
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.risk.films import electrode_resistance

Array = NDArray[np.float64]

_REPORT_ONLY = ("side_reaction.mode=report", "side_reaction.reactant=peo", "side_reaction.thermochemistry=enthalpy")
"""A reaction that is only reported leaves the interface's resistance alone: any that is known will do, so that
electrolytes without thermochemistry can be compared too."""
_PARTS = 3
"""Parts a step is divided into for the curves that are compared."""


class _Curves:
    """Records time and voltage of a run, and the resistance of the interface where it is compared."""

    def __init__(self, recorder: SideReactionRecorder | None) -> None:
        self.recorder = recorder
        self.time: list[float] = []
        self.voltage: list[float] = []

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Record the first state of a protocol step."""
        if self.recorder is not None:
            self.recorder.start_step(state, constraint)
        self._keep(state)

    def step(self, step: AcceptedStep) -> None:
        """Record an accepted step, divided evenly."""
        length = step.end.time - step.start_time
        for k in range(1, _PARTS):
            self._keep(step.at(step.start_time + k / _PARTS * length))
        self._keep(step.end)

    def _keep(self, state: StepState) -> None:
        self.time.append(state.time)
        self.voltage.append(state.voltage)
        if self.recorder is not None:
            self.recorder.record(state)


@dataclass(frozen=True, eq=False)
class Response:
    """A run's curves, as far as it got.

    Attributes
    ----------
    time : (r,)
        s.
    voltage : (r,)
        V.
    resistance : (r,)
        ohm; empty where it was not asked for.
    per_area : (r,)
        The same for a square metre of electrode [ohm m2].
    """

    time: Array
    voltage: Array
    resistance: Array
    per_area: Array

    def at(self, measured: MeasuredCurve) -> Array:
        """Return the measured quantity at the measured times; after the end of the run its last value."""
        if measured.quantity == "voltage":
            values = self.voltage
        else:
            values = self.per_area if measured.per_area else self.resistance
        # At a jump between two protocol steps the later value counts.
        last = np.concatenate((np.diff(self.time) > 0.0, [True]))
        return np.asarray(np.interp(measured.time, self.time[last], values[last]))


def respond(case: Case, data: Sequence[MeasuredCurve]) -> Response:
    """Run a case and return what is needed to compare it with `data`.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        Its protocol could not even begin.
    """
    resistance = any(measured.quantity == "resistance" for measured in data)
    recorded = case
    if resistance and case.side_reaction.mode == "off":
        recorded = case.with_overrides(_REPORT_ONLY)
    setup = prepare(recorded)
    recorder = None
    if resistance and setup.side is not None:
        recorder = SideReactionRecorder(recorded_particle(setup, setup.side, case.side_reaction.risk_threshold))
    curves = _Curves(recorder)
    compile_kernels(batches=False)
    outcome = integrate(Problem.alone(setup.system, [setup.member]), [[curves]], measure=measure_of(setup))[0]
    if not curves.time and outcome.error is not None:
        raise outcome.error
    found = np.zeros(0) if recorder is None else recorder.columns()[names.INTERFACE_RESISTANCE]
    per_area = found if recorder is None else electrode_resistance(case, found)
    return Response(np.array(curves.time), np.array(curves.voltage), found, per_area)
