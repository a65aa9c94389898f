"""A solution in other processes, in tables and in files of other names."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results import layout
from asyncsoc.simulation.results.solution import Solution


def same(one: Solution, other: Solution) -> None:
    assert type(other) is Solution
    assert other.to_json_dict() == one.to_json_dict()
    np.testing.assert_array_equal(other.field_x, one.field_x)
    assert other.mesh.sha256 == one.mesh.sha256
    for array in (other.field_x, other.field_times, other.columns[names.TIME], other.contact.weights):
        assert not array.flags.writeable
    with pytest.raises(TypeError):
        other.case["name"] = "another"


def last_voltage(solution: Solution) -> tuple[float, Solution]:
    return float(solution.columns[names.VOLTAGE][-1]), solution


@pytest.mark.parametrize("kind", ["radial", "axisymmetric", "cartesian"])
def test_copies_are_the_same(kind, make_solution):
    solution = make_solution(kind)
    assert solution.curves is not None  # what is worked out once does not travel, and is worked out again
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        same(solution, pickle.loads(pickle.dumps(solution, protocol)))
    same(solution, copy.deepcopy(solution))
    same(solution, copy.copy(solution))
    xr.testing.assert_identical(pickle.loads(pickle.dumps(solution.curves)), solution.curves)
    xr.testing.assert_identical(copy.deepcopy(solution.fields), solution.fields)


@pytest.mark.slow
def test_process_pools_take_and_return_solutions(make_solution):
    solution = make_solution("radial")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        voltage, back = executor.submit(last_voltage, solution).result(timeout=120)
        same(solution, back)
    assert voltage == solution.columns[names.VOLTAGE][-1]
    with context.Pool(1) as pool:
        same(solution, pool.map(last_voltage, [solution])[0][1])


def test_the_data_frame_has_the_curves(make_solution):
    columns = dict(make_solution().columns)
    columns[names.VOLTAGE] = np.where(np.arange(12) == 4, np.nan, columns[names.VOLTAGE])
    solution = make_solution(columns=columns)
    frame = solution.to_dataframe()
    assert list(frame.columns) == list(solution.columns)
    assert frame.index.name == "point"
    assert frame["Step"].dtype == np.int64
    assert frame.attrs["case sha256"] == solution.case_sha256
    for name, values in solution.columns.items():
        np.testing.assert_array_equal(frame[name], values)
    frame.loc[0, names.VOLTAGE] = 0.0
    assert solution.columns[names.VOLTAGE][0] != 0.0


def test_the_table_is_read_back_bit_for_bit(make_solution, tmp_path):
    columns = dict(make_solution().columns)
    columns[names.ASYNCHRONY] = np.where(np.arange(12) == 4, np.nan, columns[names.ASYNCHRONY])
    columns[names.VOLTAGE] = columns[names.VOLTAGE] / 3.0
    solution = make_solution(columns=columns)
    path = solution.to_csv(tmp_path / "new folder" / "curves.csv")
    assert path.read_text().startswith("Time [s],Voltage [V],Current [A],")
    frame = pd.read_csv(path)
    pd.testing.assert_frame_equal(frame, solution.to_dataframe().reset_index(drop=True), check_exact=True)
    table = read_csv_table(
        path,
        [Column("t", ("Time",), "s"), Column("U", ("Voltage",), "V"), Column("I", ("Current",), "A")],
        layout="Time [s], Voltage [V]",
        required=["t", "U", "I"],
    )
    np.testing.assert_array_equal(table.columns["U"], solution.columns[names.VOLTAGE])
    np.testing.assert_array_equal(table.columns["t"], solution.columns[names.TIME])


def test_pandas_is_named_where_it_is_missing(make_solution, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(EnvironmentProblem, match="pip install pandas"):
        make_solution().to_dataframe()


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy", None])
def test_data_sets_are_written_without_renaming(engine, make_solution, tmp_path):
    solution = make_solution(more_fields={"Side current density [mA/cm2]": np.ones((3, make_solution().mesh.n_nodes))})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution.curves.to_netcdf(tmp_path / "curves.nc", engine=engine)
        solution.fields.to_netcdf(tmp_path / "fields.nc", engine=engine)
        part = solution.curves.isel(point=slice(2, 5))
        part.to_netcdf(tmp_path / "part.nc", engine=engine)
    with xr.open_dataset(tmp_path / "curves.nc", engine=engine) as curves:
        stored = {curves[name].attrs.get("long_name", name): name for name in curves.variables}
        assert set(stored) == set(solution.columns)
        for name, values in solution.columns.items():
            np.testing.assert_array_equal(curves[stored[name]].values, values)
            assert curves[stored[name]].attrs["units"] == names.unit_of(name)
    with xr.open_dataset(tmp_path / "fields.nc", engine=engine) as fields:
        np.testing.assert_array_equal(fields[layout.STOICHIOMETRY].values, solution.field_x)
        assert "Side current density [mA per cm2]" in fields
    with xr.open_dataset(tmp_path / "part.nc", engine=engine) as part:
        assert part.sizes["point"] == 3


def test_a_file_gets_the_name_asked_for(make_solution, tmp_path):
    solution = make_solution()
    path = solution.save(tmp_path / "deeper" / "mine.vtkhdf")
    assert path == tmp_path / "deeper" / "mine.vtkhdf"
    same(solution, Solution.load(path))
    assert (path.parent / "mine.vtkhdf.sha256").read_text().endswith("  mine.vtkhdf\n")
    assert solution.save(str(path)) == path
    assert solution.save(str(tmp_path)).name.endswith("-0123456789ab.vtkhdf")


def test_vtk_reads_every_time_of_it(make_solution, tmp_path):
    vtk = pytest.importorskip("vtkmodules.vtkIOHDF")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    solution = make_solution()
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(solution.save(tmp_path / "x.vtkhdf")))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == len(solution.field_times)
    for step, time in enumerate(solution.field_times):
        reader.SetStep(step)
        reader.Update()
        grid = reader.GetOutput()
        assert reader.GetTimeValue() == time
        assert grid.GetNumberOfCells() == len(solution.mesh.cells)
        np.testing.assert_array_equal(
            vtk_to_numpy(grid.GetPointData().GetArray(layout.STOICHIOMETRY)), solution.field_x[step]
        )


@pytest.mark.parametrize("name", ["run.csv", "run.nc", "run.h5", "run.hdf5", "run.vtu", "run.json", "run.pkl"])
def test_other_formats_are_refused_with_the_way_to_them(name, make_solution, tmp_path):
    with pytest.raises(InputError, match=r"kept in a \.vtkhdf file") as told:
        make_solution().save(tmp_path / name)
    assert told.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_written(make_solution, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "curves.csv", Path("/proc/nothing/curves.csv")):
        with pytest.raises(InputError, match="cannot be written"):
            make_solution().to_csv(path)
