"""The linear law i = i0 F eta/(R T): Butler-Volmer kinetics at small overpotentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from asyncsoc.base.compiling import kernel
from asyncsoc.interface.kinetics import Array, RateLaw, inverse_thermal_voltage


@kernel
def _rate(eta: float, particle: Any) -> tuple[float, float]:
    """Return S = f eta and dS/deta."""
    return particle.f * eta, particle.f


@kernel
def _behind_film(total: float, film_i0: float, particle: Any) -> float:
    """Return the eta at which eta + R i0 S(eta) = total."""
    return total / (1.0 + film_i0 * particle.f)


def linear(overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
    """Return S = F eta/RT and dS/deta [1/V] at `overpotential` [V]."""
    f = inverse_thermal_voltage(temperature)
    eta = np.asarray(overpotential, dtype=np.float64)
    return f * eta, np.full_like(eta, f)


@dataclass(frozen=True)
class Linear(RateLaw):
    """i = i0(x) F eta/(R T)."""

    name: ClassVar[str] = "linear"
    rate: ClassVar[Any] = _rate
    behind_film: ClassVar[Any] = _behind_film

    def reference(self, overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
        """Return S and dS/deta [1/V] in plain numpy."""
        return linear(overpotential, temperature)
