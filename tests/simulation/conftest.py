from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from asyncsoc.case import Case
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution

BASE: dict[str, Any] = {
    "particle": {"radius": 5e-6},
    "contact": {"kind": "full"},
    "protocol": {"temperature": 333.15, "initial_stoichiometry": 0.7, "steps": ["Charge at C/5 for 20 minutes"]},
}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Sections of `changes` put over those of `base`, key by key."""
    out = {name: dict(section) for name, section in base.items()}
    for name, section in changes.items():
        out[name] = {**out.get(name, {}), **section}
    return out


@pytest.fixture(scope="session")
def make_case() -> Callable[..., Case]:
    """Return a maker of small cases: a fully covered particle of 5 um at 60 degC, sections changed by keywords."""

    def make(*steps: str, **sections: dict[str, Any]) -> Case:
        changes = {"protocol": {"steps": list(steps)}} if steps else {}
        return Case.from_dict(merged(merged(BASE, changes), sections))

    return make


@pytest.fixture(scope="session")
def run(make_case) -> Callable[..., Solution]:
    """Return a runner of small cases, as `make_case`."""
    return lambda *steps, **sections: simulate(make_case(*steps, **sections))


@pytest.fixture(scope="session")
def cycled(run) -> Solution:
    """One cycle of a particle with a third of its surface in contact, behind a film: every kind of step."""
    return run(
        "Charge at C/5 until 4.2 V",
        "Hold at 4.2 V until C/50",
        "Rest for 2 hours (10 minute period)",
        "Discharge at C/5 until 2.8 V",
        contact={"kind": "cap", "coverage": 0.3},
        kinetics={"film_resistance": 0.02},
        protocol={"initial_voltage": 3.0, "initial_stoichiometry": None},
    )


@pytest.fixture(scope="session")
def rows() -> Callable[[Solution, int], dict[str, np.ndarray]]:
    """Return a reader of the rows of one protocol step."""

    def read(solution: Solution, step: int) -> dict[str, np.ndarray]:
        chosen = solution.columns[names.STEP] == step
        return {name: values[chosen] for name, values in solution.columns.items()}

    return read
