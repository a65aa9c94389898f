"""A parameter set with some of its values replaced by the case."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.functions import constant
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

SOURCE = "overridden by the case"
SLOPE_CENTRE = 0.6
"""Stoichiometry at which a slope of ln D leaves D alone: near the middle of what a charge of a layered oxide covers."""


def with_overrides(
    cathode: Cathode,
    *,
    diffusivity: float | Callable[[Array, float], Array] | None = None,
    maximum_concentration: float | None = None,
) -> Cathode:
    """Return the cathode with values of the case in place of its own; its `parameters` say so.

    Parameters
    ----------
    cathode
        The set to start from; it is not changed.
    diffusivity
        m2/s, taken at every stoichiometry and temperature, or a function of (x, T).
    maximum_concentration
        mol/m3. The density follows as c_max times the molar mass.

    Raises
    ------
    InputError
        A number that is not positive and finite.
    """
    changed = cathode
    if diffusivity is not None:
        shown: float | str
        if callable(diffusivity):
            function, shown = (
                diffusivity,
                f"function {getattr(diffusivity, '__name__', type(diffusivity).__name__)}(x, T)",
            )
        else:
            shown = _positive(diffusivity, "material.diffusivity", "m2/s")
            function = constant(shown)
        changed = replaced(changed, Parameter("diffusivity", shown, "m2/s", SOURCE, False, "At every temperature."))
        changed = replace(changed, diffusivity=function)
    if maximum_concentration is not None:
        c_max = _positive(maximum_concentration, "material.maximum_concentration", "mol/m3")
        density = c_max * cathode.molar_mass
        changed = replaced(changed, Parameter("maximum concentration", c_max, "mol/m3", SOURCE, False))
        changed = replaced(
            changed, Parameter("density", density, "kg/m3", SOURCE, False, "c_max times the molar mass.")
        )
        changed = replace(changed, maximum_concentration=c_max, density=density)
    return changed


def with_scaled_diffusivity(cathode: Cathode, factor: float | None, slope: float | None) -> Cathode:
    """Return the cathode with D(x, T) factor exp[slope (x - 0.6)] in place of D(x, T); as it is where both are None.

    Parameters
    ----------
    cathode
        The set, with what a case puts in place of its own diffusivity.
    factor
        Of D at x = 0.6; 1 where None.
    slope
        d ln D/dx that is added; 0 where None.
    """
    if factor is None and slope is None:
        return cathode
    height, steepness = 1.0 if factor is None else factor, 0.0 if slope is None else slope
    own = cathode.diffusivity

    def scaled(x: Array, temperature: float) -> Array:
        value: Array = own(x, temperature) * (height * np.exp(steepness * (x - SLOPE_CENTRE)))
        return value

    given = any(p.name == "diffusivity" and p.source.startswith(("given", SOURCE)) for p in cathode.parameters)
    shown = f"that {'given' if given else 'of the set'} times {height:g} exp[{steepness:g} (x - {SLOPE_CENTRE:g})]"
    changed = replaced(cathode, Parameter("diffusivity", shown, "m2/s", SOURCE, False))
    return replace(changed, diffusivity=scaled)


def _positive(value: float, where: str, unit: str) -> float:
    if not (math.isfinite(value) and value > 0.0):
        raise InputError(
            "a material parameter must be positive and finite", where=where, value=value, allowed=f"> 0 {unit}"
        )
    return float(value)


def replaced(cathode: Cathode, parameter: Parameter) -> Cathode:
    """Return the cathode with the listed parameter of the same name replaced, its own value kept in the note."""
    before = [p for p in cathode.parameters if p.name == parameter.name]
    own = f"The set's own: {before[0].value} {before[0].unit} ({before[0].source})." if before else ""
    new = replace(parameter, note=f"{parameter.note} {own}".strip())
    kept = tuple(new if p.name == new.name else p for p in cathode.parameters)
    return replace(cathode, parameters=kept if before else (*kept, new))
