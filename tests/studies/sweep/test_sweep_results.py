"""A sweep of real cases records what `simulate` computes, bit for bit, and collects what it recorded."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.sweep.batch import FIELDS, Job, JobSettings, run_jobs
from asyncsoc.studies.sweep.design import DesignOptions, make_design
from asyncsoc.studies.sweep.export import collect
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import decode
from asyncsoc.studies.sweep.run import SweepOptions, run_sweep

pytestmark = pytest.mark.slow

BASE = {
    "name": "short",
    "particle": {"radius": "5 um"},
    "protocol": {"temperature": "60 degC", "steps": ["Charge at {rate} C until 4 V", "Rest for 10 minutes"]},
}
VARY = ("rate=0.1,0.5,30", "kinetics.film_resistance=0,0.01", "particle.radius=3 um,5 um")
FAILS = 8
"""30 C passes 4 V at once: cases 8 to 11 cannot be carried out."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan("short", BASE, make_design(DesignOptions(VARY), BASE))


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep run by two workers, in wide batches."""
    place = tmp_path_factory.mktemp("sweep")
    result = run_sweep(plan, place, SweepOptions(workers=2, width=64))
    assert (result.counts.done, result.counts.failed) == (FAILS, 4)
    return place


def test_results_do_not_depend_on_workers_or_batch_width(
    plan: Plan, folder: Path, tmp_path: Path, records_in: Callable[[Path, Plan], list[bytes | None]]
) -> None:
    run_sweep(plan, tmp_path, SweepOptions(workers=1, width=1))
    alone, together = records_in(tmp_path, plan), records_in(folder, plan)
    assert None not in alone
    assert alone == together


def test_every_row_is_a_row_of_a_single_run(
    plan: Plan, folder: Path, records_in: Callable[[Path, Plan], list[bytes | None]]
) -> None:
    for number in (0, 7):
        record = decode(records_in(folder, plan)[number] or b"")
        columns = simulate(plan.case(number)).columns
        single = {row[:3]: row for row in zip(*(columns[name].tolist() for name in record.columns), strict=True)}
        rows = list(zip(*(record.columns[name].tolist() for name in record.columns), strict=True))
        assert len(rows) > 30
        assert all(single[row[:3]] == row for row in rows)  # time, voltage and current name a row


@pytest.mark.parametrize(
    "contact",
    [{"kind": "cap", "coverage": 0.3}, {"kind": "random", "n": 3, "coverage": 0.3}],
    ids=["axisymmetric", "3d"],
)
def test_a_batch_gives_the_bits_of_single_runs_on_other_meshes_too(contact: dict[str, object], tmp_path: Path) -> None:
    base = {
        "name": "partial",
        "particle": {"radius": "5 um"},
        "contact": contact,
        "protocol": {"temperature": "60 degC", "steps": ["Charge at {rate} C for 2 minutes"]},
    }
    plan = Plan("partial", base, make_design(DesignOptions(("rate=0.1,0.5,1",)), base))
    jobs = [Job(plan.case(k).hash, plan.design.values(k)) for k in range(3)]
    for k, (_, status, data) in enumerate(run_jobs(JobSettings.of(plan, tmp_path), jobs)):
        columns, record = simulate(plan.case(k)).columns, decode(data)
        assert status == "done"
        rows = np.flatnonzero(np.isin(columns[names.TIME], record.columns[names.TIME]))
        for name, values in record.columns.items():
            np.testing.assert_array_equal(values, columns[name][rows])


def test_the_data_set_holds_every_case(
    plan: Plan, folder: Path, records_in: Callable[[Path, Plan], list[bytes | None]]
) -> None:
    collected = collect(folder, points=201)
    assert [path.name for path in collected.files] == ["sweep.nc", "sweep.parquet", "sweep.png"]
    with xr.open_dataset(folder / "sweep.nc", engine="h5netcdf") as found:
        data = found.load()
    assert data["status"].dims == ("rate", "kinetics.film_resistance", "particle.radius")
    assert data["status"].values.ravel().tolist() == [0] * FAILS + [1] * 4
    assert data["particle.radius"].values.tolist() == [3e-6, 5e-6]
    case = {"rate": 0.5, "kinetics.film_resistance": 0.01, "particle.radius": 3e-6}
    one = data.sel(case)
    solution = simulate(plan.case(6))
    summary = solution.summary()
    assert float(one["Final contact-mean SOC"]) == summary["Final contact-mean SOC"]
    assert float(one["Largest asynchrony"]) == pytest.approx(summary["Largest asynchrony"], rel=2e-3)
    ends = [np.flatnonzero(solution.columns[names.STEP] == k)[-1] for k in (1, 2)]
    np.testing.assert_array_equal(one["Voltage [V] at end of step"], solution.columns[names.VOLTAGE][ends])
    time, voltage = solution.columns[names.TIME], solution.columns[names.VOLTAGE]
    inside = one["time"].values < time[ends[0]]
    curve = one["Voltage [V]"].values[inside]
    expected = np.interp(one["time"].values[inside], time, voltage)
    # Both are straight lines between rows of their own; at the start, where U is steep, rows lie 10 mV and more apart.
    np.testing.assert_allclose(curve[:3], expected[:3], atol=1e-2)
    np.testing.assert_allclose(curve[3:], expected[3:], atol=3e-3)
    assert np.isnan(one["Voltage [V]"].values[one["time"].values > time[-1]]).all()
    error = str(data["Error"].sel(rate=30.0).values.ravel()[0])
    assert "4 V reached already" in error


def test_other_axes_and_chosen_curves(folder: Path) -> None:
    collect(folder, axis="soc", points=11, curves=(names.VOLTAGE,), picture=False)
    with xr.open_dataset(folder / "sweep.nc", engine="h5netcdf") as data:
        assert data["Voltage [V]"].dims[-1] == "soc"
        assert names.ASYNCHRONY not in data
        assert data.sizes["soc"] == 11
    with pytest.raises(InputError, match="Voltage"):
        collect(folder, curves=("Voltag",))
    with pytest.raises(InputError, match="time, soc, capacity"):
        collect(folder, axis="voltage")


def test_without_pyarrow_the_table_is_csv(plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = next(path for path in collect(folder, picture=False).files if path.suffix == ".csv")
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(plan.design)
    assert [row["status"] for row in rows] == ["done"] * FAILS + ["failed"] * 4
    assert float(rows[3]["kinetics.film_resistance"]) == 0.01


def test_collecting_nothing_is_one_clear_error(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sweep"):
        collect(tmp_path)
    plan.write(tmp_path)
    with pytest.raises(InputError, match="no case"):
        collect(tmp_path)


def test_result_files_where_they_are_asked_for(tmp_path: Path) -> None:
    plan = Plan("short", BASE, make_design(DesignOptions(("rate=0.5,1",)), BASE), "fields")
    jobs = [Job(plan.case(k).hash, plan.design.values(k)) for k in range(2)]
    finished = run_jobs(JobSettings.of(plan, tmp_path), jobs)
    assert [status for _, status, _ in finished] == ["done", "done"]
    files = sorted((tmp_path / FIELDS).rglob("*.vtkhdf"))
    assert len(files) == 2
    kept = {solution.case_sha256: solution for solution in map(Solution.load, files)}
    assert set(kept) == {job.sha256 for job in jobs}
    columns = decode(finished[0][2]).columns
    np.testing.assert_array_equal(columns[names.VOLTAGE], kept[jobs[0].sha256].columns[names.VOLTAGE])


def test_the_command_line_says_what_came_of_it(folder: Path, run_command: Callable[..., object]) -> None:
    done = run_command("sweep", folder, "--resume", "--json")
    assert done.returncode == 3  # some cases failed
    document = json.loads(done.stdout)
    assert [document[key] for key in ("total", "done", "failed", "ran")] == [12, FAILS, 4, 0]
    assert document["output"] == str(folder)
    assert all(Path(file).is_file() for file in document["files"])
    assert document["failures"][0]["case"] == FAILS
    assert "4 V reached already" in document["failures"][0]["error"]
