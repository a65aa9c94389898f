"""Several ranks: one that aborts ends all, workers started by a rank live (mpiexec of this environment)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asyncsoc.base import environment as bootstrap

_BESIDE = Path(sys.executable).with_name("mpiexec")
MPIEXEC = str(_BESIDE) if _BESIDE.exists() else shutil.which("mpiexec")

pytestmark = pytest.mark.skipif(MPIEXEC is None, reason="needs mpiexec")

ABORTS = """
import sys
from asyncsoc.base import environment as bootstrap
bootstrap.prepare()
from mpi4py import MPI
if MPI.COMM_WORLD.rank == 1:
    bootstrap.abort_mpi(4)
MPI.COMM_WORLD.Barrier()
"""


def ranks(run_python, code: str | Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_python(code, *arguments, launcher=(MPIEXEC, "-n", "2"), timeout=60.0)


@pytest.mark.slow
def test_one_rank_that_aborts_ends_the_others(run_python):
    began = time.monotonic()
    done = ranks(run_python, ABORTS)
    assert time.monotonic() - began < 30
    assert done.returncode == 4


@pytest.mark.slow
def test_workers_of_a_rank_may_load_mpi(run_python, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text("""
from asyncsoc.base import environment as bootstrap

def size_seen(_):
    bootstrap.prepare()
    from mpi4py import MPI
    return MPI.COMM_WORLD.size

if __name__ == "__main__":
    from multiprocessing import get_context
    bootstrap.prepare()
    from mpi4py import MPI
    with bootstrap.clean_worker_environment(), get_context("spawn").Pool(1) as pool:
        seen = pool.map(size_seen, [0])
    print("worker saw", seen, "of", MPI.COMM_WORLD.size, flush=True)
""")
    done = ranks(run_python, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["worker saw [1] of 2"] * 2


def test_abort_returns_where_mpi_was_never_loaded(run_python):
    done = run_python("from asyncsoc.base import environment as bootstrap; bootstrap.abort_mpi(3); print('went on')")
    assert done.stdout.strip() == "went on"
    assert "mpi4py" not in vars(bootstrap)
