from __future__ import annotations

import math

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.contact.build import build_contact, contact_kinds, contact_options
from asyncsoc.contact.resolution import facets_across, resolution_warning
from asyncsoc.contact.shapes import belt, cap, full
from asyncsoc.geometry.library import load_builtin

RADIAL = load_builtin("sphere-radial-default")
RIM = load_builtin("sphere-axisymmetric-default")
BALL = load_builtin("sphere-3d-coarse")


@pytest.mark.parametrize("kind", ["full", "cap", "belt", "patches", "random"])
def test_every_kind_is_built_by_name(kind: str):
    coverage = 1.0 if kind == "full" else 0.3
    contact = build_contact(BALL, kind, coverage)
    assert contact.kind == kind
    assert contact.coverage_realised == pytest.approx(coverage, abs=1e-10)
    assert kind in contact_kinds()


def test_options_reach_the_contact():
    assert contact_options("random") == ("n", "seed")
    contact = build_contact(BALL, "random", 0.3, n=4, seed=9)
    assert contact.parameters["n"] == 4.0
    assert contact.parameters["seed"] == 9.0
    labelled = build_contact(BALL, "labels", fraction=np.full(len(BALL.facets), 0.25))
    assert labelled.coverage_realised == pytest.approx(0.25)


@pytest.mark.parametrize(
    "coverage", [0.0, -0.1, 1.0000001, float("nan"), float("inf"), -float("inf"), "0.3", None, True, 0.3 + 0j]
)
@pytest.mark.parametrize("kind", ["full", "cap", "belt", "patches", "random"])
def test_coverage_outside_its_range_is_refused(kind: str, coverage: object):
    with pytest.raises(InputError, match="coverage") as caught:
        build_contact(BALL, kind, coverage)
    assert "(0, 1]" in caught.value.allowed


@pytest.mark.parametrize("kind", ["cap", "belt"])
def test_radial_mesh_takes_full_contact_only_and_says_what_to_use(kind: str):
    with pytest.raises(InputError) as caught:
        build_contact(RADIAL, kind, 0.5)
    assert "axisymmetric" in caught.value.next_step
    assert (build_contact(RADIAL, kind, 1.0).weights == full(RADIAL).weights).all()


def test_full_contact_of_half_the_surface_is_a_contradiction():
    with pytest.raises(InputError, match="full contact has coverage 1") as caught:
        build_contact(RIM, "full", 0.5)
    assert "cap" in caught.value.next_step


def test_unknown_kind_and_option_get_a_suggestion():
    with pytest.raises(InputError) as caught:
        build_contact(RIM, "patch", 0.5)
    assert caught.value.nearest == "patches"
    with pytest.raises(InputError) as caught:
        build_contact(BALL, "random", 0.5, sead=3)
    assert caught.value.nearest == "seed"
    with pytest.raises(InputError, match="no option"):
        build_contact(RIM, "full", 1.0, n=3)


def test_labels_need_their_fractions():
    with pytest.raises(InputError, match="fraction"):
        build_contact(BALL, "labels")


@pytest.mark.parametrize("axis", [(0, 0, 0), (1, 2), "z", (1, float("nan"), 0), None])
def test_axis_must_be_a_direction(axis: object):
    if axis is None:
        assert cap(BALL, 0.3, axis=None).parameters["axis z"] == 1.0
        return
    with pytest.raises(InputError, match="axis"):
        cap(BALL, 0.3, axis=axis)


def test_huge_and_tiny_axes_are_directions():
    expected = cap(BALL, 0.3, axis=(1, 2, 3)).weights
    for scale in (1e-200, 1e200):
        assert np.allclose(cap(BALL, 0.3, axis=(scale, 2 * scale, 3 * scale)).weights, expected, atol=1e-14)


def test_axisymmetric_mesh_keeps_its_axis():
    with pytest.raises(InputError, match="its own axis"):
        cap(RIM, 0.3, axis=(1, 0, 0))


def test_facets_across_counts_the_profile():
    assert facets_across(cap(RIM, 0.05), RIM) == pytest.approx(math.acos(0.9) / 0.0075, rel=0.01)
    assert facets_across(belt(RIM, 0.1), RIM) == pytest.approx(2 * math.asin(0.1) / 0.0075, rel=0.01)
    assert facets_across(full(RIM), RIM) == math.inf
    assert facets_across(full(RADIAL), RADIAL) == math.inf


def test_facets_across_in_three_dimensions_agrees_with_the_radius():
    spacing = 0.12
    assert facets_across(cap(BALL, 0.1), BALL) == pytest.approx(2 * math.sqrt(0.1) / spacing, rel=0.1)
    assert facets_across(belt(BALL, 0.3), BALL) == pytest.approx(0.6 / spacing, rel=0.1)
    many = build_contact(BALL, "patches", 0.4, n=4)
    assert facets_across(many, BALL) == pytest.approx(2 * math.sqrt(0.1) / spacing, rel=0.1)


def test_warning_comes_exactly_where_the_contact_is_coarse():
    assert resolution_warning(cap(RIM, 0.05), RIM) is None
    message = resolution_warning(cap(RIM, 1e-4), RIM)
    assert message is not None
    assert "2.6 surface facets" in message
    assert resolution_warning(cap(RIM, 1e-4), RIM, fewest=2.0) is None
