"""Grains of a case: what a run with them gives, on which model it runs, what of it is kept, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.grain_boundaries import doubled
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import write_particle
from asyncsoc.geometry.voronoi import textured_axes, voronoi_grains
from asyncsoc.problem.body import body_of, contact_of, mesh_key
from asyncsoc.problem.grains import AXIS, GRAIN, TENSOR, with_grains
from asyncsoc.recorders.mesh_error import Recovery


def case(grains: dict[str, Any] | None, shape: dict[str, Any] | None = None, **contact: Any) -> aso.Case:
    particle = {"radius": "5 um", "mesh": "coarse"} if shape is None else shape
    return aso.Case.from_dict(
        {
            "particle": particle if grains is None else {**particle, "grains": grains},
            "contact": contact or {"kind": "cap", "coverage": 0.3},
            "protocol": {"steps": ["Charge at C/5 for 10 minutes"]},
        }
    )


def test_without_anisotropy_every_bit_is_that_of_no_grains() -> None:
    solid = {"radius": "5 um", "mesh": "coarse", "model": "3d", "edge_levels": 0}
    plain = aso.simulate(case(None, solid))
    for grains in ({"kind": "random", "number": 30, "anisotropy": 1}, {"kind": "radial", "anisotropy": 1}):
        same = aso.simulate(case(grains, solid))
        for name in plain.curves:
            np.testing.assert_array_equal(same.curves[name], plain.curves[name])


def test_grains_are_part_of_the_case() -> None:
    hashes = {case(None).hash}
    for change in ({}, {"seed": 1}, {"number": 31}, {"anisotropy": 11}, {"diffusivity": "along"}, {"kind": "radial"}):
        hashes.add(case({"kind": "random", "number": 30, "anisotropy": 10, **change}).hash)
    assert len(hashes) == 7
    one = case({"kind": "random", "number": 30, "anisotropy": 10})
    assert aso.Case.from_text(one.to_toml()).hash == one.hash
    assert one.with_overrides(["particle.grains.seed=1"]).particle.grains.seed == 1
    assert mesh_key(one) != mesh_key(one.with_overrides(["particle.grains.seed=1"]))


@pytest.mark.parametrize(
    ("grains", "contact", "model"),
    [
        ({"kind": "radial"}, {"kind": "full"}, "radial"),
        ({"kind": "tangential"}, {"kind": "cap", "coverage": 0.2}, "axisymmetric"),
        ({"kind": "aligned"}, {"kind": "full"}, "axisymmetric"),
        ({"kind": "aligned", "axis": [1, 0, 0]}, {"kind": "full"}, "3d"),
        ({"kind": "radial", "size": "2 um"}, {"kind": "full"}, "3d"),
        ({"kind": "random", "number": 9}, {"kind": "cap", "coverage": 0.2}, "3d"),
    ],
)
def test_the_model_has_the_symmetry_of_the_grains(grains: dict[str, Any], contact: dict[str, Any], model: str) -> None:
    assert case({**grains, "anisotropy": 10}, **contact).model == model


def test_one_model_agrees_with_the_other() -> None:
    """A crystal along z, f = 1: axisymmetric and three-dimensional runs are of one particle."""
    grains = {"kind": "aligned", "anisotropy": 10}
    ends = []
    for model in ("axisymmetric", "3d"):
        found = aso.simulate(case(grains, {"radius": "5 um", "model": model}, kind="full")).curves
        ends.append(float(found["Asynchrony"][-1]))
    assert ends[0] == pytest.approx(ends[1], rel=0.03)


def test_results_hold_the_grains(tmp_path: Path) -> None:
    found = aso.simulate(case({"kind": "random", "number": 30, "anisotropy": 10}))
    again = aso.Solution.load(found.save(tmp_path))
    for name, shape in ((GRAIN, ()), (AXIS, (3,)), (TENSOR, (3, 3))):
        assert again.mesh.cell_data[name].shape == (len(again.mesh.cells), *shape)
        np.testing.assert_array_equal(again.mesh.cell_data[name], found.mesh.cell_data[name])
    assert 20 < len(np.unique(again.mesh.cell_data[GRAIN])) <= 30
    np.testing.assert_allclose(np.trace(found.mesh.cell_data[TENSOR], axis1=1, axis2=2), 3.0, rtol=1e-14)


def test_textures_are_what_their_names_say() -> None:
    places = np.random.default_rng(1).standard_normal((400, 3))
    outwards = places / np.linalg.norm(places, axis=1, keepdims=True)
    cosines = {}
    for texture in ("radial", "tangential", "random"):
        axes = textured_axes(texture, places, np.random.default_rng(2))
        np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1.0, rtol=1e-14)
        cosines[texture] = np.abs((axes * outwards).sum(axis=1))
    assert cosines["radial"].max() < 1e-14
    assert cosines["tangential"].min() > 1.0 - 1e-14
    assert cosines["random"].mean() == pytest.approx(0.5, abs=0.05)  # uniform on the sphere


def test_grains_fill_the_particle_alike() -> None:
    mesh = load_builtin("sphere-3d-coarse")
    grain = voronoi_grains(mesh, 25, np.random.default_rng(0))
    assert np.array_equal(np.unique(grain), np.arange(25))
    assert np.array_equal(grain, voronoi_grains(mesh, 25, np.random.default_rng(0)))
    assert not np.array_equal(grain, voronoi_grains(mesh, 25, np.random.default_rng(1)))


def test_an_array_on_the_mesh_of_a_file_is_one_on_its_grains(tmp_path: Path) -> None:
    write_particle(load_builtin("sphere-3d-coarse").scaled(4e-6), tmp_path / "ball.vtu")
    particle = aso.Particle.from_file(tmp_path / "ball.vtu", "m")
    contact = aso.Contact.from_function(lambda points: points[:, 2] > 0.5, particle)
    protocol = aso.Protocol.of("Charge at C/5 for 1 minute")
    plain = aso.Case.from_objects(particle, contact, aso.Material(), protocol)
    grains = "particle.grains={kind = 'random', number = 20, anisotropy = 10, boundary_exchange = 0}"
    areas = [contact_of(case, body_of(case)[0]).area for case in (plain, plain.with_overrides([grains]))]
    assert areas[1] == pytest.approx(areas[0], rel=1e-12)


def test_an_electrode_of_textured_particles() -> None:
    """Spheres share a mesh with a texture; layers across the radius cost voltage, and radial ones gain a little."""
    volts: dict[str | None, float] = {}
    kinds: tuple[str | None, ...] = ("radial", "tangential", None)
    for kind in kinds:
        grains = {} if kind is None else {"grains": {"kind": kind, "anisotropy": 10}}
        case = aso.Case.from_dict(
            {
                "particle": {"mesh": "coarse", **grains},
                "electrode": {"loading": "12 mg/cm2", "thickness": "60 um", "particles": 3, "coverage": 0.3},
                "protocol": {"steps": ["Charge at C/10 for 30 minutes"]},
            }
        )
        volts[kind] = float(aso.simulate(case).curves["Voltage [V]"][-1])
    assert volts["tangential"] - volts[None] > 0.02
    assert abs(volts["radial"] - volts[None]) < 0.25 * (volts["tangential"] - volts[None])


def test_the_error_of_the_mesh_is_estimated_within_grains() -> None:
    """x is continuous and its gradient jumps from grain to grain: that is no error of the mesh."""
    mesh = load_builtin("sphere-3d-coarse")
    grained = with_grains(mesh, aso.Grains(kind="random", number=30, anisotropy=10))
    numbers = grained.cell_data[GRAIN].astype(int)
    slopes = np.random.default_rng(1).standard_normal((numbers.max() + 1, 3))
    split, pairs = doubled(grained, numbers)
    field = np.empty(split.n_nodes)
    field[split.cells] = np.einsum("ckd,cd->ck", split.points[split.cells], slopes[numbers])
    assert Recovery(split).relative_error(field) < 1e-20
    assert len(pairs.nodes) > 100


def test_grains_of_a_size_are_so_many() -> None:
    """4 pi/3 (5 um)^3 over (2 um)^3 is 65."""
    mesh = body_of(case({"kind": "random", "size": "2 um", "anisotropy": 10}))[0]
    assert 55 <= len(np.unique(mesh.cell_data[GRAIN])) <= 65
    larger = body_of(case({"kind": "random", "size": "2 um", "anisotropy": 10}, {"radius": "10 um", "mesh": "coarse"}))[
        0
    ]
    assert 400 <= len(np.unique(larger.cell_data[GRAIN])) <= 524


def test_grains_of_the_cells_of_a_mesh_file(tmp_path: Path) -> None:
    ball = load_builtin("sphere-3d-coarse").scaled(4e-6)
    grained = with_grains(ball, aso.Grains(kind="random", number=20, anisotropy=10))
    carried = {GRAIN: grained.cell_data[GRAIN], AXIS: grained.cell_data[AXIS]}
    write_particle(
        ParticleMesh(ball.points, ball.cells, ball.facets, "cartesian", "ball", carried), tmp_path / "ball.vtu"
    )
    shape = {"shape": "mesh", "file": str(tmp_path / "ball.vtu"), "length_unit": "m"}
    mesh = body_of(case({"kind": "mesh", "anisotropy": 10}, shape))[0]
    np.testing.assert_allclose(mesh.cell_data[TENSOR], grained.cell_data[TENSOR], rtol=1e-12, atol=1e-14)
    write_particle(ball, tmp_path / "plain.vtu")
    shape["file"] = str(tmp_path / "plain.vtu")
    with pytest.raises(InputError, match="cells carry no grain"):
        body_of(case({"kind": "mesh", "anisotropy": 10}, shape))


@pytest.mark.parametrize(
    ("grains", "says"),
    [
        ({"kind": "random", "anisotropy": 10}, "need their number or size"),
        ({"kind": "random", "number": 3, "size": "1 um", "anisotropy": 10}, "number or a size, not both"),
        ({"kind": "random", "number": 0, "anisotropy": 10}, "out of range"),
        ({"kind": "random", "number": 3, "anisotropy": 0}, "out of range"),
        ({"kind": "random", "number": 3}, "anisotropy"),
        ({"kind": "aligned", "number": 3, "anisotropy": 10}, "'aligned' have no number"),
        ({"kind": "aligned", "axis": [0, 0, 0], "anisotropy": 10}, "an axis has a direction"),
        ({"kind": "radial", "anisotropy": 10, "boundary_exchange": 0}, "only grains that are resolved"),
        ({"kind": "volume", "anisotropy": 10}, "measured grains need their labels"),
        ({"kind": "volume", "labels": "no.npy", "orientations": "no.csv", "anisotropy": 10}, "no such file"),
        ({"kind": "mesh", "anisotropy": 10}, "need a mesh file"),
        ({"kind": "rando", "number": 3, "anisotropy": 10}, "random"),
    ],
)
def test_what_is_no_description_is_refused(grains: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        case(grains)


def test_grains_that_a_mesh_cannot_hold_are_refused() -> None:
    with pytest.raises(InputError, match="too few cells for its grains"):
        body_of(case({"kind": "random", "number": 100_000, "anisotropy": 10}))
    with pytest.raises(InputError, match=r"cannot represent this particle's grains \(random\)"):
        case({"kind": "random", "number": 9, "anisotropy": 10}, {"model": "axisymmetric"}, kind="full")
