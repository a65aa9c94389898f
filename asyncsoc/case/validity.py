"""Where a case leaves the range its parameters were measured over: said again by every run that does."""

from __future__ import annotations

from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.case.case import Case

_ROUNDING = 1e-6
"""K."""
_SECONDS_PER_HOUR = 3600.0
_RATE = 0.1
"""C-rate at which the series drop is told."""


def conductivity_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence where the separator's conductivity is carried beyond the temperatures it was measured at.

    A conductivity of the case's own is not judged.
    """
    from asyncsoc.materials.conductivity import conductivity_at
    from asyncsoc.materials.registry import electrolyte

    section = case.electrolyte
    named = electrolyte(section.name)
    if section.conductivity is not None or named.conductivity_range is None:
        return ()
    low, high = named.conductivity_range
    thickness = section.separator_thickness or named.separator_thickness
    areal = named.areal_capacity if section.areal_capacity is None else section.areal_capacity / _SECONDS_PER_HOUR
    messages = []
    for temperature, asked_by in case.protocol.plan.temperatures(case.protocol.temperature).items():
        if low - _ROUNDING <= temperature <= high + _ROUNDING:
            continue
        conductivity = conductivity_at(named, temperature, where=asked_by)
        drop = thickness / conductivity * areal * _RATE
        messages.append(
            f"at {temperature - ZERO_CELSIUS:g} degC the separator's conductivity is extrapolated beyond the "
            f"{low - ZERO_CELSIUS:g} to {high - ZERO_CELSIUS:g} degC over which that of {named.name} was measured: "
            f"{conductivity:.3g} S/m, {drop:.2g} V of series drop at C/10; give electrolyte.conductivity where you "
            "know it"
        )
    return tuple(messages)


def rate_law_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence for each parameter of a rate law that the case gives and its own law does not have."""
    from asyncsoc.interface.rate_laws import has_no_effect

    kinetics = case.kinetics
    given = sorted(key for key in kinetics.model_fields_set if getattr(kinetics, key) is not None)
    found = (has_no_effect(key, kinetics.model) for key in given)
    return tuple(f"kinetics.{sentence}" for sentence in found if sentence is not None)


def exchange_current_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence where the electrolyte's exchange current density is stated for another cathode.

    One of the case's own is not judged, nor is one that does not enter (uniform flux).
    """
    from asyncsoc.materials.registry import OWN, cathode, electrolyte

    kinetics, named = case.kinetics, electrolyte(case.electrolyte.name)
    own = case.material.name == OWN
    formula = case.material.formula or ("a cathode of your own" if own else cathode(case.material.name).formula)
    if kinetics.exchange_current_density is not None or kinetics.model == "uniform-flux":
        return ()
    if named.stated_for in (None, formula):
        return ()
    return (
        f"the exchange current density of {named.name} is stated for {named.stated_for}, not for {formula}; "
        "give kinetics.exchange_current_density where you know it",
    )
