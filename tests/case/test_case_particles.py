"""Particles of a case: files by content and unit, arrays by hash, and every refusal before anything is computed."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.ball import ball_mesh
from tests.labelled import write_labelled

BALL = ball_mesh(3, 0.2, 1.5)
WEIGHTS = np.where(BALL.points[BALL.facets].mean(axis=1)[:, 2] > 0.3, 1.0, 0.0)
PROTOCOL = {"temperature": "60 degC", "initial_stoichiometry": 0.9, "steps": ["Charge at C/10 for 1 hour"]}
TOML = """
[particle]
shape = "mesh"
file = "particle.vtu"
length_unit = "um"
[contact]
kind = "labels"
[protocol]
temperature = "60 degC"
initial_stoichiometry = 0.9
steps = ["Charge at C/10 for 1 hour"]
"""


def arrays(scale: float = 5e-6) -> aso.Particle:
    return aso.Particle.from_arrays(BALL.points * scale, BALL.cells, BALL.facets, WEIGHTS)


def case_of(particle: aso.Particle, contact: aso.Contact | None = None) -> aso.Case:
    return aso.Case(particle=particle, contact=contact or aso.Contact.labels(), protocol=aso.Protocol(**PROTOCOL))


@pytest.fixture
def mesh_file(tmp_path: Path) -> Path:
    write_labelled(BALL.scaled(5.0), tmp_path / "particle.vtu", {"contact": WEIGHTS})
    return tmp_path / "particle.vtu"


@pytest.fixture
def case_file(mesh_file: Path) -> Path:
    path = mesh_file.with_name("case.toml")
    path.write_text(TOML)
    return path


def test_a_mesh_file_is_found_beside_its_case(case_file: Path):
    case = aso.Case.from_toml(case_file)
    assert case.particle.file == str(case_file.with_name("particle.vtu"))
    assert case.particle.length_unit == pytest.approx(1e-6)
    assert case.model == "3d"
    assert case.contact.active == ()


def test_the_hash_is_of_the_content_not_of_the_place(case_file: Path, tmp_path: Path):
    case = aso.Case.from_toml(case_file)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("case.toml", "particle.vtu"):
        (elsewhere / name).write_bytes((tmp_path / name).read_bytes())
    assert aso.Case.from_toml(elsewhere / "case.toml").hash == case.hash
    assert case.with_overrides(["particle.length_unit=1e-6"]).hash == case.hash
    assert case.with_overrides(["particle.length_unit=nm"]).hash != case.hash
    write_labelled(BALL.scaled(5.001), elsewhere / "particle.vtu", {"contact": WEIGHTS})
    changed = aso.Case.from_toml(elsewhere / "case.toml")
    assert changed.hash != case.hash
    assert changed.particle.sha256 != case.particle.sha256


def test_a_case_written_and_read_is_the_same(case_file: Path, tmp_path: Path):
    case = aso.Case.from_toml(case_file)
    (tmp_path / "again.toml").write_text(case.to_toml())
    assert aso.Case.from_toml(tmp_path / "again.toml").hash == case.hash
    assert aso.Case.from_dict(case.to_dict()).hash == case.hash


def test_a_file_that_changed_since_is_refused(case_file: Path, mesh_file: Path):
    case = aso.Case.from_toml(case_file)
    write_labelled(BALL.scaled(4.0), mesh_file, {"contact": WEIGHTS})
    with pytest.raises(InputError, match="not the one this case was made for"):
        aso.Case.from_dict(case.to_dict())
    with pytest.raises(InputError, match="changed since the case was made"):
        aso.simulate(case)


def test_a_case_whose_file_is_gone_can_still_be_looked_at(case_file: Path, mesh_file: Path):
    case = aso.Case.from_toml(case_file)
    mesh_file.unlink()
    assert aso.Case.from_dict(case.to_dict()).hash == case.hash
    with pytest.raises(InputError, match="does not exist"):
        aso.simulate(case)


def test_another_file_by_override(case_file: Path, mesh_file: Path):
    other = mesh_file.with_name("other.vtu")
    write_labelled(BALL.scaled(4.0), other, {"contact": WEIGHTS})
    case = aso.Case.from_toml(case_file).with_overrides([f"particle.file={other}"])
    assert case.particle.sha256 != aso.Case.from_toml(case_file).particle.sha256


@pytest.mark.parametrize(("unit", "metres"), [("um", 1e-6), ("µm", 1e-6), ("398 nm", 398e-9), ("m", 1.0), (1e-6, 1e-6)])
def test_units_of_length(unit: str | float, metres: float, mesh_file: Path):
    assert aso.Particle.from_file(mesh_file, unit).length_unit == pytest.approx(metres, rel=1e-15)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"length_unit": None}, "does not say in which unit"),
        ({"length_unit": "parsec"}, "unknown unit"),
        ({"length_unit": "V"}, "unit"),
        ({"length_unit": "0 um"}, "out of range"),
        ({"file": None}, "needs its file"),
        ({"file": "none.vtu"}, "does not exist"),
        ({"file": "."}, "no mesh format"),
        ({"file": "particle.stl"}, "no mesh format"),
        ({"radius": "5 um"}, "has no radius"),
        ({"mesh": "fine"}, "brings its own mesh"),
        ({"sha256": "0" * 64}, "not the one this case was made for"),
        ({"model": "axisymmetric"}, "cannot represent"),
        ({"shape": "sphere", "file": None}, "only a mesh file has a unit"),
        ({"shape": "sphere", "file": None, "length_unit": None, "sha256": "0" * 64}, "a sphere has no mesh file"),
        ({"shape": "arrays", "file": None, "length_unit": None}, "arrays come from Python"),
        ({"shape": "arrays", "file": None, "length_unit": None, "sha256": "0" * 64}, "not in this process"),
    ],
)
def test_keys_that_do_not_fit(keys: dict[str, object], message: str, mesh_file: Path):
    particle = {"shape": "mesh", "file": str(mesh_file), "length_unit": "um"} | keys
    if isinstance(keys.get("file"), str):
        particle["file"] = str(mesh_file.with_name(str(keys["file"])) if keys["file"] != "." else mesh_file.parent)
    particle = {key: value for key, value in particle.items() if value is not None}
    with pytest.raises(InputError, match=message) as caught:
        aso.Case.from_dict({"particle": particle, "protocol": PROTOCOL}, source="case.toml")
    assert "particle" in str(caught.value.where)


def test_only_labels_name_what_is_active():
    assert aso.Contact.labels("active", 7).active == ("active", 7)
    assert aso.Contact(kind="labels", active="active").active == ("active",)
    assert aso.Contact(kind="labels", active=7).active == (7,)
    with pytest.raises(InputError, match="only 'labels'"):
        aso.Contact.cap(0.3, active="active")
    with pytest.raises(InputError, match="give the coverage"):
        aso.Contact(kind="labels", coverage=0.3)


def test_arrays_live_as_long_as_somebody_holds_them():
    case = case_of(arrays())
    assert case.particle.shape == "arrays"
    assert case.model == "3d"
    again = case.with_overrides(["contact.active=contact"])
    assert again.particle.labelled is case.particle.labelled
    assert aso.Case.from_dict(case.to_dict()).hash == case.hash
    kept = case.to_dict()
    del case, again
    with pytest.raises(InputError, match="not in this process") as caught:
        aso.Case.from_dict(kept)
    assert "saved" in caught.value.next_step


def test_equal_arrays_are_equal_particles():
    first, second = arrays(), arrays()
    assert first == second
    assert first.labelled is second.labelled
    assert first != arrays(6e-6)
    assert case_of(first).hash == case_of(second).hash != case_of(arrays(6e-6)).hash


def test_arrays_travel_with_their_case():
    packed = pickle.dumps(case_of(arrays(5.5e-6)))
    case = pickle.loads(packed)
    assert case.particle.labelled.n_nodes == BALL.n_nodes
    assert case.with_overrides(["protocol.temperature=330"]).particle == case.particle


def test_arrays_are_saved_as_a_file(tmp_path: Path):
    particle = arrays()
    saved = particle.saved(tmp_path / "particle.vtu")
    assert saved.shape == "mesh"
    assert saved.length_unit == 1.0
    with pytest.raises(InputError, match="made of arrays"):
        saved.saved(tmp_path / "again.vtu")
    with pytest.raises(InputError, match="made of arrays"):
        _ = aso.Particle.sphere().labelled


def test_arrays_cannot_be_changed():
    particle = arrays()
    with pytest.raises(InputError, match="with_overrides"):
        particle.sha256 = "0"
    with pytest.raises(ValueError, match="read-only"):
        particle.labelled.points[0] = 0.0
