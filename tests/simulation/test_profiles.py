"""Profiles against time as one protocol step: charge, tolerance, resuming, and what cannot be carried."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.errors import InfeasibleStepError, InputError, InterruptedRunError
from asyncsoc.case import Case
from asyncsoc.case.schedule import Protocol
from asyncsoc.protocol.profile import Profile
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.results.solution import Solution
from tests.reference.cases import Sentence, Specimen
from tests.reference.converge import run as run_reference

BASE: dict[str, Any] = {"particle": {"radius": 5e-6}, "contact": {"kind": "full"}}


def case(text: str, profile: dict[str, Any] | None = None, **sections: dict[str, Any]) -> Case:
    keys = {name: dict(section) for name, section in BASE.items()}
    for name, section in sections.items():
        keys[name] = {**keys.get(name, {}), **section}
    protocol = {"initial_stoichiometry": 0.6, **keys.pop("protocol", {}), "steps": text.split("; ")}
    if profile is not None:
        protocol["profiles"] = {"p": profile}
    return Case.from_dict({**keys, "protocol": protocol})


def drive(seconds: int = 120, rate: float = 0.7, seed: int = 3) -> dict[str, Any]:
    values = np.random.default_rng(seed).normal(size=seconds + 1) * rate
    values[20:40] = 0.0
    return {"time": np.arange(seconds + 1.0), "c_rate": np.round(values, 3)}


OWN = drive(50, seed=77)


def step_ends(solution: Solution) -> np.ndarray:
    numbers = solution.columns[names.STEP]
    return np.append(np.flatnonzero(np.diff(numbers)), len(numbers) - 1)


def test_the_charge_is_the_integral_of_the_profile() -> None:
    profile = drive()
    for text, charge in (
        ("Follow p", np.trapezoid(profile["c_rate"], profile["time"])),
        ("Follow p (hold)", profile["c_rate"][:-1].sum()),
        ("Follow p (45 second period)", np.trapezoid(profile["c_rate"], profile["time"])),
    ):
        solution = simulate(case(text, profile, protocol={"capacity": "1 nAh"}))
        passed = solution.steps[0].charge / 1e-9
        assert passed == pytest.approx(charge, abs=1e-12 * np.abs(profile["c_rate"]).sum())
        assert solution.columns[names.BALANCE].max() < 1e-13


def test_a_row_for_every_point_holds_its_current_and_charge() -> None:
    profile = drive()
    columns = simulate(case("Follow p", profile, protocol={"capacity": "1 nAh"})).columns
    assert columns[names.TIME].tolist() == profile["time"].tolist()
    assert columns[names.CURRENT] == pytest.approx(profile["c_rate"] * 1e-9, abs=1e-21)
    steps = 0.5 * (profile["c_rate"][1:] + profile["c_rate"][:-1])
    assert columns[names.CHARGE] == pytest.approx(np.append(0.0, np.cumsum(steps)) * 1e-9, abs=1e-19)


def test_held_values_are_as_protocol_steps_of_their_own() -> None:
    profile = drive()
    followed = simulate(case("Follow p (hold)", profile, solver={"tolerance": 1e-6}))
    words = [
        f"{'Charge' if v > 0 else 'Discharge'} at {abs(v)} C for 1 s" if v else "Rest for 1 s"
        for v in profile["c_rate"][:-1].tolist()
    ]
    steps = simulate(case("; ".join(words), solver={"tolerance": 1e-6}))
    ends = step_ends(steps)
    for name, most in ((names.VOLTAGE, 2e-6), (names.CONTACT_X, 2e-6), (names.CHARGE, 1e-20)):
        assert np.abs(followed.columns[name][1:] - steps.columns[name][ends]).max() < most, name
    rough = simulate(case("Follow p (hold)", profile))
    assert np.abs(rough.columns[names.CONTACT_X] - followed.columns[names.CONTACT_X]).max() < 3e-4


def test_the_error_falls_with_the_tolerance() -> None:
    profile = drive()
    runs = {t: simulate(case("Follow p", profile, solver={"tolerance": t})) for t in (1e-4, 1e-5, 1e-8)}
    exact = runs[1e-8].columns[names.CONTACT_X]
    errors = [float(np.abs(runs[t].columns[names.CONTACT_X] - exact).max()) for t in (1e-4, 1e-5)]
    assert errors[0] < 1.5e-4
    assert errors[1] < 0.3 * errors[0]


@pytest.mark.parametrize("interpolation", [pytest.param("linear", marks=pytest.mark.slow), "hold"])
def test_it_agrees_with_the_reference_solver(interpolation: str) -> None:
    # The reference has constant currents only: a line is drawn in eight treads of equal charge.
    treads, rates = (8 if interpolation == "linear" else 1), np.array([0.4, -0.8, 0.0, 0.6, -0.3, 0.9])
    times = np.arange(len(rates)) * 20.0
    starts = np.arange((len(rates) - 1) * treads) * 20.0 / treads
    middle = np.interp(starts + 10.0 / treads, times, rates) if treads > 1 else rates[:-1]
    sentences = tuple(
        Sentence("charge" if rate > 0 else "discharge" if rate < 0 else "rest", abs(rate), 20.0 / treads)
        for rate in middle.tolist()
    )
    specimen = Specimen(
        "profile", "radial", 5e-6, "full", 1.0, None, "butler-volmer", 60.0, None, None, 0.6, 0.0, "peo", 0.05,
        sentences,
    )  # fmt: skip
    reference = run_reference(specimen.problem(), 1.0, 1e-7)
    keys = specimen.keys()
    keys["protocol"] |= {"steps": [f"Follow p ({interpolation})"], "profiles": {"p": {"time": times, "c_rate": rates}}}
    solution = simulate(Case.from_dict({**keys, "solver": {"tolerance": 1e-6}}))
    at_points = [reference.steps[k * treads - 1].end("V") for k in range(1, len(rates))]
    # At the end of a tread the current is the line's half a tread before it.
    if treads == 1:
        assert solution.columns[names.VOLTAGE][1:] == pytest.approx(np.array(at_points), abs=2e-4)
    surfaces = [reference.steps[k * treads - 1].end("contact") for k in range(1, len(rates))]
    assert solution.columns[names.CONTACT_X][1:] == pytest.approx(np.array(surfaces), abs=2e-4 if treads == 1 else 6e-4)
    means = [reference.steps[k * treads - 1].end("mean") for k in range(1, len(rates))]
    assert solution.columns[names.MEAN_X][1:] == pytest.approx(np.array(means), abs=1e-6)


def test_every_quantity_comes_to_the_same_current() -> None:
    solution = simulate(case("Charge at C/2 for 1 s"))
    current = float(solution.columns[names.CURRENT][0])
    mass = float(solution.columns[names.CHARGE][-1] / solution.columns[names.CAPACITY][-1]) / 3600.0
    time, ones = [0.0, 60.0], np.ones(2)
    ends = [
        simulate(case("Follow p", {"time": time, **given}, electrolyte={"areal_capacity": "2 mAh/cm2"})).columns
        for given in (
            {"c_rate": 0.5 * ones},
            {"current": current * ones},
            {"specific_current": current / mass * ones},
            {"areal_current": 10.0 * ones},
        )
    ]
    for columns in ends[1:]:
        for name in (names.CURRENT, names.MEAN_X, names.CHARGE):
            assert columns[name][-1] == pytest.approx(ends[0][name][-1], rel=1e-9), name


def test_a_constant_profile_is_a_constant_current() -> None:
    columns = simulate(case("Follow p", {"time": [0.0, 600.0], "c_rate": [0.5, 0.5]})).columns
    plain = simulate(case("Charge at C/2 for 600 s")).columns
    assert columns[names.VOLTAGE][-1] == pytest.approx(plain[names.VOLTAGE][-1], abs=2e-5)
    assert columns[names.CHARGE][-1] == pytest.approx(plain[names.CHARGE][-1], rel=1e-14)


def test_a_profile_of_power_and_one_of_voltage() -> None:
    time = np.arange(0.0, 61.0, 5.0)
    power = 2e-9 * np.sin(time / 10.0)
    columns = simulate(case("Follow p (1 s period)", {"time": time, "power": power})).columns
    assert columns[names.CURRENT] * columns[names.VOLTAGE] == pytest.approx(
        np.interp(columns[names.TIME], time, power), abs=1e-20
    )
    voltage = 3.85 + 0.02 * np.cos(time / 10.0)
    columns = simulate(case("Follow p", {"time": time, "voltage": voltage})).columns
    assert columns[names.VOLTAGE] == pytest.approx(voltage, abs=1e-12)
    fine = simulate(case("Follow p", {"time": time, "voltage": voltage}, solver={"tolerance": 1e-7})).columns
    assert columns[names.CHARGE][-1] == pytest.approx(fine[names.CHARGE][-1], rel=2e-3)


def test_a_profile_of_temperature_is_taken_in_levels() -> None:
    time = np.arange(0.0, 61.0)
    heat = 300.0 + np.round(time / 20.0)
    profile = {"time": time, "c_rate": np.full(61, 0.5), "temperature": heat}
    made = case("Follow p (hold)", profile)
    solution = simulate(made)
    words = "; ".join(
        f"Charge at 0.5 C for {n} s ({t} K)" for n, t in ((10, 300.15), (20, 301.15), (20, 302.15), (10, 303.15))
    )
    assert solution.columns[names.VOLTAGE].shape == (61,)
    steps = simulate(case(words)).columns
    assert solution.columns[names.VOLTAGE][-1] == pytest.approx(steps[names.VOLTAGE][-1], abs=3e-4)
    assert solution.columns[names.VOLTAGE][-1] != pytest.approx(
        simulate(case("Charge at 0.5 C for 60 s (300 K)")).columns[names.VOLTAGE][-1], abs=1e-3
    )
    with pytest.raises(InputError, match="temperatures of its own"):
        case("Follow p (25 degC)", profile)


@given(st.integers(0, 10_000), st.sampled_from(["linear", "hold"]))
@settings(max_examples=12, deadline=None)
def test_lithium_balances_whatever_the_profile(seed: int, interpolation: str) -> None:
    random = np.random.default_rng(seed)
    time = np.append(0.0, np.cumsum(random.choice([0.01, 1.0, 50.0], size=12)))
    made = case(f"Follow p ({interpolation})", {"time": time, "c_rate": random.normal(size=13) * 0.3})
    solution = simulate(made)
    columns = solution.columns
    assert columns[names.BALANCE].max() < 1e-12
    assert solution.steps[0].duration == time[-1]


def test_a_run_that_is_resumed_within_a_profile_has_the_bits_of_one_that_never_stopped(tmp_path: Path) -> None:
    made = case("Follow p; Rest for 5 minutes", drive(7000, 0.3))
    whole = simulate(made)

    def stop(progress: Any) -> None:
        if progress.time > 3000.0:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as caught:
        simulate(made, progress=stop)
    partial = caught.value.partial
    assert isinstance(partial, Solution)
    assert partial.checkpoint is not None
    assert 1000.0 < partial.checkpoint.time < 6999.0
    resumed = simulate(made, resume=Solution.load(partial.save(tmp_path)))
    for name, values in whole.columns.items():
        if name == names.BALANCE:  # counted from where the run goes on
            assert resumed.columns[name].max() < 1e-13
        else:
            np.testing.assert_array_equal(resumed.columns[name], values, err_msg=name)
    assert resumed.steps == whole.steps


def test_profiles_in_a_batch_have_the_bits_of_those_alone() -> None:
    cases = [case("Follow p", drive(60, seed=k)) for k in (1, 2)] + [case("Charge at C/2 for 60 s")]
    together = [ending.finished() for ending in simulate_batch(cases, threads=2)]
    for made, one in zip(cases, together, strict=True):
        alone = simulate(made)
        for name, values in alone.columns.items():
            np.testing.assert_array_equal(one.columns[name], values, err_msg=name)


def test_a_limit_is_reached_within_a_profile() -> None:
    profile = {"time": [0.0, 3600.0], "c_rate": [0.5, 1.5]}
    columns = simulate(case("Follow p until > 4.0 V", profile)).columns
    assert columns[names.VOLTAGE][-1] == pytest.approx(4.0, abs=1e-6)
    assert 0.0 < columns[names.TIME][-1] < 3600.0
    full = simulate(case("Follow p", {"time": [0.0, 36000.0], "c_rate": [-0.5, -0.5]}))
    assert full.stop_reason.startswith("stoichiometry limit")
    full_then = {
        "p": {"time": [0.0, 36000.0], "c_rate": [-0.5, -0.5]},
        "q": {"time": [0.0, 10.0, 20.0], "c_rate": [0.0, 0.1, 0.2]},
    }
    away = simulate(case("Follow p; Follow q", protocol={"profiles": full_then}))
    assert [one.stop_reason for one in away.steps][1] == "duration reached"
    charge = simulate(case("Follow p until 20 mAh/g", {"time": [0.0, 36000.0], "c_rate": [0.5, 0.5]})).columns
    assert charge[names.CAPACITY][-1] == pytest.approx(20.0, rel=1e-7)


def test_a_current_that_the_particle_cannot_carry_stops_the_run() -> None:
    law = {"model": "marcus-hush-chidsey", "reorganization_energy": "0.3 eV", "exchange_current_density": "0.01 A/m2"}
    profile = {"time": [0.0, 10.0, 11.0, 20.0], "c_rate": [0.01, 0.01, 300.0, 300.0]}
    with pytest.raises(InfeasibleStepError) as caught:
        simulate(case("Follow p (hold)", profile, kinetics=law))
    message = str(caught.value)
    assert "protocol step 1" in message
    assert "cannot carry the profile's current" in message or "limiting current" in message
    assert caught.value.partial is not None
    assert caught.value.partial.columns[names.TIME][-1] == pytest.approx(11.0, abs=1.5)


def test_a_case_knows_its_profile_by_its_content(tmp_path: Path) -> None:
    file = Profile.from_arrays(**OWN).saved(tmp_path / "drive.csv")
    (tmp_path / "case.toml").write_text(
        '[particle]\nradius = "5 um"\n[contact]\nkind = "full"\n'
        '[protocol]\ninitial_stoichiometry = 0.6\nsteps = ["Follow drive.csv"]\n'
    )
    read, arrays = Case.from_toml(tmp_path / "case.toml"), case("Follow p", OWN)
    assert read.hash == arrays.hash
    assert read.hash != case("Follow p (hold)", OWN).hash
    again = Case.from_text(read.to_toml())
    assert again.hash == read.hash
    assert pickle.loads(pickle.dumps(arrays)).hash == arrays.hash
    assert arrays.with_overrides(["contact.kind=full"]).hash == arrays.hash
    assert Protocol.follow(**OWN, initial_stoichiometry=0.6).profile[0].sha256 == arrays.protocol.profile[0].sha256
    text = read.to_toml().replace(read.protocol.profile[0].sha256, "0" * 64)
    with pytest.raises(InputError, match="not the one this case was made for"):
        Case.from_text(text)
    file.unlink()
    with pytest.raises(InputError, match="No such file"):
        Case.from_toml(tmp_path / "case.toml")


@pytest.mark.parametrize(
    ("protocol", "parts"),
    [
        ({"steps": ["Follow nowhere.csv"]}, ["nowhere.csv", "Follow nowhere.csv"]),
        ({"steps": ["Rest for 1 h"], "profiles": {"p": drive()}}, ["no step follows this profile"]),
        ({"steps": ["Follow p"], "profiles": {"p": [1, 2]}}, ["not a profile"]),
        ({"steps": ["Follow p"], "profiles": {"p": {"time": [0, 1], "amps": [1, 2]}}}, ["arrays by name", "c_rate"]),
        ({"steps": ["Follow p"], "profile": [{"file": "x.csv"}]}, ["a profile needs a name"]),
        ({"steps": ["Follow p"], "profile": [{"name": "p", "sha": "x"}]}, ["unknown key 'sha'"]),
        ({"steps": ["Rest for 1 h"], "initial_soc": 0.5, "initial_voltage": 3.9}, ["exclude each other"]),
        ({"steps": ["Rest for 1 h"], "initial_soc": 0.5, "initial_stoichiometry": 0.5}, ["exclude each other"]),
        ({"steps": ["Rest for 1 h"], "initial_soc": 1.5}, ["out of range"]),
    ],
)
def test_refused(protocol: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Case.from_dict({**BASE, "protocol": protocol})
    for part in parts:
        assert part in str(caught.value)


def test_a_start_by_state_of_charge() -> None:
    solution = simulate(case("Rest for 1 s", protocol={"initial_soc": 0.4, "initial_stoichiometry": None}))
    assert solution.columns[names.MEAN_SOC][0] == pytest.approx(0.4, abs=1e-12)
    with pytest.raises(InputError, match="initial_soc"):
        simulate(case("Rest for 1 s", protocol={"initial_soc": 0.0, "initial_stoichiometry": None}))
    moved = case("Rest for 1 s").with_overrides(["protocol.initial_soc=0.4"])
    assert moved.protocol.initial_stoichiometry is None


def test_overpotentials_along_temperatures_are_those_at_each_temperature() -> None:
    x = np.linspace(0.2, 0.95, 40)
    own = {
        "name": "own",
        "formula": "LiNi0.8Co0.1Mn0.1O2",
        "maximum_concentration": 50000.0,
        "open_circuit_potential": {"x": x, "U": 4.4 - 0.9 * x},
        "entropy_coefficient": -1e-3,
        "diffusivity": 1e-14,
    }
    sections = {"material": own, "kinetics": {"exchange_current_density": 0.5}}
    start = {"initial_stoichiometry": 0.8, "temperature": 298.15}
    warmed = {"time": [0.0, 600.0], "c_rate": [0.0, 0.0], "temperature": [298.15, 318.15]}
    resting = simulate(case("Follow p", warmed, protocol=start, **sections)).columns
    assert np.abs(resting["Kinetic overpotential [V]"]).max() < 1e-9
    times = [0.0, 600.0, 601.0, 1800.0]
    profile = {"time": times, "c_rate": [0.2] * 4, "temperature": [298.15, 298.15, 333.15, 333.15]}
    followed = simulate(case("Follow p", profile, protocol=start, **sections)).columns
    steps = "Charge at 0.2 C for 600 seconds (25 degC); Charge at 0.2 C for 1200 seconds (60 degC)"
    apart = simulate(case(steps, protocol=start, **sections)).columns
    for name in ("Voltage [V]", "Kinetic overpotential [V]", "Concentration overpotential [V]"):
        assert followed[name][-1] == pytest.approx(apart[name][-1], abs=2e-4), name
    assert followed["Kinetic overpotential [V]"][-1] > 0.0
