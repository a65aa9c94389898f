"""What a run has reached is not lost, and what no memory can hold is refused before it begins."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.materials.registry import cathode

BASE: dict[str, Any] = {"particle": {"radius": "3 um"}, "protocol": {"temperature": "60 degC"}}


def case(steps: list[str], **sections: Any) -> aso.Case:
    keys = {**BASE, **sections}
    return aso.Case.from_dict(
        {**keys, "protocol": {**BASE["protocol"], "steps": steps, **sections.get("protocol", {})}}
    )


@pytest.mark.parametrize("mode", ["report", "coupled"])
def test_energies_that_begin_at_the_edge_of_the_window_do_not_lose_the_run(mode: str) -> None:
    low, high = cathode("ncm811-sturm2019").window
    energies = [[low, -0.70], [0.4, -0.66], [0.7, -0.62], [high, -0.60]]
    side = {"mode": mode, "energies": energies, "barrier_coefficient": 1.0}
    solution = aso.simulate(case(["Charge at C/2 for 10 hours"], side_reaction=side))
    assert solution.stop_reason.startswith("stoichiometry limit")
    assert np.isfinite(solution.columns["Side current [A]"]).all()


def test_energies_far_outside_are_still_refused() -> None:
    from asyncsoc.materials.thermochemistry.table import table_from_points

    table = table_from_points(np.linspace(0.2, 0.9, 8), np.linspace(-0.7, -0.6, 8))
    assert table.evaluate(np.array([0.2 - 1e-6]))[0] == pytest.approx(-0.7)
    for outside in (0.19, 0.91, np.nan):
        with pytest.raises(InputError, match="outside the reaction-energy table"):
            table.evaluate(np.array([outside]))


@pytest.mark.parametrize("mode", ["report", "coupled"])
def test_a_first_step_that_cannot_begin_is_said_to_be_one_with_the_side_reaction_on(mode: str) -> None:
    with pytest.raises(InfeasibleStepError, match="already at the start"):
        aso.simulate(case(["Charge at C/10 until 3.0 V"], side_reaction={"mode": mode}))


@pytest.mark.parametrize(
    ("steps", "sections", "where"),
    [
        (["Rest for 1000 days"], {"output": {"fields_every": "1 ms"}}, "output.fields_every"),
        (["Charge at C/10000 until 4.2 V"], {"output": {"fields_every": "1 ms"}}, "output.fields_every"),
        (["Rest for 1000 days (0.001 s period)"], {}, "protocol.steps"),
    ],
)
def test_more_than_the_memory_holds_is_refused_at_once(steps: list[str], sections: Any, where: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError, match="would fill the memory") as caught:
        aso.simulate(case(steps, **sections))
    assert caught.value.where == where
    assert time.process_time() - began < 5.0


def test_the_period_that_is_proposed_is_accepted() -> None:
    from asyncsoc.problem.build import prepare
    from asyncsoc.simulation.memory_limit import check_memory

    wrong = case(["Rest for 1000 days"], output={"fields_every": "1 ms"})
    setup = prepare(wrong)
    with pytest.raises(InputError) as caught:
        check_memory(wrong, setup, snapshots=True)
    proposed = str(caught.value.next_step).split('"')[1]
    check_memory(case(["Rest for 1000 days"], output={"fields_every": proposed}), setup, snapshots=True)


def test_a_hold_looked_at_too_often_ends_with_what_it_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a hold lasts is not known before: what is too much is found when it happens."""
    from asyncsoc.base.errors import SimulationError
    from asyncsoc.simulation import recording

    monkeypatch.setattr(recording, "MOST_BETWEEN", 1000)
    steps = ["Charge at C/2 until 3.9 V", "Hold at 3.9 V until C/100000"]
    with pytest.raises(SimulationError, match="output times lie within one step") as caught:
        aso.simulate(case(steps, output={"fields_every": "100 ms"}))
    assert caught.value.partial is not None


def test_one_limit_for_the_number_of_patches() -> None:
    with pytest.raises(InputError, match="out of range") as caught:
        aso.Contact(kind="random", coverage=0.3, n=1001)
    assert caught.value.allowed == "1 to 1000"
