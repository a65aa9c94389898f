from __future__ import annotations

from pathlib import Path

import pytest

from asyncsoc.case.case import Case
from asyncsoc.tomography.meshing import mesh_particles
from asyncsoc.tomography.particle_set import ParticleSet
from asyncsoc.tomography.split import split_particles
from tests.studies.particle_sets.digitised import ball_volume

TEMPLATE = """
[material]
name = "ncm811-sturm2019"
[protocol]
temperature = "60 degC"
initial_stoichiometry = 0.9
steps = ["Charge at C/10 until 4.2 V"]
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "charge.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def charge(template: Path) -> Case:
    return Case.from_toml(template)


@pytest.fixture(scope="session")
def ball(tmp_path_factory: pytest.TempPathFactory) -> ParticleSet:
    """One particle: a digitised sphere of 5 um under a cap of 0.3, on an oblique axis."""
    volume = ball_volume(13.0, 0.3, (1.0, 2.0, -0.5), 5e-6 / 13.0)
    return mesh_particles(volume, split_particles(volume), folder=tmp_path_factory.mktemp("ball"))
