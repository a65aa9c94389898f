"""What is to be known of a result, given as Python warnings at the line of the user's own code."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from asyncsoc.base.errors import ResultWarning

_PACKAGE = str(Path(__file__).resolve().parents[1])


def warn_of_result(texts: Iterable[str]) -> None:
    """Give each text once as a `ResultWarning`, at the first line of a caller outside the package."""
    for text in dict.fromkeys(texts):
        warnings.warn(text, ResultWarning, skip_file_prefixes=(_PACKAGE,))
