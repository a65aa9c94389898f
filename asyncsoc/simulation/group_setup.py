"""The particles of a group made ready: on common meshes, under the steps of the whole group, as one problem."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.kernel_cache import note_compiled
from asyncsoc.case import Case
from asyncsoc.problem.body import body_of
from asyncsoc.problem.build import PreparedCase, constraints_of, prepare
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.problem.going_on import going_on
from asyncsoc.problem.loaded_particles import LoadedParticle, load_particles
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.problem.ranks import ELSEWHERE, Communicator, Ranks, distributed, step_cost
from asyncsoc.problem.salt_event import constraints_with_salt
from asyncsoc.recorders.particle_group import GroupShares
from asyncsoc.simulation.group_checks import least_open_of
from asyncsoc.solver.integrate import in_one_call
from asyncsoc.solver.warmup import compile_for

if TYPE_CHECKING:
    from asyncsoc.simulation.group_resume import GroupStart

Array = NDArray[np.float64]


def prepared_particles(
    cases: Sequence[Case], multiplicities: Array, idle_volume: float, workers: int = 1
) -> list[PreparedCase]:
    """Make the cases ready, under the protocol steps of the whole group; many mesh files in so many processes."""
    loaded = load_particles(cases, workers)
    shares = _volume_shares(cases, loaded, multiplicities, idle_volume)
    setups = [prepare(case, share=share, loaded=one) for case, one, share in zip(cases, loaded, shares, strict=True)]
    capacity, constraints = constraints_of(
        cases[0],
        volume_of(setups, multiplicities) + idle_volume,
        least_open=least_open_of(cases),
        every_point=any(setup.side is not None for setup in setups),
    )
    return [
        replace(setup, member=replace(setup.member, constraints=constraints), full_charge=capacity) for setup in setups
    ]


def _volume_shares(
    cases: Sequence[Case], loaded: Sequence[LoadedParticle | None], multiplicities: Array, idle_volume: float
) -> list[float]:
    """Return the share of one such particle in the volume of all; 1 of one that is alone."""
    volumes = [
        4.0 / 3.0 * math.pi * case.particle.radius**3
        if case.particle.radius is not None
        else (body_of(case) if one is None else one.body)[1].volume
        for case, one in zip(cases, loaded, strict=True)
    ]
    if len(volumes) == 1 and idle_volume == 0.0:
        return [1.0 / float(multiplicities[0])]
    whole = math.fsum((multiplicities * volumes).tolist()) + idle_volume
    return [volume / whole for volume in volumes]


def volume_of(setups: Sequence[PreparedCase], multiplicities: Array) -> float:
    """Return the volume of all particles of a group [m3]."""
    return math.fsum(many * setup.operators.volume for many, setup in zip(multiplicities.tolist(), setups, strict=True))


def with_homes(setups: Sequence[PreparedCase]) -> tuple[list[PreparedCase], list[list[int]]]:
    """Return the particles, each scaled to the mesh it is on, and for each mesh the particles on it, in their order.

    Spheres of one mesh in different sizes are on that of the first one, so that they are solved for side by side.
    """
    homes: dict[int, list[int]] = {}
    scaled = []
    for j, setup in enumerate(setups):
        home = homes.setdefault(id(setup.system.order), [])
        home.append(j)
        scale = setup.system.scale_over(setups[home[0]].system)
        scaled.append(
            setup if scale is None or scale == 1.0 else replace(setup, member=replace(setup.member, scale=scale))
        )
    return scaled, list(homes.values())


def ranks_of(
    setups: Sequence[PreparedCase], homes: Sequence[Sequence[int]], communicator: Communicator | None
) -> Ranks | None:
    """Return the particles of a group distributed over processes by what they cost; None where there is one process.

    Raises
    ------
    InputError
        There are more processes than blocks of particles, or a protocol step ends on a curve.
    """
    if communicator is None or communicator.size == 1:
        return None
    for constraint in setups[0].member.constraints:
        if constraint.limits:
            raise InputError(
                "a curve ends protocol steps in a run of one process only",
                where=f"protocol step {constraint.number}",
                value=constraint.limits[0].curve,
                allowed="a voltage, a current, a charge or a duration",
                next_step="run the case without mpiexec, or end the step on a voltage",
            )
    costs = [step_cost(setups[home[0]].system) for home in homes]
    return Ranks(communicator, distributed(costs, homes, communicator.size))


def own_homes(homes: Sequence[Sequence[int]], ranks: Ranks | None) -> list[list[int]]:
    """Return for each mesh the particles on it that this process has; meshes without any are left out."""
    if ranks is None:
        return [list(home) for home in homes]
    own = set(ranks.own.tolist())
    here = [[j for j in home if j in own] for home in homes]
    return [home for home in here if home]


def compile_for_group(
    setups: Sequence[PreparedCase],
    homes: Sequence[Sequence[int]],
    resistances: Array,
    layers: ElectrodeLayers | None,
    threads: int,
) -> None:
    """Compile, or load from the cache, the kernels of a group; those of a salt are compiled by its run."""
    if layers is not None and layers.salt is not None:
        return
    sizes = [len(home) * setups[home[0]].mesh.n_nodes for home in homes]
    alone = len(setups) == 1
    compile_for(
        [setup.system for setup in setups],
        groups=not alone,
        phases=not alone and not in_one_call(sizes, threads),
        conductors=layers is not None or bool(np.any(resistances)),
    )


def note_salt_compiled(setups: Sequence[PreparedCase], layers: ElectrodeLayers | None) -> None:
    """Note after a run that the kernels of a salt are compiled, where it has one."""
    if layers is not None and layers.salt is not None:
        iterative = any(setup.system.kernel.iterative for setup in setups)
        note_compiled(groups=len(setups) > 1, iterative=iterative, conductors=True, salt=True)


def problem_of_group(
    setups: Sequence[PreparedCase],
    homes: Sequence[Sequence[int]],
    multiplicities: Array,
    resistances: Array,
    layers: ElectrodeLayers | None,
    until: int | None,
) -> Problem:
    """Return the problem of a group; of several particles one goes on where another is at its limit.

    `homes` has the particles of this process.
    """
    first = setups[0].member
    meshes = np.full(len(setups), ELSEWHERE, dtype=np.int64)
    for mesh, home in enumerate(homes):
        meshes[list(home)] = mesh
    network = None if layers is None else layers.network(first.constraints)
    group = Group(
        tuple(setup.member for setup in setups),
        constraints_with_salt(first.constraints[:until], network),
        first.tolerance,
        first.largest_step,
        tuple(multiplicities.tolist()),
        tuple(meshes.tolist()),
        tuple(resistances.tolist()) if resistances.any() else (),
        network=network,
    )
    group = going_on(group) if len(setups) > 1 else group
    return Problem(tuple(setups[home[0]].system for home in homes), (group,))


def shares_of(
    setups: Sequence[PreparedCase],
    many: Array,
    idle_volume: float,
    resistances: Array,
    layers: ElectrodeLayers | None,
    start: GroupStart | None,
) -> GroupShares:
    """Return what the particles count in the means of their group, without their contact areas."""
    volumes = np.array([setup.operators.volume for setup in setups])
    density, initial = setups[0].cathode.density, None if start is None else start.initial
    areas, one_potential = np.zeros((0, 0)), layers is None
    return GroupShares(many, volumes, areas, density, idle_volume, resistances, initial, one_potential)
