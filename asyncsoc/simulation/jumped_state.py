"""The state after a jump over cycles: film, side charge and lithium of every particle, salt, times and steps.

The salt at the end of a cycle forgets within hours how the cycle before ended, and has the profile that the last steps
leave: it is kept. Its amount is not: the side reaction of the cycles left out takes one formula unit for each electron,
and every concentration falls by the same share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.case import Case
from asyncsoc.problem.build import prepare
from asyncsoc.simulation.cycle_extrapolation import interpolated, interpolated_growth, summed_growth
from asyncsoc.simulation.results.data import RunData, StepSummary
from asyncsoc.simulation.results.jumps import ComputedCycle
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.solver.checkpoints import Checkpoint, ParticleCheckpoint, StepOutcome

Array = NDArray[np.float64]

JUMPED_OVER = "cycle jumped over"
"""Why the steps of a cycle that was left out have ended."""
_MOST_MOVE = 0.02
"""Change of the stoichiometry anywhere over a jump beyond which a shorter one is tried."""
_SHORTEST = 0.5
"""Share of its last duration that a step keeps at least."""


@dataclass(frozen=True, eq=False)
class SlowState:
    """Constants of the particles by which their slow states belong together; particles lie end to end.

    Attributes
    ----------
    multiplicities : (N,)
        How many particles like it each stands for.
    weights : (contact nodes,)
        Contact area over the film's volume per charge [C/m]: its sum times the film is the side charge.
    blocking_thickness : (contact nodes,)
        Film that closes a place [m], infinite where none does.
    masses
        Of each particle the lumped volumes of its nodes [m3].
    charge_density : (N,)
        F c_max [C/m3].
    contact_ends, node_ends : (N - 1,)
        Where the next particle's places begin.
    salt_volumes : (n,)
        Electrolyte in the volumes of the salt [m3]; empty where none moves.
    """

    multiplicities: Array
    weights: Array
    blocking_thickness: Array
    masses: tuple[Array, ...]
    charge_density: Array
    contact_ends: NDArray[np.int64]
    node_ends: NDArray[np.int64]
    salt_volumes: Array

    @classmethod
    def of(cls, cases: Sequence[Case], multiplicities: Array, salt_volumes: Array | None = None) -> SlowState:
        """Return those of particles, in an electrolyte whose salt is in these volumes.

        Raises
        ------
        InputError
            A case cannot be built.
        """
        weights, blocking, masses, density = [], [], [], []
        for case in cases:
            setup = prepare(case)
            member, nodes = setup.member, setup.member.contact_nodes
            growth = 0.0 if member.side is None else float(member.side.parameters.growth)
            inverse = 0.0 if member.side is None else float(member.side.parameters.inverse_block)
            weights.append(member.weights[nodes] / growth if growth > 0.0 else np.zeros(len(nodes)))
            blocking.append(np.full(len(nodes), 1.0 / inverse if inverse > 0.0 else np.inf))
            masses.append(setup.operators.mass)
            density.append(FARADAY * member.maximum_concentration)
        return cls(
            multiplicities,
            np.concatenate(weights),
            np.concatenate(blocking),
            tuple(masses),
            np.array(density),
            np.cumsum([len(one) for one in weights])[:-1],
            np.cumsum([len(one) for one in masses])[:-1],
            np.zeros(0) if salt_volumes is None else salt_volumes,
        )

    def salt_after(self, salt: Sequence[float], side: Array) -> tuple[float, ...] | None:
        """Return concentrations [mol/m3] from which side charges (N,) [C] have taken salt; None where none is left."""
        if not len(salt):
            return ()
        held = float(self.salt_volumes @ np.asarray(salt))
        share = 1.0 - float(self.multiplicities @ side) / FARADAY / held
        return tuple(share * one for one in salt) if share > 0.0 else None

    def charge_of_film(self, film: Array) -> Array:
        """Return the side charge (N,) of films (contact nodes,) [m]."""
        return np.array([float(part.sum()) for part in np.split(self.weights * film, self.contact_ends)])

    def side_charge(self, solution: RunData) -> Array:
        """Return the side charge (N,) of the state at the end of a solution [C]."""
        checkpoint = solution.checkpoint
        return np.array([one.start_side_charge for one in checkpoint.particles]) if checkpoint else np.zeros(0)


def film_of(solution: RunData | None) -> Array | float:
    """Return the film (contact nodes,) at the end of a solution [m]."""
    if solution is None or solution.checkpoint is None:
        return 0.0
    return np.concatenate([particle.film for particle in solution.checkpoint.particles])


def point_of(solution: RunData, before: RunData | None, cycle: int) -> ComputedCycle:
    """Return the slow state of the cycle with which a solution ends, which began at the end of `before`."""
    particles = () if solution.checkpoint is None else solution.checkpoint.particles
    return ComputedCycle(
        cycle,
        np.asarray(film_of(solution) - film_of(before)),
        np.concatenate([particle.x for particle in particles]),
        np.array([particle.start_charge for particle in particles]),
    )


def extrapolated(
    reached: Solution, points: Sequence[ComputedCycle], left_out: int, slow: SlowState, texts: Sequence[str]
) -> Solution | None:
    """Return a solution that has left out cycles, from which the next one is computed; None where x moves too far.

    The lithium follows from the extrapolated charge and side charge, so that the balance of lithium and charge stays
    as it is; the stoichiometry has the extrapolated profile.

    Parameters
    ----------
    reached
        The solution to the end of the last computed cycle.
    points
        That cycle and the computed one before.
    left_out
        How many cycles are left out.
    slow
        Constants of the particles.
    texts
        The steps of a cycle.
    """
    checkpoint = reached.checkpoint
    if checkpoint is None:
        return None
    numbers, after = [point.cycle for point in points], points[-1].cycle
    grown = summed_growth(numbers, [point.grown for point in points], after, left_out)
    last = after + left_out
    moved = interpolated(numbers, [point.x for point in points], last) - points[-1].x
    passed = interpolated(numbers, [point.charge for point in points], last) - points[-1].charge
    salt = slow.salt_after(checkpoint.salt, slow.charge_of_film(grown))
    if salt is None:
        return None
    particles = []
    for j, (particle, film, x) in enumerate(
        zip(checkpoint.particles, np.split(grown, slow.contact_ends), np.split(moved, slow.node_ends), strict=True)
    ):
        side = float(slow.charge_of_film(grown)[j])
        own = _balanced(particle.x + x, particle.x, float(passed[j]) - side, slow, j)
        if np.abs(own - particle.x).max() > _MOST_MOVE:
            return None
        particles.append(_moved(particle, own, particle.film + film, float(passed[j]), side))
    outcomes, length = _outcomes(reached, checkpoint, numbers, left_out, texts)
    start = replace(
        checkpoint,
        particles=tuple(particles),
        salt=salt,
        finished=(*checkpoint.finished, *outcomes[0]),
        start_time=checkpoint.start_time + length,
    )
    runs = tuple(_left_out(one, start, own) for one, own in zip(reached.particle_runs, outcomes[1:], strict=True))
    whole = _left_out(reached, start, outcomes[0])
    if runs:
        return replace(whole, particle_runs=runs, field_times=runs[0].field_times, field_x=runs[0].field_x)
    return whole


def corrected(
    reached: Solution, later: Solution, points: Sequence[ComputedCycle], left_out: int, slow: SlowState
) -> Solution:
    """Return the solution after a jump with its film corrected by the growth in the cycle computed after it.

    The charge passed stays, so that lithium makes up for what the side reaction took more or less.

    Parameters
    ----------
    reached, later
        The solutions before the jump, and to the end of the cycle computed after it.
    points
        The two computed cycles before the jump, and the one after it.
    left_out
        How many cycles were left out.
    slow
        Constants of the particles.
    """
    checkpoint, before = later.checkpoint, reached.checkpoint
    if checkpoint is None or before is None:
        return later
    numbers, grown = [point.cycle for point in points], [point.grown for point in points]
    after = points[-2].cycle
    change = summed_growth(numbers, grown, after, left_out) - summed_growth(numbers[:2], grown[:2], after, left_out)
    particles = []
    for j, (particle, film) in enumerate(zip(checkpoint.particles, np.split(change, slow.contact_ends), strict=True)):
        side = float(slow.charge_of_film(change)[j])
        own = _balanced(particle.x, particle.x, -side, slow, j)
        particles.append(_moved(particle, own, np.maximum(particle.film + film, before.particles[j].film), 0.0, side))
    salt = slow.salt_after(checkpoint.salt, slow.charge_of_film(change))
    goes_on = replace(checkpoint, particles=tuple(particles), salt=checkpoint.salt if salt is None else salt)
    return replace(later, checkpoint=goes_on)


def _balanced(x: Array, before: Array, passed: float, slow: SlowState, j: int) -> Array:
    """Return x (n,), shifted so that its lithium differs from `before` by a charge taken out [C]."""
    mass = slow.masses[j]
    change = float(mass @ (x - before)) + passed / float(slow.charge_density[j])
    return np.asarray(x - change / float(mass.sum()))


def _moved(particle: ParticleCheckpoint, x: Array, film: Array, charge: float, side: float) -> ParticleCheckpoint:
    for values in (x, film):
        values.setflags(write=False)
    return replace(
        particle,
        x=x,
        film=film,
        start_charge=particle.start_charge + charge,
        start_side_charge=particle.start_side_charge + side,
    )


def _outcomes(
    reached: Solution, checkpoint: Checkpoint, numbers: Sequence[int], left_out: int, texts: Sequence[str]
) -> tuple[list[list[StepOutcome]], float]:
    """Return how the steps left out went for the group and each of its particles, extrapolated; how long they took."""
    runs: tuple[RunData, ...] = (reached, *reached.particle_runs)
    after, steps = numbers[-1], len(texts)
    at = np.arange(after + 1, after + left_out + 1)
    values = [[np.array(_of_steps(run, number)) for number in numbers] for run in runs]
    first = values[0]
    durations = np.maximum(
        interpolated(numbers, [one[:, 0] for one in first], at), _SHORTEST * first[-1][:, 0]
    )  # (left out, steps)
    outcomes = []
    for own in values:
        charges = interpolated(numbers, [one[:, 1] for one in own], at)
        side = interpolated_growth(numbers, [one[:, 2] for one in own], at)
        outcomes.append(
            [
                StepOutcome(
                    number=len(checkpoint.finished) + k * steps + s + 1,
                    cycle=int(at[k]),
                    text=texts[s],
                    reason=JUMPED_OVER,
                    duration=float(durations[k, s]),
                    charge=float(charges[k, s]),
                    side_charge=float(side[k, s]),
                )
                for k in range(left_out)
                for s in range(steps)
            ]
        )
    return outcomes, float(durations.sum())


def _of_steps(run: RunData, cycle: int) -> list[tuple[float, float, float]]:
    return [(step.duration, step.charge, step.side_charge) for step in run.steps if step.cycle == cycle]


def _left_out[R: RunData](run: R, start: Checkpoint, outcomes: Sequence[StepOutcome]) -> R:
    """Return a run with the summaries of steps left out, which goes on from `start`."""
    steps = [
        StepSummary(one.number, one.cycle, one.text, one.reason, one.duration, one.charge, one.side_charge)
        for one in outcomes
    ]
    # The last state is there because the part of the run ended: the next one does not begin with it.
    stays = len(run.field_times) == 1 or run.recording is None or run.recording.last_snapshot_stays
    last = len(run.field_times) - (not stays)
    return replace(
        run,
        steps=(*run.steps, *steps),
        checkpoint=start if run.checkpoint is not None else None,
        field_times=run.field_times[:last],
        field_x=run.field_x[:last],
        more_fields={name: values[:last] for name, values in run.more_fields.items()},
    )
