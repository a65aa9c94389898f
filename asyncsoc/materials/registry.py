"""Names of the parameter sets; a set's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from asyncsoc.base.errors import unknown_name
from asyncsoc.materials.types import Cathode, Electrolyte, Parameter

DEFAULT_CATHODE = "ncm811-sturm2019"
DEFAULT_ELECTROLYTE = "peo-litfsi"

_CATHODES = {
    "ncm811-sturm2019": ("ncm811_sturm2019", "DEFAULT"),
    "ncm811-sturm2019-pure": ("ncm811_sturm2019", "PURE"),
    "ncm811-chen2020": ("ncm811_chen2020", "CHEN"),
    "ncm811-oregan2022": ("ncm811_oregan2022", "OREGAN"),
}
_ELECTROLYTES = {
    "peo-litfsi": ("peo_litfsi", "PEO_LITFSI"),
    "pegda-peca": ("pegda_peca", "PEGDA_PECA"),
    "liquid-lipf6": ("liquid_lipf6", "LIQUID_LIPF6"),
}


def cathode_names() -> tuple[str, ...]:
    """Return the names of the cathode parameter sets, the default first."""
    return tuple(_CATHODES)


def electrolyte_names() -> tuple[str, ...]:
    """Return the names of the electrolyte parameter sets, the default first."""
    return tuple(_ELECTROLYTES)


def cathode(name: str, *, where: str = "material.name") -> Cathode:
    """Return a cathode by its name.

    Raises
    ------
    InputError
        No cathode has that name.
    """
    return cast(Cathode, _load(_CATHODES, "material", name, where))


def electrolyte(name: str, *, where: str = "electrolyte.name") -> Electrolyte:
    """Return an electrolyte by its name.

    Raises
    ------
    InputError
        No electrolyte has that name.
    """
    return cast(Electrolyte, _load(_ELECTROLYTES, "electrolyte", name, where))


def describe(name: str, *, others: tuple[str, ...] = ()) -> list[Parameter]:
    """Return every parameter of a cathode or electrolyte, with value, unit, source, mark and note.

    Parameters
    ----------
    name
        The set.
    others
        Further names that the caller knows, for the message about an unknown one.

    Raises
    ------
    InputError
        Neither a cathode nor an electrolyte has that name.
    """
    known = _CATHODES | _ELECTROLYTES
    if name not in known:
        raise unknown_name("material or electrolyte", name, (*known, *others), where="NAME")
    found = _load(known, "material or electrolyte", name, "NAME")
    return list(cast("Cathode | Electrolyte", found).parameters)


def _load(table: dict[str, tuple[str, str]], kind: str, name: str, where: str) -> object:
    if name not in table:
        raise unknown_name(kind, name, table, where=where)
    module, attribute = table[name]
    return getattr(import_module(f"asyncsoc.materials.{module}"), attribute)
