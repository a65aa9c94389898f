"""Contacts on particles that are no spheres: exact coverage, planes about the centre of volume, labels as told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.contact.build import build_contact
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.resolution import facets_across, labelled_patches
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.mesh import ParticleMesh

BALL = ball_mesh(10, 0.1, 1.5)


def pear() -> ParticleMesh:
    """A ball drawn out to one side: its centre of volume is not the middle of its height."""
    x, y, z = BALL.points.T
    grown = 0.3 + 0.35 * (1.0 + z)
    return replace(BALL, points=np.stack([0.7 * x * grown, 0.9 * y * grown, 3.0 * z], axis=1) * 4e-6)


PEAR = pear()


def heights(contact: ContactMap) -> np.ndarray:
    """Heights of facets that lie wholly in contact."""
    inside = contact.facet_fraction > 1.0 - 1e-9
    return PEAR.points[PEAR.facets[inside]][:, :, 2]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("cap", {}),
        ("cap", {"axis": (1.0, 2.0, -1.0)}),
        ("belt", {}),
        ("belt", {"axis": (1.0, 0.0, 0.0)}),
        ("patches", {"n": 4}),
        ("random", {"n": 5, "seed": 2}),
    ],
)
@pytest.mark.parametrize("coverage", [0.05, 0.3])
def test_coverage_is_exact(kind: str, options: dict[str, object], coverage: float):
    contact = build_contact(PEAR, kind, coverage, **options)
    assert contact.coverage_realised == pytest.approx(coverage, abs=1e-9)
    assert contact.weights.sum() == pytest.approx(coverage * contact.surface_weights.sum(), rel=1e-8)


def test_a_belt_lies_about_the_centre_of_volume():
    contact = build_contact(PEAR, "belt", 0.3)
    cells = PEAR.points[PEAR.cells]
    volumes = np.linalg.det(cells[:, 1:] - cells[:, :1]) / 6.0
    centre = float(volumes @ cells.mean(axis=1)[:, 2] / volumes.sum())
    low, high = heights(contact).min(), heights(contact).max()
    edge = np.ptp(PEAR.points[PEAR.facets][:, :, 2], axis=1).max()
    assert 0.5 * (low + high) == pytest.approx(centre, abs=edge)
    assert abs(centre - 0.5 * (PEAR.points[:, 2].min() + PEAR.points[:, 2].max())) > 1.5 * edge


def test_a_belt_may_reach_beyond_one_end():
    contact = build_contact(PEAR, "belt", 0.97)
    assert contact.coverage_realised == pytest.approx(0.97, abs=1e-9)


def test_moving_the_particle_moves_its_contact():
    moved = replace(PEAR, points=PEAR.points + np.array([3e-6, -2e-6, 5e-6]))
    for kind, options in (("cap", {}), ("belt", {}), ("patches", {"n": 4}), ("random", {"n": 5, "seed": 2})):
        here, there = (build_contact(mesh, kind, 0.2, **options) for mesh in (PEAR, moved))
        assert np.abs(here.weights - there.weights).max() < 1e-9 * here.surface_weights.max()


def test_labelled_patches_are_counted():
    middle = BALL.points[BALL.facets].mean(axis=1)
    ends = np.where(np.abs(middle[:, 2]) > 0.8, 1.0, 0.0)
    assert labelled_patches(build_contact(BALL, "labels", fraction=ends), BALL) == 2
    assert labelled_patches(build_contact(BALL, "labels", fraction=0.3 * ends), BALL) == 2
    one = build_contact(BALL, "labels", fraction=np.where(middle[:, 2] > 0.8, 1.0, 0.0))
    two = build_contact(BALL, "labels", fraction=ends)
    assert facets_across(one, BALL) == pytest.approx(facets_across(two, BALL), rel=0.05)
