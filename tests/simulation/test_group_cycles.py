"""Long cycling of groups and electrodes: stopped anywhere and resumed, the uninterrupted run to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders import cycle_rows as rows
from asyncsoc.recorders.cycle_rows import rows_of_curves
from asyncsoc.simulation import simulate
from asyncsoc.simulation.checkpointing import simulate_with_checkpoints
from asyncsoc.simulation.particle_group import simulate_particles
from asyncsoc.simulation.results.solution import Solution
from tests.interrupted import assert_same
from tests.interrupted import stopped as stopped_at

CYCLE = ["Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/5 (5 minute period)", "Discharge at C/2 until 3 V"]
SHORT = ["Charge at 1C for 10 minutes", "Discharge at 1C for 10 minutes"]
FILM = {"mode": "coupled", "exchange_current_density": 3e-7}
MANY = [1.0, 3.0, 0.5]


def particles(*, keep: str = "all", repeat: int = 2, steps: list[str] | None = None, cap: bool = False) -> list[Case]:
    """Two radial particles with a film and, on a mesh of its own, one without, radial or under a cap."""
    shared = {
        "protocol": {"cycle": [{"repeat": repeat, "steps": steps or CYCLE}]},
        "output": {"fields_every": "7 min", "keep_cycles": keep},
    }
    full = [{"particle": {"radius": radius}, "contact": {"kind": "full"}} for radius in ("5 um", "4 um")]
    own = [{**one, "side_reaction": FILM} for one in full]
    own.append(
        {
            "particle": {"mesh": "coarse", "edge_levels": 0},
            "contact": {"kind": "cap", "coverage": 0.6},
            "side_reaction": {"mode": "off"},
        }
        if cap
        else {"particle": {"mesh": "fine"}, "contact": {"kind": "full"}}
    )
    return [Case.from_dict({**one, **shared}) for one in own]


def electrode(*, keep: str = "all", repeat: int = 2) -> Case:
    return Case.from_dict(
        {
            "electrode": {
                "loading": "12.7 mg/cm2",
                "particles": 3,
                "coverage": {"law": "classes", "poor": 0.0, "good": 1.0, "share_poor": 0.2},
                "radius": {"law": "lognormal", "median": "5 um", "sigma": 1.3},
            },
            "particle": {"mesh": "coarse", "edge_levels": 0},
            "side_reaction": FILM,
            "protocol": {"cycle": [{"repeat": repeat, "steps": SHORT}]},
            "output": {"keep_cycles": keep},
        }
    )


def run(described: Case | list[Case], **options) -> Solution:
    if isinstance(described, Case):
        return simulate(described, **options)
    return simulate_particles(described, MANY, **options)


def stopped(described: Case | list[Case], calls: int, previous: Solution | None = None) -> Solution:
    return stopped_at(lambda stop: run(described, progress=stop, resume=previous), calls)


@pytest.fixture(scope="module")
def group() -> Solution:
    return run(particles())


@pytest.mark.parametrize("stops", [(3,), (31,), (45, 1, 30)])
def test_a_group_is_resumed_with_the_same_bits(stops, group, tmp_path) -> None:
    reached = None
    for calls in stops:
        reached = Solution.load(stopped(particles(), calls, reached).save(tmp_path))
    assert_same(run(particles(), resume=reached), group)


@pytest.mark.slow
def test_an_axisymmetric_particle_may_be_in_the_group(tmp_path) -> None:
    whole = run(particles(cap=True))
    for calls in (20, 60, 85):
        reached = Solution.load(stopped(particles(cap=True), calls).save(tmp_path))
        assert_same(run(particles(cap=True), resume=reached), whole)


@pytest.mark.slow
def test_a_group_may_be_stopped_anywhere(group) -> None:
    kinds = set()
    for calls in range(2, 200, 13):
        try:
            reached = stopped(particles(), calls)
        except pytest.fail.Exception:  # it was done before
            break
        assert reached.checkpoint is not None
        kinds.add(CYCLE[len(reached.checkpoint.finished) % 3].split()[0])
        assert_same(run(particles(), resume=reached), group)
    assert kinds == {"Charge", "Hold", "Discharge"}


def test_the_protocol_of_a_group_is_extended(group, tmp_path) -> None:
    first = Solution.load(run(particles(repeat=1)).save(tmp_path))
    assert_same(run(particles(), resume=first), group)


def test_rows_of_a_group_are_those_of_its_protocol_steps(group) -> None:
    for solution in (group, *group.particle_runs):
        for cycle, charged in zip((1, 2), solution.cycle_rows[rows.CHARGED], strict=True):
            passed = sum(step.charge for step in solution.steps if step.cycle == cycle and step.charge > 0.0)
            assert charged == pytest.approx(passed / 3600.0, rel=1e-9)
    for name, values in rows_of_curves(group.columns, complete=True).items():
        np.testing.assert_array_equal(group.cycle_rows[name], values)


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["none", "2"])
def test_a_group_keeps_the_cycles_asked_for(keep, group, tmp_path) -> None:
    some = run(particles(keep=keep))
    stays = group.columns[names.CYCLE] == 2 if keep == "2" else np.zeros(len(group.columns[names.CYCLE]), dtype=bool)
    stays[[0, -1]] = True
    for mine, theirs in zip((some, *some.particle_runs), (group, *group.particle_runs), strict=True):
        assert mine.steps == theirs.steps
        for name, values in theirs.cycle_rows.items():
            np.testing.assert_array_equal(mine.cycle_rows[name], values, err_msg=name)
        for name, values in theirs.columns.items():
            np.testing.assert_array_equal(mine.columns[name], values[stays], err_msg=name)
    reached = None
    for calls in (31, 25, 15):
        reached = Solution.load(stopped(particles(keep=keep), calls, reached).save(tmp_path))
    assert_same(run(particles(keep=keep), resume=reached), some)


def test_another_group_is_not_gone_on_with(group) -> None:
    short = run(particles(repeat=1, steps=SHORT))
    others = particles(repeat=2, steps=SHORT)
    with pytest.raises(InputError, match="another group of particles"):
        simulate_particles(others[:2], MANY[:2], resume=short)
    with pytest.raises(InputError, match="another group of particles"):
        simulate_particles(others, [1.0, 2.0, 3.0], resume=short)
    with pytest.raises(InputError, match="differs from the case of the result") as caught:
        simulate_particles([others[0], *others[:2]], MANY, resume=short)
    assert caught.value.where == "particle.radius"
    with pytest.raises(InputError, match="cannot be changed"):
        run(particles(steps=SHORT), resume=group)


@pytest.mark.parametrize("keep", ["all", "none"])
def test_an_electrode_is_resumed_with_the_same_bits(keep, tmp_path) -> None:
    described, reached = electrode(keep=keep), None
    whole = simulate(described)
    for calls in (9, 20):
        reached = Solution.load(stopped(described, calls, reached).save(tmp_path))
    assert_same(simulate(described, resume=reached), whole)
    assert len(whole.cycle_rows[rows.CYCLE]) == 2
    assert "without contact" in str(whole.reports)


def test_checkpoints_of_an_electrode_change_no_bit(tmp_path) -> None:
    path = tmp_path / "run.vtkhdf"
    whole = simulate(electrode())
    assert_same(simulate_with_checkpoints(electrode(), path, every=0.0), whole)
    kept = Solution.load(path)
    assert kept.cycle_rows[rows.CYCLE].tolist() == [1]
    assert_same(simulate(electrode(), resume=kept), whole)
    with pytest.raises(InputError, match="differs from the case of the result"):
        simulate(electrode().with_overrides(["electrode.loading=10 mg/cm2"]), resume=kept)


def test_the_command_resumes_an_electrode(tmp_path, capsys) -> None:
    from asyncsoc.cli.main import main

    first = simulate(electrode(repeat=1)).save(tmp_path / "first.vtkhdf")
    toml = tmp_path / "case.toml"
    toml.write_text(electrode().to_toml(), encoding="utf-8")
    assert main(["run", str(toml), "--resume", str(first), "-o", str(tmp_path), "--no-plot"]) == 0
    (found,) = [file for file in tmp_path.glob("*.vtkhdf") if file != first]
    assert_same(Solution.load(found), simulate(electrode()))


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
@pytest.mark.parametrize("keep", ["all", "none"])
def test_a_killed_electrode_goes_on_from_its_last_checkpoint(keep, tmp_path) -> None:
    described = electrode(keep=keep, repeat=4)
    toml, path = tmp_path / "case.toml", tmp_path / "run.vtkhdf"
    toml.write_text(described.to_toml(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(toml), str(path), "60"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = Solution.load(path)
    assert 1 <= len(kept.cycle_rows[rows.CYCLE]) < 4
    assert_same(simulate(described, resume=kept), simulate(described))


@pytest.mark.slow
def test_memory_and_file_of_a_group_grow_by_rows_alone(tmp_path) -> None:
    def peak(repeat: int) -> tuple[int, int]:
        described = particles(keep="none", repeat=repeat, steps=SHORT)
        tracemalloc.start()
        try:
            solution = run(described)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        return most, solution.save(tmp_path / "run.vtkhdf").stat().st_size

    run(particles(keep="none", steps=SHORT))
    (small, short), (large, long) = peak(26), peak(46)
    assert large - small < 20 * 30_000  # rows and summaries of the group and of each particle: 13 kB a cycle
    assert long - short < 20 * 6_000  # 3 kB
