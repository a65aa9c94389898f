"""Make the shipped meshes of the unit sphere again: `python meshes/make_meshes.py [FOLDER]`.

Every mesh comes out bit for bit as it is shipped, on any IEEE 754 machine (see asyncsoc/geometry/portable.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.files import write_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh

# Coarse, default and fine are one family: lengths and growth rates change by about sqrt(2) from one to the next.
RECIPES: dict[str, Callable[..., ParticleMesh]] = {
    "sphere-radial-default": partial(radial_mesh, cells=90, first_cell=5e-4),
    "sphere-radial-fine": partial(radial_mesh, cells=240, first_cell=1e-4),
    "sphere-axisymmetric-coarse": partial(
        axisymmetric_mesh,
        surface_spacing=0.0106,
        growth=0.1414,
        max_spacing=0.085,
        first_cell=0.00566,
        layer_growth=1.45,
    ),
    "sphere-axisymmetric-default": axisymmetric_mesh,
    "sphere-axisymmetric-fine": partial(
        axisymmetric_mesh,
        surface_spacing=0.0053,
        growth=0.0707,
        max_spacing=0.0424,
        first_cell=0.00283,
        layer_growth=1.2,
    ),
    "sphere-3d-coarse": partial(ball_mesh, frequency=10, first_cell=0.042, layer_growth=1.52),
    "sphere-3d-default": ball_mesh,
    "sphere-3d-fine": partial(ball_mesh, frequency=20, first_cell=0.021, layer_growth=1.235),
}


def make(name: str, folder: Path) -> ParticleMesh:
    """Make the mesh `name`, write it to `folder` and return it."""
    mesh = RECIPES[name](name=name)
    write_mesh(mesh, folder / f"{name}.vtu")
    return mesh


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    for recipe in RECIPES:
        made = make(recipe, target)
        sys.stdout.write(f"{recipe}: {made.n_nodes} nodes, {len(made.cells)} cells, {made.sha256}\n")
