from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import meshio
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.geometry import particle_files
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.meshio_reader import read_raw
from asyncsoc.geometry.particle_files import read_particle, write_particle
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh

GOOD = axisymmetric_mesh(0.2, first_cell=0.15)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in this process: isolation is tested with the particles."""
    monkeypatch.setattr(particle_files, "read_isolated", read_raw)


VTU = """<?xml version="1.0"?>{doctype}
<VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian"><UnstructuredGrid>
<Piece NumberOfPoints="{n_points}" NumberOfCells="{n_cells}">
<Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">{points}</DataArray></Points>
<Cells><DataArray type="Int64" Name="connectivity" format="ascii">{connectivity}</DataArray>
<DataArray type="Int64" Name="offsets" format="ascii">{offsets}</DataArray>
<DataArray type="Int64" Name="types" format="ascii">{types}</DataArray></Cells></Piece></UnstructuredGrid></VTKFile>
"""
PARTS = {
    "doctype": "",
    "n_points": "4",
    "n_cells": "2",
    "points": "0 0 0  1 0 0  1 1 0  0 1 0",
    "connectivity": "0 1 2  0 2 3",
    "offsets": "3 6",
    "types": "5 5",
}


def vtu(path: Path, **changes: str) -> Path:
    path.write_text(VTU.format(**(PARTS | changes)))
    return path


@pytest.mark.parametrize("mesh", [radial_mesh(12, 0.02), GOOD, ball_mesh(4, 0.1, 1.5)], ids=lambda m: m.coordinates)
def test_a_mesh_comes_back_bit_for_bit(mesh: ParticleMesh, tmp_path: Path):
    write_particle(mesh, tmp_path / "particle.vtu")
    back = read_particle(tmp_path / "particle.vtu")
    assert back.sha256 == mesh.sha256
    assert back.coordinates == mesh.coordinates
    assert back.name == mesh.name


def test_length_unit_and_name(tmp_path: Path):
    write_particle(GOOD, tmp_path / "particle.vtu")
    back = read_particle(tmp_path / "particle.vtu", 5e-6)
    assert np.allclose(back.points, 5e-6 * GOOD.points, rtol=1e-15)
    assert back.name == GOOD.name


@pytest.mark.parametrize("suffix", [".msh", ".vtk", ".inp", ".mesh"])
def test_other_formats_are_read(suffix: str, tmp_path: Path):
    path = tmp_path / f"particle{suffix}"
    points = np.column_stack([GOOD.points, np.zeros(GOOD.n_nodes)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meshio.Mesh(points, [("triangle", np.array(GOOD.cells))]).write(path)
    back = read_particle(path)
    assert np.allclose(back.points, GOOD.points, atol=1e-12)
    assert (back.cells == GOOD.cells).all()


def test_hand_written_square_is_a_cylinder(tmp_path: Path):
    mesh = read_particle(vtu(tmp_path / "a.vtu"))
    assert mesh.coordinates == "axisymmetric"
    assert len(mesh.facets) == 3


def test_a_file_that_turns_all_cells_the_other_way_is_read(tmp_path: Path):
    mesh = read_particle(vtu(tmp_path / "a.vtu", connectivity="1 0 2  2 0 3"))
    assert len(mesh.facets) == 3


def _bytes(content: bytes, name: str = "bad.vtu") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _text(**changes: str) -> Callable[[Path], Path]:
    return lambda folder: vtu(folder / "bad.vtu", **changes)


def _shipped(cut: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write_particle(GOOD, folder / "bad.vtu")
        (folder / "bad.vtu").write_bytes(cut((folder / "bad.vtu").read_bytes()))
        return folder / "bad.vtu"

    return make


def _folder(folder: Path) -> Path:
    (folder / "bad.vtu").mkdir()
    return folder / "bad.vtu"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "bad.vtu")
    return folder / "bad.vtu"


ENTITY = '<!DOCTYPE VTKFile [<!ENTITY a "0 0 0">]>'
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "bad.vtu", "does not exist"),
    "missing folder": (lambda folder: folder / "no" / "bad.vtu", "does not exist"),
    "directory": (_folder, "not a regular file"),
    "named pipe": (_pipe, "not a regular file"),
    "unknown suffix": (_bytes(b"x", "bad.txt"), "no mesh format"),
    "no suffix": (_bytes(b"x", "bad"), "no mesh format"),
    "empty": (_bytes(b""), "empty"),
    "text": (_bytes(b"hello"), "cannot be read"),
    "noise": (_bytes(bytes(range(256)) * 20), "cannot be read"),
    "html": (_bytes(b"<html><body>404</body></html>"), "cannot be read"),
    "unclosed xml": (_bytes(b"<VTKFile type='UnstructuredGrid'>"), "cannot be read"),
    "other vtk type": (_bytes(b"<VTKFile type='ImageData'></VTKFile>"), "cannot be read"),
    "no piece": (_bytes(b"<VTKFile type='UnstructuredGrid'><UnstructuredGrid/></VTKFile>"), "cannot be read"),
    "noise as vtk": (_bytes(bytes(range(256)) * 20, "bad.vtk"), "cannot be read"),
    "noise as msh": (_bytes(bytes(range(256)) * 20, "bad.msh"), "cannot be read"),
    "msh header only": (_bytes(b"$MeshFormat\n4.1 1 8\n", "bad.msh"), "cannot be read"),
    "noise as inp": (_bytes(bytes(range(256)) * 20, "bad.inp"), "cannot be read"),
    "doctype": (_text(doctype=ENTITY), "DOCTYPE"),
    "doctype in utf-16": (_bytes(VTU.format(**(PARTS | {"doctype": ENTITY})).encode("utf-16")), "DOCTYPE"),
    "external doctype": (_text(doctype='<!DOCTYPE VTKFile SYSTEM "file:///etc/passwd">'), "DOCTYPE"),
    "half": (_shipped(lambda b: b[: len(b) // 2]), "cannot be read"),
    "without its last bytes": (_shipped(lambda b: b[:-20]), "cannot be read"),
    "damaged data": (_shipped(lambda b: b[:700] + b"AAAA" + b[704:]), "cannot be read"),
    "nan": (_text(points="0 0 0  1 0 0  1 nan 0  0 1 0"), "not finite"),
    "infinite": (_text(points="0 0 0  1 0 0  1 inf 0  0 1 0"), "not finite"),
    "words for numbers": (_text(points="0 0 0  1 0 0  one 1 0  0 1 0"), "cannot be read"),
    "index too large": (_text(connectivity="0 1 2  0 2 4"), "does not exist"),
    "huge index": (_text(connectivity="0 1 2  0 2 999999999999"), "does not exist"),
    "negative index": (_text(connectivity="0 1 2  0 2 -1"), "does not exist"),
    "too few points": (_text(n_points="5"), "cannot be read"),
    "absurd count of points": (_text(n_points="99999999999"), "impossible NumberOfPoints"),
    "absurd count of cells": (_text(n_cells="1e9"), "impossible NumberOfCells"),
    "negative count": (_text(n_cells="-2"), "impossible NumberOfCells"),
    "quadrilateral": (_text(connectivity="0 1 2 3", offsets="4", types="9", n_cells="1"), "not supported"),
    "polygon": (_text(connectivity="0 1 2 3", offsets="4", types="7", n_cells="1"), "not supported|cannot be read"),
    "unknown type": (_text(types="99 99"), "cannot be read"),
    "offsets wrong": (_text(offsets="3 5"), "cannot be read|more than two cells"),
    "vertices only": (_text(connectivity="0 1", offsets="1 2", types="1 1"), "no cells"),
    "no cell at all": (_text(connectivity="", offsets="", types="", n_cells="0"), "cannot be read"),
    "surface in space": (_text(points="0 0 0  1 0 1  1 1 0  0 1 0"), "surface or curve in space"),
    "both halves": (_text(points="-1 0 0  1 0 0  1 1 0  -1 1 0"), "radius is negative"),
    "one cell turned": (_text(connectivity="0 1 2  2 0 3"), "inverted"),
    "flat cell": (_text(points="0 0 0  1 0 0  2 0 0  0 1 0"), "degenerate"),
    "all flat": (_text(points="0 0 0  1 0 0  2 0 0  3 0 0"), "degenerate|inverted"),
    "repeated node": (_text(connectivity="0 1 1  0 2 3"), "names a node twice"),
    "isolated node": (
        _text(points="0 0 0  1 0 0  1 1 0  0 1 0  0.5 0.5 0", n_points="5"),
        "belong to no cell",
    ),
    "same cell thrice": (
        _text(connectivity="0 1 2  0 2 3  0 1 2  0 1 2", offsets="3 6 9 12", types="5 5 5 5", n_cells="4"),
        "more than two cells",
    ),
    "two bodies": (
        _text(points="0 0 0 1 0 0 1 1 0 0 2 0 1 2 0 1 3 0", connectivity="0 1 2 3 4 5", n_points="6"),
        "unconnected parts",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_one_clear_error(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    make, message = BAD[case]
    with pytest.raises(InputError, match=message) as caught:
        read_particle(make(tmp_path))
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 700
    assert "bad" in caught.value.where
    assert capfd.readouterr() == ("", "")


def test_a_file_over_the_limit_is_not_opened(tmp_path: Path):
    path = vtu(tmp_path / "a.vtu")
    with pytest.raises(InputError, match="too large"):
        read_particle(path, largest=100)


def test_a_mistyped_file_name_gets_a_suggestion(tmp_path: Path):
    vtu(tmp_path / "particle.vtu")
    with pytest.raises(InputError) as caught:
        read_particle(tmp_path / "partcle.vtu")
    assert caught.value.nearest == "particle.vtu"


def test_a_second_piece_is_not_lost_silently(tmp_path: Path):
    text = VTU.format(**PARTS)
    start, stop = text.index("<Piece"), text.index("</UnstructuredGrid>")
    (tmp_path / "two.vtu").write_text(text[:stop] + text[start:stop] + text[stop:])
    with pytest.raises(InputError, match="holds other numbers"):
        read_particle(tmp_path / "two.vtu")


def test_writing_into_a_missing_folder_is_an_input_error(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be written"):
        write_particle(GOOD, tmp_path / "no" / "particle.vtu")
