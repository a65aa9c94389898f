"""Import order, libmpi, workers' environment (traps measured on the PyPI wheels), in processes of their own."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

from asyncsoc.base import environment as bootstrap
from asyncsoc.base.errors import EnvironmentProblem

wheel = pytest.mark.skipif(importlib.util.find_spec("dolfinx_solver") is None, reason="needs dolfinx's PyPI wheel")

HDF5_AFTER_PETSC = """
import dolfinx.fem.petsc, h5py, sys
with h5py.File(sys.argv[1], "w") as file:
    file["a"] = [1.0, 2.0]
with h5py.File(sys.argv[1]) as file:
    print(file["a"][:].sum())
"""


@wheel
@pytest.mark.parametrize("entry", ["asyncsoc", "asyncsoc.base.errors", "asyncsoc.cli.main"])
def test_every_entry_point_leaves_hdf5_working_beside_petsc(entry, run_python, tmp_path):
    code = f"import {entry}; from asyncsoc.base import environment as bootstrap; bootstrap.prepare()" + HDF5_AFTER_PETSC
    done = run_python(code, tmp_path / "a.h5")
    assert (done.returncode, done.stdout.strip()) == (0, "3.0"), done.stderr


@wheel
def test_dolfinx_before_asyncsoc_is_refused_with_the_remedy(run_python):
    done = run_python(
        "import dolfinx_solver, dolfinx.fem.petsc\n"
        "try:\n    import asyncsoc\n"
        "except Exception as error:\n    print(type(error).__name__, error.exit_code, error)"
    )
    assert done.stdout.startswith("EnvironmentProblem 4 "), done.stderr
    assert "import asyncsoc (or h5py) before dolfinx" in done.stdout


@wheel
def test_h5py_before_dolfinx_is_accepted(run_python):
    done = run_python("import h5py, dolfinx_solver, dolfinx.fem.petsc, asyncsoc; print(asyncsoc.__version__)")
    assert done.returncode == 0, done.stderr


def test_prepare_makes_dolfinx_importable_and_may_be_called_again(run_python):
    done = run_python(
        "from asyncsoc.base import environment as bootstrap\n"
        "bootstrap.prepare(); bootstrap.prepare(); import dolfinx; print('loaded')"
    )
    assert (done.returncode, done.stdout.strip()) == (0, "loaded"), done.stderr


def test_importing_the_package_loads_nothing_heavy(run_python):
    heavy = ("dolfinx", "mpi4py", "numba", "scipy", "matplotlib", "pyvista", "pydantic", "xarray", "typer")
    done = run_python(f"import asyncsoc, sys; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_missing_dolfinx_solver_is_fine(monkeypatch):
    monkeypatch.setitem(sys.modules, "dolfinx_solver", None)  # what an import finds on conda-forge
    bootstrap.prepare()


def test_refusal_of_the_wheel_is_reported_as_a_problem_of_the_environment(run_python, tmp_path):
    (tmp_path / "dolfinx_solver.py").write_text("raise ImportError('a foreign petsc4py is installed')")
    done = run_python(
        "from asyncsoc.base import environment as bootstrap\n"
        "try:\n    bootstrap.prepare()\nexcept Exception as e:\n    print(repr(e))",
        PYTHONPATH=str(tmp_path),
    )
    assert done.stdout.startswith("EnvironmentProblem("), done.stderr
    assert "foreign petsc4py" in done.stdout


def test_workers_see_no_launcher_and_one_thread_where_nothing_was_set():
    given = {
        "PATH": "/bin",
        "PMI_RANK": "1",
        "PMIX_RANK": "1",
        "HYDI_CONTROL_FD": "3",
        "MPI_LOCALRANKID": "0",
        "MPICH_ASYNC_PROGRESS": "1",
        "OMP_NUM_THREADS": "3",
    }
    assert bootstrap.worker_environment(given) == {
        "PATH": "/bin",
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
        "PYTHONSAFEPATH": "1",
    }


def test_what_others_set_meanwhile_is_kept_when_workers_are_done(monkeypatch):
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.delenv("ASYNCSOC_TEST_SET_MEANWHILE", raising=False)
    with bootstrap.clean_worker_environment():
        os.environ["ASYNCSOC_TEST_SET_MEANWHILE"] = "1"
    assert os.environ.pop("ASYNCSOC_TEST_SET_MEANWHILE") == "1"
    assert os.environ["PMI_RANK"] == "0"


def test_environment_is_restored_after_workers_were_started(monkeypatch):
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    with pytest.raises(RuntimeError, match="inside"), bootstrap.clean_worker_environment():
        assert "PMI_RANK" not in os.environ
        assert os.environ["MKL_NUM_THREADS"] == "1"
        raise RuntimeError("inside")
    assert dict(os.environ) == before


def test_workers_are_spawned_with_one_thread_and_working_hdf5(run_python, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text("""
import os, sys
from asyncsoc.base import environment as bootstrap

def work(path):
    bootstrap.prepare()
    import dolfinx.fem.petsc, h5py, numba
    with h5py.File(path, "w") as file:
        file["a"] = [1.0]
    return numba.get_num_threads(), os.environ["OMP_NUM_THREADS"]

if __name__ == "__main__":
    from multiprocessing import get_context
    context = get_context("spawn")
    with bootstrap.clean_worker_environment(), context.Pool(1) as pool:
        print(context.get_start_method(), *pool.apply(work, (sys.argv[1],)))
""")
    done = run_python(script, tmp_path / "a.h5", unset=bootstrap.THREAD_VARIABLES)
    assert done.stdout.split() == ["spawn", "1", "1"], done.stderr


def test_compiler_is_found_or_named_with_the_command_that_installs_it(monkeypatch):
    assert bootstrap.c_compiler().name
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(EnvironmentProblem, match="no C compiler") as caught:
        bootstrap.c_compiler()
    assert caught.value.value == "no-such-compiler"
    assert caught.value.next_step == bootstrap.install_compiler_command()


def test_missing_python_headers_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(EnvironmentProblem, match=r"C headers are missing"):
        bootstrap.c_compiler()


@pytest.mark.parametrize(
    ("manager", "command"),
    [("apt-get", "sudo apt-get install gcc libc6-dev"), ("dnf", "sudo dnf install gcc glibc-devel"), ("", "conda")],
)
def test_the_install_command_suits_the_machine(monkeypatch, manager, command):
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name == manager else None)
    assert bootstrap.install_compiler_command().startswith(command)


def test_public_names_are_loaded_on_first_use_and_unknown_ones_refused():
    import asyncsoc

    for name in asyncsoc.__all__:
        assert name in dir(asyncsoc)
        assert getattr(asyncsoc, name) is getattr(asyncsoc, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        asyncsoc.nothing  # noqa: B018


def test_type_checkers_are_told_the_same_names():
    import asyncsoc

    stub = Path(asyncsoc.__file__).with_suffix(".pyi").read_text()
    told = {name: module for module, name in re.findall(r"^from (\S+) import (\w+) as \2$", stub, re.MULTILINE)}
    assert told == {**asyncsoc._EXPORTS, **dict.fromkeys(asyncsoc._ROOMS, "asyncsoc")}


@wheel
def test_h5py_is_loaded_with_dolfinx_and_not_with_the_package(run_python):
    done = run_python(
        "import sys, asyncsoc; print('h5py' in sys.modules, 'numpy' in sys.modules)\n"
        "import dolfinx_solver; print('h5py' in sys.modules)"
    )
    assert (done.returncode, done.stdout.split()) == (0, ["False", "False", "True"]), done.stderr


def test_a_library_that_is_missing_is_named(run_python, tmp_path):
    (tmp_path / "case.toml").write_text("[protocol]\nsteps = ['Charge at C/10 for 1 minute']\n")
    done = run_python(
        "import sys; sys.modules['h5py'] = None\n"
        f"from asyncsoc.cli.main import main; sys.exit(main(['run', {str(tmp_path / 'case.toml')!r}, '-o', 'out']))"
    )
    assert done.returncode == 4
    assert "h5py is not installed\n  next: pip install h5py" in done.stderr
