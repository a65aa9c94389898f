"""Worker processes that may die. Few imports here: every worker repeats them."""

from __future__ import annotations

import os

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.pool import run_tasks


def square(x: int) -> int:
    if x == 3:
        raise ValueError("three")
    if x == 5:
        os._exit(1)
    if x == 7:
        raise InputError("seven is no number")
    return x * x


def test_a_task_that_kills_its_process_takes_no_other_with_it() -> None:
    outcomes = {o.key: o for o in run_tasks(square, ((k, k) for k in range(10)), workers=2)}
    assert sorted(outcomes) == list(range(10))
    assert outcomes[3].failure == "ValueError: three"
    assert "died" in outcomes[5].failure
    assert all(outcomes[k].value == k * k for k in range(10) if k not in (3, 5, 7))


def test_one_worker_runs_here_and_keeps_going() -> None:
    outcomes = list(run_tasks(square, [(2, 2), (3, 3), (4, 4)], workers=1))
    assert [o.value for o in outcomes] == [4, None, 16]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_cause_of_an_unforeseen_error_is_kept(workers: int) -> None:
    outcomes = {o.key: o for o in run_tasks(square, [(2, 2), (3, 3), (7, 7)], workers)}
    assert "in square" in outcomes[3].trace
    assert 'raise ValueError("three")' in outcomes[3].trace
    assert outcomes[7].failure == "InputError: seven is no number"
    assert outcomes[7].trace is None, "our own errors say what to do"
    assert outcomes[2].trace is None
