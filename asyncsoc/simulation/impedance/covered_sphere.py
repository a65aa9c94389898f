"""Diffusion in a fully covered sphere of constant diffusivity, at small alternating flux."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

ComplexArray = NDArray[np.complex128]

_SMALL = 1e-2
"""|sqrt(s)| below which the series is taken."""
_LARGE = 30.0
"""Real part from which on tanh is 1."""


def covered_sphere_transfer(s: ArrayLike) -> ComplexArray:
    """Return H(s) = tanh z/(z - tanh z), z = sqrt(s): a flux J changes the surface by H(s) J R/D.

    Parameters
    ----------
    s : any shape, complex
        j w R^2/D, not 0.
    """
    z = np.sqrt(np.asarray(s, dtype=np.complex128))
    small = np.abs(z) < _SMALL
    safe = np.where(small, 1.0, z)
    slope = np.where(safe.real > _LARGE, 1.0, np.tanh(np.minimum(safe.real, _LARGE) + 1j * safe.imag))
    return np.asarray(np.where(small, 3.0 / (z * z) + 0.2 - z * z / 175.0, slope / (safe - slope)))
