"""The materials of a case: parameter sets with the case's overrides, and the capacity of its particle."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from asyncsoc.case.chemistry import Material
from asyncsoc.case.schedule import Protocol
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.overrides import with_overrides
from asyncsoc.materials.registry import cathode as cathode_named
from asyncsoc.materials.types import Cathode

SECONDS_PER_HOUR = 3600.0


@lru_cache(maxsize=64)
def cathode_of(section: Material) -> Cathode:
    """Return the cathode a case names, with its overrides."""
    cathode = with_overrides(
        cathode_named(section.name),
        diffusivity=section.diffusivity,
        maximum_concentration=section.maximum_concentration,
    )
    return cathode if section.density is None else replace(cathode, density=section.density)


def particle_capacity(protocol: Protocol, cathode: Cathode, volume: float, mass: float) -> float:
    """Return what 1 C means for the particle [C]: theoretical, or the case's charge or charge per mass."""
    capacity = protocol.nominal_capacity
    if capacity.value is None:
        return theoretical_capacity(cathode, volume)
    return capacity.value * (mass if capacity.kind == "gravimetric" else 1.0)
