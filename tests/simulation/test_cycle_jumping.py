"""Cycle jumping against the same cycles computed one by one: error, estimate, balances, refusals, resumed runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError, InterruptedRunError
from asyncsoc.case import Case
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.simulation import simulate
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
from asyncsoc.simulation.cycle_extrapolation import interpolated, interpolated_growth, summed_growth
from asyncsoc.simulation.particle_group import simulate_particles
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.risk.study import study_risk
from tests.interrupted import stopped as stopped_at

FADING = ["Charge at 1C until 4.2 V", "Discharge at 1C until 3 V"]
DRIFTING = ["Charge at 1C for 20 minutes", "Discharge at 1C for 20 minutes"]
FILM = {"mode": "coupled", "exchange_current_density": 3e-7}
LAYERS = {
    "model": "layers",
    "layers": 4,
    "loading": "12.7 mg/cm2",
    "thickness": "60 um",
    "coverage": 1.0,
    "radius": "4 um",
    "ionic_conductivity": 0.02,
}
FIFTY = {
    "loading": "12.7 mg/cm2",
    "particles": 50,
    "coverage": 1.0,
    "radius": {"law": "lognormal", "median": "4 um", "sigma": 1.3},
}


def case(
    repeat: int,
    steps: list[str],
    tolerance: float | None = 1e-3,
    *,
    keep: str = "none",
    side: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    return Case.from_dict(
        {
            "particle": {"model": "radial", "mesh": "coarse"},
            "contact": {"kind": "full"},
            "side_reaction": {**FILM, **(side or {})},
            "protocol": {"cycle": [{"repeat": repeat, "steps": steps}]},
            "output": {"keep_cycles": keep},
            "solver": {} if tolerance is None else {"cycle_jump_tolerance": tolerance},
            **more,
        }
    )


def computed(solution: Solution) -> list[int]:
    return solution.cycle_rows[rows.CYCLE][solution.cycle_rows[rows.COMPUTED] > 0.0].tolist()  # type: ignore[no-any-return]


def estimate(solution: Solution) -> float:
    return float(solution.reports["cycle jumps"]["estimated error of capacity and film"])


def assert_same(found: Solution, whole: Solution) -> None:
    assert found.steps == whole.steps
    assert found.reports == whole.reports
    assert found.provenance["integrator steps"] == whole.provenance["integrator steps"]
    assert "resumed from" not in whole.provenance
    for kind in ("columns", "cycle_rows"):
        mine, theirs = getattr(found, kind), getattr(whole, kind)
        assert list(mine) == list(theirs)
        for name, values in theirs.items():
            np.testing.assert_array_equal(mine[name], values, err_msg=name)
    np.testing.assert_array_equal(found.field_times, whole.field_times)
    np.testing.assert_array_equal(found.field_x, whole.field_x)
    for one, other in zip(found.particle_runs, whole.particle_runs, strict=True):
        for name, values in other.cycle_rows.items():
            np.testing.assert_array_equal(one.cycle_rows[name], values, err_msg=name)
        np.testing.assert_array_equal(one.field_x, other.field_x)


# ---- extrapolation


def test_a_growth_by_a_power_is_summed_exactly() -> None:
    growth = [np.array([3.0 * n**-0.7, 2.0]) for n in (4, 9, 20)]
    for places in (slice(0, 2), slice(1, 3), slice(0, 3)):
        found = summed_growth([4, 9, 20][places], growth[places], 9, 40)
        exact = [sum(3.0 * n**-0.7 for n in range(10, 50)), 80.0]
        np.testing.assert_allclose(found, exact, rtol=1e-12)
    assert interpolated([2, 4, 8], [0.0, 1.0, 4.0], 16) == pytest.approx(9.0)  # the square of a logarithm


def test_what_does_not_grow_is_not_made_to() -> None:
    found = interpolated_growth([3, 4], [np.array([1.0, 0.0]), np.array([0.5, 0.0])], np.arange(5, 60))
    assert (found >= 0.0).all()
    assert (found[:, 1] == 0.0).all()


# ---- against all cycles


@pytest.fixture(scope="module")
def faded() -> Solution:
    return simulate(case(40, FADING))


@pytest.mark.slow
@pytest.mark.parametrize("steps", [FADING, DRIFTING], ids=["voltages", "durations"])
@pytest.mark.parametrize("tolerance", [3e-3, 3e-4])
def test_the_error_is_at_most_the_estimate(steps, tolerance) -> None:
    whole, jumped = simulate(case(40, steps, None)), simulate(case(40, steps, tolerance))
    assert len(computed(jumped)) < 40
    for column in (rows.DISCHARGED, rows.FILM):
        off = np.abs(jumped.cycle_rows[column] / whole.cycle_rows[column] - 1.0).max()
        assert off < max(estimate(jumped), 1e-6), column
    reached = np.abs(jumped.cycle_rows[rows.CHARGE_SOC] - whole.cycle_rows[rows.CHARGE_SOC])
    assert reached.max() < tolerance


def test_most_cycles_are_left_out_and_rows_say_which(faded) -> None:
    cycles = computed(faded)
    assert cycles[:4] == [1, 2, 3, 4]
    assert cycles[-1] == 40
    assert len(cycles) < 20
    assert faded.cycle_rows[rows.CYCLE].tolist() == list(range(1, 41))
    report = faded.reports["cycle jumps"]
    assert report["computed cycles"] == len(cycles) + report["computed for jumps that were not accepted"]
    assert 0.0 < estimate(faded) < 40 * 1e-3
    assert np.all(np.diff(faded.cycle_rows[rows.DISCHARGED]) < 0.0)
    assert np.all(np.diff(faded.cycle_rows[rows.FILM]) > 0.0)


def test_balances_hold_over_jumps(faded) -> None:
    """Lithium and charge, and the side charge against the film that it has made and against the rows."""
    assert faded.lithium_balance_error < 1e-10
    side = faded.columns[names.SIDE_CHARGE][-1]
    area = faded.contact.area
    per_charge = faded.columns[names.FILM_MEAN][-1] * area / side
    first = simulate(case(1, FADING, None))
    assert per_charge == pytest.approx(
        first.columns[names.FILM_MEAN][-1] * area / first.columns[names.SIDE_CHARGE][-1], rel=1e-9
    )
    assert faded.cycle_rows[rows.SIDE_CHARGE].sum() == pytest.approx(side, rel=estimate(faded))
    assert [step.number for step in faded.steps] == list(range(1, 81))
    assert faded.columns[names.TIME][-1] == pytest.approx(sum(step.duration for step in faded.steps), rel=1e-12)


@pytest.mark.slow
def test_a_group_jumps_as_its_particles_do() -> None:
    """Of particles that are alike the group is the single one."""
    single, group = simulate(case(20, FADING)), simulate_particles([case(20, FADING)] * 2, [1.0, 2.0])
    assert computed(group) == computed(single)
    for name in (rows.EFFICIENCY, rows.FILM, rows.CHARGE_SOC):
        np.testing.assert_allclose(group.cycle_rows[name], single.cycle_rows[name], rtol=1e-6)
    assert group.lithium_balance_error < 1e-10
    for one in group.particle_runs:
        assert computed(one) == computed(group)  # type: ignore[arg-type]
        np.testing.assert_allclose(one.cycle_rows[rows.FILM], single.cycle_rows[rows.FILM], rtol=1e-6)
    charge = sum(n * one.columns[names.CHARGE] for n, one in zip((1.0, 2.0), group.particle_runs, strict=True))
    np.testing.assert_allclose(charge, group.columns[names.CHARGE], rtol=1e-9)


@pytest.mark.slow
def test_particles_that_differ_jump_together() -> None:
    def both(tolerance: float | None) -> Solution:
        cases = [case(30, FADING, tolerance, particle={"radius": radius}) for radius in ("3 um", "6 um")]
        return simulate_particles(cases, [2.0, 1.0])

    whole, jumped = both(None), both(1e-3)
    assert len(computed(jumped)) < 20
    for mine, theirs in zip((jumped, *jumped.particle_runs), (whole, *whole.particle_runs), strict=True):
        off = np.abs(mine.cycle_rows[rows.FILM] / theirs.cycle_rows[rows.FILM] - 1.0)
        assert off.max() < max(estimate(jumped), 1e-3)
    off = np.abs(jumped.cycle_rows[rows.DISCHARGED] / whole.cycle_rows[rows.DISCHARGED] - 1.0)
    assert off.max() < estimate(jumped)


@pytest.mark.slow
@pytest.mark.parametrize("electrode", [LAYERS, FIFTY], ids=["layers", "fifty particles"])
def test_electrodes_jump_with_an_error_below_the_estimate(electrode: dict[str, Any]) -> None:
    """Each particle's film, and the capacity and the efficiency of the whole, against every cycle computed."""
    steps = ["Charge at 1C for 20 minutes", "Discharge at 1C until 3.3 V"]
    keys = {"protocol": {"cycle": [{"repeat": 14, "steps": steps}]}, "side_reaction": FILM}
    keys |= {"electrode": electrode, "particle": {"mesh": "coarse"}, "output": {"keep_cycles": "none"}}
    whole = simulate(Case.from_dict(keys))
    jumped = simulate(Case.from_dict({**keys, "solver": {"cycle_jump_tolerance": 3e-3}}))
    assert len(computed(jumped)) < 12  # the first cycles are not alike: from the start to where each begins
    films = [one.cycle_rows[rows.FILM][-1] for one in whole.particle_runs]
    assert max(films) > 1.05 * min(films)  # the particles differ
    for mine, theirs in zip((jumped, *jumped.particle_runs), (whole, *whole.particle_runs), strict=True):
        off = np.abs(mine.cycle_rows[rows.FILM] / theirs.cycle_rows[rows.FILM] - 1.0)
        assert off.max() < estimate(jumped)
    for column in (rows.DISCHARGED, rows.EFFICIENCY):
        off = np.abs(jumped.cycle_rows[column] / whole.cycle_rows[column] - 1.0)
        assert off.max() < estimate(jumped)
    assert jumped.lithium_balance_error < 1e-10
    charge = jumped.particles["Multiplicity"].values @ jumped.particles["Charge passed [C]"].values
    np.testing.assert_allclose(charge, jumped.columns[names.CHARGE], rtol=1e-9, atol=1e-9)


# ---- what is not jumped over


def test_cycles_that_are_kept_are_computed() -> None:
    solution = simulate(case(20, FADING, 1e-2, keep="9, 15"))
    assert {9, 15, 20} <= set(computed(solution))
    assert set(solution.columns[names.CYCLE].tolist()) == {1, 9, 15, 20}


def test_no_jump_reaches_into_other_cycles() -> None:
    protocol = {"cycle": [{"repeat": 9, "steps": FADING}, {"repeat": 8, "steps": DRIFTING}]}
    solution = simulate(case(1, FADING, 1e-2, protocol=protocol))
    assert {1, 9, 10, 11, 17} <= set(computed(solution))
    assert len(computed(solution)) < 17


@pytest.mark.slow
def test_contact_that_is_about_to_be_blocked_is_not_jumped_over() -> None:
    """A film that closes the contact ends the run in the cycle in which it does without jumps."""
    closing = {"exchange_current_density": 1e-6, "blocking_thickness": "27 nm"}
    whole, jumped = (simulate(case(60, DRIFTING, tolerance, side=closing)) for tolerance in (None, 1e-3))
    share = whole.cycle_rows[rows.BLOCKED]
    np.testing.assert_allclose(jumped.cycle_rows[rows.BLOCKED], share, atol=estimate(jumped))
    film = jumped.cycle_rows[rows.FILM]
    for before, after in zip(computed(jumped), computed(jumped)[1:], strict=False):
        if after - before > 1:  # at most half of the way that was left
            assert film[after - 2] - film[before - 1] < 0.51 * (27e-9 - film[before - 1])


@pytest.mark.slow
def test_a_contact_that_closes_ends_a_run_with_jumps_as_it_ends_one_without() -> None:
    """Steps that are over before they start leave the run within a cycle, from which there is nothing to jump."""
    side = {"mode": "coupled", "exchange_current_density": 1e-3, "blocking_thickness": "5 nm", "film_conductivity": 1.0}
    protocol = {
        "temperature": "60 degC",
        "cycle": [{"repeat": 12, "steps": ["Charge at C/5 until 4.2 V", "Discharge at C/5 until 3 V"]}],
    }
    closing = {"side_reaction": side, "protocol": protocol}
    ends = [simulate(case(12, FADING, tolerance, **closing)) for tolerance in (None, 1e-3)]
    assert "blocked by film" in ends[0].stop_reason
    assert ends[1].stop_reason == ends[0].stop_reason
    assert [step.number for step in ends[1].steps] == [step.number for step in ends[0].steps]


def test_a_contact_that_closes_in_the_last_step_of_a_cycle_ends_a_run_with_jumps() -> None:
    """Once the run began the next cycle again and again, none of whose steps can start."""
    side = {"mode": "coupled", "exchange_current_density": 4e-6, "blocking_thickness": "5 nm", "film_conductivity": 1.0}
    steps = ["Discharge at C/10 for 20 minutes", "Charge at C/10 for 21 minutes"]
    protocol = {"temperature": "60 degC", "initial_voltage": "4 V", "cycle": [{"repeat": 6, "steps": steps}]}
    closing = {"side_reaction": side, "protocol": protocol}
    whole, jumped = (simulate(case(6, FADING, tolerance, **closing)) for tolerance in (None, 1e-3))
    closes = next(number for number, step in enumerate(whole.steps, 1) if "before" in step.stop_reason) - 1
    assert closes == 4  # the last step of the second cycle
    assert jumped.steps == whole.steps
    assert jumped.stop_reason == whole.stop_reason
    for name, values in whole.cycle_rows.items():
        np.testing.assert_array_equal(jumped.cycle_rows[name], values, err_msg=name)


def test_without_a_side_reaction_nothing_changes_and_all_is_left_out() -> None:
    solution = simulate(case(30, DRIFTING, 1e-3, side={"mode": "off"}))
    assert len(computed(solution)) < 15
    assert estimate(solution) < 1e-3
    whole = simulate(case(30, DRIFTING, None, side={"mode": "off"}))
    np.testing.assert_allclose(solution.cycle_rows[rows.DISCHARGED], whole.cycle_rows[rows.DISCHARGED], rtol=1e-3)


# ---- resumed and kept


def stopped(described: Case, calls: int, previous: Solution | None) -> Solution:
    return stopped_at(lambda stop: simulate(described, progress=stop, resume=previous), calls)


@pytest.mark.parametrize("stops", [(5,), (300,), (150, 120, 40)])
def test_a_run_that_jumps_is_resumed_with_the_same_bits(stops, faded, tmp_path) -> None:
    reached = None
    for calls in stops:
        reached = Solution.load(stopped(case(40, FADING), calls, reached).save(tmp_path))
    assert_same(simulate(case(40, FADING), resume=reached), faded)


@pytest.mark.slow
def test_checkpoints_change_no_bit_of_jumps(faded, tmp_path) -> None:
    path = tmp_path / "run.vtkhdf"
    assert_same(simulate_with_checkpoints(case(40, FADING), path, every=0.0), faded)
    kept = Solution.load(path)
    assert kept.status == "stopped"
    assert_same(simulate(case(40, FADING), resume=kept), faded)
    assert_same(Solution.load(faded.save(tmp_path / "whole.vtkhdf")), faded)


@pytest.mark.slow
def test_a_group_that_jumps_is_resumed_with_the_same_bits(tmp_path) -> None:
    cases = [case(20, FADING, particle={"radius": radius}) for radius in ("3 um", "6 um")]
    whole, left = simulate_particles(cases), 250

    def stop(progress: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        simulate_particles(cases, progress=stop)
    reached = Solution.load(caught.value.partial.save(tmp_path))
    assert 3 < len(reached.cycle_rows[rows.CYCLE]) < 20
    assert_same(simulate_particles(cases, resume=reached), whole)


def test_a_batch_jumps_case_by_case(faded) -> None:
    for ending, expected in zip(
        simulate_batch([case(40, FADING), case(2, FADING, None)]), (faded, simulate(case(2, FADING, None))), strict=True
    ):
        assert ending.solution is not None
        assert_same(ending.solution, expected)


def test_damaged_jumps_are_refused(faded, tmp_path) -> None:
    path = faded.save(tmp_path)
    path.with_name(path.name + ".sha256").unlink()
    with h5py.File(path, "r+") as file:
        file["jumps/cycles"][...] = [3, 2, 1]
    with pytest.raises(InputError, match="computed cycles are not in order"):
        Solution.load(path)


# ---- what is refused


def test_what_cannot_be_jumped_over_says_why(faded, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reported side reaction counts every cycle"):
        case(3, FADING, side={"mode": "report"})
    change = {"law": "linear", "remaining": 0.5, "over": 1e6}
    with pytest.raises(InputError, match="coverage changes by a law"):
        case(
            3,
            FADING,
            contact={
                "kind": "cap",
                "coverage": 0.3,
                "coverage_change": change,
            },
            particle={},
            side={"mode": "off"},
        )
    with pytest.raises(InputError) as caught:
        case(3, FADING, 0.5)
    assert caught.value.where == "solver.cycle_jump_tolerance"
    with pytest.raises(InputError, match="jumped over cycles, and would go on without"):
        simulate(case(41, FADING, None), resume=faded)
    with pytest.raises(InputError, match="computed without jumps"):
        simulate(case(2, FADING), resume=simulate(case(1, FADING, None)))
    with pytest.raises(InputError, match="reference does not jump over any"):
        study_risk(case(3, FADING))
    with pytest.raises(InputError, match="runs that jump over cycles state no risk"):
        faded.columns[names.RISK_MAX]


def test_the_default_computes_every_cycle_and_keeps_the_hash() -> None:
    plain = case(2, FADING, None)
    keys = plain.to_dict()
    assert keys["solver"].pop("cycle_jump_tolerance") is None
    assert Case.from_dict(keys).hash == plain.hash != case(2, FADING).hash
    assert rows.COMPUTED not in simulate(plain).cycle_rows
