"""Values of a sweep that are no single number or text: sections of a case, tables, laws; as plain data with a label."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from asyncsoc.base.plain_data import plain

_MOST = 60
"""Characters of a label."""


@dataclass(frozen=True)
class GivenTable:
    """What a section or a key of a case is set to, as data that a manifest holds and a worker is sent.

    Attributes
    ----------
    text
        The content as JSON.
    label
        What coordinates, tables and pictures call it.
    """

    text: str
    label: str

    @classmethod
    def of(cls, content: Any, label: str = "") -> Self:
        """Return a value with its label; without one it is described by what it holds."""
        text = json.dumps(plain(content), sort_keys=True, allow_nan=False)
        return cls(text, (label or described(plain(content)))[:_MOST])

    @property
    def content(self) -> Any:
        """What the key is set to."""
        return json.loads(self.text)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {"label": self.label, "content": self.content}

    def __str__(self) -> str:
        """Return the label."""
        return self.label


def described(content: Any) -> str:
    """Return the content of a value in a few words: its keys and numbers, tables by their length."""
    if isinstance(content, Mapping):
        law = content.get("law")
        columns = {len(value) for value in content.values() if isinstance(value, list)}
        if law is None and len(columns) == 1 and len(content) > 1 and max(columns) > 1:
            return f"table of {max(columns)} rows"
        return ", ".join(f"{key} {described(value)}" for key, value in content.items())
    if isinstance(content, list):
        return f"{len(content)} values" if len(content) > 3 else " ".join(described(value) for value in content)
    return f"{content:.6g}" if isinstance(content, float) else str(content)


_BARE = ("name", "kind")
"""Keys whose value says enough without them."""


def told_apart(values: list[Any], content: Mapping[GivenTable, Mapping[str, Any]]) -> list[Any]:
    """Return values with labels that differ: by the keys in which they differ where their `content` is known."""
    tables = [content[value] for value in values if isinstance(value, GivenTable) and value in content]
    every = dict.fromkeys(key for table in tables for key in table)
    differing = [key for key in every if len({json.dumps(table.get(key)) for table in tables}) > 1]
    seen: dict[str, int] = {}
    out: list[Any] = []
    for value in values:
        if not isinstance(value, GivenTable):
            out.append(value)
            continue
        own = content.get(value, {})
        words = [
            described(own[key]) if key in _BARE else f"{key} {described(own[key])}" for key in differing if key in own
        ]
        label = ", ".join(words) or value.label
        seen[label] = seen.get(label, 0) + 1
        out.append(GivenTable(value.text, (label if seen[label] == 1 else f"{label} ({seen[label]})")[:_MOST]))
    return out
