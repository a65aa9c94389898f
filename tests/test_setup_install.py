"""The whole set-up, with pip: made, found ready at once, repaired after a kill; and a wheel that carries the meshes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ROOT / "scripts" / "bootstrap.sh").exists() or sys.platform != "linux", reason="needs a checkout on Linux"
    ),
]


def bootstrap(venv: Path, extras: str = "lint,tomography") -> tuple[subprocess.CompletedProcess[str], float]:
    began = time.monotonic()
    # "0" is how pip's --no-compile is switched on by a variable; compiling would be half of the time.
    done = subprocess.run(
        [str(ROOT / "scripts" / "bootstrap.sh"), "--compiler", extras],
        env={**os.environ, "ASYNCSOC_VENV": str(venv), "PIP_NO_COMPILE": "0"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    return done, time.monotonic() - began


def test_environment_is_made_found_ready_and_repaired(tmp_path):
    venv = tmp_path / "environment"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nonexistent/python")  # what a vanished interpreter leaves
    made, _ = bootstrap(venv)
    assert made.returncode == 0, made.stderr
    assert "making it again" in made.stderr

    again, seconds = bootstrap(venv, "tomography")  # fewer extras than it has
    assert (again.returncode, again.stderr) == (0, "")
    assert seconds < 3

    shutil.rmtree(next((venv / "lib").glob("python*/site-packages/h5py")))
    (venv / ".asyncsoc-unfinished").touch()  # a killed installation
    repaired, _ = bootstrap(venv)
    assert repaired.returncode == 0, repaired.stderr
    subprocess.run([venv / "bin" / "python", "-c", "import h5py, asyncsoc"], cwd=tmp_path, check=True)


def test_wheel_carries_the_meshes(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    with zipfile.ZipFile(next(tmp_path.glob("asyncsoc-*.whl"))) as wheel:
        names = wheel.namelist()
    shipped = {path.name for path in (ROOT / "meshes").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert shipped
    assert shipped <= {Path(name).name for name in names if name.startswith("asyncsoc/_meshes/")}
    assert "asyncsoc/discretization/assembly.py" in names
