"""Particles of a group on several ranks: threads in the place of processes, which exchange as MPI does."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from asyncsoc.base.errors import InputError, InterruptedRunError, SimulationError
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.problem.ranks import ELSEWHERE, Ranks, distributed, step_cost
from asyncsoc.solver.checkpoints import RunOutcome
from asyncsoc.solver.integrate import integrate
from tests.solver.keeping import KeepingCallback
from tests.solver.test_groups import same_bits, times_current

COUNT = 20
FAST = ("Charge at C/5 until 4.0 V", "Hold at 4.0 V for 20 minutes", "Rest for 20 minutes")


class ThreadCommunicator:
    """One of several threads that exchange what they have, as processes of MPI do."""

    def __init__(self, rank: int, size: int, barrier: threading.Barrier, slots: list[Any]) -> None:
        self.rank, self.size, self._barrier, self._slots = rank, size, barrier, slots

    @classmethod
    def several(cls, size: int) -> list[ThreadCommunicator]:
        barrier, slots = threading.Barrier(size, timeout=120.0), [None] * size
        return [cls(rank, size, barrier, slots) for rank in range(size)]

    def allgather(self, sendobj: Any) -> list[Any]:
        self._slots[self.rank] = sendobj
        self._barrier.wait()
        found = list(self._slots)
        self._barrier.wait()
        return found

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        parts = self.allgather(sendbuf[0][: sendbuf[1]].copy())
        assert [len(part) for part in parts] == recvbuf[1].tolist()
        recvbuf[0][: recvbuf[1].sum()] = np.concatenate(parts)

    def bcast(self, obj: Any, root: int = 0) -> Any:
        return self.allgather(obj)[root]

    def barrier(self) -> None:
        self.allgather(None)


@pytest.fixture(autouse=True)
def hook_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks let an error that nobody catches end MPI: not in this process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def group(body: Any, ball: Any) -> Problem:
    """Return twenty particles of different coverage on two meshes, as one group behind different resistances."""
    members = [ball.member(*FAST) if k % 5 == 4 else body.member(*FAST, coverage=0.15 + 0.04 * k) for k in range(COUNT)]
    meshes = tuple(int(k % 5 == 4) for k in range(COUNT))
    steps, ohms = times_current(members[0].constraints, float(COUNT)), tuple(1e6 * (k % 3) for k in range(COUNT))
    return Problem((body.system, ball.system), (Group(tuple(members), steps, 1e-4, meshes=meshes, resistances=ohms),))


def owners(problem: Problem, ranks: int) -> np.ndarray:
    homes = [[k for k, mesh in enumerate(problem.groups[0].meshes) if mesh == m] for m in range(len(problem.meshes))]
    return distributed([step_cost(system) for system in problem.meshes], homes, ranks)


def part_of(problem: Problem, owner: np.ndarray, rank: int) -> Problem:
    """Return the problem as a rank has it: its own meshes and all particles."""
    (group,) = problem.groups
    here = sorted({mesh for mesh, one in zip(group.meshes, owner.tolist(), strict=True) if one == rank})
    meshes = tuple(
        here.index(mesh) if one == rank else ELSEWHERE for mesh, one in zip(group.meshes, owner.tolist(), strict=True)
    )
    return Problem(tuple(problem.meshes[mesh] for mesh in here), (replace(group, meshes=meshes),))


def on_ranks(
    problem: Problem, count: int, kept: Callable[[int], KeepingCallback] = lambda j: KeepingCallback(), **options: Any
) -> tuple[list[RunOutcome], list[KeepingCallback]]:
    """Return the outcome of every rank, and what the callback of each particle has kept."""
    owner = owners(problem, count)
    callbacks = [kept(j) for j in range(COUNT)]

    def run(communicator: ThreadCommunicator) -> RunOutcome:
        ranks = Ranks(communicator, owner)
        own = [[one] if owner[j] == ranks.rank else [] for j, one in enumerate(callbacks)]
        return integrate(part_of(problem, owner, ranks.rank), own, ranks=ranks, **options)[0]

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, ThreadCommunicator.several(count))), callbacks


def same_outcome(one: RunOutcome, other: RunOutcome) -> None:
    assert (one.steps, one.accepted, one.rejected, one.stop_reason) == (
        other.steps,
        other.accepted,
        other.rejected,
        other.stop_reason,
    )
    assert one.checkpoint is not None
    assert other.checkpoint is not None
    assert one.checkpoint.state == other.checkpoint.state
    for mine, theirs in zip(one.checkpoint.particles, other.checkpoint.particles, strict=True):
        np.testing.assert_array_equal(mine.x, theirs.x)
        mine_passed, theirs_passed = (repr((p.charge, p.start_charge, p.potential)) for p in (mine, theirs))
        assert mine_passed == theirs_passed  # a text: not a number is not equal to itself


@pytest.mark.slow
def test_ranks_have_the_bits_of_one_process(group: Problem) -> None:
    alone = [KeepingCallback() for _ in range(COUNT)]
    (whole,) = integrate(group, [[one] for one in alone])
    assert whole.error is None
    assert any(outcome.reason.startswith("voltage") for outcome in whole.steps)
    for count in (2, 3):
        outcomes, callbacks = on_ranks(group, count)
        for outcome in outcomes:
            same_outcome(outcome, whole)
        for mine, theirs in zip(callbacks, alone, strict=True):
            same_bits(mine, theirs)


class _Stopping(KeepingCallback):
    """Stops its group after some steps."""

    error: BaseException = SimulationError("stopped by a callback", where="here")

    def step(self, step: Any) -> None:
        super().step(step)
        if len(self.steps) == 5:
            raise self.error


@pytest.mark.slow
def test_what_stops_a_particle_of_one_rank_stops_all_and_is_resumed_by_any(group: Problem) -> None:
    last = COUNT - 1
    outcomes, _ = on_ranks(group, 2, lambda j: _Stopping() if j == last else KeepingCallback())
    assert [str(outcome.error) for outcome in outcomes] == [str(_Stopping.error)] * 2
    same_outcome(*outcomes)
    whole = integrate(group)[0]
    resumed = integrate(group, resume=[outcomes[0].checkpoint])[0]
    same_outcome(resumed, whole)
    again, _ = on_ranks(group, 3, resume=[outcomes[0].checkpoint])
    for outcome in again:
        same_outcome(outcome, whole)


@pytest.mark.slow
def test_an_interrupt_of_one_rank_stops_all_at_the_same_state(group: Problem) -> None:
    def interrupted(j: int) -> KeepingCallback:
        found = _Stopping() if j == 7 else KeepingCallback()
        found.error = KeyboardInterrupt()  # type: ignore[attr-defined]
        return found

    outcomes, _ = on_ranks(group, 2, interrupted)
    assert [type(outcome.error) for outcome in outcomes] == [InterruptedRunError] * 2
    same_outcome(*outcomes)


@pytest.mark.parametrize("ranks", [1, 2, 5, 9])
def test_blocks_of_eight_stay_together_and_loads_are_even(ranks: int) -> None:
    rng = np.random.default_rng(5)
    places = rng.integers(0, 4, 200)
    homes, costs = [np.flatnonzero(places == m).tolist() for m in range(4)], [7.0, 1.0, 3.0, 20.0]
    owner = distributed(costs, homes, ranks)
    assert owner[0] == 0
    assert set(owner.tolist()) == set(range(ranks))
    load = np.zeros(ranks)
    for home, cost in zip(homes, costs, strict=True):
        for first in range(0, len(home), 8):
            (rank,) = set(owner[home[first : first + 8]].tolist())
            load[rank] += cost
    assert load.max() <= load.mean() + max(costs)
    np.testing.assert_array_equal(owner, distributed(costs, homes, ranks))


def test_more_ranks_than_blocks_are_refused() -> None:
    with pytest.raises(InputError, match="more processes than") as caught:
        distributed([1.0, 2.0], [list(range(9)), [9, 10]], 4)
    assert "at most 3" in str(caught.value)


def test_a_step_on_a_finer_mesh_costs_more(body: Any, ball: Any) -> None:
    assert step_cost(body.system) > 2.0 * step_cost(ball.system) > 0.0
