from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from asyncsoc.base.errors import InputError
from asyncsoc.contact.integrals import above, triangle_shares_above, whole
from asyncsoc.contact.shapes import belt, cap, from_facets, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.geometry.surface import surface_facets


def quadrature(mesh: ParticleMesh, low: float, high: float) -> np.ndarray:
    """Integrate 2 pi r phi_i ds over low <= z <= high along the profile with adaptive quadrature, edge by edge."""
    weights = np.zeros(mesh.n_nodes)
    for i, j in mesh.facets.tolist():
        (r0, z0), (r1, z1) = mesh.points[i], mesh.points[j]
        length = np.hypot(r1 - r0, z1 - z0)
        ends = sorted(min(max(t, 0.0), 1.0) for t in ((low - z0) / (z1 - z0), (high - z0) / (z1 - z0)))
        for node, hat in ((i, lambda t: 1.0 - t), (j, lambda t: t)):
            weights[node] += quad(
                lambda t, hat=hat, r0=r0, r1=r1, length=length: 2 * np.pi * (r0 + (r1 - r0) * t) * hat(t) * length,
                *ends,
                epsabs=1e-15,
            )[0]
    return weights


@pytest.mark.parametrize("coverage", [1e-3, 0.05, 0.3, 0.77, 1.0])
def test_cap_weights_agree_with_adaptive_quadrature(coverage: float):
    mesh = axisymmetric_mesh(0.06, first_cell=0.05)
    contact = cap(mesh, coverage)
    expected = quadrature(mesh, contact.parameters["edge_height [m]"], 2.0)
    assert np.abs(contact.weights - expected).max() < 1e-13


@pytest.mark.parametrize("coverage", [1e-3, 0.05, 0.3, 0.77])
def test_belt_weights_agree_with_adaptive_quadrature(coverage: float):
    mesh = axisymmetric_mesh(0.06, first_cell=0.05)
    contact = belt(mesh, coverage)
    half = contact.parameters["half_width [m]"]
    assert np.abs(contact.weights - quadrature(mesh, -half, half)).max() < 1e-13


def test_surface_weights_of_the_whole_sphere():
    for name, area in (
        ("sphere-radial-default", 1e-15),
        ("sphere-axisymmetric-default", 3e-6),
        ("sphere-3d-default", 4e-4),
    ):
        contact = full(load_builtin(name))
        assert contact.area == pytest.approx(4 * np.pi, rel=area)


def test_radial_contact_sits_on_the_surface_node():
    mesh = radial_mesh(20, 0.01).scaled(2.0)
    weights = full(mesh).weights
    assert weights[-1] == pytest.approx(16 * np.pi)
    assert not weights[:-1].any()


def barycentric_grid(m: int) -> np.ndarray:
    """Centroids of the m^2 equal triangles a triangle divides into."""
    i, j = np.meshgrid(np.arange(m), np.arange(m), indexing="ij")
    lower, upper = i + j < m, i + j < m - 1
    first = np.stack([i[lower] + 1 / 3, j[lower] + 1 / 3], axis=1)
    second = np.stack([i[upper] + 2 / 3, j[upper] + 2 / 3], axis=1)
    two = np.concatenate([first, second]) / m
    return np.column_stack([two, 1 - two.sum(axis=1)])


@settings(max_examples=40, deadline=None)
@given(h=st.tuples(*[st.floats(-1.0, 1.0, allow_subnormal=False)] * 3))  # a share of a subnormal height may be zero
def test_cut_triangle_agrees_with_sampling(h: tuple[float, float, float]):
    grid = barycentric_grid(120)
    inside = grid @ np.array(h) >= 0.0
    expected = (grid * inside[:, None]).mean(axis=0)
    found = triangle_shares_above(np.array([h]))[0]
    assert np.abs(found - expected).max() < 0.012
    assert found.min() >= 0.0


@settings(max_examples=100, deadline=None)
@given(h=st.tuples(*[st.floats(-1.0, 1.0).filter(lambda v: abs(v) > 1e-6)] * 3))
def test_both_sides_of_a_cut_add_up(h: tuple[float, float, float]):
    both = triangle_shares_above(np.array([h])) + triangle_shares_above(-np.array([h]))
    assert np.allclose(both, 1.0 / 3.0, atol=1e-12)


def test_cut_through_corners_and_edges():
    on = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, -1.0], [0.0, 1.0, -1.0], [-1.0, -1.0, -1.0]])
    shares = triangle_shares_above(on)
    assert np.allclose(shares.sum(axis=1), [1.0, 0.0, 0.0, 0.5, 0.0])
    # Half of the triangle between corners 0 and 1: a quarter-edge median.
    assert np.allclose(shares[3], [0.5 * 0.5, 0.5 * 0.5, 0.0] + 0.5 * np.array([-1 / 12, 0.0, 1 / 12]) * 2)


def test_first_moments_of_a_cut_surface():
    """Hat weights integrate linear functions exactly: the centre of area of a cap is that of its cut polygons."""
    mesh = load_builtin("sphere-3d-default")
    contact = cap(mesh, 0.3)
    centre = contact.weights @ mesh.points / contact.area
    edge = contact.parameters["edge_height [m]"]
    assert centre[2] == pytest.approx((1.0 + edge) / 2, rel=2e-3)
    assert np.abs(centre[:2]).max() < 2e-3


def test_a_flat_face_across_the_axis_cannot_be_divided():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    cells = np.array([[0, 1, 2], [0, 2, 3]])
    cylinder = ParticleMesh(points, cells, surface_facets(points, cells, "axisymmetric"), "axisymmetric", "cylinder")
    with pytest.raises(InputError, match="flat face"):
        cap(cylinder, 0.1)
    assert cap(cylinder, 0.5).coverage_realised == pytest.approx(0.5, abs=1e-12)


def test_contact_from_facet_fractions():
    mesh = load_builtin("sphere-3d-coarse")
    fraction = np.random.default_rng(1).random(len(mesh.facets))
    contact = from_facets(mesh, fraction)
    areas = whole(mesh).areas
    assert contact.area == pytest.approx((fraction * areas).sum(), rel=1e-12)
    assert np.allclose(contact.facet_fraction, fraction, atol=1e-12)
    assert contact.kind == "labels"
    np.testing.assert_allclose(from_facets(mesh, np.ones(len(mesh.facets))).weights, full(mesh).weights, rtol=1e-14)


@pytest.mark.parametrize(
    ("fraction", "message"),
    [([0.5], "wrong length"), (-1.0, r"outside \[0, 1\]"), (float("nan"), r"outside \[0, 1\]"), (0.0, "no area")],
)
def test_bad_facet_fractions(fraction: object, message: str):
    mesh = load_builtin("sphere-3d-coarse")
    values = fraction if isinstance(fraction, list) else np.full(len(mesh.facets), fraction)
    with pytest.raises(InputError, match=message):
        from_facets(mesh, values)


def test_a_level_that_is_nowhere_reached_gives_nothing():
    mesh = load_builtin("sphere-3d-coarse")
    assert above(mesh, mesh.points[:, 2], 2.0).areas.sum() == 0.0
