"""`asyncsoc sweep` as a program: exit codes, JSON, signals, and going on after them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncsoc.cli import sweep_progress
from asyncsoc.cli.main import main
from asyncsoc.studies.sweep.index import Counts
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.progress import SweepStatus

Run = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., "subprocess.Popen[str]"]
MANY = ("--vary", "rate=0.1:1:80", "--batch", "2", "--no-plot")


def recorded(folder: Path) -> int:
    """Bytes of the shards: grows with the records."""
    return sum(path.stat().st_size for path in folder.glob("shards/*.shard"))


def wait_for_records(folder: Path, process: subprocess.Popen[str], least: int = 8000) -> None:
    deadline = time.monotonic() + 60.0
    while recorded(folder) < least and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)


def test_a_plan_is_shown_and_nothing_runs(case_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sweep"
    assert main(["sweep", str(case_file), *MANY, "-o", str(folder), "--plan"]) == 0
    said = capsys.readouterr().err
    assert "80 cases: rate 80" in said
    assert "80 radial" in said
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing is varied"),
        (("--vary", "rate=0.1,0.2", "--vary", "contact.coverage=0.5"), "full contact"),
        (("--vary", "rate=0.1,0.2", "--keep", "everything"), "summary, curves, fields"),
        (("--vary", "rate=0.1,0.2", "--workers", "0"), "at least one"),
        (("--vary", "rate=0.1,0.2", "--frobnicate"), "--frobnicate"),
    ],
)
def test_wrong_input_is_exit_code_2_and_one_document(
    case_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert main(["sweep", str(case_file), *arguments, "-o", str(tmp_path / "sweep"), "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["exit code"] == 2
    assert says in said.err
    assert not (tmp_path / "sweep").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_signal_ends_cleanly_and_resume_goes_on(
    case_file: Path, tmp_path: Path, start_command: Start, run_command: Run, number: signal.Signals, code: int
) -> None:
    folder = tmp_path / "sweep"
    process = start_command("sweep", case_file, *MANY, "-o", folder, "--workers", "2", "--json")
    wait_for_records(folder, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    document = json.loads(out)
    assert document["status"] == "interrupted"
    assert 0 < document["done"] < 80
    assert f"{folder} --resume" in err
    done = run_command("sweep", folder, "--resume", "--json", "--no-plot")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["done"], again["ran"]) == (80, 80 - document["done"])


@pytest.mark.slow
def test_a_killed_sweep_goes_on_with_the_same_bits(
    case_file: Path,
    tmp_path: Path,
    start_command: Start,
    run_command: Run,
    records_in: Callable[[Path, Plan], list[bytes | None]],
) -> None:
    folder = tmp_path / "sweep"
    process = start_command("sweep", case_file, *MANY, "-o", folder, "--workers", "2")
    wait_for_records(folder, process)
    process.kill()
    process.communicate()
    plan = Plan.read(folder)
    before = records_in(folder, plan)
    assert any(before)
    arguments = ("sweep", case_file, "--vary", "rate=0.1:1:80", "--no-collect", "--quiet")
    assert run_command(*arguments, "-o", folder, "--workers", "1", "--batch", "50", "--resume").returncode == 0
    assert run_command(*arguments, "-o", tmp_path / "other", "--workers", "1").returncode == 0
    after = records_in(folder, plan)
    assert after == records_in(tmp_path / "other", plan)
    assert all(b is None or a == b for a, b in zip(after, before, strict=True))


@pytest.mark.slow
def test_sobol_indices_from_the_command_line(case_file: Path, tmp_path: Path, run_command: Run) -> None:
    pytest.importorskip("SALib")
    ranges = ("--vary", "rate=0.1:1", "--vary", "particle.radius=2 um:6 um")
    done = run_command("sweep", "sobol", case_file, *ranges, "--samples", "8", "-o", tmp_path / "sobol", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["total"], document["done"]) == (32, 32)
    ahead = next(found for found in document["sobol"] if found["quantity"] == "Largest asynchrony")
    assert ahead["parameters"] == ["rate", "particle.radius"]
    assert ahead["total"][0] > 0.2
    assert all(Path(file).is_file() for file in document["files"])


def test_the_bar_says_done_failed_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_progress, "is_terminal", lambda stream: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    counts = Counts(total=200, done=90, failed=7, quarantined=3)
    with sweep_progress.sweep_bar(quiet=False) as progress:
        assert progress is not None
        progress(SweepStatus(counts, ran=100, rate=2.5, seconds_left=40.0, workers=2))
    said = capsys.readouterr().err
    assert "100 of 200, 2.5 per s, 10 failed, 40.0 s left" in said
    with sweep_progress.sweep_bar(quiet=True) as progress:
        assert progress is None
