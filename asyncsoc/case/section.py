"""What every section of a case shares: frozen, strict, finite, and one InputError where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from asyncsoc.base.bare_values import bare
from asyncsoc.case.problems import input_error

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

Number = float | str
"""A number in SI, or '<number> <unit>'."""


def _bare_keys(keys: Any) -> Any:
    return bare(keys) if isinstance(keys, Mapping) else keys


class _Reporting(ModelMetaclass):
    """Calling a section reports what is wrong as an InputError; inside a case, pydantic still collects it."""

    def __call__(cls, *args: Any, **keys: Any) -> Any:  # noqa: N805 - of a metaclass
        try:
            return super().__call__(*args, **keys)
        except ValidationError as problem:
            section = cast("type[Section]", cls)
            raise input_error(problem, section, section=section.section_name()) from None


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
