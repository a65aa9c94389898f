"""Marcus-Hush-Chidsey kinetics: electron transfer with a reorganization energy from a metal's band of states.

With energies in units of k_B T, a = F |eta|/(R T) and the reorganization energy L, the anodic rate is

    K(a) = integral of exp(-(x - a + L)^2/(4 L)) / (1 + exp(-x)) dx ,

and the cathodic one exp(-a) K(a), as detailed balance asks. Scaled so that i0 keeps its meaning, the slope at eta = 0,

    S(eta) = sign(eta) (1 - exp(-a)) K(a)/K(0) ,      dS/deta = F/(R T) at eta = 0 .

S is odd. For L much larger than a it is Butler-Volmer's with a transfer coefficient of 0.5, whose small-signal slope it
has at every L; beyond a = L it levels off at sqrt(4 pi L)/K(0): no potential drives more current than i0 times that.

Source: C. E. D. Chidsey, Science 251 (1991) 919, doi:10.1126/science.251.4996.919; the approximation in closed form of
Y. Zeng, R. B. Smith, P. Bai, M. Z. Bazant, J. Electroanal. Chem. 735 (2014) 77, doi:10.1016/j.jelechem.2014.09.038, is
off by up to some per cent, and more at small L. Here the integral itself is taken: the trapezoidal rule is exact but
for exp(-2 pi^2/h) on an integrand whose nearest pole is pi away, which is 5e-15 for h = 0.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from asyncsoc.base.compiling import kernel
from asyncsoc.base.units import ELEMENTARY_CHARGE
from asyncsoc.interface.constants import Constant, FitRange, declared
from asyncsoc.interface.film_drop import bracketed
from asyncsoc.interface.kinetics import Array, RateLaw, inverse_thermal_voltage

_SPACING = 0.6
_GROWTH, _DECAY = math.exp(_SPACING), math.exp(-_SPACING)
_NEGLIGIBLE = 1e-15
_BLOCK = 2048


@kernel
def _rate(eta: float, particle: Any) -> tuple[float, float]:
    """Return S and dS/deta, the derivative that of the very sum S is made of.

    The points are multiples of the spacing whatever a is. The sum starts where the integrand is largest and goes up,
    then down, until terms no longer count. Gauss's weights follow each other by factors that themselves change by one
    factor: no exponential is taken on the way.
    """
    f, energy = particle.f, particle.reorganization
    a = abs(eta) * f
    start = _SPACING * math.floor(max(a - energy, 0.0) / _SPACING + 0.5)
    offset_there = start - a + energy
    weight_there, decay_there = math.exp(-offset_there * offset_there / (4.0 * energy)), math.exp(-start)
    total = weight_there / (1.0 + decay_there)
    moment, change = total * offset_there, math.exp(-_SPACING * _SPACING / (2.0 * energy))
    for step, factor in ((_SPACING, _DECAY), (-_SPACING, _GROWTH)):
        weight, decay, offset = weight_there, decay_there, offset_there
        ratio = math.exp(-step * (step + 2.0 * offset) / (4.0 * energy))
        term = total
        while term > _NEGLIGIBLE * total:
            weight *= ratio
            ratio *= change
            decay *= factor
            offset += step
            term = weight / (1.0 + decay)
            total += term
            moment += term * offset
    anodic, slope = total * particle.transfer_scale, moment / (2.0 * energy) * particle.transfer_scale
    net = -math.expm1(-a)
    return math.copysign(net * anodic, eta), f * max((1.0 - net) * anodic + net * slope, 0.0)


def marcus_hush_chidsey(overpotential: ArrayLike, energy: float, temperature: float) -> tuple[Array, Array]:
    """Return S and dS/deta [1/V] at `overpotential` [V] for a reorganization energy [J], by quadrature in numpy."""
    f = inverse_thermal_voltage(temperature)
    eta = np.asarray(overpotential, dtype=np.float64)
    reduced = energy / ELEMENTARY_CHARGE * f
    flat = np.abs(eta).ravel() * f
    found = [_anodic(flat[k : k + _BLOCK], reduced) for k in range(0, max(flat.size, 1), _BLOCK)]
    anodic, slope = (np.concatenate(part).reshape(eta.shape) for part in zip(*found, strict=True))
    a, scale = np.abs(eta) * f, 1.0 / _at_equilibrium(reduced)
    net = -np.expm1(-a)
    return np.copysign(net * anodic * scale, eta), f * scale * (np.exp(-a) * anodic + net * slope)


def _anodic(a: Array, energy: float) -> tuple[Array, Array]:
    """Return K(a) and K'(a): a sum over equal distances of 0.2 around the peak of each integrand."""
    reach = 13.0 * math.sqrt(energy) + 3.0
    around = np.arange(-reach, reach, 0.2)
    x = np.maximum(a - energy, 0.0)[:, None] + around
    offset = x - a[:, None] + energy
    with np.errstate(over="ignore", under="ignore"):
        integrand = np.exp(-(offset**2) / (4.0 * energy)) / (1.0 + np.exp(-x))
    return 0.2 * integrand.sum(axis=1), 0.1 * (integrand * offset).sum(axis=1) / energy


@lru_cache(maxsize=256)
def _at_equilibrium(energy: float) -> float:
    return float(_anodic(np.zeros(1), energy)[0][0])


@dataclass(frozen=True)
class MarcusHushChidsey(RateLaw):
    """i = i0(x) S(eta), S the net rate of electron transfer over its slope at equilibrium.

    Attributes
    ----------
    reorganization_energy
        J; L times k_B T.
    """

    name: ClassVar[str] = "marcus-hush-chidsey"
    rate: ClassVar[Any] = _rate
    behind_film: ClassVar[Any] = bracketed(_rate)
    in_kernel: ClassVar[tuple[str, ...]] = ("reorganization", "transfer_scale")

    reorganization_energy: float = declared(
        0.2 * ELEMENTARY_CHARGE,
        Constant(
            key="reorganization_energy",
            title="reorganization energy",
            unit="eV",
            listed_unit="eV",
            low=0.05 * ELEMENTARY_CHARGE,
            high=20.0 * ELEMENTARY_CHARGE,
            note="No value of the built-in cathodes is known. 0.2 eV is about that of carbon-coated LiFePO4: "
            "P. Bai, M. Z. Bazant, Nat. Commun. 5 (2014) 3585, doi:10.1038/ncomms4585.",
            meaning="of Marcus-Hush-Chidsey kinetics; by default 0.2 eV, assumed: about that of carbon-coated LiFePO4 "
            "(doi:10.1038/ncomms4585)",
            fit=FitRange(0.05 * ELEMENTARY_CHARGE, 2.0 * ELEMENTARY_CHARGE),
        ),
    )

    def kernel_numbers(self, temperature: float) -> dict[str, float]:
        """Return L and what makes the kernel's sum K(a)/K(0)."""
        reduced = self.reorganization_energy / ELEMENTARY_CHARGE * inverse_thermal_voltage(temperature)
        return {"reorganization": reduced, "transfer_scale": _SPACING / _at_equilibrium(reduced)}

    def limiting_factor(self, temperature: float) -> float:
        """Return sqrt(4 pi L)/K(0), at which S levels off."""
        reduced = self.reorganization_energy / ELEMENTARY_CHARGE * inverse_thermal_voltage(temperature)
        return math.sqrt(4.0 * math.pi * reduced) / _at_equilibrium(reduced)

    def reference(self, overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
        """Return S and dS/deta [1/V] in plain numpy."""
        return marcus_hush_chidsey(overpotential, self.reorganization_energy, temperature)
