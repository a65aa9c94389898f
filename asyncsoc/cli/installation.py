"""Check the environment and return what was found as data; `asyncsoc doctor` prints it.

Whatever can take the process down with it (MPI, the C compiler, dolfinx) is tried in a process of its own.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asyncsoc.base.environment import THREAD_VARIABLES, c_compiler, form_cache_directory, worker_environment
from asyncsoc.base.errors import AsyncsocError, EnvironmentProblem
from asyncsoc.base.processes import python

_PATIENCE = 120.0  # s, for one probe
_ROOM = 50e6  # bytes: a form takes about 0.2 MB, numba's caches a few
_PACKAGES = (
    *("numpy", "scipy", "numba", "h5py", "meshio", "xarray", "h5netcdf"),
    *("pydantic", "typer", "rich", "matplotlib"),
)
_EXTRAS = (("gmsh", "meshing"), ("pyvista", "drawing"), ("pymatgen", "thermo"), ("tifffile", "tomography"))
_OLDEST_PYTHON = (3, 12)

_DOLFINX_PROBE = """
from asyncsoc.base import environment
environment.prepare()
import dolfinx, petsc4py.PETSc as P
print("dolfinx", dolfinx.__version__, "petsc", ".".join(map(str, P.Sys.getVersion())), P.ScalarType.__name__)
"""
_FORM_PROBE = """
from asyncsoc.base import environment
environment.prepare()
import dolfinx.fem, dolfinx.mesh, ufl
from mpi4py import MPI
domain = dolfinx.mesh.create_interval(MPI.COMM_SELF, 2, [0.0, 1.0])
with environment.form_cache() as cache:
    compiler, generator = environment.form_options(cache)
    three = dolfinx.fem.Constant(domain, 3.0) * ufl.dx(domain)
    form = dolfinx.fem.form(three, jit_options=compiler, form_compiler_options=generator)
print("integral of 3 over [0, 1] =", dolfinx.fem.assemble_scalar(form))
"""
_NUMBA_PROBE = """
import numba
print("6 * 7 =", numba.njit(lambda a, b: a * b)(6, 7))
"""
_MPI_PROBE = """
from asyncsoc.base import environment
environment.prepare()
from mpi4py import MPI
total = MPI.COMM_WORLD.allreduce(1)
if MPI.COMM_WORLD.rank == 0:
    print("ranks that answered:", total)
"""
_HDF5_PROBE = """
import sys, asyncsoc, h5py
with h5py.File(sys.argv[1], "w") as file:
    file["a"] = [1.0, 2.0]
with h5py.File(sys.argv[1]) as file:
    print("wrote and read", file["a"][:].tolist(), "HDF5", h5py.version.hdf5_version)
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes
    ----------
    name
        What was checked.
    ok
        Whether it is as it should be.
    detail
        What was found.
    next_step
        What to do where it is not; empty where it is.
    required
        Whether asyncsoc cannot work without it: then a failure means exit code 4.
    """

    name: str
    ok: bool
    detail: str
    next_step: str = ""
    required: bool = True


def run_checks() -> tuple[Check, ...]:
    """Look at everything asyncsoc needs on this machine, required things first; nothing is printed, nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="asyncsoc-doctor-") as folder:
        scratch = Path(folder)
        probes: list[Callable[[], Check]] = [
            check_python,
            *(lambda name=name: check_package(name) for name in _PACKAGES),
            check_dolfinx,
            check_compiler,
            lambda: check_forms(scratch),
            check_numba,
            lambda: check_hdf5(scratch),
            check_meshes,
            check_cache,
            check_mpi,
            check_threads,
            *(lambda name=name, extra=extra: check_extra(name, extra) for name, extra in _EXTRAS),
        ]
        return tuple(probe() for probe in probes)


def passed(checks: tuple[Check, ...]) -> bool:
    """Return whether every required check is ok."""
    return all(check.ok for check in checks if check.required)


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Check:
    """Check the interpreter's version and name the machine."""
    detail = f"{'.'.join(map(str, version))} on {platform.system()} {platform.machine()} ({sys.executable})"
    ok = version >= _OLDEST_PYTHON
    return Check("Python", ok, detail, "" if ok else "use Python 3.12 or newer; `make test` looks for one")


def check_package(name: str, *, required: bool = True) -> Check:
    """Check that a package is installed; its version is the detail (it is not imported)."""
    try:
        return Check(name, True, importlib.metadata.version(name), required=required)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "not installed", f"pip install {name}", required=required)


def check_extra(name: str, extra: str) -> Check:
    """Check an optional package."""
    try:
        return Check(f"{name} (optional)", True, importlib.metadata.version(name), required=False)
    except importlib.metadata.PackageNotFoundError:
        return Check(f"{name} (optional)", False, "not installed", f"pip install 'asyncsoc[{extra}]'", required=False)


def check_dolfinx() -> Check:
    """Check that dolfinx and PETSc load after h5py, and that PETSc's numbers are real."""
    ok, detail = _probe(_DOLFINX_PROBE)
    if ok and "float64" not in detail:
        return Check("dolfinx", False, detail, "install the build with real numbers: dolfinx-solver-real")
    hint = "pip install dolfinx-solver-real (Linux x86-64), or conda env create -f environment.yml"
    return Check("dolfinx", ok, detail, "" if ok else hint)


def check_compiler() -> Check:
    """Check for the C compiler that forms are compiled with."""
    try:
        return Check("C compiler", True, str(c_compiler()))
    except EnvironmentProblem as error:
        return Check("C compiler", False, error.what, error.next_step or "")


def check_forms(scratch: Path) -> Check:
    """Compile a small form in an empty cache and evaluate it."""
    ok, detail = _probe(_FORM_PROBE, XDG_CACHE_HOME=str(scratch / "cache"))
    ok = ok and detail.endswith("= 3.0")
    return Check("form compilation", ok, detail, "" if ok else "make the checks above pass first")


def check_numba() -> Check:
    """Compile a small function with numba."""
    ok, detail = _probe(_NUMBA_PROBE)
    return Check("numba compilation", ok, detail, "" if ok else "pip install --force-reinstall numba llvmlite")


def check_hdf5(scratch: Path) -> Check:
    """Write and read a small HDF5 file."""
    ok, detail = _probe(_HDF5_PROBE, str(scratch / "probe.h5"))
    return Check("HDF5", ok, detail, "" if ok else "pip install --force-reinstall h5py")


def check_meshes() -> Check:
    """Check that the meshes of the built-in shapes are found and one can be read."""
    from asyncsoc.geometry.library import builtin_names, load_builtin

    try:
        names = builtin_names()
        load_builtin(names[0])
    except AsyncsocError as error:
        return Check("meshes", False, f"{error.what} ({error.where})", error.next_step or "install asyncsoc again")
    return Check("meshes", True, ", ".join(names))


def check_cache() -> Check:
    """Check that the cache of compiled forms can be written and its disk has room."""
    folder = form_cache_directory()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {free / 1e9:.1f} GB free"
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check("cache", False, f"{detail}, not writable", "set XDG_CACHE_HOME to a directory you may write to")
    if free < _ROOM:
        return Check("cache", False, detail, "free some space, or set XDG_CACHE_HOME to a disk that has it")
    return Check("cache", True, detail)


def check_mpi() -> Check:
    """Start two ranks that add up; one process works without."""
    launcher = Path(sys.executable).with_name("mpiexec")
    found = str(launcher) if launcher.exists() else shutil.which("mpiexec")
    if found is None:
        return Check("MPI", False, "mpiexec was not found", "pip install mpich", required=False)
    ok, detail = _run([found, "-n", "2", *python("-c", _MPI_PROBE)])
    ok = ok and detail.endswith(": 2")
    return Check("MPI", ok, detail, "" if ok else "runs of one process work; for more reinstall mpich", required=False)


def check_threads() -> Check:
    """Report the cores and the thread limits that are set."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = ", ".join(f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ)
    return Check("threads", True, f"{usable} cores; {limits or 'no limit set'}", required=False)


def _probe(code: str, *arguments: str, **variables: str) -> tuple[bool, str]:
    return _run(python("-c", code, *arguments), **variables)


def _run(command: list[str], **variables: str) -> tuple[bool, str]:
    """Run a probe; return whether it succeeded and its last line (of its error where it failed)."""
    try:
        done = subprocess.run(
            command,
            env={**worker_environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer within {_PATIENCE:.0f} s"
    except OSError as error:
        return False, str(error)
    ok = done.returncode == 0
    lines = (done.stdout if ok else done.stderr or done.stdout).strip().splitlines()
    return ok, lines[-1] if lines else f"ended with status {done.returncode} and no message"
