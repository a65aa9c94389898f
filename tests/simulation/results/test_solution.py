from __future__ import annotations

import json

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results import layout


def test_json_has_the_keys_others_rely_on_and_no_nan(make_solution):
    columns = dict(make_solution().columns)
    columns[names.VOLTAGE] = np.where(np.arange(12) == 4, np.nan, columns[names.VOLTAGE])
    document = make_solution(columns=columns).to_json_dict()
    json.loads(json.dumps(document, allow_nan=False))
    assert {
        "status",
        "stop_reason",
        "coverage",
        "lithium balance error",
        "curves",
        "wall time [s]",
        "provenance",
        "warnings",
    } <= set(document)
    assert set(document["coverage"]) == {"asked", "realised"}
    assert document["coverage"]["asked"] == 0.3
    assert document["wall time [s]"] == {"set-up": 0.5, "solve": 0.25}
    assert document["lithium balance error"] == 1e-13
    assert {len(values) for values in document["curves"].values()} == {12}
    assert document["curves"][names.VOLTAGE][4] is None
    assert set(document["curves"]) == set(names.curves_of(VALENCE))
    assert all(isinstance(value, int) for value in document["curves"]["Step"])
    assert document["steps"][0]["stop_reason"] == "voltage 4.2 V reached"


def test_curves_are_a_dataset_with_units(make_solution):
    solution = make_solution()
    curves = solution.curves
    assert curves.sizes == {"point": 12}
    assert set(curves.coords) == {"Time [s]", "Step", "Cycle"}
    assert curves["Specific capacity [mA.h/g]"].attrs["units"] == "mA.h/g"
    assert curves["Step"].dtype == np.int64
    np.testing.assert_array_equal(curves["Voltage [V]"].values, solution.columns["Voltage [V]"])
    assert solution.curves is curves


@pytest.mark.parametrize("kind", ["radial", "axisymmetric", "cartesian"])
def test_fields_are_a_dataset_over_time_and_node(kind, make_solution):
    solution = make_solution(kind)
    fields = solution.fields
    assert fields.sizes == {"time": 3, "node": solution.mesh.n_nodes}
    np.testing.assert_array_equal(fields[layout.STOICHIOMETRY].sel(time=600.0).values, solution.field_x[1])
    for column, axis in enumerate(layout.AXES[kind]):
        np.testing.assert_array_equal(fields[axis].values, solution.mesh.points[:, column])
    assert fields[VALENCE.field].max() <= 1.0


def test_the_arrays_of_a_solution_cannot_be_written_to(make_solution):
    solution = make_solution()
    for array in (solution.field_x, solution.field_times, solution.columns[names.TIME]):
        assert not array.flags.writeable
    with pytest.raises(TypeError):
        solution.columns["new"] = np.zeros(12)


def test_field_between_snapshots_is_linear_in_time(make_solution):
    solution = make_solution()
    np.testing.assert_array_equal(solution.stoichiometry_at(0.0), solution.field_x[0])
    np.testing.assert_array_equal(solution.stoichiometry_at(600.0), solution.field_x[1])
    np.testing.assert_allclose(solution.stoichiometry_at(2100.0), solution.field_x[1:].mean(axis=0))
    np.testing.assert_array_equal(solution.stoichiometry_at(3600.0), solution.field_x[2])
    for time in (-1.0, 3601.0, float("nan")):
        with pytest.raises(InputError, match="no field at this time"):
            solution.stoichiometry_at(time)


def test_one_snapshot_is_enough(make_solution, tmp_path):
    whole = make_solution()
    solution = make_solution(field_times=[0.0], field_x=whole.field_x[:1])
    np.testing.assert_array_equal(solution.stoichiometry_at(0.0), whole.field_x[0])
    assert type(solution).load(solution.save(tmp_path)).field_x.shape == (1, whole.mesh.n_nodes)


@pytest.mark.parametrize("kind", ["radial", "axisymmetric", "cartesian"])
def test_at_gives_a_pyvista_mesh(kind, make_solution):
    pytest.importorskip("pyvista")
    solution = make_solution(kind)
    grid = solution.at(600.0)
    assert (grid.n_points, grid.n_cells) == (solution.mesh.n_nodes, len(solution.mesh.cells))
    np.testing.assert_array_equal(grid[layout.STOICHIOMETRY], solution.field_x[1])


def test_summary_names_quantities_with_units_and_finds_the_largest_asynchrony(make_solution):
    columns = dict(make_solution().columns)
    ahead = np.zeros(12)
    ahead[[3, 7]] = 0.1, -0.2
    summary = make_solution(columns={**columns, names.ASYNCHRONY: ahead}).summary()
    assert summary["Largest asynchrony"] == -0.2  # the largest in magnitude, with its sign
    assert summary["Largest lead of the contact"] == 0.1
    assert summary["Largest lag of the contact"] == 0.2
    assert summary["Time of largest asynchrony [h]"] == pytest.approx(7.0 / 11.0)
    assert summary["Final voltage [V]"] == columns[names.VOLTAGE][-1]
    assert summary["Coverage realised"] == pytest.approx(0.3, abs=1e-6)
    json.dumps(summary, allow_nan=False)


def test_plot_shows_curves_and_section(make_solution, tmp_path):
    figure = make_solution().plot()
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels[:2] == ["Cell voltage [V vs Li/Li$^+$]", "State of charge [1]"]
    figure.savefig(tmp_path / "plot.png", dpi=50)
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"field_times": [0.0, 2.0, 1.0]}, "must increase"),
        ({"field_times": [0.0]}, "do not fit"),
        ({"columns": {"Time [s]": [0.0, 1.0], "Voltage [V]": [3.0]}}, "equally long"),
        ({"columns": {"Voltage [V]": [3.0]}}, "without times"),
    ],
)
def test_data_that_do_not_belong_together_are_refused(changes, message, make_solution):
    with pytest.raises(InputError, match=message):
        make_solution(**changes)


def test_a_solution_is_shown_in_one_line(make_solution):
    text = repr(make_solution())
    assert text.startswith("Solution(")
    assert "\n" not in text
    assert len(text) < 200
