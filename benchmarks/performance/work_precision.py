"""Error against solve time of one partly covered charge: asyncsoc beside what its users would write instead.

Everyone charges the same particle through the same patch at the same current (benchmarks/peers/problem.py), in this
process, on one thread, and none writes files. Times are the process's own, set-up apart; the error is that of
benchmarks/performance/accuracy.py. Our second curve is the time per member of a batch of as many coverages as
benchmarks/performance/sweep64.py has, with the error of the member that is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.peers import asyncsoc_peer, expert_dolfinx, skfem_bdf, tutorial_dolfinx
from benchmarks.peers.problem import History, Problem, graded_steps
from benchmarks.performance import rivals, spheres
from benchmarks.performance.accuracy import CONSISTENT, LUMPED, OURS, check_references, error_of
from benchmarks.performance.factors import Part
from benchmarks.performance.searching import Trial
from benchmarks.performance.sweep64 import MEMBERS, coverages
from benchmarks.reporting import table

COVERAGE = 0.3
SINGLE, BATCH = "asyncsoc", "asyncsoc, per member of a batch"


@dataclass(frozen=True)
class Entry:
    """One method at one setting."""

    method: str
    setting: str
    discretization: str
    run: Callable[[Problem], History]


def entries(mesh: str, quick: bool) -> Iterator[Entry]:
    """Yield the methods and settings to run, without the tutorial as taught."""
    for tolerance in (1e-2, 1e-3, 1e-4) if quick else (1e-2, 3e-3, 1e-3, 3e-4, 1e-4):
        setting = f"tolerance {tolerance:g}"
        yield Entry(SINGLE, setting, OURS, partial(asyncsoc_peer.charge, tolerance=tolerance))
        yield Entry(BATCH, setting, OURS, partial(_member, mesh, 8 if quick else MEMBERS, tolerance))
    counts = (25, 50) if quick else (12, 25, 50, 100, 160)
    for exponent, name in ((1.0, "equal steps"), (2.5, "graded steps")):
        for count in counts:
            run = partial(_by_hand, exponent, count)
            yield Entry(f"tutorial dolfinx, {name}, degree set", f"{count} steps", CONSISTENT, run)
    for tolerance in (1e-2, 1e-3, 1e-4):
        setting = f"tolerance {tolerance:g}"
        for method, name in rivals.EXPERT_METHODS.items():
            yield Entry(f"expert dolfinx, {name}", setting, CONSISTENT, partial(_expert, method, tolerance))
        yield Entry("scikit-fem", setting, LUMPED, partial(skfem_bdf.charge, tolerance=tolerance))


def _member(mesh: str, count: int, tolerance: float, problem: Problem) -> History:
    others = [spheres.problem(mesh, f) for f in coverages(count - 1)]
    charged = asyncsoc_peer.charge_batch([problem, *others], tolerance)
    return charged.histories[0]


def _by_hand(exponent: float, count: int, problem: Problem) -> History:
    return tutorial_dolfinx.charge(problem, graded_steps(problem, count, exponent), rivals.CUBATURE_DEGREE)


def _expert(method: expert_dolfinx.Method, tolerance: float, problem: Problem) -> History:
    linear: expert_dolfinx.Linear | None = "ilu" if problem.mesh.coordinates == "cartesian" else None
    return expert_dolfinx.charge(problem, tolerance, method=method, linear=linear)


def run_all(mesh: str, quick: bool) -> tuple[list[Trial], dict[str, float]]:
    """Run everything; return a row each and how far the references lie apart.

    Raises
    ------
    AnswerError
        An answer is wrong.
    """
    problem = spheres.problem(mesh, COVERAGE)
    apart = check_references(problem, (CONSISTENT, LUMPED))
    rows = []
    for entry in entries(mesh, quick):
        history = entry.run(problem)
        error = error_of(history, problem, entry.discretization)
        steps, iterations = history.steps, history.iterations
        row = Trial(entry.method, entry.setting, 0.0, steps, history.set_up, history.solve, error, iterations)
        rows.append(row)
    return [*rows, *_as_taught(problem, rows)], apart


def _as_taught(problem: Problem, rows: list[Trial]) -> list[Trial]:
    """Return the tutorial's rows as taught: the time of a Newton iteration is measured, their number is known."""
    found = []
    for exponent, name in ((1.0, "equal steps"), (2.5, "graded steps")):
        method = f"tutorial dolfinx, {name}"
        by_hand = [row for row in rows if row.method == f"{method}, degree set"]
        first = replace(by_hand[0], value=float(by_hand[0].steps))
        taught = rivals.as_taught(problem, exponent, first)
        cost = taught.solve / taught.iterations
        found += [
            replace(row, method=f"{method}, as taught", solve=cost * row.iterations, note=taught.note)
            for row in by_hand
        ]
    return found


def time_at_error(rows: list[Trial], error: float) -> tuple[float, bool]:
    """Return the least solve time that reaches `error`, between rows on logarithmic scales, and whether it is a guess.

    Beyond the most accurate row the trend of the last two goes on, at the order they show but at least the first.
    """
    frontier: list[Trial] = []
    for row in sorted(rows, key=lambda row: row.solve):
        if not frontier or row.error < frontier[-1].error:
            frontier.append(row)
    if frontier[0].error <= error:
        return frontier[0].solve, False
    for before, after in pairwise(frontier):
        if after.error <= error:
            share = np.log(before.error / error) / np.log(before.error / after.error)
            return float(before.solve * (after.solve / before.solve) ** share), False
    order = 1.0
    if len(frontier) > 1:
        first, last = frontier[-2:]
        order = max(1.0, float(np.log(first.error / last.error) / np.log(last.solve / first.solve)))
    return float(frontier[-1].solve * (frontier[-1].error / error) ** (1.0 / order)), True


def over_ours(rows: list[Trial]) -> list[dict[str, Any]]:
    """Return, for each of our single runs, how much longer every other method takes to be as accurate."""
    methods = [method for method in dict.fromkeys(row.method for row in rows) if method not in (SINGLE, BATCH)]
    found = []
    for row in rows:
        if row.method != SINGLE:
            continue
        ratios = {}
        for method in methods:
            needed, guessed = time_at_error([other for other in rows if other.method == method], row.error)
            ratios[method] = {"ratio": needed / row.solve, "beyond its finest run": guessed}
        found.append({"setting": row.setting, "error": row.error, "solve [s]": row.solve, "others": ratios})
    return found


def measure(quick: bool = False, mesh: str = spheres.SEVEN_THOUSAND) -> Part:
    """Run everyone at several settings on a mesh; a shipped two-dimensional one in the quick form."""
    chosen = "sphere-axisymmetric-coarse" if quick else mesh
    rows, apart = run_all(chosen, quick)
    ratios = over_ours(rows)
    problem = spheres.problem(chosen, COVERAGE)
    numbers = {
        "mesh": chosen,
        "unknowns": problem.mesh.n_nodes,
        "coverage": problem.contact.coverage_realised,
        "references apart": apart,
        "rows": [asdict(row) for row in rows],
        "over ours": ratios,
    }
    return Part((), numbers, _text(rows, ratios, problem))


def _text(rows: list[Trial], ratios: list[dict[str, Any]], problem: Problem) -> str:
    shown = [(r.method, r.setting, r.steps, r.set_up, r.solve, f"{r.error:.1e}") for r in rows]
    methods = list(ratios[0]["others"])
    ratio_rows = []
    for row in ratios:
        others = [row["others"][method] for method in methods]
        cells = [f"{other['ratio']:.3g}{'*' if other['beyond its finest run'] else ''}" for other in others]
        ratio_rows.append((row["setting"], f"{row['error']:.1e}", *cells))
    return "\n".join(
        [
            f"C/10 charge through {problem.contact.coverage_realised:.0%}, {problem.mesh.name}, "
            f"{problem.mesh.n_nodes} nodes",
            table(("method", "setting", "steps", "set-up [s]", "solve [s]", "error"), shown),
            "",
            "how many times longer than asyncsoc for an error no larger (* beyond its finest run, by its trend)",
            table(("asyncsoc at", "error", *methods), ratio_rows),
        ]
    )
