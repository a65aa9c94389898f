"""The materials of a case: parameter sets with the case's overrides, and the capacity of its particle."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from asyncsoc.case.chemistry import Electrolyte, Material
from asyncsoc.case.schedule import Protocol
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.overrides import with_scaled_diffusivity
from asyncsoc.materials.own_cathode import cathode_given
from asyncsoc.materials.registry import electrolyte as electrolyte_named
from asyncsoc.materials.types import Cathode, ElectrolyteParameters

SECONDS_PER_HOUR = 3600.0


@lru_cache(maxsize=64)
def cathode_of(section: Material) -> Cathode:
    """Return the cathode a case describes: a parameter set with its overrides, or one of its own."""
    cathode = cathode_given(section.given)
    return with_scaled_diffusivity(cathode, section.diffusivity_factor, section.diffusivity_slope)


@lru_cache(maxsize=64)
def electrolyte_of(section: Electrolyte) -> ElectrolyteParameters:
    """Return the electrolyte a case names, with its overrides."""
    named = electrolyte_named(section.name)
    changes: dict[str, object] = {}
    if section.conductivity is not None:
        conductivity = section.conductivity
        changes["conductivity"] = lambda temperature: conductivity
    if section.separator_thickness is not None:
        changes["separator_thickness"] = section.separator_thickness
    if section.areal_capacity is not None:
        changes["areal_capacity"] = section.areal_capacity / SECONDS_PER_HOUR
    return replace(named, **changes)  # type: ignore[arg-type]


def particle_capacity(protocol: Protocol, cathode: Cathode, volume: float, mass: float) -> float:
    """Return what 1 C means for the particle [C]: theoretical, or the case's charge or charge per mass."""
    capacity = protocol.nominal_capacity
    if capacity.value is None:
        return theoretical_capacity(cathode, volume)
    return capacity.value * (mass if capacity.kind == "gravimetric" else 1.0)
