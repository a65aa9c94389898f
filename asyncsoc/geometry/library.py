"""The built-in meshes of the unit sphere: shipped ones by name, how each is made, variants with thinner layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import EnvironmentProblem, unknown_name
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh


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


Recipe = tuple[Callable[..., ParticleMesh], dict[str, Any]]

# Coarse, default and fine are one family: lengths and growth rates change by about sqrt(2) from one to the next. Draft,
# for hundreds of cycles and many particles, has lengths 2.8 times those of coarse along the surface and 2 times below.
RECIPES: dict[str, Recipe] = {
    "sphere-radial-draft": (radial_mesh, {"cells": 40, "first_cell": 1.4e-3}),
    "sphere-radial-coarse": (radial_mesh, {"cells": 64, "first_cell": 7.1e-4}),
    "sphere-radial-default": (radial_mesh, {"cells": 90, "first_cell": 5e-4}),
    "sphere-radial-fine": (radial_mesh, {"cells": 240, "first_cell": 1e-4}),
    "sphere-axisymmetric-draft": (
        axisymmetric_mesh,
        {
            "surface_spacing": 0.03,
            "growth": 0.28,
            "max_spacing": 0.17,
            "first_cell": 0.0113,
            "layer_growth": 1.8,
        },
    ),
    "sphere-axisymmetric-coarse": (
        axisymmetric_mesh,
        {
            "surface_spacing": 0.0106,
            "growth": 0.1414,
            "max_spacing": 0.085,
            "first_cell": 0.00566,
            "layer_growth": 1.45,
        },
    ),
    "sphere-axisymmetric-default": (axisymmetric_mesh, {"first_cell": 0.004}),
    "sphere-axisymmetric-fine": (
        axisymmetric_mesh,
        {
            "surface_spacing": 0.0053,
            "growth": 0.0707,
            "max_spacing": 0.0424,
            "first_cell": 0.00283,
            "layer_growth": 1.2,
        },
    ),
    "sphere-3d-coarse": (ball_mesh, {"frequency": 10, "first_cell": 0.042, "layer_growth": 1.52}),
    "sphere-3d-default": (ball_mesh, {"first_cell": 0.03}),
    "sphere-3d-fine": (ball_mesh, {"frequency": 20, "first_cell": 0.021, "layer_growth": 1.235}),
}
_CELLS_PER_DECADE = 60
"""More cells of a radial mesh for a first cell a tenth as wide: their ratio then stays about the same."""


def make_mesh(name: str, *, decades: int = 0) -> ParticleMesh:
    """Make a built-in mesh of the unit sphere.

    Parameters
    ----------
    name
        One of `RECIPES`.
    decades
        Powers of ten by which the outermost layer is thinner than the recipe's; radial and axisymmetric meshes only.

    Raises
    ------
    InputError
        No mesh has this name, or parameters are out of range.
    """
    if name not in RECIPES:
        raise unknown_name("built-in mesh", name, RECIPES)
    maker, given = RECIPES[name]
    keys = dict(given)
    if decades:
        keys["first_cell"] = keys["first_cell"] / 10.0**decades
        if maker is radial_mesh:
            keys["cells"] += _CELLS_PER_DECADE * decades
    return maker(**keys, name=name)


def first_cell(name: str) -> float:
    """Return the thickness of the outermost layer of a built-in mesh over the radius."""
    return float(RECIPES[name][1]["first_cell"])
