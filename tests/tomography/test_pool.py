"""Worker processes that may die. Few imports here: every worker repeats them."""

from __future__ import annotations

import os

from asyncsoc.tomography.pool import run_tasks


def square(x: int) -> int:
    if x == 3:
        raise ValueError("three")
    if x == 5:
        os._exit(1)
    return x * x


def test_a_task_that_kills_its_process_takes_no_other_with_it() -> None:
    outcomes = {o.key: o for o in run_tasks(square, ((k, k) for k in range(10)), workers=2)}
    assert sorted(outcomes) == list(range(10))
    assert outcomes[3].failure == "ValueError: three"
    assert "died" in outcomes[5].failure
    assert all(outcomes[k].value == k * k for k in range(10) if k not in (3, 5))


def test_one_worker_runs_here_and_keeps_going() -> None:
    outcomes = list(run_tasks(square, [(2, 2), (3, 3), (4, 4)], workers=1))
    assert [o.value for o in outcomes] == [4, None, 16]
