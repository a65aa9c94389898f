"""Cycle jumping of an electrode whose salt moves: against all cycles computed, and the balance of the salt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.recorders.salt import IN_SEPARATOR, SALT
from asyncsoc.simulation import cycle_jumping
from asyncsoc.simulation.jumped_state import SlowState

FARADAY = 96485.33212
AREA, MEMBRANE, THICKNESS, FRACTION, REST = 1e-4, 50e-6, 60e-6, 0.3, 1110.0
NODES, LAYERS, CYCLES = 2, 2, 40


def cycled(tolerance: float | None, side: dict[str, Any] | None = None) -> aso.Solution:
    electrode = {
        "model": "layers",
        "layers": LAYERS,
        "loading": "12.7 mg/cm2",
        "thickness": THICKNESS,
        "coverage": 1.0,
        "radius": "3 um",
        "separator": {"thickness": MEMBRANE},
        "salt": "concentrated",
        "salt_properties": {"volume_fraction": FRACTION, "separator_nodes": NODES},
    }
    cycle = {"repeat": CYCLES, "steps": ["Charge at C/20 for 2 hours", "Discharge at C/20 for 2 hours"]}
    return aso.simulate(
        aso.Case.from_dict(
            {
                "electrode": electrode,
                "particle": {"mesh": "coarse"},
                "side_reaction": {"mode": "coupled", "exchange_current_density": 3e-3, **(side or {})},
                "protocol": {"temperature": "60 degC", "cycle": [cycle]},
                "output": {"keep_cycles": "none"},
                "solver": {} if tolerance is None else {"cycle_jump_tolerance": tolerance},
            }
        )
    )


def salt_of(solution: aso.Solution) -> np.ndarray:
    """Return the concentrations at the end [mol/m3]."""
    assert solution.checkpoint is not None
    return np.array(solution.checkpoint.salt)


def amount(c: np.ndarray) -> float:
    """Return the salt of concentrations [mol]."""
    return float(AREA * MEMBRANE / NODES * c[:NODES].sum() + FRACTION * AREA * THICKNESS / LAYERS * c[NODES:].sum())


def side_charge(solution: aso.Solution) -> float:
    """Return what the side reaction has passed since the start, in cycles computed and left out [C]."""
    assert solution.checkpoint is not None
    charges = [one.start_side_charge for one in solution.checkpoint.particles]
    return float(np.array(solution.multiplicities) @ np.array(charges))


@pytest.mark.slow
def test_jumps_leave_the_salt_that_all_cycles_leave() -> None:
    whole, jumped = cycled(None), cycled(1e-3)
    report = jumped.reports["cycle jumps"]
    assert report["computed cycles"] < 0.5 * CYCLES, report
    held = REST * AREA * (MEMBRANE + FRACTION * THICKNESS)
    for solution in (whole, jumped):
        lost = side_charge(solution) / FARADAY
        assert amount(salt_of(solution)) == pytest.approx(held - lost, rel=1e-10)
        assert lost > 1e-3 * held  # there is something to lose
        assert solution.lithium_balance_error < 1e-10
    # what was lost, against all cycles
    gone = [held - amount(salt_of(one)) for one in (whole, jumped)]
    assert abs(gone[1] / gone[0] - 1.0) < report["estimated error of capacity and film"]
    np.testing.assert_allclose(salt_of(jumped), salt_of(whole), rtol=2e-4)
    for name in (rows.CHARGE_VOLTAGE, rows.DISCHARGE_VOLTAGE, rows.RESISTANCE):
        np.testing.assert_allclose(jumped.cycle_rows[name], whole.cycle_rows[name], rtol=1e-3)
    assert jumped.columns[names.VOLTAGE][-1] == pytest.approx(whole.columns[names.VOLTAGE][-1], abs=1e-3)
    ends = [
        np.append(one.layers[IN_SEPARATOR].values[:, -1], one.layers[SALT].values[:, -1]) for one in (whole, jumped)
    ]
    np.testing.assert_allclose(ends[1], ends[0], rtol=2e-4)


def test_a_jump_that_would_use_up_the_salt_is_not_made() -> None:
    """Ten mole times the Faraday constant are in two volumes of one and four cubic metres, two particles as many."""
    none = np.zeros(0)
    slow = SlowState(
        np.array([1.0, 2.0]), none, none, (), none, np.zeros(0, np.int64), np.zeros(0, np.int64), np.array([1.0, 4.0])
    )
    held = (2.0, 2.0)  # 10 mol
    assert slow.salt_after(held, np.array([FARADAY, 2.0 * FARADAY])) == pytest.approx((1.0, 1.0))
    assert slow.salt_after(held, np.array([FARADAY, 4.5 * FARADAY])) is None
    assert slow.salt_after((), np.zeros(2)) == ()


def test_salt_that_runs_out_in_each_cycle_is_one_reason() -> None:
    """The moment and the concentration are other ones; where it runs out may not be."""
    steps = (
        "the salt has run out in layer 2, 12.5 mol/m3 at t = 3600 s",
        "the salt has run out in layer 2, 12.4 mol/m3 at t = 1.2e+05 s",
    )
    ended = [
        tuple(cycle_jumping._MEASURED.sub("", one) for one in steps),
        cycle_jumping._MEASURED.sub("", "the salt has run out in layer 1, 12.5 mol/m3 at t = 3600 s"),
    ]
    assert len(set(ended[0])) == 1
    assert ended[1] not in ended[0]
