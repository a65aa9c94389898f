from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.shapes import belt, cap, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh

RIM = load_builtin("sphere-axisymmetric-default").scaled(5e-6)
BALL = load_builtin("sphere-3d-coarse").scaled(5e-6)
MESHES = {"axisymmetric": RIM, "3d": BALL}
SHAPES = {"cap": cap, "belt": belt}

coverages = st.floats(1e-4, 1.0, exclude_min=True)
shapes = st.sampled_from(sorted(SHAPES))
quick = settings(max_examples=40, deadline=None)


def build(mesh: ParticleMesh, shape: str, coverage: float) -> ContactMap:
    make: Callable[..., ContactMap] = SHAPES[shape]
    return make(mesh, coverage)


@pytest.mark.parametrize("kind", sorted(MESHES))
@quick
@given(coverage=coverages, shape=shapes)
def test_realised_coverage_is_the_one_asked_for(kind: str, coverage: float, shape: str):
    contact = build(MESHES[kind], shape, coverage)
    assert abs(contact.coverage_realised - coverage) < 1e-12
    assert contact.coverage_asked == coverage
    assert contact.area == pytest.approx(coverage * contact.surface_weights.sum(), rel=1e-9)
    assert (contact.weights >= 0.0).all()
    assert (contact.weights <= contact.surface_weights * (1.0 + 1e-12)).all()
    assert ((contact.facet_fraction >= 0.0) & (contact.facet_fraction <= 1.0)).all()
    off_surface = np.setdiff1d(np.arange(MESHES[kind].n_nodes), MESHES[kind].facets)
    assert not contact.weights[off_surface].any()


@pytest.mark.parametrize("kind", sorted(MESHES))
@quick
@given(first=coverages, second=coverages, shape=shapes)
def test_a_larger_contact_contains_a_smaller_one(kind: str, first: float, second: float, shape: str):
    small, large = sorted((first, second))
    inner, outer = build(MESHES[kind], shape, small), build(MESHES[kind], shape, large)
    slack = 1e-14 * outer.surface_weights.sum()
    assert (inner.weights <= outer.weights + slack).all()
    assert (inner.facet_fraction <= outer.facet_fraction + 1e-9).all()


@pytest.mark.parametrize("kind", sorted(MESHES))
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_complete_cap_and_belt_are_full_contact_bit_for_bit(kind: str, shape: str):
    whole, contact = full(MESHES[kind]), build(MESHES[kind], shape, 1.0)
    assert (contact.weights == whole.weights).all()
    assert (whole.weights == whole.surface_weights).all()
    assert (contact.facet_fraction == 1.0).all()
    assert contact.coverage_realised == whole.coverage_realised == 1.0


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_coverage_near_one_tends_to_full_contact(shape: str):
    nearly = build(RIM, shape, 1.0 - 1e-9)
    assert np.abs(nearly.weights - full(RIM).weights).sum() < 2e-9 * nearly.surface_weights.sum()


@quick
@given(coverage=coverages)
def test_belts_are_symmetric_about_the_equator(coverage: float):
    weights = belt(RIM, coverage).weights
    rim = np.unique(RIM.facets)
    mirror = {(r, -z): i for i, (r, z) in zip(rim.tolist(), RIM.points[rim].tolist(), strict=True)}
    other = np.array([mirror[tuple(p)] for p in RIM.points[rim].tolist()])
    assert np.abs(weights[rim] - weights[other]).max() < 1e-14 * weights.max()


@quick
@given(coverage=st.floats(0.01, 0.99))
def test_cap_and_the_opposite_cap_make_the_whole(coverage: float):
    up = cap(BALL, coverage, axis=(0.3, -0.5, 0.8))
    down = cap(BALL, 1.0 - coverage, axis=(-0.3, 0.5, -0.8))
    assert np.abs(up.weights + down.weights - up.surface_weights).max() < 1e-12 * up.surface_weights.max()


def test_edges_lie_where_the_sphere_has_them():
    for coverage in (0.05, 0.3, 0.5, 0.9):
        spherical = cap(RIM, coverage).parameters
        assert spherical["edge_height [m]"] == pytest.approx(5e-6 * (1 - 2 * coverage), abs=5e-6 * 2e-5)
        assert np.cos(spherical["polar_angle [rad]"]) == pytest.approx(1 - 2 * coverage)
        assert belt(RIM, coverage).parameters["half_width [m]"] == pytest.approx(5e-6 * coverage, rel=2e-4)


def test_weights_scale_with_the_square_of_the_radius():
    small, large = cap(RIM, 0.3), cap(RIM.scaled(3.0), 0.3)
    assert np.allclose(large.weights, 9.0 * small.weights, rtol=1e-9, atol=1e-13 * large.area)


def test_tiny_coverage_is_met_in_absolute_terms():
    assert abs(cap(RIM, 1e-9).coverage_realised - 1e-9) < 1e-14
