"""What a model says where data are: cell voltage, or resistance of the interface, at the points of measured curves.

Cases that share a mesh are integrated side by side; the integrator's continuous solution is evaluated at each measured
point, so nothing is interpolated between its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import pchip_interpolate

from asyncsoc.base.errors import SimulationError
from asyncsoc.case.case import Case
from asyncsoc.kernels.batch import FEWEST
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.meshing import SphereMesh
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.side_reaction_recording import recorded_particle
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedSteps, Errors, States
from asyncsoc.solver.warmup import compile_for
from asyncsoc.studies.calibration.measured import MeasuredCurve

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_REPORT_ONLY = ("side_reaction.mode=report", "side_reaction.reactant=peo", "side_reaction.thermochemistry=enthalpy")
"""A reaction that is only reported leaves the interface's resistance alone: any that is known will do, so that
electrolytes without thermochemistry can be compared too."""
_BETWEEN = 8
"""Parts a time step of an electrode is divided into."""
_PARTS = 3
"""Parts a step of the integrator is divided into where whole curves are asked for."""
_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class Response:
    """A run's curves, as far as it got; its rows include every point that was asked for.

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
    charge : (r,)
        Passed since the start of the protocol [C].
    step : (r,)
        Number of the protocol step.
    mass
        Of the particle [kg].
    electrode
        Area of electrode that one particle stands for [m2].
    """

    time: Array
    voltage: Array
    resistance: Array
    per_area: Array
    charge: Array
    step: Ints
    mass: float
    electrode: float

    def at(self, measured: MeasuredCurve, step: int | None = None) -> Array:
        """Return the measured quantity at the measured points; after the end of the run its last value.

        Parameters
        ----------
        measured
            The curve.
        step
            Protocol step that times and capacities count from; None: times from the start of the protocol.
        """
        if measured.quantity == "voltage":
            values = self.voltage
        else:
            values = self.per_area if measured.per_area else self.resistance
        place, chosen = self._abscissa(measured, step)
        if not len(chosen):
            return np.full(len(measured.abscissa), values[-1])
        # At a jump between two protocol steps the later value counts.
        last = np.concatenate((np.diff(place) > 0.0, [True]))
        return np.asarray(np.interp(measured.abscissa, place[last], values[chosen][last]))

    def steps_at(self, measured: MeasuredCurve, step: int | None = None) -> Ints:
        """Return the number of the protocol step each measured point is in, (n,)."""
        place, chosen = self._abscissa(measured, step)
        if not len(chosen):
            return np.full(len(measured.abscissa), self.step[-1])
        found = np.searchsorted(place, measured.abscissa, side="left")
        return self.step[chosen][np.minimum(found, len(chosen) - 1)]

    def beyond(self, measured: MeasuredCurve, step: int | None = None) -> int:
        """Return how many measured points lie after the end of the run, or of the step."""
        place, chosen = self._abscissa(measured, step)
        end = place[-1] * (1.0 + 1e-9) if len(chosen) else -1.0
        return int(np.sum(measured.abscissa > end))

    def _abscissa(self, measured: MeasuredCurve, step: int | None) -> tuple[Array, Ints]:
        """Return time or capacity as the data count them, and the rows it is of."""
        chosen = np.arange(len(self.time)) if step is None else np.flatnonzero(self.step == step)
        if not len(chosen):
            return np.zeros(0), chosen
        first = int(chosen[0])
        if measured.against == "time":
            return self.time[chosen] - (0.0 if step is None else self.time[first]), chosen
        passed = np.abs(self.charge[chosen] - self.charge[first])
        return passed / (self.electrode if measured.per_electrode else self.mass), chosen


@dataclass(frozen=True, eq=False)
class Request:
    """A case to run, and the curves it is compared with.

    Attributes
    ----------
    case
        The case.
    curves
        Curves, each with the protocol step it belongs to, None for all of the protocol.
    sphere
        Mesh to take for a sphere; None: that of the case.
    whole
        Whether the steps of the integrator are divided, for curves that are looked at between the measured points.
    """

    case: Case
    curves: tuple[tuple[MeasuredCurve, int | None], ...]
    sphere: SphereMesh | None = None
    whole: bool = False


class _Run:
    """What is recorded of one run."""

    def __init__(self, request: Request) -> None:
        self.request = request
        resistance = any(curve.quantity == "resistance" for curve, _ in request.curves)
        recorded = request.case
        if resistance and recorded.side_reaction.mode == "off":
            recorded = recorded.with_overrides(_REPORT_ONLY)
        self.setup: PreparedCase = prepare(recorded, request.sphere)
        self._recorder = None
        if resistance and self.setup.side is not None:
            threshold = request.case.side_reaction.risk_threshold
            self._recorder = SideReactionRecorder(recorded_particle(self.setup, self.setup.side, threshold))
        areal = self.setup.electrolyte.areal_capacity * _SECONDS_PER_HOUR
        self._mass = self.setup.operators.volume * self.setup.cathode.density
        self._electrode = self.setup.full_charge / areal
        self._rows: list[tuple[float, float, float, int]] = []
        self._start_time, self._start_charge, self._step = 0.0, 0.0, 0

    def start(self, states: States, row: int, constraint: StepConstraint) -> None:
        """Record the first state of a protocol step."""
        self._start_time, self._start_charge = float(states.time[row]), float(states.charge[row])
        self._step = int(states.step[row])
        if self._recorder is not None:
            self._recorder.start_step(states.one(row), constraint)
        self.keep(states, row)

    def wanted(self, begin: float, steps: AcceptedSteps, row: int) -> Array:
        """Return the times within an accepted step at which something is asked for, ascending."""
        end = float(steps.end.time[row])
        found = [begin + k / _PARTS * (end - begin) for k in range(1, _PARTS)] if self.request.whole else []
        for curve, step in self.request.curves:
            if step is not None and step != self._step:
                continue
            if curve.against == "time":
                times = curve.abscissa + (0.0 if step is None else self._start_time)
                low, high = np.searchsorted(times, (begin, end))
                found.extend(times[low:high].tolist())
            else:
                found.extend(self._at_capacity(curve, begin, float(steps.end.charge[row]), end))
        # A point on the boundary of two steps is the end of the one before.
        return np.unique([time for time in found if begin < time < end])

    def _at_capacity(self, curve: MeasuredCurve, begin: float, charge: float, end: float) -> list[float]:
        """Return when the measured capacities are passed; under a current that changes, about when."""
        unit = self._electrode if curve.per_electrode else self._mass
        before, after = (abs(q - self._start_charge) / unit for q in (self._rows[-1][2], charge))
        inside = curve.abscissa[(curve.abscissa > before) & (curve.abscissa < after)]
        share = (inside - before) / max(after - before, np.finfo(np.float64).tiny)
        return [float(begin + s * (end - begin)) for s in share]

    def keep(self, states: States, row: int) -> None:
        """Record a state."""
        voltage = float(states.voltage[row])
        if np.isnan(voltage):  # between two states the constraint may have no solution
            return
        self._rows.append((float(states.time[row]), voltage, float(states.charge[row]), int(states.step[row])))
        if self._recorder is not None:
            self._recorder.record(states.one(row))

    def response(self) -> Response | None:
        """Return what was recorded, None where the protocol could not begin."""
        if not self._rows:
            return None
        time, voltage, charge, step = (np.array(column) for column in zip(*self._rows, strict=True))
        found = np.zeros(0) if self._recorder is None else self._recorder.columns()[names.INTERFACE_RESISTANCE]
        return Response(
            time, voltage, found, found * self._electrode, charge, step.astype(np.int64), self._mass, self._electrode
        )


class _Recording:
    """Passes the states of runs on one mesh to them; what is asked for between two states is evaluated at once."""

    def __init__(self, runs: Sequence[_Run]) -> None:
        self._runs = runs

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Record the first states of protocol steps."""
        for row, number in enumerate(states.number.tolist()):
            self._runs[number].start(states, row, constraints[row])
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Record accepted steps, with all that is asked for within them."""
        numbers = steps.end.number.tolist()
        asked = [
            self._runs[number].wanted(float(steps.start_time[row]), steps, row) for row, number in enumerate(numbers)
        ]
        rows = np.repeat(np.arange(len(numbers)), [len(times) for times in asked])
        if len(rows):
            inner = steps.at(rows, np.concatenate(asked))
            for place, row in enumerate(rows.tolist()):
                self._runs[numbers[row]].keep(inner, place)
        for row, number in enumerate(numbers):
            self._runs[number].keep(steps.end, row)
        return {}


def respond_together(requests: Sequence[Request], *, threads: int = 1) -> list[Response | SimulationError]:
    """Run cases and return what each is compared by; those of one mesh are integrated side by side.

    Returns
    -------
    list
        One per request, in order; the error where a protocol could not even begin.

    Raises
    ------
    InputError
        A case cannot be built.
    """
    if any(request.case.electrode.described for request in requests):
        return [
            electrode_response(request, threads=threads)
            if request.case.electrode.described
            else respond_together([request], threads=threads)[0]
            for request in requests
        ]
    runs = [_Run(request) for request in requests]
    together: dict[int, list[int]] = {}
    for number, run in enumerate(runs):
        together.setdefault(id(run.setup.system), []).append(number)
    systems = [run.setup.system for run in runs]
    compile_for(systems, batches=max(map(len, together.values()), default=0) >= FEWEST)
    found: dict[int, Response | SimulationError] = {}
    for group in together.values():
        chosen = [runs[number] for number in group]
        problem = Problem.alone(chosen[0].setup.system, [run.setup.member for run in chosen])
        outcomes = integrate(
            problem,
            batch_callbacks=[[_Recording(chosen)]],
            threads=min(threads, len(chosen)),
            measure=measure_of(*(run.setup for run in chosen)),
        )
        for number, run, outcome in zip(group, chosen, outcomes, strict=True):
            response = run.response()
            none = outcome.error or SimulationError("the protocol has no step that could begin", where="protocol.steps")
            found[number] = none if response is None else response
    return [found[number] for number in range(len(runs))]


def electrode_response(request: Request, *, threads: int = 1) -> Response | SimulationError:
    """Run an electrode and return its curves, with points between the integrator's by a monotone cubic.

    Masses, areas and charges are those of the whole electrode.
    """
    case = request.case
    resistance = any(curve.quantity == "resistance" for curve, _ in request.curves)
    if resistance and case.side_reaction.mode == "off":
        case = case.with_overrides(_REPORT_ONLY)
    try:
        solution = simulate_electrode(case, threads=threads)
    except SimulationError as error:
        if not isinstance(error.partial, Solution):
            return error
        solution = error.partial
    wanted = (names.VOLTAGE, names.CHARGE, *((names.INTERFACE_RESISTANCE,) if resistance else ()))
    time, steps = solution.columns[names.TIME], solution.columns[names.STEP]
    blocks = []
    for number in dict.fromkeys(steps.tolist()):
        rows = np.flatnonzero(steps == number)
        rows = rows[np.concatenate(([True], np.diff(time[rows]) > 0.0))]
        fine = np.interp(np.arange((len(rows) - 1) * _BETWEEN + 1) / _BETWEEN, np.arange(len(rows)), time[rows])
        values = [
            pchip_interpolate(time[rows], solution.columns[name][rows], fine)
            if len(rows) > 1
            else solution.columns[name][rows]
            for name in wanted
        ]
        blocks.append(np.vstack([fine, np.full(len(fine), number), *values]))
    found = np.hstack(blocks)
    electrode, mass = case.electrode.area, case.electrode.active_mass(cathode_of(case.material).density)
    ohms = found[4] if resistance else np.zeros(0)
    return Response(
        found[0], found[2], ohms, ohms * electrode, found[3], found[1].astype(np.int64), mass * electrode, electrode
    )


def respond(case: Case, data: Sequence[MeasuredCurve]) -> Response:
    """Run a case and return what is needed to compare it with `data`, as whole curves.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        Its protocol could not even begin.
    """
    (found,) = respond_together([Request(case, tuple((curve, None) for curve in data), whole=True)])
    if isinstance(found, SimulationError):
        raise found
    return found
