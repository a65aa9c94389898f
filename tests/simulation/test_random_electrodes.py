"""Small electrodes, some of them impossible: each gives a result or a clear answer, and keeps both balances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.recorders import curve_names as names
from benchmarks import random_electrodes


def electrode(table: dict[str, list[float]] | None = None, *steps: str, **sections: Any) -> aso.Case:
    given = {"loading": "12.7 mg/cm2", "table": table or {"radius [um]": [5.0, 5.0], "coverage": [0.3, 0.9]}}
    return aso.Case.from_dict(
        {
            "electrode": {**given, **sections.pop("electrode", {})},
            "particle": {"mesh": "coarse", "edge_levels": 0},
            "protocol": {"steps": list(steps) or ["Charge at C/5 for 30 minutes"]},
            **sections,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("first", range(2000, 2036, 12))
def test_random_electrodes_give_answers(first: int) -> None:
    """Seeds that the stored table does not have."""
    answers = [random_electrodes.answer(seed) for seed in range(first, first + 12)]
    assert [(one.seed, one.reason) for one in answers if one.kind == "failed"] == []
    assert any(one.kind == "done" for one in answers)


@pytest.mark.slow
def test_an_answer_would_notice_a_lost_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = next(k for k in range(2100, 2140) if random_electrodes.answer(k).kind == "done")
    right = random_electrodes.aso.simulate

    def wrong(case: aso.Case) -> Any:
        solution = right(case)
        solution.columns[names.CHARGE].setflags(write=True)
        solution.columns[names.CHARGE][-1] *= 1.0 + 1e-6
        return solution

    monkeypatch.setattr(random_electrodes.aso, "simulate", wrong)
    assert random_electrodes.answer(seed).kind == "failed"


def test_particles_without_contact_count_and_stay() -> None:
    case = electrode({"radius [um]": [5.0, 5.0], "coverage": [0.0, 0.9]})
    solution = aso.simulate(case)
    assert solution.particles.sizes["particle"] == 1
    assert any("has no contact" in warning for warning in solution.warnings)
    one = solution.particle(0)
    moved = [run.columns[names.MEAN_X][0] - run.columns[names.MEAN_X][-1] for run in (solution, one)]
    assert moved[1] == pytest.approx(2.0 * moved[0], rel=1e-9)
    with pytest.raises(InputError, match="no particle"):
        aso.simulate(electrode({"radius [um]": [5.0], "coverage": [0.0]}))


def test_a_particle_that_dies_on_the_way_leaves_the_current_to_the_others() -> None:
    """Film closes the contacts of both, that of the well covered one nearly; the charge goes on to its voltage."""
    side = {"mode": "coupled", "exchange_current_density": 1e-4, "blocking_thickness": "2 nm"}
    solution = aso.simulate(electrode(None, "Charge at C/5 until 4.2 V", side_reaction=side))
    assert solution.stop_reason == "voltage 4.2 V reached"
    assert solution.lithium_balance_error < 1e-10
    opened = solution.particles["Open share of contact"].isel(point=-1).values
    assert opened.min() < 0.05 < opened.max()
    shares = solution.particles["Current share"].values
    assert shares[opened.argmin(), -1] < shares[opened.argmin(), 1] - 0.1
    np.testing.assert_allclose(shares.sum(axis=0)[1:], 1.0, atol=1e-9)


def test_a_contact_that_is_blocked_at_rest_says_so() -> None:
    side = {"mode": "coupled", "exchange_current_density": 1e-3, "blocking_thickness": "1 nm"}
    case = electrode(None, "Rest for 200 hours", "Charge at C/10 for 1 hour", side_reaction=side)
    solution = aso.simulate(case.with_overrides(["protocol.initial_stoichiometry=0.35"]))
    assert [step.stop_reason.split(":")[0] for step in solution.steps] == ["contact blocked by film"] * 2
    assert solution.stop_reason.endswith("before the step started")
    assert solution.steps[1].charge == 0.0
    assert solution.lithium_balance_error < 1e-10


def test_a_current_that_the_group_cannot_carry_says_so() -> None:
    case = electrode({"radius [um]": [9.0, 9.0], "coverage": [0.01, 0.02]}, "Charge at 200C until 4.2 V")
    with pytest.raises(InfeasibleStepError, match="already at the start of the step") as raised:
        aso.simulate(case)
    assert "Charge at 200C" in str(raised.value)
    alone = electrode({"radius [um]": [9.0, 9.0], "coverage": [0.01, 0.02]}, "Charge at 2C for 30 minutes")
    solution = aso.simulate(alone)
    assert "stoichiometry limit" in solution.stop_reason
    assert np.isfinite(solution.columns[names.VOLTAGE]).all()


def test_a_loading_that_does_not_fit_says_by_how_much() -> None:
    with pytest.raises(InputError, match="does not fit") as raised:
        aso.simulate(electrode(electrode={"thickness": "5 um"}))
    assert raised.value.where.startswith("electrode")


def test_a_step_that_fails_on_its_way_has_the_charge_of_the_last_accepted_state() -> None:
    found = random_electrodes.answer(10)  # film closes the contacts within the first step
    assert found.kind == "stopped"
    assert "film has closed" in found.reason
    assert found.charge < 1e-12


def layers(step: str, conductivity: float) -> aso.Case:
    given = {"model": "layers", "layers": 2, "porosity": 0.2, "table": {"radius [um]": [4.0], "coverage": [1.0]}}
    side = {"mode": "coupled", "exchange_current_density": 1e-5, "film_conductivity": 1e-12}
    return electrode(None, step, electrode={**given, "ionic_conductivity": conductivity}, side_reaction=side)


@pytest.mark.slow
def test_a_voltage_that_no_cell_has_is_named_as_the_reason() -> None:
    """Potentials of a thousand volts are not found to 1e-13 V any more, and no constraint seems to be solved."""
    with pytest.raises(InfeasibleStepError, match="V for conduction through the electrode"):
        aso.simulate(layers("Charge at 50C for 10 minutes", 1e-5))
    with pytest.raises(InfeasibleStepError, match="needs a voltage of") as raised:
        aso.simulate(layers("Charge at 2C for 5 hours", 1.0))
    partial = raised.value.partial
    assert partial is not None
    assert partial.columns[names.VOLTAGE][-1] > 100.0
    assert partial.lithium_balance_error < 1e-10
