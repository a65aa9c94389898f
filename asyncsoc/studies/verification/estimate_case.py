"""The estimate of a case: its first step at constant current put into `estimate_sphere`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.required import require_case
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.materials.capacity import stoichiometry_at, theoretical_capacity, usable_range
from asyncsoc.materials.types import Cathode
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.protocol.types import RATES, Step
from asyncsoc.studies.verification.estimate import Estimate, estimate_sphere, kirchhoff_band, lead_along

_SECONDS_PER_HOUR = 3600.0
_CONSTANT = 1.01
"""Ratio of the highest to the lowest diffusivity below which it counts as constant."""


def estimate(case: Case, *, share: float = 1.0) -> Estimate:
    """Estimate a case at once, without a mesh or an integrator.

    The first step at constant current is taken to its voltage limit (4.2 V, or the end of the stoichiometry window,
    where it names none) with a uniform flux on the contact; a profile of current is taken at its mean.

    Parameters
    ----------
    case
        The case of one particle.
    share
        Its share of the amperes and coulombs of the protocol; 1 but in a group.

    Raises
    ------
    InputError
        The particle is not a sphere, no step has a constant current, or the step starts beyond its limit.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "cap", "coverage": 0.3},
    ...     "protocol": {"steps": ["Charge at C/5 until 4.2 V"]},
    ... })
    >>> bool(aso.estimate(case).soc_lead.typical > 0.0)
    True
    """
    require_case(case, "estimate")
    if case.electrode.described:
        raise InputError(
            "an electrode has an estimate for each of its particles",
            where="electrode",
            value=case.name,
            next_step="asyncsoc.estimate_electrode(case), or asyncsoc estimate CASE.toml",
        )
    radius, coverage = case.particle.radius, case.contact.fraction
    if radius is None or coverage is None:
        raise InputError(
            "the estimate knows spheres with a given coverage",
            where="particle.shape",
            value=case.particle.shape,
            next_step="describe the particle by its equal sphere, or run the case",
        )
    material = cathode_of(case.material)
    step = _first_current_step(case)
    start = _initial_stoichiometry(case, material)
    current = _current(case, material, step, 4.0 / 3.0 * math.pi * radius**3, share)
    end = _end(material, step, start, charging=current > 0.0)
    temperature = case.protocol.temperature if step.temperature is None else step.temperature
    low, high = min(start, end), max(start, end)
    band = kirchhoff_band(lambda x: material.diffusivity(x, temperature), low, high)
    notes = [
        "uniform flux on the contact: with finite kinetics less current flows at its edge, which lowers the asynchrony "
        "somewhat"
    ]
    if case.particle.grains is not None:
        notes.append("the same diffusivity in every direction: what the grains' layers and boundaries do is left out")
    if step.follows is not None:
        notes.append("the profile is taken at its mean current: its swings around that are left out")
    if case.material.diffusivity is None:
        notes.append(f"D(x) of {material.name} at {temperature:g} K; sources differ by more than its range")
    result = estimate_sphere(
        radius=radius,
        coverage=coverage,
        kind=case.contact.kind,
        diffusivity=band,
        maximum_concentration=material.maximum_concentration,
        current=current,
        window=high - low,
        soc_width=usable_range(material),
        patches=case.contact.n or 1,
        notes=tuple(notes),
    )
    return _followed(result, material, temperature, start, end)


def _followed(result: Estimate, material: Cathode, temperature: float, start: float, end: float) -> Estimate:
    """Return the estimate with the largest lead along D(x), and a note on how that and the columns belong together."""
    scale = result.flux * result.radius / material.maximum_concentration
    lead, mean = lead_along(
        lambda x: material.diffusivity(x, temperature),
        limits=(min(material.window[0], end, start), max(material.window[1], end, start)),
        start=start,
        end=end,
        excess=result.contact_excess.typical * result.diffusivity.typical,
        rate=3.0 * scale / result.radius**2,
        radius=result.radius,
    )
    width = usable_range(material)
    largest, place = lead / width, (1.0 - mean) / width
    between = (
        f"each column is for one constant D. A run uses D(x), from {result.diffusivity.most:.2g} to "
        f"{result.diffusivity.least:.2g} m2/s: its asynchrony is largest where D is low, about {largest:.3g} at a mean "
        f"SOC of {place:.2g}; compare that with `Largest asynchrony` of `asyncsoc run`"
    )
    changes = result.diffusivity.least > _CONSTANT * result.diffusivity.most
    notes = (*result.notes, between) if changes else result.notes
    return replace(result, largest_lead=largest, soc_at_largest_lead=place, notes=notes)


def _first_current_step(case: Case) -> Step:
    for step in case.protocol.plan.steps:
        if step.control in RATES or _mean_of_profile(step):
            return step
    raise InputError(
        "no step of the protocol has a constant current to estimate from",
        where="protocol.steps",
        value=[step.text for step in case.protocol.plan.steps],
        next_step="add a step such as 'Charge at C/10 until 4.2 V'",
    )


def _mean_of_profile(step: Step) -> float:
    """Return the mean of the current that a step follows, in its own unit; 0 where there is none."""
    profile = None if step.follows is None else step.follows.profile
    if profile is None or profile.quantity in ("voltage", "power"):
        return 0.0
    return float(np.trapezoid(profile.values, profile.time)) / profile.duration


def _initial_stoichiometry(case: Case, material: Cathode) -> float:
    if case.protocol.initial_soc is not None:
        return 1.0 - case.protocol.initial_soc * usable_range(material)
    if case.protocol.initial_voltage is not None:
        return stoichiometry_at(material, case.protocol.initial_voltage, where="protocol.initial_voltage")
    return float(case.protocol.initial_stoichiometry or material.window[1])


def _current(case: Case, material: Cathode, step: Step, volume: float, share: float) -> float:
    """Return the particle's current [A] of a step."""
    if step.control == "current":
        return step.value * share
    density = material.density if case.material.density is None else case.material.density
    value, quantity = step.value, str(step.control)
    if step.follows is not None and step.follows.profile is not None:
        value, quantity = _mean_of_profile(step), step.follows.profile.quantity
    if quantity in ("current", "specific current"):
        return value * (density * volume if quantity == "specific current" else share)
    capacity = case.protocol.nominal_capacity
    if capacity.value is None:
        charge = theoretical_capacity(material, volume)
    else:
        charge = capacity.value * (density * volume if capacity.kind == "gravimetric" else share)
    if quantity == "areal current":
        return value * charge / (electrolyte_of(case.electrolyte).areal_capacity * _SECONDS_PER_HOUR)
    return value * charge / _SECONDS_PER_HOUR


def _end(material: Cathode, step: Step, start: float, *, charging: bool) -> float:
    """Return the stoichiometry at which the open-circuit potential reaches the step's limit."""
    sides = ("", ">" if charging else "<")
    limits = [limit.value for limit in step.terminations if limit.quantity == "voltage" and limit.side in sides]
    if charging:
        voltage = limits[0] if limits else material.charged_voltage
        end = stoichiometry_at(material, voltage) if _reaches(material, voltage) else material.window[0]
    else:
        end = stoichiometry_at(material, limits[0]) if limits and _reaches(material, limits[0]) else material.window[1]
    if (start - end) * (1.0 if charging else -1.0) <= 0.0:
        raise InputError(
            "the step starts beyond its own limit",
            where=f"protocol step {step.text!r}",
            value=f"x = {start:.4g}",
            allowed=f"x {'above' if charging else 'below'} {end:.4g}",
            next_step="change the initial stoichiometry or the step's voltage limit",
        )
    return end


def _reaches(material: Cathode, voltage: float) -> bool:
    """Return whether the open-circuit potential takes this value inside the window."""
    try:
        stoichiometry_at(material, voltage)
    except InputError:
        return False
    return True
