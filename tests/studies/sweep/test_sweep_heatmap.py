"""The heat map of a sweep: values in their places and units, missing ones drawn and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.sweep_options import units_of
from asyncsoc.plotting.heatmap import CellCounts, MapAxis, heatmap_figure
from asyncsoc.studies.sweep.export import without_values
from asyncsoc.studies.sweep.load import LoadedRecords
from tests.plotting.texts import collisions, texts_of

NAME = "Largest specific capacity [mA.h per g]"
RADII, RATES, HEAT = [2e-6, 4e-6, 8e-6], [0.1, 0.5], [298.15, 333.15, 350.0]


def swept(*, heat: bool = False) -> xr.Dataset:
    """A data set as `aso.sweep` returns it, with known numbers."""
    dims = {"particle.radius": RADII, "protocol.rate": RATES, **({"protocol.temperature": HEAT} if heat else {})}
    shape = tuple(len(values) for values in dims.values())
    values = 100.0 + np.arange(np.prod(shape), dtype=float).reshape(shape)
    data = xr.Dataset({NAME: (tuple(dims), values, {"units": "mA.h/g"})}, coords=dims)
    data["share"] = (tuple(dims), values / 1000.0, {"units": "1"})
    data["status"] = (tuple(dims), np.zeros(shape, np.int8))
    for key, unit in (("particle.radius", "m"), ("protocol.rate", "1/h"), ("protocol.temperature", "K")):
        if key in data:
            data[key].attrs["units"] = unit
    data["name of run"] = (tuple(dims), np.full(shape, "a"))
    data["Voltage [V]"] = ((*dims, "time"), np.zeros((*shape, 2)))
    return data


def cells(figure: Any) -> np.ma.MaskedArray:
    (mesh,) = [one for one in figure.axes[0].collections if type(one).__name__ == "QuadMesh"]
    return np.ma.array(mesh.get_array())


def test_values_stand_in_their_cells() -> None:
    data = swept()
    figure = aso.plot_heatmap(data, "Largest specific capacity [mA.h/g]")
    axes = figure.axes[0]
    np.testing.assert_array_equal(cells(figure), data[NAME].values.T)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2", "4", "8"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["C/10", "C/2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Particle radius [um]", "C-rate")
    assert "all of 6 cases" in texts_of(figure)
    assert collisions(figure) == []
    turned = aso.plot_heatmap(data, NAME, x="protocol.rate")
    np.testing.assert_array_equal(cells(turned), data[NAME].values)


def test_units_are_converted() -> None:
    figure = aso.plot_heatmap(swept(), NAME, units={"particle.radius": "nm", NAME: "C/kg", "protocol.rate": "C"})
    np.testing.assert_allclose(cells(figure), 3600.0 * swept()[NAME].values.T)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["2000", "4000", "8000"]
    share = aso.plot_heatmap(swept(), "share", units={"share": "%"})
    np.testing.assert_allclose(cells(share), 0.1 * swept()[NAME].values.T)
    hot = aso.plot_heatmap(swept(heat=True).isel({"particle.radius": 0}), NAME, units={"protocol.temperature": "degC"})
    assert [tick.get_text() for tick in hot.axes[0].get_yticklabels()] == ["25", "60", "76.85"]


def test_missing_cases_are_drawn_and_counted() -> None:
    data = swept()
    data[NAME][0, 0] = np.nan  # carried out
    data[NAME][2, 1] = np.nan
    data["status"][2, 1] = 1  # failed
    figure = aso.plot_heatmap(data, NAME)
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert {patch.get_xy() for patch in hatched} == {(-0.5, -0.5), (1.5, 0.5)}
    shown = texts_of(figure)
    assert shown.count("no value") == 2
    assert any(
        "4 of 6 cases have a value; 1 carried out without reaching it, 1 not carried out" in text for text in shown
    )
    assert np.ma.count_masked(cells(figure)) == 2
    assert collisions(figure) == []


def test_further_dimensions_are_summed_up_and_cells_with_missing_cases_say_of_how_many() -> None:
    data = swept(heat=True)
    data[NAME][0, 0, 2] = np.nan
    data[NAME][1, 1, :] = np.nan
    figure = aso.plot_heatmap(data, NAME, over="median")
    expected = np.median(data[NAME].values, axis=2).T
    expected[0, 0] = np.median(data[NAME].values[0, 0, :2])
    np.testing.assert_array_equal(cells(figure).filled(np.nan), np.where(np.isnan(expected), np.nan, expected))
    shown = texts_of(figure)
    assert any(text.endswith("\n2 of 3") for text in shown)
    assert "0 of 3" in shown
    assert any("median over protocol.temperature" in text for text in shown)
    for over, function in (("largest", np.max), ("smallest", np.min), ("mean", np.mean)):
        whole = swept(heat=True)
        np.testing.assert_allclose(
            cells(aso.plot_heatmap(whole, NAME, over=over)), function(whole[NAME].values, axis=2).T
        )


def test_a_sample_is_a_map_of_points() -> None:
    random = np.random.default_rng(1)
    data = xr.Dataset({"share": ("case", random.random(9), {"units": "1"}), "status": ("case", np.zeros(9, np.int8))})
    data["share"][4] = np.nan
    radius, diffusivity = 1e-6 * (1 + random.random(9)), 10.0 ** -(14 + 3 * random.random(9))
    data = data.assign_coords({"particle.radius": ("case", radius, {"units": "m"})})
    data = data.assign_coords({"material.diffusivity": ("case", diffusivity, {"units": "m2/s"})})
    figure = aso.plot_heatmap(data, "share")
    points, crosses = figure.axes[0].collections
    assert (len(points.get_offsets()), len(crosses.get_offsets())) == (8, 1)
    assert figure.axes[0].get_yscale() == "log"
    assert any("8 of 9 cases have a value" in text for text in texts_of(figure))


def test_pictures_are_written(tmp_path: Path) -> None:
    for name, start in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")):
        aso.plot_heatmap(swept(), NAME, path=tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "Largest specific capcity"}, "no such headline number"),
        ({"name": "Voltage [V]"}, "not one number per case"),
        ({"name": "name of run"}, "shows numbers"),
        ({"x": "contact.coverage"}, "no such key"),
        ({"x": "protocol.rate", "y": "protocol.rate"}, "needs two keys"),
        ({"units": {"contact.coverage": "%"}}, "no such quantity"),
        ({"units": {"particle.radius": "s"}}, "cannot be shown in this unit"),
        ({"units": {"particle.radius": "smoot"}}, "cannot be shown in this unit"),
        ({"units": {NAME: "V"}}, "cannot be shown in this unit"),
        ({"over": "middle"}, "unknown choice"),
        ({"path": "map.bmp"}, "PNG, SVG or PDF"),
    ],
)
def test_wrong_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        aso.plot_heatmap(swept(), **{"name": NAME, **options})


def test_what_cannot_be_a_map() -> None:
    with pytest.raises(InputError, match="more than two keys were varied"):
        aso.plot_heatmap(swept(heat=True), NAME)
    with pytest.raises(InputError, match="needs two keys"):
        aso.plot_heatmap(swept().isel({"protocol.rate": 0}, drop=True), NAME)
    nothing = swept()
    nothing[NAME][:] = np.nan
    with pytest.raises(InputError, match="nothing to draw"):
        aso.plot_heatmap(nothing, NAME)
    with pytest.raises(InputError, match="nothing to draw"):
        counts = CellCounts(np.ones((1, 1), np.int64), np.zeros((1, 1), np.int64))
        heatmap_figure(np.full((1, 1), np.nan), MapAxis("x", ["1"]), MapAxis("y", ["1"]), label="z", counts=counts)


@pytest.mark.parametrize("text", ["particle.radius", "=um", "particle.radius=", ""])
def test_units_on_the_command_line(text: str) -> None:
    assert units_of(["particle.radius=um", "Largest asynchrony = %"]) == {
        "particle.radius": "um",
        "Largest asynchrony": "%",
    }
    with pytest.raises(InputError, match="NAME=UNIT"):
        units_of([text])


def test_notes_say_which_numbers_are_missing_in_how_many_cases() -> None:
    nan = np.nan
    numbers = {
        "a": np.array([1.0, nan, 2.0, nan]),
        "b": np.array([nan, nan, 2.0, nan]),
        "c": np.array([1.0, 2.0, 3.0, nan]),
        "never": np.full(4, nan),
    }
    loaded = LoadedRecords(4, np.array([0, 0, 0, 1], np.int8), numbers)
    assert without_values(loaded) == [
        "1 of 4 cases were carried out without a value of: a",
        "2 of 4 cases were carried out without a value of: b",
    ]
