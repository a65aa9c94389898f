"""Names of the parameter sets; a set's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from asyncsoc.base.errors import unknown_name
from asyncsoc.materials.types import Cathode, ElectrolyteParameters, Parameter

DEFAULT_CATHODE = "ncm811-sturm2019"
DEFAULT_ELECTROLYTE = "peo-litfsi"
OWN = "own"
"""What a case calls a cathode of its own, which starts from no parameter set."""

CATHODES = {
    "ncm811-sturm2019": "asyncsoc.materials.ncm811_sturm2019:DEFAULT",
    "ncm811-sturm2019-pure": "asyncsoc.materials.ncm811_sturm2019:PURE",
    "ncm811-chen2020": "asyncsoc.materials.ncm811_chen2020:CHEN",
    "ncm811-oregan2022": "asyncsoc.materials.ncm811_oregan2022:OREGAN",
    "ncm811-karanth2024": "asyncsoc.materials.ncm811_karanth2024:KARANTH",
    "nmc532-xu2019": "asyncsoc.materials.nmc532_xu2019:XU",
    "nca-kim2011": "asyncsoc.materials.nca_kim2011:KIM",
    "lco-marquis2019": "asyncsoc.materials.lco_marquis2019:MARQUIS",
    "lfp-prada2013": "asyncsoc.materials.lfp_prada2013:PRADA",
}
"""Every cathode: what a case calls it, and 'module:name' of its set."""
SHORT_CATHODE_NAMES = {"ncm811": DEFAULT_CATHODE}
"""What the commands for reaction energies also accept."""
ELECTROLYTES = {
    "peo-litfsi": "asyncsoc.materials.peo_litfsi:PEO_LITFSI",
    "pegda-peca": "asyncsoc.materials.pegda_peca:PEGDA_PECA",
    "liquid-lipf6": "asyncsoc.materials.liquid_lipf6:LIQUID_LIPF6",
}
"""Every electrolyte, likewise."""


def cathode_names() -> tuple[str, ...]:
    """Return the names of the cathode parameter sets, the default first."""
    return tuple(CATHODES)


def electrolyte_names() -> tuple[str, ...]:
    """Return the names of the electrolyte parameter sets, the default first."""
    return tuple(ELECTROLYTES)


def cathode(name: str, *, where: str = "material.name") -> Cathode:
    """Return a cathode by its name.

    Raises
    ------
    InputError
        No cathode has that name.
    """
    return cast(Cathode, _load(CATHODES, "material", name, where))


def electrolyte(name: str, *, where: str = "electrolyte.name") -> ElectrolyteParameters:
    """Return an electrolyte by its name.

    Raises
    ------
    InputError
        No electrolyte has that name.
    """
    return cast(ElectrolyteParameters, _load(ELECTROLYTES, "electrolyte", name, where))


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
    known = CATHODES | ELECTROLYTES
    if name not in known:
        raise unknown_name("material or electrolyte", name, (*known, *others), where="NAME")
    found = _load(known, "material or electrolyte", name, "NAME")
    return list(cast("Cathode | ElectrolyteParameters", found).parameters)


def _load(table: dict[str, str], kind: str, name: str, where: str) -> object:
    if name not in table:
        raise unknown_name(kind, name, table, where=where)
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
