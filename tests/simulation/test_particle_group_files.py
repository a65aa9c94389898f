"""The result of a group in files and other processes: all of it comes back, tables are those of the group."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names

STEPS = ("Charge at C/2 for 10 minutes", "Rest for 5 minutes")


@pytest.fixture(scope="module")
def group(make_case: Any) -> aso.Solution:
    """Four particles on three meshes, one with a film."""
    contact, coarse = {"kind": "cap", "coverage": 0.3}, {"mesh": "coarse"}
    reacts = {"mode": "coupled", "exchange_current_density": 1e-7}
    cases = [
        make_case(*STEPS, contact=contact, particle=coarse),
        make_case(*STEPS, contact=contact, particle=coarse, side_reaction=reacts),
        make_case(*STEPS),
        make_case(*STEPS, contact={"kind": "patches", "coverage": 0.3, "n": 6}, particle=coarse),
    ]
    return aso.simulate_particles(cases, [1.0, 2.5, 0.1, 1e-3], names=["bare", "film", "full", "Ü/4"])


@pytest.fixture(scope="module")
def file(group: aso.Solution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return group.save(tmp_path_factory.mktemp("group"))


def identical(one: aso.Solution, other: aso.Solution) -> None:
    assert other.to_json_dict() == one.to_json_dict()
    assert other.particles.identical(one.particles)
    assert other.curves.identical(one.curves)
    for mine, theirs in zip(one.particle_runs, other.particle_runs, strict=True):
        a, b = one.particle(mine.name), other.particle(theirs.name)
        assert b.to_json_dict() == a.to_json_dict()
        assert b.fields.identical(a.fields)
        assert (b.mesh.sha256, b.case_toml, dict(b.case)) == (a.mesh.sha256, a.case_toml, dict(a.case))
        np.testing.assert_array_equal(b.contact.facet_fraction, a.contact.facet_fraction)


def test_all_of_a_group_comes_back_from_its_file(group: aso.Solution, file: Path) -> None:
    loaded = aso.Solution.load(file)
    identical(group, loaded)
    assert loaded.particle_runs[0].mesh is loaded.particle_runs[1].mesh  # kept once
    assert loaded.particle("film").plot(300.0).axes


def test_it_travels_to_another_process(group: aso.Solution) -> None:
    identical(group, pickle.loads(pickle.dumps(group)))


def test_a_file_from_before_there_were_groups_is_of_one_particle(make_case: Any, tmp_path: Path) -> None:
    path = aso.simulate(make_case(*STEPS)).save(tmp_path)
    with h5py.File(path) as opened:
        assert "particles" not in opened
    assert aso.Solution.load(path).particles.sizes["particle"] == 1


def test_tables_are_those_of_the_group(group: aso.Solution, tmp_path: Path) -> None:
    frame = group.to_dataframe()
    assert list(frame) == list(group.columns)
    np.testing.assert_array_equal(frame[names.VOLTAGE], group.columns[names.VOLTAGE])
    read = pd.read_csv(group.to_csv(tmp_path / "group.csv"))
    np.testing.assert_allclose(read[names.MEAN_SOC], group.columns[names.MEAN_SOC], rtol=1e-15)
    group.curves.to_netcdf(tmp_path / "curves.nc")
    group.particles.to_netcdf(tmp_path / "particles.nc")
    with xr.open_dataset(tmp_path / "particles.nc") as opened:
        assert opened["particle"].to_numpy().tolist() == ["bare", "film", "full", "Ü/4"]
        np.testing.assert_array_equal(opened["Mean SOC"], group.particles["Mean SOC"])
    with xr.open_dataset(file_of(group, tmp_path), group="curves", engine="h5netcdf") as opened:
        np.testing.assert_array_equal(opened["Voltage [V]"], group.columns[names.VOLTAGE])


def file_of(group: aso.Solution, folder: Path) -> Path:
    return group.save(folder / "group.vtkhdf")


def test_the_document_has_a_row_for_each_particle(group: aso.Solution) -> None:
    rows = group.to_json_dict()["particles"]
    assert [row["name"] for row in rows] == ["bare", "film", "full", "Ü/4"]
    assert [row["Multiplicity"] for row in rows] == [1.0, 2.5, 0.1, 1e-3]
    for row, one in zip(rows, group.particle_runs, strict=True):
        assert row["Radius [m]"] == 5e-6
        assert row["Coverage realised"] == one.contact.coverage_realised
        assert row["Final mean SOC"] == one.columns[names.MEAN_SOC][-1]
        assert ("Final film thickness max [m]" in row) == (one.name == "film")
    assert group.summary()["Particles"] == 4
    assert "Coverage asked" not in group.summary()


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("particles/multiplicities", lambda values: values[:-1]),
        ("particles/stoichiometry", lambda values: values[:-1]),
        ("particles/cells", lambda values: values + 10_000_000),
        ("particles/points", lambda values: values * 1.01),
        ("particles/curves/Voltage [V]", lambda values: values[:, :-1]),
        ("particles/records", lambda values: np.bytes_(b"{}")),
        ("particles/records", lambda values: np.bytes_(bytes(values).replace(b'"mesh":0', b'"mesh":9'))),
        ("particles/field_times", lambda values: np.full_like(values, np.nan)),
    ],
)
def test_a_damaged_file_is_one_error(file: Path, tmp_path: Path, place: str, change: Any) -> None:
    path = tmp_path / "damaged.vtkhdf"
    path.write_bytes(file.read_bytes())
    with h5py.File(path, "a") as opened:
        values = opened[place][()]
        del opened[place]
        opened[place] = change(values)
    with pytest.raises(InputError, match="not a readable result file"):
        aso.Solution.load(path)
