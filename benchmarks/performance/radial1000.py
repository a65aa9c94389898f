"""A batch of 1000 fully covered particles beside PyBaMM's half-cell single-particle model, everyone at equal error.

The members differ in current, diffusivity and start; all charge for as long, so that PyBaMM may take them as one list
of inputs. Errors in space count: each program is run on several meshes and tolerances, errors measured on a few members
whose references are ours on the fine mesh refined in time (PyBaMM refined must agree first); the quickest that meets
the error then runs all members. Also the time of `simulate_batch`, which records all curves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.sphere import radial_mesh
from benchmarks.peers import asyncsoc_peer, pybamm_many
from benchmarks.peers.problem import RADIUS, Problem, problem_on
from benchmarks.performance.accuracy import TARGET, curve, distance
from benchmarks.performance.factors import Factor, Part
from benchmarks.reporting import AnswerError, require, table

Array = NDArray[np.float64]

MEMBERS, QUICK_MEMBERS = 1000, 100
SEARCHED, REPEATS = 64, 3
CHECKED = 8
OUTPUTS = 50
AGREEMENT = 1e-4
"""Largest difference of both programs refined, in stoichiometry."""
LEAST_FACTOR = 3.0
TARGETS = (TARGET, TARGET / 10.0)
MESHES = ((12, 4e-2), (16, 2.5e-2), (24, 1e-2), (32, 5e-3), (48, 2e-3), (90, 5e-4))
"""Cells and first cell of our radial meshes."""
TOLERANCES = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4)
_WIDTHS = {6: (1.5, 2.5), 8: (0.0, 1.5, 2.5), 10: (0.0, 1.5), 14: (1.5,), 20: (0.0, 2.0), 40: (2.0,)}
VOLUMES = tuple((points, stretch) for points, stretches in _WIDTHS.items() for stretch in stretches)
"""Finite volumes and stretch of PyBaMM's."""
PYBAMM_TOLERANCES = (3e-3, 1e-3, 3e-4, 1e-4, 1e-5)
REFINED = pybamm_many.PybammSettings(200, 2.0, 1e-8, at_once=False, outputs=False)


@dataclass(frozen=True)
class Row:
    """One program at one setting: process time per member [ms] and largest error of the members checked."""

    method: str
    setting: str
    milliseconds: float
    error: float


@lru_cache(maxsize=16)
def usual(cells: int, first_cell: float) -> Problem:
    """Return the C/10 charge of a radial particle."""
    return problem_on(radial_mesh(cells, first_cell).scaled(RADIUS), 1.0)


def members(base: Problem, count: int) -> list[Problem]:
    """Return `count` particles with currents of C/20 to C/10, half to twice the diffusivity, starts of 0.85 to 0.9."""
    draw = np.random.default_rng(0)
    currents, starts = draw.uniform(0.5, 1.0, count), draw.uniform(0.85, 0.9, count)
    scales = np.geomspace(0.5, 2.0, 11)[draw.integers(0, 11, count)]
    return [
        replace(base, current=base.current * float(c), start=float(x), diffusivity_scale=float(d))
        for c, x, d in zip(currents, starts, scales, strict=True)
    ]


def checked(count: int) -> list[int]:
    """Return the numbers of the members whose errors are measured."""
    return [int(k) for k in np.linspace(0, count - 1, CHECKED)]


@lru_cache(maxsize=4)
def exact(count: int) -> dict[int, Any]:
    """Return the references of the checked members, which both programs agree on.

    Raises
    ------
    AnswerError
        They do not.
    """
    fine = members(usual(240, 1e-4), count)
    found = {k: curve(asyncsoc_peer.charge(fine[k], 1e-8)) for k in checked(count)}
    times = output_times(fine[0])
    theirs = pybamm_many.charge(REFINED, usual(240, 1e-4), [fine[k] for k in found], times)
    for surface, (k, reference) in zip(theirs.surface, found.items(), strict=True):
        require("refined runs apart", distance(times, surface, reference, fine[k]), AGREEMENT)
    return found


def output_times(problem: Problem) -> Array:
    """Return when PyBaMM reports: as often as we do, dense at the start (k,) [s]."""
    return np.asarray(problem.duration * np.linspace(0.0, 1.0, OUTPUTS + 1) ** 2)


def ours(mesh: tuple[int, float], tolerance: float, count: int, among: int, threads: int = 1) -> tuple[Row, float]:
    """Charge `among` of the members (the checked ones included); return the row and the wall time per member [ms]."""
    every = members(usual(*mesh), count)
    chosen = picked(count, among)
    charged = asyncsoc_peer.charge_batch([every[k] for k in chosen], tolerance, "butler-volmer", threads)
    references = exact(count)
    error = max(
        distance(history.times, history.contact_mean, references[k], every[k])
        for k, history in zip(chosen, charged.histories, strict=True)
        if k in references
    )
    setting = f"{mesh[0] + 1} nodes, first cell {mesh[1]:g}, tolerance {tolerance:g}"
    cost = 1e3 / len(chosen)
    return Row("asyncsoc, batch", setting, cost * charged.process, error), cost * charged.wall


def theirs(setting: pybamm_many.PybammSettings, count: int, among: int) -> tuple[Row, float]:
    """Do the same with PyBaMM."""
    every = members(usual(*MESHES[0]), count)
    chosen = picked(count, among)
    times = output_times(every[0])
    found = pybamm_many.charge(setting, usual(*MESHES[0]), [every[k] for k in chosen], times)
    references = exact(count)
    error = max(
        distance(times, surface, references[k], every[k])
        for k, surface in zip(chosen, found.surface, strict=True)
        if k in references
    )
    return Row("PyBaMM, half-cell SPM", str(setting), 1e3 * found.solve, error), 1e3 * found.wall


def picked(count: int, among: int) -> list[int]:
    """Return the numbers of `among` members, the checked ones among them."""
    rest = [k for k in range(count) if k not in set(checked(count))]
    return sorted([*checked(count), *rest[: among - CHECKED]])


def search_ours(count: int, quick: bool) -> dict[tuple[tuple[int, float], float], Row]:
    """Return a row for every mesh and tolerance of ours."""
    meshes = MESHES[2:4] if quick else MESHES
    tolerances = TOLERANCES[1::2] if quick else TOLERANCES
    return {(mesh, t): ours(mesh, t, count, SEARCHED)[0] for mesh in meshes for t in tolerances}


def search_theirs(count: int, quick: bool) -> dict[pybamm_many.PybammSettings, Row]:
    """Return a row for every mesh and tolerance of PyBaMM, then for every way of asking at the best of them."""
    volumes = VOLUMES[2:4] if quick else VOLUMES
    tolerances = PYBAMM_TOLERANCES[1:3] if quick else PYBAMM_TOLERANCES
    found = {}
    for points, stretch in volumes:
        for tolerance in tolerances:
            setting = pybamm_many.PybammSettings(points, stretch, tolerance, at_once=True, outputs=False)
            found[setting] = theirs(setting, count, SEARCHED)[0]
    for target in TARGETS[: 1 if quick else 2]:
        best = quickest(found, target)
        for at_once in (True, False):
            for outputs in (True, False):
                setting = replace(best, at_once=at_once, outputs=outputs)
                found[setting] = theirs(setting, count, SEARCHED)[0]
    return found


def quickest[Key](rows: dict[Key, Row], target: float) -> Key:
    """Return the setting of the quickest row that meets the target.

    Raises
    ------
    AnswerError
        None does.
    """
    good = {key: row for key, row in rows.items() if row.error <= target}
    if not good:
        raise AnswerError(f"no setting tried has an error of {target:g}")
    return min(good, key=lambda key: good[key].milliseconds)


def with_curves(count: int) -> float:
    """Return the process time per member of `simulate_batch` without snapshots [ms], set-up included."""
    from asyncsoc.case import Case
    from asyncsoc.simulation.batch import simulate_batch
    from benchmarks.reporting import clock

    draw = np.random.default_rng(1).uniform(0.0, 0.01, count)
    base = {
        "particle": {"radius": RADIUS},
        "protocol": {"temperature": 333.15, "steps": ["Charge at C/10 until 4.2 V"]},
    }
    cases = [Case.from_dict({**base, "kinetics": {"film_resistance": float(value)}}) for value in draw]
    simulate_batch(cases[:2], snapshots=False)
    began = clock()
    endings = simulate_batch(cases, snapshots=False)
    spent = clock() - began
    worst = max(ending.finished().lithium_balance_error for ending in endings)
    require("lithium balance of the batch with curves", worst, 1e-10)
    return 1e3 * spent / count


def measure(quick: bool = False) -> Part:
    """Search, then run all members at the best settings.

    Raises
    ------
    AnswerError
        An answer is wrong, or no setting meets the error.
    """
    count = QUICK_MEMBERS if quick else MEMBERS
    mine, peers = search_ours(count, quick), search_theirs(count, quick)
    factors, rows = [], []
    for target in TARGETS[: 1 if quick else 2]:
        mesh, tolerance = quickest(mine, target)
        setting = quickest(peers, target)
        own = best_of(lambda m=mesh, t=tolerance: ours(m, t, count, count)[0])
        other = best_of(lambda s=setting: theirs(s, count, count)[0])
        shared = ours(mesh, tolerance, count, count, threads=2)[1]
        spread = theirs(replace(setting, at_once=True, threads=2), count, count)[1]
        for row in (own, other):
            require(f"{row.method}, {row.setting}", row.error, target)
        rows += [(target, own, shared), (target, other, spread)]
        ratio = other.milliseconds / own.milliseconds
        factors.append(Factor(f"{count} radial members, error {target:g}: PyBaMM / ours", ratio, LEAST_FACTOR))
    curves = with_curves(count)
    text = table(
        ("at all members", "setting", "process [ms]", "wall, 2 threads [ms]", "error"),
        [(r.method, r.setting, r.milliseconds, wall, f"{r.error:.1e}") for _, r, wall in rows],
    )
    text += f"\nsimulate_batch with all curves, set-up included: {curves:.3g} ms a member"
    numbers = {
        "members": count,
        "best": [{"target": t, **asdict(r), "wall, 2 threads [ms]": wall} for t, r, wall in rows],
        "searched": [asdict(row) for row in (*mine.values(), *peers.values())],
        "simulate_batch, all curves, set-up included [ms]": curves,
    }
    return Part(tuple(factors), numbers, text)


def best_of(run: Any) -> Row:
    """Return the least time of some repeats."""
    found: list[Row] = [run() for _ in range(REPEATS)]
    return min(found, key=lambda row: row.milliseconds)
