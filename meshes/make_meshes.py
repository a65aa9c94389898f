"""Make the shipped meshes of the unit sphere again: `python meshes/make_meshes.py [FOLDER]`.

Every mesh comes out bit for bit as it is shipped, on any IEEE 754 machine (see asyncsoc/geometry/portable.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

from asyncsoc.geometry.library import RECIPES, make_mesh
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import write_particle


def make(name: str, folder: Path) -> ParticleMesh:
    """Make the mesh `name`, write it to `folder` and return it."""
    mesh = make_mesh(name)
    write_particle(mesh, folder / f"{name}.vtu")
    return mesh


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    for recipe in RECIPES:
        made = make(recipe, target)
        sys.stdout.write(f"{recipe}: {made.n_nodes} nodes, {len(made.cells)} cells, {made.sha256}\n")
