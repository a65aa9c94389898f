"""Write the tables of case_file.md from the case's own classes: `python docs/case_tables.py`.

Key, unit, default and range come from the code and a test holds the page to them. The meanings are the page's own: they
are kept, and a key that is new starts with what its docstring or its declaration says.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from asyncsoc.base.units import from_si
from asyncsoc.case.case import Case
from asyncsoc.case.coverage_change import CoverageChange
from asyncsoc.case.fields import Measured, OneOf
from asyncsoc.case.grains import Grains
from asyncsoc.case.own_contact import DirectionMap, FacetWeights
from asyncsoc.case.patch import AngleIn, Patch
from asyncsoc.case.profiles import FollowedFile
from asyncsoc.case.properties import RedoxBalance, Span
from asyncsoc.case.reactant import NamedOrOwn, Phases, Reactant
from asyncsoc.case.schedule import Cycle
from asyncsoc.case.stated_conductivity import StatedConductivity
from asyncsoc.interface.rate_laws import rate_constants
from asyncsoc.interface.side_reaction_constants import CONSTANTS

INNER: dict[str, type[BaseModel]] = {
    "particle.grains": Grains,
    "contact.patch": Patch,
    "contact.weights": FacetWeights,
    "contact.map": DirectionMap,
    "contact.coverage_change": CoverageChange,
    "protocol.cycle": Cycle,
    "side_reaction.reactant": Reactant,
    "protocol.profile": FollowedFile,
}
"""Tables within tables."""
PAGE = Path(__file__).with_name("case_file.md")
_SECTION = re.compile(r"(<!-- table: (?P<name>[\w.]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_HEADS = ("key", "unit", "default", "allowed", "meaning")
_DECLARED = {"kinetics": rate_constants(), "side_reaction": CONSTANTS}
_OR_OVER_TEMPERATURE = "; or CSV, table or law over temperature"
_MINIMAL = {"protocol": {"steps": ["Rest for 1 hour"]}}


def sections() -> dict[str, type[BaseModel]]:
    """Return the tables of a case file by name."""
    found = {
        name: field.annotation
        for name, field in Case.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    return {**found, **INNER}


def written(page: str) -> str:
    """Return the page with its tables made anew."""
    known = sections()
    return _SECTION.sub(lambda match: match[1] + _table(match["name"], known[match["name"]], match[0]) + match[3], page)


def _table(name: str, section: type[BaseModel], before: str) -> str:
    defaults: Any = Case.from_dict(_MINIMAL).to_dict()
    inner = {key: None if field.is_required() else field.default for key, field in section.model_fields.items()}
    defaults = inner if name in INNER else defaults[name]
    declared = {key: one.meaning for key, one in _DECLARED.get(name, {}).items()}
    meanings = {**_meanings(section), **declared, **_kept(before)}
    rows = [
        (
            f"`{key}`",
            _unit(field) or "-",
            _default(key, field, defaults[key], section),
            _allowed(field),
            meanings.get(key, ""),
        )
        for key, field in section.model_fields.items()
    ]
    lines = [_HEADS, ("---",) * len(_HEADS), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _meanings(section: type[BaseModel]) -> dict[str, str]:
    """Return what each attribute's docstring says, in one line; names that share a text share it."""
    text = inspect.getdoc(section) or ""
    _, _, attributes = text.partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in attributes.splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(",")]
        elif line.strip():
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _kept(table: str) -> dict[str, str]:
    """Return the meanings a table on the page has, by key."""
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines() if "`" in line]
    return {row[0].strip("`"): row[-1] for row in rows if len(row) == len(_HEADS)}


def _measured(field: FieldInfo) -> Measured | None:
    return next(_inside((field.annotation, *field.metadata), Measured), None)


def _inside[T](parts: tuple[Any, ...], kind: type[T] | tuple[type[T], ...]) -> Iterator[T]:
    for part in parts:
        if isinstance(part, kind):
            yield part
        yield from _inside(get_args(part) if get_origin(part) is not Literal else (), kind)


def _literals(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(name for part in get_args(annotation) for name in _literals(part))


def _unit(field: FieldInfo) -> str:
    if next(_inside((field.annotation, *field.metadata), AngleIn), None) is not None:
        return "deg"
    measured = _measured(field)
    return "" if measured is None else measured.unit


def _default(key: str, field: FieldInfo, value: Any, section: type[BaseModel]) -> str:
    if field.is_required() and section in INNER.values():
        return "required"
    if value is None or value in ([], (), "") or key == "steps":
        return "-"
    measured = _measured(field)
    if measured is not None and isinstance(value, float) and measured.unit:
        return f"`{from_si(value, measured.unit):.6g} {measured.unit}`"
    return f"`{value:.6g}`" if isinstance(value, float) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    parts = (field.annotation, *get_args(field.annotation))
    several = next((part for part in parts if get_origin(part) is tuple), None)
    if several is not None:
        first, *others = get_args(several)
        if others != [...]:
            one = next(_inside((first,), Measured), None)
            return "three numbers, not all 0" if one is None or not one.unit else f"three numbers, each {one.allowed}"
        name = next((name for name, inner in INNER.items() if inner is first), None)
        if name is not None:
            return f"see [[{name}]]"
        numbers = next(_inside((first,), Measured), None)
        if numbers is not None or first is float:
            return "list of numbers" if numbers is None else f"list of numbers, {numbers.allowed}"
        return "list of strings" if first is str else "list of strings or numbers"
    angle = next(_inside((field.annotation, *field.metadata), AngleIn), None)
    if angle is not None:
        return f"{math.degrees(angle.low):g} to {math.degrees(angle.high):g} deg"
    whole = next((name for name, inner in INNER.items() if inner in _inside((field.annotation,), type)), None)
    if whole is not None:
        return f"see [{whole}]"
    measured = _measured(field)
    if measured is not None:
        return measured.allowed + (_OR_OVER_TEMPERATURE if isinstance(measured, StatedConductivity) else "")
    if next(_inside((field.annotation,), Phases), None) is not None:
        return "list of tables, or JSON file"
    if next(_inside((field.annotation,), NamedOrOwn), None) is not None:
        return "string, or a table: see [side_reaction.reactant]"
    described = next(_inside((field.annotation, *field.metadata), (Span, RedoxBalance)), None)
    if described is not None:
        return described.allowed
    one_of = next(_inside((field.annotation, *field.metadata), OneOf), None)
    names = _literals(field.annotation) if one_of is None else one_of.names
    if names:
        return ", ".join(f"`{name}`" for name in names if name)
    kinds = list(_inside((field.annotation,), type))
    if float in kinds:
        return "number with unit"
    return "whole number" if int in kinds else "string"


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
