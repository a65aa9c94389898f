"""One case through the program and through the reference solver, and what differs, step by step.

The reference is refined until what the last refinement changed is below a tenth of the tolerance; a step for which that
was not reached says so (`resolved`), and its differences prove nothing.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.reference.cases import Specimen
from tests.reference.converge import Problem, richardson, run
from tests.reference.materials import TERM_AMPLITUDE, TERM_SCALE, EndOfDischarge, sturm_slope
from tests.reference.protocol import Run, StepResult

LEVELS = {"full": (1.0, 2.0, 4.0, 8.0), "cap": (0.7, 1.0, 1.4, 2.0), "belt": (0.7, 1.0, 1.4, 2.0)}
FORMAT = 1  # of cached references: changes with anything that changes their numbers


@dataclass(frozen=True)
class Tolerance:
    """What is demanded of the program; the reference's own error must be a tenth of it."""

    duration: float = 5e-3  # relative
    charge: float = 5e-3  # relative
    voltage: float = 5e-3  # V, at matched shares of the step
    contact: float = 1e-3  # in x
    promised: float = 1e-4  # in x: a voltage may be off by what this makes of it at the potential's slope there


@dataclass
class StepDifference:
    """Program less reference for one protocol step; relative ones over the reference."""

    text: str
    reason: str  # of the reference
    program_reason: str
    resolved: bool  # whether the reference's own error is a tenth of the tolerance or less
    duration: float  # s, reference, extrapolated
    program_duration: float
    duration_error: float  # relative, of the reference
    d_duration: float  # relative
    charge: float  # C, reference
    d_charge: float  # relative to the larger of the charge and a thousandth of the capacity
    d_end_voltage: float  # V
    d_voltage: float  # V, largest over times matched as shares of the step, without its first thousandth
    d_voltage_beyond: float  # V, the same less what an error `promised` in x makes at the potential's slope
    d_contact: float  # in x, the same
    contact_error: float  # of the reference, in x
    voltage_error: float  # of the reference, V

    @property
    def same_reason(self) -> bool:
        """Whether both ended for the same reason."""
        return self.reason == self.program_reason

    def bad(self, tolerance: Tolerance) -> bool:
        """Whether the program is off by more than the tolerance where the reference knows."""
        if not self.same_reason:
            return True
        return self.resolved and (
            abs(self.d_duration) > tolerance.duration
            or abs(self.d_charge) > tolerance.charge
            or self.d_voltage_beyond > tolerance.voltage
            or self.d_contact > tolerance.contact
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

    def bad(self, tolerance: Tolerance = Tolerance()) -> list[int]:
        """Indices of the steps that differ, up to the first one after which the runs are no longer the same."""
        out = []
        for k, step in enumerate(self.steps):
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
    from asyncsoc.errors import AsyncsocError, InfeasibleStepError

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
    """Shares of a step at which curves are compared: the end and the start count as much as the middle."""
    near = np.geomspace(1e-3, 0.5, count // 2)
    return np.unique(np.concatenate([near, 1 - near[:-1], [1.0]]))


def _curve(step: StepResult, name: str) -> np.ndarray:
    return step.at(_shares() * step.duration, name)


def reference(
    specimen: Specimen,
    tolerance: Tolerance,
    end: EndOfDischarge = EndOfDischarge(),
    cache: Path | None = None,
    most_levels: int = 3,
    time_tolerance: float = 1e-7,
) -> tuple[list[Run], tuple[float, ...], list[dict[str, float]]]:
    """Run the reference on finer and finer grids until it has settled; return runs, levels, and errors by step."""
    problem = specimen.problem(end)
    levels = LEVELS["full" if specimen.coverage == 1.0 else specimen.contact]
    done: list[Run] = []
    errors: list[dict[str, float]] = []
    for count, level in enumerate(levels[:most_levels], start=1):
        done.append(_cached_run(specimen, end, problem, level, time_tolerance, cache))
        if count == 1:
            continue
        errors = _errors(done, levels[:count])
        if all(
            e["duration"] < tolerance.duration / 10
            and e["voltage"] < tolerance.voltage / 10
            and e["contact"] < tolerance.contact / 10
            for e in errors
        ):
            break
    return done, levels[: len(done)], errors


def _errors(done: list[Run], levels: tuple[float, ...]) -> list[dict[str, float]]:
    """Errors of the extrapolated duration, and of the finest curves, per step; infinite where the runs part."""
    out = []
    fine, coarse = done[-1], done[-2]
    ratio = (levels[-1] / levels[-2]) ** 2
    for k, step in enumerate(fine.steps):
        if k >= len(coarse.steps) or coarse.steps[k].reason != step.reason or step.reason == "failed":
            out.append({"duration": np.inf, "voltage": np.inf, "contact": np.inf, "value": step.duration})
            continue
        if step.duration == 0.0:
            out.append({"duration": 0.0, "voltage": 0.0, "contact": 0.0, "value": 0.0})
            continue
        values = [one.steps[k].duration for one in done if k < len(one.steps) and one.steps[k].reason == step.reason]
        estimate = richardson(values, levels[-len(values) :])
        differences = {
            name: float(np.abs(_curve(step, name) - _curve(coarse.steps[k], name)).max()) for name in ("V", "contact")
        }
        error = estimate.error / 2 if len(values) == 2 else estimate.error
        out.append(
            {
                "duration": error / max(estimate.value, 1e-300),
                "voltage": differences["V"] / (ratio - 1),
                "contact": differences["contact"] / (ratio - 1),
                "value": estimate.value,
            }
        )
    return out


def compare(
    specimen: Specimen,
    tolerance: Tolerance = Tolerance(),
    end: EndOfDischarge = EndOfDischarge(),
    cache: Path | None = None,
    most_levels: int = 3,
    keys: dict[str, Any] | None = None,
) -> Comparison:
    """Run both and compare; `keys` replaces the program's case, for a reference under changed settings of the program."""
    keys = specimen.keys() if keys is None else keys
    program = run_program(keys)
    done, levels, errors = reference(specimen, tolerance, end, cache, most_levels)
    fine = done[-1]
    out = Comparison(
        specimen.label,
        keys,
        warnings=program.warnings,
        failure=program.failure,
        level=levels[-1],
        reference_wall=sum(one.wall for one in done),
        program_wall=program.wall,
    )
    capacity = specimen.problem(end).unit * 3600
    for k, step in enumerate(fine.steps):
        text = specimen.protocol[k].text()
        error = errors[k]
        resolved = (
            error["duration"] <= tolerance.duration / 10
            and error["voltage"] <= tolerance.voltage / 10
            and error["contact"] <= tolerance.contact / 10
        )
        nan = float("nan")
        theirs = program.steps[k] if k < len(program.steps) else None
        if theirs is None or step.reason in ("infeasible", "failed") or step.duration == 0.0:
            word = theirs.reason if theirs is not None else "infeasible" if program.infeasible else "nothing"
            if theirs is not None and theirs.duration == 0.0 and step.duration == 0.0:
                word = theirs.reason
            out.steps.append(
                StepDifference(
                    text,
                    step.reason,
                    word,
                    resolved,
                    step.duration,
                    theirs.duration if theirs else nan,
                    0.0,
                    nan,
                    step.charge,
                    nan,
                    nan,
                    nan,
                    nan,
                    nan,
                    0.0,
                    0.0,
                )  # fmt: skip
            )
            continue
        shares = _shares()
        unique = np.concatenate([[True], np.diff(theirs.t) > 0]) if len(theirs.t) > 1 else np.array([True])
        at = theirs.t[unique] / theirs.t[-1] if theirs.t[-1] > 0 else theirs.t[unique]
        inside = at >= shares[0]
        # read the reference at the program's own rows: the rows of the program are its answer, not a line between them
        ours = {name: step.at(np.minimum(at[inside], 1.0) * step.duration, name) for name in ("V", "contact")}
        off = np.abs(theirs.voltage[unique][inside] - ours["V"])
        slope = np.abs(sturm_slope(ours["contact"], end))
        out.steps.append(
            StepDifference(
                text=text,
                reason=step.reason,
                program_reason=theirs.reason,
                resolved=bool(resolved),
                duration=float(error["value"]),
                program_duration=float(theirs.duration),
                duration_error=float(error["duration"]),
                d_duration=float(theirs.duration / error["value"] - 1),
                charge=float(step.charge),
                d_charge=float((theirs.charge - step.charge) / max(abs(step.charge), 1e-3 * capacity)),
                d_end_voltage=float(theirs.voltage[-1] - step.end("V")),
                d_voltage=float(off.max()),
                d_voltage_beyond=float((off - tolerance.promised * slope).max()),
                d_contact=float(np.abs(theirs.contact[unique][inside] - ours["contact"]).max()),
                contact_error=float(error["contact"]),
                voltage_error=float(error["voltage"]),
            )
        )
    return out


def end_term(amplitude: float = TERM_AMPLITUDE, scale: float = TERM_SCALE, centre: float = 0.9) -> EndOfDischarge:
    """Return the end-of-discharge term with other parameters, for a default material that has changed."""
    return EndOfDischarge(amplitude, centre, scale)
