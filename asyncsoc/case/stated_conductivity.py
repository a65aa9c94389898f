"""How a case's conductivity is read: a number, the path of a CSV, a mapping of arrays, or a law as mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.units import to_si
from asyncsoc.case.conductivity import FEWEST, LAWS, MOST_POINTS, WHERE, ArrheniusLaw, ConductivityTable, Given, VftLaw
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.materials.conductivity import REACH

LAYOUT = "T [degC], conductivity [S/m]"
_COLUMNS = (
    Column("temperature", ("T", "temperature"), "K"),
    Column("conductivity", ("conductivity", "kappa", "sigma", "ionic conductivity"), "S/m", 0.0, above=True),
)
_HEAD = re.compile(r"^\s*(?P<name>[^\[\](]+?)\s*(?:[\[(]\s*(?P<unit>[^\])]*?)\s*[\])])?\s*$")
_QUANTITY = re.compile(r"^\s*[+-]?[\d.]|^\s*[+-]?(?:nan|inf)", re.IGNORECASE)


class StatedConductivity(Measured):
    """Annotation that reads a number with unit, the path of a CSV, a table as mapping of arrays, or a law."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read whatever is given into a number or a frozen section."""
        return core_schema.no_info_plain_validator_function(self.stated)

    def stated(self, value: Any) -> float | Given:
        """Return the number in SI, the table or the law."""
        try:
            if isinstance(value, ConductivityTable | ArrheniusLaw | VftLaw):
                return value
            if isinstance(value, Mapping):
                return _law(value) if "law" in value else _table(value)
            if isinstance(value, Path) or (isinstance(value, str) and value.strip().lower().endswith(".csv")):
                return _csv(Path(value))
            if isinstance(value, str) and not _QUANTITY.match(value):
                raise InputError(
                    "neither a conductivity with its unit nor the path of a CSV",
                    value=value,
                    allowed=f"such as '0.043 S/m', or a file that ends in .csv with the columns {LAYOUT}",
                )
        except InputError as error:
            raise refusal(error) from None
        return self.read(value.item() if isinstance(value, np.generic) else value)


def _law(keys: Mapping[str, Any]) -> ArrheniusLaw | VftLaw:
    name = keys["law"]
    if name not in LAWS:
        raise InputError(
            "unknown law of the conductivity",
            where=f"{WHERE}.law",
            value=name,
            allowed=", ".join(LAWS),
            nearest=nearest_name(str(name), LAWS),
        )
    if "range" not in keys:
        raise InputError(
            "a law needs the temperatures it was fitted over",
            where=f"{WHERE}.range",
            allowed="range = ['25 degC', '90 degC']",
            next_step=f"add range; {REACH:g} K beyond it the law is still used, with a warning",
        )
    return LAWS[name](**keys)


def _csv(path: Path) -> ConductivityTable:
    table = read_csv_table(
        path, _COLUMNS, layout=LAYOUT, required=("temperature", "conductivity"), fewest=FEWEST, most=MOST_POINTS
    )
    for key, unit in table.units.items():
        if not unit:
            raise InputError(
                f"the head of {key} names no unit", where=str(path), allowed=LAYOUT, next_step="add it in brackets"
            )
    # To 14 digits: what a file has in mS/cm and another in S/m is one case.
    rounded = {key: [float(f"{value:.14g}") for value in values] for key, values in table.columns.items()}
    return ConductivityTable(**rounded)


def _table(keys: Mapping[str, Any]) -> ConductivityTable:
    """Return the table of a mapping of arrays, its keys those of the CSV, with or without a unit (SI)."""
    found: dict[str, list[Any]] = {}
    for head, values in keys.items():
        match = _HEAD.match(head) if isinstance(head, str) else None
        column = None if match is None else next((one for one in _COLUMNS if one.knows(match["name"])), None)
        if match is None or column is None or column.key in found:
            raise InputError(
                "unknown key of a table of conductivities" if column is None else f"two lists of {column.key}",
                where=WHERE,
                value=head,
                allowed="temperature, conductivity (SI, or with a unit: 'T [degC]'), or law = ... with its parameters",
                nearest=nearest_name(str(head), ("temperature", "conductivity")),
            )
        listed = values.tolist() if hasattr(values, "tolist") else values
        if isinstance(listed, str) or not hasattr(listed, "__iter__"):
            raise InputError(f"{column.key} must be a list", where=WHERE, value=listed, allowed=LAYOUT)
        unit = match["unit"]
        found[column.key] = [_with_unit(one, unit, column) for one in listed]
    for column in _COLUMNS:
        if column.key not in found:
            raise InputError(
                f"the table lists no {column.key}",
                where=WHERE,
                value=", ".join(map(str, keys)),
                allowed=LAYOUT,
                next_step=f"add '{column.shown}'",
            )
    return ConductivityTable(**found)


def _with_unit(value: Any, unit: str | None, column: Column) -> Any:
    """Return a number of a list under a head with a unit in SI; anything else as it is."""
    if not unit or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return to_si(f"{value!r} {unit}", column.unit, where=WHERE)
