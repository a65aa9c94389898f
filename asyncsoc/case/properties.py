"""Field type of the case: a property of a cathode as a number, a table, a law or a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.errors import InputError, nearest_name, unknown_name
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.materials.atomic_weights import ELEMENT_NAMES
from asyncsoc.materials.properties import Property, names_a_table, read_property
from asyncsoc.materials.property_kinds import DIFFUSIVITY, ENTROPY, EXCHANGE_CURRENT, POTENTIAL, PropertyKind
from asyncsoc.materials.property_laws import PropertyLaw, law_names
from asyncsoc.materials.property_tables import PropertyTable
from asyncsoc.materials.valence import ValenceModel


@dataclass(frozen=True)
class Given(Measured):
    """Annotation that reads a property: a number with its unit, checked against a range, or a table or law."""

    quantity: PropertyKind = POTENTIAL

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the property in place of pydantic."""
        return core_schema.with_info_plain_validator_function(
            lambda value, info: self.read_any(value, info.field_name or ""),
            serialization=core_schema.plain_serializer_function_ser_schema(plain_property),
        )

    @property
    def allowed(self) -> str:
        """The range in words."""
        table = f"a table (CSV `{self.quantity.layout}`, or lists)"
        laws = f", a law ({', '.join(law_names(self.quantity))})" if law_names(self.quantity) else ""
        return f"{table}{laws}" if self.quantity.key == "U" else f"{super().allowed}; {table}{laws}"

    def read(self, value: Any) -> Any:
        """Return a number in SI, or the path of a table as it is, checked: what an axis of a sweep may have."""
        if names_a_table(value):
            self.read_any(value)
            return str(value)
        return super().read(value)

    def read_any(self, value: Any, field: str = "") -> Property:
        """Return the property as a case holds it; `field` is its key, for messages."""
        if self.quantity.key != "U" and _is_quantity(value):
            return float(super().read(value))
        section = "kinetics" if self.quantity is EXCHANGE_CURRENT else "material"
        try:
            return read_property(value, self.quantity, where=f"{section}.{field}" if field else "")
        except InputError as error:
            raise refusal(error) from None


def _is_quantity(value: Any) -> bool:
    """Whether a value is a number, or a text that begins like one and is not the name of a file."""
    if isinstance(value, str):
        return not names_a_table(value) and value.strip()[:1] in tuple("+-.0123456789")
    return isinstance(value, bool | int | float)


def plain_property(value: Any) -> Any:
    """Return a property as plain data."""
    return value.to_mapping() if isinstance(value, (PropertyTable, PropertyLaw)) else value


def _given(quantity: PropertyKind) -> Given:
    return Given(quantity.unit, quantity.low, quantity.high, quantity=quantity)


GivenPotential = Annotated[Property, _given(POTENTIAL)]
GivenDiffusivity = Annotated[Property, _given(DIFFUSIVITY)]
GivenExchangeCurrent = Annotated[Property, _given(EXCHANGE_CURRENT)]
GivenEntropy = Annotated[Property, _given(ENTROPY)]


def tabulated(function: Any, quantity: PropertyKind, span: tuple[float, float] | None, where: str) -> Property:
    """Return a Python function as a table; an error pydantic reports where that cannot be."""
    try:
        return read_property(function, quantity, span=span, where=where)
    except InputError as error:
        raise refusal(error) from None


@dataclass(frozen=True)
class Span:
    """Annotation of a pair of stoichiometries."""

    allowed: str = "[lowest, highest] with 0 <= lowest < highest <= 1"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the pair in place of pydantic."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: Any) -> tuple[float, float]:
        """Return (lowest, highest)."""
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        numbers = plain if isinstance(plain, list | tuple) else ()
        sound = len(numbers) == 2 and all(
            isinstance(one, int | float | np.floating) and not isinstance(one, bool) for one in numbers
        )
        if not sound or not 0.0 <= numbers[0] < numbers[1] <= 1.0:
            raise refusal(InputError("this is no window of stoichiometries", value=value, allowed=self.allowed))
        return float(numbers[0]) + 0.0, float(numbers[1]) + 0.0


@dataclass(frozen=True)
class RedoxBalance:
    """Annotation of a valence model: a mapping with the redox element and the charges of the other ions."""

    allowed: str = '{element = "Co", atoms = 1, couple = [3, 4], fixed_charge = 0, anion_charge = 4}'

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the mapping in place of pydantic."""
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(_plain_balance)
        )

    def read(self, value: Any) -> ValenceModel:
        """Return the valence model."""
        if isinstance(value, ValenceModel):
            return value
        if not isinstance(value, Mapping) or "element" not in value:
            raise refusal(InputError("this is no valence model", value=value, allowed=self.allowed))
        try:
            return _balance(value, self.allowed)
        except InputError as error:
            raise refusal(error) from None


def _balance(keys: Mapping[str, Any], allowed: str) -> ValenceModel:
    for key in keys:
        if key not in _BALANCE:
            raise InputError(
                f"unknown key '{key}' of a valence model",
                where="material.valence",
                allowed=", ".join(_BALANCE),
                nearest=nearest_name(str(key), _BALANCE),
            )
    symbol = keys["element"]
    if not isinstance(symbol, str) or symbol not in ELEMENT_NAMES:
        raise unknown_name("redox element", str(symbol), ELEMENT_NAMES, where="material.valence")
    couple = keys.get("couple", (3, 4))
    numbers = [keys.get("atoms", 1.0), keys.get("fixed_charge", 0.0), keys.get("anion_charge", 4.0)]
    plain = all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < _MOST for one in numbers)
    whole = isinstance(couple, list | tuple) and len(couple) == 2 and all(type(one) is int for one in couple)
    if not (plain and whole):
        raise InputError(
            "a valence model is made of numbers", where="material.valence", value=dict(keys), allowed=allowed
        )
    atoms, fixed, anion = map(float, numbers)
    return ValenceModel(symbol, ELEMENT_NAMES[symbol], atoms, (couple[0], couple[1]), fixed, anion)


def _plain_balance(value: Any) -> Any:
    if not isinstance(value, ValenceModel):
        return value
    return {
        "element": value.symbol,
        "atoms": value.atoms,
        "couple": list(value.couple),
        "fixed_charge": value.fixed_charge,
        "anion_charge": value.anion_charge,
    }


_MOST = 1e3
"""Amounts and charges of a formula unit lie below."""
_BALANCE = ("element", "atoms", "couple", "fixed_charge", "anion_charge")
StoichiometryWindow = Annotated[tuple[float, float], Span()]
Redox = Annotated[ValenceModel, RedoxBalance()]
