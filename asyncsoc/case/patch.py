"""One round patch of a contact, by direction and size, as a case describes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.section import Section

_UNITS = {"deg": math.pi / 180.0, "°": math.pi / 180.0, "degrees": math.pi / 180.0, "rad": 1.0}


@dataclass(frozen=True)
class AngleIn:
    """Annotation that reads an angle, '20 deg' or radians, between two limits [rad], both included."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the angle before pydantic sees a float."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def read(self, value: Any) -> float:
        """Return `value` in radians."""
        allowed = f"{math.degrees(self.low):g} to {math.degrees(self.high):g} deg, as '20 deg', or in radians"
        number, text = value, str(value).strip()
        if isinstance(value, str):
            unit = next((unit for unit in _UNITS if text.endswith(unit)), None)
            try:
                number = float(text[: -len(unit)]) * _UNITS[unit] if unit else math.nan
            except ValueError:
                number = math.nan
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise refusal(InputError("not an angle", value=value, allowed=allowed))
        # A few rounding errors beyond 180 deg are 180 deg.
        found = min(float(number), self.high) if number <= self.high * (1.0 + 1e-12) else float(number)
        if not self.low <= found <= self.high:
            meant = f"'{value:g} deg'" if not isinstance(value, str) and abs(value) <= math.degrees(self.high) else None
            raise refusal(InputError("the angle is out of range", value=value, allowed=allowed, nearest=meant))
        return found


Polar = Annotated[float, AngleIn(0.0, math.pi)]
Azimuth = Annotated[float, AngleIn(-2.0 * math.pi, 2.0 * math.pi)]


class Patch(Section):
    """A round patch: the part of the surface within a cone about its direction.

    Attributes
    ----------
    direction
        From the centre of the particle to the middle of the patch, [x, y, z] of any length.
    theta, phi
        The same as angles [rad]: from the z axis, and around it from the x axis.
    angle
        Half of the cone's opening [rad].
    coverage
        Area of the patch over that of the whole surface.
    radius
        m; straight distance from its middle to its rim on a sphere; the area is pi radius^2 on any particle.
    """

    direction: tuple[fields.Direction, fields.Direction, fields.Direction] | None = None
    theta: Polar | None = None
    phi: Azimuth | None = None
    angle: Polar | None = None
    coverage: fields.Fraction | None = None
    radius: fields.Length | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "contact.patch"

    @model_validator(mode="after")
    def _one_direction_and_size(self) -> Self:
        where = self.section_name()
        if (self.direction is None) == (self.theta is None):
            raise refusal(
                InputError(
                    "a patch needs one direction",
                    where=f"{where}.direction",
                    value=self.direction,
                    allowed="direction = [x, y, z], or theta and phi",
                )
            )
        if self.direction is not None and (self.phi is not None or not any(self.direction)):
            raise refusal(
                InputError(
                    "a direction is three numbers, not all 0, without phi",
                    where=f"{where}.direction",
                    value=self.direction,
                )
            )
        sizes = [name for name in ("angle", "coverage", "radius") if getattr(self, name) is not None]
        if len(sizes) != 1 or self.angle == 0.0:
            raise refusal(
                InputError(
                    "a patch needs one size",
                    where=f"{where}.angle",
                    value=", ".join(sizes) or None,
                    allowed="one of angle = '20 deg' (above 0), coverage = 0.05 and radius = '1 um'",
                )
            )
        return self

    @property
    def vector(self) -> tuple[float, float, float]:
        """Its direction."""
        if self.direction is not None:
            return self.direction
        theta, phi = float(self.theta or 0.0), float(self.phi or 0.0)
        return math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)

    def share(self, surface: float, *, sphere: bool) -> float | None:
        """Return its coverage on a surface of an area [m2]; None where an angle gives it and this is no sphere."""
        if self.radius is not None:
            return math.pi * self.radius**2 / surface
        if self.angle is not None:
            return math.sin(0.5 * self.angle) ** 2 if sphere else None
        return self.coverage
