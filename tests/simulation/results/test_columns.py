"""Columns of a run as a mapping."""

from __future__ import annotations

import difflib

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.data import Columns


def test_a_default_is_given_without_looking_for_a_near_name(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Columns({"Time [s]": np.arange(3.0)}, "a material")
    with pytest.raises(InputError):
        columns["Tme [s]"]
    monkeypatch.setattr(difflib, "get_close_matches", lambda *_: pytest.fail("looked for a near name"))
    assert columns.get("Tme [s]") is None
    assert columns.get("Tme [s]", 1.0) == 1.0
    np.testing.assert_array_equal(columns.get("Time [s]"), [0.0, 1.0, 2.0])
