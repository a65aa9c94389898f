"""`examples/electrode.sbatch`: what it starts, how it goes on, and that it hands SIGTERM on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "electrode.sbatch"
LAUNCHER = """#!/bin/bash
trap 'echo stopped >> "$TOLD"; exit 143' TERM
printf '%s\\n' "$*" >> "$TOLD"
if [[ -n "${WAITS:-}" ]]; then
    for _ in $(seq 200); do sleep 0.05; done
fi
"""


@pytest.fixture
def submitted(tmp_path: Path) -> dict[str, str]:
    """Return an environment with an installation whose mpiexec writes down what it is asked for."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("mpiexec", LAUNCHER), ("asyncsoc", "#!/bin/bash\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TOLD": str(tmp_path / "told"),
        "SLURM_NTASKS": "3",
    }


def test_it_starts_the_case_and_then_goes_on_with_what_was_saved(submitted: dict[str, str], tmp_path: Path) -> None:
    case, folder = tmp_path / "a case.toml", tmp_path / "results"
    command = ["bash", str(SCRIPT), str(case), str(folder)]
    subprocess.run(command, env=submitted, check=True)
    folder.mkdir()
    (folder / "run-1.vtkhdf").touch()
    subprocess.run(command, env=submitted, check=True)
    first, second = (tmp_path / "told").read_text().splitlines()
    assert first == f"-n 3 asyncsoc run {case} -o {folder} --quiet"
    assert second == f"{first} --resume {folder / 'run-1.vtkhdf'}"


def test_sigterm_is_handed_on_and_waited_for(submitted: dict[str, str], tmp_path: Path) -> None:
    told = tmp_path / "told"
    with subprocess.Popen(["bash", str(SCRIPT), "case.toml", "results"], env={**submitted, "WAITS": "1"}) as job:
        for _ in range(200):
            if told.exists() and told.read_text():
                break
            time.sleep(0.02)
        job.send_signal(signal.SIGTERM)
        assert job.wait(20) == 143
    assert told.read_text().splitlines()[-1] == "stopped"


def test_it_says_what_it_needs(submitted: dict[str, str]) -> None:
    done = subprocess.run(["bash", str(SCRIPT)], env=submitted, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "sbatch electrode.sbatch CASE.toml FOLDER" in done.stderr
