"""A case back into TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from asyncsoc.base.units import si_unit
from asyncsoc.case.fields import Measured

if TYPE_CHECKING:
    from asyncsoc.case.case import Case


def to_toml(case: Case) -> str:
    """Return `case` as TOML in SI, defaults included, units in comments."""
    lines = [f"name = {_value(case.name)}"]
    for name in _section_names(type(case)):
        section: BaseModel = getattr(case, name)
        if name == "electrode" and not case.electrode.described:
            continue
        if name == "impedance" and section == type(section)():
            continue
        # A particle may hold a mesh, which nobody should keep alive.
        kept = name != "particle" or case.particle.shape != "arrays"
        lines.append(_section(name, section) if kept else _lines(name, section))
    return "\n".join(lines) + "\n"


def sections_to_toml(sections: Mapping[str, BaseModel]) -> str:
    """Return sections by their names as a part of a case file, in SI, units in comments."""
    return "\n".join(_lines(name, section) for name, section in sections.items()).lstrip() + "\n"


@lru_cache(maxsize=4)
def _section_names(case: type[BaseModel]) -> tuple[str, ...]:
    """Return the names of a case's sections, in order."""
    kinds = {name: field.annotation for name, field in case.model_fields.items()}
    return tuple(name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel))


@lru_cache(maxsize=256)
def _section(name: str, section: BaseModel) -> str:
    """Return a section as text, once: the cases of a sweep share most of their sections."""
    return _lines(name, section)


def _lines(name: str, section: BaseModel) -> str:
    content = section.model_dump()
    inner = {key: value for key, value in content.items() if _is_table(value) or _are_tables(value)}
    own = {key: value for key, value in content.items() if key not in inner}
    lines = ["", f"[{name}]", *_table(own, units_of(type(section)))]
    for key, value in inner.items():
        units = _inner_units(type(section), key)
        if _is_table(value):
            lines += ["", f"[{name}.{key}]", *_table(value, units)]
        else:
            for one in value:
                lines += ["", f"[[{name}.{key}]]", *_table(one, units)]
    return "\n".join(lines)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_tables(value: Any) -> bool:
    return isinstance(value, tuple | list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _inner_units(section: type[BaseModel], key: str) -> Mapping[str, str]:
    """Return the SI units of the keys of a section within a section."""
    found = next(_sections_in((section.model_fields[key].annotation,)), None)
    return {} if found is None else units_of(found)


def _sections_in(parts: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for part in parts:
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part
        yield from _sections_in(get_args(part))


def _table(content: Mapping[str, Any], units: Mapping[str, str]) -> list[str]:
    return [
        f"{_key(key)} = {_value(value)}" + (f"  # {units[key]}" if units.get(key) else "")
        for key, value in content.items()
        if value is not None and value != ()
    ]


def _value(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items() if item is not None and item != ())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)  # JSON's escapes and truth values are TOML's
    return repr(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key, ensure_ascii=False)


@lru_cache(maxsize=64)
def units_of(section: type[BaseModel]) -> dict[str, str]:
    """Return the SI unit of every key of a section, '' where it has none."""
    return {key: _unit(field) for key, field in section.model_fields.items()}


def _unit(field: FieldInfo) -> str:
    """Return the SI unit of a field, '' where it has none."""
    found = next(_measured((field.annotation, *field.metadata)), None)
    return "" if found is None else si_unit(found.unit)


def _measured(parts: Iterable[Any]) -> Iterator[Measured]:
    """Yield the quantities among annotations, through `| None` and Annotated."""
    for part in parts:
        if isinstance(part, Measured):
            yield part
        yield from _measured(get_args(part))
