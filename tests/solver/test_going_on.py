"""Groups that go on beyond the limits of single particles: the assumed saturation, and who ends the step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from asyncsoc.base.interpolation import ocp_and_i0_array, psi_and_d_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.saturation import SATURATION, saturating
from asyncsoc.materials.tables import tabulate
from asyncsoc.problem.going_on import going_on
from asyncsoc.problem.particles import Group, Problem
from tests.solver.test_groups import run, times_current

MATERIAL = cathode("ncm811-sturm2019")
TEMPERATURE = 333.15
DENSITY = FARADAY * MATERIAL.maximum_concentration
LOW = MATERIAL.window[0]


def leader_and_other(home: Any, *steps: str, ohms: float = 1e9, **changes: Any) -> Group:
    """Return a group in which the second particle lags, behind a resistance."""
    leader = home.member(*steps, start=0.5, **changes)
    constraints = times_current(leader.constraints, 2.0)
    return Group((leader, leader), constraints, leader.tolerance, resistances=(0.0, ohms))


def test_the_table_goes_on_smoothly_and_falls() -> None:
    table = tabulate(MATERIAL, electrolyte("peo-litfsi"), TEMPERATURE)
    longer = saturating(table)
    low, high = table.window
    inside = np.linspace(low + table.spacing, high - table.spacing, 1001)
    for function in (ocp_and_i0_array, psi_and_d_array):
        old, new = (function(inside, one.x_first, one.spacing, one.coefficients) for one in (table, longer))
        np.testing.assert_allclose(new, old, rtol=1e-9, atol=1e-12)
    x = np.linspace(longer.x_first, longer.x_last, 20001)
    ocp, _, i0, _ = ocp_and_i0_array(x, longer.x_first, longer.spacing, longer.coefficients)
    assert (np.diff(ocp) < 0.0).all()
    assert (i0 >= 0.0).all()
    assert i0[0] < 0.03 * i0[len(x) // 2]
    assert i0[-1] < 0.03 * i0[len(x) // 2]
    # as written, from independent formulas
    width = (low - longer.x_first) / 0.99
    s = (low - x[x < low]) / width
    U, _, old_i0, _ = ocp_and_i0_array(x[x < low], table.x_first, table.spacing, table.coefficients)
    expected = U + GAS_CONSTANT * TEMPERATURE / FARADAY * (-np.log(1.0 - s) - s)
    np.testing.assert_allclose(ocp[x < low], expected, atol=5e-4)  # what a cubic makes of the last cell
    np.testing.assert_allclose(ocp[(x < low) & (x > low - 0.9 * width)], expected[s < 0.9], atol=1e-5)
    np.testing.assert_allclose(i0[x < low], old_i0 * (1.0 - s**2), rtol=1e-4)
    assert 0.02 < width / (high - low) < 0.05
    assert SATURATION.assumed


def test_a_particle_at_its_limit_lets_the_others_go_on(ball: Any) -> None:
    steps = "Charge at C/5 for 8 hours", "Rest for 10 minutes", "Discharge at C/5 for 1 hour"
    group = leader_and_other(ball, *steps)
    (today,), before = run(Problem((ball.system,), (group,)))
    (outcome,), kept = run(Problem((ball.system,), (going_on(group),)))
    assert today.steps[0].reason == f"stoichiometry limit x = {LOW:g} reached under the contact"
    assert outcome.error is None
    assert outcome.steps[0].reason == f"stoichiometry limit x = {LOW:g} reached under the contact of every particle"
    assert outcome.steps[1].reason == outcome.steps[2].reason == "duration reached"
    assert outcome.steps[0].duration > 1.2 * today.steps[0].duration
    at_limit = [[step.end for step in one.steps if step.end.step == 1][-1] for one in kept]
    lowest = [end.x.min() for end in at_limit]
    assert max(lowest) == pytest.approx(LOW, abs=1e-6)
    assert LOW - 0.04 * (MATERIAL.window[1] - LOW) < min(lowest) < LOW - 0.005
    assert abs(at_limit[0].current) < 0.1 * at_limit[1].current
    for one, member in zip(kept, group.particles, strict=True):
        lost = DENSITY * math.fsum((ball.operators.mass * (member.x - one.last.x)).tolist())
        assert one.last.charge == pytest.approx(lost, abs=1e-10 * DENSITY * ball.operators.volume)
        assert one.last.x.min() > LOW + 0.04  # both have come back
    for mine, theirs in zip(kept[0].steps, before[0].steps, strict=False):
        if mine.end.x.min() < LOW or theirs.end.time == before[0].steps[-1].end.time:
            break
        assert mine.end.time == pytest.approx(theirs.end.time, rel=1e-6)  # until then nothing is changed


def test_a_hold_above_the_limit_ends_by_itself(ball: Any) -> None:
    group = leader_and_other(ball, "Charge at C/5 until 4.4 V", "Hold at 4.4 V until C/50")
    (outcome,), kept = run(Problem((ball.system,), (going_on(group),)))
    assert outcome.error is None
    assert outcome.steps[1].reason.startswith("current")
    series, total = group.constraints[0].series, sum(one.last.current for one in kept)
    for one, ohms in zip(kept, group.resistances, strict=True):
        assert LOW - 0.04 * (MATERIAL.window[1] - LOW) < one.last.x.min() < LOW
        assert one.last.potential == pytest.approx(4.4 - series * total - ohms * one.last.current, abs=1e-9)


@pytest.mark.slow
def test_beyond_the_limit_fast_diffusion_is_ordinary_differential_equations(ball: Any) -> None:
    """dx_j/dt = -A/V i(x_j, v)/(F c_max) with U and i0 written out, while one particle is beyond its limit."""
    i0 = 0.4
    table = tabulate(MATERIAL, electrolyte("peo-litfsi"), TEMPERATURE, diffusivity=1e-9, exchange_current_density=i0)
    changes = {"kinetics": Linear(), "tables": {TEMPERATURE: table}, "tolerance": 1e-6}
    plain = leader_and_other(ball, "Charge at C/4 for 86 minutes", ohms=3e8, **changes)
    group, leader = going_on(plain), plain.particles[0]
    (outcome,), kept = run(Problem((ball.system,), (group,)))
    assert outcome.stop_reason == "duration reached"
    area, volume = float(leader.weights.sum()), ball.operators.volume
    width = (LOW - (table.x_first - round(0.02 * table.n_cells) * table.spacing)) / 0.99
    f = FARADAY / (GAS_CONSTANT * TEMPERATURE)

    def currents(x: np.ndarray, v: float) -> np.ndarray:
        s = np.maximum((LOW - x) / width, 0.0)
        # below the table the potential goes on with the slope of its end
        U = MATERIAL.open_circuit_potential(np.maximum(x, table.x_first))
        U = U + table.coefficients[0, 3] * np.minimum(x - table.x_first, 0.0) + (-np.log1p(-s) - s) / f
        slope = area * i0 * (1.0 - s**2) * f
        value: np.ndarray = slope * (v - U) / (1.0 + np.array(group.resistances) * slope)
        return value

    def rates(_: float, x: np.ndarray) -> np.ndarray:
        v = brentq(lambda v: currents(x, v).sum() - group.constraints[0].target, 2.0, 6.0, xtol=1e-13)
        return -currents(x, v) / (DENSITY * volume)

    ends = solve_ivp(rates, (0.0, 5160.0), np.array([0.5, 0.5]), "LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
    found = [float(ball.operators.mass @ one.last.x) / volume for one in kept]
    np.testing.assert_allclose(found, ends, atol=2e-5)
    assert LOW - 0.95 * width < ends[0] < LOW - 0.5 * width
