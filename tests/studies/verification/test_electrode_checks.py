"""`asyncsoc verify --electrode`: every check passes and would notice an error."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.verification import checks_electrode, suite
from asyncsoc.studies.verification.check import VerificationCheck, compare


@pytest.mark.slow
@pytest.mark.parametrize("title", [title for title, _ in suite.GROUPS_ELECTRODE])
def test_every_check_of_a_group_of_particles_passes(title: str) -> None:
    checks = dict(suite.GROUPS_ELECTRODE)[title]()
    assert [(check.name, check.value) for check in checks if not check.passed] == []
    assert len({check.name for check in checks}) == len(checks)
    assert all(math.isfinite(check.value) for check in checks)
    json.dumps([asdict(check) for check in checks], allow_nan=False)


def test_a_wrong_reference_of_fast_diffusion_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact share that is one percent off is seen in every sphere of the group."""
    right = checks_electrode.uniform_group

    def wrong(spheres, *given):
        return right([replace(spheres[0], share=0.97 * spheres[0].share), *spheres[1:]], *given)

    assert all(check.passed for check in checks_electrode.fast_diffusion_checks())
    monkeypatch.setattr(checks_electrode, "uniform_group", wrong)
    assert not any(check.passed for check in checks_electrode.fast_diffusion_checks())


def test_a_point_above_the_bound_is_noticed() -> None:
    case = checks_electrode._case("Charge at C/2 for 20 minutes", coverage=0.5)
    group = checks_electrode.simulate_particles([case, case])
    rise, below = checks_electrode.largest_rise(group)
    assert rise <= 0.0 < below
    first = group.particle_runs[0]
    lowered = {**first.columns, names.MINIMUM_X: first.columns[names.MINIMUM_X] - 0.1}
    changed = replace(group, particle_runs=(replace(first, columns=lowered), *group.particle_runs[1:]))
    lowered[names.MINIMUM_X] = np.where(np.arange(len(lowered[names.MINIMUM_X])) == 0, 0.7, lowered[names.MINIMUM_X])
    assert checks_electrode.largest_rise(changed)[0] > 1e-3


def test_particles_at_one_potential_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str) -> tuple[tuple[str, object], ...]:
        return ((name, lambda: [compare(name, 1.0, 1.0, 0.0)]),)

    for attribute, name in (("GROUPS", "flat"), ("GROUPS_3D", "solid"), ("GROUPS_ELECTRODE", "group")):
        monkeypatch.setattr(suite, attribute, named(name))

    def names_of(**options: bool) -> list[str]:
        checks: list[VerificationCheck] = suite.run_checks(**options)
        return [check.name for check in checks]

    assert names_of() == ["flat"]
    assert names_of(electrode=True) == ["flat", "group"]
    assert names_of(electrode=True, three_dimensional=True) == ["flat", "solid", "group"]
