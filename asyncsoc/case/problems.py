"""Pydantic's findings as one InputError that names the key, the value, what is allowed and the nearest valid key."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from asyncsoc.base.errors import InputError, nearest_name

_SECTION = "a table of keys, such as [contact]"
_TYPES = {
    "string_type": ("wrong type: expected a string", "a string in quotes"),
    "int_type": ("wrong type: expected a whole number", "a whole number"),
    "float_type": ("wrong type: expected a number", "a number"),
    "bool_type": ("wrong type: expected true or false", "true or false, without quotes"),
    "tuple_type": ("wrong type: expected a list", "a list in [ ]"),
    "model_type": ("wrong type: expected a section", _SECTION),
    "dict_type": ("wrong type: expected a section", _SECTION),
    "model_attributes_type": ("wrong type: expected a section", _SECTION),
}
_LIMITS = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def input_error(problem: ValidationError, model: type[BaseModel], *, section: str = "", source: str = "") -> InputError:
    """Return the InputError that says what pydantic found.

    Parameters
    ----------
    problem
        What pydantic raised; its first finding is given in full, the others by their keys.
    model
        The model that was validated, for the valid keys.
    section
        Name of the section that was validated by itself, '' for a whole case.
    source
        The file the case came from, '' for Python objects.
    """
    # A mistyped key is the likelier cause of the key that is missing.
    order = {"extra_forbidden": 0, "missing": 2}
    findings = sorted(problem.errors(include_url=False), key=lambda found: order.get(found["type"], 1))
    error, others = _input_error(findings[0], model), findings[1:]
    what = error.what
    if others:
        what += f" (and {len(others)} more: {', '.join(key_of(other, section) for other in others[:5])})"
    where = error.where or key_of(findings[0], section)
    return InputError(
        what,
        where=f"{source}: {where}" if source else where,
        value=error.value,
        allowed=error.allowed,
        nearest=error.nearest,
        next_step=error.next_step,
    )


def key_of(finding: ErrorDetails, section: str = "") -> str:
    """Return the key a finding belongs to, as it is written in a case file; list entries count from 1."""
    key = section
    for part in finding["loc"]:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        else:
            key += f".{part}" if key else part
    return key


def _input_error(finding: ErrorDetails, model: type[BaseModel]) -> InputError:
    context: Mapping[str, Any] = finding.get("ctx") or {}
    kind, value = finding["type"], finding["input"]
    if kind == "asyncsoc":
        error: InputError = context["error"]
        return error
    if kind == "extra_forbidden":
        return _unknown_key(finding, model)
    if kind == "missing" and isinstance(finding["loc"][-1], int):
        return InputError("a list is too short", value=value)
    if kind == "missing":
        return InputError(f"'{finding['loc'][-1]}' is missing", next_step="add it")
    if kind == "literal_error":
        names = ast.literal_eval(f"[{context['expected'].replace(' or ', ', ')}]")
        return InputError(
            "unknown name", value=value, allowed=", ".join(names), nearest=nearest_name(str(value), names)
        )
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return InputError("out of range", value=value, allowed=f"{words} {context[name]}")
    what, allowed = _TYPES.get(kind, (finding["msg"], None))
    if allowed == _SECTION and isinstance(value, BaseModel):
        wanted = _model_at(model, finding["loc"]).__name__
        what, value = f"wrong type: expected a {wanted}", type(value).__name__
        allowed = f"an object of {wanted}, or a table of its keys"
    return InputError(what, value=value, allowed=allowed)


def _unknown_key(finding: ErrorDetails, model: type[BaseModel]) -> InputError:
    *path, key = finding["loc"]
    names = _keys(model, path)
    kind = "key" if path else "section or key"
    return InputError(
        f"unknown {kind} '{key}'", allowed=", ".join(sorted(names)), nearest=nearest_name(str(key), names)
    )


def _keys(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    return list(_model_at(model, path).model_fields)


def _model_at(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """Return the section at a path of keys."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section a field holds: itself, or the members of its tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
