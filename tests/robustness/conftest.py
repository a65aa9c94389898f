"""The installed command in processes of its own, as a user starts it: a script whose folder is not the current one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from asyncsoc.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""
CASE = """
[particle]
radius = "5 um"
[contact]
kind = "cap"
coverage = 0.3
[protocol]
temperature = "60 degC"
steps = ["Charge at {rate} C for 10 minutes"]
rate = 0.1
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bin") / "asyncsoc"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture
def start(script: Path) -> Start:
    """Start the command; in a session of its own, so that what it leaves behind can be found."""

    def begin(*arguments: object, folder: Path, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(script), *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return begin


@pytest.fixture
def run(start: Start) -> Callable[..., subprocess.CompletedProcess[str]]:
    def finish(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        process = start(*arguments, **options)
        out, err = process.communicate(timeout=240.0)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return finish


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case, a case to charge meshed particles with, a volume of some particles, their meshes."""
    from asyncsoc.tomography.meshing import mesh_particles
    from asyncsoc.tomography.split import split_particles
    from asyncsoc.tomography.synthetic import sphere_pack

    folder = tmp_path_factory.mktemp("inputs")
    (folder / "case.toml").write_text(CASE.replace("rate = 0.1\n", "").replace("{rate}", "0.1"), encoding="utf-8")
    (folder / "sweep.toml").write_text(CASE.replace("rate = 0.1\n", ""), encoding="utf-8")
    charge = '[protocol]\ntemperature = "60 degC"\nsteps = ["Charge at C/2 for 10 minutes"]\n'
    (folder / "charge.toml").write_text(charge, encoding="utf-8")
    made = sphere_pack((40, 44, 48), radius=(7.0, 8.0), seed=5, coverage=0.5)
    np.save(folder / "volume.npy", np.array([0, 2, 1, 3], np.uint8)[made.volume.phases])
    mesh_particles(made.volume, split_particles(made.volume), folder=folder / "particles")
    return folder
