from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import asyncsoc as aso

HOSTILE = "</script><img src=x onerror=alert(1)> & \"q\" 'r'"
STEPS = ["Charge at C/5 until 3.9 V"]


def case(name: str = "short", **sections: object) -> aso.Case:
    return aso.Case.from_dict(
        {
            "name": name,
            "particle": {"mesh": "coarse", "radius": "5 um"},
            "contact": {"kind": "cap", "coverage": 0.3},
            "protocol": {"steps": STEPS, "temperature": "60 degC"},
            "output": {"fields_every": "20 min"},
            **sections,
        }
    )


@pytest.fixture(scope="session")
def coupled() -> aso.Solution:
    """A particle with a growing film, in a result whose name somebody changed who means harm."""
    found = aso.simulate(case("<img src=x onerror=alert(1)>", side_reaction={"mode": "coupled"}))
    return replace(found, name=HOSTILE)


@pytest.fixture(scope="session")
def covered() -> aso.Solution:
    """A radial particle, fully covered, with the fields of its first and last state only."""
    return aso.simulate(case("covered", contact={"kind": "full"}, output={}))


@pytest.fixture(scope="session")
def page(coupled: aso.Solution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aso.report(coupled, tmp_path_factory.mktemp("page") / "page.html")
