"""The materials of a case: parameter sets with the case's overrides, and the capacity of its particle."""

from __future__ import annotations

from functools import lru_cache

from asyncsoc.case.chemistry import Material
from asyncsoc.case.schedule import Protocol
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.own_cathode import cathode_given
from asyncsoc.materials.types import Cathode

SECONDS_PER_HOUR = 3600.0


@lru_cache(maxsize=64)
def cathode_of(section: Material) -> Cathode:
    """Return the cathode a case describes: a parameter set with its overrides, or one of its own."""
    return cathode_given(section.given)


def particle_capacity(protocol: Protocol, cathode: Cathode, volume: float, mass: float) -> float:
    """Return what 1 C means for the particle [C]: theoretical, or the case's charge or charge per mass."""
    capacity = protocol.nominal_capacity
    if capacity.value is None:
        return theoretical_capacity(cathode, volume)
    return capacity.value * (mass if capacity.kind == "gravimetric" else 1.0)
