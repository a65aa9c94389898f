"""Workers that die, hang or are interrupted lose only what they had in hand."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncsoc.base import processes
from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.studies.sweep.folder import locked_folder
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.progress import StopRequest, SweepStatus
from asyncsoc.studies.sweep.record import decode
from asyncsoc.studies.sweep.run import SweepOptions, SweepPart, run_sweep

Records = Callable[[Path, Plan], list[bytes | None]]
RATES = "rate=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.1,1.2,1.3"


def options(task: str, **more: object) -> SweepOptions:
    return SweepOptions(task=f"sweep_tasks:{task}", **{"workers": 2, "width": 4, **more})


def children() -> set[int]:
    """Numbers of the processes this one has started and that are alive."""
    found = set()
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        found |= {int(word) for word in path.read_text().split()}
    return found


@pytest.mark.slow
def test_a_case_that_kills_its_worker_is_quarantined_and_the_others_go_on(
    make_plan: Callable[..., Plan], tmp_path: Path, records_in: Records
) -> None:
    plan, notes = make_plan(RATES), []
    result = run_sweep(plan, tmp_path, options("poisoned"), log=notes.append)
    assert (result.counts.done, result.counts.quarantined, result.counts.open) == (11, 1, 0)
    assert any("again, each alone" in text for text in notes)
    records = [decode(data) for data in records_in(tmp_path, plan) if data is not None]
    assert [record.status for record in records].index("quarantined") == 4
    assert "signal 9" in str(records[4].error)
    again = run_sweep(plan, tmp_path, options("quick", resume=True))
    assert (again.ran, again.counts.done) == (1, 12)


@pytest.mark.slow
def test_a_case_that_never_ends_is_quarantined(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    notes: list[str] = []
    result = run_sweep(make_plan("rate=0.4,0.5,0.6"), tmp_path, options("stuck", time_limit=0.5), log=notes.append)
    assert (result.counts.done, result.counts.quarantined) == (2, 1)
    assert any("took more than 0.5 s" in text for text in notes)


@pytest.mark.slow
def test_a_time_limit_is_not_multiplied_by_the_width_of_a_batch(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan("rate=0.1:1.6:16")
    result = run_sweep(plan, tmp_path, options("stuck", time_limit=5.0, width=16, workers=1))
    assert (result.counts.done, result.counts.quarantined) == (15, 1)
    assert result.seconds < 60.0  # 80 s for the batch alone where the limit counts for each of its cases


@pytest.mark.slow
def test_a_time_limit_holds_on_dask_too(make_plan: Callable[..., Plan], tmp_path: Path, records_in: Records) -> None:
    pytest.importorskip("distributed")
    plan = make_plan("rate=0.4,0.5,0.6")
    result = run_sweep(plan, tmp_path, options("stuck", time_limit=3.0, dask="local"))
    assert (result.counts.done, result.counts.quarantined) == (2, 1)
    (reason,) = [r.error for r in map(decode, filter(None, records_in(tmp_path, plan))) if r.status == "quarantined"]
    assert "more than 3 s" in str(reason)


@pytest.mark.slow
def test_a_killed_worker_is_replaced(make_plan: Callable[..., Plan], tmp_path: Path, records_in: Records) -> None:
    plan = make_plan("rate=1:2:60")
    before, killed = children(), []

    def kill(status: SweepStatus) -> None:
        if status.ran and not killed:
            killed.append(sorted(children() - before)[0])
            os.kill(killed[0], signal.SIGKILL)

    result = run_sweep(plan, tmp_path, options("slow"), progress=kill)
    assert killed
    assert result.counts.done == 60
    reference = tmp_path / "reference"
    run_sweep(plan, reference, options("quick", width=60))
    assert records_in(tmp_path, plan) == records_in(reference, plan)
    assert children() <= before


@pytest.mark.slow
def test_asked_to_end_a_sweep_finishes_what_it_has_in_hand(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan, stop = make_plan("rate=1:2:200"), StopRequest()

    def ask(status: SweepStatus) -> None:
        if status.ran and stop.signal is None:
            stop.ask(signal.SIGTERM)

    result = run_sweep(plan, tmp_path, options("slow"), progress=ask, stop=stop)
    assert result.signal == signal.SIGTERM
    assert 0 < result.counts.done < 200
    assert result.ran == result.counts.done
    assert run_sweep(plan, tmp_path, options("quick", resume=True)).ran == 200 - result.ran


def test_a_second_signal_ends_at_once(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    stop = StopRequest()

    def ask_twice(status: SweepStatus) -> None:
        if status.ran:
            stop.ask(signal.SIGINT)
            stop.ask(signal.SIGINT)

    result = run_sweep(
        make_plan("rate=0.6,0.5"), tmp_path, options("stuck", workers=1, width=1), progress=ask_twice, stop=stop
    )
    assert result.counts.done == 1
    assert result.seconds < 20.0


@pytest.mark.slow
def test_parts_add_up(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan("rate=1:2:30")
    plan.write(tmp_path)
    ran = [run_sweep(plan, tmp_path, options("quick", resume=True, part=SweepPart(k, 2))).ran for k in (1, 2)]
    assert sum(ran) == 30
    assert min(ran) > 5
    assert run_sweep(plan, tmp_path, options("quick", resume=True)).ran == 0


@pytest.mark.slow
def test_without_resume_everything_is_run_anew_and_old_records_go(
    make_plan: Callable[..., Plan], tmp_path: Path
) -> None:
    plan = make_plan("rate=0.1,0.2")
    assert run_sweep(plan, tmp_path, options("quick")).ran == 2
    assert run_sweep(plan, tmp_path, options("quick")).ran == 2
    assert len(list((tmp_path / "shards").iterdir())) == 1
    wider = make_plan("rate=0.1,0.2,0.3")
    assert run_sweep(wider, tmp_path, options("quick", resume=True)).ran == 1  # the others are known by their hash


@pytest.mark.slow
def test_cases_that_are_one_case_are_run_once(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = make_plan("rate=0.1,0.2", 'protocol.capacity="theoretical","THEORETICAL"')
    result = run_sweep(plan, tmp_path, options("quick"))
    assert result.counts.done == 4
    assert result.ran == 2  # two rates; a capacity written in capitals is the same case


def test_two_runs_in_one_directory_are_refused(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    with locked_folder(tmp_path), pytest.raises(InputError, match="another run"):
        run_sweep(make_plan("rate=0.1,0.2"), tmp_path, options("quick"))


@pytest.mark.slow
def test_what_a_sweep_keeps_cannot_change_halfway(make_plan: Callable[..., Plan], tmp_path: Path) -> None:
    run_sweep(make_plan("rate=0.1,0.2"), tmp_path, options("quick"))
    with pytest.raises(InputError, match="started with another --keep"):
        run_sweep(make_plan("rate=0.1,0.2", keep="summary"), tmp_path, options("quick", resume=True))


def test_workers_that_cannot_begin(
    make_plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROGRAM", "import sys; sys.exit(7)")
    with pytest.raises(EnvironmentProblem, match="exit code 7"):
        run_sweep(make_plan("rate=0.1,0.2"), tmp_path, options("quick"))
