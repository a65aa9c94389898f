"""Dense output: states of particles at and between accepted steps, in mesh node order and protocol time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import record
from asyncsoc.base.errors import SimulationError
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.parameters import StateBetween
from asyncsoc.kernels.profiles import (
    CHARGE,
    CURRENT,
    OWN_CURRENT,
    OWN_POTENTIAL,
    POTENTIAL,
    SIDE_CHARGE,
    TIME,
    FollowedRows,
)
from asyncsoc.kernels.reductions import states_between
from asyncsoc.kernels.salt_arrays import ACCEPTED, NEW
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.checkpoints import Checkpoint, ParticleCheckpoint
from asyncsoc.solver.salt_states import restore_salt, salt_of_states, salt_within
from asyncsoc.solver.states import AcceptedSteps, States
from asyncsoc.solver.states_between import StatesBetween

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


_BETWEEN = record(StateBetween)
_KEPT_CHOICES = 8
"""Of particles for which what is settled within a protocol step is kept."""


class DenseOutput:
    """Builds states of many particles on one mesh at once from the kernels' arrays; they go by their places on it.

    Attributes
    ----------
    group : (B,)
        Group of each particle.
    start_time : (B,)
        When each particle's present protocol step began [s].
    """

    def __init__(self, arrays: ProblemArrays, mesh: int, between: StatesBetween) -> None:
        self._between = between
        self._system, self._arrays, self._body = arrays.problem.meshes[mesh], arrays, arrays.bodies[mesh]
        self._number = self._body.number
        particles = [arrays.particles[j] for j in self._number.tolist()]
        self._contact_nodes = tuple(arrays.contact_nodes[j] for j in self._number.tolist())
        self.group: Ints = arrays.contacts.parameters["group"][self._number]
        self._ordered = bool((self._system.place == np.arange(len(self._system.place))).all())
        sides = [particle.side for particle in particles]
        self._film_open = np.array([side is not None for side in sides])
        self._resistivity = np.array([0.0 if side is None else side.parameters.resistivity for side in sides])
        self._inverse_block = np.array([0.0 if side is None else side.parameters.inverse_block for side in sides])
        self._growth = np.array([0.0 if side is None else side.parameters.growth for side in sides])
        self._charge_density = np.array([particle.charge_density for particle in particles])
        self._any_film = any(side is not None for side in sides)
        count = len(particles)
        self.start_time, self._start_charge, self._start_side = np.zeros(count), np.zeros(count), np.zeros(count)
        self._step, self._cycle = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        self._temperature, self._series, self._imposed = np.zeros(count), np.zeros(count), np.zeros(count)
        self._settled: dict[bytes, _Settled] = {}
        self._given = 0
        self._states_between: Callable[..., None] | None = None
        # The current that a protocol step imposes on a group of one kind of particle is shared by as many as there are.
        self._single = arrays.groups.size[self.group] == 1
        self._many = arrays.contacts.parameters["multiplicity"][self._number]
        self._scratch = np.zeros(self._body.x.shape[1])

    def resume(self, place: int, start_time: float, checkpoint: ParticleCheckpoint) -> None:
        """Restore time and charges from a checkpoint."""
        self._settled.clear()
        self.start_time[place] = start_time
        self._start_charge[place] = checkpoint.start_charge
        self._start_side[place] = checkpoint.start_side_charge

    def checkpoints(self, places: Ints, own: NDArray[np.void]) -> list[ParticleCheckpoint]:
        """Return the accepted states of particles; `own` are their `ParticleState` there."""
        contacts, number = self._arrays.contacts, self._number[places]
        x = frozen(self._body.x[places][:, self._system.place], np.float64)
        film = frozen(contacts.film[number], np.float64)
        rows = contacts.parameters[number]
        apart = (rows["own_resistance"] != 0.0) | (rows["node"] > 0)
        numbers = (
            own["charge"],
            own["side_charge"],
            self._start_charge[places],
            self._start_side[places],
            np.where(apart, own["unknown"], math.nan),
        )
        counts = [len(self._contact_nodes[place]) for place in places.tolist()]
        rows = np.stack(numbers, axis=1).tolist()
        return [
            ParticleCheckpoint(own_x, own_film[:count], *values)
            for own_x, own_film, count, values in zip(x, film, counts, rows, strict=True)
        ]

    def begin(self, places: Ints, constraint: StepConstraint) -> None:
        """Set the conditions of the next protocol step of these particles."""
        self._settled.clear()
        self._step[places], self._cycle[places] = constraint.number, constraint.step.cycle
        self._temperature[places], self._series[places] = constraint.temperature, constraint.series
        self._imposed[places] = np.nan
        if constraint.galvanostatic:
            single = places[self._single[places]]
            self._imposed[single] = constraint.target / self._many[single] if constraint.pieces is None else np.nan

    def change_temperature(self, places: Ints, temperature: float, series: float) -> None:
        """Set the temperature [K] and series resistance [ohm] at which a profile goes on."""
        self._settled.clear()
        self._temperature[places], self._series[places] = temperature, series

    def followed(self, place: int, rows: FollowedRows) -> States:
        """Return the states that a particle alone in its group kept on the way along its profile."""
        places = np.full(len(rows.numbers), place, dtype=np.int64)
        numbers = rows.numbers.T
        x = rows.x if self._ordered else np.take(rows.x, self._system.place, axis=1)
        solved = (numbers[OWN_CURRENT], numbers[CURRENT], numbers[POTENTIAL], numbers[OWN_POTENTIAL])
        passed = (numbers[TIME], numbers[CHARGE], numbers[SIDE_CHARGE])
        return self._states(places, x.copy(), rows.film.copy(), passed, solved, (rows.current.copy(), rows.side.copy()))

    def close(self, places: Ints) -> None:
        """Count the present protocol step of these particles as done."""
        self._settled.clear()
        self._given += 1
        own = self._arrays.contacts.own[self._number[places]]
        self._start_charge[places] += own["charge"]
        self._start_side[places] += own["side_charge"]
        self.start_time[places] += self._arrays.groups.state["time"][self.group[places]]

    def starts(self, places: Ints) -> States:
        """Return the states that protocol steps begin with."""
        film, state = self._arrays.contacts.film[self._number[places]], self._arrays.groups.state[self.group[places]]
        return self._ends(places, self._body.x[places], film, state, ACCEPTED)

    def accepted(self, places: Ints) -> AcceptedSteps:
        """Return the steps just accepted, whose ends are not yet the accepted states."""
        arrays, body = self._arrays, self._body
        film = arrays.contacts.film_new[self._number[places]]
        state = arrays.groups.state[self.group[places]]
        end = self._ends(places, body.x_new[places], film, state, NEW)
        length, origin = state["last_step"], self.start_time[places]
        begin = state["time"] - length
        self._given += 1
        given = self._given

        def at(rows: Ints, times: Array) -> States:
            if given != self._given:
                raise SimulationError(
                    "a step's continuous solution is gone once the next step is taken",
                    where="AcceptedSteps.at",
                    next_step="ask for it within the callback's `step`",
                )
            before, own = begin[rows], length[rows]
            fraction = np.minimum(np.maximum((times - origin[rows] - before) / own, 0.0), 1.0)
            return self._inner(places[rows], before + fraction * own, own, fraction)

        return AcceptedSteps(origin + begin, end, at)

    def _ends(self, places: Ints, x: Array, film: Array, state: NDArray[np.void], which: int) -> States:
        """Return states whose currents and potentials are solved for, with the row `which` of the salt."""
        contacts, number = self._arrays.contacts, self._number[places]
        own = contacts.own[number]
        passed = (state["time"], own["charge"], own["side_charge"])
        if not self._ordered:
            x = np.take(x, self._system.place, axis=1)
        solved = (own["current"], state["current"], state["potential"], own["unknown"])
        densities = contacts.current[number], contacts.side_current[number]
        salt = salt_of_states(self._arrays.groups, self.group[places], which)
        return self._states(places, x, film, passed, solved, densities, salt)

    def _inner(self, places: Ints, time: Array, length: Array, fraction: Array) -> States:
        """Return states at fractions of the last steps of the given length [s], `time` within the protocol steps.

        The side charge follows from the film. All charge follows from the current where one is imposed, else from
        lithium and side charge.
        """
        arrays, body, system = self._arrays, self._body, self._system
        settled, wide = self._settled_of(places), (len(places), arrays.contacts.film.shape[1])
        x, between = np.empty((len(places), body.x.shape[1])), np.empty(len(places), _BETWEEN)
        film, density, side_density = np.empty(wide), np.zeros(wide), np.zeros(wide)
        given = (system.kernel.mass, arrays.contacts, arrays.groups, body, system.place)
        for part, solution in self._between.parts(fraction, settled.number):
            filled = (x[part], film[part], density[part], side_density[part], between[part])
            which = (np.ascontiguousarray(places[part]), fraction[part], solution)
            if self._states_between is None:
                self._states_between = states_between.prepared(*given, *which, self._scratch, *filled)
            self._states_between(*given, *which, self._scratch, *filled)
        own = arrays.contacts.own[settled.number]
        charge, side = own["charge"], own["side_charge"]
        inner_side = side
        if self._any_film:
            growth = self._growth[places]
            inner_side = side - np.divide(between["film"], growth, out=np.zeros(len(places)), where=growth > 0.0)
        inner = charge + between["lithium"] * self._charge_density[places] - (side - inner_side)
        if settled.imposed is not None:
            by_current = charge - length * (1.0 - fraction) * settled.imposed
            inner = np.where(np.isnan(settled.imposed), inner, by_current)
        potential, own_potential = between["potential"], between["own_potential"]
        if np.count_nonzero(between["solved"]) < len(places):
            unsolved = between["solved"] == 0
            potential[unsolved] = own_potential[unsolved] = np.nan
        solved = (between["own_current"], between["group_current"], potential, own_potential)
        passed = (time, inner, inner_side)
        salt = salt_within(arrays.groups, self.group[places], fraction)
        return self._states(places, x, film, passed, solved, (density, side_density), salt)

    def _states(
        self,
        places: Ints,
        x: Array,
        film: Array,
        passed: tuple[Array, Array, Array],
        solved: tuple[Array, Array, Array, Array],
        densities: tuple[Array, Array],
        salt: Array | None = None,
    ) -> States:
        """Return states from their parts.

        Times and charges within the protocol steps; the particles' own currents, those of their groups, phi_s of these
        and of the particles; i and o; the salt.
        """
        current, total, potential, own_potential = solved
        settled = self._settled_of(places)
        resistance, open_share = settled.resistance, settled.open_share
        if self._any_film:
            resistance = resistance + film * self._resistivity[places, np.newaxis]
            open_share = np.maximum(1.0 - film * self._inverse_block[places, np.newaxis], 0.0)
        return States.of(
            number=places,
            contact_nodes=self._contact_nodes,
            film_open=settled.film_open,
            time=settled.start_time + passed[0],
            step_time=passed[0],
            step=settled.step,
            cycle=settled.cycle,
            temperature=settled.temperature,
            x=x,
            potential=own_potential,
            voltage=potential + settled.series * total,
            current=current,
            charge=settled.start_charge + passed[1],
            side_charge=settled.start_side + passed[2],
            contact_current_density=densities[0],
            side_current_density=densities[1],
            film_resistance=resistance,
            film_thickness=film,
            open_share=open_share,
            salt=salt,
        )

    def _settled_of(self, places: Ints) -> _Settled:
        """Return what does not change for particles within a protocol step; kept for a few choices of them."""
        key = places.tobytes()
        if (kept := self._settled.get(key)) is not None:
            return kept
        if len(self._settled) >= _KEPT_CHOICES:
            self._settled.clear()
        number, imposed = self._number[places], self._imposed[places]
        resistance = self._arrays.contacts.resistance[number]
        settled = _Settled(
            number=number,
            film_open=self._film_open[places],
            start_time=self.start_time[places],
            step=self._step[places],
            cycle=self._cycle[places],
            temperature=self._temperature[places],
            series=self._series[places],
            start_charge=self._start_charge[places],
            start_side=self._start_side[places],
            imposed=None if np.isnan(imposed).all() else imposed,
            resistance=resistance,
            open_share=np.ones(resistance.shape),
        )
        for array in settled:  # states share them
            if array is not None:
                array.setflags(write=False)
        self._settled[key] = settled
        return settled


class _Settled(NamedTuple):
    """What does not change for particles within a protocol step.

    `imposed` is the current that the step imposes on each [A], not a number where it does not, None where it imposes
    none; `resistance` [ohm m2] and `open_share` are those without a film, for each contact node.
    """

    number: Ints
    film_open: NDArray[np.bool_]
    start_time: Array
    step: Ints
    cycle: Ints
    temperature: Array
    series: Array
    start_charge: Array
    start_side: Array
    imposed: Array | None
    resistance: Array
    open_share: Array


def dense_outputs(arrays: ProblemArrays) -> list[DenseOutput]:
    """Return for each mesh what builds states; the constraint of a group between steps is solved for all together."""
    between = StatesBetween(arrays)
    return [DenseOutput(arrays, mesh, between) for mesh in range(len(arrays.bodies))]


def accepted_particles(
    arrays: ProblemArrays, outputs: Sequence[DenseOutput], group: int, own: NDArray[np.void]
) -> tuple[ParticleCheckpoint, ...]:
    """Return the accepted states of the particles of a group, in its order; `own` are all `ParticleState`."""
    if len(outputs) == 1 and arrays.ranks is None:  # their numbers rise with their places
        places = arrays.places(0, np.array([group]))
        return tuple(outputs[0].checkpoints(places, own[arrays.bodies[0].number[places]]))
    found: dict[int, ParticleCheckpoint] = {}
    for mesh, output in enumerate(outputs):
        places = arrays.places(mesh, np.array([group]))
        particles = arrays.bodies[mesh].number[places]
        found |= zip(particles.tolist(), output.checkpoints(places, own[particles]), strict=True)
    here = [found[j] for j in sorted(found)]
    return tuple(here if arrays.ranks is None else arrays.ranks.of_all(here))


def places_of(arrays: ProblemArrays, group: int) -> Iterable[tuple[int, int]]:
    """Yield mesh and place on it of every particle of a group that this process has, in the group's order."""
    found = {}
    for mesh, body in enumerate(arrays.bodies):
        for place in arrays.places(mesh, np.array([group])).tolist():
            found[int(body.number[place])] = mesh, place
    return (found[j] for j in sorted(found))


def start_time_of(arrays: ProblemArrays, outputs: Sequence[DenseOutput], group: int) -> float:
    """Return when the present protocol step of a group began [s], which is the same for all its particles."""
    places = [arrays.places(mesh, np.array([group])) for mesh in range(len(outputs))]
    return next(float(output.start_time[own[0]]) for output, own in zip(outputs, places, strict=True) if len(own))


def _sees_its_own(row: np.void) -> bool:
    """Return whether the driving potential of a particle may differ from the unknown of its group."""
    return bool(row["own_resistance"] or row["node"])


def restore_nodes(arrays: ProblemArrays, group: int, potentials: Sequence[float]) -> None:
    """Give the nodes of a group's network the accepted potentials of a checkpoint [V]."""
    conductors = arrays.groups.conductors
    if conductors is not None:
        for name in ("unknown", "guess"):
            conductors.nodes[name][group, : len(potentials)] = potentials


def restore_particles(arrays: ProblemArrays, group: int, checkpoint: Checkpoint) -> None:
    """Give the particles of a group whose state is restored the charges and potentials of a checkpoint."""
    state = arrays.groups.state[group]
    restore_nodes(arrays, group, checkpoint.nodes)
    restore_salt(arrays.groups, group, checkpoint.salt)
    for j, particle in zip(arrays.members(group), checkpoint.particles, strict=True):
        own, row = arrays.contacts.own[j], arrays.contacts.parameters[j]
        own["charge"], own["side_charge"] = particle.charge, particle.side_charge
        potential = particle.potential if _sees_its_own(row) else float(state["potential"])
        if not math.isnan(potential):
            own["unknown"] = potential
        if len(checkpoint.particles) == 1:
            own["current"] = state["current"] / row["multiplicity"]
