"""Overrides from the command line: 'contact.coverage=0.2' applied to the tables of a case."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.profiles import all_steps, followed_names

_EXCLUSIVE: dict[tuple[str, str], tuple[str, ...]] = {
    ("particle", "file"): ("sha256",),
    ("protocol", "initial_voltage"): ("initial_stoichiometry", "initial_soc"),
    ("protocol", "initial_stoichiometry"): ("initial_voltage", "initial_soc"),
    ("protocol", "initial_soc"): ("initial_stoichiometry", "initial_voltage"),
    ("electrode", "table"): ("coverage", "radius", "set"),
    ("electrode", "set"): ("coverage", "radius", "table"),
    ("side_reaction", "reference_energy"): ("reference_stoichiometry",),
    ("side_reaction", "reference_stoichiometry"): ("reference_energy",),
}


def apply_overrides(keys: Mapping[str, Any], overrides: Sequence[str], model: type[BaseModel]) -> dict[str, Any]:
    """Return `keys` with each 'section.key=value' of `overrides` set; the last one wins.

    A value is read as TOML; what is not TOML is a text, so that quotes may be left out.

    Raises
    ------
    InputError
        No '=', no key, or a section or key that `model` does not have.
    """
    if isinstance(overrides, str | Mapping):
        first = overrides if isinstance(overrides, str) else next((f"{k}={v}" for k, v in overrides.items()), "")
        raise InputError(
            "overrides are a list of texts",
            where="overrides",
            value=type(overrides).__name__,
            allowed='["contact.coverage=0.2"]',
            next_step=f'write ["{first}"]',
        )
    tables: dict[str, Any] = {key: dict(value) if isinstance(value, Mapping) else value for key, value in keys.items()}
    for override in overrides:
        path, value = _split(override)
        _check_path(path, override, model)
        if len(path) == 1:
            tables[path[0]] = value
            continue
        section, key, *inner = path
        table = tables.setdefault(section, {})
        if isinstance(table, BaseModel):
            table = tables[section] = table.model_dump(exclude_unset=True)
        if not isinstance(table, dict):
            raise InputError("wrong type: expected a section", where=section, value=table, allowed="a table of keys")
        table[key] = _with_inner(table.get(key), inner[0], value, override) if inner else value
        for other in _EXCLUSIVE.get((section, key), ()):
            table.pop(other, None)
        if section == "protocol" and key in ("steps", "cycle"):
            _drop_unused_profiles(table)
    return tables


def inner_section(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """Return the class of a key that is a table itself, such as electrode.coverage; None where it is none."""
    field = model.model_fields.get(key)
    kinds = () if field is None else get_args(field.annotation) or (field.annotation,)
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    others = [kind for kind in kinds if kind is not type(None) and kind not in found]
    return found[0] if len(found) == 1 and not others else None


def _with_inner(table: Any, key: str, value: Any, override: str) -> dict[str, Any]:
    """Return a table within a section with one of its keys set."""
    if isinstance(table, BaseModel):
        table = table.model_dump(exclude_unset=True)
    if table is not None and not isinstance(table, Mapping):
        raise InputError(
            f"the case gives one value, which has no {key}",
            where="--set",
            value=override,
            allowed=f"a table in the case, such as {{ law = ..., {key} = ... }}",
            next_step=f"give the table, then change its {key}",
        )
    return {**(table or {}), key: value}


def _drop_unused_profiles(protocol: dict[str, Any]) -> None:
    """Leave out the profiles that no step follows any more."""
    if protocol.get("profile"):
        names = followed_names(all_steps(protocol))
        kept = [entry for entry in protocol["profile"] if not isinstance(entry, Mapping) or entry.get("name") in names]
        protocol["profile"] = kept


def _split(override: str) -> tuple[tuple[str, ...], Any]:
    name, equals, text = override.partition("=")
    path = tuple(part.strip() for part in name.split("."))
    if not equals or not all(path):
        raise InputError(
            "an override is written SECTION.KEY=VALUE", where="--set", value=override, allowed="contact.coverage=0.2"
        )
    if not text.strip():
        raise InputError("an override needs a value", where=f"--set {name.strip()}", value=override)
    return path, read_value(text.strip())


def read_value(text: str) -> Any:
    """Return what a text says in TOML; what is not TOML is text."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if list(parsed) == ["value"] else text


def _check_path(path: tuple[str, ...], override: str, model: type[BaseModel]) -> None:
    sections = {name: field.annotation for name, field in model.model_fields.items()}
    if path[0] not in sections:
        every = [
            f"{name}.{key}"
            for name, section in sections.items()
            if isinstance(section, type) and issubclass(section, BaseModel)
            for key in section.model_fields
        ]
        raise InputError(
            f"unknown section or key '{path[0]}'",
            where="--set",
            value=override,
            allowed=", ".join(sections),
            nearest=nearest_name(".".join(path), every),
        )
    section = sections[path[0]]
    known = list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
    inner = None
    if isinstance(section, type) and issubclass(section, BaseModel) and len(path) == 3:
        inner = inner_section(section, path[1])
    if inner is not None:
        if path[2] not in inner.model_fields:
            raise InputError(
                f"unknown key '{path[2]}'",
                where="--set",
                value=override,
                allowed=", ".join(f"{path[0]}.{path[1]}.{key}" for key in inner.model_fields),
                nearest=nearest_name(path[2], list(inner.model_fields)),
            )
        return
    if known and (len(path) != 2 or path[1] not in known):
        nearest = nearest_name(".".join(path[1:]), known)
        raise InputError(
            f"unknown key '{'.'.join(path[1:])}'" if len(path) > 1 else f"'{path[0]}' is a section",
            where="--set",
            value=override,
            allowed=", ".join(f"{path[0]}.{key}" for key in known),
            nearest=f"{path[0]}.{nearest}" if nearest else None,
        )
    if not known and len(path) > 1:
        raise InputError(f"'{path[0]}' has no keys", where="--set", value=override, nearest=f"{path[0]}=...")
