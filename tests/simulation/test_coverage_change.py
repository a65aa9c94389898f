"""A coverage that changes: areas at the start of each protocol step, lithium kept, bits of resumed runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import asyncsoc as aso
from asyncsoc.base.errors import InterruptedRunError, SimulationError
from asyncsoc.recorders.absent_curves import NoSuchCurve

FARADAY, GAS = 96485.33212, 8.314462618
PARTICLE = {"radius": "5 um", "mesh": "coarse"}
HALF = {"cycle": [1, 2], "relative_coverage": [1.0, 0.5]}
TWO = [["Charge at C/10 for 20 minutes"]] * 2


def case(contact: dict[str, Any], steps: list[Any] = TWO, **sections: Any) -> aso.Case:
    """Return a case with steps, or with lists of them as cycles."""
    cycles = [{"steps": cycle} for cycle in steps if isinstance(cycle, list)]
    protocol = {"cycle": cycles} if cycles else {"steps": steps}
    return aso.Case.from_dict({"particle": PARTICLE, "contact": contact, "protocol": protocol, **sections})


def around_the_change(solution: aso.Solution, name: str) -> tuple[float, float]:
    """Return a curve at the end of the first step and at the start of the second."""
    first = int(np.flatnonzero(solution.columns["Step"] == 2)[0])
    return float(solution.columns[name][first - 1]), float(solution.columns[name][first])


@pytest.mark.parametrize(
    "contact",
    [
        {"kind": "cap", "coverage": 0.4},
        {"kind": "belt", "coverage": 0.4},
        {"kind": "cap", "coverage": 0.4, "at": "everywhere"},
        {"kind": "full"},
    ],
    ids=["cap", "belt", "thinned", "full"],
)
def test_half_the_coverage_doubles_the_kinetic_overpotential(contact: dict[str, Any]):
    """Linear kinetics: eta = R T/F I/(f A i0), and with fast diffusion nothing else changes."""
    how = {"at": contact.pop("at")} if "at" in contact else {}
    solution = aso.simulate(
        case(
            {**contact, "coverage_change": {**HALF, **how}},
            kinetics={"model": "linear", "exchange_current_density": 2.0},
            material={"diffusivity": "1e-8 m2/s"},
        )
    )
    before, after = around_the_change(solution, "Kinetic overpotential [V]")
    coverage = around_the_change(solution, "Coverage")
    assert coverage[1] == pytest.approx(0.5 * coverage[0], rel=1e-9)
    assert after == pytest.approx(2.0 * before, rel=1e-6)
    current, area = solution.columns["Current [A]"][-1], solution.contact.area * 0.5
    assert after == pytest.approx(GAS * 333.15 / FARADAY * current / (area * 2.0), rel=1e-6)
    jump = np.diff(around_the_change(solution, "Voltage [V]"))[0]
    assert jump == pytest.approx(after - before, abs=1e-6)
    assert solution.lithium_balance_error < 1e-12


@pytest.mark.parametrize(
    "change", [{"law": "linear", "remaining": 1.0, "over": "10 h"}, {"cycle": [1, 9], "coverage": [0.3, 0.3]}]
)
def test_a_constant_coverage_is_the_run_without_a_change_to_the_last_bit(change: dict[str, Any]):
    steps = [
        "Charge at C/2 until 4.1 V",
        "Hold at 4.1 V for 10 minutes",
        "Rest for 10 minutes",
        "Discharge at C/5 for 10 minutes",
    ]
    contact = {"kind": "cap", "coverage": 0.3}
    plain = aso.simulate(case(contact, steps))
    constant = aso.simulate(case({**contact, "coverage_change": change}, steps))
    for name, values in plain.columns.items():
        assert np.array_equal(constant.columns[name], values), name
    assert (constant.field_x == plain.field_x).all()
    assert constant.columns["Coverage"] == pytest.approx(plain.contact.coverage_realised, rel=1e-14)


@settings(max_examples=5, deadline=None)
@given(
    law=st.sampled_from(["linear", "exponential", "sqrt-time"]),
    remaining=st.floats(0.05, 3.0),
    hours=st.floats(0.2, 20.0),
    kind=st.sampled_from(["cap", "belt"]),
    at=st.sampled_from(["edge", "everywhere"]),
)
@pytest.mark.slow
def test_lithium_and_charge_balance_under_any_law(law: str, remaining: float, hours: float, kind: str, at: str):
    change = {"law": law, "remaining": remaining, "over": f"{hours} h", "at": at}
    steps = [
        "Charge at C/5 for 15 minutes",
        "Rest for 10 minutes",
        "Charge at C/5 for 15 minutes",
        "Discharge at C/5 for 10 minutes",
    ]
    contact = {"kind": kind, "coverage": 0.3, "coverage_change": change}
    solution = aso.simulate(case(contact, steps, particle={**PARTICLE, "edge_levels": 0}))
    assert solution.lithium_balance_error < 1e-12
    found = solution.columns["Coverage"]
    assert ((found > 0.0) & (found <= 1.0)).all()
    low, high = sorted((0.3, 0.3 * remaining))
    assert found.min() >= low * (1.0 - 1e-9)
    assert found.max() <= high * (1.0 + 1e-9)
    currents, times = solution.columns["Current [A]"], solution.columns["Time [s]"]
    moved = float(np.sum(0.5 * (currents[1:] + currents[:-1]) * np.diff(times)))
    assert solution.columns["Charge passed [C]"][-1] == pytest.approx(moved, rel=1e-9)


@pytest.mark.slow
def test_laws_and_tables_have_their_values_at_the_start_of_each_step():
    steps = ["Charge at C/20 for 1 hour"] * 4
    hours = np.arange(4.0)
    laws = {
        "linear": np.maximum(1.0 - 0.4 * hours / 2.0, 0.6),
        "sqrt-time": np.maximum(1.0 - 0.4 * np.sqrt(hours / 2.0), 0.6),
        "exponential": 0.6 + 0.4 * np.exp(-hours / 2.0),
    }
    for law, shares in laws.items():
        change = {"law": law, "remaining": 0.6, "over": "2 h"}
        solution = aso.simulate(case({"kind": "cap", "coverage": 0.5, "coverage_change": change}, steps))
        found = [one["coverage"] for one in solution.reports["coverage change"]["steps"]]
        assert found == pytest.approx(0.5 * shares, rel=1e-9)
        # within a step it follows in parts of 1 %
        progress = solution.columns["Time [s]"] / 7200.0
        exact = {
            "linear": np.maximum(1.0 - 0.4 * progress, 0.6),
            "sqrt-time": np.maximum(1.0 - 0.4 * np.sqrt(progress), 0.6),
            "exponential": 0.6 + 0.4 * np.exp(-progress),
        }[law]
        assert np.abs(solution.columns["Coverage"] / (0.5 * exact) - 1.0).max() < 0.0102
        assert solution.summary()["Final coverage"] == solution.columns["Coverage"][-1]
        assert (
            solution.reports["coverage change"]["steps"][-1]["coverage at its end"] == solution.columns["Coverage"][-1]
        )


def test_a_table_by_cycle_is_read_from_a_file(tmp_path: Path):
    (tmp_path / "coverage.csv").write_text("cycle, coverage\n1, 0.3\n3, 0.2\n")
    (tmp_path / "case.toml").write_text(
        '[particle]\nradius = "5 um"\n[contact]\nkind = "cap"\ncoverage = 0.3\ncoverage_change = "coverage.csv"\n'
        '[[protocol.cycle]]\nrepeat = 4\nsteps = ["Charge at C/5 for 10 minutes", "Discharge at C/5 for 10 minutes"]\n'
    )
    read = aso.Case.from_toml(tmp_path / "case.toml")
    assert aso.Case.from_text(read.to_toml()).hash == read.hash
    solution = aso.simulate(read)
    by_cycle = [solution.columns["Coverage"][solution.columns["Cycle"] == k] for k in (1, 2, 3, 4)]
    for values, expected in zip(by_cycle, (0.3, 0.25, 0.2, 0.2), strict=True):
        assert values == pytest.approx(expected, rel=1e-9)
    assert any("assumption: the coverage, 0.3 at the start" in warning for warning in solution.warnings)


def test_what_a_place_regains_finds_the_lithium_it_left_behind():
    """Coverage 0.3, 0.15, 0.3: in the end the run is one of a cap of 0.3 again, and its nodes carry current again."""
    table = {"cycle": [1, 2, 3], "coverage": [0.3, 0.15, 0.3]}
    three = [*TWO, ["Charge at C/10 for 1 hour"]]
    solution = aso.simulate(case({"kind": "cap", "coverage": 0.3, "coverage_change": table}, three))
    coverage = [solution.columns["Coverage"][solution.columns["Step"] == k][0] for k in (1, 2, 3)]
    assert coverage == pytest.approx([0.3, 0.15, 0.3], rel=1e-9)
    plain = aso.simulate(case({"kind": "cap", "coverage": 0.3}, three))
    apart = abs(solution.columns["Asynchrony"][-1] - plain.columns["Asynchrony"][-1])
    within = abs(around_the_change(solution, "Asynchrony")[1] - around_the_change(plain, "Asynchrony")[1])
    assert apart < 0.05 * within


CHANGING = {"kind": "cap", "coverage": 0.3, "coverage_change": {"law": "linear", "remaining": 0.4, "over": "90 min"}}
THREE = ["Charge at C/5 for 20 minutes", "Charge at C/5 for 20 minutes", "Rest for 10 minutes"]


@pytest.mark.parametrize("fraction", [0.2, pytest.param(0.7, marks=pytest.mark.slow)])
def test_a_resumed_run_is_the_uninterrupted_one(fraction: float, tmp_path: Path):
    whole = aso.simulate(case(CHANGING, THREE))

    def stop(progress: Any) -> None:
        if progress.fraction >= fraction:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        aso.simulate(case(CHANGING, THREE), progress=stop)
    partial = caught.value.partial
    assert isinstance(partial, aso.Solution)
    resumed = aso.simulate(case(CHANGING, THREE), resume=aso.Solution.load(partial.save(tmp_path)))
    assert resumed.columns.keys() == whole.columns.keys()
    for name, values in whole.columns.items():
        np.testing.assert_allclose(resumed.columns[name], values, rtol=1e-12, atol=1e-13, err_msg=name)
    assert (resumed.field_x[-1] == whole.field_x[-1]).all()
    assert resumed.reports == whole.reports


@pytest.mark.slow
def test_a_run_resumed_within_a_profile_keeps_the_coverage_of_the_profiles_start(tmp_path: Path):
    time = np.arange(0.0, 5001.0)
    drive = {"time": time, "c_rate": 0.3 * np.sin(time / 150.0)}
    change = {"law": "linear", "remaining": 0.4, "over": "2 h"}
    protocol = {"initial_soc": 0.3, "steps": ["Charge at C/5 for 10 minutes", "Follow p"], "profiles": {"p": drive}}
    made = aso.Case.from_dict({"particle": PARTICLE, "contact": {"coverage_change": change}, "protocol": protocol})
    whole = aso.simulate(made)

    def stop(progress: Any) -> None:
        if progress.time > 4000.0:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        aso.simulate(made, progress=stop)
    partial = caught.value.partial
    assert isinstance(partial, aso.Solution)
    assert partial.checkpoint is not None
    assert partial.checkpoint.underway
    resumed = aso.simulate(made, resume=aso.Solution.load(partial.save(tmp_path)))
    assert resumed.reports == whole.reports
    for name, values in whole.columns.items():
        if name != "Lithium balance error":  # counted from where the run goes on
            np.testing.assert_array_equal(resumed.columns[name], values, err_msg=name)


@pytest.mark.slow
def test_a_protocol_that_goes_on_has_the_time_steps_of_the_whole():
    steps = ["Charge at C/5 for 70 minutes", "Rest for 10 minutes"]
    contact = {"coverage_change": {"law": "linear", "remaining": 0.4, "over": "1 h"}}
    whole = aso.simulate(case(contact, steps))
    resumed = aso.simulate(case(contact, steps), resume=aso.simulate(case(contact, steps[:1])))
    np.testing.assert_allclose(resumed.columns["Time [s]"], whole.columns["Time [s]"], rtol=1e-12)


@pytest.mark.slow
def test_cases_of_a_batch_have_the_bits_of_single_runs():
    from asyncsoc.simulation.batch import simulate_batch

    cases = [case({**CHANGING, "coverage_change": change}, THREE) for change in (CHANGING["coverage_change"], HALF)]
    cases.append(case({"kind": "cap", "coverage": 0.3}, THREE))
    for one, result in zip(cases, simulate_batch(cases), strict=True):
        alone = aso.simulate(one)
        for name, values in alone.columns.items():
            assert np.array_equal(result.finished().columns[name], values), name


def test_patches_lose_their_contact_at_the_rim_and_arrays_everywhere():
    patches = [{"direction": [0, 0, 1], "coverage": 0.1}, {"direction": [1, 0, 0], "angle": "40 deg"}]
    particle = {"radius": "5 um", "mesh": "coarse"}
    for contact in (
        {"patch": patches},
        aso.Contact.from_function(lambda p: p[:, 2] > 0.6, aso.Particle(mesh="coarse")).model_dump(exclude_unset=True),
    ):
        solution = aso.simulate(case({**contact, "coverage_change": HALF}, particle=particle))
        before, after = around_the_change(solution, "Coverage")
        assert after == pytest.approx(0.5 * before, rel=1e-9)
        assert solution.lithium_balance_error < 1e-12
        assert ("at the edge" in solution.reports["coverage change"]["assumption"]) == ("patch" in contact)


@pytest.mark.slow
def test_many_short_steps_are_one_long_step():
    """The coverage is followed within a step: dividing the step changes nothing but where the areas are set."""
    change = {"law": "linear", "remaining": 0.5, "over": "2 h"}
    contact = {"kind": "cap", "coverage": 0.3, "coverage_change": change}
    long = aso.simulate(case(contact, ["Charge at C/10 for 2 hours"]))
    short = aso.simulate(case(contact, ["Charge at C/10 for 5 minutes"] * 24))
    assert long.columns["Voltage [V]"][-1] == pytest.approx(short.columns["Voltage [V]"][-1], abs=1e-3)
    assert long.columns["Asynchrony"][-1] == pytest.approx(short.columns["Asynchrony"][-1], rel=0.01)
    assert long.lithium_balance_error < 1e-12
    assert [one.stop_reason for one in long.steps] == ["duration reached"]
    assert long.steps[0].duration == 7200.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("Charge at C/10 for 100 hours or until 4.0 V", "voltage 4 V reached"),
        ("Charge at C/10 until 20 % of capacity", "charge of 20 % of capacity reached"),
    ],
)
def test_limits_are_found_between_changes(step: str, reason: str):
    change = {"law": "linear", "remaining": 0.3, "over": "5 h"}
    solution = aso.simulate(case({"kind": "cap", "coverage": 0.3, "coverage_change": change}, [step]))
    assert solution.stop_reason == reason
    assert solution.lithium_balance_error < 1e-12
    if "20 %" in step:
        assert solution.steps[0].duration == pytest.approx(2.0 * 3600.0, rel=1e-6)


@pytest.mark.parametrize("step", ["Charge at C/10 for 1 hour", "Rest for 1 hour", "Hold at 3.9 V for 1 hour"])
def test_a_step_ends_where_the_coverage_has_fallen_to_a_limit(step: str):
    change = {"law": "linear", "remaining": 0.5, "over": "20 min"}
    solution = aso.simulate(case({"coverage_change": change}, [f'{step} or until "Coverage" < 0.8', "Rest for 60 s"]))
    assert solution.steps[0].stop_reason == "Coverage < 0.8 reached"
    assert float(solution.columns["Time [s]"][solution.columns["Step"] == 1][-1]) == pytest.approx(480.0, rel=0.05)
    assert len(solution.steps) == 2
    assert solution.lithium_balance_error < 1e-12


def test_a_curve_that_ends_a_step_is_that_of_the_contact_of_the_step():
    cap = {"kind": "cap", "coverage": 0.4, "coverage_change": HALF}
    old, new = around_the_change(aso.simulate(case(cap)), "Asynchrony")
    assert old < new
    rest = f"Rest for 5 minutes or until asynchrony > {0.5 * (old + new)!r}"
    solution = aso.simulate(case(cap, [TWO[0], [rest, "Rest for 60 s"]]))
    assert solution.steps[1].stop_reason.endswith("reached before the step started")


def test_a_changing_coverage_under_a_cathode_with_branches_and_entropy():
    x = [0.2, 0.5, 0.95]
    material = {
        "name": "own",
        "open_circuit_potential_charge": {"x": x, "U": [4.3, 3.9, 3.6]},
        "open_circuit_potential_discharge": {"x": x, "U": [4.25, 3.85, 3.55]},
        "entropy_coefficient": {"x": x, "dU/dT": [1e-4, 0.0, -1e-4]},
        "diffusivity": 1e-14,
        "maximum_concentration": 5e4,
        "formula": "LiCoO2",
    }
    change = {"law": "linear", "remaining": 0.5, "over": "20 min"}
    steps = ["Charge at C/10 for 10 minutes", "Discharge at C/10 for 5 minutes (25 degC)", "Rest for 1 minute"]
    kinetics = {"exchange_current_density": 0.3}
    solution = aso.simulate(case({"coverage_change": change}, steps, material=material, kinetics=kinetics))
    columns = solution.columns
    assert solution.lithium_balance_error < 1e-12
    assert (np.sign(columns["Kinetic overpotential [V]"][columns["Step"] == 2]) == -1.0).all()


def test_a_step_ends_where_lost_contact_lifts_its_voltage_over_the_limit():
    lost = {"time": [0.0, 1800.0, 1801.0], "relative_coverage": [1.0, 1.0, 0.1]}
    step = ["Charge at C/3 until 3.95 V", "Rest for 5 minutes"]
    solution = aso.simulate(case({"kind": "cap", "coverage": 0.3, "coverage_change": lost}, step))
    assert solution.steps[0].stop_reason == "voltage 3.95 V reached"
    assert 1800.0 <= solution.steps[0].duration <= 1803.0
    assert solution.status == "done"


def test_runs_whose_coverage_stays_have_no_curve_of_it():
    solution = aso.simulate(case({"kind": "full"}))
    with pytest.raises(NoSuchCurve, match="its coverage does not change"):
        solution.columns["Coverage"]
    assert math.isclose(solution.contact.coverage_realised, 1.0)


def test_a_smaller_contact_reaches_its_voltage_limit_earlier():
    steps = [["Charge at C/2 for 10 minutes"], ["Charge at C/2 until 4.2 V"]]
    shrinks = {"cycle": [1, 2], "relative_coverage": [1.0, 0.3]}
    plain = aso.simulate(case({"kind": "cap", "coverage": 0.3}, steps))
    lost = aso.simulate(case({"kind": "cap", "coverage": 0.3, "coverage_change": shrinks}, steps))
    assert lost.columns["Charge passed [C]"][-1] < 0.8 * plain.columns["Charge passed [C]"][-1]
    assert lost.stop_reason == plain.stop_reason == "voltage 4.2 V reached"
    assert not isinstance(lost, SimulationError)


@pytest.mark.slow
@pytest.mark.parametrize(
    "material",
    [{"entropy_coefficient": -1e-4},
     {"open_circuit_potential_charge": {"x": [0.25, 0.95], "U": [4.22, 3.6]},
      "open_circuit_potential_discharge": {"x": [0.25, 0.95], "U": [4.2, 3.58]}}],
    ids=["dU/dT", "hysteresis"],
)  # fmt: skip
def test_potentials_of_the_protocol_steps_stay_with_a_coverage_that_changes(material: dict[str, object]):
    sections = {
        "material": {"name": "ncm811-chen2020", "charged_voltage": 4.15, **material},
        "particle": {"radius": "5 um", "mesh": "coarse"},
        "protocol": {
            "temperature": "60 degC",
            "steps": ["Charge at C/5 for 2 minutes", "Rest for 1 hour", "Rest for 1 hour", "Rest for 1 hour"],
        },
    }
    change = {"law": "linear", "remaining": 0.5, "over": "3 h"}
    found = aso.simulate(
        aso.Case.from_dict({**sections, "contact": {"kind": "cap", "coverage": 0.4, "coverage_change": change}})
    )
    still = aso.simulate(aso.Case.from_dict({**sections, "contact": {"kind": "cap", "coverage": 0.4}}))
    assert found.columns["Coverage"][-1] < 0.4
    assert found.columns["Voltage [V]"][-1] == pytest.approx(still.columns["Voltage [V]"][-1], abs=2e-5)


@pytest.mark.slow
def test_a_particle_of_a_group_that_loses_its_contact_keeps_its_lithium_and_leaves_the_current_to_the_others():
    """From cycle 2 on: what it has then stays, in a rest too, in which the others would have shared it."""
    law = {"cycle": [1, 2], "relative_coverage": [1.0, 1e-12], "at": "everywhere"}
    steps = [["Charge at C/2 for 40 minutes", "Rest for 4 hours"]] * 2

    def both(change: dict[str, Any] | None) -> aso.Solution:
        more = {} if change is None else {"coverage_change": change}
        lost = case({"kind": "full", **more}, steps, particle={"radius": "4 um", "mesh": "coarse"})
        well = case({"kind": "full"}, steps, particle={"radius": "3 um", "mesh": "coarse"})
        return aso.simulate_particles([lost, well], [1.0, 3.0], names=["lost", "well"])

    apart, together = both(law), both(None)
    soc, second = apart.particles["Mean SOC"].values, apart.columns["Cycle"] == 2
    assert np.ptp(soc[0, second]) < 1e-6 < 0.2 < np.ptp(soc[1, second])
    shares = apart.particles["Current share"].values
    charging = second & (apart.columns["Step"] == 3)
    assert np.nanmin(shares[1, charging]) > 0.9999
    assert np.isnan(shares[:, -1]).all()  # what rounding leaves of a current at rest is shared by none
    gaps = [float(np.diff(run.particles["Mean SOC"].values[:, -1])[0]) for run in (apart, together)]
    assert gaps[0] > 0.2 > 0.01 > abs(gaps[1])
    assert apart.lithium_balance_error < 1e-12
    assert sum("stated in the case" in warning for warning in apart.warnings) == 1
    assert not any("too long" in warning or "too short" in warning for warning in apart.warnings)
