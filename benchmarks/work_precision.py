"""Error against solve time of one partly covered charge: asyncsoc beside what its users would write instead.

    python -m benchmarks.work_precision [--mesh sphere-axisymmetric-default] [--coverage 0.3] [--quick] [--json]

Everyone charges the same particle through the same patch at the same current (benchmarks/peers/problem.py), in this
process, on one thread (OMP_NUM_THREADS=1), and none writes files. Times are the process's own, set-up apart. The error
is the largest |contact-mean x - reference| at the times a method reports from 1 % of the charge on. The reference is
refined in time on the same mesh *with that method's own discretization in space* (lumped or consistent mass, psi(x) or
D(x) grad x), so that nobody pays here for how the mesh treats their form; how far the references lie apart is shown,
and must be small. benchmarks/full_coverage.py has the fully covered particle, where PyBaMM does the job too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from benchmarks.peers import asyncsoc_peer, expert_dolfinx, skfem_bdf, tutorial_dolfinx
from benchmarks.peers.problem import History, Problem, default_problem, equal_steps, graded_steps
from benchmarks.reporting import require, show, table

Array = NDArray[np.float64]

FROM = 0.01
"""Share of the charge before which nothing is compared."""
SAMPLES = 400
MEAN_ERROR = 2e-5
"""In the volume-mean stoichiometry at the end, which the charge passed fixes."""
REFERENCES_APART = {"axisymmetric": 2e-3, "cartesian": 2e-2}
"""Largest difference of two references: discretization error of the mesh, transients at 1 % of the charge included."""
LEAST_SPEED_UP = {"sphere-axisymmetric-default": 10.0, "sphere-3d-default": 20.0}
OURS, CONSISTENT, LUMPED = "lumped mass, psi(x)", "consistent mass, D(x) grad x", "lumped mass, D(x) grad x"


@dataclass(frozen=True)
class Entry:
    """One method at one setting."""

    method: str
    setting: str
    discretization: str
    run: Callable[[Problem], History]


@dataclass(frozen=True)
class Row:
    """What an entry gave."""

    method: str
    setting: str
    steps: int
    set_up: float
    solve: float
    error: float


def entries(quick: bool) -> list[Entry]:
    """Return the methods and settings to run."""
    tolerances = (1e-2, 1e-3, 1e-4) if quick else (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5)
    counts = (25, 50) if quick else (25, 50, 100, 200)
    found = [Entry("asyncsoc", f"tolerance {t:g}", OURS, lambda p, t=t: asyncsoc_peer.charge(p, t)) for t in tolerances]
    for name, steps, degree in (
        ("equal steps", equal_steps, None),
        ("graded steps", graded_steps, None),
        ("graded steps, cubature of degree 3", graded_steps, 3),
    ):
        found += [
            Entry(
                f"tutorial dolfinx, {name}",
                f"{count} steps",
                CONSISTENT,
                lambda p, count=count, steps=steps, degree=degree: tutorial_dolfinx.charge(p, steps(p, count), degree),
            )
            for count in counts
        ]
    peer_tolerances = (1e-3, 1e-4) if quick else (1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
    found += [
        Entry("expert dolfinx, TS BDF2", f"tolerance {t:g}", CONSISTENT, lambda p, t=t: expert_dolfinx.charge(p, t))
        for t in peer_tolerances
    ]
    found += [
        Entry("scikit-fem, solve_ivp BDF", f"tolerance {t:g}", LUMPED, lambda p, t=t: skfem_bdf.charge(p, t))
        for t in peer_tolerances
    ]
    return found


def references(problem: Problem, quick: bool) -> dict[str, History]:
    """Run every discretization refined in time."""
    looser = 10.0 if quick else 1.0
    return {
        OURS: asyncsoc_peer.charge(problem, 1e-8 * looser),
        CONSISTENT: expert_dolfinx.charge(problem, 1e-6 * looser, method="rosw"),
        LUMPED: skfem_bdf.charge(problem, 1e-7 * looser),
    }


def curve(history: History) -> CubicSpline:
    """Return the contact mean as a smooth function of the square root of time."""
    times, first = np.unique(history.times, return_index=True)
    return CubicSpline(np.sqrt(times), history.contact_mean[first])


def error_of(history: History, reference: CubicSpline, problem: Problem) -> float:
    """Return the largest difference at the times reported, from `FROM` of the charge on."""
    late = history.times >= FROM * problem.duration * (1.0 - 1e-12)
    return float(np.abs(history.contact_mean[late] - reference(np.sqrt(history.times[late]))).max())


def check_mean(name: str, history: History, problem: Problem, limit: float = MEAN_ERROR) -> None:
    """Demand the volume mean at the end that the charge passed leaves no choice about.

    Raises
    ------
    AnswerError
        The lithium is not there.
    """
    require(f"{name}: mean stoichiometry at the end", volume_mean(problem, history.final) - problem.mean_at_end, limit)


def volume_mean(problem: Problem, x: Array) -> float:
    """Return the volume mean of nodal values, by the lumped mass (exact for linear fields)."""
    from asyncsoc.fem.assembly import assemble

    operators = assemble(problem.mesh)
    return float(operators.mass @ x) / operators.volume


def run_all(problem: Problem, quick: bool = False, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Run references and entries; check every answer, then return the rows.

    Raises
    ------
    AnswerError
        A reference or a run has lost lithium, or two references disagree by more than the mesh explains.
    """
    progress("references")
    exact = references(problem, quick)
    for name, history in exact.items():
        check_mean(f"reference ({name})", history, problem)
    curves = {name: curve(history) for name, history in exact.items()}
    shared = np.sqrt(problem.duration * np.linspace(FROM, 1.0, SAMPLES))
    apart = {
        name: float(np.abs(found(shared) - curves[OURS](shared)).max())
        for name, found in curves.items()
        if name != OURS
    }
    for name, value in apart.items():
        require(f"references apart ({name})", value, REFERENCES_APART[problem.mesh.coordinates])
    rows = []
    for entry in entries(quick):
        progress(f"{entry.method}, {entry.setting}")
        history = entry.run(problem)
        # An implicit method conserves lithium whatever its steps, up to its Newton and linear tolerances.
        check_mean(f"{entry.method}, {entry.setting}", history, problem, 1e-3)
        error = error_of(history, curves[entry.discretization], problem)
        rows.append(Row(entry.method, entry.setting, history.steps, history.set_up, history.solve, error))
    return {"rows": rows, "references apart": apart, "speed-up": speed_ups(rows)}


def time_at_error(rows: list[Row], error: float) -> tuple[float, bool]:
    """Return the least solve time that reaches `error`, between rows on logarithmic scales, and whether it is a guess.

    Beyond the most accurate row the trend of the last two goes on, at the order they show but at least the first.
    """
    ordered = sorted(rows, key=lambda row: row.solve)
    frontier: list[Row] = []
    for row in ordered:
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


def speed_ups(rows: list[Row]) -> list[dict[str, Any]]:
    """Return, for each of our rows, how much longer every other method takes to be as accurate."""
    methods = list(dict.fromkeys(row.method for row in rows))
    ours = [row for row in rows if row.method == "asyncsoc"]
    found = []
    for row in ours:
        ratios = {}
        for method in methods:
            if method != "asyncsoc":
                needed, guessed = time_at_error([other for other in rows if other.method == method], row.error)
                ratios[method] = {"ratio": needed / row.solve, "extrapolated": guessed}
        found.append({"setting": row.setting, "error": row.error, "solve [s]": row.solve, "others": ratios})
    return found


def text_of(found: dict[str, Any], problem: Problem) -> str:
    """Return the tables."""
    rows: list[Row] = found["rows"]
    lines = [
        f"C/10 charge through {problem.contact.coverage_realised:.0%} of the surface, {problem.mesh.name}, "
        f"{problem.mesh.n_nodes} nodes",
        *(f"reference with {name} lies {apart:.1e} from ours" for name, apart in found["references apart"].items()),
        "",
        table(
            ("method", "setting", "steps", "set-up [s]", "solve [s]", "error"),
            [(r.method, r.setting, r.steps, r.set_up, r.solve, f"{r.error:.1e}") for r in rows],
        ),
        "",
    ]
    methods = list(found["speed-up"][0]["others"])
    ratios = []
    for ours in found["speed-up"]:
        others = [ours["others"][m] for m in methods]
        shown = [f"{o['ratio']:.3g}{'*' if o['extrapolated'] else ''}" for o in others]
        ratios.append((ours["setting"], f"{ours['error']:.1e}", *shown))
    lines += [
        "how many times longer than asyncsoc for an error no larger (* beyond that method's finest run, by its trend)",
        table(("asyncsoc at", "error", *methods), ratios),
    ]
    return "\n".join(lines)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mesh", LEAST_SPEED_UP)
def test_a_charge_is_many_times_faster_than_the_tutorial_at_no_larger_error(mesh: str) -> None:
    """Against the best of equal and graded steps, cubature chosen or not; the tables are shown."""
    problem = default_problem(mesh)
    found = run_all(problem, quick=True)
    show({}, "\n" + text_of(found, problem), as_json=False)
    loosest = found["speed-up"][0]["others"]
    ratios = [other["ratio"] for name, other in loosest.items() if name.startswith("tutorial")]
    assert min(ratios) >= LEAST_SPEED_UP[mesh]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mesh", default="sphere-axisymmetric-default", help="a shipped mesh")
    parser.add_argument("--coverage", type=float, default=0.3)
    parser.add_argument("--quick", action="store_true", help="two settings a method")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    given = parser.parse_args()
    problem = default_problem(given.mesh, given.coverage)
    found = run_all(problem, given.quick, lambda text: print(f"... {text}", file=sys.stderr, flush=True))
    document = {
        "mesh": given.mesh,
        "coverage": problem.contact.coverage_realised,
        "references apart": found["references apart"],
        "rows": [vars(row) for row in found["rows"]],
        "speed-up": found["speed-up"],
    }
    show(document, text_of(found, problem), as_json=given.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
