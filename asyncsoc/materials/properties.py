"""What a user may give for a property of a cathode: a number, a table, a CSV file, a named law or a Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.materials.functions import REFERENCE_TEMPERATURE, arrhenius, constant
from asyncsoc.materials.property_kinds import PropertyKind
from asyncsoc.materials.property_laws import PropertyLaw, law_from_mapping, law_names
from asyncsoc.materials.property_tables import PropertyTable, table_from_csv, table_from_mapping

Array = NDArray[np.float64]
Property = float | PropertyTable | PropertyLaw
Evaluated = Callable[[Array, float], Array]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".dat")


def names_a_table(value: object) -> bool:
    """Whether a value is the path of a table, and no quantity."""
    return isinstance(value, Path) or (isinstance(value, str) and value.strip().lower().endswith(TABLE_SUFFIXES))


def read_property(
    value: Any, quantity: PropertyKind, *, span: tuple[float, float] | None = None, where: str = ""
) -> Property:
    """Return a property as a case holds it, checked: a number in SI, a table or a law.

    Parameters
    ----------
    value
        A number (SI), a text with a unit, the path of a CSV file, a mapping of arrays, a mapping with "law", a
        function of x or (x, T), or what this returned before.
    quantity
        What it is.
    span
        Stoichiometries over which a function is tabulated; None: nearly all.
    where
        For messages.

    Raises
    ------
    InputError
        It is none of these, or is unsound.
    """
    if isinstance(value, (PropertyTable, PropertyLaw)):
        if value.quantity != quantity:
            raise InputError(
                f"this is the {value.quantity.title}, not the {quantity.title}", where=where, value=value.quantity.key
            )
        return value
    if isinstance(value, Mapping):
        mapping = law_from_mapping if "law" in value else table_from_mapping
        return mapping(value, quantity, where=where)
    if names_a_table(value):
        return table_from_csv(value, quantity)
    if callable(value):
        from asyncsoc.materials.function_tables import WIDEST, table_from_function

        return table_from_function(value, quantity, span=span or WIDEST, where=where)
    return _number(value, quantity, where)


def _number(value: Any, quantity: PropertyKind, where: str) -> float:
    plain = value.item() if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 else value
    try:
        number = to_si(plain, quantity.unit, where=where)
    except InputError as error:
        if isinstance(plain, (int, float)) and not isinstance(plain, bool):
            raise
        # A text that is no quantity may have been meant as a file.
        path = isinstance(plain, str) and not plain.strip()[:1].isdigit() and "/" in plain
        raise InputError(
            f"this is no {quantity.title}" if not isinstance(plain, str) else error.what,
            where=where,
            value=type(plain).__name__ if not isinstance(plain, str | int | float) else plain,
            allowed=_forms(quantity),
            nearest=error.nearest,
            next_step="name the table so that it ends in .csv" if path else error.next_step,
        ) from None
    if quantity.key == "U":
        raise InputError(
            "the open-circuit potential cannot be one number: it falls as x rises",
            where=where,
            value=value,
            allowed=_forms(quantity),
            next_step="give a plateau a slope, for example {x = [0, 1], U = [3.43, 3.42]}",
        )
    return number + 0.0


def _forms(quantity: PropertyKind) -> str:
    laws = ", ".join(law_names(quantity))
    named = f", a named law ({laws})" if laws else ""
    number = "" if quantity.key == "U" else f"a number in {quantity.unit}, "
    return f"{number}a CSV file '{quantity.layout}', {{x = [...], {quantity.key} = [...]}}{named}, or a Python function"


def holds_at(given: Property, reference_temperature: float | None) -> float:
    """Return the temperature [K] at which a property without a dependence on it holds.

    A table that names its one temperature holds there. Else it is the case's reference temperature, a law's own, 25
    degC, whichever is given first.
    """
    if isinstance(given, PropertyTable) and len(given.temperatures) == 1:
        return float(given.temperatures[0])
    if reference_temperature is not None:
        return reference_temperature
    if isinstance(given, PropertyLaw):
        own = dict(given.parameters).get("reference_temperature", REFERENCE_TEMPERATURE)
        return own if isinstance(own, float) else REFERENCE_TEMPERATURE
    return REFERENCE_TEMPERATURE


def evaluated(given: Property, activation_energy: float = 0.0, reference_temperature: float | None = None) -> Evaluated:
    """Return a property as a function of (x, T), with Arrhenius' factor for an activation energy [J/mol]."""
    own = given if isinstance(given, (PropertyTable, PropertyLaw)) else constant(given)
    if activation_energy == 0.0:
        return own
    return _Activated(own, activation_energy, holds_at(given, reference_temperature))


class _Activated:
    """A property that holds at one temperature, with its activation energy."""

    def __init__(self, own: Evaluated, energy: float, reference: float) -> None:
        self.own, self.energy, self.reference = own, energy, reference

    def __call__(self, x: Array, temperature: float) -> Array:
        found: Array = self.own(x, self.reference) * arrhenius(self.energy, temperature, self.reference)
        return found


def depends_on_temperature(given: Property | None) -> bool:
    """Whether a property has a temperature dependence of its own."""
    if isinstance(given, PropertyTable):
        return len(given.temperatures) > 1
    return isinstance(given, PropertyLaw) and dict(given.parameters).get("activation_energy", 0.0) != 0.0


def shown_value(given: Property) -> float | str:
    """Return a property as lists of parameters show it."""
    if isinstance(given, PropertyLaw):
        return given.shown
    if isinstance(given, PropertyTable):
        low, high = given.range
        temperatures = f" at {len(given.temperatures)} temperatures" if len(given.temperatures) else ""
        return (
            f"table of {given.values.shape[1]} x from {low:g} to {high:g}{temperatures}: "
            f"{given.values.min():.4g} to {given.values.max():.4g}"
        )
    return given


def source_of(given: Property) -> str:
    """Return where a property is from, for lists of parameters."""
    if isinstance(given, PropertyTable):
        return f"given by the case, {given.source or 'a table'}, content SHA-256 {given.sha256[:12]}"
    if isinstance(given, PropertyLaw) and given.source:
        return f"given by the case, {given.source}"
    return "given by the case"
