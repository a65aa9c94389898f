from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.geometry import library
from asyncsoc.geometry.library import builtin_names, load_builtin
from asyncsoc.geometry.particle_files import read_particle

FOLDER = Path(__file__).resolve().parents[2] / "meshes"

SHIPPED = {
    "sphere-radial-draft": "c8775c5ab8163a7772fabfb23abe544abc11c1c59d387bd18b7e7c84ee5a8261",
    "sphere-axisymmetric-draft": "3beeb1c2570dd4f1b8dd98488092273dd0ee29a11bb10167315eeb4a911865bc",
    "sphere-radial-coarse": "c273a9866ecdf23f4954a4128897f1141baa38b1b8ddf86e17c18b452b03a654",
    "sphere-radial-default": "8bd8876848f6a9bb475601ede4ae1cacc28493fa0bace3843805214e04cccf9d",
    "sphere-radial-fine": "e5dc2c9e32fd0799c9469f8a91ea9bc3fff141b4a075b008b31ba8e8cb51e6e3",
    "sphere-axisymmetric-coarse": "e4c2e65c9df201a536899be771ec4bb9ac1865200441315a9e3e0de135b1ca74",
    "sphere-axisymmetric-default": "de44d4a9a0296cb1eefb73966d23e947af2fcde408a1b05dfafd596942d00aa5",
    "sphere-axisymmetric-fine": "7891959af9c305d792a4e9c64275ea45fc609d53635aad8b5c939fddfb32f34e",
    "sphere-3d-coarse": "5c7d8a5c3c815e173795070d7d7ce74bf11dc7b3352f1a62151539378efd4c30",
    "sphere-3d-default": "1387f2ba24675bf6b4f62fc240db02318761f74bfcb58dcecf1419e9d3d53418",
    "sphere-3d-fine": "ee9eceb09e2cb76bf37c8309c2199d7c91ea10aacc126a591b1382fb31b75916",
}


@pytest.fixture(scope="module")
def make_meshes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_meshes", FOLDER / "make_meshes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_are_those_of_the_script(make_meshes: ModuleType):
    assert set(builtin_names()) == set(SHIPPED) == set(make_meshes.RECIPES)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_mesh_has_not_changed(name: str):
    assert load_builtin(name).sha256 == SHIPPED[name]
    assert load_builtin(name).name == name


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - {"sphere-3d-fine"}))
def test_script_makes_the_shipped_mesh_again(name: str, make_meshes: ModuleType, tmp_path: Path):
    made = make_meshes.make(name, tmp_path)
    assert made.sha256 == SHIPPED[name]
    assert read_particle(tmp_path / f"{name}.vtu").sha256 == SHIPPED[name]


def test_a_mesh_is_read_once_and_read_only():
    first = load_builtin("sphere-radial-default")
    assert load_builtin("sphere-radial-default") is first
    with pytest.raises(ValueError, match="read-only"):
        first.points[0, 0] = 1.0


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError) as caught:
        load_builtin("sphere-axisymetric-default")
    assert caught.value.nearest == "sphere-axisymmetric-default"
    assert "sphere-radial-fine" in caught.value.allowed


def test_missing_installation_is_an_environment_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(library, "_folders", lambda: (tmp_path / "nowhere", tmp_path))
    with pytest.raises(EnvironmentProblem, match="make_meshes"):
        builtin_names()


def test_meshes_inside_the_package_are_found_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "sphere-small.vtu").write_bytes((FOLDER / "sphere-radial-default.vtu").read_bytes())
    monkeypatch.setattr(library, "_folders", lambda: (tmp_path, FOLDER))
    assert builtin_names() == ("sphere-small",)
