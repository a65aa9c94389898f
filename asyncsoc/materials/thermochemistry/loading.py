"""Phase tables and reactants from JSON: every value is checked, a bad one is one clear error."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.paths import path_of
from asyncsoc.materials.thermochemistry.formula import Composition, parse_formula
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase, PhaseTable

FORMAT = "asyncsoc-phase-table"
_ENERGY = "formation_enthalpy_kJ_per_mol"
_UNCERTAINTY = "uncertainty_kJ_per_mol"
_GIBBS = "formation_gibbs_kJ_per_mol"
_ENTROPY = "entropy_J_per_mol_K"
_ENTROPY_UNCERTAINTY = "entropy_uncertainty_J_per_mol_K"
PHASE_KEYS = {
    *("formula", "name", "state", "composition", "source", "uncertainty_source", "assumed", "note", "temperature_K"),
    *(_ENERGY, _UNCERTAINTY, _GIBBS, _ENTROPY),
    *(_ENTROPY_UNCERTAINTY, "entropy_source", "entropy_estimated", "molar_volume_cm3_per_mol"),
}
_ELEMENTS = "element_entropies_J_per_mol_K"
_LARGEST = 1e6
_LARGEST_FILE = 64 * 1024 * 1024


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file; raises InputError where it is missing, too large or not JSON."""
    file = path_of(path)
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise InputError("the file is too large", where=str(file), allowed=f"up to {_LARGEST_FILE} bytes")
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("the file cannot be read", where=str(file), value=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise InputError("the file is not JSON", where=str(file), value=str(error)) from error


def _number(row: Mapping[str, Any], key: str, where: str, *, optional: bool = False) -> float | None:
    value = row.get(key)
    if value is None and (optional or key in row):
        if optional:
            return None
        raise InputError(f"{key} is empty", where=where, value="null", next_step="give a number")
    if value is None:
        raise InputError(f"{key} is missing", where=where, next_step=f"add {key}")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InputError(f"{key} must be a finite number", where=where, value=value, allowed="a finite number")
    if abs(value) > _LARGEST:
        raise InputError(f"{key} is out of range", where=where, value=value, allowed=f"within +-{_LARGEST:g}")
    return float(value)


def _required(row: Mapping[str, Any], key: str, where: str) -> float:
    value = _number(row, key, where)
    return 0.0 if value is None else value


def text_of(row: Mapping[str, Any], key: str, where: str, *, required: bool = False) -> str:
    """Return a text of an entry; raises InputError where it is no text, or empty though required."""
    value = row.get(key, "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise InputError(f"{key} is missing", where=where, value=value, next_step=f"say the {key} in words or as a DOI")
    return value.strip()


def known_keys(row: object, known: set[str], where: str) -> Mapping[str, Any]:
    """Return an entry as a mapping; raises InputError for anything else and for a key that is not known."""
    allowed = ", ".join(sorted(known))
    if not isinstance(row, Mapping):
        raise InputError("an entry must be an object with keys", where=where, value=row, allowed=allowed)
    for key in row:
        if key not in known:
            raise InputError("unknown key", where=where, value=key, allowed=allowed, nearest=nearest_name(key, known))
    return row


def _composition(row: Mapping[str, Any], formula: str, where: str) -> Composition:
    composition = parse_formula(formula, where=f"{where}, key formula")
    stated = row.get("composition")
    if stated is None:
        return composition
    if not isinstance(stated, Mapping) or any(
        isinstance(value, bool) or not isinstance(value, (int, float)) for value in stated.values()
    ):
        raise InputError("composition must give a number per element", where=where, value=stated)
    if set(stated) != set(composition) or any(
        not math.isclose(stated[element], amount, rel_tol=1e-9) for element, amount in composition.items()
    ):
        raise InputError(
            "unbalanced formula: formula and composition name different amounts",
            where=where,
            value=dict(stated),
            allowed=str(dict(composition)),
        )
    return composition


def parse_phase(row: Mapping[str, Any], sources: Mapping[str, str], temperature: float, where: str) -> Phase:
    """Return the phase of one checked entry; `sources` spells out short names; raises InputError."""
    formula = text_of(row, "formula", where, required=True)
    where = f"{where} ({formula})"
    composition = _composition(row, formula, where)
    uncertainty = _required(row, _UNCERTAINTY, where)
    if uncertainty < 0.0:
        raise InputError(f"{_UNCERTAINTY} is negative", where=where, value=uncertainty, allowed="0 or more")
    own = _number(row, "temperature_K", where, optional=True)
    if own is not None and own != temperature:
        raise InputError(
            "a phase has another temperature than its table", where=where, value=own, allowed=f"{temperature} K"
        )
    assumed, estimated = (_flag(row, key, where) for key in ("assumed", "entropy_estimated"))
    source = text_of(row, "source", where, required=True)
    gibbs = _number(row, _GIBBS, where, optional=True)
    spread = _number(row, _ENTROPY_UNCERTAINTY, where, optional=True) or 0.0
    if spread < 0.0:
        raise InputError(f"{_ENTROPY_UNCERTAINTY} is negative", where=where, value=spread, allowed="0 or more")
    entropy_source = text_of(row, "entropy_source", where)
    return Phase(
        name=text_of(row, "name", where) or formula,
        formula=formula,
        composition=composition,
        energy=_required(row, _ENERGY, where) * KJ_PER_MOL,
        uncertainty=uncertainty * KJ_PER_MOL,
        temperature=temperature,
        source=sources.get(source, source),
        assumed=assumed,
        state=text_of(row, "state", where),
        gibbs=None if gibbs is None else gibbs * KJ_PER_MOL,
        entropy=_number(row, _ENTROPY, where, optional=True),
        uncertainty_source=text_of(row, "uncertainty_source", where),
        note=text_of(row, "note", where),
        entropy_uncertainty=spread,
        entropy_source=sources.get(entropy_source, entropy_source),
        entropy_estimated=estimated,
    )


def _flag(row: Mapping[str, Any], key: str, where: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        raise InputError(f"{key} must be true or false", where=where, value=value, allowed="true, false")
    return value


def _element_entropies(header: Mapping[str, Any], origin: str) -> Mapping[str, float]:
    """Return the elements' standard entropies a document gives, by formula; raises InputError."""
    given = header.get(_ELEMENTS, {})
    if not isinstance(given, Mapping):
        raise InputError(f"{_ELEMENTS} must map formulas to numbers", where=origin, value=given)
    return MappingProxyType({name: _required(given, name, f"{origin}, {_ELEMENTS}") for name in given})


def parse_header(document: object, key: str, expected: str, where: str) -> tuple[Mapping[str, Any], list[Any], float]:
    """Return a document, its list under `key` and its temperature [K]; raises InputError where it is not `expected`."""
    if not isinstance(document, Mapping) or document.get("format") != expected:
        raise InputError(f"this is not a table of {key}", where=where, allowed=f'"format": "{expected}"')
    rows = document.get(key)
    if not isinstance(rows, list) or not rows:
        raise InputError(f"the table lists no {key}", where=where, next_step=f'fill "{key}"')
    temperature = _required(document, "temperature_K", where)
    if temperature <= 0.0:
        raise InputError("temperature_K must be positive", where=where, value=temperature, allowed="above 0 K")
    return document, rows, temperature


def parse_sources(document: Mapping[str, Any], where: str) -> dict[str, str]:
    """Return the short names of the sources with what they stand for; raises InputError."""
    sources = document.get("sources", {})
    if not isinstance(sources, Mapping) or not all(isinstance(text, str) and text for text in sources.values()):
        raise InputError("sources must map short names to texts", where=where, value=sources)
    return dict(sources)


def check_table(table: PhaseTable) -> PhaseTable:
    """Return the table; raises InputError for two phases of one name, or of one formula and state."""
    names: set[str] = set()
    kinds: set[tuple[str, str]] = set()
    for phase in table.phases:
        kind = (phase.formula, phase.state)
        if phase.name in names or kind in kinds:
            raise InputError(
                "duplicate phase in the table",
                where=table.origin,
                value=phase.name,
                next_step="keep one of them; two states of one formula need different names",
            )
        names.add(phase.name)
        kinds.add(kind)
    return table


def parse_phase_table(document: object, *, origin: str) -> PhaseTable:
    """Return the phase table in a parsed JSON document.

    Parameters
    ----------
    document
        Object with `format`, `title`, `temperature_K`, optional `sources` and `phases`: a list of objects with
        `formula`, `formation_enthalpy_kJ_per_mol`, `uncertainty_kJ_per_mol`, `source` and, optionally, `name`, `state`,
        `composition`, `formation_gibbs_kJ_per_mol`, `temperature_K`, `uncertainty_source`, `assumed` and `note`; for
        Gibbs energies `entropy_J_per_mol_K`, with `entropy_uncertainty_J_per_mol_K`, `entropy_source`,
        `entropy_estimated` and `molar_volume_cm3_per_mol`. The document may give `element_entropies_J_per_mol_K`.
    origin
        File name, for messages.

    Raises
    ------
    InputError
        Unknown element or key, unbalanced formula, NaN, missing source, duplicate: names the entry and the key.
    """
    header, rows, temperature = parse_header(document, "phases", FORMAT, origin)
    sources = parse_sources(header, origin)
    phases = []
    for number, row in enumerate(rows, start=1):
        where = f"{origin}, phase {number}"
        phases.append(parse_phase(known_keys(row, PHASE_KEYS, where), sources, temperature, where))
    entropies = _element_entropies(header, origin)
    return check_table(PhaseTable(text_of(header, "title", origin), temperature, tuple(phases), origin, entropies))


def read_phase_table(path: str | Path) -> PhaseTable:
    """Return a phase table from a JSON file (see `parse_phase_table`); raises InputError."""
    return parse_phase_table(read_json(path), origin=str(path))


def package_data(name: str) -> Any:
    """Return a JSON document that comes with the package."""
    folder = resources.files("asyncsoc.materials.thermochemistry") / "data"
    return json.loads((folder / name).read_text(encoding="utf-8"))


@cache
def default_phase_table() -> PhaseTable:
    """Return the table of competing phases that comes with asyncsoc (Li-Ni-Co-Mn-O-C-N-F-S-H, 298.15 K)."""
    return parse_phase_table(package_data("phases.json"), origin="asyncsoc/materials/thermochemistry/data/phases.json")
