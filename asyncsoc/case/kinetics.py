"""Kinetics of the interface, as a case describes them: the rate laws' parameters are made of what the laws declare."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import create_model, field_validator, model_validator

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.case import fields
from asyncsoc.case.fields import declared_fields, refusal
from asyncsoc.case.properties import GivenExchangeCurrent
from asyncsoc.case.section import Section
from asyncsoc.interface.rate_laws import kinetics_named, kinetics_names, rate_constants
from asyncsoc.materials.properties import Evaluated, depends_on_temperature, evaluated

_OWN = ("exchange_current_density", "exchange_current_density_factor", "film_resistance")
"""Constants of every rate law."""


class _Model(Section):
    model: Annotated[str, fields.OneOf("kinetics model", kinetics_names())] = "butler-volmer"
    exchange_current_density: GivenExchangeCurrent | None = None
    exchange_current_activation_energy: fields.ActivationEnergy | None = None
    reference_temperature: fields.Temperature | None = None


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
        i0(x) or i0(x, T) [A/m2]: a number, a CSV file, a mapping of arrays, a named law or, in Python, a function; None
        takes the electrolyte's or the cathode's own.
    exchange_current_activation_energy
        J/mol; of an exchange current density that holds at `reference_temperature`.
    reference_temperature
        K; None: 25 degC.
    film_resistance
        ohm m2.
    exchange_current_density_factor
        Multiplies i0, whether that of a set or the one given here.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Kinetics(film_resistance="20 ohm cm2").film_resistance
    0.002
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

    @model_validator(mode="after")
    def _activation_has_its_value(self) -> Self:
        given, energy = self.exchange_current_density, self.exchange_current_activation_energy
        if energy is not None and (given is None or depends_on_temperature(given)):
            raise refusal(
                InputError(
                    "an activation energy belongs to an exchange current density without a temperature of its own",
                    where="kinetics.exchange_current_activation_energy",
                    value=energy,
                    next_step="give kinetics.exchange_current_density at one temperature"
                    if given is None
                    else "leave it out",
                )
            )
        return self

    @property
    def exchange_current(self) -> float | Evaluated | None:
        """The exchange current density of the case [A/m2]: a number or a function of (x, T); None where it has none."""
        given, energy = self.exchange_current_density, self.exchange_current_activation_energy
        if given is None or (isinstance(given, float) and energy is None):
            return given
        return evaluated(given, energy or 0.0, self.reference_temperature)

    @property
    def imposes_flux(self) -> bool:
        """Whether the flux is imposed and no rate law relates it to the potential."""
        return kinetics_named(self.model).imposes_flux
