"""Attempts of a time step for many groups: eight particles side by side where there are enough, with the same bits.

Particles that are alone in their groups go through all phases of a step in one call (`attempt_alone`), in memory that
the next eight use again. Groups of several particles go through all their blocks, each with memory of its own, once for
every stage (`begin_blocks`, `advance_blocks`; `begin_singles`, `advance_singles` on meshes with fewer than `FEWEST`
particles), and are reduced between (`reduce_begin`, `reduce_stages`): a block's memory is streamed through the caches
once a stage. Where they are on one mesh and one thread does it all, that is one
call too (`attempt_groups`). All are the phases of `rosenbrock`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.by_address import laid_down
from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import WIDTH
from asyncsoc.kernels.boundary import reduce_corner, reduce_stage
from asyncsoc.kernels.constraint import keep_currents
from asyncsoc.kernels.particles import Body, Contacts, Groups
from asyncsoc.kernels.ranks import give_attempts, give_shares
from asyncsoc.kernels.rosenbrock import begin_step, finish_step, stage_rhs, stage_update
from asyncsoc.kernels.step_control import RETRY, judge, plan
from asyncsoc.kernels.tableaux import Tableau
from asyncsoc.kernels.workspace import System, lay_out, workspace_size

FEWEST = 3
"""Particles from which on eight lanes are quicker than one after the other."""


@kernel
def _judged(tableau, contacts, groups, g):
    groups.outcome[g] = judge(tableau, contacts, groups, groups.conductors, g)
    keep_currents(contacts, groups, g)


@kernel
def attempt_block(system, tableau, contacts, groups, body, block, count, ws):
    """Attempt a step of the first `count` particles of `block`, each alone in its group."""
    for lane in range(count):
        plan(contacts, groups, contacts.parameters[body.number[block[lane]]].group)
    begin_step(system, tableau, contacts, groups, body, block, count, ws)
    for lane in range(count):
        reduce_corner(tableau, contacts, groups, groups.conductors, contacts.parameters[body.number[block[lane]]].group)
    for stage in range(tableau.a.shape[0]):
        stage_rhs(system, tableau, contacts, groups.conductors, body, block, count, stage, ws)
        for lane in range(count):
            g = contacts.parameters[body.number[block[lane]]].group
            reduce_stage(tableau, contacts, groups, groups.conductors, g, stage)
        stage_update(contacts, groups, groups.conductors, body, block, count, stage, ws)
    finish_step(system, tableau, contacts, groups, body, block, count, ws)
    for lane in range(count):
        _judged(tableau, contacts, groups, contacts.parameters[body.number[block[lane]]].group)


@kernel(nogil=True)
def attempt_side_by_side(system, tableau, contacts, groups, body, listed, block, memory):
    """Attempt a step of each particle listed, alone in its group, eight side by side, in the memory of this thread.

    `listed` (k,) are places in `body`, `block` (WIDTH,) is scratch. Fills the new states and the groups' outcomes;
    releases the interpreter lock.
    """
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    ws = laid_down(lay_out(system, s, c, WIDTH, (WIDTH,), memory))
    for first in range(0, listed.size, WIDTH):
        count = min(WIDTH, listed.size - first)
        for lane in range(WIDTH):
            block[lane] = listed[first + min(lane, count - 1)]
        attempt_block(system, tableau, contacts, groups, body, block, count, ws)


@kernel(nogil=True)
def attempt_one_by_one(system, tableau, contacts, groups, body, listed, memory):
    """Attempt steps of each particle listed, alone in its group, until one is accepted or none can be.

    One particle after the other; else as `attempt_side_by_side`.
    """
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    alone = laid_down(lay_out(system, s, c, 1, (), memory))
    for position in range(listed.size):
        g = contacts.parameters[body.number[listed[position]]].group
        groups.outcome[g] = RETRY
        while groups.outcome[g] == RETRY:
            attempt_block(system, tableau, contacts, groups, body, listed[position : position + 1], 1, alone)


def attempt_alone(
    system: System,
    tableau: Tableau,
    contacts: Contacts,
    groups: Groups,
    body: Body,
    listed: NDArray[np.int64],
    memory: NDArray[np.float64],
) -> None:
    """Attempt a step of each particle listed (k,), alone in its group, in the memory of this thread.

    The two widths are kernels of their own, so that a run of one particle compiles the narrow one alone.
    """
    together, shape = side_by_side(listed.size), (system, tableau.a.shape[0], body.nodes.shape[1])
    given = (system, tableau, contacts, groups, body)
    if together > 0:
        block = np.empty(WIDTH, dtype=np.int64)
        attempt_side_by_side(*given, listed[:together], block, memory[: workspace_size(*shape, WIDTH)])
    if together < listed.size:
        attempt_one_by_one(*given, listed[together:], memory[memory.size - workspace_size(*shape, 1) :])


def side_by_side(count: int) -> int:
    """Return how many of `count` particles go eight side by side; the others go one after the other."""
    while count % WIDTH and count % WIDTH < FEWEST:
        count -= 1
    return count


@kernel(nogil=True)
def plan_groups(contacts, groups, listed):
    """Choose the next step sizes of the groups listed."""
    for p in range(listed.size):
        plan(contacts, groups, listed[p])


@kernel(nogil=True)
def begin_blocks(system, tableau, contacts, groups, body, blocks, counts, memories):
    """Begin a step of every block of particles of one mesh, up to where the first stage waits for the groups.

    Parameters
    ----------
    blocks, counts : (b, WIDTH), (b,)
        Particles by their places in `body`; how many of each block are real.
    memories : (b, size)
        What each block needs until it is finished.
    """
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    for p in range(counts.size):
        ws = laid_down(lay_out(system, s, c, WIDTH, (WIDTH,), memories[p]))
        begin_step(system, tableau, contacts, groups, body, blocks[p], counts[p], ws)
        stage_rhs(system, tableau, contacts, groups.conductors, body, blocks[p], counts[p], 0, ws)


@kernel(nogil=True)
def advance_blocks(system, tableau, contacts, groups, body, stage, blocks, counts, memories):
    """Complete a stage of every block, and go on to where the next one waits for the groups, or finish the step.

    Every other stage takes the blocks in reverse, so that what lies in the caches is used first.
    """
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    for position in range(counts.size):
        p = position if stage % 2 == 1 else counts.size - 1 - position
        ws = laid_down(lay_out(system, s, c, WIDTH, (WIDTH,), memories[p]))
        stage_update(contacts, groups, groups.conductors, body, blocks[p], counts[p], stage, ws)
        if stage + 1 < s:
            stage_rhs(system, tableau, contacts, groups.conductors, body, blocks[p], counts[p], stage + 1, ws)
        else:
            finish_step(system, tableau, contacts, groups, body, blocks[p], counts[p], ws)


@kernel(nogil=True)
def begin_singles(system, tableau, contacts, groups, body, listed, memories):
    """Begin a step of particles of one mesh that are too few to go side by side, as `begin_blocks` does.

    `listed` (k,) are places in `body`; `memories` (k, size) is what each needs until it is finished.
    """
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    for p in range(listed.size):
        ws = laid_down(lay_out(system, s, c, 1, (), memories[p]))
        begin_step(system, tableau, contacts, groups, body, listed[p : p + 1], 1, ws)
        stage_rhs(system, tableau, contacts, groups.conductors, body, listed[p : p + 1], 1, 0, ws)


@kernel(nogil=True)
def advance_singles(system, tableau, contacts, groups, body, stage, listed, memories):
    """Complete a stage of particles that are too few to go side by side, as `advance_blocks` does."""
    s, c = tableau.a.shape[0], body.nodes.shape[1]
    for p in range(listed.size):
        ws = laid_down(lay_out(system, s, c, 1, (), memories[p]))
        stage_update(contacts, groups, groups.conductors, body, listed[p : p + 1], 1, stage, ws)
        if stage + 1 < s:
            stage_rhs(system, tableau, contacts, groups.conductors, body, listed[p : p + 1], 1, stage + 1, ws)
        else:
            finish_step(system, tableau, contacts, groups, body, listed[p : p + 1], 1, ws)


@kernel(nogil=True)
def reduce_begin(tableau, contacts, groups, listed):
    """Reduce what `begin_blocks` leaves over each group listed: slopes of the constraint, and the first stage."""
    give_shares(groups.ranks, contacts)
    for p in range(listed.size):
        reduce_corner(tableau, contacts, groups, groups.conductors, listed[p])
        reduce_stage(tableau, contacts, groups, groups.conductors, listed[p], 0)


@kernel(nogil=True)
def reduce_stages(tableau, contacts, groups, listed, stage):
    """Add up what the particles of each group listed miss of its constraint, and set the change of its unknown."""
    give_shares(groups.ranks, contacts)
    for p in range(listed.size):
        reduce_stage(tableau, contacts, groups, groups.conductors, listed[p], stage)


@kernel(nogil=True)
def judge_groups(tableau, contacts, groups, listed):
    """Judge the attempts of the groups listed."""
    give_attempts(groups.ranks, contacts)
    for p in range(listed.size):
        _judged(tableau, contacts, groups, listed[p])


@kernel(nogil=True)
def attempt_groups(system, tableau, contacts, groups, body, listed, repeat, blocks, counts, memories):
    """Attempt a step of each group listed, all of whose particles are on one mesh.

    Parameters
    ----------
    listed
        Groups; `blocks`, `counts` and `memories` are those of their particles, as of `begin_blocks`.
    repeat : bool
        Whether a group that is listed alone goes on until a step is accepted or none can be.
    """
    last = tableau.a.shape[0] - 1
    while True:
        plan_groups(contacts, groups, listed)
        begin_blocks(system, tableau, contacts, groups, body, blocks, counts, memories)
        reduce_begin(tableau, contacts, groups, listed)
        for stage in range(last + 1):
            advance_blocks(system, tableau, contacts, groups, body, stage, blocks, counts, memories)
            if stage < last:
                reduce_stages(tableau, contacts, groups, listed, stage + 1)
        judge_groups(tableau, contacts, groups, listed)
        if not (repeat and listed.size == 1 and groups.outcome[listed[0]] == RETRY):
            return


def scratch_memory(system: System, tableau: Tableau, body: Body, count: int) -> NDArray[np.float64]:
    """Return the memory one thread needs to attempt steps of `count` particles, for as long as it goes on.

    It begins where a line of the cache does, so that eight numbers side by side lie in one.
    """
    shape = system, tableau.a.shape[0], body.nodes.shape[1]
    together = workspace_size(*shape, WIDTH) if count >= FEWEST else 0
    return _aligned(1, together + workspace_size(*shape, 1))[0]


def block_memory(
    system: System, tableau: Tableau, body: Body, blocks: int, members: int = WIDTH
) -> NDArray[np.float64]:
    """Return the memory (blocks, size) that keeps blocks of `members` through a step, lines of the cache each."""
    size = workspace_size(system, tableau.a.shape[0], body.nodes.shape[1], members)
    return _aligned(blocks, size + -size % WIDTH)


def _aligned(rows: int, size: int) -> NDArray[np.float64]:
    memory = np.zeros(rows * size + WIDTH)
    start = (-memory.ctypes.data // memory.itemsize) % WIDTH
    return memory[start : start + rows * size].reshape(rows, size)
