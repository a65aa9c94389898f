"""A process that runs commands one after the other, as its parent tells it, and the parent's side of it.

What a command prints goes to a file; the parent watches time and memory, and ends what takes too much of either.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 20.0
MOST_BYTES = 2 << 30
INTERRUPT_AFTER = 8.0  # s; a mutated input may be a sound case that takes hours: asked to end, it must
_TICK = 0.02


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, None where it had to be killed and why; seconds; memory [bytes]; what it said."""

    code: int | None
    why: str
    seconds: float
    memory: int
    said: str
    interrupted: bool = False


class Worker:
    """One process that carries out commands in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.temporary, self._log, self._folder = folder / "tmp", folder / "said", folder
        self.temporary.mkdir(exist_ok=True)
        self._process = self._start()
        self.done = 0

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ, "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
        }  # fmt: skip
        log = self._log.open("ab")
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from benchmarks.attack.worker import serve; serve()"],
            cwd=self._folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        if process.stdout is not None:
            process.stdout.readline()  # ready
        return process

    def run(self, words: list[str]) -> Ended:
        """Carry out a command."""
        self.done += 1
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        began, peak, interrupted = time.monotonic(), 0, False
        os.truncate(self._log, 0)
        process.stdin.write(json.dumps(words).encode() + b"\n")
        process.stdin.flush()
        answer, before = b"", cpu_seconds(process.pid)
        while not answer.endswith(b"\n"):
            # Time is what the process itself takes: a busy machine makes no command slow.
            peak, seconds = max(peak, memory_of(process.pid)), cpu_seconds(process.pid) - before
            waited = time.monotonic() - began
            if process.poll() is not None:
                return self._killed(f"died with {process.returncode}", seconds, peak)
            if peak > MOST_BYTES:
                return self._killed(f"took {peak / 2**30:.1f} GiB", seconds, peak)
            if seconds > MOST_SECONDS or waited > 15 * MOST_SECONDS:
                return self._killed(f"took more than {seconds:.0f} s", seconds, peak)
            if seconds > INTERRUPT_AFTER and not interrupted:
                interrupted = True
                process.send_signal(signal.SIGINT)
            if select.select([process.stdout], [], [], _TICK)[0]:
                answer += os.read(process.stdout.fileno(), 1 << 16)
        report = json.loads(answer)
        said = self._log.read_bytes()[:400_000].decode("utf-8", "replace")
        peak, seconds = max(peak, int(report["memory"])), cpu_seconds(process.pid) - before
        return Ended(report["code"], "", seconds, peak, said, interrupted)

    def _killed(self, why: str, seconds: float, peak: int) -> Ended:
        said = self._log.read_bytes()[-4000:].decode("utf-8", "replace")
        self.close()
        self._process = self._start()
        return Ended(None, why, seconds, peak, said)

    def restart(self) -> None:
        """Begin with a fresh process."""
        self.close()
        self._process, self.done = self._start(), 0

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def left_behind(self) -> list[str]:
        """Return temporary files and processes that a command left."""
        files = [str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*")]
        return files + [f"process {pid}" for pid in processes_of(self._process.pid) if pid != self._process.pid]


def memory_of(pid: int) -> int:
    """Return the resident memory of a process and its children [bytes]."""
    return sum(_status(one).get("VmRSS", 0) for one in (pid, *children_of(pid)))


def children_of(pid: int) -> list[int]:
    """Return the processes a process has started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found


def processes_of(session: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children [s]."""
    total = 0.0
    for one in (pid, *children_of(pid)):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total


def _status(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines if line.startswith("Vm")]
    return {parts[0].rstrip(":"): int(parts[1]) << 10 for parts in words}


def serve() -> None:
    """Carry out the commands that come on standard input."""
    import tempfile

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, str(ROOT))
    from asyncsoc.cli.main import main
    from asyncsoc.solver.warmup import compile_kernels

    compile_kernels()
    tempfile.gettempdir()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")
        try:
            code: object = main(json.loads(line))
        except BaseException as error:  # nothing may leave `main`
            code = f"{type(error).__name__}: {error}"
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps({"code": code, "memory": _status(os.getpid()).get("VmHWM", 0)}) + "\n")
        answers.flush()
