"""The electrode of a case: its particles are drawn and simulated at one potential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.electrode_isolation import KEY, first_cycle_problem
from asyncsoc.materials.assumptions import assumption
from asyncsoc.problem.electrode_cases import ElectrodeCases, electrode_cases
from asyncsoc.problem.electrode_salt import salt_parameters
from asyncsoc.problem.ranks import Communicator
from asyncsoc.simulation.case_result import CaseResult
from asyncsoc.simulation.particle_group import ContactBefore, run_group
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.results.group_state import with_isolation
from asyncsoc.simulation.results.layers import salt_warnings
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.resume import checkpoint_of

REPORT = "electrode"
"""Report of a solution: what the electrode is, and every particle drawn."""


def simulate_electrode(
    case: Case,
    *,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    communicator: Communicator | None = None,
) -> Solution:
    """Simulate the electrode of a case: the particles drawn from its description share one potential.

    Currents of the protocol are those of the electrode, and 1 C is the sum of its particles' capacities. Particles
    without contact count in both and stay as they are.

    Parameters
    ----------
    case
        A case with an electrode.
    threads
        Threads to spread the particles over; the answers do not depend on it.
    progress
        Called after every accepted step.
    resume
        An earlier solution of the same electrode to resume, as of `simulate`.
    communicator
        As of `simulate`.

    Raises
    ------
    InputError
        The electrode cannot be built, or the result to resume is that of another one.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.
    """
    if resume is not None:
        checkpoint_of(case, resume)
    drawn = electrode_cases(case)
    names = tuple(one.name for one in drawn.cases)
    ending = run_group(
        drawn.cases,
        drawn.multiplicities,
        names,
        resistances=drawn.resistances,
        before=_before(case, drawn),
        idle_volume=drawn.idle_volume,
        layers=drawn.layers,
        threads=threads,
        progress=progress,
        resume=resume,
        communicator=communicator,
    )
    found = ending.solution
    if found is None:
        return ending.finished()
    parameters = (*case.electrode.parameters, *salt_parameters(case))
    sample = drawn.sample
    warnings = [assumption(one, f"{one.name} of the electrode") for one in parameters if one.assumed]
    warnings += salt_warnings(found)
    if drawn.idle_volume > 0.0:
        share = drawn.idle_volume / (drawn.idle_volume + float(drawn.volume))
        warnings.append(f"{share:.3g} of the active material has no contact and keeps the stoichiometry it starts with")
    report = dict(drawn.report(case.electrode))
    isolated = report["share of volume isolated"]
    if isolated:
        since = case.electrode.isolated_from_cycle
        when = "" if since is None else f"from cycle {since} on "
        warnings.append(f"{when}{isolated:.3g} of the active material is isolated: no net current reaches it")
    about = {**found.provenance, "case sha256": case.hash, "electrode sha256": sample.description_sha256}
    whole = replace(
        found,
        name=case.name,
        case=case.to_dict(),
        case_toml=case.to_toml(),
        case_sha256=case.hash,
        warnings=(*(one for one in found.warnings if one not in warnings), *warnings),
        provenance=about,
        reports={**with_isolation(found, case.electrode.isolated_from_cycle), REPORT: report},
    )
    return CaseResult(whole, ending.error).finished()


def _before(case: Case, drawn: ElectrodeCases) -> ContactBefore | None:
    """Return the contacts before particles lose theirs; None where they have them or not from the start.

    Raises
    ------
    InputError
        The protocol does not have the cycle, or cycles are jumped over.
    """
    cycle, steps = case.electrode.isolated_from_cycle, case.protocol.plan.steps
    if cycle is None or drawn.before is None:
        return None
    problem = first_cycle_problem(cycle, max(step.cycle for step in steps))
    if problem is not None:
        raise problem
    if case.solver.cycle_jump_tolerance is not None:
        raise InputError(
            "no cycle is jumped over where particles lose their contact in one of them",
            where="solver.cycle_jump_tolerance",
            next_step=f"remove it, or {KEY}",
        )
    return ContactBefore(drawn.before, sum(step.cycle < cycle for step in steps))
