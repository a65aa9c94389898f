"""Discretized spheres kept between processes are what would be made again; a damaged file does no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asyncsoc.case import Case
from asyncsoc.contact.build import build_contact
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.library import load_builtin
from asyncsoc.problem import kept_spheres
from asyncsoc.problem.kept_spheres import Body, kept_contact, kept_sphere
from asyncsoc.problem.meshing import build_sphere_mesh, sphere_mesh_of
from asyncsoc.problem.system import order_system

NAMES = ["sphere-radial-default", "sphere-axisymmetric-coarse", "sphere-3d-coarse"]


def discretized(name: str) -> Body:
    mesh = load_builtin(name)
    operators = assemble(mesh)
    return mesh, operators, order_system(operators)


def arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from arrays(one)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from arrays(getattr(value, name))


def refuse() -> Any:
    raise AssertionError("it is kept")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path / "asyncsoc" / "spheres"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_was_made(folder: Path, name: str) -> None:
    made = discretized(name)
    assert kept_sphere(name, name, lambda: made) is made
    read = kept_sphere(name, name, refuse)
    assert read[0].sha256 == made[0].sha256
    assert read[0].name == name
    assert type(read[2].kernel) is type(made[2].kernel)
    pairs = list(zip(arrays(read), arrays(made), strict=True))
    assert len(pairs) > 15
    for found, expected in pairs:
        assert found.dtype == expected.dtype
        assert found.flags.writeable == expected.flags.writeable  # kernels are compiled for either
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_made_again(folder: Path, content: bytes) -> None:
    made = discretized(NAMES[0])
    kept_sphere(NAMES[0], NAMES[0], lambda: made)
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert kept_sphere(NAMES[0], NAMES[0], lambda: made) is made
    assert kept_sphere(NAMES[0], NAMES[0], refuse)[0].sha256 == made[0].sha256


def test_a_cut_file_is_made_again(folder: Path) -> None:
    made = discretized(NAMES[0])
    kept_sphere(NAMES[0], NAMES[0], lambda: made)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    for end in (len(whole) // 3, len(whole) - 30):
        file.write_bytes(whole[:end])
        assert kept_sphere(NAMES[0], NAMES[0], lambda: made) is made


@pytest.mark.slow
def test_whatever_bit_of_the_directory_is_damaged_the_sphere_is_right(folder: Path) -> None:
    made = discretized(NAMES[0])
    kept_sphere(NAMES[0], NAMES[0], lambda: made)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    rng = np.random.default_rng(1)
    places = [*range(min(60, directory)), *rng.integers(directory, len(whole), 200).tolist()]
    for place in places:
        bit = 1 << int(rng.integers(8))
        file.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        found = kept_sphere(NAMES[0], NAMES[0], lambda: made)
        assert found[0].sha256 == made[0].sha256
        assert all(a.tobytes() == b.tobytes() for a, b in zip(arrays(found), arrays(made), strict=True))


ROOMS = ["base", "case", "contact", "discretization", "geometry", "kernels", "problem"]


@pytest.mark.parametrize("room", ["base", *(pytest.param(room, marks=pytest.mark.slow) for room in ROOMS[1:])])
def test_a_changed_source_of_a_room_that_makes_spheres_makes_them_anew(room: str, tmp_path: Path) -> None:
    root = Path(kept_spheres.__file__).parents[1]
    copied = tmp_path / "asyncsoc"
    shutil.copytree(root, copied, ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; from asyncsoc.problem import kept_spheres; print(kept_spheres._sources())"

    def key() -> str:
        done = subprocess.run([sys.executable, "-P", "-c", code], env=os.environ | {"PYTHONPATH": str(tmp_path)},
                              capture_output=True, text=True, check=True)  # fmt: skip
        return done.stdout

    before = key()
    last = sorted((copied / room).glob("*.py"))[-1]
    last.write_text(last.read_text() + "# changed\n")
    assert key() != before


def test_all_rooms_a_sphere_is_made_in_are_in_its_key(folder: Path) -> None:
    """What is called while a sphere refined along its contact is made lies in these rooms, or decides on its name."""
    case = Case.from_dict({"contact": {"kind": "cap", "coverage": 0.3}, "particle": {"mesh": "coarse"},
                           "protocol": {"steps": ["Discharge at C/2 until 3.4 V"]}})  # fmt: skip
    chosen = sphere_mesh_of(case)
    assert chosen.levels
    root, called = Path(kept_spheres.__file__).parents[1], set()

    def look(frame: Any, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(root):
            called.add(path.relative_to(root).parts[0])

    load_builtin.cache_clear()
    sys.setprofile(look)
    try:
        mesh = build_sphere_mesh(chosen)
        order_system(assemble(mesh))
    finally:
        sys.setprofile(None)
    assert {"geometry", "contact", "discretization", "problem"} <= called <= {*ROOMS}


def test_where_nothing_can_be_written_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    made = discretized(NAMES[0])
    for _ in range(2):
        assert kept_sphere(NAMES[0], NAMES[0], lambda: made) is made


def test_what_is_unused_for_longest_goes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = discretized(NAMES[0])
    for name in "abc":
        kept_sphere(NAMES[0], name, lambda: made)
        if name == "a":
            monkeypatch.setattr(kept_spheres, "MOST_BYTES", int(2.5 * next(folder.iterdir()).stat().st_size))
    assert len(list(folder.iterdir())) == 2
    kept_sphere(NAMES[0], "c", refuse)
    assert kept_sphere(NAMES[0], "a", lambda: made) is made


def test_another_arithmetic_is_not_mixed_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = discretized(NAMES[0])
    kept_sphere(NAMES[0], NAMES[0], lambda: made)
    monkeypatch.setenv("OPENBLAS_CORETYPE", os.environ.get("OPENBLAS_CORETYPE", "") + "another")
    assert kept_sphere(NAMES[0], NAMES[0], lambda: made) is made


@pytest.mark.slow
def test_a_second_run_does_not_load_dolfinx_or_what_numba_does_not_need_of_scipy(run_python: Any) -> None:
    code = (
        "import sys, asyncsoc as aso\n"
        "case = aso.Case.model_validate({'particle': {'radius': '5 um'}, 'contact': {'kind': 'cap', 'coverage': 0.3},\n"
        "    'protocol': {'steps': ['Charge at C/10 for 10 minutes']}})\n"
        "aso.simulate(case)\n"
        "print(sorted({'dolfinx', 'scipy.optimize', 'scipy.sparse', 'scipy.spatial'} & set(sys.modules)))"
    )
    first, second = (run_python(code) for _ in range(2))
    assert (first.returncode, second.stdout.strip()) == (0, "[]"), first.stderr + second.stderr


def test_a_kept_contact_is_the_one_that_was_made(folder: Path) -> None:
    mesh = load_builtin("sphere-axisymmetric-coarse")
    made = build_contact(mesh, "cap", 0.3)
    assert kept_contact("cap 0.3", mesh, lambda: made) is made
    read = kept_contact("cap 0.3", mesh, refuse)
    assert (read.kind, read.coverage_asked, read.coverage_realised) == ("cap", 0.3, made.coverage_realised)
    assert read.parameters == made.parameters
    for found, expected in zip(arrays(read), arrays(made), strict=True):
        assert found.tobytes() == expected.tobytes()
        assert not found.flags.writeable
    other = build_contact(mesh, "cap", 0.4)
    assert kept_contact("cap 0.4", mesh, lambda: other) is other
    assert kept_contact("cap 0.3", mesh.scaled(2.0), lambda: other) is other


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04 cut", None])
def test_a_damaged_contact_is_made_again(folder: Path, content: bytes | None) -> None:
    mesh = load_builtin("sphere-axisymmetric-coarse")
    made = build_contact(mesh, "belt", 0.3)
    kept_contact("belt", mesh, lambda: made)
    (file,) = folder.iterdir()
    if content is None:  # a file of a sphere in the place of a contact's
        sphere = discretized(NAMES[0])
        kept_sphere(NAMES[0], NAMES[0], lambda: sphere)
        (another,) = set(folder.iterdir()) - {file}
        content = another.read_bytes()
    file.write_bytes(content)
    assert kept_contact("belt", mesh, lambda: made) is made
    assert kept_contact("belt", mesh, refuse).parameters == made.parameters
