"""The impedance of a case: its frequencies, and what stores charge at its interfaces."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.types import Parameter

DOUBLE_LAYER = 0.2
"""F/m2; an assumption, of the order of 10 to 40 uF/cm2 of many electrodes."""
FILM_PERMITTIVITY = 10.0
"""An assumption: the film's products are not known."""
MOST_POINTS = 10_000

Frequency = Annotated[float, Measured("Hz", 1e-9, 1e12)]
Capacitance = Annotated[float, Measured("F/m2", 0.0, 1e4)]
Permittivity = Annotated[float, Measured("", 0.0, 1e6)]
ExchangeCurrentDensity = Annotated[float, Measured("A/m2", 1e-6, 1e6)]


class Impedance(Section):
    """Of what an impedance is made beside the case that it is the impedance of: nothing here changes a run.

    Attributes
    ----------
    lowest_frequency, highest_frequency
        Hz.
    points
        Number of frequencies between the two, both included, evenly spread over their logarithm.
    double_layer_capacitance
        Of the contact with the cathode [F/m2 of open contact].
    film_permittivity
        Of the film that a side reaction grows, over that of the vacuum; 0: the film is a resistance only.
    lithium_exchange_current_density
        Of a lithium electrode in series with a particle or with particles at one potential [A/m2 of the electrode's
        area]; None: it is left out. An electrode in layers has its own, `electrode.lithium`.
    lithium_double_layer_capacitance
        Of the lithium electrode [F/m2 of the electrode's area].

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Impedance(lowest_frequency="1 mHz", points=40)
    Impedance(lowest_frequency=0.001, points=40)
    """

    lowest_frequency: Frequency = 1e-4
    highest_frequency: Frequency = 1e6
    points: fields.WholeNumber = 60
    double_layer_capacitance: Capacitance = DOUBLE_LAYER
    film_permittivity: Permittivity = FILM_PERMITTIVITY
    lithium_exchange_current_density: ExchangeCurrentDensity | None = None
    lithium_double_layer_capacitance: Capacitance = DOUBLE_LAYER

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if not self.lowest_frequency < self.highest_frequency:
            raise refusal(
                InputError(
                    "the frequencies are no range",
                    where="impedance.highest_frequency",
                    value=self.highest_frequency,
                    allowed=f"above the lowest, {self.lowest_frequency:g} Hz",
                )
            )
        if not 2 <= self.points <= MOST_POINTS:
            raise refusal(
                InputError("out of range", where="impedance.points", value=self.points, allowed=f"2 to {MOST_POINTS}")
            )
        return self

    def parameters(self, left_out: tuple[str, ...] = ()) -> tuple[Parameter, ...]:
        """Return what is assumed and what the case gives, each with its source, but for the keys left out."""
        usual = "Of the order of 10 to 40 uF/cm2 of many electrodes."
        rows = (
            ("double_layer_capacitance", "double-layer capacitance of the contact", "F/m2", usual),
            (
                "film_permittivity",
                "permittivity of the film over that of the vacuum",
                "",
                "Its products are not known.",
            ),
            ("lithium_exchange_current_density", "exchange current density of lithium", "A/m2", ""),
            ("lithium_double_layer_capacitance", "double-layer capacitance of lithium", "F/m2", usual),
        )
        found = []
        for key, name, unit, note in rows:
            value = getattr(self, key)
            assumed = value == type(self).model_fields[key].default
            if value is not None and key not in left_out:
                source = "assumption" if assumed else "the case"
                found.append(Parameter(name, value, unit, source, assumed, note if assumed else ""))
        return tuple(found)
