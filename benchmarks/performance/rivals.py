"""The peers at their best on one problem: the tutorial script with equal and graded steps, and the expert's.

The tutorial script is shown twice. "As taught" leaves the cubature degree to UFL, which estimates a high one from the
nested exponentials of D(x); "degree 3" has it set by hand. Both take the same Newton iterations, which is asserted;
so where the whole of the first would take too long, the time of its first steps is scaled with the iterations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from benchmarks.peers import expert_dolfinx, tutorial_dolfinx
from benchmarks.peers.problem import Problem, graded_steps
from benchmarks.performance import spheres
from benchmarks.performance.accuracy import CONSISTENT, error_of
from benchmarks.performance.searching import Search, Trial, best, quickest, trials
from benchmarks.reporting import require

EQUAL = 1.0
EXPONENTS = (1.5, 2.0, 2.5, 3.0, 4.0)
"""Of t = T (k/N)^p: the spacings tried."""
QUICK_EXPONENTS = (2.0, 2.5)
EXPERT_METHODS: dict[expert_dolfinx.Method, str] = {"bdf2": "BDF2", "rosw": "Rosenbrock-W"}
"""BDF of order 3 and 4 were tried and are no quicker at this error; the Rosenbrock-W method is."""
CUBATURE_DEGREE = 3
SAME_ANSWER = 1e-4
"""Largest difference in stoichiometry that the cubature degree may make."""
_TIMED_STEPS = 6
EQUAL_GUESS, GRADED_GUESS, _TOLERANCE = 500.0, 80.0, 1e-3
_EXPERT_ORDER = 0.6
"""Of its error in the tolerance."""


@dataclass(frozen=True)
class Rival:
    """Best run of a peer, the same as taught where it is the tutorial script, and all runs."""

    best: Trial
    taught: Trial | None
    rows: tuple[Trial, ...]


def exponents(quick: bool) -> tuple[float, ...]:
    """Return the spacings to try."""
    return QUICK_EXPONENTS if quick else EXPONENTS


def taught_of(rival: Rival) -> Trial:
    """Return the run as taught of the tutorial script; the best one of the expert's."""
    return rival.taught or rival.best


def tutorial(problem: Problem, exponent: float, guess: float) -> Search:
    """Return the search for the step count of the tutorial script with the degree set by hand."""
    spacing = "equal steps" if exponent == EQUAL else f"steps to T (k/N)^{exponent:g}"
    return Search(
        f"tutorial dolfinx, {spacing}, degree {CUBATURE_DEGREE}",
        "{:.0f} steps",
        lambda count: tutorial_dolfinx.charge(problem, graded_steps(problem, int(count), exponent), CUBATURE_DEGREE),
        partial(error_of, problem=problem, discretization=CONSISTENT),
        guess,
        -1.0,
        whole=True,
    )


def expert(
    problem: Problem, linear: expert_dolfinx.Linear, method: expert_dolfinx.Method = "bdf2", guess: float = _TOLERANCE
) -> Search:
    """Return the search for the tolerance of the expert's program."""
    return Search(
        f"expert dolfinx, {EXPERT_METHODS[method]}, {linear}",
        "tolerance {:.2g}",
        lambda tolerance: expert_dolfinx.charge(problem, tolerance, method=method, linear=linear),
        partial(error_of, problem=problem, discretization=CONSISTENT),
        guess,
        _EXPERT_ORDER,
    )


@lru_cache(maxsize=4)
def best_exponent(exponents: tuple[float, ...] = EXPONENTS) -> tuple[float, float]:
    """Return the spacing that needs the fewest Newton iterations, found on the small mesh, and its step count."""
    small = spheres.problem(spheres.SMALL)
    chosen = {p: best(trials(tutorial(small, p, GRADED_GUESS))) for p in exponents}
    exponent = min(chosen, key=lambda p: chosen[p].iterations)
    return exponent, chosen[exponent].value


def as_taught(problem: Problem, exponent: float, chosen: Trial, whole: bool = False) -> Trial:
    """Return the time of the tutorial script as it is taught, on the steps of `chosen`.

    Raises
    ------
    AnswerError
        Its answer is not that of the same steps with the degree set by hand.
    """
    ends = graded_steps(problem, int(chosen.value), exponent)
    part = ends if whole else ends[:_TIMED_STEPS]
    taught = tutorial_dolfinx.charge(problem, part)
    by_hand = tutorial_dolfinx.charge(problem, part, CUBATURE_DEGREE)
    apart = float(np.abs(taught.contact_mean - by_hand.contact_mean).max())
    require("tutorial as taught against degree set by hand", apart, SAME_ANSWER)
    require("Newton iterations", taught.iterations - by_hand.iterations, 0.02 * by_hand.iterations)
    solve = taught.solve * chosen.iterations / taught.iterations
    note = "" if whole else f"{len(part)} steps timed, scaled with {chosen.iterations} Newton iterations"
    method = chosen.method.replace(f", degree {CUBATURE_DEGREE}", ", as taught")
    return replace(chosen, method=method, set_up=taught.set_up, solve=solve, note=note)


def _both(problem: Problem, exponent: float, guess: float) -> Rival:
    chosen, tried = quickest(tutorial(problem, exponent, guess))
    taught = as_taught(problem, exponent, chosen)
    return Rival(chosen, taught, (*tried, taught))


@lru_cache(maxsize=4)
def equal(problem: Problem) -> Rival:
    """Return the tutorial script with equal steps at its best."""
    return _both(problem, EQUAL, EQUAL_GUESS)


@lru_cache(maxsize=4)
def graded(problem: Problem, exponents: tuple[float, ...] = EXPONENTS) -> Rival:
    """Return the tutorial script with graded steps at its best; the spacing is searched on the small mesh."""
    return _both(problem, *best_exponent(exponents))


@lru_cache(maxsize=4)
def skilled(problem: Problem, method: expert_dolfinx.Method) -> Rival:
    """Return the expert's program at its best with one integrator, and the quicker of two linear solvers."""
    gamg, tried = quickest(expert(problem, "gamg", method))
    ilu, again = quickest(expert(problem, "ilu", method, gamg.value))
    return Rival(min(gamg, ilu, key=lambda entry: entry.solve), None, (*tried, *again))


def relative_costs(coverages: tuple[float, ...]) -> dict[float, tuple[float, float]]:
    """Return what graded tutorial and expert cost at other coverages over what they cost at 0.3, on the small mesh.

    Each at its own best step count and tolerance there, for the same error.
    """
    costs: dict[float, tuple[float, float]] = {}
    for coverage in (0.3, *coverages):
        small = spheres.problem(spheres.SMALL, coverage)
        steps = best(trials(tutorial(small, QUICK_EXPONENTS[-1], GRADED_GUESS)))
        costs[coverage] = float(steps.iterations), best(trials(expert(small, "ilu"))).solve
    base = costs[0.3]
    return {coverage: (first / base[0], second / base[1]) for coverage, (first, second) in costs.items()}
