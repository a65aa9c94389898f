"""The design of a sweep as Python gives it: a mapping from keys to values, objects among them, or to ranges."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from asyncsoc.base.bare_values import bare
from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.schedule import Protocol
from asyncsoc.studies.sweep.axes import Axis, Range
from asyncsoc.studies.sweep.design import Design, Dimension
from asyncsoc.studies.sweep.given import GivenTable, told_apart
from asyncsoc.studies.sweep.keys import Key, Value, check_profiles, find_key, section_of
from asyncsoc.studies.sweep.sampling import LARGEST_SAMPLE, UNBALANCED, Scheme, nearest_powers, sample

CASE = "case"
"""Dimension of cases that are sampled."""
GRID = "grid"
_DESIGNS: Mapping[str, Scheme] = {
    "sobol": "sobol", "halton": "halton", "lhs": "lhs", "latin hypercube": "lhs", "latin-hypercube": "lhs",
}  # fmt: skip
_ALLOWED = "grid, sobol, halton, lhs"
_JOIN = "+"
"""Between the keys in the name of a dimension along which several change."""
_RANGE = "(low, high) or (low, high, 'log')"


def given_design(vary: Any, base: Mapping[str, Any], design: str = GRID, n: int | None = None, seed: int = 0) -> Design:
    """Return the design that a mapping describes over the case in the raw keys `base`.

    Parameters
    ----------
    vary
        Key -> values; a tuple of keys -> rows of values, changed together. With a sampled design a tuple (low, high) or
        (low, high, "log") is a range; lists form a grid with the sample.
    base
        The case as raw keys.
    design
        "grid", "sobol", "halton" or "lhs".
    n
        Points of a sampled design.
    seed
        Of the sample.

    Raises
    ------
    InputError
        Nothing is varied, an unknown key or design, a value that is wrong, empty or there twice.
    """
    if not isinstance(vary, Mapping) or not vary:
        raise InputError(
            "nothing is varied", where="sweep", value=None if isinstance(vary, Mapping) else vary,
            allowed="{key: values}, such as {'contact.coverage': [0.1, 0.3, 1]}",
        )  # fmt: skip
    scheme = _scheme(design, n)
    dimensions: list[Dimension] = []
    ranges: list[Range] = []
    for keys, values in vary.items():
        if isinstance(keys, tuple):
            dimensions.append(_together(keys, values, base))
        elif not isinstance(keys, str):
            raise InputError("a key is a text, or a tuple of texts", where="sweep", value=keys)
        else:
            key = _key(keys, base)
            if scheme is not None and isinstance(values, tuple):
                ranges.append(_range(key, values))
            else:
                dimensions.append(Dimension.of(Axis(key.name, _values(key, values, base))))
    if scheme is not None:
        if n is None or not ranges:
            raise InputError("there is nothing to sample", where="sweep", value=design, allowed=f"key: {_RANGE}")
        rows = sample(ranges, scheme, n, _whole(seed, "seed", 0, 2**63))
        dimensions.insert(0, Dimension(CASE, tuple(item.key for item in ranges), rows))
    return Design(tuple(dimensions))


def _key(name: str, base: Mapping[str, Any]) -> Key:
    """Return the key of this name; what is wrong with it is said without the words of the command line."""
    try:
        return find_key(name, base)
    except InputError as error:
        raise InputError(
            error.what, where="sweep", value=error.value, allowed=error.allowed, nearest=error.nearest,
            next_step=error.next_step,
        ) from None  # fmt: skip


def _scheme(design: str, n: int | None) -> Scheme | None:
    if design == GRID:
        if n is not None:
            raise InputError("a grid has as many cases as values", where="n", value=n, next_step="leave n out")
        return None
    scheme = _DESIGNS.get(design.lower()) if isinstance(design, str) else None
    if scheme is None:
        near = nearest_name(str(design), (GRID, *_DESIGNS))
        raise InputError("unknown design", where="design", value=design, allowed=_ALLOWED, nearest=near)
    count = _whole(n, "n", 1, LARGEST_SAMPLE)
    if scheme == "sobol" and count & (count - 1):
        below, above = nearest_powers(count)
        raise InputError(UNBALANCED, where="n", value=count, allowed="64, 128, ...", nearest=f"{below} or {above}")
    return scheme


def _whole(value: Any, name: str, low: int, high: int) -> int:
    bared = bare(value)
    if isinstance(bared, bool) or not isinstance(bared, int) or not low <= bared <= high:
        raise InputError("a whole number is needed", where=name, value=value, allowed=f"{low} to {high}")
    return bared


def _range(key: Key, values: tuple[Any, ...]) -> Range:
    log = len(values) == 3 and values[2] == "log"
    if len(values) != 2 and not log:
        raise InputError("a range has two ends", where=key.name, value=values, allowed=_RANGE)
    if key.kind not in ("number", "whole", "placeholder"):
        raise InputError("this key is no number and has no range", where=key.name, next_step="give a list of values")
    low, high = (_number(key, value) for value in values[:2])
    if not low < high or (log and low <= 0.0):
        what = "a logarithmic range is positive and rises" if log else "a range rises"
        raise InputError(what, where=key.name, value=values, allowed=_RANGE)
    return Range(key.name, low, high, log, key.kind == "whole")


def _number(key: Key, value: Any) -> float:
    found = key.read(bare(value))
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise InputError("the end of a range is a number", where=key.name, value=value)
    return float(found)


def _values(key: Key, values: Any, base: Mapping[str, Any]) -> tuple[Value, ...]:
    names: list[str] = []
    if isinstance(values, Mapping):
        names, values = [str(name) for name in values], list(values.values())
    given = _listed(values, key.name)
    read = [_read(key, value, base, given[k]) for k, value in enumerate(given)]
    if names:
        read = [_named(key, name, value) for name, value in zip(names, read, strict=True)]
    elif key.kind == "section":
        read = told_apart(read, {value: _whole_section(key, value) for value in read if isinstance(value, GivenTable)})
    else:
        read = told_apart(read, {})
    _all_different(key.name, read)
    return tuple(read)


def _whole_section(key: Key, value: GivenTable) -> dict[str, Any]:
    """Return a section with its defaults, as plain data."""
    model = section_of(key.name)
    found = {} if model is None else model(**value.content).model_dump(mode="json", exclude_none=True)
    return dict(found)


def _named(key: Key, name: str, value: Value) -> Value:
    if not isinstance(value, GivenTable):
        raise InputError(
            "names are given to objects and tables",
            where=key.name,
            value=value,
            next_step="give numbers and texts as a list",
        )
    return GivenTable(value.text, name)


def _listed(values: Any, where: str) -> list[Any]:
    if isinstance(values, str | bytes | BaseModel) or callable(values) or not isinstance(values, Iterable):
        raise InputError("values are a list", where=where, value=str(values), allowed="[0.1, 0.3, 1]")
    found = list(values)
    if not found:
        raise InputError("a key has no values", where=where, value=[], allowed="one value or more")
    return found


def _all_different(where: str, values: list[Any]) -> None:
    contents = [value.text if isinstance(value, GivenTable) else value for value in values]
    twice = next((k for k, value in enumerate(contents) if value in contents[:k]), None)
    if twice is not None:
        raise InputError("a value is there twice", where=where, value=str(values[twice]))


def _together(keys: tuple[Any, ...], values: Any, base: Mapping[str, Any]) -> Dimension:
    """Return the dimension along which several keys change together."""
    if not keys or not all(isinstance(key, str) for key in keys):
        raise InputError("keys that change together are a tuple of texts", where="sweep", value=keys)
    found = [_key(key, base) for key in keys]
    where = ", ".join(keys)
    rows = []
    for row in _listed(values, where):
        if isinstance(row, str) or not isinstance(row, Iterable) or len(cells := list(row)) != len(keys):
            raise InputError(
                "a row has a value for every key", where=where, value=str(row), allowed=f"{len(keys)} values"
            )
        rows.append([_read(key, cell, base, cell) for key, cell in zip(found, cells, strict=True)])
    _all_different(where, [tuple(_content(cell) for cell in row) for row in rows])
    columns = [
        told_apart([row[k] for row in rows], {})
        if len({row[k] for row in rows}) == len(rows)
        else [row[k] for row in rows]
        for k in range(len(keys))
    ]
    return Dimension(_JOIN.join(keys), tuple(keys), tuple(zip(*columns, strict=True)))


def _content(value: Value) -> Any:
    return value.text if isinstance(value, GivenTable) else value


def _read(key: Key, value: Any, base: Mapping[str, Any], given: Any) -> Value:
    """Return a value as a design holds it: numbers in SI, objects, tables and functions as data."""
    if isinstance(value, BaseModel):
        return _section(key, value)
    section, dot, name = key.name.partition(".")
    model = section_of(section)
    if dot and model is not None and (callable(value) or isinstance(value, Mapping)) and name in model.model_fields:
        # A function is tabulated over what its section says, so the section makes the table.
        own = base.get(section)
        content = {**(own if isinstance(own, Mapping) else {}), name: value}
        made = model(**content).model_dump(exclude_unset=True)
        return GivenTable.of(made.get(name), _label(given))
    found = key.read(bare(value))
    if isinstance(found, GivenTable) and isinstance(given, str | os.PathLike):
        return GivenTable(found.text, Path(given).name)
    return found


def _section(key: Key, value: BaseModel) -> Value:
    model = section_of(key.name)
    if key.kind != "section" or model is None or not isinstance(value, model):
        kind = type(value).__name__
        raise InputError(
            f"'{key.name}' takes no {kind}", where=key.name, value=kind,
            allowed=model.__name__ if model is not None else "values of this key",
            nearest=next((name for name in _sections() if isinstance(value, section_of(name) or type(None))), None),
        )  # fmt: skip
    if getattr(value, "shape", None) == "arrays":
        raise InputError(
            "a sweep needs a particle that every worker can read", where=key.name, value="arrays",
            next_step="write it to a file: particle.saved('particle.vtu')",
        )  # fmt: skip
    if isinstance(value, Protocol):
        check_profiles(value, f"{key.name}.profile")
    return GivenTable.of(value.model_dump(exclude_unset=True))


def _sections() -> tuple[str, ...]:
    return ("particle", "contact", "material", "electrolyte", "kinetics", "side_reaction", "protocol", "solver")


def _label(given: Any) -> str:
    name = getattr(given, "__name__", "") if isinstance(given, Callable) else ""  # type: ignore[arg-type]
    return "" if name == "<lambda>" else str(name)
