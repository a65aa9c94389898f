"""How the built-in meshes of the unit sphere are made: one recipe each, and variants with thinner surface layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asyncsoc.base.errors import unknown_name
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh

Recipe = tuple[Callable[..., ParticleMesh], dict[str, Any]]

# Coarse, default and fine are one family: lengths and growth rates change by about sqrt(2) from one to the next.
RECIPES: dict[str, Recipe] = {
    "sphere-radial-coarse": (radial_mesh, {"cells": 64, "first_cell": 7.1e-4}),
    "sphere-radial-default": (radial_mesh, {"cells": 90, "first_cell": 5e-4}),
    "sphere-radial-fine": (radial_mesh, {"cells": 240, "first_cell": 1e-4}),
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
