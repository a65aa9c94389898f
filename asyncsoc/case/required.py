"""Refuse what is no case where one is wanted, and say how it becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case


def require_case(value: Any, where: str) -> Case:
    """Return a case as it is.

    Parameters
    ----------
    value
        What was passed.
    where
        The function that it was passed to.

    Raises
    ------
    InputError
        It is the path of a case file, a mapping of sections, or something else.
    """
    if isinstance(value, Case):
        return value
    next_step = "make one with Case.from_objects, Case.from_dict or Case.from_toml"
    if isinstance(value, str | PathLike):
        next_step = f"read the file first: Case.from_toml({str(value)!r})"
    elif isinstance(value, Mapping):
        next_step = "make a case of the mapping first: Case.from_dict(...)"
    raise InputError(
        "this is no case", where=where, value=type(value).__name__, allowed="asyncsoc.Case", next_step=next_step
    )
