"""Discretized unit spheres and contacts kept between processes: a run on a built-in mesh needs no dolfinx or scipy.

A file holds the mesh, its operators and their elimination order, or a contact on a mesh, under a hash of all they
depend on: the mesh, the sources that make them, the versions of dolfinx, numpy and scipy, and the processor, whose sums
may differ in last bits. A file that cannot be read is made again; where none can be written, nothing is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.base.files import replaced
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.kernel_cache import cache_base, room_hash
from asyncsoc.contact.map import ContactMap
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.library import builtin_file
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.kernels.coarse_levels import Hierarchy
from asyncsoc.kernels.ldl import Factor
from asyncsoc.kernels.sparse import Couplings, SparseRows
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.system import OrderedSystem

Body = tuple[ParticleMesh, Operators, OrderedSystem]
_BODY = (ParticleMesh, Operators, OrderedSystem)

MOST_BYTES = 256 << 20
"""What all files together may take; those unused for longest go first."""
_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(ParticleMesh, FacetLabels, ContactMap, Operators, OrderedSystem),
        *(System, Factor, Hierarchy, Couplings, SparseRows),
    )
}
_ROOMS = ("base", "case", "contact", "discretization", "geometry", "kernels", "problem")
"""Rooms whose sources may change what is made."""
_DISTRIBUTIONS = ("dolfinx-solver-real", "fenics-dolfinx", "numpy", "scipy")
_ARITHMETIC = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "GLIBC_TUNABLES")
"""Variables by which a process takes another processor's arithmetic."""


def kept_sphere(builtin: str, name: str, make: Callable[[], Body]) -> Body:
    """Return a discretized unit sphere made of the shipped mesh `builtin`: from its file, else by `make`.

    `name` says all that sets it apart from the others of this mesh.
    """
    return _kept(_path(name, b"\0", builtin_file(builtin).read_bytes()), _BODY, make)


def kept_contact(name: str, mesh: ParticleMesh, make: Callable[[], ContactMap]) -> ContactMap:
    """Return a contact on a mesh: from its file, else by `make`; `name` says all else that it depends on."""
    return _kept(_path("contact\0", name, b"\0", mesh.sha256), (ContactMap,), lambda: (make(),))[0]


def _kept[T: tuple[Any, ...]](path: Path, types: tuple[type, ...], make: Callable[[], T]) -> T:
    """Return values of the types given: from their file, else by `make`."""
    try:
        read = _read(path)
        found: T | None = read if tuple(map(type, read)) == types else None
    except Exception:  # whatever reading a missing or damaged file raises: it is made again
        found = None
    if found is not None:
        with suppress(OSError):
            os.utime(path)
        return found
    made = make()
    with suppress(OSError):
        _write(path, made)
        _prune(path.parent)
    return made


def _path(*parts: str | bytes) -> Path:
    texts = (_sources(), *_installed(), _processor(), *map(os.environ.get, _ARITHMETIC))
    return cache_base() / "asyncsoc" / "spheres" / f"{sha256_of(*parts, *(f'{text}\0' for text in texts))[:32]}.npz"


@lru_cache(maxsize=1)
def _sources() -> str:
    return room_hash(*_ROOMS)


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    found = []
    for name in _DISTRIBUTIONS:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return tuple(found)


@lru_cache(maxsize=1)
def _processor() -> str:
    """Return what the processor is and can do, as far as the system says."""
    machine = os.uname().machine
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0].splitlines()
        return machine + "".join(line for line in lines if line.startswith(("model name", "flags", "Features")))
    return machine


def _read(path: Path) -> Any:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return _unpacked(json.loads(str(arrays["layout"])), arrays)


def _write(path: Path, made: tuple[Any, ...]) -> None:
    arrays: dict[str, np.ndarray] = {}
    layout = _packed(made, arrays)
    with replaced(path) as stream:
        np.savez(stream, allow_pickle=False, layout=np.array(json.dumps(layout)), **arrays)


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Describe a value in plain data; its arrays go into `arrays`."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name, "writeable": bool(value.flags.writeable)}
    if is_dataclass(value) or hasattr(value, "_fields"):
        names = value._fields if hasattr(value, "_fields") else [entry.name for entry in fields(value)]
        return {"type": type(value).__name__, "fields": [_packed(getattr(value, name), arrays) for name in names]}
    if isinstance(value, Mapping):
        return {"mapping": {name: _packed(entry, arrays) for name, entry in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [_packed(entry, arrays) for entry in value]}
    return {"value": value}


def _unpacked(described: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the value that `_packed` described; arrays are as writeable as they were, which kernels are typed by."""
    if "array" in described:
        array = arrays[described["array"]]
        array.setflags(write=described["writeable"])
        return array
    if "type" in described:
        return _TYPES[described["type"]](*(_unpacked(entry, arrays) for entry in described["fields"]))
    if "mapping" in described:
        return {name: _unpacked(entry, arrays) for name, entry in described["mapping"].items()}
    if "tuple" in described:
        return tuple(_unpacked(entry, arrays) for entry in described["tuple"])
    return described["value"]


def _prune(folder: Path) -> None:
    """Remove the files unused for longest until all together take at most `MOST_BYTES`."""
    files = []
    for path in folder.glob("*.npz"):
        with suppress(OSError):
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files, key=lambda one: one[0]):
        if total <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= size
