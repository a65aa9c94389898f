"""Material and electrolyte, as a case describes them."""

from __future__ import annotations

from typing import Self

from pydantic import field_validator

from asyncsoc.base.errors import unknown_name
from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.section import Number, Section
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode_names, electrolyte_names


class Material(Section):
    """The cathode material: a parameter set by name, and overrides [SI] (None: the set's own).

    Attributes
    ----------
    name
        See `asyncsoc params`.
    diffusivity
        m2/s, constant.
    maximum_concentration
        mol/m3.
    density
        kg/m3.
    """

    name: str = DEFAULT_CATHODE
    diffusivity: fields.Diffusivity | None = None
    maximum_concentration: fields.Concentration | None = None
    density: fields.Density | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in cathode_names():
            raise refusal(unknown_name("cathode material", name, cathode_names()))
        return name

    @classmethod
    def named(cls, name: str, **overrides: Number) -> Self:
        """Return the parameter set `name` with overrides in SI or as text with a unit."""
        return cls(name=name, **overrides)


class Electrolyte(Section):
    """The electrolyte: a parameter set by name, and overrides [SI] (None: the set's own).

    Attributes
    ----------
    name
        See `asyncsoc params`.
    conductivity
        S/m, constant.
    separator_thickness
        m.
    areal_capacity
        C per m2 of electrode (SI; that of the parameter sets is in A h/m2).
    """

    name: str = DEFAULT_ELECTROLYTE
    conductivity: fields.Conductivity | None = None
    separator_thickness: fields.Thickness | None = None
    areal_capacity: fields.AreaCharge | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in electrolyte_names():
            raise refusal(unknown_name("electrolyte", name, electrolyte_names()))
        return name

    @classmethod
    def named(cls, name: str, **overrides: Number) -> Self:
        """Return the parameter set `name` with overrides in SI or as text with a unit."""
        return cls(name=name, **overrides)
