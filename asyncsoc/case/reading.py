"""TOML files read with care: one clear error for whatever is wrong with the file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.profiles import all_steps, followed_names

LARGEST = 1_000_000
"""Bytes: a case is text written by hand."""
_LONGEST_NAME = 1000
DEEPEST = 16
"""Parts of a dotted key."""
_MOST_PARTS = 20_000
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DOTTED = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART})++")
_POSITION = re.compile(r"^(?P<what>.*?)\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables in the TOML file `path`.

    Raises
    ------
    InputError
        Missing, a directory, unreadable, larger than `LARGEST`, not UTF-8, or not TOML (with the line).
    """
    return tables(_decoded(_content(path), path), str(path))


def tables(text: str, source: str) -> dict[str, Any]:
    """Return the tables in a TOML text; `source` names its origin in messages.

    Raises
    ------
    InputError
        The text is not TOML (with the line), or nests its keys deeper than any case does.
    """
    _check_keys(text, source)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(error, text, source) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"the file is not TOML: {error}", where=source) from None


def _check_keys(text: str, source: str) -> None:
    """Refuse keys of many parts before they are parsed: each part is a table of its own in all that lead to it."""
    parts = 0
    for match in _DOTTED.finditer(text):
        found = match[0].count(".") + 1
        parts += found
        if found > DEEPEST or parts > _MOST_PARTS:
            raise InputError(
                "a key has too many parts" if found > DEEPEST else "the keys have too many parts",
                where=f"{source}:{text.count(chr(10), 0, match.start()) + 1}",
                value=f"{match[0][:40]}... of {found if found > DEEPEST else parts}",
                allowed=f"at most {DEEPEST if found > DEEPEST else _MOST_PARTS}; a case's keys are SECTION.KEY",
            )


def _content(path: Path) -> bytes:
    try:
        if not path.exists():
            raise _missing(path)
        if path.is_dir():
            raise InputError(
                "a case is a file, this is a directory", where=str(path), next_step=f"name a file, {path / 'case.toml'}"
            )
        if not path.is_file():
            raise InputError("a case is a regular file", where=str(path))
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"the case cannot be read: {reason}", where=str(path)) from None
    if len(content) > LARGEST:
        raise InputError("the case is too large", where=str(path), allowed=f"at most {LARGEST // 1000} kB of TOML")
    return content


def _missing(path: Path) -> InputError:
    folder = path.parent
    names = [entry.name for entry in folder.glob("*.toml")] if folder.is_dir() else []
    nearest = nearest_name(path.name, names)
    return InputError(
        "no such case file" if folder.is_dir() else "no such directory",
        where=str(path),
        nearest=str(folder / nearest) if nearest else None,
        next_step="examples/ of the repository has cases to start from",
    )


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            "the case is not UTF-8 text", where=f"{path}:{line}", value=content[error.start : error.start + 4]
        ) from None


_TWICE = re.compile(r"twice|overwrite", re.IGNORECASE)


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, source: str) -> InputError:
    match = _POSITION.match(str(error))
    what = match["what"] if match else str(error)
    lines = text.splitlines() or [""]
    line = int(match["line"]) if match and match["line"] else len(lines)
    shown = lines[min(line, len(lines)) - 1].strip()
    return InputError(
        f"TOML syntax: {what[:1].lower()}{what[1:]}",
        where=f"{source}:{line}",
        value=shown[:100],
        next_step=(
            "put the keys of a table, and each key, in one place"
            if _TWICE.search(what)
            else 'write strings and quantities with units in quotes: radius = "5 um"'
        ),
    )


_FILES = (
    ("particle", "file"),
    ("particle", "grains", "labels"),
    ("particle", "grains", "orientations"),
    ("material", "open_circuit_potential"),
    ("material", "open_circuit_potential_charge"),
    ("material", "open_circuit_potential_discharge"),
    ("material", "entropy_coefficient"),
    ("material", "diffusivity"),
    ("kinetics", "exchange_current_density"),
    ("contact", "weights"),
    ("contact", "weights", "file"),
    ("contact", "map"),
    ("contact", "map", "file"),
    ("contact", "coverage_change"),
    ("contact", "coverage_change", "file"),
    ("electrolyte", "conductivity"),
    ("electrode", "table"),
    ("electrode", "table", "file"),
    ("electrode", "set"),
    ("electrode", "set", "folder"),
    ("side_reaction", "phases"),
    ("side_reaction", "reactant", "entries"),
)
"""Keys that may name a file."""


def with_folder(keys: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a case's tables with the files it names looked for in the case's `folder`, where they lie there."""
    for path in _FILES:
        keys = _in_folder(keys, path, folder)
    return _profiles_in_folder(keys, folder)


def _in_folder(keys: dict[str, Any], path: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Return nested tables with the text at `path` led by the folder, where such a file lies there."""
    first, *rest = path
    value = keys.get(first)
    if rest:
        return {**keys, first: _in_folder(value, tuple(rest), folder)} if isinstance(value, dict) else keys
    if not isinstance(value, str) or not value or "\0" in value or len(value) > _LONGEST_NAME:
        return keys
    found = folder / value
    return {**keys, first: str(found)} if found.exists() else keys


def _profiles_in_folder(keys: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a case's tables with the profiles that its steps follow looked for in `folder`."""
    protocol = keys.get("protocol")
    if not isinstance(protocol, dict):
        return keys
    given = [entry for entry in protocol.get("profile") or () if isinstance(entry, dict)]
    named = {entry.get("name"): entry for entry in given}
    found = []
    for name in dict.fromkeys([*followed_names(all_steps(protocol)), *named]):
        entry = named.get(name, {"name": name})
        file = folder / str(entry.get("file") or name)
        if file.exists():
            entry = {**entry, "file": str(file)}
        found.append(entry)
    kept = [entry for entry in found if len(entry) > 1]
    return keys if not kept else {**keys, "protocol": {**protocol, "profile": kept}}
