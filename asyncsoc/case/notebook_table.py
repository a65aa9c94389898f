"""What notebooks show of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asyncsoc.base.display import Rows
from asyncsoc.case.section import Section

if TYPE_CHECKING:
    from asyncsoc.case.case import Case

_ALWAYS = {"contact": ("kind",), "material": ("name",), "electrolyte": ("name",)}
"""Keys that are shown also at their defaults."""


def case_table(case: Case) -> tuple[str, Rows, Sequence[str]]:
    """Return name, rows and notes: the keys that differ from their defaults, as overrides name them."""
    rows: list[tuple[str, object]] = [("model", case.model)]
    for name in type(case).model_fields:
        section = getattr(case, name)
        if isinstance(section, Section):
            given = section.given_rows()
            keys = {key for key, _ in given}
            rows += [(f"{name}.{key}", getattr(section, key)) for key in _ALWAYS.get(name, ()) if key not in keys]
            rows += [(f"{name}.{key}", value) for key, value in given]
    rows.append(("SHA-256", f"{case.hash[:12]} ..."))
    return case.name, rows, ["all other keys are at their defaults; case.to_toml() has every key"]
