"""Charging particles of the user's own mesh: from files, from tomography's files, from arrays - and the same answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.cli.main import main
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.from_arrays import from_arrays
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.particle_files import write_particle
from asyncsoc.recorders import curve_names as names
from tests.labelled import write_labelled

RADIUS = 5e-6
BALL = ball_mesh(5, 0.15, 1.5)
POINTS = BALL.points * RADIUS
HEIGHT = BALL.points[BALL.facets].mean(axis=1)[:, 2]
WEIGHTS = np.clip(3.0 * HEIGHT - 0.6, 0.0, 1.0)
PROTOCOL = {"temperature": "60 degC", "initial_stoichiometry": 0.9, "steps": ["Charge at C/10 for 1 hour"]}


def charged(particle: aso.Particle, contact: aso.Contact) -> aso.Solution:
    return aso.simulate(aso.Case(particle=particle, contact=contact, protocol=aso.Protocol(**PROTOCOL)))


@pytest.fixture(scope="module")
def by_arrays() -> aso.Solution:
    particle = aso.Particle.from_arrays(POINTS, BALL.cells, BALL.facets, WEIGHTS)
    return charged(particle, aso.Contact.labels())


def same(first: aso.Solution, second: aso.Solution, tolerance: float) -> None:
    for name in (names.VOLTAGE, names.CONTACT_X):
        assert second.columns[name][-1] == pytest.approx(first.columns[name][-1], abs=tolerance)
    assert second.contact.coverage_realised == pytest.approx(first.contact.coverage_realised, rel=1e-9)


def test_arrays_need_no_file(by_arrays: aso.Solution):
    areas = facet_areas(BALL)
    assert by_arrays.contact.kind == "labels"
    assert by_arrays.contact.coverage_realised == pytest.approx(float(areas @ WEIGHTS / areas.sum()), rel=1e-12)
    assert by_arrays.lithium_balance_error < 1e-10
    assert by_arrays.columns[names.ASYNCHRONY][-1] > 0.01


def test_a_file_in_another_unit_and_order_gives_the_same(by_arrays: aso.Solution, tmp_path: Path):
    place = np.random.default_rng(3).permutation(len(POINTS))
    points = np.empty_like(POINTS)
    points[place] = POINTS
    particle = aso.Particle.from_arrays(points, place[BALL.cells], place[BALL.facets][::-1], WEIGHTS[::-1])
    same(by_arrays, charged(particle, aso.Contact.labels()), 1e-5)
    write_labelled(BALL.scaled(5.0), tmp_path / "particle.vtu", {"contact": WEIGHTS})
    same(by_arrays, charged(aso.Particle.from_file(tmp_path / "particle.vtu", "um"), aso.Contact.labels()), 1e-6)


@pytest.mark.parametrize("suffix", [".vtu", ".vtkhdf"])
def test_particles_of_tomography_are_charged(suffix: str, by_arrays: aso.Solution, tmp_path: Path):
    rest = 1.0 - WEIGHTS
    shares = {"active": WEIGHTS, "inactive": 0.75 * rest, "particle-contact": 0.25 * rest}
    write_particle(from_arrays(POINTS, BALL.cells, BALL.facets, shares, classes=True), tmp_path / f"grain{suffix}")
    solution = charged(aso.Particle.from_file(tmp_path / f"grain{suffix}", "m"), aso.Contact.labels())
    same(by_arrays, solution, 1e-6)
    areas = facet_areas(BALL)
    touched, bare = float(areas @ WEIGHTS), float(areas @ (0.75 * rest))
    found = solution.contact.parameters["coverage of the exposed surface"]
    assert found == pytest.approx(touched / (touched + bare), rel=1e-9)


def test_a_cap_on_a_mesh_is_the_cap_of_the_sphere(tmp_path: Path):
    write_labelled(BALL.scaled(5.0), tmp_path / "particle.vtu")
    tilted = aso.Contact.cap(0.3, axis=(0.0, 0.0, 1.0))
    solution = charged(aso.Particle.from_file(tmp_path / "particle.vtu", "um"), tilted)
    reference = charged(aso.Particle.sphere(RADIUS), tilted)
    assert solution.contact.coverage_realised == pytest.approx(0.3, abs=1e-9)
    ahead, expected = (s.columns[names.ASYNCHRONY][-1] for s in (solution, reference))
    assert ahead == pytest.approx(expected, rel=0.05)


def run(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["run", str(path), "--json", "--quiet"])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_command_line_takes_a_mesh_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_labelled(BALL.scaled(5.0), tmp_path / "particle.vtu", {"boundary": np.where(HEIGHT > 0.4, 7, 3)})
    case = tmp_path / "case.toml"
    text = """
        particle = {shape = "mesh", file = "particle.vtu", length_unit = "um"}
        contact = {kind = "labels", active = 7}
        [protocol]
        temperature = "60 degC"
        initial_stoichiometry = 0.9
        steps = ["Charge at C/10 for 10 min"]
        """
    case.write_text(text)
    code, out, err = run(case, capsys)
    assert code == 0, err
    document = json.loads(out)
    assert document["coverage"]["realised"] == pytest.approx(0.3, abs=0.02)
    case.write_text(text.replace('length_unit = "um"', 'length_unit = "m"'))
    code, out, err = run(case, capsys)
    assert code == 2
    assert "'um' would make it 10 um" in err + out
    case.write_text(text.replace("active = 7", "active = 8"))
    code, out, err = run(case, capsys)
    assert code == 2
    assert "boundary=7" in err + out


def test_a_three_dimensional_run_opens_in_pyvista_with_its_times_and_values(by_arrays: aso.Solution, tmp_path: Path):
    pyvista = pytest.importorskip("pyvista")
    reader = pyvista.get_reader(str(by_arrays.save(tmp_path)))
    assert reader.reader.GetNumberOfSteps() == len(by_arrays.field_times)
    for step, (time, x) in enumerate(zip(by_arrays.field_times, by_arrays.field_x, strict=True)):
        reader.reader.SetStep(step)
        reader.reader.Update()
        assert reader.reader.GetTimeValue() == time
        grid = reader.read()
        assert np.array_equal(grid.points, by_arrays.mesh.points)
        assert np.array_equal(grid.point_data["Stoichiometry"], x)
        assert grid.volume == pytest.approx(4.0 / 3.0 * np.pi * RADIUS**3, rel=1e-6)
        assert np.array_equal(by_arrays.at(time).point_data["Stoichiometry"], x)
        touched = grid.point_data["Contact weight [m2]"]
        assert touched.sum() == pytest.approx(by_arrays.contact.area, rel=1e-12)
