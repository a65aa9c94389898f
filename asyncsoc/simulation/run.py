"""`simulate`: one case carried through its protocol, as a solution."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from asyncsoc.case import Case
from asyncsoc.contact.resolution import resolution_warning
from asyncsoc.errors import SimulationError
from asyncsoc.observables import names
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.resolution import gradient_warning
from asyncsoc.results.data import StepSummary
from asyncsoc.results.provenance import collect
from asyncsoc.results.solution import Solution
from asyncsoc.simulation.observing import Recording
from asyncsoc.simulation.progress import Progress, Reporting
from asyncsoc.simulation.setup import Setup, prepare, warnings_of
from asyncsoc.stepping.guards import BalanceGuard
from asyncsoc.stepping.integrate import integrate
from asyncsoc.stepping.state import Observer, Outcome
from asyncsoc.stepping.warmup import compile_kernels


def simulate(case: Case, *, progress: Callable[[Progress], None] | None = None) -> Solution:
    """Carry one case through its protocol.

    Parameters
    ----------
    case
        What to simulate; it is not changed.
    progress
        Called after every accepted step, for progress bars.

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
    started, clock = datetime.now(UTC), time.perf_counter()
    setup = prepare(case)
    compile_kernels()
    gauge = Gauge.build(setup.mesh, setup.contact, setup.operators.mass, setup.cathode, x_at_4p2=setup.x_at_4p2)
    recording = Recording(gauge, case.output.fields_every)
    guard = BalanceGuard(setup.operators.mass, setup.cathode.maximum_concentration)
    observers: list[Observer] = [guard, recording]
    if progress is not None:
        observers.append(Reporting(progress, setup.member.segments, setup.full_charge))
    ready = time.perf_counter()
    outcome = integrate(setup.system, [setup.member], [observers])[0]
    finished = time.perf_counter()
    walls = {"set-up": ready - clock, "solve": finished - ready}
    recording.finish()
    solution = _solution(case, setup, recording, outcome, started, walls) if len(recording.curves) else None
    if outcome.error is not None:
        error: SimulationError = outcome.error
        error.partial = solution
        raise error
    if solution is None:
        raise SimulationError("the protocol ended before it began", where="protocol.steps", value=outcome.stop_reason)
    return solution


def _solution(
    case: Case,
    setup: Setup,
    recording: Recording,
    outcome: Outcome,
    started: datetime,
    walls: dict[str, float],
) -> Solution:
    columns, fields = recording.curves.curves(), recording.fields
    low, high = float(columns[names.MINIMUM_X].min()), float(columns[names.MAXIMUM_X].max())
    warnings = [*warnings_of(setup, (low, high))]
    limited = [s for s in outcome.segments if s.reason.startswith("stoichiometry limit")]
    warnings += [f"step {s.number} ({s.text}) ended early: {s.reason}" for s in limited]
    resolution = (resolution_warning(setup.contact, setup.mesh), gradient_warning(setup.mesh, fields.fields))
    warnings += [warning for warning in resolution if warning is not None]
    return Solution(
        name=case.name,
        columns=columns,
        field_times=fields.times,
        field_x=fields.fields,
        mesh=setup.mesh,
        contact=setup.contact,
        stoichiometry_at_4p2=setup.x_at_4p2,
        case=case.to_dict(),
        case_toml=case.to_toml(),
        case_sha256=case.hash,
        steps=tuple(StepSummary(s.number, s.cycle, s.text, s.reason, s.duration, s.charge) for s in outcome.segments),
        status="done" if outcome.error is None else "stopped",
        stop_reason=outcome.stop_reason,
        warnings=tuple(warnings),
        provenance=collect(
            mesh_sha256=setup.mesh.sha256,
            case_sha256=case.hash,
            started=started,
            stop_reason=outcome.stop_reason,
            threads=1,
        )
        | {"integrator steps": {"accepted": outcome.accepted, "rejected": outcome.rejected}},
        wall_times=walls,
    )


__all__ = ["Progress", "simulate"]
