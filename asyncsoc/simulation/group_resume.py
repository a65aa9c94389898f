"""Resume the run of a group of particles, with the results of an uninterrupted run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.batch import RecordedRun
from asyncsoc.simulation.recording_start import RecordingStart, recording_start, rows_before
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.resume import checkpoint_of
from asyncsoc.solver.checkpoints import Checkpoint, RunOutcome

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupStart:
    """Where the run of a group goes on.

    Attributes
    ----------
    checkpoint
        The state of all particles.
    particles
        Where the recorders of each go on.
    group
        The same for the rows of the group itself.
    initial
        Mean stoichiometry and mean SOC of the first particle at the start of the protocol.
    before
        The runs of the particles so far.
    """

    checkpoint: Checkpoint
    particles: list[RecordingStart]
    group: RecordingStart
    initial: tuple[float, float]
    before: tuple[RunData, ...]


def group_start(cases: Sequence[Case], multiplicities: Array, previous: RunData) -> GroupStart:
    """Return where a group of particles goes on from an earlier result.

    Raises
    ------
    InputError
        The result holds no state to go on from, or is that of other particles, or of other protocol steps.
    """
    runs = previous.particle_runs or (previous,)
    many = previous.multiplicities or (1.0,)
    if len(runs) != len(cases) or many != tuple(multiplicities.tolist()):
        raise InputError(
            "the result is that of another group of particles",
            where="resume",
            value=f"{len(cases)} particles" if len(runs) != len(cases) else f"multiplicities {multiplicities.tolist()}",
            allowed=f"{len(runs)} particles" if len(runs) != len(cases) else f"{list(many)}",
            next_step="resume with the particles of the result, or run them from their start",
        )
    checkpoint = previous.checkpoint
    starts = []
    for case, one in zip(cases, runs, strict=True):
        checkpoint = checkpoint_of(case, replace(one, checkpoint=previous.checkpoint))
        starts.append(recording_start(case, one, checkpoint))
    if checkpoint is None:
        raise InputError("a group needs at least one particle", where="cases")
    chosen = rows_before(previous, checkpoint) & (previous.columns[names.CYCLE] == starts[0].cycle)
    rows = {name: values[chosen] for name, values in previous.columns.items()} if starts[0].rows else {}
    first = runs[0].columns
    initial = float(first[names.MEAN_X][0]), float(first[names.MEAN_SOC][0])
    return GroupStart(checkpoint, starts, replace(starts[0], rows=rows), initial, tuple(runs))


def check_nodes(setups: Sequence[PreparedCase], start: GroupStart | None) -> None:
    """Refuse to go on from states on other meshes: how fine a mesh is depends on the steps of the whole protocol.

    Raises
    ------
    InputError
        A mesh has other nodes than the state.
    """
    if start is None:
        return
    for setup, particle in zip(setups, start.checkpoint.particles, strict=True):
        if len(particle.x) != setup.mesh.n_nodes:
            raise InputError(
                "the protocol with its further steps needs another mesh than the result has",
                where="resume",
                value=f"{setup.mesh.n_nodes} nodes",
                allowed=f"the {len(particle.x)} nodes of the result",
                next_step="run the cases from their start; a given particle.edge_levels keeps meshes the same",
            )


def own_outcome(
    outcome: RunOutcome,
    one: RecordedRun,
    begun: Mapping[int, tuple[float, float]],
    start: GroupStart | None,
    j: int,
) -> RunOutcome:
    """Return the outcome of a group's run for one of its particles: its own charges, and no state to go on from.

    Parameters
    ----------
    outcome
        Of the group.
    one
        The particle's records.
    begun
        Charge and side charge [C] with which protocol steps began.
    start
        Where the run went on, None where it began.
    j
        Place of the particle in the group.
    """
    passed, last = dict(begun), _passed(one)
    done = 0
    if start is not None:
        done, particle = len(start.checkpoint.finished), start.checkpoint.particles[j]
        if start.checkpoint.underway:
            passed[done + 1] = particle.start_charge, particle.start_side_charge
    steps = []
    for step in outcome.steps:
        if step.number <= done and start is not None:
            before = start.before[j].steps[step.number - 1]
            steps.append(replace(step, charge=before.charge, side_charge=before.side_charge))
            continue
        first = passed.get(step.number, last)
        after = passed.get(step.number + 1, last)
        steps.append(replace(step, charge=after[0] - first[0], side_charge=after[1] - first[1]))
    return replace(outcome, steps=tuple(steps), checkpoint=None)


def _passed(one: RecordedRun) -> tuple[float, float]:
    """Return charge and side charge [C] at a particle's last row."""
    columns: dict[str, Any] = {}
    if one.rates is not None and one.rates.particle.coupled:
        columns = dict(one.rates.columns())
    rows = len(one.columns[names.TIME])
    side = float(columns[names.SIDE_CHARGE][rows - 1]) if columns else 0.0
    return float(one.columns[names.CHARGE][-1]), side
