"""What every section of a case shares: frozen, strict, finite, and one InputError where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.bare_values import bare
from asyncsoc.base.display import Rows, cell, html_table, one_line, public_names, short_repr
from asyncsoc.base.errors import nearest_name
from asyncsoc.base.notices import UnchangeableError
from asyncsoc.case.problems import input_error

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

Number = float | str
"""A number in SI, or '<number> <unit>'."""


def _bare_keys(keys: Any) -> Any:
    return bare(keys) if isinstance(keys, Mapping) else keys


def _differ(one: Any, other: Any) -> bool:
    """Return whether two values differ; arrays, of which no default is one, do."""
    try:
        return bool(one != other)
    except ValueError:
        return True


class _Reporting(ModelMetaclass):
    """Calling a section reports what is wrong as an InputError; inside a case, pydantic still collects it."""

    def __call__(cls, *args: Any, **keys: Any) -> Any:  # noqa: N805 - of a metaclass
        try:
            return super().__call__(*args, **keys)
        except ValidationError as problem:
            section = cast("type[Section]", cls)
            raise input_error(problem, section, section=section.section_name()) from None


_OF_PYDANTIC = frozenset(dir(BaseModel))
"""Names that a section has, and that are no part of what asyncsoc documents."""


class Section(BaseModel, metaclass=_Reporting):
    """A table of keys: unknown keys and non-finite numbers are errors, nothing can be changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take numbers, lists and paths of other libraries for what they mean, before anything looks at them."""
        return core_schema.no_info_before_validator_function(_bare_keys, handler(source))

    @classmethod
    def section_name(cls) -> str:
        """Return the name of the table in a case file: SideReaction is [side_reaction]."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: a section does not change."""
        if name.startswith("_"):  # what a section keeps for itself
            super().__setattr__(name, value)
        else:
            raise self._unchangeable(name, value)

    def __delattr__(self, name: str) -> None:
        """Refuse: a section does not change."""
        raise self._unchangeable(name, None)

    def _unchangeable(self, name: str, value: Any) -> UnchangeableError:
        """Return the error of an assignment, with the call that does what was meant."""
        kind, section, known = type(self).__name__, self.section_name(), type(self).model_fields
        meant = name if name in known else nearest_name(name, known) or "KEY"
        key = f"{section}.{meant}" if section else f"{meant}.KEY"
        plain = isinstance(value, bool | int | float | str) and bool(section)
        change = f"{key}={value}" if plain and len(str(value)) < 40 else f"{key}=VALUE"
        return UnchangeableError(
            f"{'a case' if not section else f'section [{section}] of a case'} does not change",
            where=f"{kind}.{name}",
            value=short_repr(value),
            nearest=None if name in known else nearest_name(name, known),
            next_step=f"make another case: case = case.with_overrides([{change!r}])",
        )

    def _given(self) -> list[tuple[str, Any]]:
        """Return the keys that differ from their defaults."""
        found = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.is_required() or _differ(value, field.get_default(call_default_factory=True)):
                found.append((name, value))
        return found

    def __repr__(self) -> str:
        """Return the keys that differ from their defaults, in one line."""
        return one_line(type(self).__name__, self._given())

    def __str__(self) -> str:
        """Return the same as `repr`."""
        return repr(self)

    def __dir__(self) -> Iterable[str]:
        """Return the keys and the methods that asyncsoc documents."""
        return public_names(name for name in super().__dir__() if name not in _OF_PYDANTIC)

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        rows = self.given_rows()
        rest = len(type(self).model_fields) - len(rows)
        return "", rows, [f"{rest} other keys at their defaults"] if rest else []

    def given_rows(self) -> list[tuple[str, object]]:
        """Return the keys that differ from their defaults with what they hold, and its unit."""
        from asyncsoc.case.writing import units_of

        units = units_of(type(self))
        return [(key, f"{cell(value)} {units[key]}".rstrip()) for key, value in self._given()]

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        name, rows, notes = self._table()
        return html_table(type(self).__name__, name, rows, notes)
