"""However a command is ended: at once, its workers with it, what was reached is kept, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncsoc.simulation.results.solution import Solution

Start = Callable[..., subprocess.Popen[str]]
VOLUME = ("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "400 nm", "--min-voxels", "300")
CYCLES = """
[contact]
kind = "cap"
coverage = 0.3
[[protocol.cycle]]
repeat = 200
steps = ["Charge at C/2 until 4.2 V", "Discharge at C/2 until 3.2 V"]
"""
PATIENCE = 60.0
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")


def alive(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_run_that_is_asked_to_end_keeps_what_it_reached(
    sent: signal.Signals, code: int, tmp_path: Path, start: Start
) -> None:
    (tmp_path / "cycles.toml").write_text(CYCLES, encoding="utf-8")
    process = start("run", "cycles.toml", "-o", "out", folder=tmp_path, TMPDIR=str(tmp_path))
    # The run is under way some time after numba has been loaded.
    time.sleep(1.0)
    assert wait_until(lambda: "llvmlite" in Path(f"/proc/{process.pid}/maps").read_text() or process.poll() is not None)
    time.sleep(8.0)
    process.send_signal(sent)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert "the results up to here are saved" in err
    (kept,) = (tmp_path / "out").glob("*.vtkhdf")
    assert Solution.load(kept).checkpoint is not None


@linux
@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("command", ["mesh", "charge"])
def test_workers_end_with_their_parent_and_leave_nothing(
    command: str, sent: signal.Signals, inputs: Path, tmp_path: Path, start: Start
) -> None:
    words = {
        "mesh": ("tomo", "mesh", inputs / "volume.npy", *VOLUME),
        "charge": ("tomo", "charge", inputs / "particles", inputs / "charge.toml"),
    }
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = start(*words[command], "--workers", "2", "-o", "out", folder=tmp_path, TMPDIR=str(temporary))
    assert wait_until(lambda: len(alive(process.pid)) >= 3 or process.poll() is not None)
    time.sleep(0.5)
    process.send_signal(sent)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, 130, 143, -9)
    assert wait_until(lambda: not alive(process.pid), 10.0)
    assert not [path.name for path in temporary.iterdir() if path.name.startswith("asyncsoc")]
    assert not list((tmp_path / "out").rglob("*.tmp"))
    if sent != signal.SIGKILL:
        assert "Traceback" not in err


@linux
@pytest.mark.slow
def test_the_reader_of_a_mesh_ends_with_who_asked_it(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import os, sys, time\nfrom asyncsoc.base.processes import end_with_parent\n"
        "end_with_parent(0)\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; p = subprocess.Popen([sys.executable, sys.argv[1]], "
         "stdin=subprocess.PIPE); p.wait()", str(tmp_path / "slow.py")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not Path(f"/proc/{child}").exists(), 10.0)


@pytest.mark.slow
def test_a_reader_of_the_output_who_leaves_ends_the_run_quietly(inputs: Path, tmp_path: Path, start: Start) -> None:
    """As in `asyncsoc run ... --json | head -3`: PETSc, once loaded, must not take SIGPIPE over."""
    process = start("run", inputs / "case.toml", "-o", "out", "--json", folder=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(PATIENCE) == 141
    assert err == ""
    assert list((tmp_path / "out").glob("*.vtkhdf"))


def test_petsc_leaves_signals_alone(run_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = (
        "import signal, sys\nfrom asyncsoc.base import environment as bootstrap\nbootstrap.prepare()\nimport dolfinx\n"
        "caught = int(next(line for line in open('/proc/self/status') if line.startswith('SigCgt')).split()[1], 16)\n"
        "print([n for n in (signal.SIGPIPE, signal.SIGTERM, signal.SIGSEGV) if caught >> (n - 1) & 1])"
    )
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stderr


INTERRUPTED_IMPORT = """
import os, signal, sys, time
from asyncsoc.cli.signals import like_interrupt
sys.path.insert(0, sys.argv[1])
with like_interrupt() as heard:
    try:
        import interrupted
        time.sleep(10.0)
    except KeyboardInterrupt:
        assert sys.modules["interrupted"].whole, "the import was cut short"
        print(heard.exit_code(130))
"""


@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_an_interrupt_waits_for_the_import_it_falls_into(sent: str, code: int, tmp_path: Path) -> None:
    """A module in C that is left half initialized may crash the program."""
    module = f"import os, signal, time\nos.kill(os.getpid(), signal.{sent})\ntime.sleep(0.2)\nwhole = True\n"
    (tmp_path / "interrupted.py").write_text(module)
    command = [sys.executable, "-c", INTERRUPTED_IMPORT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout.split()) == (0, [str(code)]), done.stderr
