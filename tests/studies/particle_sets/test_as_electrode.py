"""A volume as one electrode: amounts that follow from it, the same answers as its particles, rules and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.app import app
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.studies.particle_sets.as_electrode import electrode_of_volume, simulate_volume
from asyncsoc.tomography.mesher import MeshSettings
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.particle_set import ParticleSet
from asyncsoc.tomography.split import Particles, split_particles
from asyncsoc.tomography.synthetic import sphere_pack
from asyncsoc.tomography.volume import LabelVolume

SIZE = 4e-7
STEPS = ["Charge at C/5 for 40 minutes", "Charge at C/10 for 20 minutes"]


@pytest.fixture(scope="module")
def volume() -> LabelVolume:
    return sphere_pack(
        (48, 44, 44), radius=(7.0, 9.0), solid_fraction=0.4, coverage=0.5, voxel_size=SIZE, seed=3
    ).volume


@pytest.fixture(scope="module")
def particles(volume: LabelVolume) -> Particles:
    return split_particles(volume)


@pytest.fixture(scope="module")
def meshed(volume: LabelVolume, particles: Particles, tmp_path_factory: pytest.TempPathFactory) -> ParticleSet:
    return mesh_particles(volume, particles, folder=tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def cut(volume: LabelVolume, particles: Particles, tmp_path_factory: pytest.TempPathFactory) -> ParticleSet:
    return mesh_particles(volume, particles, MeshSettings(interior_only=False), folder=tmp_path_factory.mktemp("cut"))


@pytest.fixture(scope="module")
def template() -> aso.Case:
    return aso.Case.from_dict({"protocol": {"temperature": "60 degC", "steps": STEPS}})


def test_amounts_are_those_of_the_volume(
    volume: LabelVolume, particles: Particles, meshed: ParticleSet, template: aso.Case
) -> None:
    made = electrode_of_volume(meshed, template, volume, particles, separator="z-low", cut="scale", repeat=3.0)
    electrode, density = made.case.electrode, cathode_of(template.material).density
    solid = float((volume.phases == 2).mean())
    amounts = electrode.amounts(density)
    assert amounts.thickness == pytest.approx(48 * SIZE, rel=1e-9)
    assert electrode.area == pytest.approx(3.0 * (44 * SIZE) ** 2, rel=1e-9)
    assert amounts.volume_fraction["active"] == pytest.approx(solid, rel=1e-9)
    assert amounts.porosity == pytest.approx(float((volume.phases == 0).mean()), rel=1e-9)
    drawn = electrode_cases(made.case)
    whole = 3.0 * solid * volume.phases.size * SIZE**3
    assert drawn.volume + drawn.idle_volume == pytest.approx(whole, rel=1e-9)
    assert made.report["multiplicity of a particle"] == pytest.approx(float(drawn.multiplicities[0]), rel=1e-9)


def test_every_particle_stands_for_itself_where_cut_ones_are_dropped(meshed: ParticleSet, template: aso.Case) -> None:
    made = electrode_of_volume(meshed, template, separator="x-high")
    drawn = electrode_cases(made.case)
    assert len(drawn.cases) == len(meshed)
    assert drawn.multiplicities == pytest.approx(1.0, rel=1e-9)
    cathode = cathode_of(template.material)
    capacity = sum(theoretical_capacity(cathode, float(row["volume [m3]"])) for row in meshed.rows)
    per_area = drawn.sample.theoretical_capacity(cathode)
    assert per_area * made.case.electrode.area == pytest.approx(capacity, rel=1e-9)


def test_cut_particles_are_kept_with_their_planes_closed(cut: ParticleSet, template: aso.Case) -> None:
    made = electrode_of_volume(cut, template, separator="z-low", cut="mirror")
    assert len(electrode_cases(made.case).cases) == sum(bool(row["coverage"]) for row in cut.rows)
    row = next(row for row in cut.rows if row["cut area [m2]"] > 0.0 and row["coverage"])
    number = [r["file"] for r in cut.rows if r["coverage"]].index(row["file"])
    own = electrode_cases(made.case).cases[number].with_overrides(["protocol.steps=['Charge at C/5 for 1 minute']"])
    assert aso.simulate(own).contact.area == pytest.approx(row["active area [m2]"], rel=1e-6)


def test_the_rules_are_compared(
    volume: LabelVolume, particles: Particles, meshed: ParticleSet, template: aso.Case
) -> None:
    made = electrode_of_volume(meshed, template, volume, particles, separator="z-low")
    rows = {row["cut particles"]: row for row in made.effect}
    assert rows["drop"]["share of ncm"] < rows["mirror"]["share of ncm"] <= rows["scale"]["share of ncm"] == 1.0
    assert rows["drop"]["particles"] == len(meshed) < rows["mirror"]["particles"]
    solid = sum(row["volume [m3]"] for row in meshed.rows) / (float((volume.phases == 2).sum()) * SIZE**3)
    assert rows["drop"]["share of ncm"] == pytest.approx(solid, rel=1e-6)


def test_it_is_the_group_of_its_particles(meshed: ParticleSet, template: aso.Case) -> None:
    made = electrode_of_volume(meshed, template, separator="z-low")
    solution = simulate_volume(made)
    cases = [
        aso.Case.from_dict(
            {
                "particle": {"shape": "mesh", "file": str(meshed.folder / row["file"]), "length_unit": "m"},
                "contact": {"kind": "labels", "active": ["active"]},
                "protocol": {"temperature": "60 degC", "steps": STEPS},
            }
        )
        for row in meshed.rows
    ]
    group = aso.simulate_particles(cases)
    for name in ("Mean SOC", "Particle potential [V]", "Asynchrony"):
        assert solution.columns[name][-1] == pytest.approx(group.columns[name][-1], abs=1e-8)
    assert solution.lithium_balance_error < 1e-10
    assert solution.reports["electrode"]["contacts between particles"].startswith("closed")


def test_layers_follow_the_depth_and_lead_at_the_separator(
    volume: LabelVolume, particles: Particles, meshed: ParticleSet, template: aso.Case, tmp_path: Path
) -> None:
    made = electrode_of_volume(meshed, template, volume, particles, separator="z-high", layers=2)
    assert made.conduction is not None
    assert 0.3 < made.conduction.relative_conductivity < made.conduction.fraction
    solution = simulate_volume(made)
    depth = np.array([row["depth [m]"] for row in solution.reports["electrode"]["particles"]])
    heights = np.array([row["z [m]"] for row in meshed.rows])
    assert depth == pytest.approx(48 * SIZE - heights - 0.5 * SIZE, abs=1e-12)
    layers = solution.particles["layer"].values
    assert layers.tolist() == (1 + (depth > 24 * SIZE)).tolist()
    potentials = solution.layers.isel(point=-1)["Potential of the electrolyte [V]"].values
    assert potentials[0] < potentials[1]
    file = solution.save(tmp_path)
    again = aso.Solution.load(file)
    assert again.particles["layer"].values.tolist() == layers.tolist()


def test_it_is_resumed_like_any_electrode(meshed: ParticleSet, template: aso.Case) -> None:
    whole = electrode_of_volume(meshed, template, separator="z-low")
    half = whole.case.with_overrides([f"protocol.steps={STEPS[:1]!r}"])
    reached = aso.simulate(half)
    resumed = aso.simulate(whole.case, resume=reached)
    straight = simulate_volume(whole)
    assert np.array_equal(resumed.columns["Voltage [V]"], straight.columns["Voltage [V]"])


def test_two_threads_and_processes_give_the_same_bits(
    meshed: ParticleSet, template: aso.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = electrode_of_volume(meshed, template, separator="z-low")
    one = simulate_volume(made)
    monkeypatch.setattr("asyncsoc.problem.loaded_particles.WORTH_PROCESSES", 1)
    two = simulate_volume(made, threads=2)
    assert np.array_equal(one.columns["Voltage [V]"], two.columns["Voltage [V]"])
    assert np.array_equal(one.particles["Mean SOC"].values, two.particles["Mean SOC"].values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"separator": "top"}, "unknown side"),
        ({"cut": "keep"}, "unknown rule"),
        ({"cut": "mirror"}, "no particles that the end of the volume cuts"),
        ({"repeat": 0.0}, "out of range"),
        ({"layers": 40}, "has no particle that carries current"),
    ],
)
def test_what_does_not_fit_is_named(
    meshed: ParticleSet, template: aso.Case, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        electrode_cases(electrode_of_volume(meshed, template, **{"separator": "z-low", **change}).case)


def test_a_template_with_an_electrode_or_another_volume_is_refused(
    volume: LabelVolume, particles: Particles, meshed: ParticleSet, template: aso.Case
) -> None:
    with pytest.raises(InputError, match="is that of the volume"):
        electrode_of_volume(
            meshed,
            template.with_overrides(["electrode.loading='10 mg/cm2'", "electrode.coverage=0.3"]),
            separator="z-low",
        )
    other = volume.crop((slice(0, 40), slice(None), slice(None)))
    with pytest.raises(InputError, match="another volume"):
        electrode_of_volume(meshed, template, other, split_particles(other), separator="z-low")
    made = electrode_of_volume(meshed, template, separator="z-low", layers=2)
    with pytest.raises(InputError, match="not as thick as the volume"):
        electrode_cases(made.case.with_overrides(["electrode.thickness='30 um'"]))
    with pytest.raises(InputError, match="bring their own meshes"):
        electrode_cases(made.case.with_overrides(["particle.mesh=coarse"]))


def test_the_command_meshes_simulates_and_keeps_it(
    volume: LabelVolume, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "v.npy", volume.phases)
    case = tmp_path / "case.toml"
    case.write_text('[protocol]\ntemperature = "60 degC"\nsteps = ["Charge at C/5 for 10 minutes"]\n')
    words = ["tomo", "charge", tmp_path / "v.npy", case, "--as", "electrode", "--separator", "z-low", "--layers", "2"]
    words += ["--labels", "pore=0,cbd=1,ncm=2", "--voxel-size", "400 nm", "--cut", "scale", "-o", tmp_path / "out"]
    typer.main.get_command(app)(args=[str(word) for word in [*words, "--json"]], standalone_mode=False)
    (line,) = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    report = document["electrode of the volume"]
    assert report["porosity"] == pytest.approx(report["pore fraction of the volume"], abs=1e-9)
    assert {Path(file).name for file in document["made of"]} == {"electrode.toml", "electrode.json"}
    assert [Path(file).suffix for file in document["files"]] == [".vtkhdf", ".png", ".png"]
    again = aso.Case.from_toml(tmp_path / "out" / "electrode.toml")
    assert again.electrode.measured
    with pytest.raises(InputError, match="unknown kind"):
        typer.main.get_command(app)(
            args=["tomo", "charge", str(tmp_path), str(case), "--as", "cell"], standalone_mode=False
        )
