"""Worker processes that may die. Few imports here: every worker repeats them."""

from __future__ import annotations

import os

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.base.workers import run_tasks


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


def where_asyncsoc_is(_: int) -> str:
    import asyncsoc

    return str(asyncsoc.__file__)


def test_workers_run_the_asyncsoc_of_their_parent_wherever_another_one_is_installed() -> None:
    here = where_asyncsoc_is(0)
    assert [o.value for o in run_tasks(where_asyncsoc_is, [(1, 1), (2, 2)], workers=2)] == [here, here]


def test_what_cannot_be_sent_back_is_a_failure_of_its_task() -> None:
    (outcome,) = run_tasks(unsendable, [(1, 1)], workers=2)
    assert "pickle" in str(outcome.failure)


def unsendable(_: int) -> object:
    return lambda: None


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
