"""The electrode's keys: amounts that follow from each other, units, hash, and one clear error for each wrong input."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InputError
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.writing import sections_to_toml
from asyncsoc.tomography.particle_set import ParticleSet, write_set

DENSITY = 4700.0
"""kg/m3; of the active material in these tests."""
BETA = {"law": "beta", "mean": 0.3, "std": 0.1}
LOGNORMAL = {"law": "lognormal", "median": "7 um", "sigma": 1.4}
CLASSES = {"law": "classes", "poor": 0.3, "good": 0.95, "share_poor": 0.25}
TABLE = {"radius": [1e-6, 2e-6], "coverage": [0.0, 0.5]}


def electrode(**keys: Any) -> Electrode:
    standard = {"loading": "12.7 mg/cm2"}
    if not {"table", "set"} & set(keys):
        standard |= {"coverage": 0.3}
    return Electrode(**{**standard, **keys})


def measured_set(folder: Path, coverages: tuple[float | None, ...] = (0.5, 0.0, None), **header: Any) -> Path:
    """Write the manifest of a particle set without its meshes."""
    rows = []
    for number, coverage in enumerate(coverages, start=1):
        radius = number * 1e-6
        surface = 4.0 * math.pi * radius**2 * 1.2
        rows.append(
            {
                "file": f"particle-{number:05d}.vtu",
                "sha256": f"{number:064d}",
                "particle": number,
                "volume [m3]": 4.0 / 3.0 * math.pi * radius**3,
                "surface [m2]": surface,
                "equivalent diameter [m]": 2.0 * radius,
                "coverage": coverage,
                # A fifth of the surface touches other particles.
                "active area [m2]": (coverage or 0.0) * 0.8 * surface,
            }
        )
    folder.mkdir(exist_ok=True)
    write_set(ParticleSet(folder, {"contact measurable": True, **header}, rows))
    return folder


def test_porosity_follows_from_loading_and_thickness() -> None:
    found = electrode(thickness="60 um").amounts(DENSITY)
    # By hand, per m2: 127 g of active material, 23.8125 g of polymer and 7.9375 g of carbon in 60 cm3.
    solid = 0.127 / 4700.0 + 0.0238125 / 1200.0 + 0.0079375 / 2000.0
    assert found.porosity == pytest.approx(1.0 - solid / 60e-6, rel=1e-12)
    assert found.mass == pytest.approx({"active": 0.127, "polymer": 0.0238125, "carbon": 0.0079375}, rel=1e-12)
    assert sum(found.volume_fraction.values()) == pytest.approx(1.0, abs=1e-14)
    assert found.volume_fraction["pores"] == found.porosity


@given(
    loading=st.floats(1.0, 50.0),
    porosity=st.floats(0.0, 0.9),
    parts=st.tuples(st.floats(1.0, 100.0), st.floats(0.0, 30.0), st.floats(0.0, 10.0)),
    density=st.floats(2000.0, 6000.0),
)
@settings(max_examples=50, deadline=None)
def test_each_of_the_three_follows_from_the_other_two(
    loading: float, porosity: float, parts: tuple[float, ...], density: float
) -> None:
    common: dict[str, Any] = {"composition": list(parts), "coverage": 0.3}
    thickness = Electrode(loading=f"{loading} mg/cm2", porosity=porosity, **common).amounts(density).thickness
    if not 1e-7 <= thickness <= 1e-2:
        return
    third = Electrode(loading=f"{loading} mg/cm2", thickness=thickness, **common).amounts(density).porosity
    first = Electrode(thickness=thickness, porosity=porosity, **common).amounts(density).loading
    assert third == pytest.approx(porosity, abs=1e-12)
    assert first == pytest.approx(loading / 100.0, rel=1e-12)


def test_a_dense_electrode_has_no_pores() -> None:
    # The PEGDA-PECA cathode of An 2023 is called non-porous.
    dense = electrode(porosity=0).amounts(DENSITY)
    assert electrode(thickness=dense.thickness).amounts(DENSITY).porosity == pytest.approx(0.0, abs=1e-15)


def test_a_loading_that_does_not_fit_the_thickness() -> None:
    with pytest.raises(InputError) as caught:
        electrode(loading="28.6 mg/cm2", thickness="60 um").amounts(DENSITY)
    error = caught.value
    assert error.what == "a loading of 28.6 mg/cm2 does not fit into 60 um: its solids alone fill 114.476 um"
    assert error.where == "electrode.thickness"
    # What it offers is true: at that thickness, and at that loading, the porosity is 0.
    assert electrode(loading="28.6 mg/cm2", thickness="114.477 um").amounts(DENSITY).porosity < 1e-5
    assert "or a loading of at most 14.99 mg/cm2" in str(error.allowed)
    assert electrode(loading="14.99 mg/cm2", thickness="60 um").amounts(DENSITY).porosity < 1e-5


def test_a_loading_alone_gives_the_mass_but_no_thickness() -> None:
    assert electrode().active_mass(DENSITY) == 0.127
    with pytest.raises(InputError, match="do not follow from the loading alone"):
        electrode().amounts(DENSITY)
    with pytest.raises(InputError, match="a density is positive"):
        electrode().active_mass(math.nan)


def test_defaults_name_their_source_or_are_marked() -> None:
    found = {one.name: one for one in electrode().parameters}
    composition = found["composition, active:polymer:carbon"]
    assert (composition.value, composition.assumed) == ("80:15:5", False)
    assert "adfm.202305186" in composition.source
    assert {name for name, one in found.items() if one.assumed} == {
        "density of the polymer", "density of the carbon", "radius",
    }  # fmt: skip
    own = electrode(composition=[90, 8, 2], density={"polymer": "1.3 g/cm3", "carbon": "1.8 g/cm3"}, radius="5 um")
    assert {one.source for one in own.parameters} == {"the case"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"loading": "12.7 mg/cm2"}, {"loading": 0.127}),
        ({"composition": [80, 15, 5]}, {}),
        ({"composition": "80:15:5"}, {"composition": {"active": "80 %", "polymer": 0.15, "carbon": 0.05}}),
        ({"composition": [0.8, 0.15, 0.05]}, {}),
        ({"radius": "7.5 um"}, {}),
        ({"coverage": "30 %"}, {"coverage": {"law": "fixed", "value": 0.3}}),
        ({"area": "1 cm2"}, {}),
        ({"coverage": BETA}, {"coverage": dict(reversed(BETA.items())), "particles": 20}),
        ({"table": TABLE}, {"table": {"radius [um]": [1.0, 2.0], "Coverage": [0, 0.5]}}),
    ],
)
def test_what_means_the_same_has_one_hash(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert electrode(**one).hash == electrode(**other).hash


@pytest.mark.parametrize(
    "changed",
    [
        {"loading": "12.8 mg/cm2"},
        {"thickness": "60 um"},
        {"porosity": 0.1},
        {"composition": [81, 14, 5]},
        {"density": {"carbon": "1.9 g/cm3"}},
        {"area": "2 cm2"},
        {"particles": 2},
        {"sampling": "random"},
        {"seed": 1},
        {"coverage": 0.31},
        {"coverage": BETA},
        {"coverage": CLASSES},
        {"radius": "7 um"},
        {"radius": LOGNORMAL},
        {"radius": {**LOGNORMAL, "by": "volume"}},
        {"table": TABLE},
        {"table": {**TABLE, "multiplicity": [1, 2]}},
    ],
)
def test_what_means_something_else_has_another_hash(changed: dict[str, Any]) -> None:
    assert electrode(**changed).hash != electrode().hash


def test_the_hash_is_the_same_everywhere() -> None:
    # Written down: a change of this number changes what every result calls its electrode.
    found = electrode(coverage=BETA, radius=LOGNORMAL, thickness="60 um").hash
    assert found == "17ce62f458e86ee0d2c37fb7333ce00a892546dee27dd201f261629c43f02962"


@pytest.mark.parametrize(
    "keys",
    [
        {"thickness": "60 um", "coverage": BETA, "radius": LOGNORMAL, "particles": 7, "seed": 3},
        {"coverage": CLASSES, "radius": {"law": "lognormal", "mean": "7 um", "std": "2 um", "by": "surface"}},
        {"table": {**TABLE, "multiplicity": [1, 2.5]}},
    ],
)
def test_it_comes_back_from_toml(keys: Mapping[str, Any]) -> None:
    one = electrode(**keys)
    text = sections_to_toml({"electrode": one})
    back = Electrode(**tomllib.loads(text)["electrode"])
    assert (back, back.hash) == (one, one.hash)
    assert "loading = 0.127  # kg/m2" in text
    assert "area = 0.0001  # m2" in text


def test_a_table_is_the_same_from_a_file_a_frame_and_columns(tmp_path: Path) -> None:
    file = tmp_path / "particles.csv"
    file.write_text("# measured\nradius [um],coverage,multiplicity,note\n1,0,3,a\n2,0.5,1,b\n")
    columns = {"radius [um]": np.array([1.0, 2.0]), "coverage": np.array([0.0, 0.5]), "multiplicity": np.array([3, 1])}
    found = [electrode(table=one) for one in (file, str(file), {"file": str(file)}, columns, pd.DataFrame(columns))]
    assert len({one.hash for one in found}) == 1
    assert found[0].table is not None
    assert found[0].table.radius == pytest.approx((1e-6, 2e-6), rel=1e-15)
    assert (found[0].table.source, found[3].table.source) == ("particles.csv", None)
    assert [one.count for one in found] == [2] * 5


def test_a_set_is_known_by_its_manifest(tmp_path: Path) -> None:
    folder = measured_set(tmp_path / "set")
    one = electrode(set=folder)
    assert one.set is not None
    assert (one.count, one.set.count) == (3, 3)
    text = sections_to_toml({"electrode": one})
    moved = folder.rename(tmp_path / "elsewhere")
    # A result stays readable where the set is not, and another place is the same electrode.
    assert Electrode(**tomllib.loads(text)["electrode"]).hash == one.hash == electrode(set=moved).hash
    measured_set(folder, (0.6, 0.1))
    with pytest.raises(InputError, match="not the one this case was made for"):
        Electrode(**tomllib.loads(text)["electrode"])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, 1),
        ({"radius": LOGNORMAL}, 20),
        ({"coverage": BETA}, 20),
        ({"coverage": CLASSES}, 2),
        ({"coverage": CLASSES, "radius": LOGNORMAL}, 20),
        ({"sampling": "random"}, 20),
        ({"coverage": BETA, "particles": 7}, 7),
        ({"table": TABLE}, 2),
        ({"table": TABLE, "particles": 1}, 1),
    ],
)
def test_as_many_particles_as_the_description_needs(keys: dict[str, Any], expected: int) -> None:
    assert electrode(**keys).count == expected


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"loading": None}, "does not follow", "electrode.loading"),
    ({"loading": None, "thickness": "60 um"}, "give the loading, or porosity too", "electrode.loading"),
    ({"loading": None, "porosity": 0.1}, "give the loading, or thickness too", "electrode.loading"),
    ({"thickness": "60 um", "porosity": 0.1}, "one too many", "electrode.porosity"),
    ({"loading": "12.7 mg"}, "wrong dimension", "electrode.loading"),
    ({"loading": "12,7 mg/cm2"}, "decimal comma", "electrode.loading"),
    ({"loading": 12.7}, "did you mean: '12.7 mg/cm2'", "electrode.loading"),
    ({"loading": 0}, "out of range", "electrode.loading"),
    ({"loading": -0.1}, "out of range", "electrode.loading"),
    ({"loading": math.nan}, "finite", "electrode.loading"),
    ({"thickness": "60 mm"}, "out of range", "electrode.thickness"),
    ({"porosity": 1.0}, "below 1", "electrode.porosity"),
    ({"porosity": -0.1}, "at least 0", "electrode.porosity"),
    ({"porosity": 20}, "did you mean: '20 %'", "electrode.porosity"),
    ({"composition": [80, 20]}, "three parts", "electrode.composition"),
    ({"composition": "NCM"}, "three parts", "electrode.composition"),
    ({"composition": [0, 15, 5]}, "needs active material", "electrode.composition.active"),
    ({"composition": [80, -15, 5]}, "out of range", "electrode.composition.polymer"),
    (
        {"composition": {"active": 80, "polymer": 15, "binder": 5}},
        "unknown key 'binder'",
        "electrode.composition.binder",
    ),
    ({"density": {"active": "4.7 g/cm3"}}, "allowed: carbon, polymer", "electrode.density.active"),
    ({"density": {"carbon": 2.0}}, "out of range", "electrode.density.carbon"),
    ({"area": "1 cm"}, "wrong dimension", "electrode.area"),
    ({"particles": 0}, "1 to 10000", "electrode.particles"),
    ({"particles": 20.5}, "whole number", "electrode.particles"),
    ({"seed": -1}, "out of range", "electrode.seed"),
    ({"sampling": "sobol"}, "strata, random", "electrode.sampling"),
    ({"coverge": 0.3}, "did you mean: coverage", "electrode.coverge"),
    ({"coverage": None}, "needs the coverage", "electrode.coverage"),
    ({"coverage": 0}, "out of range", "electrode.coverage.value"),
    ({"coverage": 30}, "did you mean: '30 %'", "electrode.coverage.value"),
    ({"coverage": {"mean": 0.3}}, "'law' is missing", "electrode.coverage.law"),
    ({"coverage": {"law": "gamma"}}, "fixed, beta, classes", "electrode.coverage.law"),
    ({"coverage": {"law": "beta", "mean": 0.3}}, "needs its std", "electrode.coverage.std"),
    ({"coverage": {**BETA, "value": 0.3}}, "has no value", "electrode.coverage.value"),
    ({"coverage": {**BETA, "std": 0.46}}, "at most 0.4242", "electrode.coverage.std"),
    ({"coverage": {**BETA, "mean": 1.0}}, "below 1", "electrode.coverage.mean"),
    ({"coverage": {**CLASSES, "poor": 0.95}}, "not the worse one", "electrode.coverage.poor"),
    ({"coverage": {**CLASSES, "share_poor": 1.0}}, "below 1", "electrode.coverage.share_poor"),
    ({"coverage": CLASSES, "particles": 1}, "a particle each", "electrode.particles"),
    ({"radius": "7 g"}, "wrong dimension", "electrode.radius.value"),
    ({"radius": {**LOGNORMAL, "sigma": 1.0}}, "above 1", "electrode.radius.sigma"),
    ({"radius": {"law": "lognormal", "sigma": 1.4}}, "needs its median", "electrode.radius.median"),
    ({"radius": {"law": "lognormal"}}, "median and sigma", "electrode.radius.median"),
    ({"radius": {**LOGNORMAL, "mean": "7 um"}}, "given by median and sigma has no mean", "electrode.radius.mean"),
    ({"radius": {**LOGNORMAL, "by": "mass"}}, "number, surface, volume", "electrode.radius.by"),
    ({"radius": {"law": "lognormal", "mean": "1 um", "std": "9 um"}}, "too wide", "electrode.radius.std"),
    ({"table": TABLE, "coverage": 0.3}, "the table gives the coverage", "electrode.coverage"),
    ({"table": TABLE, "particles": 5}, "there are 2 particles only", "electrode.particles"),
    ({"table": TABLE, "sampling": "random"}, "taken by strata", "electrode.sampling"),
    ({"table": {**TABLE, "coverage": [0.0, 0.0]}}, "carries no current", "electrode.table"),
    ({"table": {**TABLE, "coverage": [0.1]}}, "equally long", "electrode.table"),
    ({"table": {**TABLE, "coverage": [0.1, 1.2]}}, "out of range", "electrode.table.coverage[2]"),
    ({"table": {**TABLE, "multiplicity": [1, 0]}}, "above 0", "electrode.table.multiplicity[2]"),
    ({"table": {"radius": [1e-6]}}, "no column 'coverage'", "electrode.table"),
    ({"table": {**TABLE, "weight": [1, 1]}}, "unknown column 'weight'", "electrode.table"),
    ({"table": {"radius [s]": [1, 2], "coverage": [0, 1]}}, "wrong dimension", "electrode.table.radius"),
    ({"table": {**TABLE, "radius [um]": [1, 2]}}, "two columns of radius", "electrode.table"),
    ({"table": {"radius": [], "coverage": []}}, "1 to 10000 rows", "electrode.table"),
    ({"table": 7}, "not a table", "electrode.table"),
    ({"table": "nowhere.csv"}, "No such file", "electrode.table, nowhere.csv"),
    ({"set": "nowhere"}, "No such file", "electrode.set, nowhere"),
    ({"set": 7}, "expected a section", "electrode.set"),
    ({"table": TABLE, "set": "nowhere"}, "No such file", "electrode.set, nowhere"),
]


@pytest.mark.parametrize(("keys", "words", "where"), WRONG, ids=[f"{n}" for n in range(len(WRONG))])
def test_a_wrong_input_is_one_clear_error(keys: dict[str, Any], words: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        electrode(**keys)
    assert words in str(caught.value)
    assert caught.value.where == where
    assert caught.value.__cause__ is None
    assert "(and " not in caught.value.what


def test_wrong_files_are_clear_errors(tmp_path: Path) -> None:
    file = tmp_path / "particles.csv"
    for text, words in (
        ("radius [um]\n1\n", "no column 'coverage'"),
        ("radius [um],coverage\n1,x\n", "not a finite number"),
        ("radius,coverage\n5,0.3\n", "check the unit in the head line"),
        ("radius [um],coverage\n", "too few rows"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=words) as caught:
            electrode(table=file)
        assert str(caught.value.where).startswith("electrode.table, ")
    folder = measured_set(tmp_path / "set")
    with pytest.raises(InputError, match="from a table or from a set, not both"):
        electrode(set=folder, table=TABLE)
    for bare, words in (
        (measured_set(tmp_path / "bare", (0.0, None)), "carries no current"),
        (measured_set(tmp_path / "none", ()), "the particle set is empty"),
        (measured_set(tmp_path / "dry", **{"contact measurable": False}), "contact cannot be measured"),
    ):
        with pytest.raises(InputError, match=words):
            electrode(set=bare)


def test_nothing_can_be_changed_afterwards() -> None:
    with pytest.raises(InputError):
        electrode(coverage={**BETA, "seed": 3})
    one = electrode()
    with pytest.raises(InputError, match="with_overrides"):
        one.loading = 1.0  # type: ignore[misc]


ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12),
        st.sampled_from(["beta", "classes", "lognormal", "fixed", "12.7 mg/cm2", "7 um", "30 %", "80:15:5", "a:b:c"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["law", "mean", "std", "value", "median", "sigma", "by", "poor", "good", "share_poor", "radius", "file",
                 "radius [um]", "coverage", "multiplicity", "folder", "sha256", "count", "active", "polymer", "source"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)  # fmt: skip


@given(keys=st.dictionaries(st.sampled_from([*Electrode.model_fields, "layers"]), ANYTHING, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_input_is_an_electrode_or_a_clear_error(keys: dict[str, Any]) -> None:
    try:
        found = electrode(**keys)
        if not found.described:  # no key is given: there is no electrode
            return
        assert len(found.hash) == 64
        assert found.active_mass(DENSITY) > 0.0
        found.amounts(DENSITY)
    except InputError as error:
        assert error.what
