"""What `asyncsoc verify` runs: every check passes, is named for what it checks, and would notice an error."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from functools import lru_cache

import numpy as np
import pytest

from asyncsoc.base.errors import SimulationError
from asyncsoc.studies.verification import checks_closed, suite
from asyncsoc.studies.verification.check import VerificationCheck, compare, within


@lru_cache(maxsize=20)
def results(title: str) -> list[VerificationCheck]:
    return dict(suite.GROUPS)[title]()


@pytest.mark.parametrize("title", [title for title, _ in suite.GROUPS])
def test_every_check_of_a_group_passes(title: str) -> None:
    checks = results(title)
    assert checks
    assert [check.name for check in checks if not check.passed] == []
    assert len({check.name for check in checks}) == len(checks)
    for check in checks:
        numbers = (check.value, check.reference, check.tolerance)
        assert all(type(number) is float and math.isfinite(number) for number in numbers)
    json.dumps([asdict(check) for check in checks], allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("title", [title for title, _ in suite.GROUPS_3D])
def test_every_check_of_a_three_dimensional_group_passes(title: str) -> None:
    checks = dict(suite.GROUPS_3D)[title]()
    assert checks
    assert [(check.name, check.value, check.reference) for check in checks if not check.passed] == []
    assert len({check.name for check in checks}) == len(checks)
    json.dumps([asdict(check) for check in checks], allow_nan=False)


def test_three_dimensions_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    check = compare("one is one", 1.0, 1.0, 0.0)
    monkeypatch.setattr(suite, "GROUPS", (("flat", lambda: [check]),))
    monkeypatch.setattr(suite, "GROUPS_3D", (("solid", lambda: [check, check]),))
    assert len(suite.run_checks()) == 1
    calls: list[tuple[int, int, str]] = []
    assert len(suite.run_checks(lambda *call: calls.append(call), three_dimensional=True)) == 3
    assert calls == [(0, 2, "flat"), (1, 2, "solid"), (2, 2, "")]


def test_the_cap_grid_is_complete() -> None:
    names = [check.name for check in results("cap against its series")]
    for coverage in ("1", "0.75", "0.5", "0.25", "0.1", "0.05"):
        for time in ("tau = 0.01", "tau = 0.05", "tau = 0.2", "pseudo-steady"):
            for quantity in ("asynchrony [J R/D], within 0.2 %", "pole minus mean [J R/D], within 1 %"):
                assert f"cap f = {coverage}, {time}: {quantity}" in names


def test_a_contact_of_the_wrong_size_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = checks_closed.cap

    def wrong(mesh, coverage, axis=None):
        return right(mesh, 0.995 * coverage, axis)

    monkeypatch.setattr(checks_closed, "cap", wrong)
    monkeypatch.setattr(checks_closed, "COVERAGES", (0.5,))
    failed = [check for check in checks_closed.cap_checks() if not check.passed]
    assert len(failed) >= 4


def test_a_wrong_diffusivity_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = checks_closed.runs.constant_table()
    values = np.array(right.coefficients)
    values[:, :2] *= 1.01
    monkeypatch.setattr(checks_closed.runs, "constant_table", lambda: replace(right, coefficients=values))
    assert not all(check.passed for check in checks_closed.radial_checks())


def test_a_group_that_cannot_finish_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[VerificationCheck]:
        raise SimulationError("lithium balance lost")

    def sound() -> list[VerificationCheck]:
        return [compare("one is one", 1.0, 1.0, 0.0)]

    monkeypatch.setattr(suite, "GROUPS", (("broken", broken), ("sound", sound)))
    calls: list[tuple[int, int, str]] = []
    checks = suite.run_checks(lambda *call: calls.append(call))
    assert [check.passed for check in checks] == [False, True]
    assert "lithium balance lost" in checks[0].note
    assert calls == [(0, 2, "broken"), (1, 2, "sound"), (2, 2, "")]


def test_tolerances_are_absolute_and_values_finite() -> None:
    assert within("a", 1.0019, 1.0, 0.2).passed
    assert not within("a", 1.0021, 1.0, 0.2).passed
    assert within("a", -2.0, -2.0, 0.2).tolerance == pytest.approx(0.004)
    missing = compare("a", math.nan, 1.0, 10.0)
    assert not missing.passed
    assert missing.value == 0.0
