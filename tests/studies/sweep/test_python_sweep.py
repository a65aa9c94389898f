"""`aso.sweep` gives what `asyncsoc sweep` gives, and takes what Python has: arrays, objects, functions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc

import asyncsoc as aso
from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.cli.main import main
from asyncsoc.studies.sweep.call import SweepWarning
from asyncsoc.studies.sweep.plan import Plan, raw_keys
from asyncsoc.studies.sweep.python_design import given_design

STEPS = ("Charge at C/10 for 10 minutes", "Rest for 5 minutes")
TOML = """
[particle]
radius = "5 um"
[protocol]
temperature = "60 degC"
steps = ["Charge at C/10 for 10 minutes", "Rest for 5 minutes"]
"""
GRID = {"particle.radius": ["3 um", 5e-6], "protocol.rate": ["C/10", 0.5, 2]}
OPTIONS = ("--vary", "particle.radius=3 um,5 um", "--vary", "protocol.rate=C/10,0.5,2 C")


def small_case(**changes: Any) -> aso.Case:
    protocol = aso.Protocol(temperature="60 degC", steps=STEPS)
    sections = {"particle": aso.Particle(radius="5 um"), "contact": aso.Contact(), "material": aso.Material()}
    return aso.Case.from_objects(**{**sections, "protocol": protocol, **changes}, name="small")


@pytest.fixture(scope="module")
def grid() -> xr.Dataset:
    return aso.sweep(small_case(), GRID)


@pytest.mark.slow
def test_a_grid_is_the_commands_bit_for_bit(grid: xr.Dataset, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(TOML)
    folder = tmp_path / "by-command"
    assert main(["sweep", str(tmp_path / "small.toml"), *OPTIONS, "-o", str(folder), "--workers", "1", "-q"]) == 0
    with xr.open_dataset(folder / "sweep.nc", engine="h5netcdf") as by_command:
        assert dict(grid.sizes) == dict(by_command.sizes)
        assert set(grid.variables) == set(by_command.variables)
        for name in by_command.variables:
            np.testing.assert_array_equal(grid[name].values, by_command[name].values, err_msg=str(name))
    np.testing.assert_array_equal(grid["protocol.rate"], [0.1, 0.5, 2.0])
    assert grid["particle.radius"].attrs["units"] == "m"
    assert grid["protocol.rate"].attrs["units"] == "1/h"


def test_every_case_is_what_simulate_gives(grid: xr.Dataset) -> None:
    case = small_case().with_overrides(["particle.radius=3 um", "protocol.rate=0.5"])
    assert case.protocol.steps == ("Charge at 0.5 C for 10 minutes", "Rest for 5 minutes")
    one = grid.isel({"particle.radius": 0, "protocol.rate": 1})
    alone = aso.simulate(case).summary()
    for name in ("Final voltage [V]", "Final mean SOC", "Largest asynchrony"):
        assert float(one[name]) == alone[name], name


@pytest.mark.slow
def test_the_data_set_can_be_written_as_it_is(grid: xr.Dataset, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid.to_netcdf(tmp_path / "kept.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "kept.nc", engine="h5netcdf") as back:
        np.testing.assert_array_equal(back["Largest asynchrony"], grid["Largest asynchrony"])


@pytest.mark.parametrize(
    ("design", "engine"),
    [
        ("sobol", qmc.Sobol),
        ("halton", qmc.Halton),
        ("lhs", qmc.LatinHypercube),
        ("latin hypercube", qmc.LatinHypercube),
    ],
)
def test_sampled_points_are_scipys(design: str, engine: Any) -> None:
    vary = {
        "contact.coverage": (0.1, 0.9),
        "particle.radius": ("2 um", "8 um"),
        "material.diffusivity": (1e-16, 1e-13, "log"),
    }
    base = raw_keys(small_case(contact=aso.Contact.cap(0.3)))
    made = given_design(vary, base, design, n=16, seed=7)
    (dimension,) = made.dimensions
    assert dimension.name == "case"
    points = engine(3, rng=7).random(16)
    expected = np.column_stack([0.1 + 0.8 * points[:, 0], 2e-6 + 6e-6 * points[:, 1], 1e-16 * 1000.0 ** points[:, 2]])
    np.testing.assert_allclose(np.array(dimension.rows), expected, rtol=1e-11)
    assert made == given_design(vary, base, design, n=16, seed=7)
    assert made != given_design(vary, base, design, n=16, seed=8)


def test_a_sample_is_combined_with_lists() -> None:
    vary = {"particle.radius": (3e-6, 9e-6), "protocol.rate": [0.1, 1.0]}
    data = aso.sweep(small_case(), vary, design="sobol", n=4, seed=1, keep="summary")
    assert dict(data.sizes) == {"case": 4, "protocol.rate": 2, "step": 2}
    assert data["particle.radius"].dims == ("case",)
    assert "particle.radius" in data.coords
    assert bool(
        (
            data["Largest asynchrony"].isel({"protocol.rate": 1})
            > data["Largest asynchrony"].isel({"protocol.rate": 0})
        ).all()
    )


def test_keys_that_change_together_are_one_dimension() -> None:
    pairs = {
        ("kinetics.model", "kinetics.exchange_current_density"): [("butler-volmer", 1.0), ("linear", "0.2 mA/cm2")]
    }
    data = aso.sweep(small_case(), pairs, keep="summary")
    (name,) = (dim for dim in data.dims if dim != "step")
    assert name == "kinetics.model+kinetics.exchange_current_density"
    assert data["kinetics.model"].values.tolist() == ["butler-volmer", "linear"]
    assert data["kinetics.exchange_current_density"].values.tolist() == [1.0, 2.0]


def test_objects_are_values() -> None:
    contacts = {"all": aso.Contact(), "still all": aso.Contact(kind="full", coverage=1.0)}
    vary = {
        "contact": contacts,
        "material": [aso.Material(), aso.Material(name="ncm811-chen2020"), aso.Material(diffusivity="4e-15 m2/s")],
        "protocol": [aso.Protocol.of(*STEPS), aso.Protocol.of("Charge at C/5 for 20 minutes")],
    }
    data = aso.sweep(small_case(), vary, keep="summary")
    assert data["contact"].values.tolist() == ["all", "still all"]
    assert data["material"].values.tolist() == [
        "ncm811-sturm2019", "ncm811-chen2020", "ncm811-sturm2019, diffusivity 4e-15",
    ]  # fmt: skip
    assert data["Final voltage [V]"].notnull().all()
    one = small_case(
        material=aso.Material(name="ncm811-chen2020"), protocol=aso.Protocol.of("Charge at C/5 for 20 minutes")
    )
    assert (
        float(data["Final voltage [V]"].isel(contact=0, material=1, protocol=1))
        == aso.simulate(one).summary()["Final voltage [V]"]
    )


@pytest.mark.slow
def test_a_section_can_be_varied_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(TOML)
    vary = 'electrolyte={conductivity = "1e-4 S/cm"},{conductivity = "1e-3 S/cm"}'
    command = [
        "sweep",
        str(tmp_path / "small.toml"),
        "--vary",
        vary,
        "-o",
        str(tmp_path / "out"),
        "-q",
        "--workers",
        "1",
    ]
    assert main(command) == 0
    with xr.open_dataset(tmp_path / "out" / "sweep.nc", engine="h5netcdf") as data:
        assert data["electrolyte"].values.tolist() == ["conductivity 0.01", "conductivity 0.1"]
        assert np.isfinite(data["Final voltage [V]"]).all()
    assert Plan.read(tmp_path / "out").design.values(1)["electrolyte"].content == {"conductivity": 0.1}


def test_the_rate_of_one_step() -> None:
    steps = ("Charge at C/10 for 10 minutes", "Rest for 1 minute", "Charge at 0.3 C for 5 minutes")
    case = small_case(protocol=aso.Protocol.of(*steps))
    data = aso.sweep(case, {"protocol.rate[3]": ["C/2", 1]}, keep="summary")
    charge = data["Charge of step [C]"]
    assert float(charge.sel(step=1).diff("protocol.rate[3]")[0]) == 0.0
    np.testing.assert_allclose(charge.sel(step=3)[1] / charge.sel(step=3)[0], 2.0, rtol=1e-9)


def first_above(solution: aso.Solution) -> int:
    return np.flatnonzero(solution.columns["Voltage [V]"] > 3.65)[0]


def end_of_fields(solution: aso.Solution) -> np.float32:
    assert solution.field_times[-1] == solution.columns["Time [s]"][-1]
    return np.float32(solution.stoichiometry_at(solution.field_times[-1]).min())


@pytest.mark.slow
def test_own_measures_are_recorded_and_what_is_not_reached_is_counted(tmp_path: Path) -> None:
    measures = {"first above": first_above, "least x": end_of_fields, "none": lambda solution: None}
    with pytest.warns(SweepWarning, match="has no value in") as told:
        data = aso.sweep(small_case(), GRID, measures=measures, folder=tmp_path)
    case = small_case().with_overrides(["particle.radius=3 um", "protocol.rate=2"])
    alone = aso.simulate(case)
    one = data.isel({"particle.radius": 0, "protocol.rate": 2})
    assert float(one["first above"]) == first_above(alone)
    assert float(one["least x"]) == float(end_of_fields(alone))
    assert data["least x"].notnull().all()
    assert data["none"].isnull().all()
    assert data["none"].attrs["cases without value"] == 6
    lacking = int(data["first above"].isnull().sum())
    assert 0 < lacking < 6
    assert data["first above"].attrs["cases without value"] == lacking
    assert any(f"{lacking} of 6 cases that were carried out: IndexError" in str(one.message) for one in told)
    ran: list[int] = []
    with pytest.warns(SweepWarning):
        again = aso.sweep(
            small_case(), GRID, measures=measures, folder=tmp_path, resume=True,
            progress=lambda status: ran.append(status.ran),
        )  # fmt: skip
    assert ran == []
    xr.testing.assert_identical(again, data)
    with pytest.raises(InputError, match="lack the measure 'other'"):
        aso.sweep(small_case(), GRID, measures={"other": first_above}, folder=tmp_path, resume=True)


def test_a_case_that_fails_is_counted_and_said() -> None:
    case = small_case(protocol=aso.Protocol.of("Charge at C/10 until 3.5 V", initial_stoichiometry=0.9))
    with pytest.warns(SweepWarning, match="1 of 2 cases could not be carried out; the first, protocol.initial_st"):
        data = aso.sweep(
            case, {"protocol.initial_stoichiometry": [0.9, 0.5]}, measures={"end": lambda s: s.columns["Time [s]"][-1]}
        )
    assert data["status"].values.tolist() == [0, 1]
    assert data["end"].attrs["cases without value"] == 1


def test_progress_is_called_and_a_folder_keeps_what_the_command_keeps(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    data = aso.sweep(
        tmp_path_case(tmp_path), {"rate": [0.1, 1.0]}, folder=tmp_path / "kept", keep="summary",
        progress=lambda status: seen.append((status.counts.done, status.counts.total)),
    )  # fmt: skip
    assert seen[-1] == (2, 2)
    assert data["rate"].values.tolist() == [0.1, 1.0]
    assert {"manifest.json", "sweep.nc", "shards"} <= {entry.name for entry in (tmp_path / "kept").iterdir()}
    assert main(["sweep", str(tmp_path / "kept"), "--resume", "-q"]) == 0


def tmp_path_case(folder: Path) -> Path:
    path = folder / "braces.toml"
    path.write_text(TOML.replace("at C/10", "at {rate} C"))
    return path


@pytest.mark.slow
def test_workers_give_the_same(grid: xr.Dataset) -> None:
    xr.testing.assert_identical(aso.sweep(small_case(), GRID, workers=2), grid)


def test_ctrl_c_keeps_what_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(status: Any) -> None:
        raise InterruptedRunError("interrupted")

    with pytest.raises(InterruptedRunError, match="resume=True"):
        aso.sweep(small_case(), GRID, folder=tmp_path, keep="summary", progress=interrupt)
    data = aso.sweep(small_case(), GRID, folder=tmp_path, keep="summary", resume=True)
    assert (data["status"] == 0).all()


CAP = aso.Contact.cap(0.3)
DRIVE = aso.Protocol.follow([0.0, 10.0], c_rate=[0.0, 0.1], initial_soc=0.5)
WRONG: dict[str, tuple[dict[Any, Any], dict[str, Any], str]] = {
    "nothing": ({}, {}, "nothing is varied"),
    "an unknown key": ({"contact.covrage": [0.1]}, {}, "unknown key"),
    "an unknown section": ({"contacts": [CAP]}, {}, "cannot be varied"),
    "a key that is none": ({3: [0.1]}, {}, "a key is a text"),
    "no list": ({"contact.coverage": 0.3}, {}, "values are a list"),
    "a text for a list": ({"contact.coverage": "0.1,0.3"}, {}, "values are a list"),
    "no values": ({"contact.coverage": []}, {}, "no values"),
    "out of range": ({"contact.coverage": [0.1, 30]}, {}, "out of range"),
    "a value twice": ({"particle.radius": ["5 um", 5e-6]}, {}, "there twice"),
    "NaN": ({"contact.coverage": np.array([0.1, np.nan])}, {}, "finite"),
    "another unit": ({"particle.radius": ["5 s"]}, {}, "wrong dimension"),
    "a row too short": ({("contact.coverage", "particle.radius"): [(0.1,)]}, {}, "a value for every key"),
    "a key twice": ({"contact.coverage": [0.1], ("contact.coverage", "contact.n"): [(0.2, 5)]}, {}, "varied twice"),
    "the wrong object": ({"contact": [aso.Material()]}, {}, "takes no Material"),
    "an object for a number": ({"contact.coverage": [CAP]}, {}, "takes no Contact"),
    "names of numbers": ({"contact.coverage": {"a": 0.1}}, {}, "names are given to objects"),
    "an unknown design": ({"contact.coverage": (0.1, 0.9)}, {"design": "sobel", "n": 8}, "unknown design"),
    "no number of points": ({"contact.coverage": (0.1, 0.9)}, {"design": "lhs"}, "whole number is needed"),
    "no power of two": ({"contact.coverage": (0.1, 0.9)}, {"design": "sobol", "n": 10}, "powers of two"),
    "points of a grid": ({"contact.coverage": (0.1, 0.9)}, {"n": 8}, "a grid has as many"),
    "a range that falls": ({"contact.coverage": (0.9, 0.1)}, {"design": "lhs", "n": 8}, "a range rises"),
    "a logarithm of zero": ({"kinetics.film_resistance": (0.0, 1.0, "log")}, {"design": "lhs", "n": 8}, "positive and"),
    "three ends": ({"contact.coverage": (0.1, 0.2, 0.3)}, {"design": "lhs", "n": 8}, "two ends"),
    "a range of names": ({"contact.kind": ("cap", "belt")}, {"design": "lhs", "n": 8}, "no number"),
    "no range": ({"contact.coverage": [0.1, 0.9]}, {"design": "lhs", "n": 8}, "nothing to sample"),
    "a step without a C-rate": ({"protocol.rate[2]": [0.1]}, {}, "step 2 has no C-rate"),
    "a step that is not there": ({"protocol.rate[9]": [0.1]}, {}, "no such step"),
    "a current for a C-rate": ({"protocol.rate": ["2 nA"]}, {}, "not a C-rate"),
    "a lambda without a name": ({"protocol.rate": [1]}, {"measures": [lambda s: 1.0]}, "needs a name"),
    "a measure that is none": ({"protocol.rate": [1]}, {"measures": {"a": 3}}, "is a function"),
    "a measure called as a key": ({"protocol.rate": [1]}, {"measures": {"protocol.rate": len}}, "cannot have this"),
    "measures in workers": ({"protocol.rate": [1]}, {"measures": {"a": len}, "workers": 2}, "in this process"),
    "resume without a folder": ({"protocol.rate": [1]}, {"resume": True}, "needs a folder"),
    "an unknown axis": ({"protocol.rate": [1]}, {"axis": "x"}, "unknown axis"),
    "an unknown choice": ({"protocol.rate": [1]}, {"keep": "all"}, "unknown choice"),
    "a profile of arrays": ({"protocol": [DRIVE]}, {}, "every worker can read"),
    "no workers": ({"protocol.rate": [1]}, {"workers": 0}, "at least one"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input(name: str) -> None:
    vary, options, message = WRONG[name]
    with pytest.raises(InputError, match=message):
        aso.sweep(small_case(contact=CAP, particle=aso.Particle(radius="5 um", mesh="coarse")), vary, **options)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda solution: solution.colums, "AttributeError"),
        (lambda solution: np.zeros(3), "gives one number"),
        (lambda solution: "high", "gives one number"),
        (lambda: 1.0, "TypeError"),
    ],
)
def test_a_measure_that_is_wrong_stops_the_sweep(measure: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        aso.sweep(small_case(), {"protocol.rate": [0.1]}, measures={"mine": measure})
    with pytest.raises(InputError, match="the name of a headline number"):
        aso.sweep(small_case(), {"protocol.rate": [0.1]}, measures={"Largest asynchrony": lambda solution: 1.0})


def test_a_case_of_keys_needs_no_name() -> None:
    case = aso.Case.from_dict({"particle": {"radius": "5 um"}, "protocol": {"steps": STEPS}})
    data = aso.sweep(case, {"protocol.rate": ["C/10", 0.5]}, keep="summary")
    assert (data["status"] == 0).all()


def test_what_is_no_case() -> None:
    for case in (None, {"protocol": {}}, 3):
        with pytest.raises(InputError, match="varies a case"):
            aso.sweep(case, {"protocol.rate": [0.1]})  # type: ignore[arg-type]


def test_a_case_without_a_name_is_swept() -> None:
    case = aso.Case.from_dict({"particle": {"model": "radial"}, "protocol": {"steps": ["Charge at C/10 for 1 minute"]}})
    found = aso.sweep(case, {"particle.radius": ["3 um", "5 um"]})
    assert (found["status"] == 0).all()


@pytest.mark.parametrize("keys", ["contact.covrage", ("contact.covrage", "particle.radius"), "output.fields_every"])
def test_a_key_that_is_wrong_is_said_in_words_of_python(keys: Any) -> None:
    with pytest.raises(InputError) as caught:
        given_design({keys: [(0.1, 1e-6)] if isinstance(keys, tuple) else [0.1]}, raw_keys(small_case()))
    assert "--" not in str(caught.value)


def test_a_number_that_no_case_reaches_is_not_there_and_not_left_out(grid: xr.Dataset) -> None:
    """Ten minutes at C/10 do not charge a particle to one half."""
    name = "Contact-mean SOC at mean SOC 0.5"
    assert grid[name].shape == (2, 3)
    assert np.isnan(grid[name].values[:, 0]).all()
