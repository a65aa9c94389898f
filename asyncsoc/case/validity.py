"""Where a case leaves the range its parameters were measured over: said again by every run that does."""

from __future__ import annotations

from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.case.case import Case
from asyncsoc.materials.registry import OWN

_ROUNDING = 1e-6
"""K."""
_RATE = 0.1
"""C-rate at which the series drop is told."""


def conductivity_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence where the separator's conductivity is carried beyond the temperatures it was measured at.

    A number that the case gives as conductivity is not judged; a table or a law of its own is, by its own range.
    """
    from asyncsoc.case.resolved_electrolyte import electrolyte_of
    from asyncsoc.materials.conductivity import conductivity_at

    medium = electrolyte_of(case.electrolyte)
    if medium.conductivity_range is None:
        return ()
    low, high = medium.conductivity_range
    own = case.electrolyte.conductivity is not None
    whose = "which the case states it" if own else f"which that of {medium.name} was measured"
    advice = "where you know it" if not own else "measured there"
    messages = []
    for temperature, asked_by in case.protocol.plan.temperatures(case.protocol.temperature).items():
        if low - _ROUNDING <= temperature <= high + _ROUNDING:
            continue
        conductivity = conductivity_at(medium, temperature, where=asked_by)
        drop = medium.separator_thickness / conductivity * medium.areal_capacity * _RATE
        messages.append(
            f"at {temperature - ZERO_CELSIUS:g} degC the separator's conductivity is extrapolated beyond the "
            f"{low - ZERO_CELSIUS:g} to {high - ZERO_CELSIUS:g} degC over {whose}: "
            f"{conductivity:.3g} S/m, {drop:.2g} V of series drop at C/10; give electrolyte.conductivity {advice}"
        )
    return tuple(messages)


def rate_law_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence for each parameter of kinetics that the case gives and that changes nothing."""
    from asyncsoc.interface.rate_laws import has_no_effect

    kinetics = case.kinetics
    given = sorted(key for key in kinetics.model_fields_set if getattr(kinetics, key) is not None)
    found = (has_no_effect(key, kinetics.model) for key in given)
    sentences = [f"kinetics.{sentence}" for sentence in found if sentence is not None]
    if "reference_temperature" in given and kinetics.exchange_current_activation_energy is None:
        sentences.append(
            "kinetics.reference_temperature has no effect without kinetics.exchange_current_activation_energy: "
            "the exchange current density is taken as it is given at every temperature"
        )
    return tuple(sentences)


def exchange_current_warnings(case: Case) -> tuple[str, ...]:
    """Return a sentence where the electrolyte's exchange current density is stated for another cathode, or not at all.

    One of the case's own is not judged, nor is one that does not enter (uniform flux).
    """
    from asyncsoc.case.resolved_electrolyte import electrolyte_of
    from asyncsoc.materials.registry import cathode

    kinetics, medium = case.kinetics, electrolyte_of(case.electrolyte)
    if kinetics.exchange_current_density is not None or kinetics.model == "uniform-flux":
        return ()
    if case.electrolyte.name == OWN:
        return (
            f"no exchange current density is given beside {medium.title}: the cathode's own is taken, as its source "
            "states it, mostly for a liquid electrolyte; give kinetics.exchange_current_density where you know it",
        )
    own = case.material.name == OWN
    formula = case.material.formula or ("a cathode of your own" if own else cathode(case.material.name).formula)
    if medium.stated_for in (None, formula):
        return ()
    return (
        f"the exchange current density of {medium.name} is stated for {medium.stated_for}, not for {formula}; "
        "give kinetics.exchange_current_density where you know it",
    )
