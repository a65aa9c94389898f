"""One charge of one particle: ours beside the tutorial script and the expert's, everyone at an error of 1e-3.

3-D sphere, coverage 0.3, C/10 until the default particle reaches 4.2 V, O'Regan's D(x) at 60 degC. The peers have
uniform flux; ours is timed with uniform flux and with Butler-Volmer, and the slower of the two enters the factors.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any

from benchmarks.peers import asyncsoc_peer
from benchmarks.peers.problem import Problem
from benchmarks.performance import rivals, spheres
from benchmarks.performance.accuracy import CONSISTENT, OURS, OURS_BUTLER_VOLMER, check_references, error_of
from benchmarks.performance.factors import Factor, Part
from benchmarks.performance.rivals import exponents, taught_of
from benchmarks.performance.searching import Search, Trial, quickest
from benchmarks.reporting import table

COVERAGE = 0.3
UNIFORM_TARGET, GRADED_TARGET, EXPERT_TARGET = 100.0, 30.0, 10.0
KINETICS: dict[asyncsoc_peer.Kinetics, str] = {"uniform-flux": OURS, "butler-volmer": OURS_BUTLER_VOLMER}
_GUESS, _ORDER = 4e-3, 0.9


def ours(problem: Problem, kinetics: asyncsoc_peer.Kinetics) -> Search:
    """Return the search for our tolerance."""
    return Search(
        f"asyncsoc, {kinetics}",
        "tolerance {:.2g}",
        lambda tolerance: asyncsoc_peer.charge(problem, tolerance, kinetics),
        partial(error_of, problem=problem, discretization=KINETICS[kinetics]),
        _GUESS,
        _ORDER,
    )


@lru_cache(maxsize=4)
def own(problem: Problem) -> tuple[dict[str, Trial], tuple[Trial, ...]]:
    """Return our best run for either kinetics, and all runs."""
    found, rows = {}, []
    for kinetics in KINETICS:
        found[str(kinetics)], tried = quickest(ours(problem, kinetics))
        rows += tried
    return found, tuple(rows)


def measure(quick: bool = False) -> Part:
    """Run everyone; answers are checked as they come.

    Raises
    ------
    AnswerError
        An answer is wrong.
    """
    problem = spheres.problem(spheres.SMALL if quick else spheres.SEVEN_THOUSAND, COVERAGE)
    apart = check_references(problem, (CONSISTENT,))
    mine, rows = own(problem)
    steady, rising = rivals.equal(problem), rivals.graded(problem, exponents(quick))
    experts = {name: rivals.skilled(problem, method) for method, name in rivals.EXPERT_METHODS.items()}
    slower = max(mine.values(), key=lambda entry: entry.solve)
    peers = [
        ("tutorial as taught, equal steps", taught_of(steady), UNIFORM_TARGET),
        ("tutorial, degree set by hand, equal steps", steady.best, UNIFORM_TARGET),
        ("tutorial as taught, best graded steps", taught_of(rising), GRADED_TARGET),
        ("tutorial, degree set by hand, best graded steps", rising.best, GRADED_TARGET),
        *((f"expert, {name}", found.best, EXPERT_TARGET) for name, found in experts.items()),
    ]
    factors = tuple(Factor(f"one 3-D run: {name} / ours", t.solve / slower.solve, goal) for name, t, goal in peers)
    chosen = [*mine.values(), *(entry for _, entry, _ in peers)]
    ratios = {k: {name: t.solve / trial.solve for name, t, _ in peers} for k, trial in mine.items()}
    numbers: dict[str, Any] = {
        "mesh": problem.mesh.name,
        "unknowns": problem.mesh.n_nodes,
        "coverage": problem.contact.coverage_realised,
        "references apart": apart,
        "best": [asdict(entry) for entry in chosen],
        "all": [
            asdict(entry)
            for entry in (*rows, *steady.rows, *rising.rows, *(row for found in experts.values() for row in found.rows))
        ],
        "over ours, by our kinetics": ratios,
    }
    return Part(factors, numbers, _text(problem, chosen, mine["uniform-flux"]))


def _text(problem: Problem, chosen: list[Trial], unit: Trial) -> str:
    rows = [
        (t.method, t.setting, t.steps, t.set_up, t.solve, f"{t.error:.1e}", f"{t.solve / unit.solve:.3g}")
        for t in chosen
    ]
    headings = ("method", "setting", "steps", "set-up [s]", "solve [s]", "error", "over ours")
    notes = [f"{t.method}: {t.note}" for t in chosen if t.note]
    title = f"one C/10 charge through {problem.contact.coverage_realised:.0%}, {problem.mesh.n_nodes} nodes"
    return "\n".join([title, table(headings, rows), *notes])
