"""Settings of every test: h5py before dolfinx, floating-point errors raise, no telemetry, no window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("PYVISTA_OFF_SCREEN", "true")
os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# A shell that starts tests in the background has its children ignore these, and they theirs.
for _signal, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_signal) == signal.SIG_IGN:
        signal.signal(_signal, _handler)

import numpy as np
import pytest

import asyncsoc  # noqa: F401 - h5py comes before a dolfinx that a test loads


@pytest.fixture(autouse=True)
def floating_point_errors_raise() -> Iterator[None]:
    with np.errstate(all="raise", under="ignore"):
        yield


@pytest.fixture(scope="session")
def measured_data() -> Path:
    """Directory of measured data, given by ASYNCSOC_TEST_DATA; tests that need it are skipped without."""
    place = os.environ.get("ASYNCSOC_TEST_DATA")
    if not place or not Path(place).is_dir():
        pytest.skip("ASYNCSOC_TEST_DATA does not name a directory of measured data")
    return Path(place)


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code, or a script (a Path), with arguments in a fresh interpreter; keyword variables are added to its own."""

    def run(
        code: str | Path,
        *arguments: object,
        timeout: float = 60.0,
        launcher: tuple[str, ...] = (),
        unset: tuple[str, ...] = (),
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name not in unset}
        environment.setdefault("PYTHONPATH", str(Path(__file__).parent.parent))
        program = [str(code)] if isinstance(code, Path) else ["-c", code]
        return subprocess.run(
            [*launcher, sys.executable, *program, *map(str, arguments)],
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
