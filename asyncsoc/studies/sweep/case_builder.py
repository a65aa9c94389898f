"""Cases built by the thousand from one base: sections that are not varied are validated once and shared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.studies.sweep.given import GivenTable
from asyncsoc.studies.sweep.keys import Value, filled, placeholders, section_of, step_of_rate


class CaseBuilder:
    """Builds the cases of a sweep.

    Parameters
    ----------
    base
        The case as raw keys, possibly incomplete: what is varied need not be there.
    keys
        What is varied.

    Raises
    ------
    InputError
        A section that is not varied is wrong.
    """

    def __init__(self, base: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        self._places = bool(placeholders(base))
        varied = {key.partition(".")[0] for key in keys} | ({"protocol"} if self._places else set())
        self._base: dict[str, Any] = {}
        for name, content in base.items():
            model = section_of(name)
            fixed = name not in varied and isinstance(content, Mapping)
            self._base[name] = model(**content) if fixed and model is not None else content
        for name, field in Case.model_fields.items():
            model = section_of(name)
            if name not in self._base and name not in varied and model is not None and not field.is_required():
                self._base[name] = model()  # the same object in every case, not one each

    def build(self, values: Mapping[str, Value]) -> Case:
        """Return the case with `values` in the place of the base's.

        Raises
        ------
        InputError
            The case is wrong; the message names the values.
        """
        keys = _with_tables(filled(self._base, values) if self._places else self._base, values)
        overrides = [
            f"{key}={_toml(value)}"
            for key, value in values.items()
            if "." in key and not isinstance(value, GivenTable) and step_of_rate(key) is None
        ]
        try:
            return Case.from_dict(keys, overrides)
        except InputError as error:
            here = ", ".join(f"{key}={_toml(value)}" for key, value in values.items())
            raise InputError(
                error.what,
                where=f"{error.where} (with {here})",
                value=error.value,
                allowed=error.allowed,
                nearest=error.nearest,
                next_step=error.next_step,
            ) from None


def _with_tables(base: dict[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the keys of a case with whole sections, tables and C-rates of single steps put in."""
    keys = base
    for key, value in values.items():
        if isinstance(value, GivenTable) and "." not in key:
            keys = {**keys, key: value.content}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        step = step_of_rate(key)
        if step is not None:
            rates = dict(_table(keys, "protocol").get("rate") or {})
            keys = {**keys, "protocol": {**_table(keys, "protocol"), "rate": {**rates, step: value}}}
        elif dot and isinstance(value, GivenTable):
            keys = {**keys, section: {**_table(keys, section), name: value.content}}
    return keys


def _table(keys: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = keys.get(section)
    return found if isinstance(found, Mapping) else {}


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(str(value), ensure_ascii=False) if isinstance(value, str | GivenTable) else repr(value)
