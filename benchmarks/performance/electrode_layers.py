"""Twenty layers of fully covered particles beside PyBaMM's half-cell DFN in the ohmic limit, both at equal error.

C/10 for 8 hours at 25 degC; a conductivity as poor as a polymer's, no salt gradient, a lithium electrode of 5 A/m2.
Both have the same twenty finite volumes through the electrode; the error is that of the voltage, in time and along the
radius, against our refined run, with which PyBaMM refined must agree first. Each program is run on several meshes and
tolerances, ours with both methods, and the quickest that meets the error counts; so does PyBaMM as it comes, against
the quickest of ours with no larger error. What counts is measured again, both in turn.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.geometry.sphere import radial_mesh
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.network import Network, NetworkResistances, layer_resistances
from asyncsoc.problem.particles import Group, Method, ParticleModel, Problem
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import ParticleScale, step_constraint
from asyncsoc.protocol.types import Step
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.warmup import compile_kernels
from benchmarks.peers import pybamm_dfn
from benchmarks.peers.asyncsoc_peer import prepared
from benchmarks.peers.pybamm_dfn import DfnSettings
from benchmarks.performance.factors import Factor, Part
from benchmarks.performance.size_classes import PotentialKeeper, Row, quickest
from benchmarks.reporting import AnswerError, clock, require, table

Array = NDArray[np.float64]

LAYERS, START, TEMPERATURE = 20, 0.9, 298.15
DURATION, OUTPUTS, FROM = 8.0 * 3600.0, 50, 300.0
SHARE = 0.44
"""Of the lithium of full particles that the charge takes out."""
TARGETS = (1e-3, 1e-4)
"""V."""
AGREEMENT = 5e-5
"""Largest difference of both programs refined [V]."""
SETS = {"Xu2019": "nmc532-xu2019", "Chen2020": "ncm811-chen2020", "ORegan2022": "ncm811-oregan2022"}
LEAST = {"Xu2019": 1.0, "Chen2020": 1.0, "ORegan2022": 3.0}
"""How many times as long PyBaMM must take."""
MESHES = ((4, 0.2), (5, 0.15), (8, 8e-2), (12, 4e-2), (16, 2.5e-2), (24, 1e-2))
TOLERANCES = (1e-1, 5e-2, 3e-2, 2e-2, 1e-2, 3e-3, 1e-3)
METHODS: tuple[Method, ...] = ("rodas4p2", "rodas5p")
FINE: tuple[tuple[int, float], float, Method] = ((160, 3e-4), 1e-7, "rodas4p2")
THEIRS = tuple(
    DfnSettings(points, stretch, tolerance)
    for points, stretch in ((5, 1.5), (6, 1.5), (10, 1.5), (14, 1.5), (20, 0.0), (20, 2.0))
    for tolerance in (1e-3, 3e-4, 1e-4, 3e-5)
)
REFINED = DfnSettings(150, 2.0, 1e-8)
DEFAULT = DfnSettings()
REPEATS, ROUNDS = 5, 4
Settings = tuple[tuple[int, float], float, Method]
"""Cells and first cell of a mesh, tolerance, method."""


def current_density(parameters: str) -> float:
    """Return the current over the area of the electrode [A/m2]."""
    cell = pybamm_dfn.described(parameters)  # type: ignore[arg-type]
    lithium = FARADAY * cathode(SETS[parameters]).maximum_concentration * SHARE
    return lithium * cell.active * cell.thickness / DURATION


@lru_cache(maxsize=32)
def layered(parameters: str, mesh: tuple[int, float]) -> tuple[OrderedSystem, Group]:
    """Return an electrode of 1 m2 with a particle in each layer."""
    material, cell = cathode(SETS[parameters]), pybamm_dfn.described(parameters)  # type: ignore[arg-type]
    particle = radial_mesh(*mesh).scaled(cell.radius)
    system, _ = prepared(particle)
    surface = np.zeros(particle.n_nodes)
    surface[int(np.argmax(particle.points[:, 0]))] = 4.0 * math.pi * cell.radius**2
    tables = {TEMPERATURE: tabulate(material, electrolyte("liquid-lipf6"), TEMPERATURE)}
    separator = cell.separator / cell.in_separator
    scale = ParticleScale(1.0, 1.0, separator, material.window, TEMPERATURE)
    step = Step("current", current_density(parameters), DURATION, (), None, None, 1, "charge")
    model = ParticleModel(
        x=np.full(particle.n_nodes, START),
        weights=surface,
        film_resistance=0.0,
        tables=tables,
        kinetics=ButlerVolmer(),
        maximum_concentration=material.maximum_concentration,
    )
    each = cell.active * cell.thickness / LAYERS / (4.0 / 3.0 * math.pi * cell.radius**3)
    between = layer_resistances(LAYERS, cell.thickness, 1.0, cell.electronic, cell.ionic)
    level = NetworkResistances(between, 2.0 * pybamm_dfn.LITHIUM, 2.0 * GAS_CONSTANT * TEMPERATURE / FARADAY)
    network = Network(tuple(range(LAYERS)), {TEMPERATURE: level})
    constraints = (step_constraint(step, 1, scale),)
    return system, Group((model,) * LAYERS, constraints, 1e-4, multiplicities=(each,) * LAYERS, network=network)


def charged(parameters: str, mesh: tuple[int, float], tolerance: float, method: Method) -> tuple[Array, float, int]:
    """Return times and voltages (2, k) of our charge, its process time [s] and steps.

    Raises
    ------
    AnswerError
        It ended early.
    """
    system, group = layered(parameters, mesh)
    problem = Problem((system,), (replace(group, tolerance=tolerance),))
    keeper, before = PotentialKeeper("voltage"), clock()
    (outcome,) = integrate(problem, batch_callbacks=[[keeper]], method=method)
    spent = clock() - before
    if outcome.error is not None or outcome.stop_reason != "duration reached":
        raise AnswerError(f"the charge ended early: {outcome.stop_reason}")
    return np.array(keeper.rows).T, spent, outcome.accepted


@lru_cache(maxsize=4)
def exact(parameters: str) -> tuple[CubicSpline, float]:
    """Return the voltage over the square root of time, on which both programs agree, and how far they are apart.

    Raises
    ------
    AnswerError
        They do not.
    """
    (times, values), _, _ = charged(parameters, *FINE)
    found = CubicSpline(np.sqrt(times), values)
    apart = peer(parameters, REFINED, found, repeats=1).error
    require(f"{parameters}: refined runs apart [V]", apart, AGREEMENT)
    return found, apart


def ours(parameters: str, settings: Settings, repeats: int = REPEATS) -> Row:
    """Return the row of one of our settings."""
    reference, _ = exact(parameters)
    runs = [charged(parameters, *settings) for _ in range(repeats)]
    mesh, tolerance, method = settings
    setting = f"{mesh[0] + 1} nodes, first cell {mesh[1]:g}, {method}, tolerance {tolerance:g}, {runs[0][2]} steps"
    return Row("asyncsoc, layers", setting, 1e3 * min(run[1] for run in runs), _error(*runs[0][0], reference))


def peer(parameters: str, setting: DfnSettings, reference: CubicSpline, repeats: int = REPEATS) -> Row:
    """Return the row of one of PyBaMM's settings."""
    times, voltage, solve = pybamm_dfn.charge(
        parameters,  # type: ignore[arg-type]
        setting,
        layers=LAYERS,
        current_density=current_density(parameters),
        start=START,
        times=DURATION * np.linspace(0.0, 1.0, OUTPUTS + 1),
        repeats=repeats,
    )
    return Row("PyBaMM, half-cell DFN", str(setting), 1e3 * solve, _error(times, voltage, reference))


def again(parameters: str, mine: tuple[Row, Settings], theirs: tuple[Row, DfnSettings]) -> tuple[Row, Row]:
    """Return the rows of two settings measured again in turn: the least times of both."""
    reference, _ = exact(parameters)
    own, other = [mine[0]], [theirs[0]]
    for _ in range(ROUNDS):
        own.append(ours(parameters, mine[1], 3 * REPEATS))
        other.append(peer(parameters, theirs[1], reference, 3 * REPEATS))
    least = [min(row.milliseconds for row in rows[1:]) for rows in (own, other)]
    return replace(own[-1], milliseconds=least[0]), replace(other[-1], milliseconds=least[1])


def _error(times: Array, values: Array, reference: CubicSpline) -> float:
    late = times >= FROM
    return float(np.abs(values[late] - reference(np.sqrt(times[late]))).max())


def measure(quick: bool = False) -> Part:
    """Search both programs, assert their answers, and compare the quickest settings.

    Raises
    ------
    AnswerError
        An answer is wrong, or no setting meets the error.
    """
    compile_kernels(groups=True, conductors=True)
    sets = list(SETS)[: 1 if quick else 3]
    meshes, tolerances = (MESHES[2:5:2], TOLERANCES[2:6:3]) if quick else (MESHES, TOLERANCES)
    methods = METHODS[:1] if quick else METHODS
    settings = THEIRS[5:7] if quick else THEIRS
    factors, rows, searched = [], [], []
    for name in sets:
        reference, apart = exact(name)
        tried = [(mesh, tolerance, method) for mesh in meshes for tolerance in tolerances for method in methods]
        mine = {ours(name, one): one for one in tried}
        theirs = {peer(name, one, reference): one for one in settings}
        comes = peer(name, DEFAULT, reference)
        searched.append({"set": name, "refined apart [V]": apart, "rows": [asdict(r) for r in (*mine, *theirs, comes)]})
        for target in TARGETS[: 1 if quick else 2]:
            picked, rival = quickest(list(mine), target), quickest(list(theirs), target)
            own, other = again(name, (picked, mine[picked]), (rival, theirs[rival]))
            rows += [(name, f"{target:g}", own), (name, f"{target:g}", other)]
            what = f"{LAYERS} layers, {name}, error {target:g} V: PyBaMM's DFN / ours"
            factors.append(Factor(what, other.milliseconds / own.milliseconds, LEAST[name]))
        if not quick:
            picked = quickest(list(mine), comes.error)
            own, other = again(name, (picked, mine[picked]), (comes, DEFAULT))
            rows += [(name, "that of the next row", own), (name, "as it comes", other)]
            what = f"{LAYERS} layers, {name}, PyBaMM's DFN as it comes / ours with no larger error"
            factors.append(Factor(what, other.milliseconds / own.milliseconds, LEAST[name]))
    text = table(
        ("set", "error allowed [V]", "program", "setting", "process [ms]", "error [V]"),
        [(name, target, r.method, r.setting, r.milliseconds, f"{r.error:.1e}") for name, target, r in rows],
    )
    numbers = {
        "layers": LAYERS,
        "best": [{"set": name, "target": target, **asdict(row)} for name, target, row in rows],
        "searched": searched,
    }
    return Part(tuple(factors), numbers, text)
