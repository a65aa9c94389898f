"""psi(x) = integral of D dx, tabulated so finely that the table's error is near rounding."""

from __future__ import annotations

import numpy as np

from tests.reference.materials import Array, Law

INTERVALS = 4096


class Kirchhoff:
    """Cubic Hermite table of psi on 0..1 with node values by Gauss-Legendre quadrature; straight on outside."""

    def __init__(self, D: Law) -> None:
        self.nodes = np.linspace(0.0, 1.0, INTERVALS + 1)
        points, weights = np.polynomial.legendre.leggauss(8)
        h = 1.0 / INTERVALS
        inside = self.nodes[:-1, None] + 0.5 * h * (points + 1.0)
        parts = 0.5 * h * (D(inside.ravel()).reshape(inside.shape) @ weights)
        self.scale = float(parts.sum())
        psi = np.concatenate([[0.0], np.cumsum(parts)])
        slope = D(self.nodes) * h
        rise = np.diff(psi)
        # psi = a0 + u (a1 + u (a2 + u a3)) with u = (x - node)/h
        self.a0, self.a1 = psi[:-1], slope[:-1]
        self.a2 = 3 * rise - 2 * slope[:-1] - slope[1:]
        self.a3 = slope[:-1] + slope[1:] - 2 * rise
        if np.ptp(slope) == 0.0:  # a constant D stays one to the last bit
            self.a2, self.a3 = np.zeros_like(rise), np.zeros_like(rise)

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return psi [m2/s] and its exact derivative D."""
        y = np.clip(x, 0.0, 1.0)
        k = np.minimum((y * INTERVALS).astype(np.intp), INTERVALS - 1)
        u = y * INTERVALS - k
        a1, a2, a3 = self.a1[k], self.a2[k], self.a3[k]
        D = (a1 + u * (2 * a2 + 3 * u * a3)) * INTERVALS
        return self.a0[k] + u * (a1 + u * (a2 + u * a3)) + (x - y) * D, D
