"""Closed forms for every kind of protocol step: a fully covered sphere, constant D, kinetics linear in x.

Lengths in R, times tau = D t / R^2; x moves in units of J R / (D c_max), positive on charge (delithiation), with J the
flux through the surface. With the Biot number B = k R / D the flux is B (x_surface - x_equilibrium).
Source: H. S. Carslaw, J. C. Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), sections 9.3 and 9.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from asyncsoc.studies.verification.closed_forms import full_sphere

Array = NDArray[np.float64]

_POINTS = 400
_MODES = 60


def surface_fall(tau: float, changes: Sequence[tuple[float, float]]) -> float:
    """Return by how much the surface has fallen at `tau` under a current that changes in steps.

    Parameters
    ----------
    tau
        Time.
    changes
        When the current changes and by how much [J]: a charge is ((0, 1),), a rest after it ((0, 1), (t, -1)).
    """
    return float(sum(by * (3.0 * (tau - at) + float(full_sphere(1.0, tau - at))) for at, by in changes if tau > at))


def profile_fall(rho: Array, tau: float, changes: Sequence[tuple[float, float]]) -> Array:
    """Return the same at the radii `rho`."""
    total = np.zeros_like(rho)
    for at, by in changes:
        if tau > at:
            total += by * (3.0 * (tau - at) + full_sphere(rho, tau - at))
    return total


class Hold:
    """A sphere whose surface gives off B (x_surface - x_equilibrium), x_equilibrium held: a held voltage.

    Parameters
    ----------
    biot
        B.
    excess
        x - x_equilibrium at the radii handed to it, when the hold begins.
    """

    def __init__(self, biot: float, excess: Callable[[Array], Array]) -> None:
        roots = [_root(biot, n) for n in range(_MODES)]
        nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
        rho, weights = 0.5 * (nodes + 1.0), 0.5 * weights
        start = rho * excess(rho)
        self._squares = np.array(roots) ** 2
        amplitudes = []
        for a in roots:
            norm = 0.5 * (1.0 - np.sin(2.0 * a) / (2.0 * a))
            amplitudes.append(float(weights @ (start * np.sin(a * rho))) / norm)
        self._surface = np.array(amplitudes) * np.sin(roots)
        self._biot = biot

    def flux(self, tau: float) -> float:
        """Return the flux [J] at `tau` after the hold began."""
        return float(self._biot * (self._surface * np.exp(-self._squares * tau)).sum())

    def until(self, flux: float) -> float:
        """Return when the flux has fallen to `flux`, of the sign it begins with."""
        sign = 1.0 if flux > 0.0 else -1.0
        high = 1.0
        while sign * self.flux(high) > abs(flux):
            high *= 2.0
        return float(brentq(lambda tau: sign * self.flux(tau) - abs(flux), 1e-6, high, xtol=1e-14, rtol=1e-13))


def _root(biot: float, n: int) -> float:
    """Return the n-th positive root of a cot a = 1 - B."""

    def function(a: float) -> float:
        return float(a * np.cos(a) + (biot - 1.0) * np.sin(a))

    low = 1e-9 if n == 0 else n * np.pi
    return float(brentq(function, low + 1e-12, (n + 1) * np.pi, xtol=1e-15, rtol=8.9e-16))
