"""`simulate`: one case carried through its protocol, as a solution; `simulate_batch`: several that share a mesh."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asyncsoc.case import Case
from asyncsoc.case.fitted import fitted_constants
from asyncsoc.contact.resolution import resolution_warning
from asyncsoc.errors import InputError, SimulationError
from asyncsoc.observables import names
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.resolution import gradient_warning
from asyncsoc.results.data import StepSummary
from asyncsoc.results.provenance import collect
from asyncsoc.results.solution import Solution
from asyncsoc.simulation.observing import Recording
from asyncsoc.simulation.progress import Progress, Reporting
from asyncsoc.simulation.resuming import checkpoint_of, joined
from asyncsoc.simulation.setup import Setup, prepare, warnings_of
from asyncsoc.simulation.watching import found, watch
from asyncsoc.stepping.guards import BalanceGuard
from asyncsoc.stepping.integrate import integrate
from asyncsoc.stepping.state import Checkpoint, Observer, Outcome
from asyncsoc.stepping.warmup import compile_kernels


@dataclass(frozen=True, eq=False)
class Ending:
    """How one case of a batch ended: its solution as far as it got, and the error that stopped it where one did."""

    solution: Solution | None
    error: SimulationError | None

    def finished(self) -> Solution:
        """Return the solution of a case that was carried out.

        Raises
        ------
        SimulationError
            It was not; the exception's `partial` holds the solution reached.
        """
        if self.error is not None:
            self.error.partial = self.solution
            raise self.error
        if self.solution is None:
            raise SimulationError("the protocol ended before it began", where="protocol.steps")
        return self.solution


def simulate(
    case: Case, *, progress: Callable[[Progress], None] | None = None, resume: Solution | None = None
) -> Solution:
    """Carry one case through its protocol: a batch of one.

    Parameters
    ----------
    case
        What to simulate; it is not changed.
    progress
        Called after every accepted step, for progress bars.
    resume
        An earlier solution of the same case, interrupted or with fewer protocol steps, to go on with: the answer is
        that of an uninterrupted run.

    Returns
    -------
    Solution
        Curves, fields, provenance. Row 0 of the curves is the initial state with the first step's current on.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.
    """
    if resume is None:
        (ending,) = simulate_batch([case], progress=progress)
        return ending.finished()
    checkpoint = checkpoint_of(case, resume)
    (later,) = simulate_batch([case], progress=progress, checkpoints=[checkpoint])
    whole = None if later.solution is None else joined(resume, later.solution, checkpoint)
    if whole is None and later.error is None:
        return resume
    return Ending(whole, later.error).finished()


def simulate_batch(
    cases: Sequence[Case],
    *,
    threads: int = 1,
    snapshots: bool = True,
    progress: Callable[[Progress], None] | None = None,
    checkpoints: Sequence[Checkpoint | None] | None = None,
) -> list[Ending]:
    """Carry cases that share a mesh through their protocols together; each ends as it would alone, bit for bit.

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

    Raises
    ------
    InputError
        A case cannot be built, or the cases do not share a mesh.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    setups = [prepare(case) for case in cases]
    if any(setup.system is not setups[0].system for setup in setups):
        raise InputError("the cases of a batch must share one mesh", where="simulate_batch", next_step="group them")
    compile_kernels()
    recordings = [_recording(case, setup, snapshots) for case, setup in zip(cases, setups, strict=True)]
    observers = [_observers(*pair, progress) for pair in zip(setups, recordings, strict=True)]
    ready = time.perf_counter()
    members = [setup.member for setup in setups]
    outcomes = integrate(setups[0].system, members, observers, threads=threads, resume=checkpoints)
    finished = time.perf_counter()
    walls = {"set-up": (ready - clock) / len(cases), "solve": (finished - ready) / len(cases)}
    endings = []
    for case, setup, recording, outcome in zip(cases, setups, recordings, outcomes, strict=True):
        recording.finish()
        began = len(recording.curves) > 0
        solution = _solution(case, setup, recording, outcome, started, walls, threads) if began else None
        endings.append(Ending(solution, outcome.error))
    return endings


def _recording(case: Case, setup: Setup, snapshots: bool) -> Recording:
    gauge = Gauge.build(setup.mesh, setup.contact, setup.operators.mass, setup.cathode, x_at_4p2=setup.x_at_4p2)
    rates = None if setup.side is None else watch(case, setup)
    return Recording(gauge, case.output.fields_every if snapshots else None, rates)


def _observers(setup: Setup, recording: Recording, progress: Callable[[Progress], None] | None) -> list[Observer]:
    guard = BalanceGuard(setup.operators.mass, setup.cathode.maximum_concentration)
    reporting = [] if progress is None else [Reporting(progress, setup.member.segments, setup.full_charge)]
    return [guard, recording, *reporting]


def _solution(
    case: Case,
    setup: Setup,
    recording: Recording,
    outcome: Outcome,
    started: datetime,
    walls: dict[str, float],
    threads: int,
) -> Solution:
    columns, fields, rates = recording.curves.curves(), recording.fields, recording.rates
    added = {} if rates is None else found(rates, setup)
    low, high = float(columns[names.MINIMUM_X].min()), float(columns[names.MAXIMUM_X].max())
    warnings = [*warnings_of(setup, (low, high))]
    limited = [s for s in outcome.segments if s.reason.startswith("stoichiometry limit")]
    warnings += [f"step {s.number} ({s.text}) ended early: {s.reason}" for s in limited]
    resolution = (resolution_warning(setup.contact, setup.mesh), gradient_warning(setup.mesh, fields.fields))
    warnings += [warning for warning in resolution if warning is not None]
    warnings += fitted_constants(case)
    return Solution(
        name=case.name,
        columns=columns if rates is None else columns | rates.columns(),
        field_times=fields.times,
        field_x=fields.fields,
        mesh=setup.mesh,
        contact=setup.contact,
        stoichiometry_at_4p2=setup.x_at_4p2,
        case=case.to_dict(),
        case_toml=case.to_toml(),
        case_sha256=case.hash,
        steps=tuple(
            StepSummary(s.number, s.cycle, s.text, s.reason, s.duration, s.charge, s.side_charge)
            for s in outcome.segments
        ),
        status="done" if outcome.error is None else "stopped",
        stop_reason=outcome.stop_reason,
        warnings=tuple(warnings),
        provenance=collect(
            mesh_sha256=setup.mesh.sha256,
            case_sha256=case.hash,
            started=started,
            stop_reason=outcome.stop_reason,
            threads=threads,
        )
        | {"integrator steps": {"accepted": outcome.accepted, "rejected": outcome.rejected}},
        wall_times=walls,
        checkpoint=outcome.checkpoint,
        **added,
    )


__all__ = ["Ending", "Progress", "simulate", "simulate_batch"]
