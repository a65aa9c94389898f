"""Provenance of a result: versions, hashes, threads and times - never a name of a user, a host or a folder."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from asyncsoc.base.kernel_cache import room_hash
from asyncsoc.base.version import installed_version

_DISTRIBUTIONS = (
    "numpy", "scipy", "numba", "dolfinx-solver-real", "fenics-dolfinx", "meshio", "h5py", "xarray",
    "h5netcdf", "pydantic", "matplotlib",
)  # fmt: skip
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_PACKAGE = Path(__file__).resolve().parents[2]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of the distributions that are installed and matter; read once, it takes 20 ms."""
    found = {"python": platform.python_version(), "asyncsoc": installed_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def source_sha256() -> str:
    """Return one SHA-256 over the package's own source files: which code ran, whatever git knows of it."""
    return room_hash()


def _git_folder(root: Path) -> Path | None:
    """Return the git folder of the checkout at `root`; a work tree keeps it elsewhere and says where in a file."""
    entry = root / ".git"
    if entry.is_dir():
        return entry
    if entry.is_file():
        text = entry.read_text(encoding="utf-8", errors="replace").strip()
        if text.startswith("gitdir:"):
            return (root / text.removeprefix("gitdir:").strip()).resolve()
    return None


def _resolve(folder: Path, reference: str) -> str | None:
    """Return the commit a reference names, from its own file or the packed ones."""
    common = folder / "commondir"
    base = (folder / common.read_text(encoding="utf-8").strip()).resolve() if common.is_file() else folder
    loose = base / reference
    if loose.is_file():
        return loose.read_text(encoding="ascii", errors="replace").strip()
    packed = base / "packed-refs"
    if packed.is_file():
        for line in packed.read_text(encoding="utf-8", errors="replace").splitlines():
            commit, _, name = line.partition(" ")
            if name == reference:
                return commit
    return None


def git_commit(root: Path) -> str | None:
    """Return the commit checked out at `root`, read from its files; None where that is no checkout."""
    try:
        folder = _git_folder(root)
        if folder is None:
            return None
        head = (folder / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
        return _resolve(folder, head.removeprefix("ref:").strip()) if head.startswith("ref:") else head
    except OSError:
        return None


def git_dirty(root: Path) -> bool | None:
    """Return whether tracked package files differ from the commit; None where git cannot say."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "--no-optional-locks", "-C", str(root), "status", "--porcelain", "-uno", "--", _PACKAGE.name]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10.0, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(answer.stdout.strip()) if answer.returncode == 0 else None


@lru_cache(maxsize=1)
def checkout() -> dict[str, Any]:
    """Return commit and dirtiness where the package is run from its own checkout, else an empty dict."""
    root = _PACKAGE.parent
    commit = git_commit(root)
    return {} if commit is None else {"git commit": commit, "git dirty": git_dirty(root)}


def cores() -> int:
    """Return the number of cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def collect(
    *,
    mesh_sha256: str,
    case_sha256: str,
    started: datetime,
    stop_reason: str,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return the record of where a result came from.

    Parameters
    ----------
    mesh_sha256, case_sha256
        Hashes of what was solved.
    started
        When the run began, with time zone.
    stop_reason
        Why it ended.
    threads
        Threads the kernels used; the variables that set thread numbers are recorded beside it.
    """
    return {
        "versions": dict(versions()),
        "source sha256": source_sha256(),
        **checkout(),
        "case sha256": case_sha256,
        "mesh sha256": mesh_sha256,
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": cores(),
        "threads": threads,
        "thread variables": {name: os.environ[name] for name in _THREAD_VARIABLES if name in os.environ},
        "started": started.astimezone(UTC).isoformat(timespec="seconds"),
        "stop reason": stop_reason,
    }
