"""Particles of the NREL volume charged (10.1149/2.0731814jes; CBD placed numerically), where it is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.case.case import Case
from asyncsoc.studies.particle_sets.charge import charge_set
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.split import split_particles

FILE = "nrel-nmc/nmc-1-cal_generatedCBD_bridge.tif"


@pytest.mark.slow
def test_particles_of_a_crop_are_charged_in_balance(measured_data: Path, charge: Case, tmp_path: Path) -> None:
    pytest.importorskip("tifffile")
    volume = load_volume(measured_data / FILE, labels={"pore": [0], "ncm": [1], "cbd": [2]}, voxel_size="398 nm").crop(
        (slice(60, 130),) * 3
    )
    meshed = mesh_particles(volume, split_particles(volume), folder=tmp_path)
    charged = charge_set(meshed, charge, only=[row["particle"] for row in meshed.rows[:6]])
    assert not charged.failed
    assert len(charged.rows) == min(6, len(meshed))
    assert charged.worst_balance < 1e-9
    lead = charged.column("largest lead")
    assert (lead > 0.0).all()
    # Contact in many spots: one cap of the same area is further ahead, in the middle of any such sample.
    assert np.median(charged.column("largest lead, equal area") / lead) > 1.0
