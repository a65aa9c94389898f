"""A hundred size classes at one potential beside PyBaMM's multi-particle model of a half-cell, both at equal error.

The classes are those that PyBaMM makes of its lognormal law; all are covered, and charge at C/10 for 8 hours, 25 degC.
The error is that of the particles' potential, in time and in space: each program is run on several meshes and
tolerances against ours refined (PyBaMM refined must agree first), and the quickest that meets the error counts. Also
the time of `simulate_particles`, which records curves, fields and all particles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from asyncsoc.base.units import FARADAY
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.particles import Group, ParticleModel, Problem
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import ParticleScale, step_constraint
from asyncsoc.protocol.types import Step
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedSteps, Errors, States
from asyncsoc.solver.warmup import compile_kernels
from benchmarks.peers import pybamm_mpm
from benchmarks.peers.asyncsoc_peer import prepared
from benchmarks.peers.pybamm_mpm import MultiParticleSettings
from benchmarks.performance.factors import Factor, Part
from benchmarks.reporting import AnswerError, clock, require, table

Array = NDArray[np.float64]

COUNT, QUICK_COUNT = 100, 20
MEAN_RADIUS, START, TEMPERATURE = 5e-6, 0.9, 298.15
DURATION, OUTPUTS, FROM = 8.0 * 3600.0, 50, 300.0
SHARE = 0.44
"""Of the lithium of full particles that the charge takes out: C/10 of the range that the parameter sets are used in."""
TARGETS = (1e-3, 1e-4)
"""V."""
AGREEMENT = 2e-5
"""Largest difference of both programs refined [V]."""
SETS = ("Chen2020", "ORegan2022")
MESHES = ((5, 0.15), (8, 8e-2), (12, 4e-2), (16, 2.5e-2), (24, 1e-2), (48, 2e-3))
TOLERANCES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
FINE = ((160, 3e-4), 1e-7)
THEIRS = tuple(
    MultiParticleSettings(points, stretch, tolerance)
    for points, stretch in ((5, 1.5), (6, 1.5), (10, 1.5), (14, 1.5), (20, 0.0), (20, 2.0))
    for tolerance in (1e-3, 3e-4, 1e-4, 3e-5)
)
REFINED = MultiParticleSettings(200, 2.0, 1e-8)
DEFAULT = MultiParticleSettings()
REPEATS = 3
LEAST_FACTOR = 1.0


@dataclass(frozen=True)
class Row:
    """One program at one setting: process time of a charge [ms] and largest error of the potential [V]."""

    method: str
    setting: str
    milliseconds: float
    error: float


class PotentialKeeper:
    """Keeps the potential, or the voltage, of a group at the ends and in the middle of its steps.

    Parameters
    ----------
    quantity
        "potential" or "voltage".
    """

    def __init__(self, quantity: Literal["potential", "voltage"] = "potential") -> None:
        self.rows: list[tuple[float, float]] = []
        self._quantity = quantity

    def start(self, states: States, constraints: Sequence[Any]) -> Errors:
        """Nothing to keep."""
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Keep two states of the first particle: what is kept is that of all."""
        first = np.zeros(1, dtype=np.int64)
        middle = steps.at(first, 0.5 * (steps.start_time[:1] + steps.end.time[:1]))
        for states in (middle, steps.end):
            self.rows.append((float(states.time[0]), float(getattr(states, self._quantity)[0])))
        return {}


def current_density(parameters: str, count: int) -> float:
    """Return the current over the surface of all particles [A/m2]."""
    radii, areas = pybamm_mpm.classes(MEAN_RADIUS, count)
    lithium = FARADAY * cathode(f"ncm811-{parameters.lower()}").maximum_concentration * SHARE
    return float(lithium * (areas @ radii) / 3.0 / DURATION)


@lru_cache(maxsize=32)
def group(parameters: str, mesh: tuple[int, float], count: int) -> tuple[OrderedSystem, Group]:
    """Return the size classes on one mesh; the group has a surface of 1 m2."""
    material = cathode(f"ncm811-{parameters.lower()}")
    particle = radial_mesh(*mesh).scaled(MEAN_RADIUS)
    system, _ = prepared(particle)
    surface = np.zeros(particle.n_nodes)
    surface[int(np.argmax(particle.points[:, 0]))] = 1.0
    medium = electrolyte("liquid-lipf6")
    tables = {TEMPERATURE: tabulate(material, medium, TEMPERATURE)}
    radii, areas = pybamm_mpm.classes(MEAN_RADIUS, count)
    scale = ParticleScale(1.0, 1.0, 0.0, material.window, TEMPERATURE)
    step = Step("current", current_density(parameters, count), DURATION, (), None, None, 1, "charge")
    particles = tuple(
        ParticleModel(
            x=np.full(particle.n_nodes, START),
            weights=surface * 4.0 * math.pi * radius**2,
            film_resistance=0.0,
            tables=tables,
            kinetics=ButlerVolmer(),
            maximum_concentration=material.maximum_concentration,
            scale=radius / MEAN_RADIUS,
        )
        for radius in radii.tolist()
    )
    many = tuple((areas / (4.0 * math.pi * radii**2)).tolist())
    return system, Group(particles, (step_constraint(step, 1, scale),), 1e-4, multiplicities=many)


def charged(parameters: str, mesh: tuple[int, float], tolerance: float, count: int) -> tuple[Array, float, int]:
    """Return times and potentials (2, k) of our charge, its process time [s] and steps.

    Raises
    ------
    AnswerError
        It ended early.
    """
    system, particles = group(parameters, mesh, count)
    problem = Problem((system,), (replace(particles, tolerance=tolerance),))
    keeper, before = PotentialKeeper(), clock()
    (outcome,) = integrate(problem, batch_callbacks=[[keeper]])
    spent = clock() - before
    if outcome.error is not None or outcome.stop_reason != "duration reached":
        raise AnswerError(f"the charge ended early: {outcome.stop_reason}")
    return np.array(keeper.rows).T, spent, outcome.accepted


@lru_cache(maxsize=4)
def exact(parameters: str, count: int) -> tuple[CubicSpline, float]:
    """Return the potential over the square root of time, on which both programs agree, and how far they are apart.

    Raises
    ------
    AnswerError
        They do not.
    """
    (times, values), _, _ = charged(parameters, *FINE, count)
    found = CubicSpline(np.sqrt(times), values)
    apart = peer(parameters, REFINED, count, found, repeats=1).error
    require(f"{parameters}: refined runs apart [V]", apart, AGREEMENT)
    return found, apart


def ours(parameters: str, mesh: tuple[int, float], tolerance: float, count: int, repeats: int = REPEATS) -> Row:
    """Return the row of one of our settings."""
    reference, _ = exact(parameters, count)
    runs = [charged(parameters, mesh, tolerance, count) for _ in range(repeats)]
    setting = f"{mesh[0] + 1} nodes, first cell {mesh[1]:g}, tolerance {tolerance:g}, {runs[0][2]} steps"
    return Row("asyncsoc, group", setting, 1e3 * min(run[1] for run in runs), _error(*runs[0][0], reference))


def peer(
    parameters: str, setting: MultiParticleSettings, count: int, reference: CubicSpline, repeats: int = REPEATS
) -> Row:
    """Return the row of one of PyBaMM's settings."""
    found = pybamm_mpm.charge(
        parameters,  # type: ignore[arg-type]
        setting,
        mean_radius=MEAN_RADIUS,
        count=count,
        current_density=current_density(parameters, count),
        start=START,
        times=DURATION * np.linspace(0.0, 1.0, OUTPUTS + 1),
        repeats=repeats,
    )
    return Row("PyBaMM, half-cell MPM", str(setting), 1e3 * found.solve, _error(found.times, found.voltage, reference))


def _error(times: Array, values: Array, reference: CubicSpline) -> float:
    late = times >= FROM
    return float(np.abs(values[late] - reference(np.sqrt(times[late]))).max())


def quickest(rows: Sequence[Row], target: float) -> Row:
    """Return the quickest row that meets the target.

    Raises
    ------
    AnswerError
        None does.
    """
    good = [row for row in rows if row.error <= target]
    if not good:
        raise AnswerError(f"no setting tried has an error of {target:g} V")
    return min(good, key=lambda row: row.milliseconds)


def recorded(parameters: str, count: int) -> tuple[float, float]:
    """Return process times [ms] of `simulate_particles` with its defaults, whole and of its solve."""
    import asyncsoc as aso

    radii, areas = pybamm_mpm.classes(MEAN_RADIUS, count)
    many = (areas / (4.0 * math.pi * radii**2)).tolist()
    base = {
        "material": {"name": f"ncm811-{parameters.lower()}"},
        "electrolyte": {"name": "liquid-lipf6"},
        "protocol": {
            "temperature": TEMPERATURE,
            "initial_stoichiometry": START,
            "steps": [f"Charge at {current_density(parameters, count):.15g} A for {DURATION:g} s"],
        },
    }
    cases = [aso.Case.from_dict({**base, "particle": {"radius": radius}}) for radius in radii.tolist()]
    best, solve = math.inf, math.inf
    for _ in range(REPEATS):
        before = clock()
        solution = aso.simulate_particles(cases, many)
        best, solve = min(best, clock() - before), min(solve, solution.wall_times["solve"])
        require("lithium balance", solution.lithium_balance_error, 1e-10)
    return 1e3 * best, 1e3 * solve


def measure(quick: bool = False) -> Part:
    """Search both programs, assert their answers, and compare the quickest settings.

    Raises
    ------
    AnswerError
        An answer is wrong, or no setting meets the error.
    """
    compile_kernels(groups=True)
    count, sets = (QUICK_COUNT, SETS[:1]) if quick else (COUNT, SETS)
    meshes = MESHES[1:4:2] if quick else MESHES
    tolerances, others = (TOLERANCES[1::2], THEIRS[5:7]) if quick else (TOLERANCES, THEIRS)
    factors, rows, searched = [], [], []
    for name in sets:
        reference, apart = exact(name, count)
        mine = [ours(name, mesh, tolerance, count) for mesh in meshes for tolerance in tolerances]
        others_here = [peer(name, setting, count, reference) for setting in (*others, DEFAULT)]
        searched.append(
            {"set": name, "refined apart [V]": apart, "rows": [asdict(row) for row in (*mine, *others_here)]}
        )
        for target in TARGETS[: 1 if quick else 2]:
            own, other = quickest(mine, target), quickest(others_here, target)
            rows += [(name, f"{target:g}", own), (name, f"{target:g}", other)]
            ratio = other.milliseconds / own.milliseconds
            what = f"{count} size classes, {name}, error {target:g} V: PyBaMM / ours"
            factors.append(Factor(what, ratio, LEAST_FACTOR))
        rows.append((name, "as it comes", others_here[-1]))
    whole, solve = recorded(sets[0], count)
    text = table(
        ("set", "error allowed [V]", "program", "setting", "process [ms]", "error [V]"),
        [(name, target, r.method, r.setting, r.milliseconds, f"{r.error:.1e}") for name, target, r in rows],
    )
    text += f"\nsimulate_particles as it comes: {whole:.3g} ms whole, {solve:.3g} ms its solve"
    numbers = {
        "classes": count,
        "best": [{"set": name, "target": target, **asdict(row)} for name, target, row in rows],
        "searched": searched,
        "simulate_particles, whole [ms]": whole,
        "simulate_particles, its solve [ms]": solve,
    }
    return Part(tuple(factors), numbers, text)
