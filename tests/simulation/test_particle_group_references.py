"""Groups against solutions of their own: finite volumes under one potential, and ordinary differential equations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import asyncsoc as aso
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names

CATHODE = cathode("ncm811-sturm2019")
TEMPERATURE, I0, START = 333.15, 0.4, 0.7
DENSITY = FARADAY * CATHODE.maximum_concentration
EXCHANGE = f"kinetics.exchange_current_density={I0}"
"""A factor on i0 is a factor on the area of a contact that lies evenly over the surface."""


def butler_volmer(x: float, potential: float) -> float:
    """Return the current density [A/m2] of symmetric Butler-Volmer kinetics."""
    eta = potential - float(CATHODE.open_circuit_potential(np.array([x]))[0])
    return 2.0 * I0 * np.sinh(0.5 * FARADAY * eta / (GAS_CONSTANT * TEMPERATURE))


class Sphere:
    """A sphere in finite volumes, finer towards its surface, where `share` of the area reacts evenly."""

    def __init__(self, radius: float, share: float, diffusivity: float, cells: int = 150) -> None:
        edges = radius * (1.0 - np.linspace(1.0, 0.0, cells + 1) ** 2)
        self.volumes = 4.0 / 3.0 * np.pi * np.diff(edges**3)
        centres = 0.5 * (edges[1:] + edges[:-1])
        self.between = 4.0 * np.pi * edges[1:-1] ** 2 / np.diff(centres)
        self.inlet = 1.0 / (radius - centres[-1])
        self.area, self.share, self.diffusivity = 4.0 * np.pi * radius**2, share, diffusivity

    def current(self, x: np.ndarray, potential: float) -> float:
        """Return the current [A]: what reacts at the surface is what the outermost half cell lets through."""

        def miss(surface: float) -> float:
            return self.share * butler_volmer(surface, potential) - DENSITY * self.diffusivity * self.inlet * (
                x[-1] - surface
            )

        surface = float(brentq(miss, 0.05, 0.98, xtol=1e-15))
        return self.area * self.share * butler_volmer(surface, potential)

    def rates(self, x: np.ndarray, current: float) -> np.ndarray:
        flow = self.diffusivity * self.between * np.diff(x)
        out = np.zeros_like(x)
        out[:-1] += flow
        out[1:] -= flow
        out[-1] -= current / DENSITY
        return out / self.volumes


def at_one_potential(
    spheres: list[Sphere], many: list[float], current: float, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the potential and each sphere's mean x at `times`, the sum of n_j I_j held."""
    sizes = np.cumsum([0, *(len(one.volumes) for one in spheres)])

    def parts(y: np.ndarray) -> list[np.ndarray]:
        return [y[a:b] for a, b in pairwise(sizes)]

    def potential(y: np.ndarray) -> float:
        def miss(v: float) -> float:
            each = (n * one.current(x, v) for n, one, x in zip(many, spheres, parts(y), strict=True))
            return sum(each) - current

        return float(brentq(miss, 3.2, 4.6, xtol=1e-12))

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        v = potential(y)
        return np.concatenate([one.rates(x, one.current(x, v)) for one, x in zip(spheres, parts(y), strict=True)])

    sparsity = np.eye(sizes[-1]) + np.eye(sizes[-1], k=1) + np.eye(sizes[-1], k=-1)
    for last in sizes[1:] - 1:  # every surface acts on every other through the potential
        sparsity[last, sizes[1:] - 1] = 1.0
    found = solve_ivp(
        rates, (0.0, times[-1]), np.full(sizes[-1], START), "BDF", times, rtol=1e-7, atol=1e-9, jac_sparsity=sparsity
    )
    means = [[one.volumes @ x / one.volumes.sum() for one, x in zip(spheres, parts(y), strict=True)] for y in found.y.T]
    return np.array([potential(y) for y in found.y.T]), np.array(means).T


@pytest.mark.slow
@pytest.mark.parametrize(("radius", "share"), [(5e-6, 0.3), (3e-6, 0.15)])
def test_two_spheres_of_different_area_or_size_agree_with_a_dae_of_their_own(
    make_case: Any, radius: float, share: float
) -> None:
    diffusivity, current, many = 4e-15, 2.5e-11, [1.0, 1.5]
    given = [EXCHANGE, f"material.diffusivity={diffusivity}", "kinetics.transfer_coefficient=0.5"]
    given += ["particle.mesh=fine", "solver.tolerance=1e-6", "output.fields_every=300 s"]
    case = make_case(f"Charge at {1e12 * current:.12g} pA for 2 hours").with_overrides(given)
    other = case.with_overrides([f"particle.radius={radius}", f"kinetics.exchange_current_density_factor={share}"])
    group = aso.simulate_particles([case, other], many)
    times = np.array([300.0, 1800.0, 3600.0, 7200.0])
    spheres = [Sphere(5e-6, 1.0, diffusivity), Sphere(radius, share, diffusivity)]
    potentials, means = at_one_potential(spheres, many, current, times)
    rows = [int(np.flatnonzero(np.abs(group.columns[names.TIME] - t) < 1e-6)[-1]) for t in times]
    np.testing.assert_allclose(group.columns[names.POTENTIAL][rows], potentials, atol=1e-4)
    for one, mean in zip(group.particle_runs, means, strict=True):
        np.testing.assert_allclose(one.columns[names.MEAN_X][rows], mean, atol=1e-4)
    assert abs(means[0, -1] - means[1, -1]) > 0.005  # they do different things
    assert not np.allclose(
        group.particles["Current share"][0, rows[1:]], group.particles["Current share"][0, 0], atol=0.01
    )


def test_where_diffusion_is_fast_a_group_is_ordinary_differential_equations(make_case: Any) -> None:
    """dx_j/dt = -f_j A_j/V_j i(x_j, v)/(F c_max) at one v: MPET's picture of contact fractions."""
    shares, radii = np.array([1.0, 0.3, 0.05]), np.array([5e-6, 5e-6, 3e-6])
    many, current = np.array([1.0, 2.0, 1.0]), 2e-10
    case = make_case(f"Charge at {1e12 * current:.12g} pA for 40 minutes").with_overrides(
        [EXCHANGE, "material.diffusivity=1e-9", "kinetics.transfer_coefficient=0.5", "solver.tolerance=1e-6"]
    )
    cases = [
        case.with_overrides([f"particle.radius={r}", f"kinetics.exchange_current_density_factor={f}"])
        for r, f in zip(radii, shares, strict=True)
    ]
    group = aso.simulate_particles(cases, many.tolist())
    areas, volumes = 4.0 * np.pi * radii**2, 4.0 / 3.0 * np.pi * radii**3

    def currents(x: np.ndarray, v: float) -> np.ndarray:
        return areas * shares * np.array([butler_volmer(one, v) for one in x])

    def rates(_: float, x: np.ndarray) -> np.ndarray:
        v = brentq(lambda v: many @ currents(x, v) - current, 2.5, 5.5, xtol=1e-13)
        return -currents(x, float(v)) / (DENSITY * volumes)

    ends = solve_ivp(rates, (0.0, 2400.0), np.full(3, START), "LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
    found = [one.columns[names.MEAN_X][-1] for one in group.particle_runs]
    np.testing.assert_allclose(found, ends, atol=2e-5)
    assert np.ptp(ends) > 0.02
