"""JSON documents that somebody else wrote: of limited size and depth, without NaN, without a key given twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import regular_file
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.paths import path_of

LARGEST = 50_000_000
"""Bytes."""
DEEPEST = 30
"""Levels; those of a BPX file are six."""


def read_json_file(path: str | Path) -> tuple[dict[str, Any], str]:
    """Return the object in a JSON file, and the file's SHA-256.

    Raises
    ------
    InputError
        Missing, empty, too large or unreadable file, no JSON, no object, NaN or infinity, a key given twice, nested
        too deeply.
    """
    file = regular_file(path_of(path))
    if file.stat().st_size > LARGEST:
        raise InputError(
            "the file is too large",
            where=str(file),
            value=f"{file.stat().st_size / 1e6:.0f} MB",
            allowed=f"at most {LARGEST // 1_000_000} MB",
            next_step="leave out its validation data",
        )
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", where=str(file), value=error.reason) from None
    except OSError as error:
        raise InputError("the file cannot be read", where=str(file), value=error.strerror) from None
    try:
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        shallow = _depth(found) <= DEEPEST
    except RecursionError:
        shallow, found = False, None
    except ValueError as error:
        raise InputError(
            "the file is not JSON", where=str(file), value=str(error), next_step="write it again as JSON (RFC 8259)"
        ) from None
    if not shallow:
        raise InputError("the file is nested too deeply", where=str(file), allowed=f"at most {DEEPEST} levels")
    if not isinstance(found, dict):
        raise InputError("the file holds no object", where=str(file), value=type(found).__name__, allowed="{...}")
    return found, sha256_of(raw)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"'{next(key for key in keys if keys.count(key) > 1)}' is given twice")
    return found


def _depth(value: Any) -> int:
    """Return how deep lists and objects are nested (without recursion)."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        inner: list[Any] = []
        for item in level:
            children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
            inner += [child for child in children if isinstance(child, dict | list)]
        level = inner
    return deepest
