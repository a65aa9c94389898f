"""What observers see of a member: its state in mesh node order and seconds since the start of the protocol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.errors import SimulationError
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.batch import observe_member
from asyncsoc.kernels.controller import ACCEPTED, CHARGE, CURRENT, LAMBDA, LAST_STEP, POTENTIAL, SIDE_CHARGE, TIME
from asyncsoc.kernels.tableaux import Tableau
from asyncsoc.stepping.stacking import Stack
from asyncsoc.stepping.state import AcceptedStep, Checkpoint, SegmentOutcome, StepState
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.units import FARADAY

Array = NDArray[np.float64]


class Viewer:
    """Builds states of one member from the kernels' arrays.

    Attributes
    ----------
    start_time
        When the present protocol step began [s].
    """

    def __init__(self, system: OrderedSystem, tableau: Tableau, stacked: Stack, number: int) -> None:
        self._system = system
        self._tableau = tableau
        self._data = stacked.data
        self._member = stacked.members[number]
        self._nodes = stacked.contact_nodes[number]
        self._j = number
        self.start_time = 0.0
        self._start_charge = 0.0
        self._start_side = 0.0

    def resume(self, checkpoint: Checkpoint) -> None:
        """Take up time and charges where a checkpoint left them."""
        self.start_time = checkpoint.start_time
        self._start_charge = checkpoint.start_charge
        self._start_side = checkpoint.start_side_charge

    def checkpoint(self, finished: tuple[SegmentOutcome, ...], *, underway: bool) -> Checkpoint:
        """Return the accepted state, to go on from."""
        data, j = self._data, self._j
        return Checkpoint(
            x=frozen(data.x[j][self._system.place], np.float64),
            film=frozen(data.film[j, : len(self._nodes)], np.float64),
            state=frozen(data.state[j], np.float64),
            start_time=self.start_time,
            start_charge=self._start_charge,
            start_side_charge=self._start_side,
            finished=finished,
            underway=underway,
        )

    def close(self) -> None:
        """Count the present protocol step as done."""
        time, charge, side = self._clock()
        self.start_time += time
        self._start_charge += charge
        self._start_side += side

    def start(self, segment: Segment) -> StepState:
        """Return the state a protocol step begins or goes on with, its current or voltage applied."""
        data, j = self._data, self._j
        return self._build(segment, data.x[j], data.film[j], self._clock(), *self._solved())

    def accepted(self, segment: Segment) -> AcceptedStep:
        """Return the step just accepted, with its continuous solution."""
        data, j = self._data, self._j
        time, charge, side = self._clock()
        h = float(data.state[j, LAST_STEP])
        begin = time - h
        start_time, count = self.start_time, float(data.state[j, ACCEPTED])

        def at(when: float) -> StepState:
            if data.state[j, ACCEPTED] != count or self.start_time != start_time:
                raise SimulationError(
                    "a step's continuous solution is gone once the next step is taken",
                    where="AcceptedStep.at",
                    next_step="ask for it within the observer's `step`",
                )
            theta = min(max((when - self.start_time - begin) / h, 0.0), 1.0)
            x = _between(data.x[j], data.x_new[j], data.dense[j], theta)
            film = data.film_new[j]
            if self._member.side is not None:
                film = _between(data.film[j], data.film_new[j], data.film_dense[j], theta)
            density, side_density = np.empty_like(data.current[j]), np.empty_like(data.current[j])
            guess = float(data.state[j, LAMBDA])
            system = self._system.kernel
            solved = observe_member(system, self._tableau, data, j, x, film, guess, density, side_density)
            if not solved[0]:
                raise SimulationError(f"the constraint cannot be solved at t = {when:.6g} s")
            passed = self._charges(x, film, begin + theta * h, h * (1.0 - theta), (charge, side), segment)
            return self._build(segment, x, film, passed, solved[1], solved[2], density, side_density)

        end = self._build(segment, data.x_new[j], data.film_new[j], (time, charge, side), *self._solved())
        return AcceptedStep(self.start_time + begin, end, at)

    def _clock(self) -> tuple[float, float, float]:
        state = self._data.state[self._j]
        return float(state[TIME]), float(state[CHARGE]), float(state[SIDE_CHARGE])

    def _solved(self) -> tuple[float, float, Array, Array]:
        data, j = self._data, self._j
        return float(data.state[j, CURRENT]), float(data.state[j, POTENTIAL]), data.current[j], data.side_current[j]

    def _charges(
        self, x: Array, film: Array, time: float, left: float, ends: tuple[float, float], segment: Segment
    ) -> tuple[float, float, float]:
        """Return time and both charges at a state `left` seconds before the end of the step, from what it holds.

        The intercalation charge follows from the lithium, the side charge from the film where it is open everywhere
        (else in proportion of time).
        """
        data, j, member = self._data, self._j, self._member
        lithium = float(self._system.kernel.mass @ (data.x_new[j] - x)) * FARADAY * member.maximum_concentration
        side = ends[1]
        if member.side is not None and member.side.growth > 0.0:
            count = len(self._nodes)  # the rows are as wide as the batch's widest contact: no sum over those
            grown = float(data.areas[j, :count] @ (data.film_new[j, :count] - film[:count]))
            side -= grown / member.side.growth
        if segment.galvanostatic:
            return time, ends[0] - left * segment.target, side
        return time, ends[0] + lithium - (ends[1] - side), side

    def _build(
        self,
        segment: Segment,
        x: Array,
        film: Array,
        passed: tuple[float, float, float],
        current: float,
        potential: float,
        density: Array,
        side_density: Array,
    ) -> StepState:
        count = len(self._nodes)
        resistance = self._data.resistance[self._j, :count].copy()
        thickness, side = np.zeros(0), np.zeros(0)
        if self._member.side is not None:
            thickness, side = film[:count].copy(), side_density[:count].copy()
            resistance += thickness * self._member.side.resistivity
        return StepState(
            time=self.start_time + passed[0],
            step=segment.number,
            cycle=segment.step.cycle,
            x=x[self._system.place],
            potential=potential,
            voltage=potential + segment.series * current,
            current=current,
            charge=self._start_charge + passed[1],
            contact_nodes=self._nodes,
            contact_current_density=density[:count].copy(),
            film_resistance=resistance,
            temperature=segment.temperature,
            film_thickness=thickness,
            side_current_density=side,
            side_charge=self._start_side + passed[2],
            step_time=passed[0],
        )


def _between(start: Array, end: Array, dense: Array, theta: float) -> Array:
    """Evaluate the method's continuous solution at the fraction `theta` of a step."""
    rest = 1.0 - theta
    d0, d1, d2 = dense
    out: Array = rest * start + theta * (end + rest * (d0 + theta * (d1 + theta * d2)))
    return out
