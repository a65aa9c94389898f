"""The environment checks, as data."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path

import pytest

from asyncsoc.cli import installation as doctor


@pytest.fixture(scope="module")
def checks() -> tuple[doctor.Check, ...]:
    return doctor.run_checks()


def test_a_working_environment_passes(checks):
    failed = [check for check in checks if check.required and not check.ok]
    assert failed == []
    assert doctor.passed(checks)


def test_everything_is_looked_at_once_and_says_what_it_found(checks):
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    expected = {"Python", "numpy", "dolfinx", "C compiler", "form compilation", "numba compilation", "HDF5", "meshes"}
    assert expected | {"MPI", "threads", "cache"} <= set(names)
    for check in checks:
        assert check.detail
        assert bool(check.next_step) is not check.ok


def test_the_versions_are_those_installed(checks):
    import h5py
    import numpy

    details = {check.name: check.detail for check in checks}
    assert details["numpy"] == numpy.__version__
    assert details["h5py"] == h5py.__version__


def test_one_failed_required_check_fails_the_whole_and_an_optional_one_does_not():
    good = doctor.check_python()
    required = dataclasses.replace(good, ok=False)
    optional = dataclasses.replace(good, ok=False, required=False)
    assert doctor.passed((good, optional))
    assert not doctor.passed((good, required, optional))


def test_what_is_missing_comes_with_what_to_do():
    assert doctor.check_package("no-such-package").next_step == "pip install no-such-package"
    extra = doctor.check_extra("no-such-package", "drawing")
    assert not extra.required
    assert "asyncsoc[drawing]" in extra.next_step
    assert "3.12" in doctor.check_python((3, 11, 7)).next_step


def test_no_compiler_is_found_out(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    check = doctor.check_compiler()
    assert not check.ok
    assert "install" in check.next_step


def test_a_form_that_cannot_be_compiled_is_reported_not_raised(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", "no-such-compiler")
    check = doctor.check_forms(tmp_path)
    assert not check.ok
    assert check.next_step


def test_missing_meshes_are_found_out(monkeypatch, tmp_path):
    monkeypatch.setattr("asyncsoc.geometry.library._folders", lambda: (tmp_path,))
    check = doctor.check_meshes()
    assert not check.ok
    assert str(tmp_path) in check.detail


def test_a_cache_nobody_may_write_to_is_found_out(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    check = doctor.check_cache()
    assert not check.ok
    assert "XDG_CACHE_HOME" in check.next_step


def test_a_probe_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(doctor, "_PATIENCE", 0.3)
    monkeypatch.setattr(doctor, "_NUMBA_PROBE", "import time; time.sleep(60)")
    began = time.monotonic()
    check = doctor.check_numba()
    assert time.monotonic() - began < 10
    assert "no answer within" in check.detail


def test_probes_leave_nothing_behind(checks):
    assert not list(Path(os.environ.get("TMPDIR", "/tmp")).glob("asyncsoc-doctor-*/probe.h5"))
    assert "dolfinx" not in sys.modules or "h5py" in sys.modules
