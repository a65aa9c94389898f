"""How objects show themselves: one line where they are printed, a small table in a notebook, public names in `dir`."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from html import escape
from typing import Any

LONGEST_REPR = 480
"""Characters of an object in one line."""
_LONGEST_CELL = 300
_MOST_ROWS = 40
_CELL = "text-align:left;vertical-align:top;padding:0.1em 1em 0.1em 0;background:none;white-space:normal"
_TABLE = "border-collapse:collapse;margin:0.3em 0 0 0;border:none"
_FRAME = "display:inline-block;border:1px solid rgba(128,128,128,0.45);border-radius:4px;padding:0.4em 0.8em"

Rows = Iterable[tuple[str, object]]


class _Short(reprlib.Repr):
    """Texts, lists and arrays as far as one line has room."""

    def __init__(self) -> None:
        super().__init__(maxlevel=4, maxtuple=4, maxlist=4, maxdict=4, maxstring=80, maxother=160)

    def repr_instance(self, x: Any, level: int) -> str:
        if hasattr(x, "dtype") and hasattr(x, "shape") and x.shape:
            return f"<{x.dtype} {'x'.join(map(str, x.shape))}>"
        if isinstance(x, Mapping):
            return self.repr_dict(dict(x), level)
        return super().repr_instance(x, level)


_SHORT = _Short()


def short_repr(value: object) -> str:
    """Return the `repr` of a value without what would not fit a line: arrays are their type and shape."""
    if hasattr(value, "dtype") or isinstance(value, Mapping):
        return _SHORT.repr_instance(value, _SHORT.maxlevel)
    return _SHORT.repr(value)


def one_line(kind: str, parts: Iterable[tuple[str | None, object]]) -> str:
    """Return ``Kind(name=value, ...)`` in at most `LONGEST_REPR` characters; a part without a name is its value."""
    shown = []
    room = LONGEST_REPR - len(kind) - len("(, ...)")
    for name, value in parts:
        text = short_repr(value) if name is None else f"{name}={short_repr(value)}"
        if len(text) + 2 > room:
            shown.append("...")
            break
        shown.append(text)
        room -= len(text) + 2
    return f"{kind}({', '.join(shown)})"


def cell(value: object) -> str:
    """Return a value as a table shows it: numbers to five figures, nothing longer than a few lines."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        text = value
    elif isinstance(value, float) or (hasattr(value, "dtype") and getattr(value, "shape", None) == ()):
        text = f"{value:.5g}" if isinstance(value, float) else str(value)
    elif isinstance(value, list | tuple):
        few = [cell(one) for one in value[:6]]
        text = ", ".join([*few, f"... ({len(value)} in all)"] if len(value) > len(few) else few)
    else:
        text = short_repr(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]} ..."


def html_table(kind: str, name: str, rows: Rows, notes: Sequence[str] = ()) -> str:
    """Return a table of what an object is as HTML for notebooks.

    Everything is escaped. Colours are those of the page, so that it reads on light and dark ones; nothing is loaded.

    Parameters
    ----------
    kind, name
        What the object is, and its own name; '' where it has none.
    rows
        Names and values.
    notes
        Sentences below the table: warnings, assumptions.
    """
    given = list(rows)
    lines = [
        f'<tr><th scope="row" style="{_CELL};font-weight:normal;opacity:0.75">{escape(label)}</th>'
        f'<td style="{_CELL}">{escape(cell(value))}</td></tr>'
        for label, value in given[:_MOST_ROWS]
    ]
    if len(given) > _MOST_ROWS:
        lines.append(f'<tr><td colspan="2" style="{_CELL}">and {len(given) - _MOST_ROWS} more</td></tr>')
    head = f"<strong>{escape(kind)}</strong>{f' {escape(cell(name))}' if name else ''}"
    said = [escape(cell(note)) for note in notes[:_MOST_ROWS]]
    if len(notes) > _MOST_ROWS:
        said.append(f"and {len(notes) - _MOST_ROWS} more")
    below = f'<ul style="margin:0.3em 0 0 1.2em;padding:0">{"".join(f"<li>{one}</li>" for one in said)}</ul>'
    return (
        f'<div style="{_FRAME}"><div>{head}</div>'
        f'<table style="{_TABLE}"><tbody>{"".join(lines)}</tbody></table>'
        f"{below if said else ''}</div>"
    )


def rows_of_set(
    first: Rows, header: Mapping[str, Any], failed: Iterable[Mapping[str, Any]], what: str
) -> tuple[str, Rows, Sequence[str]]:
    """Return the table of a set of particles: rows, the texts and numbers of its header, and what failed.

    Parameters
    ----------
    first
        Rows before those of the header.
    header, failed
        Of the set; each that failed has "particle" and "reason".
    what
        Could not be done with them, as "charged".
    """
    told = [(name, value) for name, value in header.items() if isinstance(value, str | int | float)]
    notes = [f"particle {one.get('particle')} could not be {what}: {one.get('reason')}" for one in failed]
    return "", [*first, *told], notes


def public_names(names: Iterable[str]) -> list[str]:
    """Return the names that do not begin with an underscore, sorted."""
    return sorted({name for name in names if not name.startswith("_")})


class ShortRepr:
    """A dataclass (made with ``repr=False``) that prints in one line, and lists its public names in `dir`."""

    def __repr__(self) -> str:
        """Return the fields in one line, arrays as type and shape."""
        own: tuple[Field[Any], ...] = fields(self) if is_dataclass(self) else ()
        return one_line(type(self).__name__, ((one.name, getattr(self, one.name)) for one in own if one.repr))

    def __dir__(self) -> Iterable[str]:
        """Return the public names."""
        return public_names(super().__dir__())


class Shown(ShortRepr):
    """An object with a table of its own in notebooks: a subclass says in `_table` what is in it."""

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table."""
        own: tuple[Field[Any], ...] = fields(self) if is_dataclass(self) else ()
        return "", [(one.name.replace("_", " "), getattr(self, one.name)) for one in own if one.repr], ()

    def _repr_html_(self) -> str:
        """Return the table that notebooks show."""
        name, rows, notes = self._table()
        return html_table(type(self).__name__, name, rows, notes)


__all__ = ["LONGEST_REPR", "Rows", "ShortRepr", "Shown", "cell", "html_table", "one_line", "public_names", "short_repr"]
