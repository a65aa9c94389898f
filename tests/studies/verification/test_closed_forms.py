"""The closed forms against published numbers, quadrature, finite volumes and the eigenvalue equation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as spla
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import eval_legendre, spherical_jn

from asyncsoc.base.errors import InputError
from asyncsoc.studies.verification import closed_forms, modes, steady
from asyncsoc.studies.verification.legendre import belt_coefficients, cap_coefficients, legendre_sum, legendre_values

COVERAGES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.05)


def test_legendre_values_against_scipy() -> None:
    degrees = np.arange(60)
    for mu in (-1.0, -0.3, 0.0, 0.77, 1.0):
        np.testing.assert_allclose(legendre_values(59, mu), eval_legendre(degrees, mu), atol=1e-13)


def test_legendre_sum_of_the_generating_function() -> None:
    rho, mu = 0.6, np.array([-1.0, 0.2, 0.9])
    total = 1.0 + legendre_sum(np.ones(200), mu, rho)
    np.testing.assert_allclose(total, 1.0 / np.sqrt(1.0 - 2.0 * rho * mu + rho**2), rtol=1e-12)


@pytest.mark.parametrize(
    ("coefficients", "low", "high"),
    [(cap_coefficients(0.3, 8), 0.4, 1.0), (belt_coefficients(0.3, 8), -0.3, 0.3)],
)
def test_coefficients_of_the_indicator_by_quadrature(coefficients: np.ndarray, low: float, high: float) -> None:
    for degree, coefficient in enumerate(coefficients):
        integral = quad(lambda mu, n=degree: eval_legendre(n, mu), low, high)[0]
        assert coefficient == pytest.approx(0.5 * (2 * degree + 1) * integral, abs=1e-13)


def test_published_numbers() -> None:
    # uniform flux q = J / f, u = (c - c0) D / (q R), outward
    assert -0.25 * steady.cap_pole_steady(0.25) == pytest.approx(-0.77738563, abs=5e-9)
    assert -0.25 * steady.cap_antipole_steady(0.25) == pytest.approx(0.32985886, abs=5e-9)
    assert -(closed_forms.full_sphere(1.0, 0.05) + 0.15) == pytest.approx(-0.31216543, abs=5e-9)
    for tau, value in ((0.1, -0.299197), (0.5, -0.899941)):
        field = closed_forms.cap_field(0.8, 1.0, tau, 0.25) + closed_forms.mean_rise(tau)
        assert -0.25 * float(field) == pytest.approx(value, abs=5e-7)
    for coverage, mean, pole in ((1.0, 0.2, 0.2), (0.5, 1.0029, 1.4956), (0.1, 4.8005, 5.9865)):
        assert steady.cap_contact_mean_steady(coverage) == pytest.approx(mean, abs=5e-5)
        assert steady.cap_pole_steady(coverage) == pytest.approx(pole, abs=5e-5)


def test_full_coverage_is_the_full_sphere() -> None:
    for tau in (0.01, 0.2, math.inf):
        surface = float(closed_forms.full_sphere(1.0, tau))
        assert closed_forms.cap_contact_mean(tau, 1.0) == pytest.approx(surface, rel=1e-12)
        assert closed_forms.cap_pole(tau, 1.0) == pytest.approx(surface, rel=1e-12)
        assert closed_forms.belt_contact_mean(tau, 1.0) == pytest.approx(surface, rel=1e-12)


@pytest.mark.parametrize("coverage", [0.05, 0.25, 0.5, 0.9])
def test_pole_by_quadrature_of_the_neumann_function(coverage: float) -> None:
    # dOmega = 8 pi t dt with cos g = 1 - 2 t^2, t = sin(g / 2)
    integral = quad(lambda t: float(steady.neumann(1.0, 1.0 - 2.0 * t * t)) * 4.0 * t, 0.0, math.sqrt(coverage))[0]
    assert steady.cap_pole_steady(coverage) == pytest.approx(0.2 + 0.5 * integral / coverage, rel=1e-8)


def test_contact_mean_by_quadrature_of_the_surface_field() -> None:
    mu, weights = np.polynomial.legendre.leggauss(200)
    cap = 0.75 + 0.25 * mu
    for tau in (0.05, math.inf):
        mean = 0.5 * weights @ closed_forms.cap_field(1.0, cap, tau, 0.25)
        assert closed_forms.cap_contact_mean(tau, 0.25) == pytest.approx(mean, rel=1e-5)
        belt = 0.5 * weights @ closed_forms.belt_field(1.0, 0.3 * mu, tau, 0.3)
        assert closed_forms.belt_contact_mean(tau, 0.3) == pytest.approx(belt, rel=1e-5)


def test_point_values_agree_with_the_field() -> None:
    for tau in (0.01, 0.2, math.inf):
        at_poles = closed_forms.cap_field(1.0, np.array([1.0, -1.0]), tau, 0.1)
        assert closed_forms.cap_pole(tau, 0.1) == pytest.approx(at_poles[0], rel=1e-7)
        assert closed_forms.cap_antipole(tau, 0.1) == pytest.approx(at_poles[1], rel=1e-7)
        belt = closed_forms.belt_field(1.0, np.array([0.0, 1.0]), tau, 0.3)
        assert closed_forms.belt_equator(tau, 0.3) == pytest.approx(belt[0], rel=1e-7)
        assert closed_forms.belt_pole(tau, 0.3) == pytest.approx(belt[1], rel=1e-7, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.floats(0.05, 0.95), st.sampled_from([0.01, 0.1, math.inf]))
def test_cap_and_its_complement_add_up_to_the_full_sphere(coverage: float, tau: float) -> None:
    rho, mu = np.array([0.3, 0.9, 1.0]), np.array([0.5, -0.7, 1.0])
    both = coverage * closed_forms.cap_field(rho, mu, tau, coverage) + (1.0 - coverage) * closed_forms.cap_field(
        rho, -mu, tau, 1.0 - coverage
    )
    np.testing.assert_allclose(both, closed_forms.full_sphere(rho, tau), atol=2e-7)


def test_belt_is_the_sphere_less_two_caps() -> None:
    rho, mu, f = np.array([0.4, 0.95]), np.array([0.1, 0.8]), 0.3
    cap = (1.0 - f) / 2.0
    for tau in (0.02, math.inf):
        caps = closed_forms.cap_field(rho, mu, tau, cap) + closed_forms.cap_field(rho, -mu, tau, cap)
        expected = (closed_forms.full_sphere(rho, tau) - cap * caps) / f
        np.testing.assert_allclose(closed_forms.belt_field(rho, mu, tau, f), expected, atol=1e-9)


def test_field_has_no_mean() -> None:
    radius, radial_weights = np.polynomial.legendre.leggauss(40)
    mu, polar_weights = np.polynomial.legendre.leggauss(40)
    rho = 0.5 * (radius + 1.0)
    field = closed_forms.cap_field(rho[:, None], mu[None, :], 0.03, 0.25)
    assert abs((1.5 * 0.5 * radial_weights * rho**2) @ field @ (0.5 * polar_weights)) < 1e-4


def test_small_cap_approaches_the_disc() -> None:
    for coverage in (1e-4, 1e-6):
        width = 2.0 * math.sqrt(coverage)
        disc = 4.0 * math.pi * steady.disc_resistance_uniform_flux(width, 1.0)
        exact = steady.cap_contact_mean_steady(coverage)
        assert exact / disc == pytest.approx(1.0, abs=3.0 * width)
        assert exact == pytest.approx(steady.small_cap_contact_mean(coverage), abs=width)
    assert steady.disc_resistance_isothermal(2e-6, 1e-14) == pytest.approx(1.25e19)


def test_eigenvalues_solve_their_equation_and_none_is_missing() -> None:
    found = modes.modes_for(0.01)
    np.testing.assert_allclose(found.root[:3], [4.493409457909064, 7.725251836937707, 10.904121659428899], rtol=1e-14)
    residual = spherical_jn(found.degree.astype(int), found.root, derivative=True)
    assert np.abs(residual).max() < 1e-14
    # sum over n of 2 / (a^2 - l (l + 1)) = 1/l: the roots below the bound and an asymptotic tail 2 / (pi bound) give it
    for degree in (1, 5, 20):
        root = found.root[found.degree == degree]
        total = np.sum(2.0 / (root**2 - degree * (degree + 1))) + 2.0 / (math.pi * (root[-1] + 0.5 * math.pi))
        assert total == pytest.approx(1.0 / degree, rel=0.01)


def test_truncation_is_below_one_part_in_a_million() -> None:
    for coverage in COVERAGES[1:]:
        edge = 2.0 * math.sqrt(coverage * (1.0 - coverage))
        longer = steady._contact_mean_steady(cap_coefficients(coverage, 16000), edge)
        assert steady.cap_contact_mean_steady(coverage) == pytest.approx(longer, rel=1e-8)
    kept = modes.transient_response(0.01)
    more = modes._modes_below(128.0)
    terms = 2.0 * np.exp(-(more.root**2) * 0.01) / (more.root**2 - more.degree * (more.degree + 1.0))
    complete = np.bincount(more.degree.astype(int), weights=terms)
    np.testing.assert_allclose(complete[: len(kept)], kept, atol=1e-15)
    assert complete[len(kept) :].max() < 1e-15


def test_transient_against_finite_volumes() -> None:
    """A 2-D finite-volume march with Richardson extrapolation in time, edges on the cap's edge."""
    rings, wedges, coverage, tau = 60, 90, 0.25, 0.1
    edges, angle = np.linspace(0.0, 1.0, rings + 1), np.linspace(0.0, np.pi, wedges + 1)
    radius, polar = 0.5 * (edges[1:] + edges[:-1]), 0.5 * (angle[1:] + angle[:-1])
    band = np.cos(angle[:-1]) - np.cos(angle[1:])
    volume = np.outer(np.diff(edges**3) / 3.0, band)
    index = np.arange(rings * wedges).reshape(rings, wedges)
    outward = np.outer(edges[1:-1] ** 2 / np.diff(radius), band)
    around = np.outer(np.diff(edges**2) / 2.0 / radius, np.sin(angle[1:-1]) / np.diff(polar))
    rows = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    columns = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    coupling = sp.coo_matrix((np.concatenate([outward.ravel(), around.ravel()]), (rows, columns)), (index.size,) * 2)
    coupling = (coupling + coupling.T).tocsr()
    stiffness = sp.diags(np.asarray(coupling.sum(axis=1)).ravel()) - coupling
    inflow = np.zeros((rings, wedges))
    inflow[-1] = band * (polar < np.pi / 3.0) / coverage

    def march(steps: int) -> np.ndarray:
        step = tau / steps
        solve = spla.splu((sp.diags(volume.ravel()) + step * stiffness).tocsc()).solve
        state = np.zeros(index.size)
        for _ in range(steps):
            state = solve(volume.ravel() * state + step * inflow.ravel())
        return state.reshape(rings, wedges)

    state = 2.0 * march(80) - march(40) - closed_forms.mean_rise(tau)
    for i, j in ((50, 3), (40, 20), (20, 70), (59, 10)):
        exact = float(closed_forms.cap_field(radius[i], math.cos(polar[j]), tau, coverage))
        assert state[i, j] == pytest.approx(exact, abs=6e-3)


def test_patches_of_one_and_of_opposite_poles() -> None:
    one = closed_forms.patches_contact_mean([[0.0, 0.0, 3.0]], 0.05, 0.3)
    assert one == pytest.approx(closed_forms.cap_contact_mean(0.05, 0.3), rel=1e-14)
    # two opposite caps are the whole sphere less a belt
    f, poles = 0.4, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]
    points = np.array([[0.0, 0.0, 0.9], [0.5, 0.3, 0.2]])
    rho = np.linalg.norm(points, axis=1)
    belt = closed_forms.belt_field(rho, points[:, 2] / rho, 0.05, 1.0 - f)
    expected = (closed_forms.full_sphere(rho, 0.05) - (1.0 - f) * belt) / f
    np.testing.assert_allclose(closed_forms.patches_field(points, poles, 0.05, f), expected, atol=1e-9)


def test_patches_contact_mean_by_quadrature_of_the_field() -> None:
    centers, f = np.eye(3), 0.15
    nodes, weights = np.polynomial.legendre.leggauss(60)
    mu, turns = 1.0 - f / 3.0 * (1.0 - nodes), np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    sine = np.sqrt(1.0 - mu**2)
    points = np.stack(
        np.broadcast_arrays(sine[:, None] * np.cos(turns), sine[:, None] * np.sin(turns), mu[:, None]), axis=-1
    )
    field = closed_forms.patches_steady(points.reshape(-1, 3), centers, f).reshape(points.shape[:2])
    mean = 0.5 * weights @ field.mean(axis=1)
    assert closed_forms.patches_contact_mean(centers, math.inf, f) == pytest.approx(mean, rel=2e-5)


def test_start_is_uniform_and_bad_arguments_are_refused() -> None:
    assert closed_forms.cap_contact_mean(0.0, 0.3) == 0.0
    assert not closed_forms.cap_field([0.1, 1.0], 1.0, 0.0, 0.3).any()
    with pytest.raises(InputError, match="0 < coverage <= 1"):
        closed_forms.cap_contact_mean(0.1, 0.0)
    with pytest.raises(InputError, match=r"at least 0\.001"):
        closed_forms.cap_pole(1e-7, 0.3)
    with pytest.raises(InputError, match=r"at least 0\.001"):
        closed_forms.cap_pole(math.nan, 0.3)
