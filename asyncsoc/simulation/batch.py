"""`simulate_batch`: cases on one mesh through their protocols, each as a solution."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.base.processes import uninterrupted
from asyncsoc.case import Case
from asyncsoc.case.fitted import fitted_constants
from asyncsoc.case.validity import conductivity_warnings, exchange_current_warnings, rate_law_warnings
from asyncsoc.contact.resolution import resolution_warning
from asyncsoc.kernels.batch import FEWEST
from asyncsoc.problem.build import PreparedCase, prepare, warnings_of
from asyncsoc.problem.case_parameters import given_by_the_case
from asyncsoc.problem.meshing import unresolved_layer
from asyncsoc.problem.particles import Member, Problem
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.mesh_error import duration_warnings, gradient_warnings, step_ends
from asyncsoc.simulation.case_result import CaseResult
from asyncsoc.simulation.coverage_reporting import REPORT, coverage_assumption, coverage_curve, coverage_report
from asyncsoc.simulation.curve_measure import CurveMeasure, check_limits
from asyncsoc.simulation.cycle_jumping import simulate_jumping
from asyncsoc.simulation.memory_limit import check_memory
from asyncsoc.simulation.progress import Progress, ProgressReporter
from asyncsoc.simulation.recording import RecordingCallback, RunRecorders, particle_constants
from asyncsoc.simulation.recording_start import RecordingStart, recording_start
from asyncsoc.simulation.results.data import StepSummary
from asyncsoc.simulation.results.provenance import collect
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.resume import checkpoint_of, joined
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.checkpoints import Checkpoint, RunOutcome
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.warmup import compile_for

if TYPE_CHECKING:
    from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder

Array = NDArray[np.float64]

_LOST = 1e-3
"""Share of the widest contact below which a particle has lost it: its mesh does not decide how long a step lasts."""


def simulate_batch(
    cases: Sequence[Case],
    *,
    threads: int = 1,
    snapshots: bool = True,
    progress: Callable[[Progress], None] | None = None,
    checkpoints: Sequence[Checkpoint | None] | None = None,
    starts: Sequence[RecordingStart | None] | None = None,
    until: int | None = None,
) -> list[CaseResult]:
    """Simulate cases that share a mesh together; on one machine each has the same bits as alone.

    Parameters
    ----------
    cases
        Cases of one particle mesh (`body.mesh_key` is the same); contact, material, protocol and all else may differ.
    threads
        Threads to spread the cases over.
    snapshots
        Keep the field every `output.fields_every`; else only where protocol steps begin and end, and the curves have
        no rows at those times.
    progress
        Called after every accepted step of every case.
    checkpoints
        Where each case goes on from; None begins it. The solutions then hold what came after.
    starts
        Where the recorders of each case go on, beside its checkpoint.
    until
        The last protocol step that is carried out; all where None.

    Raises
    ------
    InputError
        A case cannot be built, or the cases do not share a mesh.
    """
    if until is None and any(case.solver.cycle_jump_tolerance is not None for case in cases):
        return [  # each jumps for itself
            jumping_case(case, progress)
            if case.solver.cycle_jump_tolerance is not None
            else simulate_batch([case], snapshots=snapshots, progress=progress)[0]
            for case in cases
        ]
    started, clock = datetime.now(UTC), time.perf_counter()
    setups = [prepare(case) for case in cases]
    if any(setup.system is not setups[0].system for setup in setups):
        raise InputError("the cases of a batch must share one mesh", where="simulate_batch", next_step="group them")
    _require_same_mesh(setups, checkpoints)
    for pair in zip(cases, setups, strict=True):
        check_memory(*pair, snapshots=snapshots)
    compile_for([setups[0].system], batches=len(cases) >= FEWEST)
    starts = starts or [None] * len(cases)
    recording = RecordingCallback(
        [
            recorders_of(*each, snapshots=snapshots, compared=each[0].solver.cycle_jump_tolerance is None)
            for each in zip(cases, setups, starts, strict=True)
        ]
    )
    for case, setup, rates in zip(cases, setups, recording.rates, strict=True):
        check_limits(case, setup, rates)
    guard = BalanceGuard(setups[0].operators.mass, [setup.cathode.maximum_concentration for setup in setups])
    ready = time.perf_counter()
    outcomes = integrate(
        Problem.alone(setups[0].system, [carried_out(setup.member, until) for setup in setups]),
        None
        if progress is None
        else [[ProgressReporter(progress, s.member.constraints, s.full_charge)] for s in setups],
        batch_callbacks=[[guard, recording]],
        threads=threads,
        resume=checkpoints,
        measure=CurveMeasure(recording.constants, recording.rates, recording.changing),
    )
    endings: list[CaseResult] = []
    try:
        with uninterrupted():  # what has been reached is not lost to a Ctrl-C any more
            endings += _endings(cases, setups, recording, outcomes, (started, clock, ready), threads)
    except KeyboardInterrupt:
        late = InterruptedRunError("interrupted after the run was complete", next_step="its result is complete")
        endings = [replace(ending, error=ending.error or late) for ending in endings]
    return endings


def carry_case(
    case: Case,
    progress: Callable[[Progress], None] | None = None,
    previous: Solution | None = None,
    until: int | None = None,
) -> CaseResult:
    """Carry one case from where a solution ends to the end of protocol step `until`; return all of both.

    Parameters
    ----------
    case, progress, until
        As of `simulate_batch`.
    previous
        The solution; None begins the case.

    Raises
    ------
    InputError
        The case cannot be built, or the solution is that of another one.
    """
    if previous is None:
        return simulate_batch([case], progress=progress, until=until)[0]
    checkpoint = checkpoint_of(case, previous)
    start = recording_start(case, previous, checkpoint)
    (later,) = simulate_batch([case], progress=progress, checkpoints=[checkpoint], starts=[start], until=until)
    whole = previous if later.solution is None else joined(previous, later.solution, checkpoint)
    return CaseResult(whole, later.error)


def jumping_case(
    case: Case, progress: Callable[[Progress], None] | None = None, previous: Solution | None = None
) -> CaseResult:
    """Carry one case that jumps over cycles through its protocol, or on from where a solution ends.

    Raises
    ------
    InputError
        As of `carry_case`, or the solution was computed without jumps.
    """
    if previous is not None:
        checkpoint_of(case, previous)
    carry = partial(carry_case, case, progress)
    return simulate_jumping([case], np.ones(1), carry, previous)


def carried_out(member: Member, until: int | None) -> Member:
    """Return a member with the protocol steps up to one; all where None."""
    return member if until is None else replace(member, constraints=member.constraints[:until])


def _require_same_mesh(setups: Sequence[PreparedCase], checkpoints: Sequence[Checkpoint | None] | None) -> None:
    """Refuse to go on from a state on another mesh: how fine a mesh is depends on the steps of the whole protocol."""
    for setup, checkpoint in zip(setups, checkpoints or (), strict=False):
        nodes = len(setup.mesh.points)
        for particle in () if checkpoint is None else checkpoint.particles:
            if len(particle.x) != nodes:
                raise InputError(
                    "the protocol with its further steps needs another mesh than the result has",
                    where="resume",
                    value=f"{nodes} nodes",
                    allowed=f"the {len(particle.x)} nodes of the result",
                    next_step="run the case from its start; a given particle.edge_levels keeps meshes the same",
                )


def _endings(
    cases: Sequence[Case],
    setups: Sequence[PreparedCase],
    recording: RecordingCallback,
    outcomes: Sequence[RunOutcome],
    clocks: tuple[datetime, float, float],
    threads: int,
) -> list[CaseResult]:
    """Return how the cases ended; `clocks` are when the batch began, by calendar and clock, and when it was ready."""
    started, clock, ready = clocks
    finished = time.perf_counter()
    walls = {"set-up": (ready - clock) / len(cases), "solve": (finished - ready) / len(cases)}
    recording.finish(outcomes)
    fields = [recorder.fields for recorder in recording.fields]
    resolutions = gradient_warnings(setups[0].mesh, fields)
    mesh = setups[0].mesh.sha256
    origin = collect(mesh_sha256=mesh, case_sha256="", started=started, stop_reason="", threads=threads)
    endings = []
    areas = recording.curves.contact_areas()
    for number, columns in enumerate(recording.curves.curves()):
        outcome, solution = outcomes[number], None
        if len(columns[names.TIME]) and recording.went_on(number):
            recorded = RecordedRun(
                columns, areas[number], recording.fields[number].times, fields[number], recording.rates[number]
            )
            about = origin | {"case sha256": cases[number].hash, "stop reason": outcome.stop_reason}
            about["integrator steps"] = {"accepted": outcome.accepted, "rejected": outcome.rejected}
            solution = replace(
                solution_of(
                    cases[number], setups[number], recorded, outcome, resolutions[number], walls=walls, provenance=about
                ),
                recording=recording.checkpoints.get(number),
                cycle_rows=recording.cycles[number].table(),
            )
        endings.append(CaseResult(solution, outcome.error))
    return endings


def recorders_of(
    case: Case, setup: PreparedCase, start: RecordingStart | None, *, snapshots: bool, compared: bool = True
) -> RunRecorders:
    """Return how a case is recorded; `compared`: its side reaction against the fully covered particle."""
    rates = None
    if setup.side is not None:
        from asyncsoc.simulation.side_reaction_recording import side_reaction_recorder

        going_on = (None, 1) if start is None else (start.side, len(start.checkpoint.finished) + 1)
        rates = side_reaction_recorder(case, setup, *going_on, compared=compared)
    every = case.output.fields_every if snapshots else None
    return RunRecorders(particle_constants(setup), every, rates, setup.member.changing, case.output.kept_cycles, start)


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """The records of one particle: its curves, contact area at their rows [m2], snapshots and side reaction."""

    columns: dict[str, NDArray[Any]]
    areas: Array
    times: Array
    fields: Array
    rates: SideReactionRecorder | None


def solution_of(
    case: Case,
    setup: PreparedCase,
    recorded: RecordedRun,
    outcome: RunOutcome,
    resolution: str | None,
    *,
    walls: dict[str, float],
    provenance: dict[str, Any],
) -> Solution:
    """Return the solution of one particle from its records."""
    columns, rates, changing = recorded.columns, recorded.rates, setup.member.changing
    added: dict[str, Any] = {}
    if rates is not None:
        from asyncsoc.simulation.side_reaction_recording import side_reaction_results

        added = side_reaction_results(rates, setup)
    reports = {**added.pop("reports", {}), **given_by_the_case(case)}
    low, high = float(columns[names.MINIMUM_X].min()), float(columns[names.MAXIMUM_X].max())
    warnings = [*warnings_of(setup, (low, high))]
    limited = [s for s in outcome.steps if s.reason.startswith("stoichiometry limit")]
    warnings += [f"step {s.number} ({s.text}) ended early: {s.reason}" for s in limited]
    warnings += [w for w in (unresolved_layer(case, setup.share),) if w]
    warnings += [warning for warning in (resolution_warning(setup.contact, setup.mesh), resolution) if warning]
    lost = changing is not None and bool(recorded.areas.min() < _LOST * recorded.areas.max())
    if setup.mesh.coordinates != "radial" and not lost:
        ends = step_ends(columns, recorded.times, recorded.fields, outcome, setup.member.constraints)
        warnings += duration_warnings(setup.mesh, ends)
    warnings += [*conductivity_warnings(case), *exchange_current_warnings(case), *rate_law_warnings(case)]
    warnings += fitted_constants(case)
    if changing is not None:
        columns = columns | {names.COVERAGE: coverage_curve(changing, recorded.areas)}
        assumption = coverage_assumption(changing)
        warnings.append(f"assumption: {assumption}")
        reports[REPORT] = coverage_report(assumption, columns)
    return Solution(
        name=case.name,
        columns=columns if rates is None else columns | _as_long(rates.columns(), columns),
        field_times=recorded.times,
        field_x=recorded.fields,
        mesh=setup.mesh,
        contact=setup.contact,
        stoichiometry_at_4p2=setup.charged_x,
        valence=setup.cathode.valence,
        case=case.to_dict(),
        case_toml=case.to_toml(),
        case_sha256=case.hash,
        steps=tuple(
            StepSummary(s.number, s.cycle, s.text, s.reason, s.duration, s.charge, s.side_charge) for s in outcome.steps
        ),
        status="done" if outcome.error is None else "stopped",
        stop_reason=outcome.stop_reason,
        warnings=tuple(warnings),
        provenance=provenance,
        wall_times=walls,
        checkpoint=outcome.checkpoint,
        reports=reports,
        **added,
    )


def _as_long(columns: dict[str, Array], others: dict[str, NDArray[Any]]) -> dict[str, Array]:
    """Return columns as long as others: of a group that was stopped one particle may have recorded a state more."""
    return {name: values[: len(others[names.TIME])] for name, values in columns.items()}
