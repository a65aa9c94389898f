"""Tagged particles: made from arrays, written, read by others and by us, in sets."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.from_arrays import from_arrays as any_from_arrays
from asyncsoc.geometry.labels import CLASS_ARRAY, FACET_CLASSES, class_weights
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import read_particle, write_particle
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.meshing import MeshSettings, mesh_particles
from asyncsoc.tomography.particle_set import MANIFEST, ParticleSet, read_set, write_set
from asyncsoc.tomography.split import particles_from_ids
from asyncsoc.tomography.synthetic import sphere_pack

from_arrays = partial(any_from_arrays, classes=True)
POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], float)
CELLS = np.array([[0, 1, 2, 4], [3, 2, 1, 7], [5, 4, 7, 1], [6, 7, 4, 2], [1, 2, 4, 7]])
CELLS[cell_measures(ParticleMesh(POINTS, CELLS, CELLS[:1, :3], "cartesian")) < 0] = CELLS[
    cell_measures(ParticleMesh(POINTS, CELLS, CELLS[:1, :3], "cartesian")) < 0
][:, [0, 2, 1, 3]]
FACETS = surface_facets(POINTS, CELLS, "cartesian")
TOP = (POINTS[FACETS][:, :, 2] == 1).all(axis=1)


@pytest.fixture
def cube() -> ParticleMesh:
    weights = np.where(TOP, 1.0, 0.0)
    weights[np.argmin(TOP)] = 0.25
    statistics = {"coverage": 0.2, "note": "cube", "list": [1, 2.5], "nothing": float("nan")}
    return from_arrays(POINTS, CELLS, FACETS, weights=weights, scale=1e-6, name="cube", record=statistics)


def test_from_arrays_scales_orients_and_names(cube: ParticleMesh) -> None:
    assert cube.points.max() == 1e-6
    assert cube.area("active") == pytest.approx(1.125e-12)
    assert cube.coverage == pytest.approx(1.125 / 6)
    assert cube.area("active", hard=True) == pytest.approx(1e-12)
    assert cube.tagged("active").sum() + cube.tagged("inactive").sum() == len(FACETS)
    assert not cube.weight("active").flags.writeable
    inverted = from_arrays(POINTS, CELLS[:, [1, 0, 2, 3]], FACETS[:, ::-1], weights=np.where(TOP, 1.0, 0.0))
    assert cell_measures(inverted).min() > 0
    assert inverted.area("active") == pytest.approx(1.0)


def test_every_form_of_labels_gives_the_same() -> None:
    order = np.random.default_rng(0).permutation(len(FACETS))
    facets, top = FACETS[order], TOP[order]
    full = np.zeros((len(facets), 4))
    full[np.arange(len(facets)), np.where(top, 1, 0)] = 1.0
    forms = [
        {"weights": top.astype(float)},
        {"weights": full},
        {"weights": {"active": top.astype(float)}},
        {"tags": np.where(top, "active", "inactive")},
        {"tags": {"active": np.flatnonzero(top)}},
    ]
    made = [from_arrays(POINTS, CELLS, facets, **form) for form in forms]
    for other in made[1:]:
        assert np.array_equal(class_weights(other), class_weights(made[0]))
        assert np.array_equal(other.labels.tags[CLASS_ARRAY], made[0].labels.tags[CLASS_ARRAY])
        assert other.sha256 == made[0].sha256
    contact = from_arrays(
        POINTS, CELLS, facets, tags={"active": np.flatnonzero(top), "particle-contact": [int(np.argmin(top))]}
    )
    assert contact.area("particle-contact") == pytest.approx(0.5)
    assert contact.coverage == pytest.approx(1 / 5.5)


N = len(FACETS)
BAD = {
    "neither": ({}, "either weights or tags"),
    "both": ({"weights": np.zeros(N), "tags": ["active"] * N}, "either weights or tags"),
    "short weights": ({"weights": np.zeros(3)}, "do not match"),
    "weight above one": ({"weights": np.full(N, 1.5)}, "not a share"),
    "weight nan": ({"weights": np.full(N, np.nan)}, "not a share"),
    "rows not adding up": ({"weights": np.full((N, 4), 0.3)}, "not shares"),
    "negative share": ({"weights": np.tile([-0.5, 1.5, 0, 0], (N, 1))}, "not shares"),
    "two classes over one": ({"weights": {"active": np.ones(N), "cut": np.ones(N)}}, "not shares"),
    "unknown tag": ({"tags": ["aktive"] * N}, "did you mean: active"),
    "tag twice": ({"tags": {"active": [0, 1], "cut": [1]}}, "two tags"),
    "tag outside": ({"tags": {"active": [999]}}, "does not exist"),
    "few tags": ({"tags": ["active"]}, "do not match"),
    "missing facet": ({"facets": FACETS[1:], "weights": np.zeros(N - 1)}, "no label"),
    "double facet": ({"facets": np.concatenate([FACETS[:-1], FACETS[:1]]), "weights": np.zeros(N)}, "twice"),
    "inner facet": ({"facets": np.concatenate([FACETS, [[1, 2, 4]]]), "weights": np.zeros(N + 1)}, "lie inside"),
    "flat facets": ({"facets": FACETS.ravel(), "weights": np.zeros(N)}, "wrong shape"),
    "scale": ({"weights": np.zeros(N), "scale": -1.0}, "scale must be positive"),
    "points nan": ({"points": np.full((8, 3), np.nan), "weights": np.zeros(N)}, "not finite"),
    "points flat": ({"points": POINTS[:, :2], "weights": np.zeros(N)}, "wrong shape"),
    "text": ({"points": [["a"]], "weights": np.zeros(N)}, "not numbers"),
    "cells outside": ({"cells": CELLS + 5, "weights": np.zeros(N)}, "does not exist"),
    "cells not whole": ({"cells": CELLS + 0.5, "weights": np.zeros(N)}, "whole numbers"),
    "triangles": ({"cells": CELLS[:, :3], "weights": np.zeros(N)}, "wrong shape"),
    "flat cell": ({"points": POINTS * [1, 1, 0], "weights": np.zeros(N)}, "another one lies"),
    "two bodies": (
        {
            "points": np.concatenate([POINTS, POINTS + 3]),
            "cells": np.concatenate([CELLS, CELLS + 8]),
            "facets": None,
            "weights": np.zeros(2 * N),
        },
        "unconnected",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_give_one_clear_error(name: str) -> None:
    change, message = BAD[name]
    with pytest.raises(InputError, match=message):
        from_arrays(**{"points": POINTS, "cells": CELLS, "facets": FACETS, **change})


@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf"])
def test_round_trip_is_exact(cube: ParticleMesh, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"p{suffix}"
    write_particle(cube, path)
    again = read_particle(path)
    assert again.sha256 == cube.sha256
    assert again.name == "cube"
    assert np.array_equal(again.labels.tags[CLASS_ARRAY], cube.labels.tags[CLASS_ARRAY])
    assert np.array_equal(class_weights(again), class_weights(cube))
    assert again.record == {"coverage": 0.2, "note": "cube", "list": [1, 2.5], "nothing": None}
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "no temporary file is left"


def test_other_programs_read_the_files(cube: ParticleMesh, tmp_path: Path) -> None:
    meshio = pytest.importorskip("meshio")
    pytest.importorskip("vtkmodules")
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

    for suffix, reader in ((".vtu", vtkXMLUnstructuredGridReader()), (".vtkhdf", vtkHDFReader())):
        path = tmp_path / f"p{suffix}"
        write_particle(cube, path)
        reader.SetFileName(str(path))
        reader.Update()
        grid = reader.GetOutput()
        assert grid.GetNumberOfCells() == len(CELLS) + len(FACETS)
        weight = vtk_to_numpy(grid.GetCellData().GetArray("weight of active"))
        assert np.array_equal(weight[len(CELLS) :], cube.weight("active"))
    mesh = meshio.read(tmp_path / "p.vtu")
    assert np.array_equal(mesh.cells_dict["tetra"], cube.cells)
    assert np.array_equal(mesh.cells_dict["triangle"], cube.facets)
    assert np.array_equal(mesh.points, cube.points)


def test_a_file_without_the_record_is_read_as_any_mesh(cube: ParticleMesh, tmp_path: Path) -> None:
    write_particle(cube, tmp_path / "p.vtu")
    text = (tmp_path / "p.vtu").read_text()
    start, stop = text.index("<FieldData>"), text.index("</FieldData>") + len("</FieldData>")
    (tmp_path / "q.vtu").write_text(text[:start] + text[stop:])
    mesh = read_particle(tmp_path / "q.vtu")
    assert mesh.sha256 == cube.sha256
    assert mesh.name == "q"
    assert mesh.coverage == cube.coverage
    assert mesh.area("active", hard=True) == cube.area("active", hard=True)


def test_unknown_endings_and_missing_folders(cube: ParticleMesh, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ending"):
        write_particle(cube, tmp_path / "p.xdmf")
    with pytest.raises(InputError, match="folder does not exist"):
        write_particle(cube, tmp_path / "no" / "p.vtu")
    with pytest.raises(InputError, match="ending"):
        read_particle(tmp_path / "p.stl")


@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf"])
def test_damaged_particle_files_are_refused(cube: ParticleMesh, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"p{suffix}"
    write_particle(cube, path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(whole)
        if rng.random() < 0.4:
            damaged = damaged[: rng.integers(1, len(damaged))]
        else:
            for at in rng.integers(0, len(damaged), 12):
                damaged[at] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        try:
            again = read_particle(path)
        except InputError:
            continue
        assert again.n_nodes == cube.n_nodes, "what is read has passed all checks"


def test_particle_files_with_other_content(cube: ParticleMesh, tmp_path: Path) -> None:
    path = tmp_path / "p.vtu"
    write_particle(cube, path)
    text = path.read_text()
    for old, new, message in (
        ("weight of active", "weight of something", "lacks an array"),
        ("<?xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><?xml", "document type"),
        ('NumberOfPoints="8"', 'NumberOfPoints="9"', "another number|has another"),
        ('NumberOfPoints="8"', 'NumberOfPoints="many"', "not a number"),
    ):
        path.write_text(text.replace(old, new))
        with pytest.raises(InputError, match=message):
            read_particle(path)
    with h5py.File(tmp_path / "q.vtkhdf", "w") as file:
        file["VTKHDF/Points"] = h5py.ExternalLink("p.h5", "/Points")
    with pytest.raises(InputError, match="links to another place"):
        read_particle(tmp_path / "q.vtkhdf")


@pytest.fixture(scope="module")
def meshed(tmp_path_factory: pytest.TempPathFactory) -> ParticleSet:
    made = sphere_pack((56, 56, 56), radius=(7.0, 9.0), seed=8)
    folder = tmp_path_factory.mktemp("set")
    settings = MeshSettings(cells_across=6, interior_only=False)
    return mesh_particles(
        made.volume, particles_from_ids(made.volume, made.ids), settings, folder=folder, only=range(1, 8)
    )


def test_a_set_is_written_and_read_back(meshed: ParticleSet) -> None:
    again = read_set(meshed.folder)
    assert len(again) == 7
    assert not again.failed
    assert again.header["complete"]
    assert again.header["source"]["file"] == "synthetic sphere pack"
    for row, particle in zip(again.rows, again, strict=True):
        assert particle.coverage == pytest.approx(row["coverage"])
        assert particle.name == f"particle-{row['particle']:05d}"
        assert particle.area("cut") > 0 or row["cut area [m2]"] == 0
    assert len((meshed.folder / "particles.csv").read_text().splitlines()) == 8
    json.loads((meshed.folder / MANIFEST).read_text())


def test_a_set_refuses_exchanged_files_and_odd_manifests(meshed: ParticleSet, tmp_path: Path) -> None:
    for file in meshed.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    again = read_set(tmp_path / MANIFEST)
    first, second = (tmp_path / str(again.rows[k]["file"]) for k in (0, 1))
    first.write_bytes(second.read_bytes())
    with pytest.raises(InputError, match="not the one in the manifest"):
        again.load(0)
    second.unlink()
    with pytest.raises(InputError, match="cannot be opened"):
        again.load(1)
    content = json.loads((tmp_path / MANIFEST).read_text())
    for change, message in (
        ({"particles": [{**content["particles"][0], "file": "../../etc/passwd"}]}, "outside its folder"),
        ({"version": 99}, "another kind or version"),
        ({"particles": 3}, "damaged"),
        ({"particles": [{}]}, "damaged"),
    ):
        (tmp_path / MANIFEST).write_text(json.dumps({**content, **change}))
        with pytest.raises(InputError, match=message):
            read_set(tmp_path)
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(InputError, match="damaged"):
        read_set(tmp_path)


@pytest.mark.slow
def test_processes_give_the_same_as_one(meshed: ParticleSet, tmp_path: Path) -> None:
    made = sphere_pack((56, 56, 56), radius=(7.0, 9.0), seed=8)
    settings = MeshSettings(cells_across=6, interior_only=False)
    particles = particles_from_ids(made.volume, made.ids)
    seen: list[tuple[int, int]] = []
    other = mesh_particles(
        made.volume, particles, settings, folder=tmp_path, only=[1, 2, 3], workers=2,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]
    for a, b in zip(other, meshed, strict=False):
        assert a.sha256 == b.sha256
        assert np.array_equal(class_weights(a), class_weights(b))


def test_nothing_to_mesh_and_unknown_particles_are_errors(tmp_path: Path) -> None:
    made = sphere_pack((40, 40, 40), radius=(6.0, 7.0), seed=1)
    particles = particles_from_ids(made.volume, made.ids)
    with pytest.raises(InputError, match="no particle is left"):
        mesh_particles(made.volume, particles, MeshSettings(min_voxels=10**6))
    with pytest.raises(InputError, match="does not exist"):
        mesh_particles(made.volume, particles, only=[9999])
    with pytest.raises(InputError, match="unknown kind"):
        mesh_particles(made.volume, particles, suffix=".stl")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        mesh_particles(made.volume, particles, folder=tmp_path / "file")


def test_an_interrupted_run_leaves_a_manifest(tmp_path: Path) -> None:
    made = sphere_pack((56, 56, 56), radius=(7.0, 9.0), seed=8)
    particles = particles_from_ids(made.volume, made.ids)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mesh_particles(
            made.volume, particles, MeshSettings(cells_across=6, interior_only=False), folder=tmp_path, progress=stop
        )
    left = read_set(tmp_path)
    assert len(left) == 2
    assert not left.header["complete"]
    assert [p.n_nodes > 50 for p in left] == [True, True]


def test_an_empty_set_can_be_written(tmp_path: Path) -> None:
    write_set(ParticleSet(tmp_path, {"complete": True}, [], [{"particle": 1, "voxels": 5, "reason": "made up"}]))
    assert read_set(tmp_path).failed[0]["reason"] == "made up"


def test_classes_are_the_ones_of_the_volume() -> None:
    from asyncsoc.tomography.volume import CLASSES

    assert CLASSES == FACET_CLASSES
