"""Long cycling: a run stopped anywhere and resumed is the uninterrupted one to the last bit; one row a cycle."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.plotting.cycles import cycles_figure
from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.simulation import simulate
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
from asyncsoc.simulation.results.solution import Solution
from tests.interrupted import assert_same
from tests.interrupted import stopped as stopped_at

CYCLE = [
    "Charge at C/2 until 4.2 V",
    "Hold at 4.2 V until C/5 (5 minute period)",
    "Rest for 20 minutes",
    "Discharge at C/2 until 3 V",
]
SHORT = ["Charge at 1C for 10 minutes", "Discharge at 1C for 10 minutes"]
FILM = {"mode": "coupled", "exchange_current_density": 3e-7}
REPORTED = {"mode": "report"}


def case(
    side: dict[str, object], *, keep: str = "all", repeat: int = 2, steps: list[str] | None = None, **more
) -> Case:
    return Case.from_dict(
        {
            "particle": {"model": "radial"},
            "contact": {"kind": "full"},
            "side_reaction": side,
            "protocol": {"cycle": [{"repeat": repeat, "steps": steps or CYCLE}]},
            "output": {"fields_every": "7 min", "keep_cycles": keep},
            **more,
        }
    )


def stopped(described: Case, calls: int, previous: Solution | None = None) -> Solution:
    return stopped_at(lambda stop: simulate(described, progress=stop, resume=previous), calls)


@pytest.fixture(scope="module")
def coupled() -> Solution:
    return simulate(case(FILM))


@pytest.fixture(scope="module")
def reported() -> Solution:
    return simulate(case(REPORTED))


@pytest.mark.parametrize("stops", [(2,), (22,), (31,), (60, 1, 1, 20)])
def test_a_coupled_film_is_resumed_with_the_same_bits(stops, coupled, tmp_path) -> None:
    described, reached = case(FILM), None
    for calls in stops:
        reached = Solution.load(stopped(described, calls, reached).save(tmp_path))
    assert_same(simulate(described, resume=reached), coupled)


@pytest.mark.parametrize("stops", [(3,), (22,), (31,), (15, 15, 15, 15)])
def test_a_reported_side_reaction_is_resumed_with_the_same_bits(stops, reported, tmp_path) -> None:
    described, reached = case(REPORTED), None
    for calls in stops:
        reached = Solution.load(stopped(described, calls, reached).save(tmp_path))
    assert_same(simulate(described, resume=reached), reported)


@pytest.mark.slow
@pytest.mark.parametrize("side", [FILM, REPORTED], ids=["coupled", "reported"])
def test_stops_lie_within_holds_and_rests_and_everywhere_else(side, coupled, reported) -> None:
    described, whole = case(side), coupled if side is FILM else reported
    kinds = set()
    for calls in range(2, 150, 7):
        try:
            reached = stopped(described, calls)
        except pytest.fail.Exception:  # it was done before
            break
        assert reached.checkpoint is not None
        step = len(reached.checkpoint.finished)
        kinds.add((CYCLE[step % len(CYCLE)].split()[0], reached.checkpoint.underway))
        assert_same(simulate(described, resume=reached), whole)
    assert {("Hold", True), ("Rest", True), ("Discharge", True), ("Charge", True)} <= kinds


def test_the_protocol_is_extended_where_a_side_reaction_is_there(coupled, tmp_path) -> None:
    first = Solution.load(simulate(case(FILM, repeat=1)).save(tmp_path))
    assert_same(simulate(case(FILM), resume=first), coupled)


@pytest.mark.slow
def test_an_axisymmetric_particle_is_resumed_with_the_same_bits(tmp_path) -> None:
    described = case(
        {"mode": "coupled"}, particle={"mesh": "coarse"}, contact={"kind": "cap", "coverage": 0.3}, steps=CYCLE
    )
    whole = simulate(described)
    for calls in (10, 45, 80):
        reached = Solution.load(stopped(described, calls).save(tmp_path))
        assert_same(simulate(described, resume=reached), whole)


def test_a_result_of_an_earlier_version_is_refused_with_a_side_reaction(tmp_path) -> None:
    path = stopped(case(FILM), 5).save(tmp_path)
    path.with_name(path.name + ".sha256").unlink()
    with h5py.File(path, "r+") as file:
        del file["recording"], file["cycles"]
    old = Solution.load(path)
    assert not old.cycle_rows
    with pytest.raises(InputError, match="no state of its recorder"):
        simulate(case(FILM), resume=old)


def test_a_file_without_rows_has_those_of_its_curves(coupled, tmp_path) -> None:
    path = coupled.save(tmp_path)
    path.with_name(path.name + ".sha256").unlink()
    with h5py.File(path, "r+") as file:
        del file["cycles"], file["recording"]
    old = Solution.load(path)
    for name, values in coupled.cycle_rows.items():
        np.testing.assert_array_equal(old.cycle_rows[name], values)


# ---- rows


def test_rows_are_those_of_the_protocol_steps(coupled) -> None:
    """Capacities and duration from the summaries of the protocol steps, which the integrator makes on its own."""
    table = coupled.cycles
    assert table.cycle.values.tolist() == [1, 2]
    for cycle in (1, 2):
        steps = [step for step in coupled.steps if step.cycle == cycle]
        row = table.sel(cycle=cycle)
        charged = sum(step.charge for step in steps if step.charge > 0.0)
        discharged = -sum(step.charge for step in steps if step.charge < 0.0)
        assert float(row[rows.CHARGED]) == pytest.approx(charged / 3600.0, rel=1e-12)
        assert float(row[rows.DISCHARGED]) == pytest.approx(discharged / 3600.0, rel=1e-12)
        assert float(row[rows.EFFICIENCY]) == pytest.approx(discharged / charged, rel=1e-12)
        assert float(row[rows.DURATION]) == pytest.approx(sum(step.duration for step in steps), rel=1e-12)
        assert float(row[rows.SIDE_CHARGE]) == pytest.approx(sum(step.side_charge for step in steps), rel=1e-9)
        assert float(row[rows.CHARGE_VOLTAGE]) == pytest.approx(4.2, abs=1e-9)
        assert float(row[rows.DISCHARGE_VOLTAGE]) == pytest.approx(3.0, abs=1e-5)
    per_gram = table[rows.SPECIFIC_CHARGED] / table[rows.CHARGED]
    mass = coupled.columns["Charge passed [C]"][-1] / 3.6 / coupled.columns["Specific capacity [mA.h/g]"][-1]
    np.testing.assert_allclose(per_gram * mass, 1e3, rtol=1e-9)
    assert table[rows.CHARGED].attrs["units"] == "A.h"


def test_end_of_charge_is_the_end_of_the_hold_and_not_of_the_rest(coupled) -> None:
    curves = coupled.columns
    for number, row in zip((2, 6), range(2), strict=True):
        last = np.flatnonzero(curves["Step"] == number)[-1]
        for column, curve in (
            (rows.CHARGE_SOC, "Mean SOC"),
            (rows.CHARGE_CONTACT_SOC, "Contact-mean SOC"),
            (rows.RESISTANCE, "Interface resistance [ohm]"),
        ):
            assert coupled.cycle_rows[column][row] == curves[curve][last]
    assert coupled.cycle_rows[rows.FILM][1] == curves["Film thickness mean [m]"][-1]


def test_a_side_reaction_costs_efficiency() -> None:
    """What is charged in and not discharged again went into the film, or is still out of the particle."""
    solution = simulate(case(FILM, repeat=3))
    table, x = solution.cycles, solution.columns["Mean stoichiometry"]
    ends = [np.flatnonzero(solution.columns["Cycle"] == cycle)[[0, -1]] for cycle in (1, 2, 3)]
    per_x = np.ptp(solution.columns["Charge passed [C]"] - solution.columns["Side charge [C]"]) / np.ptp(x)
    for row, (first, last) in enumerate(ends):
        lost = 3600.0 * float(table[rows.CHARGED][row] - table[rows.DISCHARGED][row])
        assert lost == pytest.approx(float(table[rows.SIDE_CHARGE][row]) + per_x * (x[first] - x[last]), rel=1e-6)
    assert float(table[rows.RESISTANCE][2]) > float(table[rows.RESISTANCE][0])


def test_blocked_contact_is_told() -> None:
    strong = {"mode": "coupled", "exchange_current_density": 3e-7, "blocking_thickness": "30 nm"}
    solution = simulate(case(strong))
    share = solution.columns["Film thickness mean [m]"][-1] / 30e-9
    assert solution.cycle_rows[rows.BLOCKED][-1] == pytest.approx(share, rel=1e-9)


# ---- what is kept


@pytest.mark.slow
@pytest.mark.parametrize("side", [FILM, REPORTED, {"mode": "off"}], ids=["coupled", "reported", "off"])
def test_rows_have_the_same_bits_whatever_is_kept(side) -> None:
    whole = simulate(case(side, repeat=4))
    for keep, kept in (("none", []), ("2, 4", [2, 4]), ("every 3", [1, 3])):
        some = simulate(case(side, keep=keep, repeat=4))
        assert some.reports == whole.reports
        for name, values in whole.cycle_rows.items():
            np.testing.assert_array_equal(some.cycle_rows[name], values)
        stays = np.isin(whole.columns["Cycle"], kept)
        stays[[0, -1]] = True
        for name, values in whole.columns.items():
            np.testing.assert_array_equal(some.columns[name], values[stays], err_msg=name)
        assert some.lithium_balance_error == whole.lithium_balance_error
        inside, here, there = np.intersect1d(some.field_times, whole.field_times, return_indices=True)
        assert len(inside) == len(some.field_times)
        np.testing.assert_array_equal(some.field_x[here], whole.field_x[there])
        edges = [float(whole.columns["Time [s]"][whole.columns["Cycle"] == c][-1]) for c in range(1, 5)]
        for cycle in kept:
            begins = 0.0 if cycle == 1 else edges[cycle - 2]
            own = (whole.field_times >= begins) & (whole.field_times <= edges[cycle - 1])
            assert np.isin(whole.field_times[own], some.field_times).all()
        assert len(some.field_times) < len(whole.field_times)


@pytest.mark.parametrize("keep", ["none", "2"])
def test_a_run_that_keeps_no_curves_is_resumed_with_the_same_bits(keep, tmp_path) -> None:
    described, reached = case(FILM, keep=keep), None
    whole = simulate(described)
    for calls in (20, 30, 25):
        reached = Solution.load(stopped(described, calls, reached).save(tmp_path))
    assert_same(simulate(described, resume=reached), whole)


@pytest.mark.slow
def test_cases_side_by_side_keep_what_each_asks_for() -> None:
    cases = [case(FILM, keep=keep, repeat=3) for keep in ("all", "none", "2")]
    for described, ending in zip(cases, simulate_batch(cases), strict=True):
        assert ending.solution is not None
        assert_same(ending.solution, simulate(described))


def test_headlines_of_a_run_without_curves_are_true() -> None:
    whole, none = (simulate(case(FILM, keep=keep)).summary() for keep in ("all", "none"))
    assert "Largest asynchrony" not in none
    for name in set(none) - {"Set-up wall time [s]", "Solve wall time [s]"}:
        assert none[name] == whole[name], name


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ("evry 3", "every 50"),
        ("every 0", "counted from 1"),
        ("1; 2", "'all', 'none'"),
        ("0", "counted from 1"),
        ("3", "the protocol has no such cycle"),
        ([1, 2.5], "counted from 1"),
        (True, "not a choice of cycles"),
    ],
)
def test_wrong_choices_are_explained(keep, words) -> None:
    with pytest.raises(InputError, match=words) as caught:
        case(FILM, keep=keep)
    assert "output.keep_cycles" in str(caught.value.where)


def test_a_choice_has_one_meaning_and_the_default_keeps_the_hash() -> None:
    assert case(FILM, keep=[2, 1]).hash == case(FILM, keep="1,2").hash != case(FILM).hash
    plain = case(FILM).to_dict()
    del plain["output"]["keep_cycles"]
    assert Case.from_dict(plain).hash == case(FILM).hash


def test_the_cycle_that_goes_on_must_have_been_kept() -> None:
    def steps(*texts: str) -> Case:
        keys = case(FILM).to_dict()
        return Case.from_dict({**keys, "protocol": {"steps": list(texts)}, "output": {"keep_cycles": "none"}})

    first = simulate(steps(CYCLE[0]))
    with pytest.raises(InputError, match="did not keep the curves of the cycle"):
        simulate(steps(CYCLE[0], CYCLE[2]), resume=first)


def peak(described: Case, path: Path) -> tuple[int, int]:
    """Return the largest memory that a run takes, and the size of its file [bytes]."""
    tracemalloc.start()
    try:
        solution = simulate(described)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return most, solution.save(path).stat().st_size


@pytest.mark.slow
def test_memory_and_file_grow_by_rows_alone(tmp_path) -> None:
    few, many = (case(FILM, keep="none", repeat=repeat, steps=SHORT) for repeat in (20, 60))
    simulate(case(FILM, keep="none", repeat=2, steps=SHORT))
    (small, short), (large, long) = (peak(described, tmp_path / "run.vtkhdf") for described in (few, many))
    assert large - small < 40 * 20_000  # a row and two summaries each; with all curves kept it is 850 kB a cycle
    assert long - short < 40 * 2_000


# ---- checkpoints and files


def test_checkpoints_change_no_bit_and_a_file_is_gone_on_with(coupled, tmp_path) -> None:
    path = tmp_path / "run.vtkhdf"
    assert_same(simulate_with_checkpoints(case(FILM), path, every=0.0), coupled)
    kept = Solution.load(path)
    assert kept.cycles.cycle.values.tolist() == [1]
    assert_same(simulate(case(FILM), resume=kept), coupled)


KILLED = """
import os, signal, sys
from asyncsoc.case import Case
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
left = int(sys.argv[3])
def kill(progress):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
simulate_with_checkpoints(Case.from_toml(sys.argv[1]), sys.argv[2], every=0.0, progress=kill)
"""


@pytest.mark.slow
@pytest.mark.parametrize("side", [FILM, REPORTED], ids=["coupled", "reported"])
@pytest.mark.parametrize("keep", ["all", "none"])
def test_a_killed_run_goes_on_from_its_last_checkpoint(side, keep, tmp_path) -> None:
    described = case(side, keep=keep, repeat=4)
    toml, path = tmp_path / "case.toml", tmp_path / "run.vtkhdf"
    toml.write_text(described.to_toml(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(toml), str(path), "190"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = Solution.load(path)
    assert 1 <= len(kept.cycle_rows[rows.CYCLE]) < 4
    assert_same(simulate(described, resume=kept), simulate(described))


def test_rows_are_kept_in_the_file_and_as_a_table(coupled, tmp_path) -> None:
    again = Solution.load(coupled.save(tmp_path))
    for name, values in coupled.cycle_rows.items():
        np.testing.assert_array_equal(again.cycle_rows[name], values)
    with coupled.cycles_to_csv(tmp_path / "cycles.csv").open(encoding="utf-8", newline="") as stream:
        head, *lines = csv.reader(stream)
    assert head == list(coupled.cycle_rows)
    assert [float(line[2]) for line in lines] == coupled.cycle_rows[rows.CHARGED].tolist()
    document = coupled.to_json_dict()["cycles"]
    assert document[rows.CHARGED] == coupled.cycle_rows[rows.CHARGED].tolist()
    assert document["Cycle"] == [1, 2]


def test_xarray_reads_the_rows(coupled, tmp_path) -> None:
    with xr.open_dataset(coupled.save(tmp_path), group="cycles", engine="h5netcdf") as table:
        assert table["cycle"].values.tolist() == [1, 2]
        assert table["Charge capacity [A.h]"].attrs["units"] in ("A.h", b"A.h")
        np.testing.assert_array_equal(table[rows.FILM].values, coupled.cycle_rows[rows.FILM])


def test_the_picture_shows_capacity_and_what_grows(coupled) -> None:
    figure = coupled.plot_cycles()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert {"Capacity", "Film on the contact", "Interface at the end of charge"} <= set(titles)
    (charge, *_) = figure.axes[0].lines
    np.testing.assert_array_equal(charge.get_ydata(), coupled.cycle_rows[rows.SPECIFIC_CHARGED])
    with pytest.raises(InputError, match="no complete cycle"):
        cycles_figure({})


def test_damaged_rows_are_refused(coupled, tmp_path) -> None:
    path = coupled.save(tmp_path)
    path.with_name(path.name + ".sha256").unlink()
    with h5py.File(path, "r+") as file:
        file["cycles/cycle"][...] = [2, 1]
    with pytest.raises(InputError, match="not in order"):
        Solution.load(path)


def test_durations_of_cycles_follow_one_another(coupled) -> None:
    time, cycle = coupled.columns["Time [s]"], coupled.columns["Cycle"]
    starts = [0.0, *(float(time[cycle == number][-1]) for number in (1, 2))]
    np.testing.assert_allclose(coupled.cycle_rows[rows.DURATION], [b - a for a, b in pairwise(starts)], rtol=1e-12)
