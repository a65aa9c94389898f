"""Warnings of the package and refused assignments; what is to be known of a result, given as Python warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from asyncsoc.base.errors import InputError

_PACKAGE = str(Path(__file__).resolve().parents[1])


class AsyncsocWarning(UserWarning):
    """Base of every warning asyncsoc gives."""


class ResultWarning(AsyncsocWarning):
    """What one should know before a result is used; the result holds the same text under `warnings`."""


class UnchangeableError(InputError, AttributeError):
    """Something that does not change was assigned to (exit code 2); an AttributeError too."""


def warn_of_result(texts: Iterable[str]) -> None:
    """Give each text once as a `ResultWarning`, at the first line of a caller outside the package."""
    for text in dict.fromkeys(texts):
        warnings.warn(text, ResultWarning, skip_file_prefixes=(_PACKAGE,))
