"""Numbers, lists, mappings and paths of other libraries are taken for what they mean, in every section of a case."""

from __future__ import annotations

import copy
import pickle
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.studies.sweep.keys import every_key, find_key, section_of

NEEDED: dict[str, dict[str, Any]] = {
    "contact": {"kind": "patches", "coverage": 0.3, "n": 3},
    "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
    "side_reaction": {},
}


def numeric_keys() -> list[str]:
    """Every key of a case that takes one number."""
    found = []
    for name in every_key():
        section, _, key = name.partition(".")
        try:
            kind = find_key(name, {})
        except InputError:
            continue
        if kind.kind == "number" and kind.measured is not None and type(kind.measured).__name__ == "Measured":
            found.append(name)
    return found


KEYS = numeric_keys()


def section_with(name: str, value: Any) -> BaseModel | str:
    """A section with one key, or what is wrong with it."""
    section, _, key = name.partition(".")
    model = section_of(section)
    assert model is not None
    try:
        return model(**{**NEEDED.get(section, {}), key: value})
    except InputError as error:
        return error.what


def inside(name: str, share: float) -> float:
    measured = find_key(name, {}).measured
    assert measured is not None
    low, high = measured.low, min(measured.high, 1e6)
    return low + (0.01 + 0.98 * share) * (high - low)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KEYS), st.floats(0.0, 1.0), st.sampled_from(["float64", "array", "longdouble", "data array"]))
def test_a_number_is_a_number(name: str, share: float, kind: str) -> None:
    value = inside(name, share)
    foreign = {
        "float64": np.float64(value), "array": np.array(value), "longdouble": np.longdouble(value), "data array": xr.DataArray(value),
    }[kind]  # fmt: skip
    assert section_with(name, foreign) == section_with(name, value)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KEYS), st.floats(0.0, 1.0))
def test_single_precision_is_what_it_holds(name: str, share: float) -> None:
    value = np.float32(inside(name, share))
    assert section_with(name, value) == section_with(name, float(value))


@pytest.mark.parametrize("name", KEYS)
def test_what_is_no_number_is_refused(name: str) -> None:
    for wrong in (np.array([0.1, 0.2]), np.bool_(True), np.ma.masked, np.datetime64("2026-11-28"), np.complex128(1j), object()):
        with pytest.raises(InputError):
            section, _, key = name.partition(".")
            model = section_of(section)
            assert model is not None
            model(**{**NEEDED.get(section, {}), key: wrong})


def test_most_keys_were_tried() -> None:
    assert len(KEYS) > 20
    assert {"contact.coverage", "particle.radius", "protocol.temperature", "solver.tolerance"} <= set(KEYS)


def test_whole_numbers_lists_and_mappings() -> None:
    plain = aso.Contact(kind="random", coverage=0.3, n=4, seed=7, axis=(0.0, 1.0, 0.0))
    assert plain == aso.Contact(kind=np.str_("random"), coverage=np.float64(0.3), n=np.int64(4), seed=np.uint8(7), axis=np.array([0, 1, 0]))
    with pytest.raises(InputError, match="whole number"):
        aso.Contact(kind="random", coverage=0.3, n=np.float64(4.5))
    protocol = types.MappingProxyType({"steps": np.array(["Rest for 1 hour"]), "temperature": np.array(300.0)})
    case = aso.Case.from_dict(types.MappingProxyType({"protocol": protocol}))
    assert case.hash == aso.Case.from_dict({"protocol": {"steps": ["Rest for 1 hour"], "temperature": 300.0}}).hash


def test_a_path_is_a_text(tmp_path: Path) -> None:
    from asyncsoc.geometry.library import load_builtin
    from asyncsoc.geometry.particle_files import write_particle

    mesh = load_builtin("sphere-3d-coarse").scaled(5e-6)
    file = tmp_path / "ball.vtkhdf"
    write_particle(mesh, file)
    by_path = aso.Particle(shape="mesh", file=file, length_unit=np.float64(1.0))
    assert by_path == aso.Particle.from_file(str(file), 1.0)
    assert aso.Case.from_toml(_case_file(tmp_path)).hash == aso.Case.from_toml(str(_case_file(tmp_path))).hash


def _case_file(folder: Path) -> Path:
    file = folder / "case.toml"
    file.write_text('[protocol]\nsteps = ["Rest for 1 hour"]\n')
    return file


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_quantities_take_them_too(value: float) -> None:
    assert to_si(np.float32(value), "m", where="") == value
    assert to_si(np.array(value), "m", where="") == value


def test_cases_travel() -> None:
    case = aso.Case.from_dict({"protocol": {"steps": ["Rest for 1 hour"]}, "contact": {"kind": "cap", "coverage": 0.3}})
    assert pickle.loads(pickle.dumps(case)).hash == copy.deepcopy(case).hash == case.hash
