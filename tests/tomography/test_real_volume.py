"""The NREL volume (Usseglio-Viretta et al. 2018, 10.1149/2.0731814jes; CBD placed numerically), where it is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.tomography.blocks import split_blocks
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.split import Particles, split_particles
from asyncsoc.tomography.statistics import volume_statistics
from asyncsoc.tomography.volume import LabelVolume

LABELS = {"pore": [0], "ncm": [1], "cbd": [2]}
FILE = "nrel-nmc/nmc-1-cal_generatedCBD_bridge.tif"
BAND = (0.58, 0.64)


@pytest.fixture(scope="module")
def nrel(measured_data: Path) -> LabelVolume:
    pytest.importorskip("tifffile")
    return load_volume(measured_data / FILE, labels=LABELS, voxel_size="398 nm")


@pytest.fixture(scope="module")
def particles(nrel: LabelVolume) -> Particles:
    return split_particles(nrel)


def test_phase_fractions_are_the_published_labels(nrel: LabelVolume) -> None:
    assert nrel.shape == (251, 301, 301)
    shares = np.bincount(nrel.phases.ravel()) / nrel.phases.size
    assert shares[:3] == pytest.approx([0.4006, 0.1000, 0.4995], abs=1e-4)


@pytest.mark.slow
def test_estimators_of_the_active_fraction_and_their_bias(nrel: LabelVolume, particles: Particles) -> None:
    summary = volume_statistics(nrel, particles).summary
    found = summary["active fraction by estimator"]
    assert found["crofton"] == pytest.approx(0.5865, abs=1e-3)
    assert found["voxel faces"] == pytest.approx(0.6283, abs=1e-3)
    ratio = sum(summary["areas by voxel faces [m2]"][k] for k in ("active", "inactive"))
    assert 1.45 < ratio / summary["areas [m2]"]["ncm exposed"] < 1.55


def test_a_crop_is_meshed_without_failure(nrel: LabelVolume) -> None:
    crop = nrel.crop((slice(60, 140),) * 3)
    made = mesh_particles(crop, split_particles(crop))
    assert len(made) >= 5
    assert not made.failed
    assert BAND[0] - 0.05 < made.header["active fraction of exposed surface, mesh"] < BAND[1] + 0.05


@pytest.mark.slow
def test_blocks_equal_the_whole_volume(nrel: LabelVolume, particles: Particles) -> None:
    blocks = split_blocks(nrel, block=128, halo=48)
    assert np.array_equal(blocks.ids, particles.ids)


@pytest.mark.slow
def test_interior_particles_are_meshed(nrel: LabelVolume, particles: Particles) -> None:
    """Every eighth; `asyncsoc tomo mesh` of the volume meshes all, with the figures of docs/tomography.md."""
    interior = np.flatnonzero((particles.voxels >= 300) & ~particles.at_edge())
    assert len(interior) == 1091
    made = mesh_particles(nrel, particles, workers=2, only=interior[::8].tolist())
    assert len(made) == 137
    assert not made.failed
    assert made.header["smallest dihedral angle [deg]"] > 5.0
    assert BAND[0] < made.header["active fraction of exposed surface, mesh"] < BAND[1]


@pytest.mark.parametrize(
    "name", ["SampleData_2Phase_stack_3d_1bit.tif", "SampleData_2Phase_squared.tif", "SampleData_2Phase_3d.hdf5"]
)
def test_two_phase_sample(measured_data: Path, name: str) -> None:
    pytest.importorskip("tifffile")
    volume = load_volume(measured_data / "openimpala" / name, labels={"pore": [0], "ncm": [1]}, voxel_size="1 um")
    assert 0.39 < np.mean(volume.phases == 2) < 0.41
    summary = volume_statistics(volume, split_particles(volume)).summary
    assert summary["active fraction of exposed surface"] is None
    assert summary["contact measurable"] is False
