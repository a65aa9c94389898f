"""Diffusion in a sphere whose diffusivity depends on the radius, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from asyncsoc.base.units import FARADAY
from asyncsoc.studies.contact_corrected.fitting import SphereInterface
from asyncsoc.studies.contact_corrected.graded_sphere import CurrentHistory, GradedSphere, PropertyGrid

RADIUS, CONCENTRATION, DIFFUSIVITY, START = 5e-6, 5e4, 1e-14, 0.5
X = np.linspace(0.0, 1.0, 201)
CONSTANT = PropertyGrid(X, DIFFUSIVITY * X, np.full_like(X, DIFFUSIVITY), 4.5 - X, np.full_like(X, -1.0), 1.0 + 0.0 * X)
CURRENT = 1e-11
PER_FLUX = CURRENT / (4.0 * np.pi * RADIUS**2) * RADIUS / (FARADAY * CONCENTRATION * DIFFUSIVITY)
"""q R/D in stoichiometry, q the flux out of the surface."""


def surface_at(time: float, knots: np.ndarray, logarithms: np.ndarray, rows: int = 400) -> float:
    times = time * np.linspace(0.0, 1.0, rows) ** 2
    history = CurrentHistory(times, np.full(rows, CURRENT), START)
    sphere = GradedSphere(RADIUS, CONCENTRATION, CONSTANT, knots)
    return float(sphere.surface_stoichiometry(logarithms[None], history)[-1, 0])


@pytest.mark.parametrize("tau", [0.002, 0.05, 0.5])
def test_even_diffusivity_is_the_closed_form_of_a_sphere(tau: float) -> None:
    # Carslaw and Jaeger: u = -[3 tau + 1/5 - 2 sum exp(-a^2 tau)/a^2], tan a = a.
    roots = (np.arange(1, 400) + 0.5) * np.pi
    for _ in range(50):  # Newton's method for sin a - a cos a = 0
        roots -= (np.sin(roots) - roots * np.cos(roots)) / (roots * np.sin(roots))
    exact = -(3.0 * tau + 0.2 - 2.0 * np.sum(np.exp(-(roots**2) * tau) / roots**2))
    found = surface_at(tau * RADIUS**2 / DIFFUSIVITY, np.array([1.0]), np.array([0.0]))
    assert (found - START) / PER_FLUX == pytest.approx(exact, rel=3e-3)


def test_a_graded_diffusivity_has_the_pseudo_steady_difference_of_its_integral() -> None:
    # x at the surface minus the mean is q R/D times the integral of rho^4/exp(s) over rho.
    knots, logarithms = np.array([0.4, 0.7, 1.0]), np.log([0.6, 0.2, 0.05])

    def integrand(rho: float) -> float:
        return rho**4 / np.exp(np.interp(rho, knots, logarithms))

    resistance = sum(quad(integrand, a, b)[0] for a, b in ((0.0, 0.4), (0.4, 0.7), (0.7, 1.0)))
    time = 6.0 * RADIUS**2 / DIFFUSIVITY
    drift = 3.0 * time * DIFFUSIVITY / RADIUS**2
    small = 1e-2  # of the current, so that nothing leaves the table
    history = CurrentHistory(time * np.linspace(0.0, 1.0, 600) ** 2, np.full(600, small * CURRENT), START)
    sphere = GradedSphere(RADIUS, CONCENTRATION, CONSTANT, knots)
    found = sphere.surface_stoichiometry(logarithms[None], history)[-1, 0]
    assert (START - found) / (small * PER_FLUX) == pytest.approx(drift + resistance, rel=2e-3)
    assert resistance > 1.0  # a difference that a wrong integral would show


def test_spheres_side_by_side_have_the_answers_they_have_alone() -> None:
    knots = np.array([0.5, 1.0])
    both = np.array([[0.0, 0.0], [-1.0, -2.0]])
    history = CurrentHistory(np.linspace(0.0, 100.0, 30), np.full(30, CURRENT), START)
    sphere = GradedSphere(RADIUS, CONCENTRATION, CONSTANT, knots)
    together = sphere.surface_stoichiometry(both, history)
    for k, one in enumerate(both):
        np.testing.assert_allclose(together[:, k], sphere.surface_stoichiometry(one[None], history)[:, 0], rtol=1e-12)


def test_the_potential_is_that_of_butler_volmer_behind_a_film() -> None:
    sphere = GradedSphere(RADIUS, CONCENTRATION, CONSTANT, np.array([1.0]))
    area, film, temperature = 2e-11, 0.05, 333.15
    current = np.array([CURRENT, -CURRENT, 0.0])
    found = SphereInterface(area, film, temperature).potential(sphere, np.full((3, 1), 0.5), current)[:, 0]
    f = 96485.33212 / (8.31446261815324 * temperature)
    for potential, one in zip(found, current / area, strict=True):
        eta = potential - 4.0 - one * film
        assert np.exp(0.5 * f * eta) - np.exp(-0.5 * f * eta) == pytest.approx(one, abs=1e-9)  # i0 is 1 A/m2
