"""How the salt of the electrolyte moves through an electrode in layers, as a case describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.case.fields import Measured, OneOf, WholeNumber, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.salt import SALT_SETS

SEPARATOR_NODES = 10
"""Finite volumes of the separator where none are asked for."""
MOST_SEPARATOR_NODES = 200
EXCHANGE_EXPONENT = 0.5
"""Of c/c0 in the exchange current densities; an assumption."""
LEAST_SHARE = 0.01
"""Concentration over that at rest below which the salt counts as run out."""
_FEWEST, _MOST = 2, 500
_CURVE = "table over concentration"
_CONCENTRATION = Column("c", ("c", "concentration"), "mol/m3", 0.0, 1e5)


class SaltCurve(Section):
    """A property of the electrolyte over the concentration of its salt: a monotone cubic, its end values held.

    Attributes
    ----------
    c
        Concentrations [mol/m3], rising.
    values
        SI.
    """

    c: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def section_name(cls) -> str:
        """Return what messages call it."""
        return _CURVE

    @model_validator(mode="after")
    def _is_a_curve(self) -> Self:
        count = len(self.c)
        if len(self.values) != count or not _FEWEST <= count <= _MOST:
            raise refusal(
                InputError(
                    "a table over concentration has two columns of one length",
                    value=[count, len(self.values)],
                    allowed=f"{_FEWEST} to {_MOST} rows",
                )
            )
        if self.c[0] < 0.0 or any(after <= before for before, after in zip(self.c, self.c[1:], strict=False)):
            raise refusal(InputError("concentrations rise from row to row", value=list(self.c[:6]), allowed="rising"))
        return self


@dataclass(frozen=True)
class OverSalt(Measured):
    """Annotation that reads a number with its unit, the path of a CSV, or a mapping of two lists.

    Attributes
    ----------
    symbol
        Column of the table, and key of the mapping.
    only_table
        Whether a number means nothing.
    """

    symbol: str = ""
    only_table: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read whatever is given into a number or a frozen table."""
        return core_schema.no_info_plain_validator_function(
            self.read_any, serialization=core_schema.plain_serializer_function_ser_schema(_plain)
        )

    @property
    def layout(self) -> str:
        """Head line of a CSV file."""
        return f"c [mol/m3], {self.symbol}" + (f" [{self.unit}]" if self.unit else "")

    @property
    def allowed(self) -> str:
        """The range in words."""
        table = f"a table (CSV `{self.layout}`, or lists)"
        return table if self.only_table else f"{super().allowed}; {table}"

    def read(self, value: Any) -> Any:
        """Return a number in SI, or a table as it is: what an axis of a sweep may have."""
        found = self.read_any(value)
        return found if isinstance(found, float) else value

    def read_any(self, value: Any) -> float | SaltCurve:
        """Return the number or table."""
        try:
            if isinstance(value, SaltCurve):
                found = value
            elif isinstance(value, Mapping):
                found = self._of_lists(value)
            elif isinstance(value, Path) or (isinstance(value, str) and value.strip().lower().endswith(".csv")):
                found = self._of_file(Path(value))
            elif self.only_table:
                raise InputError("only its dependence on the concentration is used", value=value, allowed=self.allowed)
            else:
                return float(super().read(value))
            bad = [one for one in found.values if not self._holds(one)]
            if bad:
                raise InputError("a value of the table is out of range", value=bad[0], allowed=super().allowed)
            return found
        except InputError as error:
            if error.where == _CURVE:  # said of the key instead
                error = InputError(error.what, value=error.value, allowed=error.allowed, next_step=error.next_step)
            raise refusal(error) from None

    def _of_lists(self, given: Mapping[Any, Any]) -> SaltCurve:
        keys = {str(key) for key in given}
        if keys != {"c", self.symbol} and keys != {"c", "values"}:
            raise InputError(
                "a table over concentration has two lists",
                value=sorted(keys),
                allowed=f"c and {self.symbol}",
            )
        own = given[self.symbol] if self.symbol in given else given["values"]
        return SaltCurve(
            c=tuple(to_si(one, "mol/m3", where="") for one in given["c"]),
            values=tuple(to_si(one, self.unit, where="") for one in own),
        )

    def _of_file(self, path: Path) -> SaltCurve:
        column = Column(self.symbol, (self.symbol,), self.unit, self.low, self.high)
        table = read_csv_table(
            path, (_CONCENTRATION, column), layout=self.layout, required=("c", self.symbol), fewest=_FEWEST, most=_MOST
        )
        table.rises("c")
        # To 14 digits: what a file has in mol/L and another in mol/m3 is one case.
        rows = [tuple(float(f"{one:.14g}") for one in table.columns[key].tolist()) for key in ("c", self.symbol)]
        return SaltCurve(c=rows[0], values=rows[1])


def _plain(value: Any) -> Any:
    return {"c": list(value.c), "values": list(value.values)} if isinstance(value, SaltCurve) else value


Concentration = Annotated[float, Measured("mol/m3", 0.0, 1e5, "(]")]
SaltDiffusivity = Annotated[float | SaltCurve, OverSalt("m2/s", 1e-18, 1e-6, symbol="D")]
TransferenceNumber = Annotated[float | SaltCurve, OverSalt("", -2.0, 1.0, symbol="t")]
ThermodynamicFactor = Annotated[float | SaltCurve, OverSalt("", 0.0, 100.0, symbol="factor")]
ConductivityOverSalt = Annotated[SaltCurve, OverSalt("S/m", 1e-9, 1e3, symbol="kappa", only_table=True)]
Share = Annotated[float, Measured("", 0.0, 1.0, "(]")]
SmallShare = Annotated[float, Measured("", 1e-4, 0.5)]
Exponent = Annotated[float, Measured("", 0.0, 2.0)]


class SaltProperties(Section):
    """How the salt moves; what is left out is that of the electrolyte's set (`materials.salt`).

    Attributes
    ----------
    name
        The set; None: that of the electrolyte.
    concentration
        At rest [mol/m3] of electrolyte.
    diffusivity
        D [m2/s] of the salt.
    transference_number
        t+ of lithium.
    thermodynamic_factor
        chi = 1 + dln f/dln c.
    conductivity
        Table over the concentration: its ratio to that at rest multiplies the conductivities of the case.
    volume_fraction
        Of the electrolyte in the electrode; None: that of the polymer.
    efficiency
        D in the electrode over D; None: the volume fraction to the power of `bruggeman`.
    separator_volume_fraction
        Of the electrolyte in the separator.
    separator_efficiency
        D in the separator over D; None: its volume fraction to the power of `bruggeman`.
    separator_nodes
        Finite volumes of the separator.
    exchange_exponent
        Exponent of c/c0 in the exchange current density of the particles.
    lithium_exponent
        The same at a lithium electrode with Butler-Volmer kinetics.
    least_share
        c/c0 below which the salt has run out: the protocol step ends.
    """

    name: Annotated[str, OneOf("set of salt transport", tuple(SALT_SETS))] | None = None
    concentration: Concentration | None = None
    diffusivity: SaltDiffusivity | None = None
    transference_number: TransferenceNumber | None = None
    thermodynamic_factor: ThermodynamicFactor | None = None
    conductivity: ConductivityOverSalt | None = None
    volume_fraction: Share | None = None
    efficiency: Share | None = None
    separator_volume_fraction: Share = 1.0
    separator_efficiency: Share | None = None
    separator_nodes: WholeNumber = SEPARATOR_NODES
    exchange_exponent: Exponent = EXCHANGE_EXPONENT
    lithium_exponent: Exponent = EXCHANGE_EXPONENT
    least_share: SmallShare = LEAST_SHARE

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.salt_properties"

    @model_validator(mode="after")
    def _nodes_in_range(self) -> Self:
        if not 1 <= self.separator_nodes <= MOST_SEPARATOR_NODES:
            raise refusal(
                InputError(
                    "out of range",
                    where=f"{self.section_name()}.separator_nodes",
                    value=self.separator_nodes,
                    allowed=f"1 to {MOST_SEPARATOR_NODES}",
                )
            )
        return self


def curve_or_value(given: float | SaltCurve) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return concentrations and values of what a key gives; a number has no concentrations."""
    if isinstance(given, SaltCurve):
        return given.c, given.values
    return (), (float(given),)
