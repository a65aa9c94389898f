"""What leaves the finite-element room: plain read-only arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import frozen


@dataclass(frozen=True, eq=False)
class Operators:
    """The semi-discrete diffusion problem m dx/dt + K psi(x) = -w i / (F c_max).

    Attributes
    ----------
    indptr, indices, stiffness
        K in CSR, m (symmetric, rows sum to 0): integral of grad phi_i . grad phi_j dV.
    mass : (n,) float64, m3
        Row sums of the mass matrix.
    volume
        Particle volume [m3].
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    stiffness: NDArray[np.float64]
    mass: NDArray[np.float64]
    volume: float

    def __post_init__(self) -> None:
        for name, dtype in (
            ("indptr", np.int64),
            ("indices", np.int64),
            ("stiffness", np.float64),
            ("mass", np.float64),
        ):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
