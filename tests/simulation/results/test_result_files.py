from __future__ import annotations

import hashlib

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results import layout, writing
from asyncsoc.simulation.results.solution import Solution

KINDS = ["radial", "axisymmetric", "cartesian"]

READ_WITH_XARRAY = """
import sys, warnings
warnings.simplefilter("error")
import xarray as xr
with xr.open_dataset(sys.argv[1], group="curves", engine="h5netcdf") as curves:
    assert curves.sizes == {"point": 12}, curves.sizes
    assert curves["Voltage [V]"].attrs["units"] == "V"
    assert curves["Step"].dtype.kind == "i"
    ratio = curves["Ni4+ per Ni3+ at contact"]
    assert ratio.attrs["long_name"] == "Ni4+/Ni3+ at contact"
    print(repr(float(curves["Time [s]"][-1])), repr(float(ratio[3])), len(curves.data_vars))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_loaded_bit_for_bit(kind, make_solution, tmp_path):
    solution = make_solution(kind)
    loaded = Solution.load(solution.save(tmp_path))
    assert isinstance(loaded, Solution)
    assert list(loaded.columns) == list(solution.columns)
    for name, values in solution.columns.items():
        assert loaded.columns[name].dtype == values.dtype
        np.testing.assert_array_equal(loaded.columns[name], values)
    np.testing.assert_array_equal(loaded.field_times, solution.field_times)
    np.testing.assert_array_equal(loaded.field_x, solution.field_x)
    assert loaded.mesh.sha256 == solution.mesh.sha256
    for name in ("weights", "surface_weights", "facet_fraction"):
        np.testing.assert_array_equal(getattr(loaded.contact, name), getattr(solution.contact, name))
    for name in ("kind", "coverage_asked", "coverage_realised", "parameters"):
        assert getattr(loaded.contact, name) == getattr(solution.contact, name)
    for name in (
        "name",
        "stoichiometry_at_4p2",
        "case",
        "case_toml",
        "case_sha256",
        "steps",
        "status",
        "stop_reason",
        "warnings",
        "provenance",
        "wall_times",
    ):
        assert getattr(loaded, name) == getattr(solution, name), name
    assert loaded.to_json_dict() == solution.to_json_dict()


def test_the_file_is_named_by_the_hash_and_replaced_never_refused(make_solution, tmp_path):
    first = make_solution().save(tmp_path / "made")
    assert first == tmp_path / "made" / "cal-particle-0123456789ab.vtkhdf"
    second = make_solution(stop_reason="another").save(tmp_path / "made")
    assert second == first
    assert Solution.load(second).stop_reason == "another"
    assert sorted(entry.name for entry in first.parent.iterdir()) == [first.name, first.name + ".sha256"]


def test_sidecar_is_what_sha256sum_reads(make_solution, tmp_path):
    path = make_solution().save(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.with_name(path.name + ".sha256").read_text() == f"{digest}  {path.name}\n"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "ä ö", "..", ""])
def test_a_name_never_leaves_the_directory(name, make_solution, tmp_path):
    path = make_solution(name=name).save(tmp_path)
    assert path.parent == tmp_path
    assert Solution.load(path).name == name


@pytest.mark.parametrize("kind", KINDS)
def test_pyvista_reads_times_and_values(kind, make_solution, tmp_path):
    pyvista = pytest.importorskip("pyvista")
    solution = make_solution(kind)
    reader = pyvista.get_reader(str(solution.save(tmp_path)))
    assert reader.reader.GetNumberOfSteps() == 3
    for step, time in enumerate(solution.field_times):
        reader.reader.SetStep(step)
        grid = reader.read()
        assert reader.reader.GetTimeValue() == time
        assert (grid.n_points, grid.n_cells) == (solution.mesh.n_nodes, len(solution.mesh.cells))
        assert set(grid.celltypes) == {layout.VTK_TYPE[kind]}
        x = solution.field_x[step]
        np.testing.assert_array_equal(grid[layout.STOICHIOMETRY], x)
        np.testing.assert_allclose(grid[layout.SOC], (1.0 - x) / (1.0 - 0.271), rtol=1e-6)
        np.testing.assert_allclose(grid[VALENCE.field], VALENCE.higher_fraction(x), atol=1e-7)
        np.testing.assert_array_equal(grid[layout.CONTACT_WEIGHT], solution.contact.weights)
        assert 0.0 <= grid[layout.CONTACT_FRACTION].min() < grid[layout.CONTACT_FRACTION].max() <= 1.0
    np.testing.assert_array_equal(grid.points[:, layout.COLUMNS[kind]], solution.mesh.points)
    expected = {"radial": 5e-6, "axisymmetric": np.pi / 2.0 * 25e-12, "cartesian": 4.0 / 3.0 * 125e-18}[kind]
    sizes = grid.compute_cell_sizes()
    measure = {"radial": "Length", "axisymmetric": "Area", "cartesian": "Volume"}[kind]
    assert np.sum(sizes[measure]) == pytest.approx(expected, rel=5e-3)


def test_xarray_reads_the_curves_in_another_process(make_solution, run_python, tmp_path):
    pytest.importorskip("h5netcdf")
    solution = make_solution()
    done = run_python(READ_WITH_XARRAY, solution.save(tmp_path))
    assert done.returncode == 0, done.stderr
    ratio = float(solution.columns[VALENCE.curve_at_contact][3])
    assert done.stdout.split() == ["3600.0", repr(ratio), str(len(names.curves_of(VALENCE)))]


def test_curves_that_are_not_finite_survive(make_solution, tmp_path):
    columns = dict(make_solution().columns)
    ratio = columns[VALENCE.curve_at_contact].copy()
    ratio[3] = np.inf
    solution = make_solution(columns={**columns, VALENCE.curve_at_contact: ratio})
    loaded = Solution.load(solution.save(tmp_path))
    assert np.isinf(loaded.columns[VALENCE.curve_at_contact][3])
    assert loaded.to_json_dict()["curves"][VALENCE.curve_at_contact][3] is None


def test_a_directory_that_is_a_file_is_one_clear_error(make_solution, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        make_solution().save(tmp_path / "file")


def test_an_error_while_writing_keeps_the_earlier_result(make_solution, tmp_path, monkeypatch):
    path = make_solution().save(tmp_path)
    content = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_write_particle", full)
    with pytest.raises(InputError, match="No space left"):
        make_solution(stop_reason="another").save(tmp_path)
    assert path.read_bytes() == content
    assert Solution.load(path).stop_reason == "voltage 4.2 V reached"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name, path.name + ".sha256"]


def test_a_lost_sidecar_does_not_matter(make_solution, tmp_path):
    path = make_solution().save(tmp_path)
    path.with_name(path.name + ".sha256").unlink()
    assert Solution.load(path).name == "cal particle"
