"""A sweep of 64 coverages of one 3-D particle in one batch: the time per member beside that of the peers.

All members share one call of `integrate` and one tolerance, found so that the worst of the members that are checked,
each against its own refined reference, has an error of 1e-3. A peer has nothing to share: its time is that of
benchmarks/performance/single.py at coverage 0.3 times what it costs at other coverages, on average (measured on the
small mesh, each at its best there).
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.peers import asyncsoc_peer
from benchmarks.peers.problem import Problem
from benchmarks.performance import rivals, spheres
from benchmarks.performance.accuracy import TARGET, distance, error_of, reference
from benchmarks.performance.factors import Factor, Part
from benchmarks.performance.rivals import exponents, relative_costs, taught_of
from benchmarks.performance.searching import Trial
from benchmarks.performance.single import COVERAGE, KINETICS
from benchmarks.reporting import require, table

MEMBERS = 64
LOWEST, HIGHEST = 0.05, 1.0
CHECKED = 5
GRADED_TARGET, EXPERT_TARGET = 200.0, 50.0
ELSEWHERE = (0.05, 0.15, 0.6, 1.0)
"""Coverages at which the peers' costs are compared with those at 0.3."""
_THREADS = 2
_LOOSEST, _TIGHTER = 8e-3, 1.2


def coverages(count: int = MEMBERS) -> list[float]:
    """Return the coverages of the sweep."""
    return [float(f) for f in np.linspace(LOWEST, HIGHEST, count)]


def checked(problems: list[Problem]) -> list[int]:
    """Return the numbers of the members whose error is measured: the ends and some between."""
    return sorted({round(k) for k in np.linspace(0, len(problems) - 1, CHECKED)})


def tolerance_for(problems: list[Problem], kinetics: asyncsoc_peer.Kinetics) -> float:
    """Return the loosest tolerance found at which all of these meet the target."""
    exact = {f: reference(f, KINETICS[kinetics]) for f in problems}

    def worst(tolerance: float) -> float:
        try:
            charged = asyncsoc_peer.charge_batch(problems, tolerance, kinetics)
        except RuntimeError:  # too loose for a member to be carried through at all
            return math.inf
        pairs = zip(problems, charged.histories, strict=True)
        return max(distance(h.times, h.contact_mean, exact[p], p) for p, h in pairs)

    tolerance = _LOOSEST
    while worst(tolerance) > TARGET:
        tolerance /= _TIGHTER
    return tolerance


def batch(problems: list[Problem], kinetics: asyncsoc_peer.Kinetics) -> dict[str, Any]:
    """Charge all members together at one tolerance; errors are checked before the times are returned.

    Raises
    ------
    AnswerError
        A checked member is off.
    """
    numbers = checked(problems)
    tolerance = tolerance_for([problems[k] for k in numbers], kinetics)
    charged = asyncsoc_peer.charge_batch(problems, tolerance, kinetics)
    errors = {}
    for k in numbers:
        coverage = problems[k].contact.coverage_realised
        errors[f"{coverage:.3f}"] = error_of(charged.histories[k], problems[k], KINETICS[kinetics])
    require(f"sweep, {kinetics}: worst error", max(errors.values()), TARGET)
    shared = asyncsoc_peer.charge_batch(problems, tolerance, kinetics, threads=_THREADS)
    for one, two in zip(charged.histories, shared.histories, strict=True):
        require("a member's bits depend on the threads", float(np.abs(one.final - two.final).max()), 0.0)
    count = len(problems)
    return {
        "tolerance": tolerance,
        "errors by coverage": errors,
        "steps": [history.steps for history in charged.histories],
        "process time per member, 1 thread [s]": charged.process / count,
        f"wall time per member, {_THREADS} threads [s]": shared.wall / count,
        "members per second, 2 threads [1/s]": count / shared.wall,
    }


def measure(quick: bool = False) -> Part:
    """Run batch and peers."""
    name = spheres.SMALL if quick else spheres.SEVEN_THOUSAND
    problems = [spheres.problem(name, f) for f in coverages(8 if quick else MEMBERS)]
    found = {kinetics: batch(problems, kinetics) for kinetics in KINETICS}
    usual = spheres.problem(name, COVERAGE)
    rising = rivals.graded(usual, exponents(quick))
    experts = {name: rivals.skilled(usual, method) for method, name in rivals.EXPERT_METHODS.items()}
    costs = {COVERAGE: (1.0, 1.0)} if quick else relative_costs(ELSEWHERE)
    graded, skilled = (float(np.mean([cost[k] for cost in costs.values()])) for k in (0, 1))
    peers: list[tuple[str, Trial, float, float]] = [
        ("tutorial as taught, best graded steps", taught_of(rising), graded, GRADED_TARGET),
        ("tutorial, degree set by hand, best graded steps", rising.best, graded, GRADED_TARGET),
        *((f"expert, {name}", expert.best, skilled, EXPERT_TARGET) for name, expert in experts.items()),
    ]
    key = "process time per member, 1 thread [s]"
    factors = tuple(
        Factor(f"sweep of {len(problems)} coverages, per member: {n} / ours, {k}", t.solve * share / ours[key], goal)
        for k, ours in found.items()
        for n, t, share, goal in peers
    )
    numbers = {
        "mesh": problems[0].mesh.name,
        "unknowns": problems[0].mesh.n_nodes,
        "members": len(problems),
        "batch": found,
        "peers at coverage 0.3": [{**asdict(t), "mean cost over that at 0.3": share} for _, t, share, _ in peers],
        "cost at other coverages over that at 0.3: graded tutorial, expert": costs,
    }
    return Part(factors, numbers, _text(found, peers, problems))


def _text(found: dict[Any, Any], peers: list[Any], problems: list[Problem]) -> str:
    keys = ("tolerance", *(key for key in next(iter(found.values())) if "time" in key or "second" in key))
    rows = [
        (f"asyncsoc, {kinetics}", *(entry[key] for key in keys), f"{max(entry['errors by coverage'].values()):.1e}")
        for kinetics, entry in found.items()
    ]
    title = f"{len(problems)} coverages from {LOWEST:g} to {HIGHEST:g}, {problems[0].mesh.n_nodes} nodes"
    theirs = [(name, t.solve * share) for name, t, share, _ in peers]
    headings = ("peer, uniform flux", "per member [s]")
    return "\n".join([title, table(("batch", *keys, "worst error"), rows), "", table(headings, theirs)])
