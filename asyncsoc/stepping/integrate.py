"""The integrator: carries every member of a batch through its protocol; a single run is a batch of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Event, Segment
from asyncsoc.errors import ConvergenceError, InfeasibleStepError, InputError, SimulationError
from asyncsoc.kernels.batch import Members, advance_members, allocate, observe_member, start_member
from asyncsoc.kernels.controller import (
    ACCEPTED,
    CHARGE,
    CURRENT,
    CURRENT_BELOW,
    DURATION_REACHED,
    EVENT,
    LAMBDA,
    LAST_STEP,
    MARGIN,
    POTENTIAL,
    REJECTED,
    RUNNING,
    STEP_SIZE,
    TIME,
)
from asyncsoc.kernels.interpolation import psi_and_d_array
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.kernels.tableaux import RODAS4P2, RODAS5P, Tableau
from asyncsoc.stepping.members import Member, Method
from asyncsoc.stepping.state import AcceptedStep, Observer, Outcome, SegmentOutcome, StepState
from asyncsoc.stepping.system import OrderedSystem
from asyncsoc.units import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]

METHODS: dict[str, Tableau] = {"rodas5p": RODAS5P, "rodas4p2": RODAS4P2}
_FIRST_MOVE = 10.0
_SMALLEST_FIRST_STEP = 1e-6
_FOREVER = 1e30


@dataclass
class _Run:
    """Where one member stands."""

    member: Member
    observers: Sequence[Observer]
    contact_nodes: NDArray[np.int64]
    table_index: dict[float, int]
    position: int = 0
    start_time: float = 0.0
    start_charge: float = 0.0
    outcomes: list[SegmentOutcome] = field(default_factory=list)
    error: SimulationError | None = None

    @property
    def segment(self) -> Segment:
        return self.member.segments[self.position]


def integrate(
    system: OrderedSystem,
    members: Sequence[Member],
    observers: Sequence[Sequence[Observer]],
    *,
    method: Method = "rodas4p2",
    threads: int = 1,
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
    method
        "rodas4p2" (order 4) or "rodas5p" (order 5), both L-stable.
    threads
        Threads to spread the members over; the answers do not depend on it.

    Returns
    -------
    list of Outcome
        One per member, in order; a member that failed carries its error, the others go on.

    Raises
    ------
    InputError
        Unknown method, or no members.
    """
    if method not in METHODS:
        raise InputError("unknown integration method", where="solver.method", value=method, allowed=", ".join(METHODS))
    if not members:
        raise InputError("there is nothing to integrate", where="members", allowed="at least one member")
    return _Batch(system, members, observers, METHODS[method], threads).run()


class _Batch:
    def __init__(
        self,
        system: OrderedSystem,
        members: Sequence[Member],
        observers: Sequence[Sequence[Observer]],
        tableau: Tableau,
        threads: int,
    ) -> None:
        self._system = system
        self._tableau = tableau
        self._threads = threads
        self._mass = system.kernel.mass
        tables = list({id(t): t for member in members for t in member.tables.values()}.values())
        numbers = {id(t): k for k, t in enumerate(tables)}
        contacts = [np.flatnonzero(member.weights[system.order] > 0.0) for member in members]
        self._data: Members = allocate(
            len(members),
            len(self._mass),
            max(len(nodes) for nodes in contacts),
            max(len(segment.events) for member in members for segment in member.segments) + 1,
            np.stack([t.coefficients for t in tables]),
            np.array([[t.x_first, t.spacing] for t in tables]),
        )
        self._runs: list[_Run] = []
        for j, (member, nodes) in enumerate(zip(members, contacts, strict=True)):
            count = len(nodes)
            self._data.n_contact[j] = count
            self._data.nodes[j, :count] = nodes
            self._data.areas[j, :count] = member.weights[system.order][nodes]
            self._data.film[j, :count] = member.film_resistance
            self._data.x[j] = member.x[system.order]
            self._data.tolerance[j] = member.tolerance
            index = {temperature: numbers[id(table)] for temperature, table in member.tables.items()}
            self._runs.append(_Run(member, observers[j], system.order[nodes], index))

    def run(self) -> list[Outcome]:
        active = [j for j in range(len(self._runs)) if self._begin(j)]
        with ThreadPoolExecutor(self._threads) as pool:
            while active:
                shares = [np.array(active[k :: self._threads], dtype=np.int64) for k in range(self._threads)]
                if self._threads == 1:
                    self._advance(shares[0])
                else:
                    list(pool.map(self._advance, shares))
                active = [j for j in active if self._accept(j)]
        return [self._outcome(j) for j in range(len(self._runs))]

    def _advance(self, listed: NDArray[np.int64]) -> None:
        advance_members(self._system.kernel, self._tableau, self._data, listed)

    # ---- one protocol step ----------------------------------------------------------------------------------------

    def _begin(self, j: int) -> bool:
        """Start the member's next protocol step; return whether it has anything left to do."""
        run, data = self._runs[j], self._data
        while run.error is None and run.position < len(run.member.segments):
            segment = run.segment
            before = data.state[j, CURRENT]
            self._load(j, segment)
            converged, which = start_member(data, j, self._guess(j))
            if not converged:
                self._fail(j, self._infeasible(run, "no current satisfies the step at its start"))
            elif data.state[j, MARGIN] <= 0.0:
                event = segment.events[which]
                if event.kind == CURRENT_BELOW:
                    self._close(j, f"{event.reason} before the step began")
                    continue
                self._fail(j, self._infeasible(run, f"{event.reason} already at the start of the step"))
            else:
                data.state[j, STEP_SIZE] = self._first_step(j, before)
                self._notify_start(j)
            break
        return run.error is None and run.position < len(run.member.segments)

    def _load(self, j: int, segment: Segment) -> None:
        run, data = self._runs[j], self._data
        member = run.member
        data.table[j] = run.table_index[segment.temperature]
        f = FARADAY / (GAS_CONSTANT * segment.temperature)
        data.medium[j] = (f, member.transfer_coefficient, member.kinetics, FARADAY * member.maximum_concentration)
        data.control[j] = (segment.current_factor, segment.potential_factor, segment.target, segment.series)
        data.n_events[j] = len(segment.events)
        for k, event in enumerate(segment.events):
            data.events[j, k] = (event.kind, event.value)
        data.duration[j] = min(segment.duration, _FOREVER)

    def _guess(self, j: int) -> float:
        """Return a first value for lambda: the potential last reached, or the open-circuit one; the current for uniform flux."""
        run, data = self._runs[j], self._data
        segment = run.segment
        if run.member.kinetics == UNIFORM_FLUX:
            return segment.target if segment.galvanostatic else float(data.state[j, CURRENT])
        if not segment.galvanostatic:
            return segment.target
        if run.position > 0:
            return float(data.state[j, POTENTIAL])
        table = run.member.tables[segment.temperature]
        nodes = data.nodes[j, : data.n_contact[j]]
        return float(np.interp(data.x[j, nodes].mean(), table.nodes, table.coefficients[:, 2]))

    def _first_step(self, j: int, current_before: float) -> float:
        """Return a first step over which the jump in flux moves the contact by about ten tolerances (semi-infinite solid)."""
        run, data = self._runs[j], self._data
        nodes = data.nodes[j, : data.n_contact[j]]
        area = float(data.areas[j, : data.n_contact[j]].sum())
        jump = abs(data.state[j, CURRENT] - current_before) / area
        table = run.member.tables[run.segment.temperature]
        _, diffusivity = psi_and_d_array(data.x[j, nodes], table.x_first, table.spacing, table.coefficients)
        move = _FIRST_MOVE * run.member.tolerance * FARADAY * run.member.maximum_concentration
        if jump * math.sqrt(_FOREVER) <= move:
            return max(float(data.state[j, STEP_SIZE]), 1.0)
        step = math.pi * float(diffusivity.mean()) * (move / (2.0 * jump)) ** 2
        longest = float(data.duration[j])
        return min(max(step, _SMALLEST_FIRST_STEP), longest)

    def _accept(self, j: int) -> bool:
        """Deal with what `advance` returned; return whether the member goes on."""
        run, data = self._runs[j], self._data
        outcome = int(data.outcome[j])
        if outcome not in (RUNNING, DURATION_REACHED) and outcome < EVENT:
            self._fail(j, self._stuck(j))
            return False
        try:
            for observer in run.observers:
                observer.step(self._accepted(j))
        except SimulationError as error:
            self._fail(j, error)
            return False
        data.x[j] = data.x_new[j]
        if outcome == RUNNING:
            return True
        event: Event | None = run.segment.events[outcome - EVENT] if outcome >= EVENT else None
        self._close(j, event.reason if event else "duration reached")
        return self._begin(j)

    def _close(self, j: int, reason: str) -> None:
        run, state = self._runs[j], self._data.state[j]
        step = run.segment.step
        run.outcomes.append(
            SegmentOutcome(run.segment.number, step.cycle, step.text, reason, float(state[TIME]), float(state[CHARGE]))
        )
        run.start_time += float(state[TIME])
        run.start_charge += float(state[CHARGE])
        run.position += 1

    # ---- what observers see ---------------------------------------------------------------------------------------

    def _notify_start(self, j: int) -> None:
        run = self._runs[j]
        try:
            for observer in run.observers:
                observer.start(self._state(j, self._data.x[j], 0.0, 0.0), run.segment)
        except SimulationError as error:
            self._fail(j, error)

    def _state(self, j: int, x: Array, time: float, charge: float) -> StepState:
        data = self._data
        current, potential = float(data.state[j, CURRENT]), float(data.state[j, POTENTIAL])
        return self._build(j, x, time, charge, current, potential, data.current[j])

    def _build(
        self, j: int, x: Array, time: float, charge: float, current: float, potential: float, density: Array
    ) -> StepState:
        run, count = self._runs[j], int(self._data.n_contact[j])
        segment = run.segment
        return StepState(
            time=run.start_time + time,
            step=segment.number,
            cycle=segment.step.cycle,
            x=x[self._system.place],
            potential=potential,
            voltage=potential + segment.series * current,
            current=current,
            charge=run.start_charge + charge,
            contact_nodes=run.contact_nodes,
            contact_current_density=density[:count].copy(),
            film_resistance=self._data.film[j, :count].copy(),
            temperature=segment.temperature,
        )

    def _accepted(self, j: int) -> AcceptedStep:
        data, run = self._data, self._runs[j]
        time, charge, h = (float(data.state[j, column]) for column in (TIME, CHARGE, LAST_STEP))
        begin = time - h

        def at(when: float) -> StepState:
            theta = min(max((when - run.start_time - begin) / h, 0.0), 1.0)
            x = self._interpolated(j, theta)
            density = np.empty_like(data.current[j])
            guess = float(data.state[j, LAMBDA])
            converged, current, potential = observe_member(data, j, x, guess, density)
            if not converged:
                raise SimulationError(f"the constraint cannot be solved at t = {when:.6g} s")
            lithium = float(self._mass @ (data.x_new[j] - x)) * FARADAY * run.member.maximum_concentration
            passed = charge - (h * (1.0 - theta) * current if run.segment.galvanostatic else -lithium)
            return self._build(j, x, begin + theta * h, passed, current, potential, density)

        return AcceptedStep(run.start_time + begin, self._state(j, data.x_new[j], time, charge), at)

    def _interpolated(self, j: int, theta: float) -> Array:
        data, rest = self._data, 1.0 - theta
        d0, d1, d2 = data.dense[j]
        return rest * data.x[j] + theta * (data.x_new[j] + rest * (d0 + theta * (d1 + theta * d2)))

    # ---- endings --------------------------------------------------------------------------------------------------

    def _infeasible(self, run: _Run, why: str) -> InfeasibleStepError:
        segment = run.segment
        return InfeasibleStepError(
            f"protocol step {segment.number} ({segment.step.text!r}) cannot be carried out: {why}, t = {run.start_time:.6g} s",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
            next_step="change the step's target or the state it starts from; the states reached so far are kept",
        )

    def _stuck(self, j: int) -> ConvergenceError:
        run, state = self._runs[j], self._data.state[j]
        segment = run.segment
        return ConvergenceError(
            f"protocol step {segment.number} ({segment.step.text!r}) stopped",
            time=run.start_time + float(state[TIME]),
            step_size=float(state[STEP_SIZE]),
            reason="no step size meets the tolerance or satisfies the current and voltage constraint",
            where=f"protocol step {segment.number}, cycle {segment.step.cycle}",
        )

    def _fail(self, j: int, error: SimulationError) -> None:
        run, state = self._runs[j], self._data.state[j]
        run.error = error
        step = run.segment.step
        run.outcomes.append(
            SegmentOutcome(run.segment.number, step.cycle, step.text, error.what, float(state[TIME]), float(state[CHARGE]))
        )

    def _outcome(self, j: int) -> Outcome:
        run, state = self._runs[j], self._data.state[j]
        reason = run.error.what if run.error else (run.outcomes[-1].reason if run.outcomes else "nothing to do")
        return Outcome(reason, tuple(run.outcomes), int(state[ACCEPTED]), int(state[REJECTED]), run.error)
