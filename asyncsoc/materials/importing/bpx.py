"""Files of the Battery Parameter eXchange standard (BPX), version 1.1 and its forerunners from 0.1 on.

The fields are those of the standard's reference implementation (https://github.com/FaradayInstitution/BPX, MIT), which
is not used: it computes an expression by writing a Python file and importing it. Here expressions are arithmetic
(`expression.py`) and nothing of a file is run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.base.errors import InputError, nearest_name, unknown_name
from asyncsoc.base.paths import path_of
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.functions import REFERENCE_TEMPERATURE
from asyncsoc.materials.importing.bpx_fields import (
    ELECTRODE,
    ELSEWHERE,
    HINTS,
    MODELS,
    NUMBERS,
    OPTIONAL,
    PARTICLE,
    REQUIRED,
    Notes,
)
from asyncsoc.materials.importing.curve import Curve, PointTable, read_curve, values_of
from asyncsoc.materials.importing.electrode import (
    ImportedElectrode,
    ImportedElectrolyte,
    check_curves,
    checked_number,
    checked_window,
    window_asked_for,
)
from asyncsoc.materials.importing.expression import Expression
from asyncsoc.materials.importing.json_file import read_json_file

SECTION = "Positive electrode"
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.\d{1,3})?")
_NEWEST_MAJOR = 1
_TWICE_SINCE = (0, 3)
"""Before this version the standard's rate equation lacked a factor of two."""


def read_bpx(
    path: str | Path, *, part: str | None = None, window: tuple[float, float] | None = None
) -> ImportedElectrode:
    """Return the positive electrode of a BPX file.

    Parameters
    ----------
    path
        The file (JSON).
    part
        Name of the material to take where the electrode is a blend.
    window
        (lowest, highest) stoichiometry in place of the file's limits.

    Raises
    ------
    InputError
        Not a BPX file of version 0 or 1, an unknown model, no positive electrode, a field that is missing, unknown, of
        the wrong kind or out of range, an expression that is no arithmetic, a table that is none, a blend of which no
        part is named, a part that is not there: one message with file, field, value and what is allowed.
    """
    file = path_of(path)
    if file.suffix.lower() in (".yml", ".yaml"):
        raise InputError(
            "a YAML file is not read", where=str(file), allowed="a BPX file in JSON", next_step="convert it to JSON"
        )
    document, digest = read_json_file(file)
    notes = Notes(str(file))
    notes.add("file", "", file.name, "taken", f"SHA-256 {digest[:12]}")
    version, header = _header(document, notes)
    cell_sections = _object(document, "Parameterisation", str(file))
    if SECTION not in cell_sections:
        raise InputError(
            "the file has no positive electrode",
            where=f"{file}: Parameterisation",
            value=", ".join(cell_sections),
            allowed=f"'{SECTION}'",
            nearest=nearest_name(SECTION, cell_sections),
            next_step="a negative electrode is not simulated here",
        )
    electrode = _object(cell_sections, SECTION, str(file))
    found, part, place = _material(electrode, part, notes)
    temperature = _reference_temperature(cell_sections, notes)
    result = _electrode(found, place, header, part, temperature, version, notes)
    if window is not None:
        low, high = result["window"] = window_asked_for(window)
        notes.add("stoichiometry limits", "", [low, high], "taken", f"{low:g} to {high:g}, as asked for")
    electrolyte = _electrolyte(document, cell_sections, notes)
    _ignore_the_rest(document, cell_sections, notes)
    imported = ImportedElectrode(**result, electrolyte=electrolyte, report=tuple(notes.values))
    prefix = f"{file}: {place}"
    check_curves(
        imported,
        {
            "open_circuit_potential": f"{prefix}.OCP [V]",
            "delithiation": f"{prefix}.OCP (delithiation) [V]",
            "lithiation": f"{prefix}.OCP (lithiation) [V]",
            "entropic_change": f"{prefix}.Entropic change coefficient [V.K-1]",
            "diffusivity": f"{prefix}.Diffusivity [m2.s-1]",
        },
    )
    return imported


def _object(parent: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise InputError(
            f"'{key}' is missing" if value is None else f"'{key}' is no object",
            where=where,
            value=None if value is None else str(value)[:60],
            nearest=nearest_name(key, parent) if value is None else None,
            next_step="a BPX file has the sections Header and Parameterisation",
        )
    return value


def _header(document: dict[str, Any], notes: Notes) -> tuple[tuple[int, int], dict[str, Any]]:
    header = _object(document, "Header", notes.file)
    where = f"{notes.file}: Header"
    raw = header.get("BPX")
    text = f"{raw:.1f}" if isinstance(raw, float) else str(raw)
    match = _VERSION.fullmatch(text)
    if match is None or int(match[1]) > _NEWEST_MAJOR:
        raise InputError(
            "the version of the standard is missing" if raw is None else "unknown version of the standard",
            where=f"{where}.BPX",
            value=raw,
            allowed="'0.1' to '1.x', as '1.1.0'",
        )
    model = header.get("Model")
    if model not in MODELS:
        raise unknown_name("BPX model", str(model), MODELS, where=f"{where}.Model")
    version = (int(match[1]), int(match[2]))
    notes.add("Header", "BPX", text, "taken", "layout of version 0" if version[0] == 0 else "")
    notes.add("Header", "Model", model, "ignored", "a single particle is simulated, whatever the model of the cell")
    for key in ("Title", "Description", "References"):
        if header.get(key) is not None:
            notes.add("Header", key, header[key], "taken", "as the source of the values")
    return version, header


def _material(electrode: dict[str, Any], part: str | None, notes: Notes) -> tuple[dict[str, Any], str | None, str]:
    """Return the fields of the material to take, its name in a blend and where it stands."""
    place = f"Parameterisation.{SECTION}"
    where = f"{notes.file}: {place}"
    blend = electrode.get("Particle")
    if blend is None:
        if part is not None:
            raise InputError(
                "the electrode is no blend", where=where, value=part, allowed="no part", next_step="leave part out"
            )
        _require_known(electrode, {*PARTICLE, *ELECTRODE}, where)
        for key in ELECTRODE:
            if key in electrode:
                notes.add(SECTION, key, electrode[key], "ignored", ELECTRODE[key])
        return electrode, None, place
    if not isinstance(blend, dict) or not blend:
        raise InputError("a blend without materials", where=f"{where}.Particle", value=str(blend)[:60])
    _require_known(electrode, {*ELECTRODE, "Particle"}, where)
    if part is None:
        raise InputError(
            f"the electrode is a blend of {len(blend)} materials",
            where=f"{where}.Particle",
            allowed=", ".join(f"'{name}'" for name in blend),
            next_step=f"name the one to simulate: part='{next(iter(blend))}' (--part in the command line)",
        )
    if part not in blend:
        raise unknown_name("part of the electrode", part, blend, where=f"{where}.Particle")
    for key in ELECTRODE:
        if key in electrode:
            notes.add(SECTION, key, electrode[key], "ignored", ELECTRODE[key])
    for name in blend:
        if name != part:
            notes.add(SECTION, f"Particle: {name}", blend[name], "ignored", f"the part asked for is '{part}'")
    found = _object(blend, part, where)
    _require_known(found, set(PARTICLE), f"{where}.Particle.{part}")
    return found, part, f"{place}.Particle.{part}"


def _require_known(fields: dict[str, Any], known: set[str], where: str) -> None:
    for key in fields:
        if key not in known:
            raise InputError(
                f"'{key}' is no field of the standard there",
                where=where,
                allowed=", ".join(sorted(known)),
                nearest=nearest_name(key, known),
                next_step="correct its name (unit included), or move it to 'User-defined'",
            )


def _number(fields: dict[str, Any], key: str, place: str, notes: Notes) -> float:
    low, high, unit = NUMBERS[key]
    value = fields.get(key)
    if value is None:
        raise InputError(f"'{key}' is missing", where=f"{notes.file}: {place}", nearest=nearest_name(key, fields))
    nearest, hint = HINTS[key](value) if key in HINTS and isinstance(value, int | float) else (None, None)
    return checked_number(value, f"{notes.file}: {place}.{key}", low, high, unit, nearest=nearest, hint=hint)


def _electrode(
    fields: dict[str, Any],
    place: str,
    header: dict[str, Any],
    part: str | None,
    temperature: float,
    version: tuple[int, int],
    notes: Notes,
) -> dict[str, Any]:
    """Return the attributes of an `ImportedElectrode`."""
    section = SECTION if part is None else f"{SECTION}, {part}"
    for key in REQUIRED:
        if fields.get(key) is None:
            raise InputError(f"'{key}' is missing", where=f"{notes.file}: {place}", nearest=nearest_name(key, fields))
    numbers = {key: _number(fields, key, place, notes) for key in NUMBERS if fields.get(key) is not None}
    window = checked_window(
        numbers["Minimum stoichiometry"],
        numbers["Maximum stoichiometry"],
        f"{notes.file}: {place}.Minimum stoichiometry, .Maximum stoichiometry",
    )
    curves: dict[str, Curve] = {}
    for key, what in OPTIONAL.items():
        if fields.get(key) is None:
            continue
        curves[key], done = read_curve(fields[key], f"{notes.file}: {place}.{key}")
        straight = "its points, joined by straight lines in the standard" if isinstance(curves[key], PointTable) else ""
        notes.add(
            section,
            key,
            fields[key],
            "converted" if done else "taken",
            "; ".join(filter(None, (what, done, straight))),
        )
    lacking = [key for key in ("OCP (delithiation) [V]", "OCP (lithiation) [V]") if key not in curves]
    if len(lacking) == 1:
        raise InputError(
            "only one branch of the hysteresis is given",
            where=f"{notes.file}: {place}.{lacking[0]}",
            next_step="give both branches, or neither",
        )
    for key, note in PARTICLE.items():
        if key in numbers and note:
            notes.add(section, key, fields[key], "ignored" if key in notes.unused else "taken", note)
            if "activation energy" in key and 0.0 < numbers[key] < 200.0:
                notes.add(section, key, fields[key], "assumed", "WARNING: J/mol by its unit, but kJ/mol by its size")
    key = "Reaction rate constant [mol.m-2.s-1]"
    notes.add(section, key, fields[key], "converted", "i0 = F K sqrt(x (1 - x)), at the file's own salt concentration")
    if version < _TWICE_SINCE:
        notes.add(
            section,
            key,
            fields[key],
            "assumed",
            "stands for 2 i0 sinh(F eta/(2 R T)), as since version 0.3; earlier texts of the standard lacked the 2",
        )
    if "Entropic change coefficient [V.K-1]" not in curves:
        notes.add(section, "Entropic change coefficient [V.K-1]", None, "assumed", "0: U does not change with T")
    notes.add(section, "transfer coefficient", None, "assumed", "0.5, as the standard has it")
    for energy in ("Diffusivity activation energy [J.mol-1]", "Reaction rate constant activation energy [J.mol-1]"):
        if energy not in numbers:
            notes.add(section, energy, None, "assumed", "0, as the standard has it")
    rate = Expression(f"{FARADAY * numbers[key]!r} * (x * (1 - x)) ** 0.5", f"{notes.file}: {place}.{key}")
    return {
        "source": f"BPX {header['BPX']}, {Path(notes.file).name}",
        "title": str(header.get("Title") or ""),
        "references": str(header.get("References") or header.get("Description") or ""),
        "part": part,
        "maximum_concentration": numbers["Maximum concentration [mol.m-3]"],
        "particle_radius": numbers["Particle radius [m]"],
        "window": window,
        "reference_temperature": temperature,
        "open_circuit_potential": curves["OCP [V]"],
        "delithiation": curves.get("OCP (delithiation) [V]"),
        "lithiation": curves.get("OCP (lithiation) [V]"),
        "entropic_change": curves.get("Entropic change coefficient [V.K-1]", 0.0),
        "diffusivity": curves["Diffusivity [m2.s-1]"],
        "diffusivity_energy": numbers.get("Diffusivity activation energy [J.mol-1]", 0.0),
        "exchange_current_density": rate,
        "rate_constant": numbers[key],
        "exchange_current_energy": numbers.get("Reaction rate constant activation energy [J.mol-1]", 0.0),
    }


def _reference_temperature(sections: dict[str, Any], notes: Notes) -> float:
    cell = sections.get("Cell")
    key = "Reference temperature [K]"
    if isinstance(cell, dict) and cell.get(key) is not None:
        value = _number(cell, key, "Parameterisation.Cell", notes)
        notes.add("Cell", key, value, "taken", "at which the curves hold")
        return value
    notes.add("Cell", key, None, "assumed", f"{REFERENCE_TEMPERATURE:g} K")
    return REFERENCE_TEMPERATURE


def _electrolyte(document: dict[str, Any], sections: dict[str, Any], notes: Notes) -> ImportedElectrolyte:
    """Return the separator's conductivity and thickness and the areal capacity, as far as the file has them."""
    cell, separator, liquid = (sections.get(name) or {} for name in ("Cell", "Separator", "Electrolyte"))
    for name, value in (("Cell", cell), ("Separator", separator), ("Electrolyte", liquid)):
        if not isinstance(value, dict):
            raise InputError(f"'{name}' is no object", where=f"{notes.file}: Parameterisation", value=str(value)[:60])

    def given(fields: dict[str, Any], section: str, *keys: str) -> list[float] | None:
        if any(fields.get(key) is None for key in keys):
            return None
        return [_number(fields, key, f"Parameterisation.{section}", notes) for key in keys]

    conductivity, energy = None, 0.0
    through = given(separator, "Separator", "Transport efficiency")
    key = "Conductivity [S.m-1]"
    if through and liquid.get(key) is not None:
        where = f"{notes.file}: Parameterisation.Electrolyte.{key}"
        salt = _salt(document, liquid, notes)
        curve, _ = read_curve(liquid[key], where)
        bulk = checked_number(float(values_of(curve, np.array([salt]))[0]), where, 1e-12, 1e6, "S/m")
        conductivity = bulk * through[0]
        notes.add("Electrolyte", key, liquid[key], "converted", f"{bulk:.6g} S/m at {salt:g} mol/m3")
        notes.add(
            "Separator",
            "Transport efficiency",
            separator["Transport efficiency"],
            "converted",
            f"effective conductivity {conductivity:.6g} S/m",
        )
        found = given(liquid, "Electrolyte", "Conductivity activation energy [J.mol-1]")
        if found:
            energy = found[0]
            note = "the conductivity is that of the reference temperature"
            notes.add("Electrolyte", "Conductivity activation energy [J.mol-1]", energy, "ignored", note)
    thickness = given(separator, "Separator", "Thickness [m]")
    if thickness:
        notes.add("Separator", "Thickness [m]", thickness[0], "taken")
    pairs = "Number of electrode pairs connected in parallel to make a cell"
    capacity = given(cell, "Cell", "Nominal cell capacity [A.h]", "Electrode area [m2]", pairs)
    areal = None
    if capacity:
        areal = 3600.0 * capacity[0] / (capacity[1] * capacity[2])
        note = f"areal capacity {areal / 36e3:.6g} mAh/cm2"
        for name in ("Nominal cell capacity [A.h]", "Electrode area [m2]", pairs):
            notes.add("Cell", name, cell[name], "converted", note)
    return ImportedElectrolyte(conductivity, energy, thickness[0] if thickness else None, areal)


def _salt(document: dict[str, Any], liquid: dict[str, Any], notes: Notes) -> float:
    """Return the salt concentration at rest [mol/m3]."""
    state = document.get("State")
    start = state.get("Initial conditions") if isinstance(state, dict) else None
    for fields, key, place in (
        (start, "Initial electrolyte concentration [mol.m-3]", "State.Initial conditions"),
        (liquid, "Initial concentration [mol.m-3]", "Parameterisation.Electrolyte"),
    ):
        if isinstance(fields, dict) and fields.get(key) is not None:
            value = _number(fields, key, place, notes)
            notes.add(place.removeprefix("Parameterisation."), key, value, "taken", "for the conductivity")
            return value
    notes.add("State.Initial conditions", "Initial electrolyte concentration [mol.m-3]", None, "assumed", "1000")
    return 1000.0


def _ignore_the_rest(document: dict[str, Any], sections: dict[str, Any], notes: Notes) -> None:
    """Note every value that nothing was done with."""
    for name, fields in sections.items():
        if name == SECTION:
            continue
        why = ELSEWHERE.get(name, "no section of the standard")
        if name in ("Cell", "Separator", "Electrolyte") and isinstance(fields, dict):
            for key, value in fields.items():
                if not notes.has(name, key):
                    notes.add(name, key, value, "ignored", why)
        else:
            notes.add(name, "", fields, "ignored", why)
    for name, value in document.items():
        if name not in ("Header", "Parameterisation"):
            notes.add(name, "", value, "ignored", ELSEWHERE.get(name, "no section of the standard"))
