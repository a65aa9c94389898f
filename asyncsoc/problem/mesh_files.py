"""The mesh files that cases name: hashed when a case is made, read when it is prepared, written where arrays are kept.

A case holds no more than a file's name and SHA-256; it reaches `sha256` and `write` through `asyncsoc.base.wiring`.
"""

from __future__ import annotations

from pathlib import Path

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import mesh_file_sha256, read_particle, write_particle


def sha256(file: str) -> str:
    """Return the SHA-256 of a mesh file's content.

    Raises
    ------
    InputError
        The file is missing, of no known format, or names files outside its folder.
    """
    return mesh_file_sha256(Path(file))


def write(mesh: ParticleMesh, path: str | Path) -> None:
    """Write a particle to a VTU or VTKHDF file, in metres.

    Raises
    ------
    InputError
        Another ending, or a file that cannot be written.
    """
    write_particle(mesh, path)


def read(file: str, unit: float, expected: str) -> ParticleMesh:
    """Return the particle in a mesh file, in metres, with its labels.

    Parameters
    ----------
    file
        Its name.
    unit
        Metres per unit of length in the file.
    expected
        SHA-256 that the file had when the case was made.

    Raises
    ------
    InputError
        The file is unsound, not three-dimensional, or has changed.
    """
    found = sha256(file)
    if found != expected:
        raise InputError(
            "the mesh file has changed since the case was made",
            where=file,
            value=found,
            allowed=expected,
            next_step="make the case again",
        )
    mesh = read_particle(file, unit)
    if mesh.coordinates != "cartesian":
        raise InputError(
            "the mesh is not three-dimensional",
            where=file,
            value=mesh.coordinates,
            allowed="tetrahedra",
            next_step="mesh the particle's volume",
        )
    return mesh
