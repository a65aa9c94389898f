"""Kinetics of the interface, as a case describes them: the rate laws' parameters are made of what the laws declare."""

from __future__ import annotations

from typing import Annotated

from pydantic import create_model, field_validator

from asyncsoc.base.errors import unknown_name
from asyncsoc.case import fields
from asyncsoc.case.fields import declared_fields, refusal
from asyncsoc.case.section import Section
from asyncsoc.interface.rate_laws import kinetics_named, kinetics_names, rate_constants

_OWN = ("exchange_current_density", "exchange_current_density_factor", "film_resistance")
"""Constants of every rate law."""


class _Model(Section):
    model: Annotated[str, fields.OneOf("kinetics model", kinetics_names())] = "butler-volmer"
    exchange_current_density: fields.CurrentDensity | None = None


_WithParameters = create_model("_WithParameters", __base__=_Model, **declared_fields(rate_constants(), {}))


class Kinetics(_WithParameters):  # type: ignore[misc, valid-type]
    """How current crosses the interface.

    Parameters of the rate laws are keys too, each read by the laws that have it: `transfer_coefficient` and
    `reorganization_energy`. None takes the electrolyte's own, and the law's default where that has none.

    Attributes
    ----------
    model
        Name of a rate law, see `asyncsoc.interface.rate_laws.kinetics_names`, or "uniform-flux".
    exchange_current_density
        A/m2, constant; None takes the electrolyte's or the cathode's own.
    film_resistance
        ohm m2.
    exchange_current_density_factor
        Multiplies i0, whether that of a set or the one given here.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.
    """

    film_resistance: fields.AreaResistance = 0.0
    exchange_current_density_factor: fields.Factor | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @field_validator("fitted")
    @classmethod
    def _known_constants(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in (*_OWN, *rate_constants()):
                raise refusal(unknown_name("constant of the kinetics", name, (*_OWN, *rate_constants())))
        return names

    @property
    def imposes_flux(self) -> bool:
        """Whether the flux is imposed and no rate law relates it to the potential."""
        return kinetics_named(self.model).imposes_flux
