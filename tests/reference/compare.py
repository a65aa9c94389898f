"""One case through the program and through the reference solver, and what differs, step by step.

The reference is refined until what the last refinement changed is below a tenth of the tolerance; a step for which that
was not reached says so (`resolved`), and its differences prove nothing.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.reference.cases import Specimen
from tests.reference.converge import Estimate, Problem, richardson, run
from tests.reference.materials import ASSUMED_END, TERM_AMPLITUDE, TERM_SCALE, EndOfDischarge, sturm_slope
from tests.reference.protocol import Run, StepResult

LEVELS = {"full": (1.0, 2.0, 4.0, 8.0), "cap": (0.7, 1.0, 1.4, 2.0), "belt": (0.7, 1.0, 1.4, 2.0)}
FORMAT = 4  # of cached references: changes with anything that changes their numbers
THINNEST = 1e-10  # m: thinner films, and the side charge that makes them, are compared as if they were so thick
FIRST = 1e-2  # share of a step before which curves are not compared: its layer is thinner than the mesh


@dataclass(frozen=True)
class Tolerance:
    """What is demanded of the program; the reference's own error must be a tenth of it."""

    duration: float = 5e-3  # relative
    charge: float = 5e-3  # relative
    voltage: float = 5e-3  # V, at matched shares of the step
    contact: float = 1e-3  # in x
    side: float = 1e-2  # relative: side charge, which is exponential in the potential
    promised: float = 1e-4  # in x: a voltage may be off by what this makes of it at the potential's slope there


TOLERANCE = Tolerance()
NAN = float("nan")


@dataclass
class StepDifference:
    """Program less reference for one protocol step; relative ones over the reference."""

    text: str
    reason: str  # of the reference
    program_reason: str
    resolved: bool  # whether the reference's own error is a tenth of the tolerance or less
    duration: float  # s, reference, extrapolated
    program_duration: float  # s
    duration_error: float = 0.0  # relative, of the reference
    d_duration: float = NAN  # relative
    charge: float = NAN  # C, reference
    d_charge: float = NAN  # relative to the larger of the charge and a thousandth of the capacity
    charge_error: float = 0.0  # the same, of the reference
    d_end_voltage: float = NAN  # V
    d_voltage: float = NAN  # V, largest over rows matched as shares of the step, without its first hundredth
    d_voltage_beyond: float = NAN  # V, the same less what an error `promised` in x makes at the potential's slope
    voltage_error: float = 0.0  # V, of the reference
    d_contact: float = NAN  # in x, over the same rows
    contact_error: float = 0.0  # in x, of the reference
    side: float = NAN  # C, side charge from the start of the run to the end of the step, reference
    d_side: float = NAN  # relative to that, over the same rows
    side_error: float = 0.0  # the same, of the reference
    d_film: float = NAN  # mean film thickness at the step's end, relative

    @property
    def same_reason(self) -> bool:
        """Whether both ended for the same reason; a step that never began may be called over or infeasible."""
        never = self.duration == 0.0 and self.program_duration == 0.0
        return self.reason == self.program_reason or (never and "infeasible" in (self.reason, self.program_reason))

    def bad(self, tolerance: Tolerance) -> bool:
        """Whether the program is off by more than the tolerance and twice the reference's own error together."""
        if not self.same_reason:
            return True
        return (
            abs(self.d_duration) > tolerance.duration + 2 * self.duration_error
            or abs(self.d_charge) > tolerance.charge + 2 * self.charge_error
            or self.d_voltage_beyond > tolerance.voltage + 2 * self.voltage_error
            or self.d_contact > tolerance.contact + 2 * self.contact_error
            or self.d_side > tolerance.side + 2 * self.side_error
            or abs(self.d_film) > tolerance.side + 2 * self.side_error
        )


@dataclass
class Comparison:
    """All steps of one case."""

    label: str
    keys: dict[str, Any]
    steps: list[StepDifference] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    failure: str = ""  # of the program, other than an infeasible step
    level: float = 0.0  # of the finest reference
    reference_wall: float = 0.0
    program_wall: float = 0.0

    def bad(self, tolerance: Tolerance = TOLERANCE) -> list[int]:
        """Indices of the steps that differ, up to the first one after which the runs are no longer the same."""
        out = []
        for k, step in enumerate(self.steps):
            if step.reason == "failed":  # the reference itself: nothing is known from here on
                break
            if step.bad(tolerance):
                out.append(k)
            if not step.same_reason:
                break
        return out

    def plain(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return asdict(self)


def reason_of(text: str) -> str:
    """Return the reference's word for a stop reason of the program."""
    for word, meaning in (
        ("stoichiometry limit", "window"),
        ("voltage", "voltage"),
        ("charge", "charge"),
        ("current", "current"),
        ("duration", "time"),
        ("contact blocked", "blocked"),
    ):
        if text.startswith(word):
            return meaning
    return text


@dataclass(frozen=True)
class ProgramStep:
    """What the program gave for one step."""

    duration: float
    charge: float
    reason: str
    t: np.ndarray
    voltage: np.ndarray
    contact: np.ndarray
    side: np.ndarray | None = None  # C, since the start of the run
    film: np.ndarray | None = None  # m, mean over the contact


@dataclass(frozen=True)
class Program:
    """What the program gave."""

    steps: tuple[ProgramStep, ...]
    warnings: tuple[str, ...]
    failure: str
    infeasible: bool
    wall: float


def run_program(keys: dict[str, Any]) -> Program:
    """Run a case through the public interface."""
    import asyncsoc as aso
    from asyncsoc.base.errors import AsyncsocError, InfeasibleStepError

    case = aso.Case.from_dict(keys)
    began = time.perf_counter()
    failure, infeasible = "", False
    try:
        solution = aso.simulate(case)
    except InfeasibleStepError as error:
        solution, infeasible = error.partial, True
    except AsyncsocError as error:
        solution, failure = getattr(error, "partial", None), f"{type(error).__name__}: {error}"
    wall = time.perf_counter() - began
    if solution is None:
        return Program((), (), failure, infeasible, wall)
    columns, steps = solution.columns, []
    for step in solution.steps:
        mine = columns["Step"] == step.number
        t = columns["Time [s]"][mine]
        if len(t) == 0:
            continue
        steps.append(
            ProgramStep(
                step.duration,
                step.charge,
                reason_of(step.stop_reason),
                t - t[0],
                columns["Voltage [V]"][mine],
                columns["Contact-mean stoichiometry"][mine],
                columns["Side charge [C]"][mine] if "Side charge [C]" in columns else None,
                columns["Film thickness mean [m]"][mine] if "Film thickness mean [m]" in columns else None,
            )
        )
    return Program(tuple(steps), tuple(solution.warnings), failure, infeasible, wall)


def _cached_run(
    specimen: Specimen, end: EndOfDischarge, problem: Problem, level: float, tol: float, cache: Path | None
) -> Run:
    if cache is None:
        return run(problem, level, tol)
    # the axis turns the same particle
    key = repr((FORMAT, {**asdict(specimen), "label": "", "axis": None, "kind": ""}, asdict(end), level, tol))
    path = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())
    result = run(problem, level, tol)
    cache.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(result))
    return result


def _shares(count: int = 60) -> np.ndarray:
    """Shares of a step at which the curves are checked: start and end count as much as the middle."""
    near = np.geomspace(FIRST, 0.5, count // 2)
    return np.unique(np.concatenate([near, 1 - near[:-1], [1.0]]))


@dataclass(frozen=True)
class Settled:
    """Runs of the reference on finer and finer grids, and how far they have settled."""

    runs: tuple[Run, ...]
    levels: tuple[float, ...]

    def comparable(self, k: int) -> list[StepResult]:
        """Step k on the finest grids that ended it for the finest one's reason."""
        reason = self.runs[-1].steps[k].reason
        out: list[StepResult] = []
        for one in reversed(self.runs):
            if k >= len(one.steps) or one.steps[k].reason != reason:
                break
            out.insert(0, one.steps[k])
        return out

    def extrapolate(self, k: int, read: Callable[[StepResult], Any]) -> Estimate:
        """Extrapolate what `read` takes from step k; without a coarser grid to compare with the error is infinite."""
        values = [read(step) for step in self.comparable(k)]
        if len(values) < 2 or self.runs[-1].steps[k].reason == "failed":
            return Estimate(values[-1], values[-1], np.full_like(values[-1], np.inf, dtype=float))
        return richardson(values, self.levels[-len(values) :])

    def curve(self, k: int, name: str, shares: np.ndarray) -> Estimate:
        """Extrapolate a curve at shares of the step's duration."""
        return self.extrapolate(k, lambda step: step.at(shares * step.duration, name))

    def errors(self, k: int) -> tuple[float, float, float]:
        """Errors of step k: of the duration (relative), and the largest of voltage and of contact-mean x."""
        if self.runs[-1].steps[k].duration == 0.0:
            return (0.0, 0.0, 0.0) if len(self.comparable(k)) > 1 else (np.inf, np.inf, np.inf)
        duration = self.extrapolate(k, lambda step: np.array([step.duration]))
        return (
            float(duration.error[0] / duration.value[0]),
            float(self.curve(k, "V", _shares()).error.max()),
            float(self.curve(k, "contact", _shares()).error.max()),
        )

    def resolved(self, k: int, tolerance: Tolerance) -> bool:
        """Whether all errors of step k are a tenth of the tolerance or less."""
        duration, voltage, contact = self.errors(k)
        steep = float(np.abs(sturm_slope(np.array([self.runs[-1].steps[k].end("contact")])))[0])
        return (
            duration <= tolerance.duration / 10
            and voltage <= tolerance.voltage / 10 + tolerance.promised / 10 * steep
            and contact <= tolerance.contact / 10
        )


def reference(
    specimen: Specimen,
    tolerance: Tolerance,
    end: EndOfDischarge = ASSUMED_END,
    cache: Path | None = None,
    most_levels: int = 3,
) -> Settled:
    """Run the reference on finer and finer grids until it has settled."""
    problem = specimen.problem(end)
    levels = LEVELS[specimen.contact]
    time_tolerance = 1e-7 if specimen.contact == "full" else 1e-6
    settled = Settled((), ())
    for count, level in enumerate(levels[:most_levels], start=1):
        one = _cached_run(specimen, end, problem, level, time_tolerance, cache)
        settled = Settled((*settled.runs, one), levels[:count])
        if count > 1 and all(settled.resolved(k, tolerance) for k in range(len(one.steps))):
            break
    return settled


def compare(
    specimen: Specimen,
    tolerance: Tolerance = TOLERANCE,
    end: EndOfDischarge = ASSUMED_END,
    cache: Path | None = None,
    most_levels: int = 3,
    keys: dict[str, Any] | None = None,
) -> Comparison:
    """Run both and compare; `keys` replaces the program's case, to try other settings of the program."""
    keys = specimen.keys() if keys is None else keys
    program = run_program(keys)
    settled = reference(specimen, tolerance, end, cache, most_levels)
    out = Comparison(
        specimen.label,
        keys,
        warnings=program.warnings,
        failure=program.failure,
        level=settled.levels[-1],
        reference_wall=sum(one.wall for one in settled.runs),
        program_wall=program.wall,
    )
    for k, step in enumerate(settled.runs[-1].steps):
        theirs = program.steps[k] if k < len(program.steps) else None
        resolved = settled.resolved(k, tolerance)
        if theirs is None or step.duration == 0.0 or theirs.duration == 0.0:
            word = theirs.reason if theirs is not None else "infeasible" if program.infeasible else "nothing"
            out.steps.append(
                StepDifference(
                    specimen.protocol[k].text(),
                    step.reason,
                    word,
                    resolved,
                    step.duration,
                    theirs.duration if theirs else float("nan"),
                )
            )
        else:
            out.steps.append(_difference(specimen, settled, k, theirs, resolved, tolerance, end))
    return out


def _difference(
    specimen: Specimen,
    settled: Settled,
    k: int,
    theirs: ProgramStep,
    resolved: bool,
    tolerance: Tolerance,
    end: EndOfDischarge,
) -> StepDifference:
    """Compare one step that took time in both."""
    duration = settled.extrapolate(k, lambda step: np.array([step.duration]))
    charge = settled.extrapolate(k, lambda step: np.array([step.charge]))
    capacity = specimen.problem(end).unit * 3600
    errors = settled.errors(k)
    rows = np.concatenate([[True], np.diff(theirs.t) > 0]) & (theirs.t >= FIRST * theirs.t[-1])
    # The rows of the program are its answer; a line between them is not. The reference is read there.
    shares = np.minimum(theirs.t[rows] / theirs.t[-1], 1.0)
    ours = {name: settled.curve(k, name, shares).value for name in ("V", "contact")}
    off = np.abs(theirs.voltage[rows] - ours["V"])
    slope = np.abs(sturm_slope(np.clip(ours["contact"], 0.2, 0.91), end))
    return StepDifference(
        text=specimen.protocol[k].text(),
        reason=settled.runs[-1].steps[k].reason,
        program_reason=theirs.reason,
        resolved=resolved,
        duration=float(duration.value[0]),
        program_duration=float(theirs.duration),
        duration_error=errors[0],
        d_duration=float(theirs.duration / duration.value[0] - 1),
        charge=float(charge.value[0]),
        d_charge=float((theirs.charge - charge.value[0]) / max(abs(charge.value[0]), 1e-3 * capacity)),
        charge_error=float(charge.error[0] / max(abs(charge.value[0]), 1e-3 * capacity)),
        d_end_voltage=float(theirs.voltage[-1] - settled.runs[-1].steps[k].end("V")),
        d_voltage=float(off.max()),
        d_voltage_beyond=float(max(0.0, (off - tolerance.promised * slope).max())),
        voltage_error=errors[1],
        d_contact=float(np.abs(theirs.contact[rows] - ours["contact"]).max()),
        contact_error=errors[2],
        **_side_differences(specimen, settled, k, theirs, rows, shares),
    )


def thin_charge(specimen: Specimen) -> float:
    """Return the side charge [C] that makes a film of `THINNEST`."""
    growth = np.inf if specimen.side is None else specimen.side.growth
    return float(THINNEST / growth * specimen.coverage * 4 * np.pi * specimen.radius**2)


def _side_differences(
    specimen: Specimen, settled: Settled, k: int, theirs: ProgramStep, rows: np.ndarray, shares: np.ndarray
) -> dict[str, float]:
    """Compare side charge and film, where there is a side reaction."""
    if specimen.side is None or theirs.side is None:
        return {}
    ours = settled.curve(k, "side", shares)
    end = max(float(ours.value[-1]), thin_charge(specimen))
    found = {
        "side": float(ours.value[-1]),
        "d_side": float(np.abs(theirs.side[rows] - ours.value).max() / end),
        "side_error": float(ours.error.max() / end),
    }
    if theirs.film is not None and specimen.side.coupled:
        thick = float(settled.curve(k, "film", shares).value[-1])
        found["d_film"] = float(theirs.film[-1] - thick) / max(thick, THINNEST)
    return found


def end_term(amplitude: float = TERM_AMPLITUDE, scale: float = TERM_SCALE, centre: float = 0.9) -> EndOfDischarge:
    """Return the end-of-discharge term with other parameters, for a default material that has changed."""
    return EndOfDischarge(amplitude, centre, scale)
