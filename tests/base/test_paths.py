"""Where the name of a file is meant, anything else is one clear error, in every public reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.paths import path_of

WRONG = [5, None, "", "a\0b", [1], 1.5, b""]


@pytest.mark.parametrize("given", ["a/b.csv", b"a/b.csv", Path("a/b.csv")])
def test_texts_bytes_and_paths_are_paths(given: Any) -> None:
    assert path_of(given) == Path("a/b.csv")


@pytest.mark.parametrize("given", WRONG)
@pytest.mark.parametrize(
    "read",
    [path_of, aso.Case.from_toml, aso.Solution.load, aso.import_bpx, aso.read_bdf],
    ids=["path_of", "Case.from_toml", "Solution.load", "import_bpx", "read_bdf"],
)
def test_what_is_no_name_of_a_file_is_one_clear_error(read: Callable[[Any], object], given: Any) -> None:
    with pytest.raises(InputError, match="no name of a file or folder") as caught:
        read(given)
    assert caught.value.allowed is not None
