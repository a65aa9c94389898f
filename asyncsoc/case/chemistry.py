"""Material and electrolyte, as a case describes them."""

from __future__ import annotations

from typing import Self

from pydantic import field_validator, model_validator

from asyncsoc.base.errors import unknown_name
from asyncsoc.case import fields
from asyncsoc.case.fields import refusal
from asyncsoc.case.marks import check_marks
from asyncsoc.case.section import Number, Section
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode_names, electrolyte_names

_FITTED_OF_MATERIAL = ("diffusivity", "diffusivity_factor", "diffusivity_slope")


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
    diffusivity_factor
        Multiplies D, whether the set's own or the one given here.
    diffusivity_slope
        d ln D/dx that is added to that of D: D exp[slope (x - 0.6)].
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.
    """

    name: str = DEFAULT_CATHODE
    diffusivity: fields.Diffusivity | None = None
    maximum_concentration: fields.Concentration | None = None
    density: fields.Density | None = None
    diffusivity_factor: fields.Factor | None = None
    diffusivity_slope: fields.Slope | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in cathode_names():
            raise refusal(unknown_name("cathode material", name, cathode_names()))
        return name

    @model_validator(mode="after")
    def _fit_has_its_data(self) -> Self:
        check_marks(self.section_name(), self.fitted, self.fitted_to, _FITTED_OF_MATERIAL)
        return self

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
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.
    """

    name: str = DEFAULT_ELECTROLYTE
    conductivity: fields.Conductivity | None = None
    separator_thickness: fields.Thickness | None = None
    areal_capacity: fields.AreaCharge | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in electrolyte_names():
            raise refusal(unknown_name("electrolyte", name, electrolyte_names()))
        return name

    @model_validator(mode="after")
    def _fit_has_its_data(self) -> Self:
        check_marks(self.section_name(), self.fitted, self.fitted_to, ("conductivity",))
        return self

    @classmethod
    def named(cls, name: str, **overrides: Number) -> Self:
        """Return the parameter set `name` with overrides in SI or as text with a unit."""
        return cls(name=name, **overrides)
