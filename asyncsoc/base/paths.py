"""What a user gives where the name of a file or folder is meant."""

from __future__ import annotations

import os
from pathlib import Path

from asyncsoc.base.errors import InputError


def path_of(given: object, where: str = "path") -> Path:
    """Return a path that was given as text, bytes or a path object.

    Raises
    ------
    InputError
        It is something else, empty, or holds a character that no path may have.
    """
    if isinstance(given, str | bytes | os.PathLike):
        name = os.fsdecode(given)
        if name and "\0" not in name:
            return Path(name)
    raise InputError(
        "this is no name of a file or folder",
        where=where,
        value=given if isinstance(given, str | int | float | None) else type(given).__name__,
        allowed="a text or a pathlib.Path, not empty and without null characters",
    )
