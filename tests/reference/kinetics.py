"""Overpotential as a function of the current density: the kinetic laws of docs/physics.md, inverted."""

from __future__ import annotations

import numpy as np

from tests.reference.materials import FARADAY, GAS, Array


def _unit_overpotential(ratio: Array, a: float) -> Array:
    """Solve exp((1-a) u) - exp(-a u) = ratio for u by Newton's method, from the side where it cannot overshoot."""
    if a == 0.5:
        return 2 * np.arcsinh(0.5 * ratio)
    u = np.where(ratio >= 0, np.log1p(np.abs(ratio)) / (1 - a), -np.log1p(np.abs(ratio)) / a)
    for _ in range(100):
        up, down = np.exp((1 - a) * u), np.exp(-a * u)
        step = (up - down - ratio) / ((1 - a) * up + a * down)
        u = u - step
        if np.all(np.abs(step) <= 1e-15 * (1 + np.abs(u))):
            break
    return u


def overpotential(model: str, i: Array, i0: Array, T: float, a: float) -> tuple[Array, Array, Array]:
    """Return eta [V] that carries i [A/m2], d eta/d i and d eta/d i0."""
    thermal = GAS * T / FARADAY
    ratio = i / i0
    if model == "linear":
        return thermal * ratio, thermal / i0, -thermal * ratio / i0
    u = _unit_overpotential(ratio, a)
    slope = thermal / ((1 - a) * np.exp((1 - a) * u) + a * np.exp(-a * u)) / i0
    return thermal * u, slope, -ratio * slope
