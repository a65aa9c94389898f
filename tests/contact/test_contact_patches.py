from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.contact.directions import fibonacci_directions, random_directions, separations, spread_directions
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.patches import patches, random_patches
from asyncsoc.contact.shapes import cap, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh

BALL = load_builtin("sphere-3d-default")
COARSE = load_builtin("sphere-3d-coarse")
UP = np.array([0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("n", "degrees"), [(2, 180.0), (3, 120.0), (4, 109.4712), (6, 90.0), (8, 74.8585), (12, 63.4349)]
)
def test_spread_directions_find_the_best_packings(n: int, degrees: float):
    """Best known (n <= 12: proven) separations of n points on a sphere (Tammes problem)."""
    found = np.degrees(separations(spread_directions(n, UP)).min())
    assert found == pytest.approx(degrees, rel=0.005)


@pytest.mark.parametrize("n", [1, 2, 7, 100, 150])
def test_spread_directions_are_unit_vectors_starting_at_the_axis(n: int):
    axis = np.array([0.6, 0.0, -0.8])
    found = spread_directions(n, axis)
    assert found.shape == (n, 3)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0)
    assert np.allclose(found[0], axis)
    assert separations(found).min() >= 0.95 * separations(fibonacci_directions(n)).min()


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(n=st.integers(1, 25), share=st.floats(0.01, 0.99))
def test_patches_have_the_coverage_and_do_not_overlap(n: int, share: float):
    apart = separations(spread_directions(n, UP)).min()
    limit = 1.0 if n == 1 else n * np.sin(apart / 4) ** 2
    contact = patches(COARSE, share * limit, n=n)
    assert abs(contact.coverage_realised - share * limit) < 1e-10
    assert contact.facet_fraction.max() <= 1.0
    assert (contact.weights <= contact.surface_weights * (1 + 1e-9)).all()


def test_one_patch_is_a_cap():
    one, other = patches(BALL, 0.2, n=1), cap(BALL, 0.2)
    assert np.abs(one.weights - other.weights).max() < 1e-12
    tilted, other = patches(BALL, 0.2, n=1, axis=(1, 2, 2)), cap(BALL, 0.2, axis=(1, 2, 2))
    assert np.abs(tilted.weights - other.weights).max() < 1e-12


def test_two_patches_are_opposite_caps():
    two = patches(BALL, 0.3, n=2)
    expected = cap(BALL, 0.15).weights + cap(BALL, 0.15, axis=(0, 0, -1)).weights
    assert np.abs(two.weights - expected).max() < 1e-9


def test_patches_above_the_packing_limit_are_refused():
    with pytest.raises(InputError, match="without overlap") as caught:
        patches(BALL, 0.95, n=6)
    assert caught.value.allowed == "at most 0.8787"


def monte_carlo(directions: np.ndarray, angle: float) -> float:
    points = fibonacci_directions(400_000)
    return float((points @ directions.T > np.cos(angle)).any(axis=1).mean())


@pytest.mark.parametrize(("n", "coverage", "seed"), [(1, 0.3, 0), (5, 0.3, 1), (12, 0.6, 2), (40, 0.9, 3)])
def test_random_patches_cover_their_union(n: int, coverage: float, seed: int):
    contact = random_patches(BALL, coverage, n=n, seed=seed)
    assert abs(contact.coverage_realised - coverage) < 1e-10
    angle = contact.parameters["polar_angle [rad]"]
    assert monte_carlo(random_directions(n, seed), angle) == pytest.approx(coverage, abs=5e-3)
    assert (contact.weights <= contact.surface_weights * (1 + 1e-9)).all()
    assert contact.facet_fraction.max() <= 1.0


def test_one_random_patch_is_a_cap_about_its_direction():
    direction = random_directions(1, 7)[0]
    contact, expected = random_patches(BALL, 0.25, n=1, seed=7), cap(BALL, 0.25, axis=direction)
    assert np.abs(contact.weights - expected.weights).max() < 1e-12


def test_random_patches_depend_on_the_seed_alone():
    first, again, other = (random_patches(COARSE, 0.3, n=5, seed=s) for s in (4, 4, 5))
    assert (first.weights == again.weights).all()
    assert np.abs(first.weights - other.weights).max() > 0.0


def test_random_patches_may_cover_everything():
    assert (random_patches(COARSE, 1.0, n=3).weights == full(COARSE).weights).all()


def _moments(contact: ContactMap, mesh: ParticleMesh) -> np.ndarray:
    return contact.weights @ mesh.points / contact.area


def test_a_tilted_cap_differs_by_less_than_the_discretisation():
    for mesh, limit in ((COARSE, 2e-3), (BALL, 1e-3)):
        upright = np.linalg.norm(_moments(cap(mesh, 0.2), mesh))
        for axis in ((1, 0, 0), (0.3, 0.4, -0.9), (1, 1, 1)):
            contact = cap(mesh, 0.2, axis=axis)
            centre = _moments(contact, mesh)
            assert np.linalg.norm(centre) == pytest.approx(upright, abs=limit)
            assert centre / np.linalg.norm(centre) @ np.array(axis) / np.linalg.norm(axis) > 1 - 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "number of patches"),
        ({"n": 2.5}, "number of patches"),
        ({"n": True}, "number of patches"),
        ({"n": 10**7}, "number of patches"),
        ({"coverage": 0.0}, "out of range"),
        ({"axis": (0, 0, 0)}, "not a direction"),
    ],
)
def test_bad_patches_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        patches(COARSE, **({"coverage": 0.1} | arguments))


@pytest.mark.parametrize("seed", [-1, 0.5, True, "one"])
def test_bad_seeds_are_refused(seed: object):
    with pytest.raises(InputError, match="seed"):
        random_patches(COARSE, 0.1, n=3, seed=seed)


def test_patches_need_three_dimensions():
    with pytest.raises(InputError, match="not axisymmetric"):
        patches(load_builtin("sphere-axisymmetric-coarse"), 0.3, n=6)
    with pytest.raises(InputError, match="not axisymmetric"):
        random_patches(load_builtin("sphere-radial-default"), 0.3, n=6)
