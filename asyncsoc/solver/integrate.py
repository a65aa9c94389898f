"""The integrator: solves every group of a problem over its protocol; a single run is a group of one particle."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.lanes import WIDTH
from asyncsoc.base.processes import interruptible, uninterrupted
from asyncsoc.kernels.batch import (
    FEWEST,
    advance_blocks,
    advance_singles,
    attempt_alone,
    attempt_groups,
    begin_blocks,
    begin_singles,
    block_memory,
    judge_groups,
    plan_groups,
    reduce_begin,
    reduce_stages,
    scratch_memory,
)
from asyncsoc.kernels.particles import Body, Contacts, Groups
from asyncsoc.kernels.tableaux import RODAS4P2, RODAS5P, Tableau
from asyncsoc.kernels.workspace import System, workspace_size
from asyncsoc.problem.arrays import ProblemArrays, problem_arrays
from asyncsoc.problem.particles import Method, Problem
from asyncsoc.problem.ranks import Ranks
from asyncsoc.solver.checkpoints import Checkpoint, RunOutcome
from asyncsoc.solver.curve_limits import GroupMeasure, Measure
from asyncsoc.solver.profiles import FollowedProfiles
from asyncsoc.solver.protocol_runner import ProtocolRunner
from asyncsoc.solver.states import BatchCallback, Callback

METHODS: dict[str, Tableau] = {"rodas5p": RODAS5P, "rodas4p2": RODAS4P2}
Ints = NDArray[np.int64]

WORTH_THREADS = 4000
"""Nodes of all particles of a mesh from which two threads are quicker than one."""


def integrate(
    problem: Problem,
    callbacks: Sequence[Sequence[Callback]] | None = None,
    *,
    batch_callbacks: Sequence[Sequence[BatchCallback]] = (),
    method: Method = "rodas4p2",
    threads: int = 1,
    resume: Sequence[Checkpoint | None] | None = None,
    measure: Measure | None = None,
    group_measure: GroupMeasure | None = None,
    ranks: Ranks | None = None,
) -> list[RunOutcome]:
    """Solve every group of a problem over its protocol.

    Parameters
    ----------
    problem
        Meshes, and groups of particles on them.
    callbacks
        The callbacks of each particle.
    batch_callbacks
        The callbacks of each mesh, for all particles on it together; called before those of the particles.
    method
        "rodas4p2" (order 4) or "rodas5p" (order 5), both L-stable.
    threads
        Threads to spread the particles over; the answers do not depend on it.
    resume
        For each group the checkpoint to resume from, None to start; protocol steps that a checkpoint has finished are
        not checked again.
    measure
        `measure(states, curve)` returns the values of a curve at states of the one mesh there is, for protocol steps
        that a curve ends; None where there are none.
    group_measure
        `group_measure(states, curve)` returns the value of a curve of a group; `states` are those of its particles, for
        every mesh of the particles on it. For one group of several particles.
    ranks
        The processes over which the particles of the one group are distributed, None where this is the only one. Each
        calls this with its own meshes and their callbacks, and returns the same.

    Returns
    -------
    list of Outcome
        One per group, in order; a group that failed carries its error, the others go on. A KeyboardInterrupt ends
        all that are underway with `InterruptedRunError`.

    Raises
    ------
    InputError
        Unknown method, no particles, no threads, or lists of other lengths than the problem has particles, meshes or
        groups.
    """
    if method not in METHODS:
        raise InputError("unknown integration method", where="solver.method", value=method, allowed=", ".join(METHODS))
    if not problem.groups:
        raise InputError("there is nothing to integrate", where="Problem.groups", allowed="at least one group")
    _check_number("threads", threads, at_least=1)
    count = sum(len(group.particles) for group in problem.groups)
    for name, given, wanted in (
        ("callbacks", callbacks, count),
        ("batch_callbacks", batch_callbacks or None, len(problem.meshes)),
        ("resume", resume, len(problem.groups)),
    ):
        if given is not None and len(given) != wanted:
            raise InputError(f"the number of {name} does not fit", where=name, value=len(given), allowed=f"{wanted}")
    arrays = problem_arrays(problem, ranks)
    per_particle = callbacks if callbacks is not None else [()] * len(arrays.particles)
    runner = ProtocolRunner(arrays, per_particle, batch_callbacks or [()] * len(problem.meshes), measure, group_measure)
    try:
        # Ranks agree after every step on whether any was interrupted.
        with interruptible(), nullcontext() if ranks is None else uninterrupted():
            active = runner.open(resume or [None] * len(problem.groups))
            _carry(arrays, METHODS[method], runner, active, threads)
    except KeyboardInterrupt:
        runner.interrupt()
    return runner.outcomes()


def _check_number(name: str, value: int, *, at_least: int) -> None:
    if value < at_least:
        raise InputError("out of range", where=name, value=value, allowed=f"at least {at_least}")


def _carry(arrays: ProblemArrays, tableau: Tableau, runner: ProtocolRunner, active: Ints, threads: int) -> None:
    """Attempt a step of every group at a time until none has anything left to do."""
    with ThreadPoolExecutor(threads) as pool:  # whose threads start when they are first needed

        def spread(jobs: Sequence[Callable[[], None]]) -> None:
            """Run jobs in parallel threads, on one thread one after the other."""
            if threads == 1 or len(jobs) == 1:
                for job in jobs:
                    job()
                return
            for done in [pool.submit(job) for job in jobs]:
                done.result()

        attempt = (
            _SingleParticles(arrays, tableau, runner.profiles, len(active), threads)
            if arrays.alone
            else _ParticleGroups(arrays, tableau, runner.profiles, threads)
        )
        while len(active):
            attempt(active, spread)
            active = runner.accept(active)


def in_one_call(sizes: Sequence[int], threads: int) -> bool:
    """Return whether groups of several particles attempt a step in one call, and not phase by phase.

    Parameters
    ----------
    sizes
        For each mesh its nodes times the particles on it.
    threads
        That there are.
    """
    return len(sizes) == 1 and (threads == 1 or sizes[0] < WORTH_THREADS)


Spread = Callable[[Sequence[Callable[[], None]]], None]


class _SingleParticles:
    """Attempts of particles that are alone in their groups, on one mesh: all phases in one call.

    One that follows a profile takes many steps in a call.
    """

    def __init__(
        self, arrays: ProblemArrays, tableau: Tableau, profiles: FollowedProfiles, count: int, threads: int
    ) -> None:
        (system,), (body,) = arrays.problem.meshes, arrays.bodies
        self._profiles, self._tableau, self._system, self._body = profiles, tableau, system.kernel, body
        self._given = (system.kernel, tableau, arrays.contacts, arrays.groups, body)
        most = math.ceil(count / threads)
        self._memories = [scratch_memory(system.kernel, tableau, body, most) for _ in range(threads)]

    def __call__(self, active: Ints, spread: Spread) -> None:
        if len(self._profiles):
            following = np.array([int(group) in self._profiles for group in active], dtype=bool)
            shares = np.array_split(active[following], len(self._memories))
            spread([partial(self._follow, *pair) for pair in zip(shares, self._memories, strict=True)])
            active = active[~following]
            if not len(active):
                return
        shares = np.array_split(active, len(self._memories))
        spread([partial(attempt_alone, *self._given, *pair) for pair in zip(shares, self._memories, strict=True)])

    def _follow(self, groups: Ints, memory: NDArray[np.float64]) -> None:
        size = workspace_size(self._system, self._tableau.a.shape[0], self._body.nodes.shape[1], 1)
        for group in groups.tolist():
            self._profiles.advance(self._system, self._tableau, self._body, group, memory[memory.size - size :])


class _ParticleGroups:
    """Attempts of groups of any size on any number of meshes: phase by phase, reduced over the groups between.

    A group's particles are added up in their order: the bits do not depend on the number of threads.
    """

    def __init__(self, arrays: ProblemArrays, tableau: Tableau, profiles: FollowedProfiles, threads: int) -> None:
        self._arrays, self._tableau, self._profiles, self._threads = arrays, tableau, profiles, threads
        self._in_one_call = in_one_call([body.x.size for body in arrays.bodies], threads)
        self._memories = [
            block_memory(system.kernel, tableau, body, len(body.number), 1)
            if self._singly(body)
            else block_memory(system.kernel, tableau, body, -(-len(body.number) // WIDTH))
            for system, body in zip(arrays.problem.meshes, arrays.bodies, strict=True)
        ]
        self._attempt_groups: Callable[..., None] | None = None
        if self._in_one_call:
            self._threads = 1
        self._last: tuple[bytes, list[_Share]] = b"", []

    def __call__(self, active: Ints, spread: Spread) -> None:
        tableau, contacts, groups = self._tableau, self._arrays.contacts, self._arrays.groups
        if len(self._profiles):
            entered = [g not in self._profiles or self._profiles.enter(g) for g in active.tolist()]
            active = active[np.array(entered, dtype=bool)]
            if not len(active):
                return
        shares = self._shares(active)
        if self._in_one_call:
            ((system, body, blocks, _),) = shares
            given = (system, tableau, contacts, groups, body, active, not len(self._profiles), *blocks)
            if self._attempt_groups is None:
                self._attempt_groups = attempt_groups.prepared(*given)
            self._attempt_groups(*given)
        else:
            self._by_phases(active, shares, spread)
        for group in active.tolist() if len(self._profiles) else ():
            if group in self._profiles:
                self._profiles.judged(group)

    def _singly(self, body: Body) -> bool:
        """Whether the particles of a mesh are too few to go side by side, and go one after the other."""
        return not self._in_one_call and len(body.number) < FEWEST

    def _by_phases(self, active: Ints, shares: list[_Share], spread: Spread) -> None:
        """Attempt a step phase by phase, each spread over the threads."""
        tableau, contacts, groups = self._tableau, self._arrays.contacts, self._arrays.groups
        plan_groups(contacts, groups, active)
        given, portions = (tableau, contacts, groups), _portions(shares, self._threads)
        spread([partial(_begin, portion, *given) for portion in portions])
        reduce_begin(tableau, contacts, groups, active)
        last = tableau.a.shape[0] - 1
        for stage in range(last + 1):
            spread([partial(_advance, portion, *given, stage) for portion in portions])
            if stage < last:
                reduce_stages(tableau, contacts, groups, active, stage + 1)
        judge_groups(tableau, contacts, groups, active)

    def _shares(self, active: Ints) -> list[_Share]:
        """Return the work of each thread: blocks of particles of one mesh with their memories."""
        if self._last[0] == active.tobytes():  # as at most attempts
            return self._last[1]
        arrays, found = self._arrays, []
        for mesh, (system, body) in enumerate(zip(arrays.problem.meshes, arrays.bodies, strict=True)):
            places = arrays.places(mesh, active)
            if not len(places):
                continue
            if self._singly(body):
                for some in np.array_split(np.arange(len(places)), min(self._threads, len(places))):
                    listed = places[some], self._memories[mesh][some[0] : some[-1] + 1]
                    found.append(_Share(system.kernel, body, listed, singly=True))
                continue
            starts = range(0, len(places), WIDTH)
            blocks = np.stack([np.resize(places[k : k + WIDTH], WIDTH) for k in starts])
            counts = np.array([min(WIDTH, len(places) - k) for k in starts], dtype=np.int64)
            for share in np.array_split(np.arange(len(counts)), min(self._threads, len(counts))):
                these = slice(int(share[0]), int(share[-1]) + 1)
                given = (blocks[these], counts[these], self._memories[mesh][these])
                found.append(_Share(system.kernel, body, given))
        self._last = active.tobytes(), found
        return found


class _Share(NamedTuple):
    """Particles of one mesh that one thread advances, and their memories.

    Blocks of particles with how many of each are real or, `singly`, particles that go one after the other.
    """

    system: System
    body: Body
    blocks: tuple[NDArray[Any], ...]
    singly: bool = False

    @property
    def cost(self) -> int:
        """Numbers in its memories, by which it is given to threads."""
        return self.blocks[-1].size


def _portions(shares: list[_Share], threads: int) -> list[list[_Share]]:
    """Return the shares of each thread: the largest first, each to the thread that has least."""
    portions: list[list[_Share]] = [[] for _ in range(min(threads, len(shares)))]
    costs = [0] * len(portions)
    for share in sorted(shares, key=lambda one: -one.cost) if len(portions) > 1 else shares:
        least = costs.index(min(costs))
        portions[least].append(share)
        costs[least] += share.cost
    return portions


def _begin(portion: list[_Share], tableau: Tableau, contacts: Contacts, groups: Groups) -> None:
    """Begin a step of the particles of one thread."""
    for share in portion:
        begin = begin_singles if share.singly else begin_blocks
        begin(share.system, tableau, contacts, groups, share.body, *share.blocks)


def _advance(portion: list[_Share], tableau: Tableau, contacts: Contacts, groups: Groups, stage: int) -> None:
    """Complete a stage of the particles of one thread."""
    for share in portion:
        advance = advance_singles if share.singly else advance_blocks
        advance(share.system, tableau, contacts, groups, share.body, stage, *share.blocks)
