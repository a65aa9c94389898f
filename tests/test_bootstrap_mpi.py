"""Several ranks: one that raises ends all, workers started by a rank live (mpiexec of this environment)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asyncsoc import _bootstrap

_BESIDE = Path(sys.executable).with_name("mpiexec")
MPIEXEC = str(_BESIDE) if _BESIDE.exists() else shutil.which("mpiexec")

pytestmark = pytest.mark.skipif(MPIEXEC is None, reason="needs mpiexec")

RAISES = """
import sys
from asyncsoc import _bootstrap
from asyncsoc.errors import SimulationError
_bootstrap.install_mpi_excepthook()
_bootstrap.install_mpi_excepthook()
_bootstrap.prepare()
from mpi4py import MPI
if MPI.COMM_WORLD.rank == 1:
    {ending}
MPI.COMM_WORLD.Barrier()
"""


def ranks(run_python, code: str | Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_python(code, *arguments, launcher=(MPIEXEC, "-n", "2"), timeout=60.0)


@pytest.mark.parametrize(
    ("ending", "message", "status"),
    [
        ("raise SimulationError('rank 1 cannot go on')", "SimulationError: rank 1 cannot go on", 3),
        ("1 / 0", "ZeroDivisionError", 1),
        ("_bootstrap.abort_mpi(4)", "", 4),
    ],
)
def test_one_rank_that_fails_ends_the_others(run_python, ending, message, status):
    began = time.monotonic()
    done = ranks(run_python, RAISES.format(ending=ending))
    assert time.monotonic() - began < 30
    assert message in done.stderr
    assert done.returncode == status


def test_workers_of_a_rank_may_load_mpi(run_python, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text("""
from asyncsoc import _bootstrap

def size_seen(_):
    _bootstrap.prepare()
    from mpi4py import MPI
    return MPI.COMM_WORLD.size

if __name__ == "__main__":
    _bootstrap.prepare()
    from mpi4py import MPI
    with _bootstrap.clean_worker_environment(), _bootstrap.spawn_context().Pool(1) as pool:
        seen = pool.map(size_seen, [0])
    print("worker saw", seen, "of", MPI.COMM_WORLD.size, flush=True)
""")
    done = ranks(run_python, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["worker saw [1] of 2"] * 2


def test_an_exception_of_a_process_alone_is_printed_once_and_aborts_nothing(run_python):
    code = "from asyncsoc import _bootstrap; _bootstrap.install_mpi_excepthook(); _bootstrap.prepare(); 1 / 0"
    done = run_python(code)
    assert done.returncode == 1
    assert done.stderr.count("ZeroDivisionError") == 1


def test_abort_returns_where_mpi_was_never_loaded(run_python):
    done = run_python("from asyncsoc import _bootstrap; _bootstrap.abort_mpi(3); print('went on')")
    assert done.stdout.strip() == "went on"
    assert "mpi4py" not in vars(_bootstrap)
