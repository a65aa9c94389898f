"""The properties of a cathode that a user may give: name, unit, range, and how each is interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asyncsoc.base.csv_tables import Column

PropertyKey = Literal["U", "D", "i0", "dU/dT"]


@dataclass(frozen=True)
class PropertyKind:
    """A property of a cathode as a function of the stoichiometry x.

    Attributes
    ----------
    key
        Its symbol: column of a CSV file and key of a mapping of arrays.
    title
        Its name in messages and lists of parameters.
    unit
        SI.
    low, high
        Values a sound table has.
    logarithmic
        Whether its logarithm is interpolated (and the property is positive), and whether it is held beyond the table;
        otherwise the property itself is interpolated.
    with_temperature
        Whether a table may have a column of temperatures, and a function a second argument.
    tolerance
        Largest error with which a function is tabulated: relative where `logarithmic`, else in `unit`.
    """

    key: PropertyKey
    title: str
    unit: str
    low: float
    high: float
    logarithmic: bool
    with_temperature: bool
    tolerance: float

    @property
    def layout(self) -> str:
        """Head line of a table in a CSV file."""
        return f"x, {self.key} [{self.unit}]"

    @property
    def columns(self) -> tuple[Column, Column, Column]:
        """The columns of a CSV file: stoichiometry, the property, temperature."""
        return (
            Column("x", ("x",), "", 0.0, 1.0),
            Column(self.key, (self.key,), self.unit, self.low, self.high),
            Column("T", ("T",), "degC", 150.0, 600.0),
        )


POTENTIAL = PropertyKind("U", "open-circuit potential", "V", 0.0, 6.0, False, False, 1e-5)
DIFFUSIVITY = PropertyKind("D", "diffusivity", "m2/s", 1e-22, 1e-6, True, True, 1e-4)
EXCHANGE_CURRENT = PropertyKind("i0", "exchange current density", "A/m2", 1e-12, 1e6, True, True, 1e-4)
ENTROPY = PropertyKind("dU/dT", "entropy coefficient dU/dT", "V/K", -0.01, 0.01, False, False, 1e-7)
PROPERTY_KINDS = {one.key: one for one in (POTENTIAL, DIFFUSIVITY, EXCHANGE_CURRENT, ENTROPY)}
"""Every property, by its key."""
