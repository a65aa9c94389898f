"""Particles of mesh files read and assembled side by side, for groups of many different meshes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from asyncsoc.base.errors import InputError
from asyncsoc.base.workers import run_tasks
from asyncsoc.case import Case
from asyncsoc.discretization.assembly import assemble
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.problem.kept_spheres import Body
from asyncsoc.problem.system import order_system

WORTH_PROCESSES = 16
"""Particles of mesh files from which on they are read and assembled in processes of their own."""


@dataclass(frozen=True, eq=False)
class LoadedParticle:
    """A particle of a mesh file: its mesh with labels, and the discretized one without."""

    labelled: ParticleMesh
    body: Body


def _read(key: tuple[str, float, str]) -> tuple[ParticleMesh, Operators]:
    """Read and assemble one particle; runs in a worker process."""
    from asyncsoc.geometry.particle_files import read_unchanged

    mesh = read_unchanged(*key)
    return mesh, assemble(mesh.without_labels())


def load_particles(cases: Sequence[Case], workers: int = 1) -> list[LoadedParticle | None]:
    """Return the particles of cases that read them from files, each file once; None for others and those with grains.

    Few of them are left to the caches of `problem.body`: they return None as well. Reading, checking and assembling a
    particle takes some 0.2 s.

    Parameters
    ----------
    cases
        The cases.
    workers
        Processes; with one everything is done in this one.

    Raises
    ------
    InputError
        A file cannot be read, or is not the one the case was made for.
    """
    keys = [
        (str(one.particle.file), float(one.particle.length_unit or 1.0), str(one.particle.sha256))
        if one.particle.shape == "mesh" and one.particle.grains is None
        else None
        for one in cases
    ]
    distinct = list(dict.fromkeys(key for key in keys if key is not None))
    if len(distinct) < WORTH_PROCESSES:
        return [None] * len(cases)
    found: dict[tuple[str, float, str], LoadedParticle] = {}
    with closing(run_tasks(_read, list(enumerate(distinct)), workers)) as outcomes:
        for outcome in outcomes:
            key = distinct[outcome.key]
            if outcome.value is None:
                _read(key)  # its own error, with all that it says
                raise InputError("a particle could not be assembled", where=key[0], value=outcome.failure)
            mesh, operators = outcome.value
            operators = replace(operators)  # arrays that come from another process can be written to
            found[key] = LoadedParticle(mesh, (mesh.without_labels(), operators, order_system(operators)))
    return [None if key is None else found[key] for key in keys]
