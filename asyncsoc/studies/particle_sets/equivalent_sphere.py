"""The equivalent sphere of a measured particle: equal volume, and equal active area or equal coverage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case.case import Case

Variant = Literal["equal area", "equal fraction"]
VARIANTS: Final[tuple[Variant, ...]] = ("equal area", "equal fraction")
"""Equal absolute active area, and equal coverage of the surface."""


@dataclass(frozen=True)
class EquivalentSphere:
    """A sphere that stands for a particle.

    Attributes
    ----------
    variant
        Which of `VARIANTS`.
    radius : m
        Of the sphere of the particle's volume.
    coverage
        Share of the sphere's surface in contact, as one cap; at most 1.
    asked
        The share that the equality asks for; above 1 where the particle's active area exceeds the whole sphere's.
    """

    variant: Variant
    radius: float
    coverage: float
    asked: float


def equivalent_sphere(volume: float, active_area: float, coverage: float, variant: Variant) -> EquivalentSphere:
    """Return the sphere of a particle's volume with one cap of equal active area or of equal coverage.

    R = (3 V / 4 pi)^(1/3), and f = A_active / (4 pi R^2) for equal area or f = coverage for equal fraction. A cap
    cannot be larger than the sphere: f is cut at 1, and `asked` says what it should have been.

    Parameters
    ----------
    volume : m3
        Of the particle.
    active_area : m2
        Of its contact.
    coverage
        Active over exposed surface.
    variant
        Which of `VARIANTS`.

    Raises
    ------
    InputError
        No volume, no contact, or an unknown variant.
    """
    if variant not in VARIANTS:
        raise unknown_name("equivalent sphere", str(variant), VARIANTS, where="variant")
    for name, value in (("volume", volume), ("active area", active_area), ("coverage", coverage)):
        if not (math.isfinite(value) and value > 0.0):
            raise InputError("an equivalent sphere needs a positive one", where=name, value=value, allowed="above 0")
    radius = (3.0 * volume / (4.0 * math.pi)) ** (1.0 / 3.0)
    asked = active_area / (4.0 * math.pi * radius**2) if variant == "equal area" else coverage
    return EquivalentSphere(variant, radius, min(asked, 1.0), asked)


def sphere_case(template: Case, sphere: EquivalentSphere) -> Case:
    """Return the template with this sphere in place of its particle and one cap in place of its contact.

    Raises
    ------
    InputError
        The template's other sections do not go with it.
    """
    keys = template.model_dump(exclude_unset=True)
    whole = sphere.coverage >= 1.0
    keys["particle"] = {"shape": "sphere", "radius": sphere.radius}
    keys["contact"] = {"kind": "full"} if whole else {"kind": "cap", "coverage": sphere.coverage}
    keys["name"] = f"{template.name}, sphere of {sphere.variant}"[:100]
    return Case.from_dict(keys)
