from __future__ import annotations

import math

import numpy as np
import pytest

from asyncsoc.contact import shapes
from asyncsoc.geometry.library import load_builtin
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders.far_side import far_side


@pytest.fixture(scope="module")
def mesh():
    return load_builtin("sphere-axisymmetric-coarse")


@pytest.mark.parametrize("coverage", [0.05, 0.3, 0.9])
def test_far_side_of_a_cap_is_its_antipole(mesh, coverage):
    contact = shapes.cap(mesh, coverage)
    far = far_side(mesh, contact)
    pole = mesh.points[np.argmax(contact.weights @ mesh.points[:, 1] * mesh.points[:, 1])]
    np.testing.assert_allclose(mesh.points[far.nodes], [-pole], atol=1e-12)
    assert far.shares.sum() == pytest.approx(1.0)


def test_far_side_of_a_belt_is_both_poles(mesh):
    far = far_side(mesh, shapes.belt(mesh, 0.3))
    heights = np.sort(mesh.points[far.nodes, 1])
    np.testing.assert_allclose(heights, [-1.0, 1.0], rtol=1e-4)
    values = np.zeros(mesh.n_nodes)
    values[far.nodes] = [0.2, 0.6]
    assert far.mean(values) == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["sphere-axisymmetric-coarse", "sphere-radial-default"])
def test_without_free_surface_the_far_side_is_the_surface(name):
    mesh = load_builtin(name)
    contact = shapes.full(mesh)
    far = far_side(mesh, contact)
    assert set(far.nodes) == set(np.unique(mesh.facets))
    x = mesh.points[:, -1]
    assert far.mean(x) == pytest.approx(float(contact.weights @ x / contact.area))


@pytest.mark.parametrize(("x", "ratio"), [(0.438, 1.37), (0.557, 0.75), (0.95, 0.0), (0.1, math.inf)])
def test_ratio_follows_the_charge_balance(x, ratio):
    assert float(VALENCE.ratio_or_infinite(x)) == pytest.approx(ratio, abs=0.01)
