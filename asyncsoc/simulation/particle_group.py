"""`simulate_particles`: particles of different coverage, size or contact at one potential, as one solution."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.processes import uninterrupted
from asyncsoc.case import Case
from asyncsoc.problem.body import body_of
from asyncsoc.problem.build import PreparedCase, constraints_of, prepare
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.problem.going_on import going_on
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import rows_of_curves
from asyncsoc.recorders.mesh_error import gradient_warnings
from asyncsoc.recorders.particle_group import GroupShares, group_curves
from asyncsoc.simulation.batch import CaseResult, RecordedRun, recorders_of, solution_of
from asyncsoc.simulation.curve_measure import CurveMeasure, check_limits
from asyncsoc.simulation.group_checks import (
    check_curve_limits,
    check_same,
    checked_multiplicities,
    checked_names,
    checked_resistances,
    joined_warnings,
    least_open_of,
)
from asyncsoc.simulation.group_measure import GroupMeasure, side_curves
from asyncsoc.simulation.group_report import group_report
from asyncsoc.simulation.memory_limit import check_memory
from asyncsoc.simulation.progress import Progress, ProgressReporter
from asyncsoc.simulation.recording import RecordingCallback
from asyncsoc.simulation.results.data import StepSummary
from asyncsoc.simulation.results.group_state import GROUP, RESISTANCES
from asyncsoc.simulation.results.layers import LAYERS
from asyncsoc.simulation.results.provenance import collect
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import RunOutcome
from asyncsoc.solver.warmup import compile_kernels

Array = NDArray[np.float64]


def simulate_particles(
    cases: Sequence[Case],
    multiplicities: Sequence[float] | None = None,
    *,
    names: Sequence[str] | None = None,
    contact_resistances: Sequence[float | str] | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
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
        Threads to spread the particles over; the answers do not depend on it.
    progress
        Called after every accepted step.

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
    cases = tuple(cases)
    check_same(cases)
    many = checked_multiplicities(multiplicities, len(cases))
    ohms = checked_resistances(contact_resistances, len(cases))
    called = checked_names(names, cases)
    return run_group(cases, many, called, resistances=ohms, threads=threads, progress=progress).finished()


def run_group(
    cases: tuple[Case, ...],
    many: Array,
    called: tuple[str, ...],
    *,
    resistances: Array | None = None,
    idle_volume: float = 0.0,
    layers: ElectrodeLayers | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
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
    threads, progress
        As of `simulate_particles`.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    setups = _prepared(cases, many, idle_volume)
    alone = len(cases) == 1
    largest = max(setups, key=lambda setup: setup.mesh.n_nodes)
    check_memory(cases[0], largest, snapshots=True, particles=len(cases), volume=_volume(setups, many))
    compile_kernels(batches=False, groups=not alone)
    setups, homes = _with_homes(setups)
    recorders = [
        recorders_of(case, setup, None, snapshots=True, compared=alone)
        for case, setup in zip(cases, setups, strict=True)
    ]
    recordings = [RecordingCallback([recorders[j] for j in home]) for home in homes]
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
    ohms = np.zeros(len(cases)) if resistances is None else resistances
    problem = _problem(setups, homes, many, ohms, layers)
    shares = _group_shares(setups, many, idle_volume, ohms)
    ready = time.perf_counter()
    watched = () if progress is None else (_reporter(progress, setups[0]),)
    (outcome,) = integrate(
        problem,
        [watched, *[()] * (len(cases) - 1)],
        batch_callbacks=[list(pair) for pair in zip(guards, recordings, strict=True)],
        threads=threads,
        measure=CurveMeasure(recordings[0].constants, recordings[0].rates, recordings[0].changing) if alone else None,
        group_measure=GroupMeasure(
            recordings, homes, shares, float(setups[0].member.x[0]), one_potential=layers is None
        ),
    )
    run = _GroupRun(cases, called, setups, many, ohms, homes, recordings, outcome, idle_volume, layers)
    with uninterrupted():  # what has been reached is not lost to a Ctrl-C any more
        walls = {"set-up": ready - clock, "solve": time.perf_counter() - ready}
        solution = run.solution(walls, started, threads)
    return CaseResult(solution, outcome.error)


def _prepared(cases: Sequence[Case], multiplicities: Array, idle_volume: float) -> list[PreparedCase]:
    """Make the cases ready, under the protocol steps of the whole group."""
    setups = [
        prepare(case, share=share)
        for case, share in zip(cases, _shares(cases, multiplicities, idle_volume), strict=True)
    ]
    capacity, constraints = constraints_of(
        cases[0],
        _volume(setups, multiplicities) + idle_volume,
        least_open=least_open_of(cases),
        every_point=any(setup.side is not None for setup in setups),
    )
    return [
        replace(setup, member=replace(setup.member, constraints=constraints), full_charge=capacity) for setup in setups
    ]


def _shares(cases: Sequence[Case], multiplicities: Array, idle_volume: float) -> list[float]:
    """Return the share of one such particle in the volume of all; 1 of one that is alone."""
    volumes = [
        4.0 / 3.0 * math.pi * case.particle.radius**3 if case.particle.radius is not None else body_of(case)[1].volume
        for case in cases
    ]
    if len(volumes) == 1 and idle_volume == 0.0:
        return [1.0 / float(multiplicities[0])]
    whole = math.fsum((multiplicities * volumes).tolist()) + idle_volume
    return [volume / whole for volume in volumes]


def _volume(setups: Sequence[PreparedCase], multiplicities: Array) -> float:
    """Return the volume of all particles of a group [m3]."""
    return math.fsum(many * setup.operators.volume for many, setup in zip(multiplicities.tolist(), setups, strict=True))


def _with_homes(setups: Sequence[PreparedCase]) -> tuple[list[PreparedCase], list[list[int]]]:
    """Return the particles, each scaled to the mesh it is on, and for each mesh the particles on it, in their order.

    Spheres of one mesh in different sizes are on that of the first one, so that they are solved for side by side.
    """
    homes: dict[int, list[int]] = {}
    scaled = []
    for j, setup in enumerate(setups):
        home = homes.setdefault(id(setup.system.order), [])
        home.append(j)
        scale = setup.system.scale_over(setups[home[0]].system)
        scaled.append(setup if scale == 1.0 else replace(setup, member=replace(setup.member, scale=scale)))
    return scaled, list(homes.values())


def _problem(
    setups: Sequence[PreparedCase],
    homes: Sequence[Sequence[int]],
    multiplicities: Array,
    resistances: Array,
    layers: ElectrodeLayers | None,
) -> Problem:
    """Return the problem of a group; of several particles one goes on where another is at its limit."""
    first = setups[0].member
    meshes = np.zeros(len(setups), dtype=np.int64)
    for mesh, home in enumerate(homes):
        meshes[list(home)] = mesh
    group = Group(
        tuple(setup.member for setup in setups),
        first.constraints,
        first.tolerance,
        first.largest_step,
        tuple(multiplicities.tolist()),
        tuple(meshes.tolist()),
        tuple(resistances.tolist()) if resistances.any() else (),
        network=None if layers is None else layers.network(temperatures_of(first.constraints)),
    )
    group = going_on(group) if len(setups) > 1 else group
    return Problem(tuple(setups[home[0]].system for home in homes), (group,))


def _group_shares(setups: Sequence[PreparedCase], many: Array, idle_volume: float, resistances: Array) -> GroupShares:
    """Return what the particles count in the means of their group, without their contact areas."""
    volumes = np.array([setup.operators.volume for setup in setups])
    return GroupShares(many, volumes, np.zeros((0, 0)), setups[0].cathode.density, idle_volume, resistances)


def _reporter(progress: Callable[[Progress], None], setup: PreparedCase) -> ProgressReporter:
    return ProgressReporter(progress, setup.member.constraints, setup.full_charge)


@dataclass(frozen=True, eq=False)
class _GroupRun:
    """A group as it was run, from which its solution is made."""

    cases: tuple[Case, ...]
    called: tuple[str, ...]
    setups: list[PreparedCase]
    multiplicities: Array
    resistances: Array
    homes: list[list[int]]
    recordings: list[RecordingCallback]
    outcome: RunOutcome
    idle_volume: float
    layers: ElectrodeLayers | None = None

    def solution(self, walls: dict[str, float], started: datetime, threads: int) -> Solution | None:
        """Return the solution as far as it was computed, None where nothing was recorded."""
        origin = collect(mesh_sha256="", case_sha256="", started=started, stop_reason="", threads=threads)
        origin["stop reason"] = self.outcome.stop_reason
        origin["integrator steps"] = {"accepted": self.outcome.accepted, "rejected": self.outcome.rejected}
        recorded, resolutions = self._recorded()
        rows = min(len(one.columns[names.TIME]) for one in recorded)
        if not rows:
            return None
        recorded = [_shortened(one, rows) for one in recorded]
        single = len(recorded) == 1 and float(self.multiplicities[0]) == 1.0 and self.idle_volume == 0.0
        single = single and self.layers is None and not self.resistances.any()
        particles = []
        for j, (case, setup, one) in enumerate(zip(self.cases, self.setups, recorded, strict=True)):
            about = {**origin, "case sha256": case.hash, "mesh sha256": setup.mesh.sha256}
            outcome = self.outcome if single else _own_outcome(self.outcome, one)
            particles.append(solution_of(case, setup, one, outcome, resolutions[j], walls=walls, provenance=about))
        for home, recording in zip(self.homes, self.recordings, strict=True):
            for place, j in enumerate(home):
                particles[j] = replace(particles[j], cycle_rows=recording.cycles[place].table())
        if single:
            return replace(particles[0], name=self.called[0], recording=self.recordings[0].checkpoints.get(0))
        named = tuple(replace(one, name=name) for one, name in zip(particles, self.called, strict=True))
        return self._joined(named, recorded, origin)

    def _reports(self) -> dict[str, Any]:
        """Return what is said of the layers; empty where there are none."""
        if self.layers is None:
            return {}
        return {LAYERS: self.layers.report(temperatures_of(self.setups[0].member.constraints))}

    def _recorded(self) -> tuple[list[RecordedRun], list[str | None]]:
        """Return the records of the particles in their order, and warnings of gradients that a mesh cannot resolve."""
        records: dict[int, RecordedRun] = {}
        resolutions: dict[int, str | None] = {}
        for home, recording in zip(self.homes, self.recordings, strict=True):
            recording.finish([self.outcome] * len(home), home)
            fields = [recorder.fields for recorder in recording.fields]
            found = gradient_warnings(self.setups[home[0]].mesh, fields)
            curves, areas = recording.curves.curves(), recording.curves.contact_areas()
            for place, j in enumerate(home):
                records[j] = RecordedRun(
                    curves[place], areas[place], recording.fields[place].times, fields[place], recording.rates[place]
                )
                resolutions[j] = found[place]
        places = range(len(self.cases))
        return [records[j] for j in places], [resolutions[j] for j in places]

    def _joined(
        self, particles: tuple[Solution, ...], recorded: Sequence[RecordedRun], origin: dict[str, Any]
    ) -> Solution:
        """Return the solution of the group from those of its particles."""
        first = particles[0]
        shares = replace(
            _group_shares(self.setups, self.multiplicities, self.idle_volume, self.resistances),
            areas=np.array([one.areas for one in recorded]),
        )
        report, warnings = group_report(
            [one.name for one in particles],
            self.setups,
            [one.columns for one in particles],
            self.resistances,
            self.idle_volume,
        )
        columns = group_curves([one.columns for one in particles], shares, one_potential=self.layers is None)
        many = tuple(self.multiplicities.tolist())
        behind = [f" behind {ohms!r} ohm" if ohms else "" for ohms in self.resistances.tolist()]
        own = [f"{case.hash} {n!r}{ohms}" for case, n, ohms in zip(self.cases, many, behind, strict=True)]
        sha = sha256_of("\n".join(own).encode())
        table = [
            {"name": one.name, "multiplicity": n, "case sha256": one.case_sha256, "contact resistance [ohm]": ohms}
            for one, n, ohms in zip(particles, many, report[RESISTANCES], strict=True)
        ]
        titles = {case.name for case in self.cases}
        shared = {key: value for key, value in first.case.items() if all(one.case[key] == value for one in particles)}
        return replace(
            first,
            name=titles.pop() if len(titles) == 1 else f"group of {len(particles)} particles",
            columns=columns,
            case={**shared, "particles": table},
            case_toml=f"# A group of {len(particles)} particles: the case of each is with the particle.\n",
            case_sha256=sha,
            steps=tuple(
                StepSummary(s.number, s.cycle, s.text, s.reason, s.duration, s.charge, s.side_charge)
                for s in self.outcome.steps
            ),
            warnings=(*joined_warnings(particles), *warnings),
            provenance={**origin, "case sha256": sha},
            more_fields={},
            reports={GROUP: report, **self._reports()},
            checkpoint=None,
            particle_runs=particles,
            multiplicities=many,
            recording=None,
            cycle_rows=rows_of_curves(columns, complete=self.outcome.error is None),
        )


def temperatures_of(constraints: Sequence[StepConstraint]) -> set[float]:
    """Return all temperatures of a protocol [K]."""
    return {level for constraint in constraints for level in constraint.temperatures}


def _shortened(one: RecordedRun, rows: int) -> RecordedRun:
    """Return records with so many rows: where a particle stops its group, those before it have one state more."""
    if len(one.columns[names.TIME]) == rows:
        return one
    return replace(one, columns={name: values[:rows] for name, values in one.columns.items()}, areas=one.areas[:rows])


def _own_outcome(outcome: RunOutcome, one: RecordedRun) -> RunOutcome:
    """Return the outcome of a group's run for one of its particles: its own charges, and no state to go on from."""
    side, rates = np.zeros(len(one.areas)), one.rates
    if rates is not None and rates.particle.coupled:
        side = rates.columns()[names.SIDE_CHARGE]
    steps = []
    for step in outcome.steps:
        rows = np.flatnonzero(one.columns[names.STEP] == step.number)
        passed = [
            float(charge[rows[-1]] - charge[rows[0]]) if len(rows) else 0.0
            for charge in (one.columns[names.CHARGE], side)
        ]
        steps.append(replace(step, charge=passed[0], side_charge=passed[1]))
    return replace(outcome, steps=tuple(steps), checkpoint=None)
