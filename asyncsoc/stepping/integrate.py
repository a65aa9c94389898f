"""The integrator: carries every member of a batch through its protocol; a single run is a batch of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError
from asyncsoc.kernels.batch import attempt_members, scratch_memory
from asyncsoc.kernels.tableaux import RODAS4P2, RODAS5P, Tableau
from asyncsoc.stepping.members import Member, Method
from asyncsoc.stepping.runs import Runs
from asyncsoc.stepping.stacking import Stack, stack
from asyncsoc.stepping.state import Checkpoint, Observer, Outcome, Watcher
from asyncsoc.stepping.system import OrderedSystem

METHODS: dict[str, Tableau] = {"rodas5p": RODAS5P, "rodas4p2": RODAS4P2}


def integrate(
    system: OrderedSystem,
    members: Sequence[Member],
    observers: Sequence[Sequence[Observer]] | None = None,
    *,
    watchers: Sequence[Watcher] = (),
    method: Method = "rodas4p2",
    threads: int = 1,
    resume: Sequence[Checkpoint | None] | None = None,
) -> list[Outcome]:
    """Carry every member through its protocol.

    Parameters
    ----------
    system
        The mesh all members share.
    members
        M particles.
    observers
        For each member, what watches it.
    watchers
        What watches all of them together; shown everything before the observers.
    method
        "rodas4p2" (order 4) or "rodas5p" (order 5), both L-stable.
    threads
        Threads to spread the members over; the answers do not depend on it.
    resume
        For each member where to go on from, None to begin; the protocol steps a checkpoint has finished are not
        looked at again.

    Returns
    -------
    list of Outcome
        One per member, in order; a member that failed carries its error, the others go on. A KeyboardInterrupt ends
        all that are underway with `InterruptedRunError`.

    Raises
    ------
    InputError
        Unknown method, or no members.
    """
    if method not in METHODS:
        raise InputError("unknown integration method", where="solver.method", value=method, allowed=", ".join(METHODS))
    if not members:
        raise InputError("there is nothing to integrate", where="members", allowed="at least one member")
    stacked = stack(system, members)
    seen = observers if observers is not None else [()] * len(members)
    runs = Runs(system, stacked, seen, watchers)
    try:
        active = runs.open(resume or [None] * len(members))
        _carry(system, METHODS[method], stacked, runs, active, threads)
    except KeyboardInterrupt:
        runs.interrupt()
    return runs.outcomes()


def _carry(
    system: OrderedSystem, tableau: Tableau, stacked: Stack, runs: Runs, active: NDArray[np.int64], threads: int
) -> None:
    """Attempt a step of every member at a time until none has anything left to do."""
    kernel, data, most = system.kernel, stacked.data, math.ceil(len(active) / threads)
    memories = [scratch_memory(kernel, tableau, data, most) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        while len(active):
            shares = np.array_split(active, threads)
            if threads == 1:
                attempt_members(kernel, tableau, data, shares[0], memories[0])
            else:
                jobs = [
                    pool.submit(attempt_members, kernel, tableau, data, share, memory)
                    for share, memory in zip(shares, memories, strict=True)
                ]
                for job in jobs:
                    job.result()
            active = runs.accept(active)
