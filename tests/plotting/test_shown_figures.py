"""Figures show themselves in notebooks, are drawn on axes that are given, move, and turn in 3-D."""

from __future__ import annotations

import os
import stat
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import asyncsoc as aso
from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.recorders import curve_names as names

STEPS = ["Charge at C/2 for 20 minutes", "Rest for 10 minutes"]


@pytest.fixture(scope="module")
def run():
    return aso.simulate(
        aso.Case.from_dict(
            {"contact": {"kind": "full"}, "protocol": {"steps": STEPS}, "output": {"fields_every": "2 min"}}
        )
    )


@pytest.fixture(scope="module")
def other(run):
    return aso.simulate(aso.Case.from_text(run.case_toml, ["particle.radius=3 um"]))


def line(axes, number=0):
    return axes.lines[number].get_ydata()


def test_a_figure_shows_itself_as_a_picture_that_fits_a_page(run):
    shown = run.plot()._repr_png_()
    assert shown.startswith(b"\x89PNG")
    width, height = np.frombuffer(shown[16:24], dtype=">u4")
    assert 600 <= width <= 1400
    assert 300 <= height <= 900


def test_one_curve_is_drawn_on_given_axes(run):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert run.plot(ax=left) is figure
    assert np.array_equal(line(left), run.columns[names.VOLTAGE])
    assert run.plot(curve=names.ASYNCHRONY, against="time", ax=right) is figure
    assert np.array_equal(line(right), run.columns[names.ASYNCHRONY])
    assert right.get_xlabel() == "Time [min]"


def test_an_unknown_curve_draws_nothing_on_given_axes(run):
    axes = Figure().subplots()
    with pytest.raises(InputError, match="Asynchrony"):
        run.plot(curve="Asyncrony", ax=axes)
    with pytest.raises(InputError, match="against"):
        run.plot(curve=names.ASYNCHRONY, against="tme", ax=axes)
    assert not axes.has_data()


def test_axes_in_a_subfigure_give_the_whole_figure(run):
    figure = Figure()
    axes = figure.subfigures(1, 2)[0].subplots()
    assert run.plot(ax=axes) is figure


def test_several_solutions_in_one_figure(run, other):
    figure = aso.plot([run, other])
    left, right = figure.axes
    assert np.array_equal(line(left, 0), run.columns[names.VOLTAGE])
    assert np.array_equal(line(left, 1), other.columns[names.VOLTAGE])
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels[:2] == ["particle.radius = 7.5e-06", "particle.radius = 3e-06"]
    assert right.get_ylabel() == "State of charge [1]"
    one = aso.plot([run, other], "Asynchrony", labels=["large", "small"]).axes[0]
    assert [text.get_text() for text in one.get_legend().get_texts()][:2] == ["large", "small"]


def test_what_cannot_be_compared_is_refused(run):
    for wrong, told in (([], "no solution"), ([run, 3], "no solution"), ([run] * 25, "too many")):
        with pytest.raises(InputError, match=told):
            aso.plot(wrong)
    with pytest.raises(InputError, match="labels"):
        aso.plot([run, run], labels=["one"])


def test_spectra_on_given_axes():
    one = aso.ImpedanceSpectrum([1.0, 10.0, 100.0], [3.0 - 1.0j, 2.0 - 1.0j, 1.0 - 0.1j])
    figure = Figure()
    nyquist, magnitude, phase = figure.subplots(1, 3)
    assert one.nyquist_plot(ax=nyquist) is figure
    assert np.allclose(line(nyquist), [1.0, 1.0, 0.1])
    assert one.bode_plot(ax=(magnitude, phase)) is figure
    assert np.allclose(line(magnitude), np.abs(one.impedance))
    assert np.allclose(line(phase), -np.degrees(np.angle(one.impedance)))
    with pytest.raises(InputError, match="1 or 2"):
        one.bode_plot(ax=[nyquist, magnitude, phase])


def test_cycles_on_given_axes():
    steps = ["Charge at 1C for 5 minutes", "Discharge at 1C for 5 minutes"]
    cycles = aso.simulate(
        aso.Case.from_dict(
            {"contact": {"kind": "full"}, "protocol": {"cycle": [{"repeat": 2, "steps": steps}], "initial_soc": 0.5}}
        )
    )
    figure = Figure()
    axes = figure.subplots()
    assert cycles.plot_cycles(ax=axes) is figure
    assert np.array_equal(line(axes), cycles.cycle_rows["Charge capacity [mA.h/g]"])


def test_a_heat_map_on_given_axes(run):
    case = aso.Case.from_text(run.case_toml)
    found = aso.sweep(case, {"particle.radius": ["3 um", "5 um"], "protocol.temperature": ["50 degC", "60 degC"]})
    figure = Figure()
    axes = figure.subplots()
    assert aso.plot_heatmap(found, "Final voltage [V]", ax=axes) is figure
    assert np.asarray(axes.collections[0].get_array()).size == 4
    assert axes.get_xlabel().startswith("Particle radius")


def test_a_run_moves_as_a_gif(run, tmp_path):
    path = run.animate(tmp_path / "run.gif", "SOC", frames=4, rate=5.0, dpi=50.0)
    with Image.open(path) as moving:
        assert (moving.n_frames, moving.size) == (4, (380, 180))
        pictures = []
        for number in range(4):
            moving.seek(number)
            pictures.append(np.asarray(moving.convert("RGB")).astype(int))
            if number < 3:
                assert moving.info["duration"] == 200
    # Over a charge the particle brightens: viridis grows lighter with the state of charge.
    inside = [picture[60:120, 60:130].sum() for picture in pictures]
    assert inside[0] < inside[1] < inside[2]


def test_the_colours_of_an_animation_mean_the_same_in_all_its_pictures(run):
    from asyncsoc.simulation.results.moving_section import moving_section

    moving = moving_section(run, "Stoichiometry", 5)
    assert moving.limits == (run.field_x.min(), run.field_x.max())
    assert np.allclose(moving.times, np.linspace(0.0, 1800.0, 5))
    assert np.allclose(moving.panel_at(600.0).values, run.stoichiometry_at(600.0))


def test_animations_that_cannot_be_written_are_refused(run, tmp_path, monkeypatch):
    for keys, told in (
        ({"path": tmp_path / "run.avi"}, r"\.gif"),
        ({"path": tmp_path / "run.gif", "frames": 1}, "2 to"),
        ({"path": tmp_path / "run.gif", "quantity": "SOCK"}, "SOC"),
        ({"path": tmp_path / "run.gif", "rate": 0.0, "dpi": 33.3}, "rate"),
        ({"path": tmp_path / "file" / "run.gif"}, "cannot be written"),
    ):
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match=told):
            run.animate(**{"frames": 2, "dpi": 30.0, **keys})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match=r"ffmpeg.*\n.*\.gif"):
        run.animate(tmp_path / "run.mp4", frames=2)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file"]


def test_ffmpeg_gets_whole_pictures_and_its_complaint_is_passed_on(run, tmp_path, monkeypatch):
    """In place of ffmpeg: a program that writes what it was given, and one that fails."""
    program = tmp_path / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport sys\ndata = sys.stdin.buffer.read()\n"
        "size = sys.argv[sys.argv.index('-s') + 1]\n"
        "open(sys.argv[-1], 'wb').write(f'{size} {len(data)}'.encode())\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    written = run.animate(tmp_path / "run.mp4", frames=3, dpi=50.0).read_text()
    assert written == f"380x180 {3 * 380 * 180 * 3}"
    program.write_text("#!/bin/sh\necho 'unknown encoder libx264' >&2\nexit 1\n")
    with pytest.raises(EnvironmentProblem, match="unknown encoder libx264"):
        run.animate(tmp_path / "again.mp4", frames=2, dpi=50.0)
    assert not (tmp_path / "again.mp4").exists()


@pytest.mark.parametrize("opened", [True, False])
def test_a_particle_in_3d(run, tmp_path, opened, capfd):
    pytest.importorskip("pyvista")
    path = tmp_path / "particle.png"
    plotter = run.plot_3d(600.0, "SOC", opened=opened, path=path)
    soc = (1.0 - run.stoichiometry_at(600.0)) / (1.0 - run.stoichiometry_at_4p2)
    body = next(iter(plotter.actors.values())).mapper.dataset
    drawn = np.asarray(body.point_data["field"])
    assert np.allclose([drawn.min(), drawn.max()], [soc.min(), soc.max()])
    radius = np.linalg.norm(body.points, axis=1).max()
    assert radius == pytest.approx(7.5, rel=1e-5)  # um
    hole = (body.points[:, 0] > 1e-6) & (body.points[:, 1] > 1e-6)
    assert hole.any() == (not opened)
    # Surface of a sphere, or of three quarters of it and two half discs: the two are the same.
    assert body.area == pytest.approx(4.0 * np.pi * 7.5**2, rel=2e-3)
    with Image.open(path) as shown:
        picture = np.asarray(shown.convert("RGB"))
    assert (picture != 255).any(axis=2).mean() > 0.15
    assert "WARN" not in capfd.readouterr().err


def test_a_3d_picture_is_a_png(run, tmp_path):
    pytest.importorskip("pyvista")
    with pytest.raises(InputError, match="png"):
        run.plot_3d(path=tmp_path / "particle.jpg")


def test_without_pyvista_the_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvista", None)
    with pytest.raises(EnvironmentProblem, match=r"asyncsoc\[drawing\]"):
        run.plot_3d()


def test_groups_are_told_to_take_a_particle(run, tmp_path):
    from dataclasses import replace

    group = replace(run, particle_runs=(run,), multiplicities=(1.0,))
    for draw in (group.plot_3d, lambda: group.animate(tmp_path / "run.gif")):
        with pytest.raises(InputError, match=r"particle\(0\)"):
            draw()
