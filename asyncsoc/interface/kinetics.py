"""What a contact does with a potential or a current: follow a rate law, or have its flux imposed.

A rate law is one file in `interface.laws` and one entry in `interface.rate_laws`. A uniform flux is no rate law: it has
no S(eta), its unknown is the current instead of the potential, and it leaves the film and the side reaction nothing to
share. It is a boundary condition that stands where a rate law would, and is the one kind of kinetics without one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.constants import check_constants

Array = NDArray[np.float64]


def inverse_thermal_voltage(temperature: float) -> float:
    """Return F/(R T) in 1/V."""
    return FARADAY / (GAS_CONSTANT * temperature)


@dataclass(frozen=True)
class InterfaceKinetics(ABC):
    """How current crosses the interface.

    Attributes
    ----------
    name
        In case files, as `kinetics.model`.
    imposes_flux
        Whether the flux is imposed and the potential does not enter it.
    """

    name: ClassVar[str]
    imposes_flux: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_constants(self)

    def kernel_numbers(self, temperature: float) -> dict[str, float]:
        """Return what the kernels read of it at a temperature [K], by the names they read it by."""
        return {}

    def limiting_factor(self, temperature: float) -> float:
        """Return the largest |S|: no potential drives more than i0 times it. Infinite where there is no such limit."""
        return math.inf


@dataclass(frozen=True)
class UniformFlux(InterfaceKinetics):
    """The same current density all over the contact, i = I/(f A): for comparison with closed forms."""

    name: ClassVar[str] = "uniform-flux"
    imposes_flux: ClassVar[bool] = True


@dataclass(frozen=True)
class RateLaw(InterfaceKinetics):
    """A rate law i = i0(x) S(eta), eta the overpotential behind the film.

    Its parameters are fields declared with `interface.constants.declared`. A case gives each by its key in [kinetics];
    where it does not, the electrolyte's own value is taken, and where that has none, the default.

    Attributes
    ----------
    rate
        The compiled law: `rate(eta, particle)` returns S and dS/deta [1/V] at eta [V]; `particle.f` is F/(R T) [1/V].
    behind_film
        The compiled solution of eta + R i0 S(eta) = total: `behind_film(total, film_i0, particle)` with film_i0 = R i0
        above 0 [V]; `interface.film_drop.bracketed(rate)` makes one for any law that rises with eta.
    in_kernel
        Names of the numbers `kernel_numbers` gives, by which the compiled law reads them: `particle.alpha`.
    """

    rate: ClassVar[Any]
    behind_film: ClassVar[Any]
    in_kernel: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def reference(self, overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
        """Return S and dS/deta [1/V] at overpotentials [V] in plain numpy; temperature in K."""
