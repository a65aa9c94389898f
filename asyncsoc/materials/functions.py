"""Functions that parameter sets are written with."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import GAS_CONSTANT

Array = NDArray[np.float64]

REFERENCE_TEMPERATURE = 298.15
"""K, at which published values hold unless they say otherwise."""


def arrhenius(activation_energy: float, temperature: float, reference: float = REFERENCE_TEMPERATURE) -> float:
    """Return exp(E/R (1/T_ref - 1/T)) for an activation energy E in J/mol and temperatures in K."""
    return float(np.exp(activation_energy / GAS_CONSTANT * (1.0 / reference - 1.0 / temperature)))


def _constant(value: float, x: Array, temperature: float) -> Array:
    return np.full_like(np.asarray(x, dtype=np.float64), value)


def constant(value: float) -> partial[Array]:
    """Return the function (x, T) that is `value` everywhere (picklable, unlike a lambda)."""
    return partial(_constant, float(value))


def _activated(value: float, activation_energy: float, x: Array, temperature: float) -> Array:
    return _constant(value * arrhenius(activation_energy, temperature), x, temperature)


def activated(value: float, activation_energy: float) -> partial[Array]:
    """Return the function (x, T) that is `value` at 25 degC and follows Arrhenius' law [J/mol]."""
    return partial(_activated, float(value), float(activation_energy))


def _butler_volmer(prefactor: float, activation_energy: float, x: Array, temperature: float) -> Array:
    value: Array = prefactor * arrhenius(activation_energy, temperature) * np.sqrt(x * (1.0 - x))
    return value


def butler_volmer(prefactor: float, activation_energy: float = 0.0) -> partial[Array]:
    """Return the function prefactor sqrt(x (1 - x)) [A/m2] at 25 degC, with an activation energy [J/mol]."""
    return partial(_butler_volmer, float(prefactor), float(activation_energy))
