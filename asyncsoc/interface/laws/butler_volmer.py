"""Butler-Volmer kinetics: i = i0 [exp((1 - a) F eta/RT) - exp(-a F eta/RT)]."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from asyncsoc.base.compiling import kernel
from asyncsoc.interface.constants import Constant, FitRange, declared
from asyncsoc.interface.kinetics import Array, RateLaw, inverse_thermal_voltage

_ITERATIONS = 100
_TOLERANCE = 4e-16


@kernel
def _rate(eta: float, particle: Any) -> tuple[float, float]:
    """Return S = exp((1 - a) f eta) - exp(-a f eta) and dS/deta."""
    f, alpha = particle.f, particle.alpha
    anodic = math.exp((1.0 - alpha) * f * eta)
    cathodic = 1.0 / anodic if alpha == 0.5 else math.exp(-alpha * f * eta)
    return anodic - cathodic, f * ((1.0 - alpha) * anodic + alpha * cathodic)


@kernel
def _behind_film(total: float, film_i0: float, particle: Any) -> float:
    """Solve eta + R i0 S(eta) = total by Newton's method.

    |S| is at least exp(b f |eta|) - 1, b the coefficient on the side of `total`: it bounds |eta| before any exponential
    is taken, and from that bound Newton's method falls to the root of a convex function without passing it.
    """
    alpha = particle.alpha
    side = (1.0 - alpha) if total >= 0.0 else alpha
    eta = min(abs(total), math.log1p(abs(total) / film_i0) / (side * particle.f))
    if total < 0.0:
        eta = -eta
    for _ in range(_ITERATIONS):
        value, slope = _rate(eta, particle)
        change = (eta + film_i0 * value - total) / (1.0 + film_i0 * slope)
        eta -= change
        if abs(change) <= _TOLERANCE * (1.0 + abs(eta)):
            break
    return eta


def butler_volmer(overpotential: ArrayLike, alpha: float, temperature: float) -> tuple[Array, Array]:
    """Return S = exp((1 - a) F eta/RT) - exp(-a F eta/RT) and dS/deta [1/V] at `overpotential` [V]."""
    f = inverse_thermal_voltage(temperature)
    eta = np.asarray(overpotential, dtype=np.float64)
    anodic, cathodic = np.exp((1.0 - alpha) * f * eta), np.exp(-alpha * f * eta)
    return anodic - cathodic, f * ((1.0 - alpha) * anodic + alpha * cathodic)


@dataclass(frozen=True)
class ButlerVolmer(RateLaw):
    """i = i0(x) [exp((1 - a) F eta/RT) - exp(-a F eta/RT)].

    Attributes
    ----------
    transfer_coefficient
        Cathodic transfer coefficient a.
    """

    name: ClassVar[str] = "butler-volmer"
    rate: ClassVar[Any] = _rate
    behind_film: ClassVar[Any] = _behind_film
    in_kernel: ClassVar[tuple[str, ...]] = ("alpha",)

    transfer_coefficient: float = declared(
        0.5,
        Constant(
            key="transfer_coefficient",
            title="transfer coefficient",
            unit="",
            listed_unit="1",
            low=0.0,
            high=1.0,
            bounds="()",
            note="Symmetric barrier; an electrolyte's own value comes before it.",
            meaning="a of the cathodic branch exp(-a F eta/RT) of Butler-Volmer kinetics",
            fit=FitRange(0.1, 0.9),
        ),
    )

    def kernel_numbers(self, temperature: float) -> dict[str, float]:
        """Return a, which does not depend on the temperature."""
        return {"alpha": self.transfer_coefficient}

    def reference(self, overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
        """Return S and dS/deta [1/V] in plain numpy."""
        return butler_volmer(overpotential, self.transfer_coefficient, temperature)
