"""The formulas of the default material and electrolytes in plain numpy, as `asyncsoc params` prints them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Law = Callable[[Array], Array]

FARADAY = 96485.33212  # C/mol
GAS = 8.314462618  # J/mol/K
C_MAX = 50060.0  # mol/m3, Sturm 2019
X_MIN, X_MAX = 0.205, 0.915  # a step ends where the contact reaches one of these
TERM_AMPLITUDE, TERM_CENTRE, TERM_SCALE = 50.0, 0.8886, 0.004  # V, -, -: the assumed end-of-discharge term


@dataclass(frozen=True)
class EndOfDischarge:
    """The assumed term -amplitude scale ln(1 + exp((x - centre)/scale)) of the open-circuit potential."""

    amplitude: float = TERM_AMPLITUDE  # V per unit of x
    centre: float = TERM_CENTRE
    scale: float = TERM_SCALE


ASSUMED_END = EndOfDischarge()


@dataclass(frozen=True)
class Laws:
    """Everything that depends on x at one temperature: functions of arrays, SI."""

    U: Law  # V
    slope: Law  # V
    D: Law  # m2/s
    i0: Law  # A/m2
    i0_slope: Law  # A/m2


def sturm(x: Array, end: EndOfDischarge = ASSUMED_END) -> Array:
    """U(x) [V] of Sturm 2019 with the assumed end-of-discharge term."""
    return (
        4.22843764
        - 1.7503283 * x
        + 0.608682148 * x**2
        - 0.423924601 * np.tanh(2139.24294 * (x - 0.999973289))
        - 17.5710279 * np.tanh(15.76087 * (x - 0.311479561))
        + 17.581976 * np.tanh(15.7942423 * (x - 0.311484291))
        - end.amplitude * end.scale * np.logaddexp(0.0, (x - end.centre) / end.scale)
    )


def sturm_slope(x: Array, end: EndOfDischarge = ASSUMED_END) -> Array:
    """dU/dx [V], by differentiating each term of `sturm`."""

    def sech2(u: Array) -> Array:
        return 1.0 - np.tanh(u) ** 2

    return (
        -1.7503283
        + 2 * 0.608682148 * x
        - 0.423924601 * 2139.24294 * sech2(2139.24294 * (x - 0.999973289))
        - 17.5710279 * 15.76087 * sech2(15.76087 * (x - 0.311479561))
        + 17.581976 * 15.7942423 * sech2(15.7942423 * (x - 0.311484291))
        - end.amplitude * 0.5 * (1.0 + np.tanh(0.5 * (x - end.centre) / end.scale))
    )


def oregan_diffusivity(x: Array, T: float) -> Array:
    """D(x, T) [m2/s] of O'Regan 2022."""
    exponent = (
        -13.96
        - 0.9231 * np.exp(-((x - 0.3216) ** 2) / 0.002534)
        - 0.4066 * np.exp(-((x - 0.4532) ** 2) / 0.003926)
        - 0.993 * np.exp(-((x - 0.8098) ** 2) / 0.09924)
    )
    return 2.7 * 10.0**exponent * np.exp(1449.0 * (1 / 298.15 - 1 / T))


def _power_law(factor: float) -> tuple[Law, Law]:
    """Return factor x^0.43 (1 - x)^0.57 and its derivative, held constant outside 1e-6..1 - 1e-6."""

    def value(x: Array) -> Array:
        y = np.clip(x, 1e-6, 1 - 1e-6)
        return factor * y**0.43 * (1 - y) ** 0.57

    def slope(x: Array) -> Array:
        y = np.clip(x, 1e-6, 1 - 1e-6)
        return value(y) * (0.43 / y - 0.57 / (1 - y)) * (y == x)

    return value, slope


def liquid_i0(T: float) -> tuple[Law, Law]:
    """i0 [A/m2] of O'Regan 2022 beside a liquid electrolyte at 1 mol/L, and its derivative."""
    return _power_law(5.028 * np.exp(24010.0 / GAS * (1 / 298.15 - 1 / T)))


def polymer_i0(T: float, at_half: float = 0.3) -> tuple[Law, Law]:
    """i0 [A/m2] assumed beside the polymer, `at_half` at x = 0.5 and 60 degC, and its derivative."""
    return _power_law(at_half / 0.5 * np.exp(24010.0 / GAS * (1 / 333.15 - 1 / T)))


def constant(value: float) -> Law:
    """Return a law that is the same at every x."""
    return lambda x: np.full_like(x, value)


@lru_cache
def theoretical_capacity(radius: float, end: EndOfDischarge = ASSUMED_END, c_max: float = C_MAX) -> float:
    """Capacity of one particle [C] that is 1 C for an hour: c_max F V (1 - x(4.2 V))."""
    lower, upper = 0.2, 0.5
    for _ in range(80):
        middle = 0.5 * (lower + upper)
        above = sturm(np.array([middle]), end)[0] > 4.2
        lower, upper = (middle, upper) if above else (lower, middle)
    return c_max * FARADAY * 4 / 3 * np.pi * radius**3 * (1 - lower)


def series_resistance(
    capacity: float, thickness: float, conductivity: float, areal_capacity: float = 25.5 * 3600
) -> float:
    """Resistance [ohm] of the separator for one particle: `capacity` [C] of `areal_capacity` [C/m2]."""
    return thickness / conductivity * areal_capacity / capacity


def default_laws(
    T: float,
    end: EndOfDischarge = ASSUMED_END,
    diffusivity: float | None = None,
    i0: float | None = None,
    electrolyte: str = "peo",
) -> Laws:
    """Laws of the default material at temperature T [K], with constants in place of D and i0 where given."""
    rate, slope = liquid_i0(T) if electrolyte == "liquid" else polymer_i0(T)
    if i0 is not None:
        rate, slope = constant(i0), constant(0.0)
    return Laws(
        U=lambda x: sturm(x, end),
        slope=lambda x: sturm_slope(x, end),
        D=constant(diffusivity) if diffusivity is not None else lambda x: oregan_diffusivity(x, T),
        i0=rate,
        i0_slope=slope,
    )
