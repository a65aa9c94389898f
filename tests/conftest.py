"""Settings of every test: h5py before dolfinx, floating-point errors raise, no telemetry, no window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("PYVISTA_OFF_SCREEN", "true")
os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import asyncsoc  # noqa: F401, I001 - loads h5py before a test loads dolfinx
import numpy as np
import pytest


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
