"""The cache of compiled forms: killed, concurrent and impossible compiles, by a C compiler made for the purpose."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asyncsoc.base import environment as bootstrap
from asyncsoc.base.errors import EnvironmentProblem

needs_dolfinx = pytest.mark.skipif(importlib.util.find_spec("dolfinx") is None, reason="needs dolfinx")

COMPILE = """
from asyncsoc.base import environment as bootstrap
bootstrap.prepare()
import time, dolfinx.fem, dolfinx.mesh, ufl
from mpi4py import MPI
domain = dolfinx.mesh.create_interval(MPI.COMM_SELF, 2, [0.0, 1.0])
began = time.monotonic()
try:
    with bootstrap.form_cache() as options:
        form = dolfinx.fem.form(dolfinx.fem.Constant(domain, 3.0) * ufl.dx(domain), jit_options=options)
except bootstrap.EnvironmentProblem as error:
    print(error)
    raise SystemExit(error.exit_code)
print(dolfinx.fem.assemble_scalar(form), time.monotonic() - began)
"""


def compiler_script(path: Path, before: str) -> str:
    """Write a C compiler that runs `before` and then the true one; return it as a value for CC."""
    path.write_text(f'#!/bin/sh\n{before}\nexec {shutil.which("cc") or shutil.which("gcc")} "$@"\n')
    path.chmod(0o755)
    return str(path)


def unfinished(cache: Path) -> list[str]:
    return [path.name for path in cache.glob("libffcx_*.c") if not path.with_suffix(".c.cached").exists()]


@needs_dolfinx
@pytest.mark.slow
def test_a_killed_compile_does_not_stop_the_next_one(run_python, tmp_path):
    cache, reached = tmp_path / "asyncsoc" / "forms", tmp_path / "reached"
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    hanging = compiler_script(tmp_path / "cc-hanging", f"touch {reached}; sleep 120")
    victim = subprocess.Popen(
        [sys.executable, "-c", COMPILE],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment, "CC": hanging},
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not reached.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
    assert len(unfinished(cache)) == 1, "the compile was not interrupted"

    done = run_python(COMPILE, **environment)
    value, seconds = map(float, done.stdout.split())
    assert value == 3.0
    assert seconds < 8, "FFCx waited for the dead process (it gives up after 10 s)"
    assert unfinished(cache) == []


@pytest.mark.slow
@needs_dolfinx
def test_a_live_compile_is_waited_for_and_not_repeated(tmp_path):
    calls = tmp_path / "calls"
    slow = compiler_script(tmp_path / "cc-slow", f'case "$*" in *" -c "*) echo once >> {calls};; esac; sleep 1')
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "XDG_CACHE_HOME": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", COMPILE], env={**environment, "CC": slow}, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in both]
    assert [float(output[0]) for output in outputs] == [3.0, 3.0]
    assert calls.read_text().split() == ["once"]


@needs_dolfinx
def test_without_a_compiler_the_message_has_the_command_that_installs_one(run_python, tmp_path):
    done = run_python(COMPILE, XDG_CACHE_HOME=str(tmp_path), CC="no-such-compiler")
    assert done.returncode == 4, done.stderr
    assert "no C compiler was found" in done.stdout
    assert bootstrap.install_compiler_command() in done.stdout
    assert unfinished(tmp_path / "asyncsoc" / "forms") == []


def test_a_form_that_does_not_compile_is_a_problem_of_the_environment(tmp_path):
    with (
        pytest.raises(EnvironmentProblem, match="did not compile: RuntimeError: no space") as caught,
        bootstrap.form_cache(tmp_path),
    ):
        raise RuntimeError("no space")
    assert "asyncsoc doctor" in (caught.value.next_step or "")


def test_only_unfinished_forms_are_removed(tmp_path):
    finished = ["libffcx_forms_a.c", "libffcx_forms_a.c.cached", "libffcx_forms_a.cpython-312-x86_64-linux-gnu.so"]
    kept = [*finished, "libffcx_forms_f.c.failed", "notes.c"]
    stale = ["libffcx_forms_b.c", "libffcx_forms_b.o", "libffcx_expressions_c.c.cached", "libffcx_forms_d.c"]
    stale += ["libffcx_forms_d.c.cached", "libffcx_forms_e.c.~123"]
    for name in kept + stale:
        (tmp_path / name).touch()
    with bootstrap.form_cache(tmp_path):
        assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} == set(kept)


def test_a_cache_that_cannot_be_made_names_the_variable_that_moves_it(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(EnvironmentProblem, match="cannot be written") as caught,
        bootstrap.form_cache(tmp_path / "file" / "forms"),
    ):
        raise AssertionError("the block must not be entered")
    assert "XDG_CACHE_HOME" in (caught.value.next_step or "")


def test_a_lock_that_stays_taken_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "_LOCK_PATIENCE", 0.05)
    with (
        bootstrap.form_cache(tmp_path),
        pytest.raises(EnvironmentProblem, match="another process has been compiling"),
        bootstrap.form_cache(tmp_path),
    ):
        raise AssertionError("the block must not be entered")
