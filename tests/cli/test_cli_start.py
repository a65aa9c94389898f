"""The command line starts quickly and shows progress only to a person."""

from __future__ import annotations

import resource
import subprocess
import sys
from types import SimpleNamespace

import pytest

from asyncsoc.cli import progress
from asyncsoc.cli.progress import counting_bar, describe, duration, progress_bar

REPORT = SimpleNamespace(time=7200.0, total_time_estimate=36000.0, step=2, n_steps=3, voltage=3.9123, fraction=0.4)


def test_help_takes_less_than_half_a_second_of_work() -> None:
    command = [sys.executable, "-c", "import sys; from asyncsoc.cli.main import main; sys.exit(main(['--help']))"]
    times = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Processor time: other programs on the machine do not count.
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert "Usage: asyncsoc" in done.stdout
    assert min(times) < 0.5


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from asyncsoc.cli.main import main; main(['run', '--help'])\n"
        "heavy = {'numba', 'scipy', 'dolfinx', 'petsc4py', 'mpi4py', 'matplotlib', 'xarray', 'pyvista'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == "[]\n"


def test_the_bar_says_time_step_and_voltage() -> None:
    assert describe(REPORT) == "2.00 h simulated, step 2 of 3, 3.912 V"
    assert [duration(value) for value in (3.0, 600.0, 86400.0)] == ["3.0 s", "10.0 min", "24.00 h"]


def test_no_bar_without_a_terminal_or_when_quiet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress_bar(quiet=False) as callback:
        assert callback is None
    monkeypatch.setattr(progress, "is_terminal", lambda stream: True)
    with progress_bar(quiet=True) as callback:
        assert callback is None
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "is_terminal", lambda stream: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar(quiet=False) as callback:
        assert callback is not None
        callback(REPORT)
    captured = capsys.readouterr()
    assert "step 2 of 3, 3.912 V" in captured.err
    assert "40 %" in captured.err
    assert captured.out == ""
    with counting_bar(quiet=False) as count:
        assert count is not None
        count(3, 10, "belt [equator]")
    assert "belt [equator]" in capsys.readouterr().err
