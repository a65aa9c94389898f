"""The performance suite's own arithmetic: searching the best setting, trends, traffic, the page it fills."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.peers.problem import History
from benchmarks.performance import counting, page
from benchmarks.performance.factors import Factor, factors_table
from benchmarks.performance.roof import Traffic
from benchmarks.performance.scaling import exponent
from benchmarks.performance.searching import Search, Trial, best, trials
from benchmarks.performance.work_precision import time_at_error
from benchmarks.reporting import AnswerError


def search(error, *, guess: float, power: float, breaks_above: float = math.inf, whole: bool = False) -> Search:
    """A program with the error given, which takes the longer the smaller its error."""

    def run(value: float) -> History:
        if value > breaks_above:
            raise RuntimeError("too loose")
        return History(np.array([value]), np.zeros(1), np.zeros(1), 0.0, value ** -math.copysign(1, power), 1)

    return Search("it", "{:g}", run, lambda history: error(float(history.times[0])), guess, power, whole)


def row(solve: float, error: float, method: str = "it") -> Trial:
    return Trial(method, "", 0.0, 1, 0.0, solve, error)


def test_the_fewest_steps_of_a_first_order_method_are_found():
    found = best(trials(search(lambda count: 0.08 / count, guess=20.0, power=-1.0, whole=True)))
    assert found.value == int(found.value)
    assert 80 <= found.value <= 80 / 0.85 + 1


def test_an_order_other_than_the_guessed_one_is_followed():
    found = best(trials(search(lambda tolerance: 5.0 * tolerance**1.7, guess=1e-4, power=0.6)))
    assert 0.85e-3 <= found.error <= 1e-3


def test_a_run_that_breaks_down_is_no_answer():
    tried = trials(search(lambda tolerance: 0.1 * tolerance, guess=0.02, power=1.0, breaks_above=9e-3))
    assert tried[0].error == math.inf
    assert best(tried).value <= 9e-3


def test_no_setting_that_meets_the_target_is_an_error():
    with pytest.raises(AnswerError, match="no setting tried"):
        best([row(1.0, 2e-3)])


def test_times_between_runs_follow_the_trend_and_beyond_are_marked():
    rows = [row(1.0, 1e-2), row(10.0, 1e-3)]
    assert time_at_error(rows, 10**-2.5) == pytest.approx((10**0.5, False))
    assert time_at_error(rows, 1e-4) == pytest.approx((100.0, True))
    assert time_at_error(rows, 5e-2) == (1.0, False)


def test_the_exponent_is_fitted_from_seven_thousand_unknowns_on():
    rows = [{"unknowns": n, "solve [s]": 1e-4 * n**1.2} for n in (7e3, 3e4, 3e5)]
    assert exponent([{"unknowns": 2e3, "solve [s]": 99.0}, *rows], "solve [s]") == pytest.approx(1.2)


def test_members_side_by_side_share_the_matrix():
    alone, together = (Traffic(rows=100, entries=1400, lanes=lanes, iterations=10.0) for lanes in (1, 8))
    matrix = 12.0 * 1400 + 8.0 * 100
    assert alone.bytes_per_iteration - together.bytes_per_iteration == pytest.approx(matrix * 7 / 8)
    assert alone.bytes == pytest.approx(10.0 * alone.bytes_per_iteration)


def test_nothing_counted_is_not_zero_iterations():
    assert counting.per_solve([], []) is None


def test_a_missed_target_is_said_in_table_and_page():
    missed, met = Factor("speed", 2.0, 3.0), Factor("memory", 2.0, 3.0, at_least=False)
    assert (missed.met, met.met) == (False, True)
    assert "NO" in factors_table([missed, met]).splitlines()[2]
    factor = {"name": "speed", "value": 2.0, "target": 3.0, "at_least": True, "met": False}
    origin = {
        "date": "2026-01-01T00:00:00",
        "machine": {"processor": "p", "cores": 2, "load average over a minute": 0.1},
    }
    parts = {
        "axisymmetric": {"factors": [factor], "origin": origin, "members per second": {"batch": 12.34}},
    }
    text = "a\n<!-- factors -->\nold\n<!-- end factors -->\nb\n<!-- axisymmetric -->\n<!-- end axisymmetric -->\nc\n"
    filled = page.filled(text, parts)
    assert "| speed | 2 | at least 3 | **no** | `axisymmetric` |" in filled
    assert "| batch | 12.3 |" in filled
    assert "old" not in filled
    assert filled.startswith("a\n")
    assert filled.endswith("c\n")
    assert page.filled(filled, parts) == filled
