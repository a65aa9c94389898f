"""A reactant and phases of a case's own: formula, energies with units, source; from numbers or computed entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    GetCoreSchemaHandler,
    SerializerFunctionWrapHandler,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ELEMENTARY_CHARGE, FARADAY, to_si
from asyncsoc.case.fields import one_line, refusal
from asyncsoc.case.section import Section
from asyncsoc.materials.thermochemistry.entries import entry_of, parse_entries, plain_entries
from asyncsoc.materials.thermochemistry.formula import atoms, parse_formula
from asyncsoc.materials.thermochemistry.loading import FORMAT, parse_phase_table, read_json
from asyncsoc.materials.thermochemistry.own import missing_enthalpy, own_phase
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase, PhaseTable
from asyncsoc.materials.thermochemistry.reactants import reactant_names

MOST_PHASES = 2000
_PER_ATOM = re.compile(r"^(?P<energy>.*?[a-zA-Z])\s*(?:/\s*atom|\s+per\s+atom)\s*$")
_BRACKETS = re.compile(r"/\s*\(\s*mol\s*[\s*.·⋅]\s*K\s*\)|/\s*\(\s*K\s*[\s*.·⋅]\s*mol\s*\)")
_KILO = re.compile(r"kJ")
_LEAST_ENTHALPY, _LEAST_UNCERTAINTY = 500.0, 20.0
"""J per mole of atoms: what is smaller and not written in kJ/mol was probably meant so."""
_ENERGIES = ("formation_enthalpy", "formation_gibbs", "uncertainty")
_ENTROPIES = ("entropy", "entropy_uncertainty")


def molar_energy(value: Any, count: float, *, where: str, least: float = 0.0) -> float:
    """Return an energy in J per mole of formula units.

    Parameters
    ----------
    value
        J/mol as a number; or text with a unit: 'kJ/mol', 'eV' (per formula unit), 'eV/atom'.
    count
        Atoms of the formula unit.
    where
        Key, for messages.
    least
        J per mole of atoms: what is smaller, not 0 and not written in kJ/mol was probably meant in kJ/mol.

    Raises
    ------
    InputError
        Not a number, an unknown unit, or a value too small to be meant in J/mol.
    """
    if isinstance(value, str):
        match = _PER_ATOM.match(value)
        energy = value if match is None else match["energy"]
        if energy.rstrip().endswith("eV"):
            scale = 1.0 if match is None else count
            return to_si(energy, "eV", where=where) / ELEMENTARY_CHARGE * FARADAY * scale
        if match is not None:
            raise InputError(
                "an energy per atom is read in eV", where=where, value=value, allowed="'-0.49 eV/atom', '-613 kJ/mol'"
            )
        if _KILO.search(value):
            return to_si(value, "kJ/mol", where=where)
    number = to_si(value, "kJ/mol", where=where)
    if 0.0 < abs(number) < least * count:
        raise InputError(
            f"{abs(number):g} J/mol is next to nothing (a number without a unit is in J/mol)",
            where=where,
            value=value,
            allowed="a text with its unit: kJ/mol, eV or eV/atom; or a number in J/mol",
            nearest=f"'{number:g} kJ/mol'",
            next_step=f"write '{number:g} kJ/mol', or '{number / 1000.0:g} kJ/mol' where it is so small",
        )
    return number


class _Compound(Section):
    formula: str
    name: str | None = None
    formation_enthalpy: float
    uncertainty: float | None = None
    entropy: float | None = None
    entropy_uncertainty: float | None = None
    formation_gibbs: float | None = None
    state: Literal["", "s", "l", "g"] = ""
    source: str | None = None
    assumed: bool | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, keys: Any) -> Any:
        """Read energies and entropies with their units, per mole of the formula unit."""
        if not isinstance(keys, dict) or not isinstance(keys.get("formula"), str):
            return keys
        try:
            return cls._normal(keys)
        except InputError as error:
            raise refusal(error) from None

    @classmethod
    def _normal(cls, keys: dict[str, Any]) -> dict[str, Any]:
        where = cls.section_name()
        count = atoms(parse_formula(keys["formula"], where=f"{where}.formula"))
        found = dict(keys)
        if found.get("formation_enthalpy") is None and found.get("entries") is None:
            raise missing_enthalpy(keys["formula"], f"{where}.formation_enthalpy")
        if "entries" in found:
            found = {**_from_entries(found, where), **{k: v for k, v in found.items() if k != "entries"}}
        for key in _ENERGIES:
            if found.get(key) is not None:
                least = {"formation_enthalpy": _LEAST_ENTHALPY, "uncertainty": _LEAST_UNCERTAINTY}.get(key, 0.0)
                found[key] = molar_energy(found[key], count, where=f"{where}.{key}", least=least)
        for key in _ENTROPIES:
            value = found.get(key)
            if value is not None:
                plain = _BRACKETS.sub("/mol/K", value) if isinstance(value, str) else value
                found[key] = to_si(plain, "J/mol/K", where=f"{where}.{key}")
        if (found.get("entropy_uncertainty") or 0.0) < 0.0:
            raise InputError(
                "an uncertainty is negative",
                where=f"{where}.entropy_uncertainty",
                value=found["entropy_uncertainty"],
                allowed="0 J/(mol K) or more",
            )
        return found

    @field_validator("name", "source", "note")
    @classmethod
    def _a_line(cls, text: str | None) -> str | None:
        return None if text is None else one_line(text)

    @model_validator(mode="after")
    def _a_compound(self) -> Self:
        try:
            self.to_phase()
        except InputError as error:
            raise refusal(error) from None
        return self

    @field_serializer("formation_enthalpy", "uncertainty")
    def _in_kilojoules_where_small(self, value: float | None) -> float | str | None:
        """Write a small energy in kJ/mol, exactly: in J/mol it would be refused."""
        if not value or abs(value) >= _LEAST_ENTHALPY * atoms(parse_formula(self.formula, where="formula")):
            return value
        return f"{Decimal(repr(value)).scaleb(-3)} kJ/mol"

    @model_serializer(mode="wrap")
    def _what_is_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what is given alone: a key that comes later changes no hash."""
        return {key: value for key, value in handler(self).items() if value is not None and value != ""}

    def to_phase(self) -> Phase:
        """Return it as what reaction energies are computed from: energies in eV per formula unit."""
        return own_phase(
            self.formula,
            self.formation_enthalpy,
            name=self.name,
            uncertainty=self.uncertainty,
            entropy=self.entropy,
            entropy_uncertainty=self.entropy_uncertainty,
            formation_gibbs=self.formation_gibbs,
            source=self.source,
            assumed=self.assumed,
            state=self.state,
            note=self.note or "",
            where=self.section_name(),
        )


def _from_entries(keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return enthalpy, uncertainty and source of a formula from computed entries."""
    if keys.get("formation_enthalpy") is not None:
        raise InputError(
            "formation_enthalpy and entries exclude each other",
            where=f"{where}.entries",
            next_step="remove one of them",
        )
    phase = entry_of(_table_of(keys["entries"], f"{where}.entries"), keys["formula"], where=f"{where}.entries")
    return _keys_of(phase)


def _keys_of(phase: Phase) -> dict[str, Any]:
    """Return the keys of a phase from a table."""
    keys: dict[str, Any] = {
        "formula": phase.formula,
        "formation_enthalpy": f"{phase.energy / KJ_PER_MOL!r} kJ/mol",
        "uncertainty": f"{phase.uncertainty / KJ_PER_MOL!r} kJ/mol",
        "entropy": phase.entropy,
        "entropy_uncertainty": phase.entropy_uncertainty if phase.entropy is not None else None,
        "state": phase.state,
        "source": phase.source,
        "assumed": phase.assumed or None,
        "note": phase.note or (f"uncertainty {phase.uncertainty_source}" if phase.uncertainty_source else None),
    }
    return {key: value for key, value in keys.items() if value is not None and value != ""}


def _table_of(given: Any, where: str) -> PhaseTable:
    """Return the table in a JSON file (a phase table or computed entries), of a list of entries, or as it is."""
    if isinstance(given, PhaseTable):
        return given
    if isinstance(given, str | Path):
        document = read_json(given)
        if isinstance(document, Mapping) and document.get("format") == FORMAT:
            return parse_phase_table(document, origin=str(given))
        return parse_entries(document, origin=str(given))
    listed = plain_entries(given) if isinstance(given, Iterable) and not isinstance(given, Mapping) else given
    return parse_entries(listed, origin=where)


class Reactant(_Compound):
    """A reactant of one's own, per formula unit; what is given as text has a unit, a number is in SI.

    Attributes
    ----------
    formula
        'C3H4O3'; for a polymer that of its repeat unit.
    name
        What results call it; the formula by default.
    formation_enthalpy
        J/mol at 298.15 K from the elements; 'kJ/mol' and 'eV/atom' are read. In its place `entries`: the path of a JSON
        file of computed entries, or a list of pymatgen's.
    uncertainty
        One standard deviation [J/mol]; 20 kJ/mol is assumed where none is given.
    entropy, entropy_uncertainty
        Standard entropy [J/(mol K)]; needed for Gibbs energies.
    formation_gibbs
        Gibbs energy of formation [J/mol]: the entropy follows from it.
    state
        's', 'l' or 'g'.
    source
        Where the numbers are from; without it they count as assumed.
    assumed
        Whether they count as assumed all the same (an estimate), or not.
    note
        What to know about them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> carbonate = aso.Reactant(formula="C3H4O3", formation_enthalpy="-580 kJ/mol")  # a value for the example
    >>> carbonate.formation_enthalpy
    -580000.0
    """

    @classmethod
    def section_name(cls) -> str:
        """Return the key that holds it."""
        return "side_reaction.reactant"

    @model_validator(mode="after")
    def _of_its_own(self) -> Self:
        if self.called.lower() in reactant_names():
            raise refusal(
                InputError(
                    "this name belongs to a reactant that comes with asyncsoc",
                    where="side_reaction.reactant.name",
                    value=self.called,
                    next_step="give it another name; what comes with asyncsoc stays what it is",
                )
            )
        return self

    @property
    def called(self) -> str:
        """Its name, or its formula."""
        return self.name or self.formula


class OwnPhase(_Compound):
    """A phase that may form, added to the table or in place of the one with its composition; keys as of `Reactant`."""

    @classmethod
    def section_name(cls) -> str:
        """Return the key that holds it."""
        return "side_reaction.phases"


class NamedOrOwn:
    """Annotation of a reactant: a name, or a mapping of `Reactant`'s keys."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a name as text and a mapping as a reactant."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: Any) -> str | Reactant:
        """Return the name or the reactant."""
        if isinstance(value, str | Reactant):
            return value
        if not isinstance(value, Mapping):
            raise refusal(
                InputError(
                    "a reactant is a name or a table of keys",
                    value=value,
                    allowed="'litfsi', or {formula = ..., formation_enthalpy = ...}",
                )
            )
        try:
            return Reactant(**value)
        except InputError as error:
            raise refusal(error) from None


class Phases:
    """Annotation of phases of one's own: a list of mappings, or a JSON file (phase table or computed entries)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read files and lists into phases."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: Any) -> tuple[OwnPhase, ...] | None:
        """Return the phases; an error pydantic reports where there are none such."""
        try:
            return self.of(value)
        except InputError as error:
            raise refusal(error) from None

    def of(self, value: Any) -> tuple[OwnPhase, ...] | None:
        """Return the phases, None where the list is empty; raises InputError."""
        found = tuple(_phases_of(value))
        if len(found) > MOST_PHASES:
            raise InputError(
                "too many phases",
                where=OwnPhase.section_name(),
                value=len(found),
                allowed=f"at most {MOST_PHASES}",
                next_step="keep those made of the elements of cathode and reactant",
            )
        return found or None


def _phases_of(value: Any) -> Iterable[OwnPhase]:
    where = OwnPhase.section_name()
    if isinstance(value, str | Path | PhaseTable):
        return _listed(_table_of(value, where))
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise InputError(
            "phases are a list of tables, or the path of a JSON file",
            where=where,
            value=value,
            allowed="[{formula = ..., formation_enthalpy = ...}, ...] or 'phases.json'",
        )
    listed = list(value)
    if listed and any(hasattr(one, "as_dict") or (isinstance(one, Mapping) and "energy" in one) for one in listed):
        return _listed(_table_of(listed, where))
    return [_one(one, number) for number, one in enumerate(listed, start=1)]


def _listed(table: PhaseTable) -> list[OwnPhase]:
    return [OwnPhase(**{**_keys_of(phase), "name": phase.name}) for phase in table.phases]


def _one(value: Any, number: int) -> OwnPhase:
    if isinstance(value, OwnPhase):
        return value
    where = f"{OwnPhase.section_name()}[{number}]"
    if not isinstance(value, Mapping):
        raise InputError("a phase is a table of keys", where=where, value=value, allowed="{formula = ..., ...}")
    try:
        return OwnPhase(**value)
    except InputError as error:
        raise InputError(
            error.what,
            where=(error.where or where).replace(OwnPhase.section_name(), where, 1),
            value=error.value,
            allowed=error.allowed,
            nearest=error.nearest,
            next_step=error.next_step,
        ) from None
