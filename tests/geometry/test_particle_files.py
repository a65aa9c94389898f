"""Particles from files: formats and labels are understood, each broken or hostile file is one error in bounded time."""

from __future__ import annotations

import base64
import resource
import stat
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest
from broken_meshes import BROKEN, CELLS, FACETS, GOOD, POINTS, TOP, Draft

from asyncsoc.base.errors import InputError
from asyncsoc.contact.build import build_contact
from asyncsoc.contact.labels import contact_fraction, exposed_coverage
from asyncsoc.geometry import isolation, particle_files
from asyncsoc.geometry.from_arrays import from_arrays
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.meshio_reader import read_raw
from asyncsoc.geometry.particle_files import mesh_file_sha256, read_particle, write_particle

UNIT = 1e-6


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in this process: a fifth of a second a file less, where isolation is not what is tested."""
    monkeypatch.setattr(particle_files, "read_isolated", read_raw)


def write(path: Path, draft: Draft = GOOD, name: str = "contact", **more: list[np.ndarray]) -> Path:
    blocks: list[tuple[str, np.ndarray]] = [(draft.kind, draft.cells)]
    data = {name: [np.zeros(len(draft.cells), draft.weights.dtype)]} | more
    if len(draft.facets):
        blocks.append(("triangle", draft.facets))
        data[name].append(draft.weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meshio.Mesh(draft.points, blocks, cell_data=data).write(path)
    return path


def contact(labelled: ParticleMesh, *active: str | int) -> float:
    fraction = contact_fraction(labelled, active)
    return build_contact(labelled, "labels", fraction=fraction).coverage_realised


def expected() -> float:
    areas = facet_areas(from_arrays(POINTS * UNIT, CELLS, FACETS, GOOD.weights))
    top = from_arrays(POINTS * UNIT, CELLS, FACETS, GOOD.weights).labels.weights["contact"] > 0.5
    return float(areas[top].sum() / areas.sum())


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_mesh_is_one_clear_error(kind: str, tmp_path: Path):
    make, message = BROKEN[kind]
    path = write(tmp_path / "bad.vtu", make())
    with pytest.raises(InputError, match=message) as caught, np.errstate(invalid="ignore", over="ignore"):
        contact(read_particle(path, UNIT))
    assert caught.value.exit_code == 2
    assert "bad" in caught.value.where
    assert len(str(caught.value)) < 700


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("suffix", [".vtu", ".vtk", ".xdmf"])
def test_soft_weights(suffix: str, tmp_path: Path):
    labelled = read_particle(write(tmp_path / f"particle{suffix}"), UNIT)
    assert np.allclose(np.ptp(labelled.points, axis=0), UNIT * np.ptp(POINTS, axis=0), rtol=1e-6)
    assert contact(labelled) == pytest.approx(expected(), rel=1e-6)


@pytest.mark.usefixtures("here")
def test_tags_by_number_and_by_array(tmp_path: Path):
    tags = Draft(weights=np.where(TOP, 7, 3))
    path = write(tmp_path / "particle.vtu", tags, name="boundary")
    labelled = read_particle(path, UNIT)
    assert labelled.labels.choices == ("boundary=3", "boundary=7")
    assert contact(labelled, 7) == contact(labelled, "7") == contact(labelled, "boundary=7")
    assert contact(labelled, 7) == pytest.approx(expected(), rel=1e-12)
    assert contact(labelled, 3) == pytest.approx(1.0 - expected(), rel=1e-12)
    assert contact(labelled, 3, 7) == pytest.approx(1.0, rel=1e-14)
    with pytest.raises(InputError, match="does not say by itself") as caught:
        contact(labelled)
    assert "boundary=7" in caught.value.allowed
    with pytest.raises(InputError, match="no facet of the mesh has this label") as caught:
        contact(labelled, "boundry=7")
    assert caught.value.nearest == "boundary=7"
    for wrong in (8, "seven", "boundary=", "boundary=7.0", "=7"):
        with pytest.raises(InputError, match="no facet of the mesh has this label"):
            contact(labelled, wrong)


@pytest.mark.usefixtures("here")
def test_a_number_needs_one_array_of_tags(tmp_path: Path):
    zeros, tags = np.zeros(len(CELLS), int), np.where(TOP, 7, 3)
    path = write(tmp_path / "particle.vtu", Draft(weights=tags), name="first", second=[zeros, tags])
    labelled = read_particle(path, UNIT)
    assert contact(labelled, "second=7") == pytest.approx(expected())
    with pytest.raises(InputError, match="no facet of the mesh has this label"):
        contact(labelled, 7)


@pytest.mark.usefixtures("here")
def test_sets_by_name(tmp_path: Path):
    rows = {"active": np.flatnonzero(TOP), "rest": np.flatnonzero(~TOP)}
    none = np.zeros(0, int)
    mesh = meshio.Mesh(
        POINTS, [("tetra", CELLS), ("triangle", FACETS)], cell_sets={name: [none, r] for name, r in rows.items()}
    )
    mesh.write(tmp_path / "particle.inp")
    labelled = read_particle(tmp_path / "particle.inp", UNIT)
    assert contact(labelled) == contact(labelled, "active") == pytest.approx(expected(), rel=1e-9)
    assert contact(labelled, "rest") == pytest.approx(1.0 - expected(), rel=1e-9)


@pytest.mark.usefixtures("here")
def test_a_facet_outside_every_set_is_named(tmp_path: Path):
    mesh = meshio.Mesh(
        POINTS, [("tetra", CELLS), ("triangle", FACETS)], cell_sets={"active": [np.zeros(0, int), np.flatnonzero(TOP)]}
    )
    mesh.write(tmp_path / "particle.inp")
    with pytest.raises(InputError, match=f"{np.count_nonzero(~TOP)} of {len(TOP)} facets of the surface carry no set"):
        contact(read_particle(tmp_path / "particle.inp", UNIT))


def gmsh_file(
    path: Path, *, binary: bool, version: float, tagged: Callable[[float], bool], everything: bool = False
) -> Path:
    """A ball cut by a plane, groups "active" above and "inactive" below, written by gmsh itself."""
    gmsh = pytest.importorskip("gmsh")
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        occ = gmsh.model.occ
        ball, box = occ.addSphere(0.0, 0.0, 0.0, 5.0), occ.addBox(-6.0, -6.0, 2.0, 12.0, 12.0, 12.0)
        _, parts = occ.fragment([(3, ball)], [(3, box)])
        occ.synchronize()
        inside = [tag for _, tag in parts[0]]
        gmsh.model.removeEntities([p for p in parts[1] if p[1] not in inside], recursive=True)
        surface = [tag for _, tag in gmsh.model.getBoundary([(3, t) for t in inside], combined=True, oriented=False)]
        height = {tag: occ.getCenterOfMass(2, tag)[2] for tag in surface}
        gmsh.model.addPhysicalGroup(2, [t for t in surface if height[t] > 2.0], 7, "active")
        gmsh.model.addPhysicalGroup(2, [t for t in surface if tagged(height[t])], 9, "inactive")
        gmsh.model.addPhysicalGroup(3, inside, 1, "particle")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 1.5)
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.option.setNumber("Mesh.Binary", int(binary))
        gmsh.option.setNumber("Mesh.SaveAll", int(everything))
        gmsh.model.mesh.generate(3)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    return path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("version", "binary"), [(4.1, True), (4.1, False), (2.2, True), (2.2, False)])
def test_gmsh_physical_groups(version: float, binary: bool, tmp_path: Path):
    path = gmsh_file(tmp_path / "ball.msh", binary=binary, version=version, tagged=lambda z: z < 2.0)
    labelled = read_particle(path, UNIT)
    assert {"active", "inactive"} <= set(labelled.labels.choices)
    assert contact(labelled) == contact(labelled, "active") == contact(labelled, 7)
    assert contact(labelled) == pytest.approx(0.3, abs=0.01)  # (5 - 2) / 10 of a sphere
    assert contact(labelled, "active", 9) == pytest.approx(1.0, rel=1e-14)


@pytest.mark.usefixtures("here")
def test_gmsh_facets_without_a_group_are_an_error(tmp_path: Path):
    path = gmsh_file(tmp_path / "ball.msh", binary=True, version=2.2, tagged=lambda z: False)
    with pytest.raises(InputError, match="facets of the surface carry no tag"):
        contact(read_particle(path, UNIT), "active")


@pytest.mark.usefixtures("here")
def test_gmsh_files_of_entities_without_a_group_say_what_to_do(tmp_path: Path):
    path = gmsh_file(tmp_path / "ball.msh", binary=True, version=4.1, tagged=lambda z: z < 2.0, everything=True)
    with pytest.raises(InputError, match="belong to no physical group") as caught:
        read_particle(path, UNIT)
    assert "Mesh.SaveAll" in caught.value.next_step


@pytest.mark.usefixtures("here")
def test_a_particle_written_is_read_again(tmp_path: Path):
    soft = np.linspace(0.0, 1.0, len(FACETS))
    first = from_arrays(POINTS * UNIT, CELLS, FACETS, {"contact": soft, "inactive": 1.0 - soft})
    write_particle(first, tmp_path / "particle.vtu")
    again = read_particle(tmp_path / "particle.vtu", 1.0)
    assert again.labelled_sha256 == first.labelled_sha256
    assert {name: values.tolist() for name, values in again.labels.weights.items()} == {
        name: values.tolist() for name, values in first.labels.weights.items()
    }
    assert exposed_coverage(again, contact_fraction(again)) == pytest.approx(contact(again), rel=1e-12)
    with pytest.raises(InputError, match="ending is not one of a particle"):
        write_particle(first, tmp_path / "particle.msh")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([("triangle", FACETS)], "surface or curve in space"),
        ([("vertex", np.arange(3)[:, None])], "no cells"),
        ([("hexahedron", np.arange(8)[None])], "not supported"),
        ([("tetra10", np.arange(10)[None])], "not supported"),
        ([("tetra", CELLS), ("quad", np.arange(4)[None])], "not supported"),
    ],
)
def test_cells_of_another_kind(blocks: list[tuple[str, np.ndarray]], message: str, tmp_path: Path):
    meshio.Mesh(POINTS, blocks).write(tmp_path / "bad.vtu")
    with pytest.raises(InputError, match=message):
        read_particle(tmp_path / "bad.vtu", UNIT)


def test_a_wrong_unit_gets_the_likely_one(tmp_path: Path):
    path = write(tmp_path / "particle.vtu")
    with pytest.raises(InputError, match="across") as caught:
        read_particle(path, 1.0)
    assert "'um' would make it 10 um" in caught.value.next_step


def bomb(path: Path, payload: int) -> Path:
    """A VTU file whose points unpack to `payload` bytes of zeros."""
    packer, pieces = zlib.compressobj(1), []
    for _ in range(payload // 2**24):
        pieces.append(packer.compress(bytes(2**24)))
    body = b"".join([*pieces, packer.flush()])
    table = np.array([1, payload, 0, len(body)], "<u4").tobytes()
    text = (base64.b64encode(table) + base64.b64encode(body)).decode()
    count = payload // 24
    path.write_text(
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt32" '
        f'compressor="vtkZLibDataCompressor"><UnstructuredGrid><Piece NumberOfPoints="{count}" NumberOfCells="0">'
        f'<Points><DataArray type="Float64" NumberOfComponents="3" format="binary">{text}</DataArray></Points>'
        '<Cells><DataArray type="Int32" Name="connectivity" format="ascii"/></Cells>'
        "</Piece></UnstructuredGrid></VTKFile>"
    )
    return path


def _bomb(folder: Path) -> Path:
    return bomb(folder / "bad.vtu", 40 * 2**24)


def _truncated(folder: Path) -> Path:
    path = write(folder / "bad.vtu")
    path.write_bytes(path.read_bytes()[:-200])
    return path


def _gmsh_of_many_nodes(folder: Path) -> Path:
    head = b"$MeshFormat\n4.1 1 8\n" + np.array([1], "<i4").tobytes() + b"\n$EndMeshFormat\n$Nodes\n"
    (folder / "bad.msh").write_bytes(head + np.array([1, 10**12, 1, 10**12], "<u8").tobytes() + bytes(64))
    return folder / "bad.msh"


def xdmf(folder: Path, heavy: str) -> Path:
    """An XDMF file whose points lie at `heavy`."""
    (folder / "bad.xdmf").write_text(
        '<Xdmf Version="3.0"><Domain><Grid><Geometry GeometryType="XYZ"><DataItem DataType="Float" Dimensions="4 3" '
        f'Format="HDF" Precision="8">{heavy}</DataItem></Geometry><Topology TopologyType="Tetrahedron">'
        '<DataItem DataType="Int" Dimensions="1 4" Format="XML" Precision="8">0 1 2 3</DataItem></Topology>'
        "</Grid></Domain></Xdmf>"
    )
    return folder / "bad.xdmf"


def _elsewhere(name: str) -> Callable[[Path], Path]:
    return lambda folder: xdmf(folder, name)


def _link_out(folder: Path) -> Path:
    outside = folder.parent / f"{folder.name}-outside.h5"
    outside.write_bytes(b"x")
    (folder / "in.h5").symlink_to(outside)
    return xdmf(folder, "in.h5:/p")


def _hdf5(fill: Callable[[h5py.File], object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with h5py.File(folder / "secret.h5", "w") as file:
            file["p"] = np.eye(4, 3)
        with h5py.File(folder / "in.h5", "w") as file:
            fill(file)
        return xdmf(folder, "in.h5:/p")

    return make


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="f8")
    layout[...] = h5py.VirtualSource("secret.h5", "p", shape=(4, 3))
    file.create_virtual_dataset("p", layout)


def _noise(folder: Path) -> Path:
    (folder / "in.h5").write_bytes(bytes(range(256)) * 40)
    return xdmf(folder, "in.h5:/p")


def _include(folder: Path) -> Path:
    path = xdmf(folder, "in.h5:/p")
    text = path.read_text().replace("<Domain>", '<Domain><xi:include xmlns:xi="x" href="/etc/passwd"/>')
    path.write_text(text)
    return path


def _doctype(folder: Path) -> Path:
    path = xdmf(folder, "in.h5:/p")
    path.write_text('<!DOCTYPE Xdmf [<!ENTITY a "in.h5:/p">]>' + path.read_text())
    return path


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "unpacks to 640 MB": (_bomb, "more memory|reader ended"),
    "truncated": (_truncated, "cannot be read"),
    "declares 10^12 nodes": (_gmsh_of_many_nodes, "cannot be read"),
    "xdmf names a parent": (_elsewhere("../secret.h5:/p"), "outside its own folder"),
    "xdmf names an absolute path": (_elsewhere("/etc/passwd:/p"), "outside its own folder"),
    "xdmf names a folder": (_elsewhere("..:/p"), "outside its own folder"),
    "xdmf names what is missing": (_elsewhere("none.h5:/p"), "is missing"),
    "xdmf names a link out": (_link_out, "outside its own folder"),
    "external link": (_hdf5(lambda f: f.__setitem__("p", h5py.ExternalLink("secret.h5", "/p"))), "another place"),
    "soft link": (_hdf5(lambda f: f.__setitem__("p", h5py.SoftLink("/q"))), "another place"),
    "external storage": (
        _hdf5(lambda f: f.create_dataset("p", (4, 3), "f8", external=[("secret.h5", 0, 96)])),
        "in another file",
    ),
    "virtual data": (_hdf5(_virtual), "in another file"),
    "sparse data of 8 TB": (_hdf5(lambda f: f.create_dataset("p", (10**12, 1), "f8", chunks=(10**6, 1))), "would fill"),
    "noise for hdf5": (_noise, "cannot be read as HDF5"),
    "xdmf includes a file": (_include, "includes another part or file"),
    "xdmf with a doctype": (_doctype, "DOCTYPE"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_one_error_in_bounded_time_and_memory(kind: str, tmp_path: Path):
    make, message = HOSTILE[kind]
    path = make(tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of all processes that other tests started
    begun = time.perf_counter()
    with pytest.raises(InputError, match=message) as caught:
        read_particle(path, UNIT)
    assert time.perf_counter() - begun < 20.0
    assert len(str(caught.value)) < 700
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert worker < max(1.2 * 2**20, before + 1)  # kB: what the worker may take


def test_a_reader_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(slow.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr(isolation, "GRACE", 0)
    with pytest.raises(InputError, match="takes more than 1 s"):
        isolation.read_isolated(write(tmp_path / "particle.vtu"), seconds=1)


def test_what_a_confined_reader_returns_is_what_is_read_here(tmp_path: Path):
    path = write(tmp_path / "particle.xdmf")
    inside, confined = read_raw(path), isolation.read_isolated(path)
    assert np.array_equal(inside.points, confined.points)
    assert [kind for kind, _ in inside.blocks] == [kind for kind, _ in confined.blocks]
    for (_, a), (_, b) in zip(inside.blocks, confined.blocks, strict=True):
        assert np.array_equal(a, b)
    assert inside.data.keys() == confined.data.keys()


def test_the_hash_sees_every_file(tmp_path: Path):
    path = write(tmp_path / "particle.xdmf")
    first = mesh_file_sha256(path)
    assert first == mesh_file_sha256(path)
    heavy = tmp_path / "particle.h5"
    heavy.write_bytes(heavy.read_bytes() + b" ")
    assert mesh_file_sha256(path) != first
