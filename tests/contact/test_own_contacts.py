"""Contacts that a user gives: a function, an array, a map of directions, patches by direction and size."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import asyncsoc as aso
from asyncsoc.contact.integrals import whole
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.shapes import belt, cap, from_facets
from asyncsoc.geometry.library import load_builtin
from asyncsoc.problem.body import body_of, contact_of

COARSE = load_builtin("sphere-3d-coarse")
PARTICLE = aso.Particle.sphere("5 um", mesh="coarse")
RADIUS = 5e-6
SURFACE = 4.0 * np.pi * RADIUS**2


def case_of(contact: aso.Contact, particle: aso.Particle = PARTICLE, steps: str = "Charge at C/10 for 20 minutes"):
    return aso.Case.from_objects(particle, contact, aso.Material(), aso.Protocol.of(steps))


def placed(contact: aso.Contact, particle: aso.Particle = PARTICLE) -> ContactMap:
    case = case_of(contact, particle)
    return contact_of(case, body_of(case)[0])


def directions(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("coverage", [0.03, 0.3, 0.7])
def test_a_function_that_is_a_cap_is_the_built_in_cap(coverage: float):
    axis = np.array([1.0, 2.0, -2.0]) / 3.0
    built_in = cap(PARTICLE.surface(), coverage, axis=axis)
    own = placed(aso.Contact.from_function(lambda points: points @ axis >= 1.0 - 2.0 * coverage, PARTICLE))
    assert abs(own.coverage_realised - coverage) < 1.5e-5  # a sphere against the facets
    assert np.abs(own.weights - built_in.weights).sum() < 5e-3 * built_in.area  # by node; the largest at 3 %
    metres = aso.Contact.from_function(lambda p: p @ axis >= (1.0 - 2.0 * coverage) * RADIUS, PARTICLE, unit="m")
    assert np.abs(placed(metres).weights - own.weights).max() < 1e-9 * built_in.area


@pytest.mark.parametrize("axis", [(0.0, 0.0, 1.0), (1.0, 2.0, -2.0)])
def test_a_plane_through_the_facets_is_integrated_exactly(axis: tuple[float, float, float]):
    own = aso.Particle.from_arrays(COARSE.points * RADIUS, COARSE.cells)
    built_in = cap(own.surface(), 0.3, axis=axis)
    unit = np.asarray(axis) / np.linalg.norm(axis)
    height = built_in.parameters["edge_height [m]"]
    found = placed(aso.Contact.from_function(lambda points: points @ unit >= height, own, unit="m"), own)
    assert abs(found.coverage_realised - 0.3) < 1e-9
    assert np.abs(found.weights - built_in.weights).sum() < 1e-8 * built_in.area


def test_a_smooth_weight_has_the_coverage_of_its_integral():
    contact = placed(aso.Contact.from_function(lambda p: 0.5 + 0.5 * p[:, 2] ** 3, PARTICLE))
    assert abs(contact.coverage_realised - 0.5) < 1e-9
    # integral of z^2 over the sphere is a third of it, and its first moments vanish
    contact = placed(aso.Contact.from_function(lambda p: p[:, 2] ** 2, PARTICLE))
    assert abs(contact.coverage_realised - 1.0 / 3.0) < 1e-3
    assert np.abs(contact.weights @ COARSE.points).max() < 1e-9 * SURFACE


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), sharp=st.booleans())
def test_any_function_gives_a_contact_within_the_surface(seed: int, *, sharp: bool):
    wave = np.random.default_rng(seed).normal(size=(4, 3)) * 3.0

    def weight(points: NDArray[np.float64]) -> NDArray[np.float64]:
        value = np.sin(points @ wave.T).mean(axis=1)
        return value > 0.0 if sharp else 0.5 + 0.5 * value

    contact = placed(aso.Contact.from_function(weight, PARTICLE))
    assert 0.0 < contact.coverage_realised <= 1.0
    assert (contact.weights >= 0.0).all()
    assert (contact.weights <= contact.surface_weights * (1.0 + 1e-12)).all()
    assert 0.0 <= contact.facet_fraction.min() <= contact.facet_fraction.max() <= 1.0
    covered = case_of(aso.Contact.from_function(weight, PARTICLE)).contact.weights
    bare = case_of(
        aso.Contact.from_function(lambda p: 1.0 - np.asarray(weight(p), dtype=float), PARTICLE)
    ).contact.weights
    assert np.abs(covered.values + bare.values - 1.0).max() < (0.02 if sharp else 1e-9)


def test_facet_weights_are_labels():
    weights = np.random.default_rng(1).uniform(size=len(COARSE.facets))
    expected = from_facets(PARTICLE.surface(), weights)
    found = placed(aso.Contact.from_weights(weights, PARTICLE))
    assert (found.weights == expected.weights).all()
    assert found.coverage_realised == expected.coverage_realised
    assert found.facet_fraction == pytest.approx(weights, abs=1e-12)
    own = aso.Particle.from_arrays(COARSE.points * RADIUS, COARSE.cells, COARSE.facets, weights)
    by_labels = aso.simulate(case_of(aso.Contact.labels(), own))
    by_weights = aso.simulate(case_of(aso.Contact.from_weights(weights, own), own))
    for name, values in by_labels.columns.items():
        assert np.allclose(by_weights.columns[name], values, rtol=1e-10, atol=1e-14), name


def test_nodal_weights_are_integrated_as_linear_functions():
    values = 0.5 + 0.5 * COARSE.points[:, 0] / np.abs(COARSE.points[:, 0]).max()
    contact = placed(aso.Contact.from_weights(values, PARTICLE))
    areas, facets = PARTICLE.surface().areas, COARSE.facets
    assert contact.area == pytest.approx(areas @ values[facets].mean(axis=1), rel=1e-12)
    # against the exact mass matrix of a triangle, A/12 (1 + delta)
    expected = np.zeros(COARSE.n_nodes)
    for corner in range(3):
        total = values[facets].sum(axis=1) + values[facets[:, corner]]
        np.add.at(expected, facets[:, corner], areas * total / 12.0)
    assert np.allclose(contact.weights, expected, rtol=1e-12, atol=0.0)


def test_a_case_keeps_the_array_and_its_mesh(tmp_path: Path):
    contact = aso.Contact.from_function(lambda points: points[:, 2] > 0.5, PARTICLE)
    case = case_of(contact)
    assert contact.weights is not None
    assert contact.weights.mesh == "sphere-3d-coarse"
    assert len(contact.weights.sha256 or "") == 64
    assert pickle.loads(pickle.dumps(case)).hash == case.hash
    again = aso.Case.from_text(case.to_toml())
    assert again.hash == case.hash
    assert (placed(again.contact).weights == placed(contact).weights).all()
    solution = aso.simulate(case)
    path = solution.save(tmp_path)
    back = aso.Solution.load(path)
    assert back.contact.kind == "weights"
    assert (back.contact.weights == solution.contact.weights).all()
    assert aso.Case.from_text(back.case_toml).hash == case.hash


@pytest.mark.parametrize("kind", ["npy", "csv", "h5"])
def test_a_file_of_weights_lies_beside_the_case(kind: str, tmp_path: Path):
    weights = (COARSE.points[COARSE.facets].mean(axis=1)[:, 2] > 0.3).astype(float)
    file = tmp_path / f"weights.{kind}"
    if kind == "npy":
        np.save(file, weights)
    elif kind == "csv":
        file.write_text("weights\n" + "\n".join(map(repr, weights.tolist())) + "\n")
    else:
        with h5py.File(file, "w") as stream:
            stream["weights"] = weights
    case = tmp_path / "case.toml"
    case.write_text(
        f'[particle]\nradius = "5 um"\nmesh = "coarse"\n[contact]\nweights = "{file.name}"\n'
        '[protocol]\nsteps = ["Charge at C/10 for 20 minutes"]\n'
    )
    found = aso.Case.from_toml(case)
    expected = aso.Contact.from_weights(weights, PARTICLE)
    assert (placed(found.contact).weights == placed(expected).weights).all()


def test_a_map_of_directions_is_an_image_around_the_particle(tmp_path: Path):
    theta, phi = np.radians(np.arange(0.0, 181.0, 2.0)), np.radians(np.arange(-180.0, 180.0, 2.0))
    weight = np.broadcast_to(0.5 + 0.5 * np.cos(theta)[:, None], (len(theta), len(phi)))
    contact = placed(aso.Contact.from_map(theta, phi, weight))
    own = placed(aso.Contact.from_function(lambda points: 0.5 + 0.5 * points[:, 2], PARTICLE))
    assert np.abs(contact.weights - own.weights).sum() < 2e-4 * own.area  # bilinear on 2 deg: (2 deg)^2/8 = 1.5e-4
    rows = "\n".join(
        f"{np.degrees(t)},{np.degrees(p)},{weight[0, 0] * 0 + 0.5 + 0.5 * np.cos(t)}" for t in theta for p in phi
    )
    (tmp_path / "map.csv").write_text(f"theta [deg], phi [deg], weight\n{rows}\n")
    (tmp_path / "case.toml").write_text(
        '[particle]\nradius = "5 um"\nmesh = "coarse"\n[contact]\nmap = "map.csv"\n'
        '[protocol]\nsteps = ["Rest for 1 hour"]\n'
    )
    read = aso.Case.from_toml(tmp_path / "case.toml")
    assert np.abs(placed(read.contact).weights - contact.weights).max() < 1e-12 * SURFACE
    assert aso.Case.from_text(read.to_toml()).hash == read.hash
    # turned about the axis: the azimuth is periodic
    sector = np.zeros((len(theta), len(phi)))
    sector[:, :45] = 1.0
    for shift in (0, 17, 90):
        turned = placed(aso.Contact.from_map(theta, phi, np.roll(sector, shift, axis=1)))
        assert abs(turned.coverage_realised - 0.25) < 2e-4


@pytest.mark.parametrize(
    "size", [{"coverage": 0.1}, {"angle": 2.0 * np.arcsin(np.sqrt(0.1))}, {"radius": 2.0 * RADIUS * np.sqrt(0.1)}]
)
def test_every_size_of_a_patch_gives_its_coverage(size: dict[str, float]):
    """A cap of half angle t has the share sin^2(t/2) of the sphere, and the area pi a^2 with its straight radius a."""
    contact = placed(aso.Contact.placed([{"direction": [0, 3, 4], **size}]))
    expected = cap(PARTICLE.surface(), 0.1, axis=(0, 3, 4))
    assert abs(contact.coverage_realised - 0.1) < 1e-10
    assert np.abs(contact.weights - expected.weights).max() < 1e-12 * SURFACE


def test_two_opposite_patches_leave_the_belt():
    caps = placed(aso.Contact.placed([{"theta": "0 deg", "coverage": 0.2}, {"theta": "180 deg", "coverage": 0.2}]))
    middle = belt(PARTICLE.surface(), 0.6)
    surface = whole(PARTICLE.surface()).areas.sum()
    assert np.abs(caps.weights + middle.weights - caps.surface_weights).max() < 1e-9 * surface
    assert abs(caps.coverage_realised - 0.4) < 1e-10


@settings(max_examples=15, deadline=None)
@given(
    turn=st.tuples(*[st.floats(-1.0, 1.0)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1),
    sizes=st.tuples(*[st.floats(0.005, 0.12)] * 3),
)
def test_the_coverage_of_patches_does_not_depend_on_how_they_are_turned(turn, sizes):
    from scipy.spatial.transform import Rotation

    axes = Rotation.from_quat(turn).as_matrix()
    patches = [{"direction": axes[k].tolist(), "coverage": size} for k, size in enumerate(sizes)]
    contact = placed(aso.Contact.placed(patches))
    assert abs(contact.coverage_realised - sum(sizes)) < 1e-9
    assert contact.parameters["n"] == 3.0


def test_patches_go_below_the_kind_patches():
    table = {"kind": "patches", "patch": [{"direction": [0, 0, 1], "angle": "20 deg"}]}
    assert aso.Contact(**table) == aso.Contact.placed(table["patch"])
    assert aso.Contact(patch=table["patch"]).kind == "placed"


def test_patches_on_a_particle_of_ones_own_have_their_share_of_its_surface():
    stretched = COARSE.points * RADIUS * np.array([1.0, 1.0, 1.6])
    own = aso.Particle.from_arrays(stretched, COARSE.cells)
    area = own.surface().areas.sum()
    contact = placed(
        aso.Contact.placed([{"direction": [0, 0, 1], "radius": "2 um"}, {"direction": [1, 0, 0], "coverage": 0.1}]), own
    )
    assert contact.area == pytest.approx(np.pi * 4e-12 + 0.1 * area, rel=1e-9)


def test_one_patch_is_charged_as_the_built_in_cap():
    """Voltage and asynchrony of a placed patch: the very cap; of a function: within what two edges on a mesh differ."""
    built_in = aso.simulate(case_of(aso.Contact.cap(0.3), PARTICLE.model_copy(update={"model": "3d"})))
    patch = aso.simulate(case_of(aso.Contact.placed([{"direction": [0, 0, 1], "coverage": 0.3}])))
    function = aso.simulate(case_of(aso.Contact.from_function(lambda points: points[:, 2] >= 0.4, PARTICLE)))
    for name, most in (("Voltage [V]", 5e-6), ("Asynchrony", 5e-6)):
        assert abs(patch.columns[name][-1] - built_in.columns[name][-1]) < 1e-9
        assert abs(function.columns[name][-1] - built_in.columns[name][-1]) < most
