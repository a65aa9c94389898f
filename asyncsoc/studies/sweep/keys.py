"""The keys that a sweep may vary: keys of a case with their types, and names in braces in the protocol's steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.units import from_si, si_unit
from asyncsoc.case.case import Case
from asyncsoc.case.fields import CRate, Measured
from asyncsoc.case.overrides import apply_overrides, inner_section, read_value
from asyncsoc.case.schedule import Protocol
from asyncsoc.studies.sweep.given import GivenTable

Value = float | int | bool | str | tuple[Any, ...] | GivenTable
"""A value on an axis: numbers in SI."""
RATE = "protocol.rate"
SEED, ELECTRODE_SEED = "contact.seed", "electrode.seed"
SEEDS = (SEED, ELECTRODE_SEED)
_RATE_OF_STEP = re.compile(r"protocol\.rate\[(?P<step>[1-9][0-9]{0,5})\]")
_PLACE = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_ -]*?)\s*\}")


@dataclass(frozen=True)
class Key:
    """A quantity that can be varied.

    Attributes
    ----------
    name
        'contact.coverage'; 'contact', a whole section; 'protocol.rate[2]', the C-rate of step 2; or the name in braces
        of a protocol's step: 'rate' of "Charge at {rate} C until 4.2 V".
    kind
        "number", "whole" (number), "other" (text, list, ...), "section" or "placeholder".
    measured
        Unit and range, where the case knows them.
    law
        Whether a table can take the place of a number: electrode.coverage.
    """

    name: str
    kind: Literal["number", "whole", "other", "section", "placeholder"]
    measured: Measured | None = None
    law: bool = False

    def read(self, value: Any) -> Value:
        """Return a value as the case holds it, numbers in SI.

        Raises
        ------
        InputError
            Not of the key's type, or outside its range.
        """
        if self.kind == "section":
            return _section_value(self.name, value)
        if isinstance(value, GivenTable):
            return value
        if self.law and isinstance(value, Mapping):
            return GivenTable.of(value)
        if self.measured is not None:
            try:
                return _property(self.measured, value)
            except PydanticCustomError as problem:
                error: InputError = (problem.context or {})["error"]
                raise InputError(
                    error.what, where=self.name, value=value, allowed=error.allowed, nearest=error.nearest
                ) from None
        if self.kind == "whole" and (isinstance(value, bool) or not isinstance(value, int)):
            raise InputError("wrong type: expected a whole number", where=self.name, value=value)
        return tuple(value) if isinstance(value, list) else value


def _section_value(name: str, value: Any) -> GivenTable:
    """Return a section given as its keys, checked."""
    model = section_of(name)
    if isinstance(value, GivenTable):
        return value
    if not isinstance(value, Mapping) or model is None:
        raise InputError(
            f"'{name}' is a section", where=name, value=value, allowed=f"its keys, or one of them: {name}.KEY"
        )
    return GivenTable.of(model(**value).model_dump(exclude_unset=True))


def _property(measured: Measured, value: Any) -> Value:
    """Return a number in SI, or a property that a case may have as a table or a law."""
    read_any = getattr(measured, "read_any", None)
    found = measured.read(value) if read_any is None else read_any(value)
    if isinstance(found, float):
        return found
    content = found.to_mapping()
    return GivenTable.of(content, value if isinstance(value, str) else "")


def section_of(name: str) -> type[BaseModel] | None:
    """Return the class of a case's section, None where there is no such section."""
    field = Case.model_fields.get(name)
    model = None if field is None else field.annotation
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def step_of_rate(key: str) -> int | None:
    """Return the number of the step whose C-rate a key is, None where it is another key."""
    match = _RATE_OF_STEP.fullmatch(key)
    return None if match is None else int(match["step"])


def placeholders(base: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in braces in the steps of a case's protocol, in order."""
    return tuple(dict.fromkeys(name for step in _steps(base) for name in _PLACE.findall(step)))


def filled(base: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """Return `base` with the names in braces in its protocol's steps replaced by `values`."""

    def fill(step: Any) -> Any:
        return _PLACE.sub(lambda match: _shown(values, match[1]), step) if isinstance(step, str) else step

    protocol = dict(base.get("protocol") or {})
    if isinstance(protocol.get("steps"), list | tuple):
        protocol["steps"] = [fill(step) for step in protocol["steps"]]
    if isinstance(protocol.get("cycle"), list | tuple):
        protocol["cycle"] = [
            {**cycle, "steps": [fill(step) for step in cycle.get("steps", ())]} if isinstance(cycle, Mapping) else cycle
            for cycle in protocol["cycle"]
        ]
    return {**base, "protocol": protocol}


def check_profiles(protocol: Protocol, where: str = "protocol.profile") -> None:
    """Refuse a protocol that follows a profile of which there is no file.

    Raises
    ------
    InputError
        With the name of the profile.
    """
    for entry in protocol.profile:
        if not Path(entry.file or entry.name).exists():
            raise InputError(
                "a sweep needs profiles that every worker can read",
                where=where,
                value=entry.name,
                next_step="write it to a file, Profile.saved('drive.csv'), and follow that",
            )


def find_key(name: str, base: Mapping[str, Any]) -> Key:
    """Return the key called `name` of a case, or of the steps of the protocol in `base`.

    Raises
    ------
    InputError
        There is no such key; or it does not change what is computed.
    """
    section, dot, key = name.partition(".")
    if not dot:
        known = placeholders(base)
        if name in known:
            return Key(name, "placeholder")
        if section_of(name) is not None:
            return Key(name, "section")
        raise InputError(
            f"'{name}' cannot be varied",
            where="--vary",
            value=name,
            allowed="a key such as contact.coverage" + "".join(f", {place}" for place in known),
            nearest=nearest_name(name, [*known, *every_key()]),
            next_step=f"to vary a number in the protocol, write it as {{{name}}} in one of its steps",
        )
    if step_of_rate(name) is not None:
        return Key(name, "number", CRate())
    try:
        apply_overrides({}, [f"{name}=0"], Case)
    except InputError as error:
        raise InputError(error.what, where="--vary", value=name, allowed=error.allowed, nearest=error.nearest) from None
    if section in ("output", "solver") and key == "fields_every":
        raise InputError("this key does not change what a sweep computes", where="--vary", value=name)
    model = Case.model_fields[section].annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise InputError("this key cannot be varied", where="--vary", value=name)
    key, dot, within = key.partition(".")
    inner = inner_section(model, key)
    if inner is not None and dot:
        model, key, inner = inner, within, None
    field, law = model.model_fields[key], inner is not None and "value" in inner.model_fields
    if inner is not None and law:  # a bare number is the law of one value
        field = inner.model_fields["value"]
    parts = list(_parts((field.annotation, *field.metadata)))
    measured = next((part for part in parts if isinstance(part, Measured)), None)
    single = not any(part is tuple or getattr(part, "__origin__", None) is tuple for part in parts)
    if measured is not None and single:
        return Key(name, "number", measured, law)
    return Key(name, "whole" if int in parts and single else "other")


def unit_of_key(name: str) -> str | None:
    """Return the SI unit of a key's numbers ("1/h" of a C-rate, "1" of a share); None where it is not known."""
    if name == RATE or step_of_rate(name) is not None:
        return "1/h"
    section, dot, _ = name.partition(".")
    if not dot or section_of(section) is None:
        return None
    measured = find_key(name, {}).measured
    if measured is None:
        return None
    unit = si_unit(measured.unit) or "1"
    return unit if from_si(1.0, unit) == 1.0 else None


def every_key() -> list[str]:
    """Return all keys of a case, as 'section.key'."""
    found = []
    for name in Case.model_fields:
        model = section_of(name)
        for key in model.model_fields if model is not None else ():
            inner = None if model is None else inner_section(model, key)
            found.append(f"{name}.{key}")
            found += [f"{name}.{key}.{within}" for within in (inner.model_fields if inner is not None else ())]
    return found


def split_values(text: str) -> list[Any]:
    """Return the values of a comma-separated list, each read as TOML or else as text; quotes and brackets hold.

    Raises
    ------
    InputError
        An entry is empty.
    """
    entries = [entry.strip() for entry in _entries(text)]
    if not all(entries):
        raise InputError("a list has an empty entry", where="--vary", value=text, allowed="KEY=0.1,0.3,1")
    return [read_value(entry) for entry in entries]


def _entries(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "," and depth <= 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _steps(base: Mapping[str, Any]) -> Iterator[str]:
    protocol = base.get("protocol")
    if not isinstance(protocol, Mapping):
        return
    groups = [protocol.get("steps"), *(c.get("steps") for c in protocol.get("cycle") or () if isinstance(c, Mapping))]
    for group in groups:
        if isinstance(group, list | tuple):
            yield from (step for step in group if isinstance(step, str))


def _shown(values: Mapping[str, Value], name: str) -> str:
    if name not in values:
        raise InputError(
            f"'{{{name}}}' in the protocol has no value",
            where="protocol.steps",
            next_step=f"vary it: --vary {name}=0.1,0.5",
        )
    value = values[name]
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _parts(annotations: Iterable[Any]) -> Iterator[Any]:
    for annotation in annotations:
        yield annotation
        yield from _parts(get_args(annotation))
