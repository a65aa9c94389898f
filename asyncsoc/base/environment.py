"""Fix what the process must have right before dolfinx, MPI and HDF5 meet: import order, workers, form cache, compiler.

Two builds of HDF5 share the process (h5py's and PETSc's): h5py has to be loaded first. DOLFINx compiles forms with
the C compiler at run time and marks a compile in progress by a file, which a killed process leaves behind.
"""

from __future__ import annotations

import errno
import importlib
import os
import shlex
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import AsyncsocError, EnvironmentProblem
from asyncsoc.base.processes import SAFE_PATH

_HDF5_OF_ITS_OWN = ("dolfinx", "dolfinx_solver", "petsc4py")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_LAUNCHER_PREFIXES = ("PMI", "HYD", "MPI")
_LAUNCHED = ("PMI_SIZE", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS")
"""Variables one of which MPI's launchers set."""
_QUIET_ABORT = "MPIR_CVAR_SUPPRESS_ABORT_MESSAGE"
"""With it MPICH adds nothing to the error that ends all processes."""
_HERE = "MPI_LOCALNRANKS"
"""How many processes Hydra has started on this machine."""
WAIT_SLEEPING = "MPIR_CVAR_CH4_PROGRESS_THROTTLE"
"""With it a process of MPICH that waits for long sleeps in between, which gives its core to those it waits for."""
_LOCK_NAME = ".asyncsoc-lock"
_LOCK_PATIENCE = 300.0  # s; a form compiles in seconds
_FORWARDING = 0.5  # s; mpiexec drops what it has not forwarded yet when a rank aborts: tracebacks arrived cut
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_INSTALL_COMPILER = (
    ("apt-get", "sudo apt-get install gcc libc6-dev", "python3-dev"),
    ("dnf", "sudo dnf install gcc glibc-devel", "python3-devel"),
    ("zypper", "sudo zypper install gcc glibc-devel", "python3-devel"),
    ("pacman", "sudo pacman -S gcc", "python"),
    ("apk", "sudo apk add gcc musl-dev", "python3-dev"),
    ("xcode-select", "xcode-select --install", ""),
)


def h5py_first() -> None:
    """Load h5py, so that a later dolfinx finds HDF5 in an order both survive.

    Raises
    ------
    EnvironmentProblem
        If dolfinx or petsc4py came first and h5py cannot be loaded any more.
    """
    if "h5py" in sys.modules:
        return
    loaded = [name for name in ("dolfinx", "petsc4py.PETSc") if name in sys.modules]
    late = EnvironmentProblem(
        f"{' and '.join(loaded)} was loaded before h5py, and two builds of HDF5 cannot meet in this order",
        next_step="import asyncsoc (or h5py) before dolfinx",
    )
    if loaded and "dolfinx_solver" in sys.modules:
        raise late
    try:
        importlib.import_module("h5py")
    except ModuleNotFoundError as error:
        raise EnvironmentProblem(f"{error.name} is not installed", next_step="pip install h5py") from error
    except (ImportError, ValueError) as error:
        if loaded:
            raise late from error
        raise EnvironmentProblem(
            f"h5py cannot be loaded: {error}", next_step="pip install --force-reinstall h5py"
        ) from error


class _H5pyFirst:
    """Loads h5py where dolfinx or PETSc are about to be: until then nobody waits for it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing; load h5py before the others."""
        if name in _HDF5_OF_ITS_OWN:
            h5py_first()


def keep_h5py_first() -> None:
    """See to it that h5py is loaded before any other build of HDF5; at once where one is loaded already.

    Raises
    ------
    EnvironmentProblem
        As of `h5py_first`.
    """
    if any(name in sys.modules for name in _HDF5_OF_ITS_OWN):
        h5py_first()
    elif not any(isinstance(finder, _H5pyFirst) for finder in sys.meta_path):
        sys.meta_path.insert(0, _H5pyFirst())


def prepare() -> None:
    """Make dolfinx importable: h5py first, then `dolfinx_solver` where it is installed (it finds libmpi); idempotent.

    Raises
    ------
    EnvironmentProblem
        If the order was already broken, or the wheel refuses the environment it finds.
    """
    h5py_first()
    try:
        importlib.import_module("dolfinx_solver")
    except ImportError as error:
        if getattr(error, "name", None) == "dolfinx_solver":
            _tame_petsc()  # conda-forge's dolfinx needs no other help
            return
        raise EnvironmentProblem(
            f"dolfinx_solver cannot be loaded: {error}", next_step="make a fresh virtual environment with `make test`"
        ) from error
    _tame_petsc()


def _tame_petsc() -> None:
    """Start PETSc, which dolfinx loads, without two habits of its own.

    It would take over SIGPIPE, SIGTERM and others, so that `asyncsoc run ... | head` ended in its handler, and it would
    read `.petscrc` in the current folder, which may name libraries to load.
    """
    if "petsc4py.PETSc" in sys.modules:
        return  # started by somebody else, who decides
    try:
        petsc4py = importlib.import_module("petsc4py")
        petsc4py.init(["asyncsoc", "-no_signal_handler", "-skip_petscrc"])
    except ImportError:
        return  # conda-forge has a dolfinx without; what is broken is said where dolfinx is loaded


def worker_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a worker: no launcher's variables, one thread where none is set, a safe import path.

    A worker that imports MPI while it sees its parent's PMI variables dies; two workers with two BLAS threads each on
    two cores ran 1.5 times slower than with one.
    """
    source = os.environ if environment is None else environment
    clean = {name: value for name, value in source.items() if not name.startswith(_LAUNCHER_PREFIXES)}
    for name in THREAD_VARIABLES:
        clean.setdefault(name, "1")
    clean[SAFE_PATH] = "1"
    return clean


@contextmanager
def clean_worker_environment() -> Iterator[None]:
    """Give processes started inside the block `worker_environment()`; what it changes is restored afterwards."""
    wanted = worker_environment()
    before = {name: os.environ.get(name) for name in {*wanted, *os.environ} if os.environ.get(name) != wanted.get(name)}
    try:
        _set({name: wanted.get(name) for name in before})
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    """Set variables of the environment, None removes one."""
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def form_cache_directory() -> Path:
    """Return asyncsoc's own directory of compiled forms, below $XDG_CACHE_HOME (~/.cache where that is unset)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "asyncsoc" / "forms"


@contextmanager
def form_cache(directory: Path | None = None) -> Iterator[dict[str, object]]:
    """Compile forms inside this block: one process at a time, after what a killed one left has been removed.

    Not re-entrant. Under MPI only ranks that compile enter it: all on COMM_SELF, the first on a shared communicator.

    Yields
    ------
    dict
        `jit_options` for `dolfinx.fem.form`, to be completed by `form_options`.

    Raises
    ------
    EnvironmentProblem
        If the directory cannot be written, the lock stays taken, or a form does not compile.
    """
    folder = form_cache_directory() if directory is None else directory
    with _locked(folder):
        _remove_unfinished(folder)
        try:
            yield {"cache_dir": str(folder)}
        except AsyncsocError:
            raise
        except Exception as error:
            c_compiler()  # a missing compiler is the likelier cause and has its own message
            raise EnvironmentProblem(
                f"a finite-element form did not compile: {type(error).__name__}: {error}",
                where=str(folder),
                next_step="run `asyncsoc doctor`, which compiles a small form in an empty cache",
            ) from error


def form_options(cache: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return every `jit_options` and `form_compiler_options` of `dolfinx.fem.form`, those of `form_cache` among them.

    What is not given, dolfinx and FFCx would take from JSON files in the current folder, arguments of the compiler too.
    """
    from dolfinx.jit import DOLFINX_DEFAULT_JIT_OPTIONS
    from ffcx.options import FFCX_DEFAULT_OPTIONS

    compiler = {name: option[0] for name, option in DOLFINX_DEFAULT_JIT_OPTIONS.items()}
    generator = {name: option[1] for name, option in FFCX_DEFAULT_OPTIONS.items()}
    return compiler | dict(cache), generator


def _remove_unfinished(directory: Path) -> None:
    """Remove what a killed compile left in a form cache; the caller holds its lock.

    FFCx creates `<form>.c` exclusively before it compiles and `<form>.c.cached` after; every other process that finds
    the first waits for the second. Under the lock no compile of asyncsoc is alive, so a `.c` alone is stale.
    """
    stems = {path.name.split(".", 1)[0] for path in directory.glob("libffcx_*.c*")}
    for stem in sorted(stems):
        files = {path.name: path for path in directory.glob(f"{stem}.*") if not path.name.endswith(".failed")}
        finished = any(name.endswith((".so", ".dylib", ".pyd")) for name in files)
        if not files or (f"{stem}.c" in files and f"{stem}.c.cached" in files and finished):
            continue
        # The .c goes last: it keeps other programs waiting until the rest is gone.
        for name in sorted(files, key=lambda name: name == f"{stem}.c"):
            files[name].unlink(missing_ok=True)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; the kernel releases it when the process ends, however it ends."""
    import fcntl

    path = directory / _LOCK_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnvironmentProblem(
            f"the cache of compiled forms cannot be written: {error}",
            where=str(directory),
            next_step="set XDG_CACHE_HOME to a directory you may write to",
        ) from error
    try:
        deadline = time.monotonic() + _LOCK_PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise EnvironmentProblem(
                        f"another process has been compiling forms for more than {_LOCK_PATIENCE:.0f} s",
                        where=str(path),
                        next_step=f"end the process that `fuser {path}` names, or set XDG_CACHE_HOME elsewhere",
                    ) from error
                time.sleep(0.02)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                break  # a file system without locks: FFCx's own exclusive file still protects the compile
        yield
    finally:
        os.close(descriptor)


def c_compiler() -> Path:
    """Return the C compiler that form compilation will call.

    Raises
    ------
    EnvironmentProblem
        If there is none, or Python's own headers are missing; the message has the command that installs it.
    """
    command = os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")
    name = shlex.split(command)[0]
    found = shutil.which(name)
    if found is None:
        raise EnvironmentProblem(
            "no C compiler was found; dolfinx compiles its forms when they are first used",
            value=name,
            next_step=install_compiler_command(),
        )
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        raise EnvironmentProblem(
            "Python's C headers are missing; dolfinx compiles its forms against them",
            where=str(header),
            next_step=install_compiler_command(headers=True),
        )
    return Path(found)


def install_compiler_command(*, headers: bool = False) -> str:
    """Return the command that installs a C compiler (and Python's headers) on this machine."""
    for manager, command, package in _INSTALL_COMPILER:
        if shutil.which(manager):
            return f"{command} {package}".strip() if headers else command
    return "conda install -c conda-forge c-compiler"


def mpi_ranks() -> Any | None:
    """Return the communicator of the processes that mpiexec has started with this one; None where it is alone.

    MPI is loaded only where a launcher says that it has started this process, and Slurm's or Hydra's not with one.

    Raises
    ------
    EnvironmentProblem
        A launcher has started several processes, and MPI cannot be loaded.
    """
    told = [os.environ[name] for name in _LAUNCHED if name in os.environ]
    if not told or os.environ.get("PMI_SIZE", os.environ.get("OMPI_COMM_WORLD_SIZE")) == "1":
        return None
    os.environ.setdefault(_QUIET_ABORT, "1")
    here = os.environ.get(_HERE, "1")
    if here.isdecimal() and int(here) > _usable_cores():
        os.environ.setdefault(WAIT_SLEEPING, "1")
    prepare()
    try:
        world = importlib.import_module("mpi4py.MPI").COMM_WORLD
    except ImportError as error:
        raise EnvironmentProblem(
            f"mpiexec has started this process, and mpi4py cannot be loaded: {error}",
            next_step="pip install mpi4py mpich, and use the mpiexec beside this Python",
        ) from error
    return world if world.size > 1 else None


def _usable_cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def abort_mpi(exit_code: int) -> None:
    """End every rank at once where this process is one of several; return where it is alone."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is None or not mpi.Is_initialized() or mpi.Is_finalized() or mpi.COMM_WORLD.size == 1:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    time.sleep(_FORWARDING)
    mpi.COMM_WORLD.Abort(exit_code)
