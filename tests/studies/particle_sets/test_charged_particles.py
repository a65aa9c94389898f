"""A set of meshed particles charged: against the axisymmetric sphere, kept, drawn, and its failures told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.case.case import Case
from asyncsoc.cli.app import app
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.particle_sets.charge import (
    BALANCE,
    LARGEST_LEAD,
    LEAD_AT_HALF,
    ChargedSet,
    charge_set,
    particle_case,
)
from asyncsoc.studies.particle_sets.equivalent_sphere import equivalent_sphere, sphere_case
from asyncsoc.studies.particle_sets.files import read_charged, write_charged
from asyncsoc.studies.particle_sets.pictures import charged_figure, solution_figure
from asyncsoc.studies.particle_sets.summary import summary
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.particle_set import ParticleSet, read_set
from asyncsoc.tomography.phases import CBD
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.volume import LabelVolume
from tests.studies.particle_sets.digitised import ball_volume

SHORT = ('protocol.steps=["Charge at C/10 for 20 minutes"]',)


@pytest.fixture(scope="module")
def charged(ball: ParticleSet, charge: Case) -> ChargedSet:
    return charge_set(ball, charge)


def test_a_digitised_sphere_behaves_as_the_sphere_it_was(charged: ChargedSet) -> None:
    (row,) = charged.rows
    assert row["coverage"] == pytest.approx(0.3, abs=0.02)
    assert row["equivalent diameter [m]"] == pytest.approx(1e-5, rel=0.01)
    for variant in ("equal area", "equal fraction"):
        for name in ("largest lead", "lead at mean SOC 0.5"):
            assert row[f"{name}, {variant}"] == pytest.approx(row[name], rel=0.05)
        assert row[f"final mean SOC, {variant}"] == pytest.approx(row["final mean SOC"], abs=2e-3)


def test_lithium_is_balanced(charged: ChargedSet) -> None:
    assert charged.worst_balance < 1e-9
    assert charged.rows[0]["lithium balance error, equal area"] < 1e-9


def test_rows_are_the_runs(ball: ParticleSet, charged: ChargedSet, charge: Case) -> None:
    row = charged.rows[0]
    solution = simulate(particle_case(charge, ball.folder / str(ball.rows[0]["file"])))
    assert row["final mean SOC"] == pytest.approx(solution.summary()["Final mean SOC"], abs=1e-6)
    assert row["largest lead"] == pytest.approx(solution.summary()["Largest asynchrony"], rel=2e-2)
    figure = solution_figure(solution, note="a digitised sphere")
    assert len([axes for axes in figure.axes if axes.name == "3d"]) == 8


def test_the_set_comes_back_from_its_files(charged: ChargedSet, tmp_path: Path) -> None:
    document, table = write_charged(charged, tmp_path / "new")
    again = read_charged(tmp_path / "new")
    assert list(again.rows) == list(charged.rows)
    assert again.header["charged"] == 1
    assert len(table.read_text(encoding="utf-8").splitlines()) == 2
    charged_figure(again, note="a digitised sphere").savefig(tmp_path / "picture.png", dpi=30)
    assert (tmp_path / "picture.png").stat().st_size > 1000
    ratios = {row["quantity"]: row["ratio, equal area"] for row in summary(again)["medians"]}
    assert ratios["largest lead"] == pytest.approx(1.0, rel=0.05)
    document.write_text(document.read_text(encoding="utf-8").replace("charged particles", "other"), encoding="utf-8")
    with pytest.raises(InputError, match="no charged particles"):
        read_charged(tmp_path / "new")
    with pytest.raises(InputError, match="no charged particles can be read"):
        read_charged(tmp_path)


def test_what_fails_is_listed_and_the_rest_goes_on(ball: ParticleSet, charge: Case, tmp_path: Path) -> None:
    shutil.copytree(ball.folder, tmp_path / "set")
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text(encoding="utf-8"))
    (row,) = manifest["particles"]
    manifest["particles"].append({**row, "particle": 7, "sha256": "0" * 64})
    (tmp_path / "set" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    seen: list[tuple[int, int]] = []
    result = charge_set(
        read_set(tmp_path / "set"), charge.with_overrides(SHORT), spheres=False,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert [row["particle"] for row in result.rows] == [row["particle"]]
    assert [row["particle"] for row in result.failed] == [7]
    assert "not the one in the manifest" in result.failed[0]["reason"]
    assert seen == [(1, 2), (2, 2)]
    assert not any("equal area" in name for name in result.names)
    charged_figure(result)


def test_a_particle_nobody_has(ball: ParticleSet, charge: Case) -> None:
    with pytest.raises(InputError, match="not in the set"):
        charge_set(ball, charge, only=[99])


def untouched_ball() -> LabelVolume:
    """One digitised sphere that the electrolyte of its volume does not touch."""
    phases = ball_volume(8.0, 0.0, (0.0, 0.0, 1.0), 4e-7).phases.copy()
    phases[0, 0, 0] = CBD
    return LabelVolume(phases, 4e-7)


def test_an_untouched_particle_is_a_failure_with_its_reason(charge: Case, tmp_path: Path) -> None:
    volume = untouched_ball()
    bare = mesh_particles(volume, split_particles(volume), folder=tmp_path)
    result = charge_set(bare, charge)
    assert not result.rows
    assert "contact" in result.failed[0]["reason"]


def test_equal_area_and_equal_fraction() -> None:
    volume = 4.0 / 3.0 * np.pi * 1e-15  # R = 10 um
    area = equivalent_sphere(volume, 0.2 * 4.0 * np.pi * 1e-10, 0.5, "equal area")
    assert area.radius == pytest.approx(1e-5)
    assert area.coverage == pytest.approx(0.2)
    assert equivalent_sphere(volume, 1e-10, 0.5, "equal fraction").coverage == 0.5
    rough = equivalent_sphere(volume, 1.5 * 4.0 * np.pi * 1e-10, 0.9, "equal area")
    assert rough.coverage == 1.0
    assert rough.asked == pytest.approx(1.5)
    for wrong in ((0.0, 1e-10, 0.5), (volume, 0.0, 0.5), (volume, 1e-10, float("nan"))):
        with pytest.raises(InputError, match="positive"):
            equivalent_sphere(*wrong, "equal area")
    with pytest.raises(InputError, match="equivalent sphere"):
        equivalent_sphere(volume, 1e-10, 0.5, "equal mass")  # type: ignore[arg-type]


def test_a_rough_particle_covered_all_over_is_a_covered_sphere(charge: Case) -> None:
    case = sphere_case(charge, equivalent_sphere(1e-15, 1e-9, 0.9, "equal area"))
    assert case.model == "radial"
    assert case.protocol.steps == charge.protocol.steps


def call(*arguments: object) -> None:
    typer.main.get_command(app)(args=["tomo", *(str(a) for a in arguments)], standalone_mode=False)


def test_from_the_command_line(
    ball: ParticleSet, template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ("--set", *SHORT)
    call("charge", ball.folder, template, *short, "-o", tmp_path / "out", "--json")
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line, parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))
    assert found["header"]["charged"] == 1
    assert {Path(file).name for file in found["files"]} == {"charged.json", "charged.csv", "charged.png"}
    assert all(Path(file).is_file() for file in found["files"])
    call("charge", ball.folder, template, *short, "--no-spheres")
    assert "largest asynchrony" in capsys.readouterr().out
    with pytest.raises(InputError, match="list of particle numbers"):
        call("charge", ball.folder, template, "--only", "one")


def test_a_set_of_which_nothing_can_be_charged(template: Path, tmp_path: Path) -> None:
    volume = untouched_ball()
    mesh_particles(volume, split_particles(volume), folder=tmp_path / "bare")
    with pytest.raises(SimulationError, match="no particle could be charged"):
        call("charge", tmp_path / "bare", template, "-o", tmp_path / "out")
    assert read_charged(tmp_path / "out").failed


def test_medians_say_of_how_many_particles_they_are() -> None:
    rows = [{LARGEST_LEAD: 0.1, LEAD_AT_HALF: 0.1}, {LARGEST_LEAD: 0.2, LEAD_AT_HALF: None}, {LARGEST_LEAD: 0.4}]
    failed = [{"particle": 4, "reason": "no contact"}]
    charged_set = ChargedSet({}, [{BALANCE: 0.0, **row} for row in rows], failed)
    found = {row["quantity"]: row for row in summary(charged_set)["medians"]}
    assert found[LARGEST_LEAD]["particles"] == "3 of 4"
    assert found[LEAD_AT_HALF]["particles"] == "1 of 4"
