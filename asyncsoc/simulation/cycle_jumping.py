"""Cycle jumping: long cycling in which most cycles are extrapolated instead of computed, with an error estimate.

From computed cycles the slow state is extrapolated over m cycles: the film at every contact node, with it the side
charge, the lithium of every particle, and how much salt is left. One cycle is computed there. The growth in it gives a
better value for the cycles left out, to which the film is corrected; what the correction changes is the estimated error
of the jump, in the capacity of a cycle and in the film. A jump whose error exceeds the tolerance is taken back, and a
shorter one tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.case import Case
from asyncsoc.recorders.cycle_rows import CHARGED, CYCLE, DISCHARGED
from asyncsoc.simulation.case_result import CaseResult
from asyncsoc.simulation.cycle_extrapolation import interpolated, summed_growth
from asyncsoc.simulation.jumped_rows import with_jumped_rows
from asyncsoc.simulation.jumped_state import SlowState, corrected, extrapolated, point_of
from asyncsoc.simulation.results.jumps import MOST_POINTS, ComputedCycle, CycleJumps
from asyncsoc.simulation.results.solution import Solution

Array = NDArray[np.float64]
Carry = Callable[[Solution | None, int], CaseResult]
"""`carry(previous, until)` goes on from a solution to the end of protocol step `until`, and returns all of both."""

REPORT = "cycle jumps"
"""Report of a solution: how many cycles were computed, and the estimated error."""

_MOST_GROWTH = 2.5
"""A jump is at most so many times as long as the one before."""
_SAFETY = 0.8
_BEND = 10.0
"""Tolerances by which a cycle's capacity may miss its extrapolation before no jump is tried."""
_STEEPER = 1.2
"""Factor by which the fade per cycle may grow from one computed cycle to the next: more is a knee."""
_TO_BLOCKED = 0.5
"""Share of the way to blocked contact that a jump may go at any node."""
_OF_THE_CORRECTION = 0.5
"""Share of the correction of the film, and of the growth that was not foreseen, that counts as its error at least."""
_DOUBT = 2.0
"""Factor on the estimate: growth is computed from the extrapolated state, not from the corrected one."""
_SMALLEST_SHARE = 1e-300
_SECONDS_PER_HOUR = 3600.0
_MEASURED = re.compile(r", [\d.e+-]+ mol/m3 at t = [\d.e+-]+ s")
"""What a reason says of the moment when the salt ran out: the reason is the same in another cycle."""


@dataclass(frozen=True)
class _Cycles:
    """The cycles of a protocol: the steps with which each ends, and how many alike follow."""

    last: dict[int, int]
    texts: dict[int, tuple[str, ...]]
    kept: tuple[int, ...]

    @classmethod
    def of(cls, case: Case) -> _Cycles:
        last: dict[int, int] = {}
        texts: dict[int, tuple[str, ...]] = {}
        for number, step in enumerate(case.protocol.plan.steps, start=1):
            last[step.cycle] = number
            texts[step.cycle] = (*texts.get(step.cycle, ()), step.text)
        asked = case.output.kept_cycles
        kept = () if asked.everything else tuple(cycle for cycle in sorted(last) if asked.hold(cycle))
        return cls(last, texts, kept)

    @property
    def count(self) -> int:
        return max(self.last)

    @property
    def steps(self) -> int:
        return max(self.last.values())

    def alike(self, cycle: int) -> int:
        """Return how many cycles after this one, with the same steps, can be left out: the last of them cannot."""
        more = 0
        while self.texts.get(cycle + more + 1) == self.texts[cycle]:
            more += 1
        nearest = min((kept - cycle - 1 for kept in self.kept if kept > cycle), default=more)
        return max(min(more - 1, nearest), 0)

    def reached(self, steps: int) -> int:
        """Return the last complete cycle after so many protocol steps; 0 before the first has ended."""
        return max((cycle for cycle, last in self.last.items() if last <= steps), default=0)


def simulate_jumping(
    cases: Sequence[Case],
    multiplicities: Array,
    carry: Carry,
    previous: Solution | None = None,
    salt_volumes: Array | None = None,
) -> CaseResult:
    """Carry particles through a protocol of cycles, most of which are jumped over.

    An interrupted run is kept as it was at the end of the cycle before, and goes on from there with the same bits.

    Parameters
    ----------
    cases, multiplicities
        The particles of one group.
    carry
        Goes on from a solution to the end of a protocol step.
    previous
        The result to resume.
    salt_volumes : (n,)
        Electrolyte in the volumes of a salt [m3]; None: none moves.

    Raises
    ------
    InputError
        The result to resume was computed without jumps.
    """
    cycles, slow = _Cycles.of(cases[0]), SlowState.of(cases, multiplicities, salt_volumes)
    tolerance = float(cases[0].solver.cycle_jump_tolerance or 0.0)
    reached = None if previous is None else _resumed(previous)
    while True:
        jumps = CycleJumps() if reached is None or reached.jumps is None else reached.jumps
        done = 0 if reached is None or reached.checkpoint is None else len(reached.checkpoint.finished)
        cycle = cycles.reached(done)
        if reached is not None and (cycle == cycles.count or _last_step(reached) == cycles.steps):
            return CaseResult(_reported(reached, jumps), None)
        most = 0 if reached is None else _longest(reached, jumps, cycles, slow, tolerance)
        ending, jumps = _next_cycle(reached, cycle, most, _Work(jumps, cycles, slow, carry, tolerance))
        if ending.error is not None or ending.solution is None:
            if isinstance(ending.error, InterruptedRunError) and reached is not None:
                stopped = replace(reached, status="stopped", stop_reason=ending.error.what)
                return CaseResult(_reported(stopped, jumps), ending.error)
            return replace(ending, solution=ending.solution and _reported(ending.solution, jumps))
        reached = replace(ending.solution, jumps=jumps)
        if previous is None or "resumed from" not in previous.provenance:
            origin = {key: value for key, value in reached.provenance.items() if key != "resumed from"}
            reached = replace(reached, provenance=origin)


@dataclass(frozen=True, eq=False)
class _Work:
    """What the computation of the next cycle needs."""

    jumps: CycleJumps
    cycles: _Cycles
    slow: SlowState
    carry: Carry
    tolerance: float


def _resumed(previous: Solution) -> Solution | None:
    """Return what a resumed run goes on from; None where its first cycle was not over: it is computed again."""
    if previous.jumps is None:
        raise InputError(
            "the result was computed without jumps over cycles, which cannot be taken up later",
            where="solver.cycle_jump_tolerance",
            value=previous.name,
            allowed="a result with the same kind of run",
            next_step="resume it without solver.cycle_jump_tolerance, or run the case from its start",
        )
    within = previous.checkpoint is None or previous.checkpoint.underway
    return None if within else previous


def _next_cycle(reached: Solution | None, cycle: int, most: int, work: _Work) -> tuple[CaseResult, CycleJumps]:
    """Compute the next cycle, after a jump where one is accepted; return the solution to its end."""
    jumps, cycles, slow = work.jumps, work.cycles, work.slow
    left_out = most
    while left_out and reached is not None:
        start = extrapolated(reached, jumps.points[-2:], left_out, slow, cycles.texts[cycle])
        if start is None:
            left_out //= 2
            continue
        ending = work.carry(start, cycles.last[cycle + left_out + 1])
        if isinstance(ending.error, InterruptedRunError):
            return ending, jumps
        jumps = replace(jumps, computed=jumps.computed + 1)
        if ending.solution is not None and _is_whole(ending, cycles.last[cycle + left_out + 1]):
            error = _error(reached, ending.solution, start, jumps.points, slow)
            if error <= work.tolerance and _reasons(ending.solution) == _reasons(reached):
                return _accepted(reached, start, ending.solution, error, replace(work, jumps=jumps))
            share = (work.tolerance / max(error, _SMALLEST_SHARE)) ** 0.5
        else:
            share = 0.25
        left_out = min(int(left_out * min(max(_SAFETY * share, 0.2), 0.8)), left_out - 1)
        jumps = replace(jumps, rejected=jumps.rejected + 1, longest=left_out)  # a resumed run goes on from here
    ending = work.carry(reached, cycles.last[cycle + 1])
    if ending.error is not None or ending.solution is None:
        return ending, jumps
    if not _is_whole(ending, cycles.last[cycle + 1]):  # steps are over before they start: nothing is left to jump over
        return work.carry(reached, cycles.steps), replace(jumps, computed=jumps.computed + cycles.count - cycle)
    jumps = replace(jumps, computed=jumps.computed + 1, longest=max(jumps.longest // 2, 1))
    alike = cycles.texts.get(cycle) == cycles.texts[cycle + 1]
    points = (*jumps.points, point_of(ending.solution, reached, cycle + 1)) if reached and alike else ()
    rows = with_jumped_rows(ending.solution, None)
    return CaseResult(rows, None), replace(jumps, points=points[-MOST_POINTS:])


def _is_whole(ending: CaseResult, last: int) -> bool:
    """Return whether a run got to the end of protocol step `last`, which a step that is over before it starts has not.

    A run goes on from the end of the last step that was carried out.
    """
    checkpoint = None if ending.error is not None or ending.solution is None else ending.solution.checkpoint
    return checkpoint is not None and len(checkpoint.finished) == last


def _last_step(solution: Solution) -> int:
    return solution.steps[-1].number if solution.steps else 0


def _accepted(
    reached: Solution, start: Solution, later: Solution, error: float, work: _Work
) -> tuple[CaseResult, CycleJumps]:
    """Return the solution of a jump that is accepted: the film is corrected, the cycles left out have rows."""
    jumps, slow = work.jumps, work.slow
    cycle = int(later.cycle_rows[CYCLE][-1])
    left_out = cycle - jumps.points[-1].cycle - 1
    point = point_of(later, start, cycle)
    chosen = (*jumps.points[-2:], point)
    share = (work.tolerance / max(error, _SMALLEST_SHARE)) ** 0.5
    longest = max(int(left_out * min(_MOST_GROWTH, _SAFETY * share)), left_out // 2, 1)
    if left_out < jumps.longest:  # shortened by the protocol or by what must be computed, not by its error
        longest = max(longest, jumps.longest)
    whole = with_jumped_rows(corrected(reached, later, chosen, left_out, slow), start)
    points = (*jumps.points, point)[-MOST_POINTS:]
    return CaseResult(whole, None), replace(jumps, points=points, longest=longest, error=jumps.error + error)


def _longest(reached: Solution, jumps: CycleJumps, cycles: _Cycles, slow: SlowState, tolerance: float) -> int:
    """Return how many cycles may be left out after the last one; 0 where it must be seen what comes next."""
    if len(jumps.points) < MOST_POINTS or reached.checkpoint is None:
        return 0
    last = jumps.points[-1].cycle
    most = min(jumps.longest, cycles.alike(last))
    if most < 1 or len({_reasons(reached, point.cycle) for point in jumps.points}) > 1:
        return 0
    if not _smooth(reached, [point.cycle for point in jumps.points], tolerance):
        return 0
    block = slow.blocking_thickness
    if not np.isfinite(block).any():
        return most
    film = np.concatenate([particle.film for particle in reached.checkpoint.particles])
    if any((film - point.grown < block).sum() != (film < block).sum() for point in jumps.points[-1:]):
        return 0
    free = film < block
    for count in range(most, 0, -1):
        grown = summed_growth(*_growth(jumps.points[-2:]), last, count)
        if (film + grown <= film + _TO_BLOCKED * (block - film))[free].all():
            return count
    return 0


def _growth(points: Sequence[ComputedCycle]) -> tuple[list[int], list[Array]]:
    return [point.cycle for point in points], [point.grown for point in points]


def _smooth(reached: Solution, computed: Sequence[int], tolerance: float) -> bool:
    """Return whether the capacity of the last three computed cycles goes on evenly: no turn, no knee, no bend."""
    before, middle, last = (_capacity(reached, cycle) for cycle in computed)
    expected = float(interpolated(computed[:2], [before, middle], computed[2]))
    if abs(last - expected) > _BEND * tolerance * abs(last):
        return False
    slopes = (middle - before) / (computed[1] - computed[0]), (last - middle) / (computed[2] - computed[1])
    if abs(slopes[1] - slopes[0]) * (computed[2] - computed[1]) <= tolerance * abs(last):
        return True
    return slopes[0] * slopes[1] > 0.0 and abs(slopes[1]) <= _STEEPER * abs(slopes[0])


def _error(
    reached: Solution, later: Solution, start: Solution, points: Sequence[ComputedCycle], slow: SlowState
) -> float:
    """Return the estimated error of a jump: the largest of four, relative to the capacity of a cycle or to a film.

    What the correction of the film would change if it had one order less, or half of what it changes, and half of what
    the computed cycle's growth differs from the extrapolated one (it began at an extrapolated state), of any particle's
    film and, by the fade that came with the film, of the capacity; what the capacities of the cycles left out would
    change with one order less; and by how much the extrapolated charge of the particles missed the computed one.
    """
    cycle = int(later.cycle_rows[CYCLE][-1])
    point = point_of(later, start, cycle)
    chosen = (*points[-2:], point)
    after, left_out = points[-1].cycle, cycle - points[-1].cycle - 1
    numbers = [one.cycle for one in chosen]
    capacity = [_capacity(later if one.cycle == cycle else reached, one.cycle) for one in chosen]
    grown = [one.grown for one in chosen]
    better = summed_growth(numbers, grown, after, left_out)
    behind, ahead = (summed_growth(numbers[k:][:2], grown[k:][:2], after, left_out) for k in (0, 1))
    unforeseen = np.abs(grown[2] - summed_growth(numbers[:2], grown[:2], cycle - 1, 1))
    apart = np.maximum(np.abs(better - ahead), _OF_THE_CORRECTION * np.abs(better - behind))
    apart = apart + _OF_THE_CORRECTION * unforeseen
    side = slow.side_charge(reached), slow.side_charge(later)
    passed = float(slow.multiplicities @ (side[1] - side[0]))
    sensitivity = abs(capacity[2] - capacity[1]) / passed if passed > 0.0 else 0.0
    less = slow.charge_of_film(apart)
    of_film = sensitivity * float(slow.multiplicities @ less)
    grown_so_far = np.divide(less, side[1], out=np.zeros_like(less), where=side[1] > 0.0)
    between = np.arange(after + 1, cycle)
    bend = interpolated(numbers, capacity, between) - interpolated(numbers[1:], capacity[1:], between)
    charges = [one.charge for one in chosen]
    missed = charges[2] - interpolated(numbers[:2], charges[:2], cycle)
    of_charge = float(slow.multiplicities @ np.abs(missed))
    whole = abs(capacity[2])
    of_capacity = max(of_film, float(np.abs(bend).max(initial=0.0)), of_charge / _SECONDS_PER_HOUR)
    return _DOUBT * max(of_capacity / whole, float(grown_so_far.max())) if whole > 0.0 else np.inf


def _capacity(solution: Solution, cycle: int) -> float:
    """Return the discharge capacity of a computed cycle [A.h], its charge capacity where it discharges nothing."""
    row = int(np.flatnonzero(solution.cycle_rows[CYCLE] == cycle)[0])
    discharged = float(solution.cycle_rows[DISCHARGED][row])
    return discharged if discharged > 0.0 else float(solution.cycle_rows[CHARGED][row])


def _reasons(solution: Solution, cycle: int | None = None) -> tuple[str, ...]:
    """Return why the steps of a cycle ended; those of the last one where none is named."""
    number = solution.steps[-1].cycle if cycle is None else cycle
    return tuple(_MEASURED.sub("", step.stop_reason) for step in solution.steps if step.cycle == number)


def _reported(solution: Solution, jumps: CycleJumps) -> Solution:
    """Return a solution that says how many cycles it computed, and the estimated error."""
    about: dict[str, Any] = {
        "cycles": len(solution.cycle_rows.get(CYCLE, ())),
        "computed cycles": jumps.computed,
        "computed for jumps that were not accepted": jumps.rejected,
        "estimated error of capacity and film": jumps.error,
    }
    return replace(solution, jumps=jumps, reports={**solution.reports, REPORT: about})
