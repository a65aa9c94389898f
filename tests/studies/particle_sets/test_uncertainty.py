"""Bands over what a segmentation leaves open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.app import app
from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.uncertainty import SOURCES, UncertainSet, charge_uncertainty
from asyncsoc.tomography.split import split_particles
from asyncsoc.tomography.statistics import volume_statistics
from asyncsoc.tomography.synthetic import sphere_pack
from asyncsoc.tomography.volume import LabelVolume

STEPS = ["Charge at C/5 for 30 minutes"]


@pytest.fixture(scope="module")
def volume() -> LabelVolume:
    return sphere_pack(
        (44, 44, 44), radius=(7.0, 10.0), solid_fraction=0.4, coverage=0.5, voxel_size=4e-7, seed=3
    ).volume


@pytest.fixture(scope="module")
def template() -> aso.Case:
    return aso.Case.from_dict({"protocol": {"temperature": "60 degC", "steps": STEPS}})


@pytest.fixture(scope="module")
def uncertain(volume: LabelVolume, template: aso.Case) -> UncertainSet:
    return charge_uncertainty(volume, template, 3, seed=1)


def test_bands_hold_what_was_drawn_and_shares_add_up(uncertain: UncertainSet) -> None:
    assert len(uncertain.rows) == 3
    for name in (quantities.COVERAGE, quantities.LARGEST_LEAD):
        low, middle, high = (uncertain.column(f"{name}, {at} %") for at in (5, 50, 95))
        assert (low <= middle).all()
        assert (middle <= high).all()
        shares = np.stack([uncertain.column(f"{name}, share of {source}") for source in SOURCES])
        assert shares.sum(axis=0) == pytest.approx(1.0, rel=1e-12)
        assert sum(uncertain.header["shares of the sources"][name].values()) == pytest.approx(1.0, rel=1e-12)
    # Boundaries of half a voxel move a coverage of particles some 16 voxels wide by a few points.
    assert 0.005 < uncertain.column("coverage, change by boundary").max() < 0.15


def test_the_estimators_are_those_of_the_statistics(volume: LabelVolume, uncertain: UncertainSet) -> None:
    table = volume_statistics(volume, split_particles(volume)).table
    for row in uncertain.rows:
        place = int(row["particle"]) - 1
        changes = [
            float(table[name][place]) - row["coverage, baseline"] for name in ("coverage", "coverage by voxel faces")
        ]
        expected = np.sqrt(sum(change**2 for change in changes) / 3.0)
        assert row["coverage, change by estimator"] == pytest.approx(expected, rel=1e-6)


def test_what_the_split_leaves_as_it_is_does_not_change(uncertain: UncertainSet) -> None:
    assert uncertain.column("largest lead, change by split") == pytest.approx(0.0, abs=1e-15)
    depths = np.array(uncertain.header["split depths drawn [voxel]"])
    assert ((depths >= 0.5) & (depths <= 2.0)).all()


def test_equal_seeds_give_equal_bands(volume: LabelVolume, template: aso.Case, uncertain: UncertainSet) -> None:
    only = [int(uncertain.rows[0]["particle"])]
    again = charge_uncertainty(volume, template, 3, seed=1, only=only)
    assert dict(again.rows[0]) == dict(uncertain.rows[0])
    other = charge_uncertainty(volume, template, 3, seed=2, only=only)
    assert other.rows[0]["coverage, change by boundary"] != uncertain.rows[0]["coverage, change by boundary"]


def test_particles_that_a_draw_merges_are_counted(template: aso.Case) -> None:
    """Two spheres that share a wide neck are one particle to a deeper split."""
    phases = np.zeros((40, 40, 64), np.uint8)
    z, y, x = np.ogrid[:40, :40, :64]
    for center in (24, 40):
        phases[(z - 20) ** 2 + (y - 20) ** 2 + (x - center) ** 2 < 100] = 2
    film = (phases == 0) & ((z - 20) ** 2 + (y - 20) ** 2 + (x - 32) ** 2 < 20**2) & (z > 20)
    phases[np.broadcast_to(film, phases.shape)] = 1
    volume = LabelVolume(phases, 4e-7)
    assert split_particles(volume, 2.0).n == 2
    found = charge_uncertainty(volume, template, 6, seed=0, split_depth=3.0, shift=0.0)
    counts = {key: sum(row[key] for row in found.rows) for key in found.rows[0] if key.startswith("draws: ")}
    assert counts["draws: merged"] > 0
    assert sum(counts.values()) == len(found.rows) * (2 + 3 * 6)


def test_bad_numbers_are_refused(volume: LabelVolume, template: aso.Case) -> None:
    with pytest.raises(InputError, match="several draws"):
        charge_uncertainty(volume, template, 1)
    with pytest.raises(InputError, match="not resolved within the volume"):
        charge_uncertainty(volume, template, 2, only=[999])


def test_the_command_keeps_table_document_and_picture(
    volume: LabelVolume, tmp_path: Path, capsys: pytest.CaptureFixture[str], uncertain: UncertainSet
) -> None:
    np.save(tmp_path / "v.npy", volume.phases)
    case = tmp_path / "case.toml"
    case.write_text(f'[protocol]\ntemperature = "60 degC"\nsteps = {json.dumps(STEPS)}\n')
    number = int(uncertain.rows[0]["particle"])
    words = ["tomo", "charge", tmp_path / "v.npy", case, "--uncertainty", 3, "--seed", 1, "--only", number]
    words += ["--labels", "pore=0,cbd=1,ncm=2", "--voxel-size", "400 nm", "-o", tmp_path / "out", "--json"]
    typer.main.get_command(app)(args=[str(word) for word in words], standalone_mode=False)
    (line,) = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    assert [Path(file).name for file in document["files"]] == ["uncertainty.json", "uncertainty.csv", "uncertainty.png"]
    assert document["particles"][0]["coverage, 50 %"] == pytest.approx(uncertain.rows[0]["coverage, 50 %"], rel=1e-9)
    lines = (tmp_path / "out" / "uncertainty.csv").read_text().splitlines()
    assert len(lines) == 2
    with pytest.raises(InputError, match="charged by themselves"):
        again = [str(word) for word in [*words, "--as", "electrode"]]
        typer.main.get_command(app)(args=again, standalone_mode=False)
