"""Electrodes on several processes of mpiexec: the bits of one, one output, and a clear end when something fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import asyncsoc as aso
from asyncsoc.base.environment import WAIT_SLEEPING
from tests.simulation.ranks import bits, simulated

HERE = Path(__file__).with_name("ranks.py")
_BESIDE = Path(sys.executable).with_name("mpiexec")
MPIEXEC = str(_BESIDE) if _BESIDE.exists() else shutil.which("mpiexec") or ""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MPIEXEC, reason="needs mpiexec"),
    pytest.mark.filterwarnings("ignore::asyncsoc.base.notices.ResultWarning"),
]

CYCLES = """
[electrode]
loading = "12.7 mg/cm2"
particles = 16
coverage = { law = "beta", mean = 0.3, std = 0.1 }

[particle]
mesh = "draft"

[protocol]
temperature = "60 degC"

[[protocol.cycle]]
repeat = 3
steps = ["Charge at C/5 for 10 minutes", "Discharge at C/5 for 5 minutes"]
"""

Ranks = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ranks(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> Ranks:
    """Run the script beside this test in so many processes."""

    def run(count: int, *arguments: object) -> subprocess.CompletedProcess[str]:
        launcher, variables = (MPIEXEC, "-n", str(count)), {WAIT_SLEEPING: "1"}  # other tests run beside
        return run_python(HERE, *arguments, launcher=launcher, timeout=400.0, **variables)

    return run


@pytest.mark.parametrize(("what", "counts"), [("group", (2, 4)), ("film", (3,)), ("concentrated", (2,))])
def test_processes_have_the_bits_of_one(ranks: Ranks, what: str, counts: tuple[int, ...]) -> None:
    alone = bits(simulated(what))
    for count in counts:
        done = ranks(count, "simulate", what)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [alone] * count


@pytest.fixture(scope="module")
def cycles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, aso.Solution]:
    """Return a case of three cycles and its solution by one process."""
    path = tmp_path_factory.mktemp("cycles") / "cycles.toml"
    path.write_text(CYCLES)
    return path, aso.simulate(aso.Case.from_toml(path))


def saved(folder: Path) -> aso.Solution:
    (file,) = folder.glob("*.vtkhdf")
    return aso.Solution.load(file)


def test_a_run_of_two_processes_is_told_and_saved_once(
    ranks: Ranks, cycles: tuple[Path, aso.Solution], tmp_path: Path
) -> None:
    case, alone = cycles
    done = ranks(2, "none", tmp_path, "run", case, "-o", tmp_path / "out", "--no-plot", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "done"
    assert bits(saved(tmp_path / "out")) == bits(alone)
    notes = done.stderr.splitlines()
    assert len(notes) == len(set(notes))


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("kill-1", 9, "BAD TERMINATION"),
        ("raise-1", 3, "process 2 of 2: error: unexpected RuntimeError: this process is broken"),
        ("full-0", 2, "error: "),
        ("interrupt-1", 130, "resume with: asyncsoc run --resume"),
    ],
)
def test_what_fails_in_one_process_ends_all_and_the_last_checkpoint_is_resumed(
    ranks: Ranks, cycles: tuple[Path, aso.Solution], tmp_path: Path, fault: str, code: int, said: str
) -> None:
    case, alone = cycles
    out = tmp_path / "out"
    done = ranks(2, fault, out, "run", case, "-o", out, "--no-plot")
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert done.stderr.count("error: ") <= 1
    reached = saved(out)
    assert reached.checkpoint is not None
    assert 2 <= len(reached.checkpoint.finished) < 6  # one cycle is complete, and not all are
    if fault != "kill-1":
        assert bits(aso.simulate(aso.Case.from_toml(case), resume=reached)) == bits(alone)
        return
    (file,) = out.glob("*.vtkhdf")
    again = ranks(2, "none", out, "run", "--resume", file, "-o", tmp_path / "whole", "--no-plot")
    assert again.returncode == 0, again.stderr
    assert bits(saved(tmp_path / "whole")) == bits(alone)


def test_a_folder_removed_meanwhile_is_made_again(
    ranks: Ranks, cycles: tuple[Path, aso.Solution], tmp_path: Path
) -> None:
    case, alone = cycles
    out = tmp_path / "out"
    done = ranks(2, "remove-1", out, "run", case, "-o", out, "--no-plot")
    assert done.returncode == 0, done.stderr
    assert bits(saved(out)) == bits(alone)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "{single}"), "a single particle runs in one process"),
        (("run", "{few}"), "there are more processes than the particles can be distributed over"),
        (("sweep", "{few}", "--vary", "electrode.loading=5:30:3"), "the processes of mpiexec would all do the same"),
        (("run", "{wrong}"), "unknown section or key 'nonsense'"),
    ],
)
def test_what_processes_cannot_share_is_refused_once(
    ranks: Ranks, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    single = '[contact]\nkind = "cap"\ncoverage = 0.3\n[protocol]\nsteps = ["Charge at C/5 for 1 minute"]\n'
    written = {"single": single, "few": CYCLES.replace("16", "1"), "wrong": "nonsense = 1\n"}
    files = {name: tmp_path / f"{name}.toml" for name in written}
    for name, file in files.items():
        file.write_text(written[name])
    done = ranks(2, "none", tmp_path, *(word.format(**files) for word in arguments))
    assert done.returncode == 2
    assert done.stderr.count("error: ") == 1
    assert said in done.stderr
    assert done.stdout == ""
