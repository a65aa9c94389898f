"""Material and electrolyte, as a case describes them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import field_validator, model_validator

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case import fields
from asyncsoc.case.conductivity import Given
from asyncsoc.case.fields import one_line, refusal
from asyncsoc.case.section import Number, Section
from asyncsoc.case.stated_conductivity import StatedConductivity
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode_names, electrolyte_names

OWN = "own"
"""Name of an electrolyte that starts from nothing."""
STATED = StatedConductivity("S/m", 1e-12, 1e6)
_REQUIRED = {
    "conductivity": "'kappa.csv', a number or a law",
    "separator_thickness": "'80 um'",
    "areal_capacity": "'2.5 mAh/cm2'",
}
"""What an electrolyte of one's own must have, and what it may look like."""


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
    """The electrolyte: a parameter set by name with overrides, or one of your own; None takes the set's value [SI].

    Attributes
    ----------
    name
        See `asyncsoc params`; "own" starts from nothing.
    title
        One line about an electrolyte of your own.
    conductivity
        S/m: a number; or over temperature a CSV, a mapping of arrays, or a law (see `asyncsoc.case.conductivity`).
    separator_thickness
        m.
    areal_capacity
        C per m2 of electrode (SI; that of the parameter sets is in A h/m2).
    transfer_coefficient
        Cathodic, of Butler-Volmer kinetics; `kinetics.transfer_coefficient` goes before it.
    transference_number
        Of the cation. Kept and shown; a single particle's series drop does not use it.
    source
        Where conductivity, transfer coefficient and transference number are from; without it those of an electrolyte of
        your own count as assumed. Thickness and areal capacity are the cell's.
    """

    name: str = DEFAULT_ELECTROLYTE
    title: str | None = None
    conductivity: Annotated[float | Given, STATED] | None = None
    separator_thickness: fields.Thickness | None = None
    areal_capacity: fields.AreaCharge | None = None
    transfer_coefficient: fields.OpenFraction | None = None
    transference_number: fields.OpenFraction | None = None
    source: str | None = None

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in (*electrolyte_names(), OWN):
            raise refusal(unknown_name("electrolyte", name, (*electrolyte_names(), OWN)))
        return name

    @field_validator("title", "source")
    @classmethod
    def _a_line(cls, text: str | None) -> str | None:
        return None if text is None else one_line(text)

    @model_validator(mode="after")
    def _own_is_complete(self) -> Self:
        if self.name != OWN:
            if self.title is not None:
                raise refusal(
                    InputError(
                        "a title belongs to an electrolyte of your own",
                        where="electrolyte.title",
                        value=self.title,
                        next_step=f"remove it, or set electrolyte.name = '{OWN}'",
                    )
                )
            return self
        missing = [key for key in _REQUIRED if getattr(self, key) is None]
        if missing:
            raise refusal(
                InputError(
                    f"an electrolyte of your own needs {', '.join(missing)}",
                    where=f"electrolyte.{missing[0]}",
                    allowed="; ".join(f"{key} = {_REQUIRED[key]}" for key in missing),
                    next_step="add it, or start from a set: electrolyte.name = 'peo-litfsi' with what differs",
                )
            )
        return self

    @classmethod
    def named(cls, name: str, **overrides: Any) -> Self:
        """Return the parameter set `name` with overrides in SI or as text with a unit."""
        return cls(name=name, **overrides)
