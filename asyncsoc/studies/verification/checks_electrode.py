"""Checks of particles at one potential: groups of equal particles, references of their own, balances, the bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from asyncsoc.case import Case
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.particle_group import simulate_particles
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.verification.check import VerificationCheck, compare
from asyncsoc.studies.verification.group_references import InterfaceLaw, VolumeSphere, resolved_group, uniform_group

START, TEMPERATURE, EXCHANGE_CURRENT = 0.7, 333.15, 0.4
_RADIUS = 5e-6
_COUNT = 7


def equal_particle_checks() -> list[VerificationCheck]:
    """Compare a group of one, and one of equal particles, with the single particle."""
    case = _case("Charge at C/2 until 4.1 V", "Rest for 20 minutes", "Discharge at C/5 for 1 hour", coverage=0.3)
    single, one, many = simulate(case), simulate_particles([case]), simulate_particles([case] * _COUNT)
    shares = many.particles["Current share"].values
    spread = float(np.nanmax(np.abs(_COUNT * shares - 1.0)))
    states = max(_apart(one_of, single, names.MEAN_X) for one_of in many.particle_runs)
    cap = "cap f = 0.3, charge, rest, discharge"
    return [
        compare(f"group of one, {cap}: largest difference of the voltage [V]", _apart(one, single), 0.0, 0.0),
        compare(
            f"{_COUNT} equal particles, {cap}: largest difference of the voltage [V]", _apart(many, single), 0.0, 1e-9
        ),
        compare(f"{_COUNT} equal particles, {cap}: largest difference of the mean x", states, 0.0, 1e-9),
        compare(f"{_COUNT} equal particles, {cap}: largest difference of their currents [I/N]", spread, 0.0, 1e-9),
    ]


def two_sphere_checks() -> list[VerificationCheck]:
    """Compare two radial spheres of different contact area or size with finite volumes and a DAE solver of scipy."""
    times, current = np.array([300.0, 1800.0, 3600.0, 7200.0]), 2.5e-11
    checks = []
    for what, radius, share in (("contact area", _RADIUS, 0.3), ("size and contact area", 0.6 * _RADIUS, 0.15)):
        spheres = [_sphere(_RADIUS, 1.0, 1.0, 4e-15), _sphere(radius, share, 1.5, 4e-15)]
        group = _group_of(spheres, current, times[-1], "output.fields_every=300 s", "particle.mesh=fine")
        potential, means = resolved_group(spheres, START, current, times)
        rows = [int(np.flatnonzero(np.abs(group.columns[names.TIME] - t) < 1e-6)[-1]) for t in times]
        found = [one.columns[names.MEAN_X][rows] for one in group.particle_runs]
        title, note = f"two radial spheres of different {what}", "finite volumes, 150 a sphere, BDF of scipy"
        apart = float(np.abs(group.columns[names.POTENTIAL][rows] - potential).max())
        checks += [
            compare(f"{title}: largest difference of the potential [V]", apart, 0.0, 1e-4, note),
            compare(f"{title}: largest difference of a mean x", float(np.abs(found - means).max()), 0.0, 1e-4, note),
        ]
    return checks


def fast_diffusion_checks() -> list[VerificationCheck]:
    """Compare three spheres of uniform stoichiometry with ordinary differential equations at one potential."""
    current, duration = 2e-10, 2400.0
    kinds = ((_RADIUS, 1.0, 1.0), (_RADIUS, 0.3, 2.0), (0.6 * _RADIUS, 0.05, 1.0))
    spheres = [_sphere(*kind, 1e-9) for kind in kinds]
    group = _group_of(spheres, current, duration)
    ends = uniform_group(spheres, START, current, duration)
    return [
        compare(
            f"fast diffusion, contact share {one.share:g}, R = {one.radius * 1e6:g} um: x after 40 min",
            float(run.columns[names.MEAN_X][-1]),
            float(end),
            2e-5,
            "ordinary differential equations at one potential, LSODA of scipy",
        )
        for one, run, end in zip(spheres, group.particle_runs, ends, strict=True)
    ]


def group_balance_checks() -> list[VerificationCheck]:
    """Charge, rest and discharge particles of every kind, some with a side reaction: lithium, charge and the bound."""
    steps = (
        "Charge at C/3 for 1 hour",
        "Rest for 30 minutes",
        "Discharge at C/2 for 45 minutes",
        "Charge at C/10 for 1 hour",
    )
    side = {"mode": "coupled", "exchange_current_density": 1e-8}
    poor = _case(*steps, coverage=0.15, side_reaction=side)
    well, ball = _case(*steps, coverage=0.9, radius=3e-6), _case(*steps, radius=4e-6)
    many = np.array([1.0, 3.0, 2.0])
    group = simulate_particles([poor, well, ball], many.tolist())
    particles = group.particles
    capacity = float(many @ particles["Volume [m3]"].values) * _law().charge_density
    lithium = max(float(one.columns[names.BALANCE].max()) for one in group.particle_runs)
    together = np.abs(many @ particles["Charge passed [C]"].values - group.columns[names.CHARGE]).max()
    applied = [
        (step.charge, float(group.columns[names.CURRENT][group.columns[names.STEP] == step.number][-1]) * step.duration)
        for step in group.steps
    ]
    passed = max(abs(found - asked) for found, asked in applied)
    lost = sum(
        n * (one.columns[names.MEAN_X][0] - one.columns[names.MEAN_X][-1]) * volume * _law().charge_density
        for n, one, volume in zip(many, group.particle_runs, particles["Volume [m3]"].values, strict=True)
    )
    side_charge = float(many[0] * group.particle(0).columns[names.SIDE_CHARGE][-1])
    whole = abs(lost + side_charge - float(group.columns[names.CHARGE][-1]))
    rise, climbed = largest_rise(group)
    what = "three particles, one with a side reaction"
    return [
        compare(f"{what}: lithium balance error of a particle [c_max V]", lithium, 0.0, 1e-10),
        compare(f"{what}: their charges less that of the group [F c_max V]", float(together) / capacity, 0.0, 1e-10),
        compare(f"{what}: charge of a step less current times time [F c_max V]", passed / capacity, 0.0, 1e-10),
        compare(f"{what}: lithium lost + side charge - charge applied [F c_max V]", whole / capacity, 0.0, 1e-10),
        compare(
            "bound: U(x) of any point above the start and all potentials so far [V]",
            max(rise, 0.0),
            0.0,
            1e-9,
            f"reached to {climbed:.2g} V; holds on meshes whose K has a discrete maximum principle",
        ),
    ]


def largest_rise(group: Solution) -> tuple[float, float]:
    """Return how far a point of a particle rose above what its group has seen [V], and the least distance below it.

    U(x) at every point is at most the larger of its start and of the largest potential of the group so far, for any
    history at constant temperature. The smallest stoichiometry of all rows of the curves is looked at.
    """
    law = cathode(str(group.case["material"]["name"])).open_circuit_potential
    seen = np.maximum.accumulate(group.columns[names.POTENTIAL])
    worst = -math.inf
    for one in group.particle_runs:
        highest = law(one.columns[names.MINIMUM_X])  # U falls with x
        worst = max(worst, float((highest - np.maximum(seen, highest[0]))[1:].max()))
    return worst, max(-worst, 0.0)


def _law() -> InterfaceLaw:
    material = cathode(DEFAULT_CATHODE)
    return InterfaceLaw(material.open_circuit_potential, EXCHANGE_CURRENT, material.maximum_concentration, TEMPERATURE)


def _sphere(radius: float, share: float, many: float, diffusivity: float) -> VolumeSphere:
    return VolumeSphere(radius, share, many, diffusivity, _law())


def _group_of(spheres: list[VolumeSphere], current: float, duration: float, *more: str) -> Solution:
    """Charge radial spheres; a factor on i0 is one on the area of a contact that lies evenly over the surface."""
    base = _case(f"Charge at {1e12 * current:.12g} pA for {duration:g} s").with_overrides(
        [
            f"kinetics.exchange_current_density={EXCHANGE_CURRENT}",
            f"material.diffusivity={spheres[0].diffusivity}",
            "kinetics.transfer_coefficient=0.5",
            "solver.tolerance=1e-6",
            *more,
        ]
    )
    cases = [
        base.with_overrides([f"particle.radius={one.radius}", f"kinetics.exchange_current_density_factor={one.share}"])
        for one in spheres
    ]
    return simulate_particles(cases, [one.multiplicity for one in spheres])


def _case(*steps: str, coverage: float = 1.0, radius: float = _RADIUS, **sections: dict[str, Any]) -> Case:
    contact: dict[str, Any] = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    return Case.from_dict(
        {
            "particle": {"radius": radius},
            "contact": contact,
            "protocol": {"temperature": TEMPERATURE, "initial_stoichiometry": START, "steps": list(steps)},
            **sections,
        }
    )


def _apart(group: RunData, single: RunData, name: str = names.VOLTAGE) -> float:
    return float(np.abs(group.columns[name] - single.columns[name]).max())


GROUPS: tuple[tuple[str, Callable[[], list[VerificationCheck]]], ...] = (
    ("particles that are alike at one potential", equal_particle_checks),
    ("two spheres at one potential", two_sphere_checks),
    ("fast diffusion at one potential", fast_diffusion_checks),
    ("balances and the bound of a group", group_balance_checks),
)
