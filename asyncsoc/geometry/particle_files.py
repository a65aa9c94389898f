"""Particles in files: one reader for every format, one writer for the format of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import written
from asyncsoc.base.hashing import file_sha256, sha256_of
from asyncsoc.base.paths import path_of
from asyncsoc.geometry import particle_format
from asyncsoc.geometry.foreign import particle_of
from asyncsoc.geometry.isolation import read_isolated
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check_arrays
from asyncsoc.geometry.raw import SIZE_LIMIT, SUFFIXES, check_file
from asyncsoc.geometry.soundness import LARGEST_DIAMETER, SMALLEST_DIAMETER, check_solid, equal_sphere_diameter
from asyncsoc.geometry.xdmf import companions

READ = tuple(dict.fromkeys((*SUFFIXES, *particle_format.SUFFIXES)))
"""Endings of the files that are read."""
_UNITS = {"nm": 1e-9, "um": 1e-6, "mm": 1e-3, "m": 1.0}
_TYPICAL = 1e-5  # m; the diameter the unit is guessed by in a message


def mesh_file_sha256(path: Path) -> str:
    """Return one SHA-256 over a mesh file and the files it names.

    Raises
    ------
    InputError
        The file is missing, of no known format, or names files outside its folder.
    """
    check_file(path, suffixes=READ)
    return sha256_of(*(bytes.fromhex(file_sha256(part)) for part in (path, *companions(path))))


def read_particle(path: str | Path, unit: float | None = None, *, largest: int = SIZE_LIMIT) -> ParticleMesh:
    """Read and check a particle and the labels of its surface; the file may be damaged or hostile.

    A file that asyncsoc wrote is read here (`asyncsoc.geometry.particle_format`), one of another program in a process
    of its own (`asyncsoc.geometry.isolation`).

    Parameters
    ----------
    path
        File with one of the endings `READ`.
    unit
        Metres per unit of length in the file; a size that no particle has is then an error. None: they are metres, and
        any size will do.
    largest
        Largest file accepted of another program [bytes].

    Raises
    ------
    InputError
        Missing, unreadable, damaged or too large; no body of supported cells; a mesh that `check_solid` refuses (or
        `check`, where it is not three-dimensional); labels that do not fit it; a size that suggests another unit.
    """
    path = path_of(path)
    check_file(path, suffixes=READ)
    if particle_format.is_particle_file(path):
        with _named(path):
            mesh = particle_format.read_particle_file(path)
            if mesh.coordinates == "cartesian":
                _check_unit(mesh, unit)
                check_solid(mesh)
    else:
        check_file(path, largest)
        raw = read_isolated(path)
        with _named(path):
            mesh = particle_of(path, raw, lambda found: _check_unit(found, unit))
    return mesh if unit in (None, 1.0) else mesh.scaled(float(unit or 1.0))


def read_unchanged(file: str, unit: float, expected: str) -> ParticleMesh:
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
    found = mesh_file_sha256(Path(file))
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


def write_particle(mesh: ParticleMesh, path: str | Path) -> None:
    """Write a particle, its labels and its record as VTU or VTKHDF, replacing what is there in one step.

    Parameters
    ----------
    mesh
        Any mesh, in metres.
    path
        A file in a folder that exists, ending in .vtu or .vtkhdf.

    Raises
    ------
    InputError
        Another ending, a folder that does not exist, arrays that are wrong, or a file that cannot be written.
    """
    path = path_of(path)
    if path.suffix.lower() not in particle_format.SUFFIXES:
        raise InputError(
            "the file's ending is not one of a particle",
            where=str(path),
            value=path.suffix,
            allowed=", ".join(particle_format.SUFFIXES),
        )
    if not path.parent.is_dir():
        raise InputError(
            "the file cannot be written: its folder does not exist", where=str(path.parent), next_step="make it first"
        )
    check_arrays(mesh)
    grid = particle_format.grid_of(mesh)
    write = particle_format.write_vtu if path.suffix.lower() == ".vtu" else particle_format.write_vtkhdf
    with written(path) as stream:
        write(grid, stream)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an InputError about a mesh say which file it came from."""
    try:
        yield
    except InputError as error:
        if error.where is not None and str(path) in error.where:
            raise
        raise InputError(
            error.what, where=str(path), value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from error


def _check_unit(mesh: ParticleMesh, unit: float | None) -> None:
    if unit is None:
        return
    diameter = equal_sphere_diameter(mesh) * unit
    if SMALLEST_DIAMETER <= diameter <= LARGEST_DIAMETER or not np.isfinite(diameter) or diameter == 0.0:
        return
    size = diameter / unit
    likely = min(_UNITS, key=lambda name: abs(float(np.log10(size * _UNITS[name] / _TYPICAL))))
    raise InputError(
        f"with this unit of length the particle is {diameter:.3g} m across",
        value=f"{unit:g} m",
        allowed="1 nm to 1 mm (diameter of the sphere of equal volume)",
        next_step=f"check particle.length_unit; '{likely}' would make it {size * _UNITS[likely] * 1e6:.3g} um",
    )
