"""Attempts of many members, eight side by side where there are enough; a member's bits are the same alone or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import CURRENT, SIDE
from asyncsoc.kernels.controller import LAMBDA, judge, plan, prepare
from asyncsoc.kernels.lanes import WIDTH, at, every, load, put, store, width
from asyncsoc.kernels.members import ACTIVE, N_CONTACT, Members
from asyncsoc.kernels.members import TOLERANCE as STEP_TOLERANCE
from asyncsoc.kernels.rosenbrock import attempt
from asyncsoc.kernels.tableaux import Tableau
from asyncsoc.kernels.workspace import ERROR, LAM, N_LOCAL, TOLERANCE, H, System, lay_out, workspace_size

FEWEST = 3
"""Members from which on eight lanes are quicker than one after the other."""


@kernel
def _keep_continuous(tableau, members, group, count, ws):
    """Keep the coefficients of the continuous solution of a step of the first `count` members."""
    n, s = ws.x.shape[0], tableau.a.shape[0]
    for m in range(3):
        for i in range(n):
            total = every(ws.x, 0.0)
            for p in range(s):
                total += tableau.dense[m, p] * load(ws.stages, p * n + i)
            store(ws.psi, i, total)
        for lane in range(count):
            row = members.dense[group[lane], m]
            for i in range(n):
                row[i] = at(ws.psi, i, lane)


@kernel
def _keep_film(tableau, members, j, stages):
    for m in range(3):
        for k in range(int(members.facts[j, N_CONTACT])):
            total = 0.0
            for p in range(stages.shape[0]):
                total += tableau.dense[m, p] * stages[p, k]
            members.film_dense[j, m, k] = total


@kernel
def _keep_currents(members, j, local):
    for k in range(int(members.facts[j, N_CONTACT])):
        members.current[j, k] = local[CURRENT, k]
        members.side_current[j, k] = local[SIDE, k]


@kernel
def _attempt_group(system, tableau, members, group, count, ws):
    """Attempt a step of the members of `group` (lanes,), of which those after the first `count` are there for company.

    Fills `x_new`, `film_new`, `dense`, the current densities, `state`, `search` and `outcome`.
    """
    n = system.mass.size
    for lane in range(width(ws.x)):
        j = group[lane]
        x, numbers = members.x[j], ws.numbers[lane]
        numbers[H] = plan(members, j)
        numbers[TOLERANCE], numbers[LAM] = members.facts[j, STEP_TOLERANCE], members.state[j, LAMBDA]
        put(ws.iterations, 0, lane, 0.0)
        for i in range(n):
            put(ws.x, i, lane, x[i])
    attempt(system, tableau, members, group, ws)
    for lane in range(count):
        j = group[lane]
        x, finite = members.x_new[j], at(ws.ok, 0, lane) > 0.0
        for i in range(n):
            x[i] = at(ws.x, i, lane)
            finite = finite and np.isfinite(x[i])
        local = ws.local[lane]
        for k in range(int(members.facts[j, N_CONTACT])):
            finite = finite and np.isfinite(members.film_new[j, k])
        if not finite:
            ws.numbers[lane, ERROR] = np.nan
        members.outcome[j] = judge(tableau, members, j, ws.numbers[lane], local)
        members.iterations[j] += at(ws.iterations, 0, lane)
        _keep_currents(members, j, local)
        if members.facts[j, ACTIVE] > 0.0:
            _keep_film(tableau, members, j, ws.film_stages[lane])
    _keep_continuous(tableau, members, group, count, ws)


@kernel(nogil=True)
def attempt_members(system, tableau, members, listed, memory):
    """Attempt one step of each member listed, in the memory of this thread; releases the interpreter lock."""
    s, c = tableau.a.shape[0], members.nodes.shape[1]
    together = listed.size
    while together % WIDTH and together % WIDTH < FEWEST:
        together -= 1
    half = workspace_size(system, s, c, WIDTH)
    if together > 0:
        ws = lay_out(system, s, c, WIDTH, (WIDTH,), memory[:half])
        group = np.empty(WIDTH, dtype=np.int64)
        for first in range(0, together, WIDTH):
            count = min(WIDTH, together - first)
            for lane in range(WIDTH):
                group[lane] = listed[first + min(lane, count - 1)]
            _attempt_group(system, tableau, members, group, count, ws)
    if together < listed.size:
        alone = lay_out(system, s, c, 1, (), memory[memory.size - workspace_size(system, s, c, 1) :])
        for position in range(together, listed.size):
            _attempt_group(system, tableau, members, listed[position : position + 1], 1, alone)


def scratch_memory(system: System, tableau: Tableau, members: Members, count: int) -> NDArray[np.float64]:
    """Return the memory one thread needs to attempt steps of `count` members, for as long as it goes on.

    It begins where a line of the cache does, so that eight numbers side by side lie in one.
    """
    shape = system, tableau.a.shape[0], members.nodes.shape[1]
    together = workspace_size(*shape, WIDTH) if count >= FEWEST else 0
    size = together + workspace_size(*shape, 1)
    memory = np.zeros(size + WIDTH)
    start = (-memory.ctypes.data // memory.itemsize) % WIDTH
    return memory[start : start + size]


@kernel
def start_member(members, j, guess):
    """Make member `j` consistent with its control at `x`; return (converged, nearest event).

    lambda, current, potential and margin go to `state`, the current densities to `current` and `side_current`; time
    and charge of the protocol step start at zero.
    """
    local = np.zeros((N_LOCAL, members.nodes.shape[1]))
    converged, which = prepare(members, j, guess, local)
    _keep_currents(members, j, local)
    return converged, which
