"""The shipped meshes of the unit sphere, by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from asyncsoc.base.errors import EnvironmentProblem, unknown_name
from asyncsoc.geometry.mesh import ParticleMesh


def _folders() -> tuple[Path, ...]:
    """Where meshes lie: inside an installed wheel, beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return package / "_meshes", package.parent / "meshes"


def _files() -> dict[str, Path]:
    for folder in _folders():
        found = {path.stem: path for path in sorted(folder.glob("sphere-*.vtu"))} if folder.is_dir() else {}
        if found:
            return found
    raise EnvironmentProblem(
        "the shipped meshes are missing",
        where=" or ".join(map(str, _folders())),
        next_step="install asyncsoc again, or run `python meshes/make_meshes.py` in a checkout",
    )


def builtin_names() -> tuple[str, ...]:
    """Return the names `load_builtin` knows, sorted."""
    return tuple(_files())


def builtin_file(name: str) -> Path:
    """Return the file of a shipped mesh.

    Raises
    ------
    InputError
        No mesh has this name.
    EnvironmentProblem
        The meshes were not installed.
    """
    files = _files()
    if name not in files:
        raise unknown_name("built-in mesh", name, files)
    return files[name]


@lru_cache(maxsize=16)
def load_builtin(name: str) -> ParticleMesh:
    """Read a shipped mesh of the unit sphere; `scaled` gives it its radius.

    Parameters
    ----------
    name
        One of `builtin_names()`, for example "sphere-axisymmetric-default".

    Returns
    -------
    ParticleMesh
        Radius 1, read-only; the same object on every call.

    Raises
    ------
    InputError
        No mesh has this name.
    EnvironmentProblem
        The meshes were not installed.
    """
    from asyncsoc.geometry.particle_format import read_particle_file

    return read_particle_file(builtin_file(name))
