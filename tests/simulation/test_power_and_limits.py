"""Constant power, constant resistance, and steps that end where a curve reaches a value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.case import Case
from asyncsoc.materials.capacity import charged_stoichiometry
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate

CAP = {"contact": {"kind": "cap", "coverage": 0.3}, "particle": {"radius": 5e-6, "mesh": "coarse"}}
SIDE = {"mode": "coupled", "exchange_current_density": 1e-5}


def last(solution: Solution, name: str) -> float:
    return float(solution.columns[name][-1])


@pytest.mark.parametrize("verb", ["Charge", "Discharge"])
def test_power_is_current_times_voltage_and_adds_up_to_the_energy(run: Any, verb: str) -> None:
    sign = 1.0 if verb == "Charge" else -1.0
    solution = run(f"{verb} at 2 nW for 300 s (1 second period)", electrolyte={"separator_thickness": "200 um"})
    columns = solution.columns
    power = columns[names.CURRENT] * columns[names.VOLTAGE]
    assert power == pytest.approx(sign * 2e-9, rel=1e-10)
    assert np.trapezoid(power, columns[names.TIME]) == pytest.approx(sign * 2e-9 * 300.0, rel=1e-10)
    # The charge is integrated by the method itself: it has to be that of P/V.
    assert last(solution, names.CHARGE) == pytest.approx(
        np.trapezoid(sign * 2e-9 / columns[names.VOLTAGE], columns[names.TIME]), rel=1e-6
    )
    assert np.abs(columns[names.SERIES]).max() > 1e-6
    assert columns[names.BALANCE].max() < 1e-13


def test_the_method_keeps_its_order_under_a_power(run: Any) -> None:
    exact = last(run("Charge at 4 nW for 600 s", solver={"tolerance": 1e-9}), names.CHARGE)
    errors, steps = [], []
    for tolerance in (1e-4, 1e-6):
        solution = run("Charge at 4 nW for 600 s", solver={"tolerance": tolerance})
        errors.append(abs(last(solution, names.CHARGE) / exact - 1.0))
        steps.append(solution.provenance["integrator steps"]["accepted"])
    assert errors[0] < 1e-5
    # Order 4 needs 100^(1/4) = 3.2 times the steps for a hundredth of the error, order 2 ten times.
    assert errors[1] < 0.1 * errors[0]
    assert steps[1] < 6.0 * steps[0]


def test_a_resistance_takes_the_current_of_its_voltage(run: Any) -> None:
    solution = run("Discharge at 8 Gohm for 10 minutes or until 0.44 nA")
    columns = solution.columns
    assert columns[names.CURRENT] == pytest.approx(-columns[names.VOLTAGE] / 8e9, rel=1e-9)
    assert solution.steps[0].stop_reason in ("current 4.4e-10 A reached", "duration reached")
    assert columns[names.BALANCE].max() < 1e-13


def test_powers_that_cannot_be_had(run: Any) -> None:
    with pytest.raises(InfeasibleStepError, match=r"its power of -0\.001 W is more than"):
        run("Discharge at 1 mW until 2 V", electrolyte={"separator_thickness": "200 um"})
    with pytest.raises(InputError, match="uniform flux"):
        run("Charge at 1 nW for 1 s", kinetics={"model": "uniform-flux"})


def test_a_profile_whose_power_outgrows_the_particle_says_so() -> None:
    time = np.arange(0.0, 601.0)
    drive = {"time": time, "power": -1e-9 * (time / 10.0) ** 2.2}
    protocol = {"initial_soc": 0.4, "steps": ["Follow p"], "profiles": {"p": drive}}
    keys = {"particle": {"radius": "5 um"}, "kinetics": {"exchange_current_density": 0.3}, "protocol": protocol}
    with pytest.raises(InfeasibleStepError, match="about the most that the particle can still deliver") as caught:
        simulate(Case.from_dict(keys))
    columns = caught.value.partial.columns
    rise = np.diff(np.abs(columns[names.CURRENT])[-2:])
    assert (np.diff(columns[names.VOLTAGE][-2:]) < 0.0).all()
    assert (rise > 0.0).all()


def test_a_mean_soc_is_reached_with_the_charge_it_takes(run: Any) -> None:
    solution = run("Charge at C/5 until mean SOC 0.5", "Discharge at C/3 until mean SOC 45 %")
    width = 1.0 - charged_stoichiometry(cathode("ncm811-sturm2019"))
    volume = 4.0 / 3.0 * np.pi * 5e-6**3
    full = FARADAY * cathode("ncm811-sturm2019").maximum_concentration * volume * width
    begin = 0.3 / width
    assert [one.stop_reason for one in solution.steps] == ["Mean SOC > 0.5 reached", "Mean SOC < 0.45 reached"]
    # The mesh of a sphere is radial: its volume is the sphere's to rounding.
    assert solution.steps[0].charge == pytest.approx((0.5 - begin) * full, rel=1e-8)
    assert solution.steps[1].charge == pytest.approx(-0.05 * full, rel=1e-7)
    assert last(solution, names.MEAN_SOC) == pytest.approx(0.45, abs=1e-9)
    rate = float(solution.columns[names.CURRENT][0])
    assert solution.steps[0].duration == pytest.approx((0.5 - begin) * full / rate, rel=1e-8)


@pytest.mark.parametrize(
    ("step", "name", "value"),
    [
        ("Charge at C/5 until contact SOC 0.6", names.CONTACT_SOC, 0.6),
        ("Charge at C/5 until asynchrony 0.05", names.ASYNCHRONY, 0.05),
        ("Discharge at C/5 until asynchrony 0.03", names.ASYNCHRONY, -0.03),
        ('Charge at C/5 until "Contact-mean stoichiometry" < 0.6', names.CONTACT_X, 0.6),
        ('Charge at C/5 until "Specific capacity [mA.h/g]" 12', names.CAPACITY, 12.0),
        ('Hold at 3.9 V for 1 h or until "Mean stoichiometry" < 0.69', names.MEAN_X, 0.69),
    ],
)
def test_a_curve_ends_a_step_where_it_has_its_value(run: Any, step: str, name: str, value: float) -> None:
    solution = run(step, **CAP)
    assert "reached" in solution.stop_reason and solution.stop_reason != "duration reached"
    assert last(solution, name) == pytest.approx(value, abs=1e-7 * max(1.0, abs(value)))
    before = solution.columns[name][:-1]
    assert ((np.abs(before) < abs(value)) | (np.abs(before - value) < 1e-6)).all() or (before > value).all()


def test_alternatives_end_a_step_with_the_first_that_is_reached(run: Any) -> None:
    solution = run("Charge at C/5 for 2 h or until mean SOC 0.9 or asynchrony 0.04 or 4.3 V", **CAP)
    assert solution.stop_reason == "magnitude of Asynchrony 0.04 reached"
    early = run("Charge at C/5 until mean SOC 0.9 or asynchrony 0.9 or 3.9 V", **CAP)
    assert early.stop_reason == "voltage 3.9 V reached"


def test_a_rest_ends_where_the_gradients_have_gone(run: Any) -> None:
    solution = run("Charge at C/2 for 10 minutes", "Rest for 10 h or until asynchrony < 0.001", **CAP)
    assert solution.stop_reason == "Asynchrony < 0.001 reached"
    assert last(solution, names.ASYNCHRONY) == pytest.approx(1e-3, abs=1e-9)


def test_a_film_and_a_risk_end_a_step(run: Any) -> None:
    film = run("Charge at C/5 for 1 h or until film 0.05 nm", side_reaction=SIDE)
    assert film.stop_reason.startswith("Film thickness mean")
    assert last(film, names.FILM_MEAN) == pytest.approx(5e-11, rel=1e-6)
    risk = run("Charge at C/5 for 2 h or until risk 5", side_reaction={"mode": "report"}, **CAP)
    assert last(risk, names.RISK_MAX) == pytest.approx(5.0, rel=1e-5)


def test_a_curve_ends_a_profile_exactly(run: Any) -> None:
    time = np.arange(4001.0)
    profile = {"time": time, "c_rate": 0.3 + 0.5 * np.sin(time)}
    for text in ("Follow p until mean SOC 0.44", "Follow p until mean SOC 0.44 (90 second period)"):
        solution = run(text, protocol={"profiles": {"p": profile}})
        assert solution.stop_reason == "Mean SOC 0.44 reached"
        assert last(solution, names.MEAN_SOC) == pytest.approx(0.44, abs=1e-10)
        times = solution.columns[names.TIME]
        assert (np.diff(times) > 0.0).all()
        charge = np.interp(
            times[-1], time, np.append(0.0, np.cumsum(0.5 * (profile["c_rate"][1:] + profile["c_rate"][:-1])))
        )
        unit = float(run("Charge at 1C for 1 s").columns[names.CURRENT][0])
        # Within a second the profile is a line: its integral is no more than its curvature off the chord's.
        assert solution.steps[0].charge / unit == pytest.approx(charge, abs=0.1)
    whole = run("Follow p until mean SOC 0.99", protocol={"profiles": {"p": profile}})
    assert whole.stop_reason == "duration reached"


def test_a_curve_that_has_its_value_at_the_start_ends_the_step_at_once(run: Any) -> None:
    solution = run("Charge at C/5 until mean SOC 0.2", "Charge at C/5 for 1 minute")
    assert solution.steps[0].stop_reason == "Mean SOC > 0.2 reached before the step started"
    assert solution.steps[1].stop_reason == "duration reached"


@pytest.mark.parametrize(
    ("step", "sections", "parts"),
    [
        ('Charge at C/5 until "Contact-mean stoichiometri" < 0.3', {}, ["no such curve", "Contact-mean stoichiometry"]),
        ("Charge at C/5 until risk 3", {}, ["no such curve", "side reaction"]),
        ("Charge at C/5 until film 5 nm", {"side_reaction": {"mode": "report"}}, ["no such curve"]),
        ('Charge at C/5 until "Time [s]" > 5', {}, ["cannot end a step"]),
        ('Charge at C/5 until "Dose against full coverage" > 5', {"side_reaction": {"mode": "report"}}, ["cannot end"]),
    ],
)
def test_curves_that_cannot_end_a_step(run: Any, step: str, sections: dict, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        run(step, **sections)
    for part in parts:
        assert part in str(caught.value)
