"""The meshes of a group: fine enough for what each particle carries, and shared by spheres of different sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names


@pytest.mark.parametrize("count", [1, 40])
def test_amperes_of_a_group_are_resolved_as_the_same_current_by_capacity(make_case: Any, count: int) -> None:
    """A current in amperes is that of the whole group: no particle's mesh is made for all of it."""
    by_rate = aso.simulate_particles([make_case("Charge at C/5 for 10 minutes")], [float(count)])
    amperes = by_rate.columns[names.CURRENT][0]
    in_amperes = aso.simulate_particles([make_case(f"Charge at {amperes:.17g} A for 10 minutes")], [float(count)])
    assert in_amperes.mesh.name == by_rate.mesh.name
    assert in_amperes.warnings == by_rate.warnings
    assert not any("layer" in warning for warning in in_amperes.warnings)
    np.testing.assert_allclose(in_amperes.columns[names.VOLTAGE], by_rate.columns[names.VOLTAGE], atol=1e-9)


def test_spheres_of_different_sizes_keep_their_own_numbers(make_case: Any) -> None:
    """They are computed on one mesh; volumes, areas, charges and lithium are those of each."""
    radii = (2e-6, 5e-6, 9e-6)
    case = make_case("Charge at C/5 for 1 hour", contact={"kind": "cap", "coverage": 0.4}, particle={"mesh": "coarse"})
    cases = [case.with_overrides([f"particle.radius={radius}"]) for radius in radii]
    solution = aso.simulate_particles(cases, [20.0, 2.0, 1.0])
    particles = solution.particles
    np.testing.assert_allclose(particles["Radius [m]"], radii)
    material = cathode(case.material.name)
    for number, radius in enumerate(radii):
        one, volume = solution.particle(number), float(particles["Volume [m3]"][number])
        assert volume == pytest.approx(4.0 / 3.0 * np.pi * radius**3, rel=1e-2)
        assert np.abs(one.mesh.points).max() == pytest.approx(radius, rel=1e-3)
        assert one.contact.area == pytest.approx(0.4 * 4.0 * np.pi * radius**2, rel=1e-3)
        moved = one.columns[names.MEAN_X][0] - one.columns[names.MEAN_X]
        lithium = FARADAY * material.maximum_concentration * volume
        np.testing.assert_allclose(one.columns[names.CHARGE], moved * lithium, rtol=1e-9, atol=1e-12 * lithium)
        specific = one.columns[names.CHARGE] / (3600.0 * material.density * volume)
        np.testing.assert_allclose(one.columns[names.CAPACITY], specific, rtol=1e-12)
        assert one.lithium_balance_error < 1e-12
    assert float(particles["Asynchrony"].isel(point=-1).min()) > 0.0
    assert np.ptp(particles["Mean SOC"].isel(point=-1).values) > 0.005
