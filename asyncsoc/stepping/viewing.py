"""What observers see of members: their states in mesh node order and seconds since the start of the protocol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.errors import SimulationError
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.controller import ACCEPTED, CHARGE, CURRENT, LAST_STEP, POTENTIAL, SIDE_CHARGE, TIME
from asyncsoc.kernels.observing import observe_members
from asyncsoc.stepping.stacking import Stack
from asyncsoc.stepping.state import AcceptedSteps, Checkpoint, SegmentOutcome, States, controller_numbers
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.units import FARADAY

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Viewer:
    """Builds states of many members at once from the kernels' arrays.

    Attributes
    ----------
    start_time : (M,)
        When each member's present protocol step began [s].
    """

    def __init__(self, system: OrderedSystem, stacked: Stack) -> None:
        members = stacked.members
        self._system, self._stack = system, stacked
        self._ordered = bool((system.place == np.arange(len(system.place))).all())
        self._film_open = np.array([member.side is not None for member in members])
        self._resistivity = np.array([0.0 if m.side is None else m.side.resistivity for m in members])
        self._growth = np.array([0.0 if m.side is None else m.side.growth for m in members])
        self._charge_density = np.array([FARADAY * member.maximum_concentration for member in members])
        count = len(members)
        self.start_time, self._start_charge, self._start_side = np.zeros(count), np.zeros(count), np.zeros(count)
        self._step, self._cycle = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        self._temperature, self._series, self._imposed = np.zeros(count), np.zeros(count), np.zeros(count)
        self._scratch = np.zeros((2, max(stacked.data.x.shape[1], stacked.data.film.shape[1])))

    def resume(self, number: int, checkpoint: Checkpoint) -> None:
        """Take up time and charges where a checkpoint left them."""
        self.start_time[number] = checkpoint.start_time
        self._start_charge[number] = checkpoint.start_charge
        self._start_side[number] = checkpoint.start_side_charge

    def checkpoint(
        self, number: int, state: Array, finished: tuple[SegmentOutcome, ...], *, underway: bool
    ) -> Checkpoint:
        """Return the accepted state of a member, to go on from; `state` is its state vector there."""
        data, count = self._stack.data, len(self._stack.contact_nodes[number])
        return Checkpoint(
            x=frozen(data.x[number][self._system.place], np.float64),
            film=frozen(data.film[number, :count], np.float64),
            state=controller_numbers(state),
            start_time=float(self.start_time[number]),
            start_charge=float(self._start_charge[number]),
            start_side_charge=float(self._start_side[number]),
            finished=finished,
            underway=underway,
        )

    def begin(self, number: int, segment: Segment) -> None:
        """Note what a member's next protocol step sets."""
        self._step[number], self._cycle[number] = segment.number, segment.step.cycle
        self._temperature[number], self._series[number] = segment.temperature, segment.series
        self._imposed[number] = segment.target if segment.galvanostatic else np.nan

    def close(self, number: int) -> None:
        """Count a member's present protocol step as done."""
        state = self._stack.data.state[number]
        self.start_time[number] += state[TIME]
        self._start_charge[number] += state[CHARGE]
        self._start_side[number] += state[SIDE_CHARGE]

    def starts(self, numbers: Ints) -> States:
        """Return the states protocol steps begin or go on with, their current or voltage applied."""
        data = self._stack.data
        return self._ends(numbers, data.x[numbers], data.film[numbers])

    def accepted(self, numbers: Ints) -> AcceptedSteps:
        """Return the steps just accepted, with their continuous solution."""
        data = self._stack.data
        end = self._ends(numbers, data.x_new[numbers], data.film_new[numbers])
        length, accepted = data.state[numbers, LAST_STEP], data.state[numbers, ACCEPTED]
        origin = self.start_time[numbers]
        begin = end.step_time - length

        def at(rows: Ints, times: Array) -> States:
            asked = numbers[rows]
            if (data.state[asked, ACCEPTED] != accepted[rows]).any() or (self.start_time[asked] != origin[rows]).any():
                raise SimulationError(
                    "a step's continuous solution is gone once the next step is taken",
                    where="AcceptedSteps.at",
                    next_step="ask for it within the observer's `step`",
                )
            fraction = np.clip((times - origin[rows] - begin[rows]) / length[rows], 0.0, 1.0)
            return self._inner(asked, begin[rows] + fraction * length[rows], length[rows], fraction)

        return AcceptedSteps(origin + begin, end, at)

    def _ends(self, numbers: Ints, x: Array, film: Array) -> States:
        """Return states whose currents and potentials are solved for."""
        data = self._stack.data
        state = data.state[numbers]
        passed = (state[:, TIME], state[:, CHARGE], state[:, SIDE_CHARGE])
        if not self._ordered:
            x = np.take(x, self._system.place, axis=1)
        solved = (state[:, CURRENT], state[:, POTENTIAL])
        return self._states(numbers, x, film, passed, solved, (data.current[numbers], data.side_current[numbers]))

    def _inner(self, numbers: Ints, time: Array, length: Array, fraction: Array) -> States:
        """Return states at fractions of the last steps of the given length [s], `time` within the protocol steps.

        The intercalation charge follows from the lithium, the side charge from the film where it is open everywhere
        (else in proportion of time).
        """
        data, system = self._stack.data, self._system
        wide = (len(numbers), data.film.shape[1])
        x, solved = np.empty((len(numbers), data.x.shape[1])), np.empty((len(numbers), 5))
        film, density, side_density = np.empty(wide), np.zeros(wide), np.zeros(wide)
        observe_members(
            system.kernel.mass,
            data,
            system.place,
            numbers,
            fraction,
            self._scratch,
            x,
            film,
            density,
            side_density,
            solved,
        )
        charge, side = data.state[numbers, CHARGE], data.state[numbers, SIDE_CHARGE]
        growth, imposed = self._growth[numbers], self._imposed[numbers]
        grown = growth > 0.0
        inner_side = side - np.divide(solved[:, 4], growth, out=np.zeros(len(numbers)), where=grown)
        free = np.isnan(imposed)
        left = length * (1.0 - fraction)
        inner = charge - left * np.where(free, 0.0, imposed)
        lithium = solved[:, 3] * self._charge_density[numbers]
        inner = np.where(free, charge + lithium - (side - inner_side), inner)
        current, potential = solved[:, 1], np.where(solved[:, 0] > 0.0, solved[:, 2], np.nan)
        passed = (time, inner, inner_side)
        return self._states(numbers, x, film, passed, (current, potential), (density, side_density))

    def _states(
        self,
        numbers: Ints,
        x: Array,
        film: Array,
        passed: tuple[Array, Array, Array],
        solved: tuple[Array, Array],
        densities: tuple[Array, Array],
    ) -> States:
        """Return states from what was found: times and charges within the protocol steps, I and phi_s, i and o."""
        current, potential = solved
        resistance = self._stack.data.resistance[numbers] + film * self._resistivity[numbers, np.newaxis]
        return States(
            number=numbers,
            contact_nodes=self._stack.contact_nodes,
            film_open=self._film_open[numbers],
            time=self.start_time[numbers] + passed[0],
            step_time=passed[0],
            step=self._step[numbers],
            cycle=self._cycle[numbers],
            temperature=self._temperature[numbers],
            x=x,
            potential=potential,
            voltage=potential + self._series[numbers] * current,
            current=current,
            charge=self._start_charge[numbers] + passed[1],
            side_charge=self._start_side[numbers] + passed[2],
            contact_current_density=densities[0],
            side_current_density=densities[1],
            film_resistance=resistance,
            film_thickness=film,
        )
