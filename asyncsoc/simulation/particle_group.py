"""`simulate_particles`: particles of different coverage, size or contact at one potential, as one solution."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.notices import warn_of_result
from asyncsoc.base.processes import uninterrupted
from asyncsoc.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.problem.ranks import Communicator
from asyncsoc.simulation.batch import recorders_of
from asyncsoc.simulation.case_result import CaseResult
from asyncsoc.simulation.curve_measure import CurveMeasure, check_limits
from asyncsoc.simulation.cycle_jumping import simulate_jumping
from asyncsoc.simulation.group_checks import (
    check_curve_limits,
    check_same,
    checked_multiplicities,
    checked_names,
    checked_resistances,
    several_cases,
)
from asyncsoc.simulation.group_cycles import GroupCycles
from asyncsoc.simulation.group_measure import GroupMeasure, side_curves
from asyncsoc.simulation.group_resume import check_nodes, group_start
from asyncsoc.simulation.group_run import GroupRun
from asyncsoc.simulation.group_setup import (
    compile_for_group,
    note_salt_compiled,
    own_homes,
    prepared_particles,
    problem_of_group,
    ranks_of,
    shares_of,
    volume_of,
    with_homes,
)
from asyncsoc.simulation.memory_limit import check_memory
from asyncsoc.simulation.progress import Progress, ProgressReporter
from asyncsoc.simulation.recording import RecordingCallback
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.resume import joined, require_every_cycle
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import BatchCallback

Array = NDArray[np.float64]


def simulate_particles(
    cases: Sequence[Case],
    multiplicities: Sequence[float] | None = None,
    *,
    names: Sequence[str] | None = None,
    contact_resistances: Sequence[float | str] | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    communicator: Communicator | None = None,
) -> Solution:
    """Simulate particles that share one potential, a group, over their common protocol.

    The potential, phi_s less phi_e, is the same for all at every time, and the current of the protocol is that of the
    group, I = sum of n_j I_j: how it is shared follows from the particles. 1 C, areal currents and currents per mass
    mean the cathode of all particles together, sum of n_j V_j; amperes, coulombs and a nominal capacity stated in them
    are those of the whole group. The series resistance of the electrolyte is seen by the current of the group.

    Parameters
    ----------
    cases
        A case for each particle: its mesh, contact, kinetics, film and side reaction. Cathode, electrolyte, protocol
        with its temperature, output and solver must be the same in all. A particle without contact is left out.
    multiplicities : (N,)
        How many particles like it each stands for, n_j > 0; one each where None.
    names : (N,)
        Names of the particles in the result; None takes those of the cases, numbered where two are equal.
    contact_resistances : (N,), ohm
        Between each particle and what it shares with the others, r_j of one such particle: it sees v - r_j I_j.
        Numbers, texts with a unit ("20 Mohm"), or infinity, "isolated": no net current reaches the particle, lithium
        moves within it only. None: no resistances.
    threads
        Threads to spread the particles over, and processes that read many mesh files; the answers do not depend on it.
    progress
        Called after every accepted step.
    resume
        An earlier solution of the same particles, interrupted or with fewer protocol steps, to resume: the answer is
        that of an uninterrupted run.
    communicator
        Of mpi4py: its processes have the particles among them, as of `simulate`.

    Returns
    -------
    Solution
        With the curves of the group; `Solution.particles` has all particles over time, `Solution.particle(j)` one of
        them as a single run gives it. Of one particle the solution is that of `simulate`, bit for bit.

    Raises
    ------
    InputError
        No cases, cases that differ in what a group shares (its key is named), kinetics of a uniform flux, or a protocol
        step that ends on a curve.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.

    Warns
    -----
    ResultWarning
        Each of the solution's `warnings`.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "particle": {"radius": "5 um", "mesh": "coarse"},
    ...     "contact": {"kind": "cap", "coverage": 0.3},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> well = case.with_overrides(["contact.coverage=0.9"])
    >>> solution = aso.simulate_particles([case, well], names=["poor", "well"])
    >>> shares = solution.particles["Current share"].isel(point=-1)
    >>> bool(shares.sel(particle="poor") < 0.5), round(float(shares.sum()), 9)
    (True, 1.0)
    """
    cases = several_cases(cases)
    check_same(cases)
    many = checked_multiplicities(multiplicities, len(cases))
    ohms = checked_resistances(contact_resistances, len(cases))
    called = checked_names(names, cases)
    solution = run_group(
        cases,
        many,
        called,
        resistances=ohms,
        threads=threads,
        progress=progress,
        resume=resume,
        communicator=communicator,
    ).finished()
    warn_of_result(solution.warnings)
    return solution


@dataclass(frozen=True, eq=False)
class ContactBefore:
    """The contacts of particles before some of them lose theirs.

    Attributes
    ----------
    resistances : (N,), ohm
        Until then.
    steps
        Number of the last protocol step with them.
    """

    resistances: Array
    steps: int


def run_group(
    cases: tuple[Case, ...],
    many: Array,
    called: tuple[str, ...],
    *,
    resistances: Array | None = None,
    before: ContactBefore | None = None,
    idle_volume: float = 0.0,
    layers: ElectrodeLayers | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    communicator: Communicator | None = None,
) -> CaseResult:
    """Carry a group of particles through its protocol, over cycles left out where it jumps; return how it ended.

    Parameters and errors are those of `carry_group`; `before` has contacts that hold for the first protocol steps.
    Where a communicator is given its processes have the particles among them: each calls this with the same arguments
    and returns the same.
    """

    def carry(previous: Solution | None, until: int | None, ohms: Array | None = resistances) -> CaseResult:
        return carry_group(
            cases,
            many,
            called,
            resistances=ohms,
            idle_volume=idle_volume,
            layers=layers,
            threads=threads,
            progress=progress,
            resume=previous,
            until=until,
            communicator=communicator,
        )

    if cases[0].solver.cycle_jump_tolerance is not None:
        if resume is not None:
            group_start(cases, many, resume)
        volumes = None if layers is None or layers.salt is None else layers.salt.volumes
        return simulate_jumping(cases, many, carry, resume, volumes)
    if resume is not None:
        require_every_cycle(resume)
    if before is None or steps_done(resume) >= before.steps:
        return carry(resume, None)
    connected = carry(resume, before.steps, before.resistances)
    if connected.error is not None or connected.solution is None:
        return connected
    ending = carry(connected.solution, None)
    return (
        ending if resume is not None or ending.solution is None else replace(ending, solution=as_one(ending.solution))
    )


def steps_done(solution: Solution | None) -> int:
    """Return how many protocol steps of a result are over."""
    return 0 if solution is None or solution.checkpoint is None else len(solution.checkpoint.finished)


def as_one(solution: Solution) -> Solution:
    """Return a result that was carried on within one run without saying that it was resumed."""
    origin = {key: value for key, value in solution.provenance.items() if key != "resumed from"}
    return replace(solution, provenance=origin)


def carry_group(
    cases: tuple[Case, ...],
    many: Array,
    called: tuple[str, ...],
    *,
    resistances: Array | None = None,
    idle_volume: float = 0.0,
    layers: ElectrodeLayers | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    until: int | None = None,
    communicator: Communicator | None = None,
) -> CaseResult:
    """Carry a group of particles through its protocol; return how it ended.

    Parameters
    ----------
    cases, many, called
        As of `simulate_particles`, checked.
    resistances : (N,), ohm
        Of each particle's contact to the others, infinite where it is isolated; None: there are none.
    idle_volume
        Of particles without contact [m3]: they count in what 1 C means and in the mean state of charge.
    layers
        Of an electrode, which its particles are in; None: all are at one potential.
    threads, progress, resume
        As of `simulate_particles`.
    until
        The last protocol step that is carried out; all where None.
    communicator
        As of `run_group`.

    Raises
    ------
    InputError
        A case cannot be built, or the result to resume is that of another group.
    """
    start = None if resume is None else group_start(cases, many, resume)
    started, clock = datetime.now(UTC), time.perf_counter()
    setups = prepared_particles(cases, many, idle_volume, threads)
    alone = len(cases) == 1
    largest = max(setups, key=lambda setup: setup.mesh.n_nodes)
    check_memory(cases[0], largest, snapshots=True, particles=len(cases), volume=volume_of(setups, many))
    setups, homes = with_homes(setups)
    ohms = np.zeros(len(cases)) if resistances is None else resistances
    ranks = ranks_of(setups, homes, communicator)
    homes = own_homes(homes, ranks)
    if ranks is None:  # those of several processes are compiled by the run
        compile_for_group(setups, homes, ohms, layers, threads)
    starts = [None] * len(cases) if start is None else start.particles
    check_nodes(setups, start)
    compared = alone and cases[0].solver.cycle_jump_tolerance is None
    recordings = [
        RecordingCallback(
            [recorders_of(cases[j], setups[j], starts[j], snapshots=True, compared=compared) for j in home],
            takes_cycles=False,
        )
        for home in homes
    ]
    guards = [
        BalanceGuard(
            setups[home[0]].operators.mass,
            [setups[j].cathode.maximum_concentration * setups[j].member.scale ** 3 for j in home],
        )
        for home in homes
    ]
    if alone:
        check_limits(cases[0], setups[0], recordings[0].rates[0])
    check_curve_limits(setups[0].member.constraints, len(cases), side_curves(recordings))
    problem = problem_of_group(setups, homes, many, ohms, layers, until)
    shares = shares_of(setups, many, idle_volume, ohms, layers, start)
    first = None if start is None else start.group
    cycles = GroupCycles(recordings, homes, shares, cases[0].output.kept_cycles, first, ranks)
    callbacks: list[list[BatchCallback]] = [list(pair) for pair in zip(guards, recordings, strict=True)]
    callbacks[0].insert(0, cycles)
    ready = time.perf_counter()
    watched = () if progress is None else (_reporter(progress, setups[0]),)
    (outcome,) = integrate(
        problem,
        [watched, *[()] * (len(cases) - 1)],
        batch_callbacks=callbacks,
        threads=threads,
        resume=[None if start is None else start.checkpoint],
        measure=CurveMeasure(recordings[0].constants, recordings[0].rates, recordings[0].changing) if alone else None,
        group_measure=GroupMeasure(recordings, homes, shares, float(setups[0].member.x[0])),
        ranks=ranks,
    )
    note_salt_compiled(setups, layers)
    run = GroupRun(
        cases, called, setups, many, ohms, homes, recordings, outcome, idle_volume, shares, cycles, start, layers, ranks
    )
    with uninterrupted():  # what has been reached is not lost to a Ctrl-C any more
        walls = {"set-up": ready - clock, "solve": time.perf_counter() - ready}
        solution = run.solution(walls, started, threads)
        if start is not None and resume is not None:
            solution = resume if solution is None else run.reported(joined(resume, solution, start.checkpoint))
    return CaseResult(solution, outcome.error)


def _reporter(progress: Callable[[Progress], None], setup: PreparedCase) -> ProgressReporter:
    return ProgressReporter(progress, setup.member.constraints, setup.full_charge)
