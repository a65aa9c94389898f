"""Where compiled kernels are kept: in a folder named after the sources they are made of, shared by all checkouts.

numba's own cache looks at the file of the function it compiles and not at the files of the functions that one calls,
and at where that file lies. Here a folder goes by a hash over the sources of a module and of all modules of asyncsoc
it imports: change one and what depends on it compiles anew, and what does not is found again, also from another
checkout. numba itself keeps processors apart within a folder. What was not used for two months is removed when other
sources of the same module are compiled.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from asyncsoc.base.errors import EnvironmentProblem
from asyncsoc.base.hashing import sha256_of

COMPILING = "compiling the kernels, once: 20 to 50 s of processor time"
"""What a user is told while it happens, in the same words wherever it may."""
COMPILING_SALT = "compiling the kernels of layers with a salt, once: one to three minutes of processor time"
_IMPORT = re.compile(r"^[ \t]*from (asyncsoc[\w.]*) import (\([^)]*\)|[^\n#]+)", re.MULTILINE)
_STEPS = "asyncsoc.kernels.batch"
_PACKAGE = Path(__file__).resolve().parents[1]
_UNUSED_DAYS = 60
_FIRST_STEP = ("batch.attempt_one_by_one-*.nbi",)
_FIRST_STEP_OF_GROUPS = ("batch.attempt_groups-*.nbi", "batch.begin_blocks-*.nbi", "batch.begin_singles-*.nbi")
"""Indices in numba's cache of the kernels that take most of the time to compile; a test holds them to their names."""


@lru_cache(maxsize=256)
def source_hash(module: str) -> str:
    """Return a hash over the sources of a module and of all it imports from asyncsoc, and the version of numba."""
    found: dict[str, str] = {}
    wanted = [module]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name], imported = _read(name)
            wanted += imported
    parts = (part for name in sorted(found) for part in (name, b"\0", bytes.fromhex(found[name])))
    return sha256_of(metadata.version("numba"), *parts)[:16]


def room_hash(*rooms: str) -> str:
    """Return a hash over all sources of rooms of the package, such as "geometry"; of the whole package without any."""
    names = sorted(
        f"{folder}/{name}"
        for room in rooms or (".",)
        for folder, _, files in os.walk(_PACKAGE / room)
        for name in files
        if name.endswith(".py")
    )
    start = len(os.fspath(_PACKAGE))
    parts = ((name[start:], b"\0", Path(name).read_bytes(), b"\0") for name in names)
    return sha256_of(*(part for one in parts for part in one))


@lru_cache(maxsize=1024)
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a module's source and the modules of asyncsoc that it imports, also within functions."""
    file = _file(module)
    source = b"" if file is None else Path(file).read_bytes()
    modules = []
    for name, names in _IMPORT.findall(source.decode("utf-8", errors="replace")):
        modules.append(name)
        folder = _PACKAGE.parent.joinpath(*name.split("."))
        if folder.is_dir():
            listed = re.findall(r"\w+", re.sub(r"\bas \w+|#[^\n]*", "", names))
            modules += [f"{name}.{one}" for one in listed if (folder / f"{one}.py").is_file()]
    return sha256_of(source), tuple(modules)


def _file(module: str) -> str | None:
    """Return the file of a module; if it is one of the package without asking the import system, which takes time."""
    if module.startswith(f"{_PACKAGE.name}."):
        place = _PACKAGE.parent.joinpath(*module.split("."))
        for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if file.is_file():
                return str(file)
    spec = find_spec(module)
    return None if spec is None else spec.origin


def cache_base() -> Path:
    """Return the folder of all that is kept: $NUMBA_CACHE_DIR, else the user's cache folder.

    Raises
    ------
    EnvironmentProblem
        The user has no home folder, and neither variable names another.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen)
    try:
        return Path.home() / ".cache"
    except RuntimeError as error:
        raise EnvironmentProblem(
            "there is no home folder to keep compiled kernels in", next_step="set XDG_CACHE_HOME to a folder of yours"
        ) from error


def cache_folder(module: str) -> Path:
    """Return where the compiled kernels of a module are kept."""
    return cache_base() / "asyncsoc" / "kernels" / f"{module.rpartition('.')[2]}-{source_hash(module)}"


def used(folder: Path) -> None:
    """Remember that kernels kept in a folder were used now."""
    with suppress(OSError):
        os.utime(folder)


def forget_unused(folder: Path) -> None:
    """Remove the folders of other sources of the same module that nobody used for `_UNUSED_DAYS` days."""
    oldest = time.time() - 86400.0 * _UNUSED_DAYS
    for other in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        with suppress(OSError):
            if other.stat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True)


def still_to_compile(
    *, groups: bool = False, iterative: bool = False, conductors: bool = False, salt: bool = False
) -> bool:
    """Return whether the next run compiles the kernels before it begins.

    Parameters
    ----------
    groups
        Of particles that share a potential, not of single ones.
    iterative
        On a mesh that conjugate gradients are used for.
    conductors
        With a network between the particles of a group, or resistances of their own.
    salt
        Of an electrolyte whose salt is computed, too.
    """
    folder = cache_folder(_STEPS)
    kept = any(any(folder.glob(name)) for name in (_FIRST_STEP_OF_GROUPS if groups else _FIRST_STEP))
    return not (kept and _mark(groups=groups, iterative=iterative, conductors=conductors, salt=salt).exists())


def note_compiled(*, groups: bool, iterative: bool, conductors: bool, salt: bool = False) -> None:
    """Remember that the kernels of such runs have been compiled and kept."""
    with suppress(OSError):
        _mark(groups=groups, iterative=iterative, conductors=conductors, salt=salt).touch()


def _mark(*, groups: bool, iterative: bool, conductors: bool, salt: bool) -> Path:
    """Return the empty file that says so: numba's index does not show for which types of arguments."""
    named = {"iterative": iterative, "conductors": conductors, "salt": salt}
    parts = ["groups" if groups else "alone", *(name for name, wanted in named.items() if wanted)]
    return cache_folder(_STEPS) / "-".join(["compiled", *parts])
