"""Files that earlier versions wrote stay readable, with the hashes they had; files go round through every writer."""

from __future__ import annotations

import base64
import resource
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.contact.labels import contact_fraction
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.from_arrays import from_arrays
from asyncsoc.geometry.labels import FACET_CLASSES, class_weights
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.particle_files import read_particle, write_particle

OLD = Path(__file__).parent / "old_files"
BALL = ball_mesh(2, 0.3, 1.5)
WEIGHTS = np.round(np.clip(3.0 * BALL.points[BALL.facets].mean(axis=1)[:, 2] - 0.6, 0.0, 1.0), 3)
TAGGED = "4f55d47057c836d63c81462c8b9e93f01e0624ba39496485758d51a7bdb3edfb"
SHAPES = {
    "labelled.vtu": (1.0, "d21dbed0d3540daa1f343100c536df02849d9ce025544c02f9f5c64c37696b93", (), 0.2999123976115719),
    "tags.vtu": (
        1e-6,
        "b020bc9fdc12381af54009649b7646ace4c05f0c90e283ddf3d60e1e6764c80b",
        ("boundary=7",),
        0.3694076497884495,
    ),
    "tagged.vtu": (1.0, TAGGED, (), 0.2999123976115719),
    "tagged.vtkhdf": (1.0, TAGGED, (), 0.2999123976115719),
}


@pytest.mark.parametrize("file", SHAPES)
def test_a_file_of_an_earlier_version_is_the_same_particle(file: str) -> None:
    unit, sha256, active, coverage = SHAPES[file]
    mesh = read_particle(OLD / file, unit)
    assert mesh.sha256 == sha256
    found = float(mesh.areas @ contact_fraction(mesh, active) / mesh.areas.sum())
    assert found == pytest.approx(coverage, rel=1e-12)


@pytest.mark.parametrize("suffix", ["vtu", "vtkhdf"])
def test_a_particle_of_an_old_tomogram_keeps_classes_and_record(suffix: str) -> None:
    mesh = read_particle(OLD / f"tagged.{suffix}")
    assert mesh.name == "old grain"
    assert dict(mesh.record) == {"coverage": 0.3}
    assert mesh.area("active") == pytest.approx(9.572545042968743e-11, rel=1e-12)
    assert np.count_nonzero(mesh.tagged("active")) == 30
    assert class_weights(mesh).sum(axis=1) == pytest.approx(1.0)


def test_hashes_of_labels_are_those_of_earlier_versions() -> None:
    points = BALL.points * 5e-6
    given = from_arrays(
        points, BALL.cells, BALL.facets, {"contact": WEIGHTS, "inactive": 1.0 - WEIGHTS},
        cell_data={"grain": np.arange(len(BALL.cells)) % 5},
    )  # fmt: skip
    assert given.labelled_sha256 == "e96ea2abe8f1ab543c04b7df8333cc49abbea867b7591f641a694e61a39bb09f"
    particle = aso.Particle.from_arrays(points, BALL.cells, BALL.facets, WEIGHTS)
    assert particle.sha256 == "3e96611e964b7e98d206746bbfcca96fc951d68542cb705147dbad525fe135b1"


def labelled(mesh: ParticleMesh) -> ParticleMesh:
    """The mesh with every kind of label."""
    n = len(mesh.facets)
    labels = FacetLabels(
        weights={"contact": np.linspace(0.0, 1.0, n), "other (b)": np.linspace(1.0, 0.0, n)},
        tags={"boundary": np.arange(n) % 3, "wide": np.arange(n) * 1000 - 7},
        names={"top": ("boundary", 2), "größer": ("boundary", 1)},
        sets={"few": np.arange(0, n, 2)},
    )
    return replace(mesh, labels=labels, record={"from": "a test", "size [m]": 1e-6, "none": None}, name="all labels")


BODIES = {
    "3d": BALL.scaled(5e-6),
    "grains": replace(
        BALL, cell_data={"grain": np.arange(float(len(BALL.cells))), "tensor": np.ones((len(BALL.cells), 3, 3))}
    ),
    "axisymmetric": load_builtin("sphere-axisymmetric-coarse"),
    "radial": load_builtin("sphere-radial-coarse"),
}


@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf"])
@pytest.mark.parametrize("body", BODIES)
def test_everything_comes_back(body: str, suffix: str, tmp_path: Path) -> None:
    mesh = labelled(BODIES[body])
    write_particle(mesh, tmp_path / f"p{suffix}")
    back = read_particle(tmp_path / f"p{suffix}")
    assert back.labelled_sha256 == mesh.labelled_sha256
    assert back.labels.choices == mesh.labels.choices
    assert dict(back.record) == dict(mesh.record)
    assert back.name == "all labels"


@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf"])
def test_other_programs_open_what_is_written(suffix: str, tmp_path: Path) -> None:
    mesh = labelled(BODIES["grains"])
    write_particle(mesh, tmp_path / f"p{suffix}")
    if suffix == ".vtu":
        found = meshio.read(tmp_path / "p.vtu")
        assert np.array_equal(found.cells_dict["tetra"], mesh.cells)
        assert np.array_equal(found.cell_data["contact"][1], mesh.weight("contact"))
    pyvista = pytest.importorskip("pyvista")
    grid = pyvista.read(tmp_path / f"p{suffix}")
    assert np.array_equal(grid.points, mesh.points)
    n = len(mesh.cells)
    assert np.array_equal(grid.cell_data["contact"][n:], mesh.weight("contact"))
    assert np.array_equal(grid.cell_data["cell: tensor"][:n], mesh.cell_data["tensor"].reshape(n, 9))


def test_old_python_names_work_and_warn() -> None:
    from asyncsoc.tomography.from_arrays import from_arrays as old

    with pytest.warns(DeprecationWarning, match="geometry.from_arrays"):
        particle = old(BALL.points, BALL.cells, BALL.facets, weights=WEIGHTS, scale=5e-6, statistics={"a": 1})
    assert particle.coverage == pytest.approx(float(particle.areas @ particle.weight("active") / particle.areas.sum()))
    assert tuple(particle.labels.weights) == FACET_CLASSES
    assert particle.record["a"] == 1
    with pytest.warns(DeprecationWarning, match="the particle itself"):
        assert particle.mesh is particle


def test_a_version_to_come_is_refused(tmp_path: Path) -> None:
    write_particle(BALL, tmp_path / "p.vtkhdf")
    with h5py.File(tmp_path / "p.vtkhdf", "r+") as file:
        record = bytes(file["VTKHDF/FieldData/asyncsoc.json"][()]).replace(b'"version":1', b'"version":2')
        file["VTKHDF/FieldData/asyncsoc.json"][...] = np.frombuffer(record, np.uint8)
    with pytest.raises(InputError, match="another version"):
        read_particle(tmp_path / "p.vtkhdf")


def swollen_vtu(folder: Path) -> Path:
    """A file of some kilobytes whose points are 1 GiB of zeros."""
    write_particle(BALL, folder / "p.vtu")
    packer = zlib.compressobj(9)
    body = b"".join([*(packer.compress(bytes(1 << 24)) for _ in range(64)), packer.flush()])
    table = np.array([1, 1 << 30, 0, len(body)], "<u4").tobytes()
    text = (base64.b64encode(table) + base64.b64encode(body)).decode()
    whole = (folder / "p.vtu").read_text()
    start = whole.index(">", whole.index('Name="Points"')) + 1
    whole = whole[:start] + text + whole[whole.index("</DataArray>", start) :]
    (folder / "p.vtu").write_text(
        whole.replace(f'NumberOfPoints="{BALL.n_nodes}"', f'NumberOfPoints="{(1 << 30) // 24}"')
    )
    return folder / "p.vtu"


def record_of(record: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write_particle(BALL, folder / "p.vtkhdf")
        with h5py.File(folder / "p.vtkhdf", "r+") as file:
            del file["VTKHDF/FieldData/asyncsoc.json"]
            file["VTKHDF/FieldData/asyncsoc.json"] = np.frombuffer(record, np.uint8)
        return folder / "p.vtkhdf"

    return make


def swollen_vtkhdf(folder: Path) -> Path:
    write_particle(BALL, folder / "p.vtkhdf")
    with h5py.File(folder / "p.vtkhdf", "r+") as file:
        file["VTKHDF"].create_dataset("CellData/cell: a", (10**9,), "f8", chunks=(10**6,), compression="gzip")
    return folder / "p.vtkhdf"


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "swollen vtu": (swollen_vtu, "larger ones than it can hold"),
    "swollen vtkhdf": (swollen_vtkhdf, "would fill more than"),
    "record of 8 MiB": (record_of(b" " * (8 << 20)), "record is damaged"),
    "record nested without end": (record_of(b"[" * 100_000), "record is damaged"),
    "record of another kind": (record_of(b"[1]"), "record is damaged"),
    "groups that are none": (record_of(b'{"name":"a","statistics":{},"groups":{"a":[1]}}'), "record is damaged"),
    "no text": (record_of(b"\xff\xfe"), "record is damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_particle_file_is_one_error_and_takes_no_memory(kind: str, tmp_path: Path) -> None:
    make, message = HOSTILE[kind]
    path = make(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=message) as caught:
        read_particle(path)
    assert len(str(caught.value)) < 700
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # kB
