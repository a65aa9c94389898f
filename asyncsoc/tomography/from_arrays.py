"""The name under which `asyncsoc.geometry.from_arrays` was documented for particles of a tomogram."""

from __future__ import annotations

import warnings
from typing import Any

from asyncsoc.geometry import from_arrays as geometry
from asyncsoc.geometry.mesh import ParticleMesh


def from_arrays(*arrays: Any, name: str = "particle", statistics: Any = None, **keys: Any) -> ParticleMesh:
    """Return `asyncsoc.geometry.from_arrays.from_arrays` with `classes`; `statistics` is its `record`."""
    warnings.warn(
        "asyncsoc.tomography.from_arrays is asyncsoc.geometry.from_arrays now: from_arrays(..., classes=True)",
        DeprecationWarning,
        stacklevel=2,
    )
    return geometry.from_arrays(*arrays, classes=True, name=name, record=statistics, **keys)
