"""Computed entries (Materials Project JSON) as a phase table.

Entries are read as plain JSON: class names in the file are never followed, so that a file cannot make code run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.materials.thermochemistry.formula import ELEMENTS, Composition, atoms, parse_formula
from asyncsoc.materials.thermochemistry.loading import check_table, read_json
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable

COMPUTED_UNCERTAINTY = 0.05
"""Assumed standard deviation of a computed formation energy [eV/atom]."""
_LARGEST = 1e6

type _Formed = dict[tuple[tuple[str, float], ...], tuple[str, float, str]]


def _finite(row: Mapping[str, Any], key: str, where: str) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
        raise InputError(f"{key} must be a finite number", where=where, value=value, allowed="eV")
    return float(value)


def _amounts(row: Mapping[str, Any], where: str) -> Composition:
    stated = row.get("composition") or row.get("formula_pretty") or row.get("formula")
    if isinstance(stated, str):
        return parse_formula(stated, where=where)
    if not isinstance(stated, Mapping) or not stated:
        raise InputError("an entry has no composition", where=where, value=stated, next_step="add composition")
    for element, amount in stated.items():
        if element not in ELEMENTS:
            raise InputError(f"unknown element {element!r} in an entry", where=where, value=dict(stated))
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0.0 < amount < _LARGEST:
            raise InputError("an amount in an entry must be positive", where=where, value=dict(stated))
    return {element: float(amount) for element, amount in stated.items()}


def _rows(document: object, where: str) -> list[Any]:
    if isinstance(document, Mapping):
        document = next((document[key] for key in ("entries", "data", "response") if key in document), None)
    if not isinstance(document, list) or not document:
        raise InputError(
            "this is not a list of computed entries",
            where=where,
            allowed="a JSON list of objects with composition and energy, or with formula and formation_energy_per_atom",
        )
    return document


def _formula(composition: Composition) -> str:
    amounts = list(composition.values())
    if all(amount == int(amount) for amount in amounts):
        common = math.gcd(*(int(amount) for amount in amounts))
        amounts = [amount / common for amount in amounts]
    pairs = zip(composition, amounts, strict=True)
    return "".join(element if amount == 1.0 else f"{element}{amount:.6g}" for element, amount in pairs)


def parse_entries(
    document: object, *, origin: str, uncertainty: float = COMPUTED_UNCERTAINTY, temperature: float = 298.15
) -> PhaseTable:
    """Return computed entries as a phase table.

    Parameters
    ----------
    document
        A list of computed entries - `composition`, `energy` [eV] of that composition, optional `correction` [eV] and
        `entry_id` - with an entry for every element, or of summaries with `formula_pretty` and
        `formation_energy_per_atom` [eV/atom]; or an object with that list under `entries`, `data` or `response`. Of
        several entries of one formula the lowest is kept.
    origin
        File name, for messages.
    uncertainty
        Standard deviation given to every phase [eV/atom].
    temperature
        Temperature the energies stand for [K]: Materials Project's corrections are fitted to enthalpies at 298 K.

    Raises
    ------
    InputError
        No list, an unknown element, a value that is no finite number, an element without a reference entry.
    """
    formed: _Formed = {}
    totals: list[tuple[float, Composition, str, str]] = []
    for number, row in enumerate(_rows(document, origin), start=1):
        where = f"{origin}, entry {number}"
        if not isinstance(row, Mapping):
            raise InputError("an entry must be an object", where=where, value=row)
        composition = _amounts(row, where)
        label = str(row.get("entry_id") or row.get("material_id") or f"entry {number}")
        if row.get("formation_energy_per_atom") is not None:
            _keep_lowest(formed, _finite(row, "formation_energy_per_atom", where), composition, label)
        else:
            correction = _finite(row, "correction", where) if row.get("correction") is not None else 0.0
            totals.append((_finite(row, "energy", where) + correction, composition, label, where))
    references: dict[str, float] = {}
    for total, composition, _, _ in totals:
        if len(composition) == 1:
            (element,) = composition
            references[element] = min(references.get(element, math.inf), total / atoms(composition))
    for total, composition, label, where in totals:
        missing = [element for element in composition if element not in references]
        if missing:
            raise InputError(
                f"the entries hold no reference for {', '.join(missing)}",
                where=where,
                value=dict(composition),
                next_step="add an entry of each element, or give formation_energy_per_atom",
            )
        zero = sum(amount * references[element] for element, amount in composition.items())
        _keep_lowest(formed, (total - zero) / atoms(composition), composition, label)
    phases = tuple(
        _phase(formula, energy, label, uncertainty, temperature)
        for formula, energy, label in formed.values()
        if len(parse_formula(formula, where=origin)) > 1
    )
    if not phases:
        raise InputError("the entries hold no compound", where=origin, next_step="add the phases that may form")
    return check_table(PhaseTable("computed entries", temperature, phases, origin))


def _keep_lowest(formed: _Formed, energy: float, composition: Composition, label: str) -> None:
    total = atoms(composition)
    key = tuple(sorted((element, round(amount / total, 9)) for element, amount in composition.items()))
    if key not in formed or energy < formed[key][1]:
        formula = formed[key][0] if key in formed else _formula(composition)
        formed[key] = (formula, energy, label)


def _phase(formula: str, per_atom: float, label: str, uncertainty: float, temperature: float) -> Phase:
    composition = parse_formula(formula, where=label)
    count = atoms(composition)
    return Phase(
        name=formula,
        formula=formula,
        composition=composition,
        energy=per_atom * count,
        uncertainty=uncertainty * count,
        temperature=temperature,
        source=f"computed entry {label}",
        uncertainty_source="assumed, the same per atom for every phase",
    )


def read_entries(path: str | Path, *, uncertainty: float = COMPUTED_UNCERTAINTY) -> PhaseTable:
    """Return a JSON file of computed entries as a phase table (see `parse_entries`); raises InputError."""
    return parse_entries(read_json(path), origin=str(path), uncertainty=uncertainty)


def plain_entries(entries: Iterable[object]) -> list[object]:
    """Return pymatgen's entries as the plain data that `parse_entries` reads; plain data stay as they are."""
    return [entry.as_dict() if hasattr(entry, "as_dict") else entry for entry in entries]


def entry_of(table: PhaseTable, formula: str, *, where: str) -> Phase:
    """Return the phase of a table that has the composition of `formula`, per that formula unit.

    Raises
    ------
    InputError
        No phase has it.
    """
    composition = parse_formula(formula, where=where)
    count = atoms(composition)
    for phase in table.phases:
        ratio = count / phase.atoms
        if set(phase.composition) == set(composition) and all(
            math.isclose(amount, ratio * phase.composition[element], rel_tol=1e-6)
            for element, amount in composition.items()
        ):
            return replace(
                phase,
                formula=formula,
                composition=composition,
                energy=ratio * phase.energy,
                uncertainty=ratio * phase.uncertainty,
            )
    raise InputError(
        f"the entries hold no compound {formula}",
        where=where,
        value=formula,
        allowed=", ".join(table.names),
        nearest=nearest_name(formula, table.names),
        next_step="add its entry, or give its formation_enthalpy",
    )
