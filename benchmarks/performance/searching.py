"""Each program at its best: the step count or tolerance with which it only just meets the error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.problem import History
from benchmarks.performance.accuracy import TARGET
from benchmarks.reporting import AnswerError

CLOSE = 0.85
"""A run whose error is between this share of the target and the target is as good as the best."""
_MOST_TRIALS = 7
_REPEATS, _SHORT = 3, 5.0
_BROKEN, _LARGEST_CHANGE = 2.0, 10.0
_LEAST_POWER, _LARGEST_POWER = 0.4, 3.0


@dataclass(frozen=True)
class Trial:
    """One method at one setting: steps, process times [s], error; `iterations` of Newton where counted."""

    method: str
    setting: str
    value: float
    steps: int
    set_up: float
    solve: float
    error: float
    iterations: int = 0
    note: str = ""


@dataclass(frozen=True)
class Search:
    """What is searched.

    Attributes
    ----------
    method
        Name for tables.
    setting
        Format of the value: "{:.0f} steps".
    run
        Value -> history.
    error
        History -> error.
    guess
        First value.
    power
        Error is about value^power: -1 for the step count of a first-order method, about 1 for a tolerance.
    whole
        Whether only whole values exist.
    """

    method: str
    setting: str
    run: Callable[[float], History]
    error: Callable[[History], float]
    guess: float
    power: float
    whole: bool = False


def trial(search: Search, value: float) -> Trial:
    """Run once; a run that breaks down has an infinite error."""
    try:
        history = search.run(value)
    except RuntimeError as error:
        return Trial(search.method, search.setting.format(value), value, 0, 0.0, 0.0, math.inf, note=str(error))
    return Trial(
        search.method,
        search.setting.format(value),
        value,
        history.steps,
        history.set_up,
        history.solve,
        search.error(history),
        history.iterations,
    )


def trials(search: Search, target: float = TARGET, most: int = _MOST_TRIALS) -> list[Trial]:
    """Follow the error's trend in the value until a run only just meets the target; return all runs."""
    value = float(round(search.guess)) if search.whole else search.guess
    power, found = search.power, [trial(search, value)]
    while len(found) < most and not CLOSE * target <= found[-1].error <= target:
        last = found[-1]
        aim = 0.5 * (1.0 + CLOSE) * target
        wrong = last.error / aim if last.error < math.inf else _BROKEN
        change = wrong ** (-1.0 / power)
        following = last.value * min(max(change, 1.0 / _LARGEST_CHANGE), _LARGEST_CHANGE)
        if search.whole:
            following = float(round(following))
        if any(math.isclose(following, seen.value, rel_tol=1e-3) for seen in found):
            break
        found.append(trial(search, following))
        before, now = found[-2:]
        if 0.0 < now.error < math.inf and 0.0 < before.error < math.inf and now.error != before.error:
            slope = math.log(now.error / before.error) / math.log(now.value / before.value)
            size = min(max(abs(slope), _LEAST_POWER), _LARGEST_POWER)
            power = math.copysign(size, power)
    return found


def best(found: list[Trial], target: float = TARGET) -> Trial:
    """Return the quickest run that meets the target.

    Raises
    ------
    AnswerError
        None does.
    """
    good = [entry for entry in found if entry.error <= target]
    if not good:
        raise AnswerError(f"{found[0].method}: no setting tried has an error of {target:g}")
    return min(good, key=lambda entry: entry.solve)


def again(search: Search, chosen: Trial) -> Trial:
    """Run the chosen setting again where it is short, and keep its least time."""
    spent, kept = chosen.solve, chosen
    for _ in range(_REPEATS - 1):
        if spent > _SHORT:
            break
        repeated = trial(search, chosen.value)
        spent += repeated.solve
        kept = min(kept, repeated, key=lambda entry: entry.solve)
    return kept


def quickest(search: Search, target: float = TARGET) -> tuple[Trial, list[Trial]]:
    """Return the quickest run that meets the target, and all runs."""
    found = trials(search, target)
    chosen = again(search, best(found, target))
    return chosen, found
