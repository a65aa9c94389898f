"""What every section of a case shares: frozen, strict, finite, and one InputError where something is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from asyncsoc.case.problems import input_error

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

Number = float | str
"""A number in SI, or '<number> <unit>'."""


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
    def section_name(cls) -> str:
        """Return the name of the table in a case file: SideReaction is [side_reaction]."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
