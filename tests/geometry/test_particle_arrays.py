"""Particles from arrays: sound ones pass whatever their numbering, each kind of broken one is one clear error."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from broken_meshes import BROKEN, CELLS, FACETS, GOOD, POINTS

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.contact.build import build_contact
from asyncsoc.contact.labels import contact_fraction
from asyncsoc.geometry.from_arrays import from_arrays
from asyncsoc.geometry.measure import cell_measures, facet_areas
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.soundness import check_particle, equal_sphere_diameter

SIZE = 1e-6


def good(**changes: object) -> ParticleMesh:
    draft = {"points": POINTS * SIZE, "cells": CELLS, "facets": FACETS, "weights": GOOD.weights} | changes
    return from_arrays(**draft)


def coverage(labelled: ParticleMesh) -> float:
    return build_contact(labelled, "labels", fraction=contact_fraction(labelled)).coverage_realised


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_mesh_is_one_clear_error(kind: str):
    make, message = BROKEN[kind]
    draft = make()
    facets, weights = (draft.facets, draft.weights) if len(draft.facets) else (None, None)
    with pytest.raises(InputError, match=message) as caught, np.errstate(invalid="ignore", over="ignore"):
        coverage(aso.Particle.from_arrays(draft.points * SIZE, draft.cells, facets, weights).labelled)
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 700


def test_numbering_and_orientation_are_the_callers_own():
    rng = np.random.default_rng(1)
    place = rng.permutation(len(POINTS))
    points = np.empty_like(POINTS)
    points[place] = POINTS
    cells = place[CELLS][rng.permutation(len(CELLS))]
    cells = np.array([rng.permutation(cell) for cell in cells])
    order = rng.permutation(len(FACETS))
    turned = np.array([rng.permutation(facet) for facet in place[FACETS][order]])
    other = from_arrays(points * SIZE, cells, turned, GOOD.weights[order])
    assert (cell_measures(other) > 0.0).all()
    assert coverage(other) == pytest.approx(coverage(good()), rel=1e-14)
    assert other.labelled_sha256 != good().labelled_sha256


def test_weights_reach_their_facets():
    labelled = good()
    middle = labelled.points[labelled.facets].mean(axis=1)[:, 2]
    assert (labelled.labels.weights["contact"] == (middle > 1.0 * SIZE)).all()
    areas = facet_areas(labelled)
    assert coverage(labelled) == pytest.approx(areas[middle > 1.0 * SIZE].sum() / areas.sum(), rel=1e-14)


def test_several_labels():
    labelled = good(weights={"active": 0.25 + 0.0 * GOOD.weights, "inactive": 0.5 + 0.0 * GOOD.weights})
    assert labelled.labels.choices == ("active", "inactive")
    assert coverage(labelled) == pytest.approx(0.25)
    assert contact_fraction(labelled, ["active", "inactive"]) == pytest.approx(0.75)
    assert contact_fraction(labelled, ["inactive", "inactive", "active"]).max() == 1.0


def test_without_labels_another_contact_serves():
    labelled = good(facets=None, weights=None)
    assert build_contact(labelled, "cap", 0.3).coverage_realised == pytest.approx(0.3, abs=1e-10)
    with pytest.raises(InputError, match="no facet of the mesh has a label"):
        contact_fraction(labelled)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": "here"}, "points are not numbers"),
        ({"points": POINTS[:, :2]}, "points have the wrong shape"),
        ({"points": POINTS[:0]}, "no points"),
        ({"cells": CELLS[:, :3]}, "cells have the wrong shape"),
        ({"cells": CELLS[:0]}, "no cells"),
        ({"cells": CELLS + 0.5}, "whole numbers"),
        ({"cells": CELLS == 1}, "whole numbers"),
        ({"facets": None}, "belong together"),
        ({"weights": None}, "belong together"),
        ({"facets": FACETS[:, :2]}, "facets have the wrong shape"),
        ({"weights": GOOD.weights[1:]}, "do not match"),
        ({"weights": "all"}, "not numbers"),
        ({"weights": {"contact": [1.0]}}, "do not match"),
    ],
)
def test_wrong_arguments(changes: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        good(**changes)


def test_the_hash_sees_mesh_and_labels():
    first = good()
    assert first.labelled_sha256 == good().labelled_sha256
    assert first.labelled_sha256 != good(points=POINTS * SIZE * 1.001).labelled_sha256
    assert first.labelled_sha256 != good(weights=0.5 * GOOD.weights).labelled_sha256
    assert first.labelled_sha256 != good(weights={"other": GOOD.weights}).labelled_sha256


def test_a_particle_travels_to_another_process():
    back = pickle.loads(pickle.dumps(good()))
    assert back.labelled_sha256 == good().labelled_sha256
    with pytest.raises(ValueError, match="read-only"):
        back.labels.weights["contact"][0] = 0.5


def test_a_label_that_does_not_fit_the_surface_is_refused():
    mesh = good()
    with pytest.raises(InputError, match="does not match the surface"):
        replace(mesh, labels=FacetLabels({"contact": np.ones(3)}))


def test_size_limits_are_those_of_the_equal_sphere():
    mesh = good()
    assert equal_sphere_diameter(mesh) == pytest.approx(10e-6, rel=1e-12)
    check_particle(mesh.scaled(1e-4 * 1.0001))
    check_particle(mesh.scaled(100.0 * 0.9999))
    for factor in (1e-4 * 0.999, 100.0 * 1.001):
        with pytest.raises(InputError, match="across"):
            check_particle(mesh.scaled(factor))
