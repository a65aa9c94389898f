"""Checks of the virtual microscope: projections of fields with a closed form, and of turned particles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.studies.stxm.projection import BeamView, LinesOfSight
from asyncsoc.studies.verification.check import VerificationCheck, compare

Array = NDArray[np.float64]

RADIUS = 1e-6
RIM = 0.9
"""Share of the radius beyond which a pixel belongs to the rim."""
TOLERANCE = 0.005
_CENTRE, _RISE, _TILT = 0.4, 0.2, 0.15
_PIXELS = 40
_MESHES = ("sphere-radial-default", "sphere-axisymmetric-default", "sphere-3d-fine")
_BEAM = (0.6, -0.2, 0.5)


def field_at(mesh: ParticleMesh) -> Array:
    """Return x = 0.4 + 0.2 r^2/R^2 + 0.15 z/R at the nodes, without the last term on radial meshes."""
    square = np.sum(mesh.points**2, axis=1) / RADIUS**2
    height = 0.0 if mesh.coordinates == "radial" else _TILT * mesh.points[:, -1] / RADIUS
    return np.asarray(_CENTRE + _RISE * square + height)


def projected(view: BeamView, *, tilted: bool) -> tuple[Array, Array]:
    """Return chord and mean of x along it in closed form, (p, p): with the foot a of the line and its half-chord h.

    The mean of r^2 is a^2 + h^2/3; the mean of z is that of the foot, the middle of the chord of a sphere.
    """
    across, up = np.meshgrid(view.axis, view.axis)
    foot = across[..., None] * view.rightward + up[..., None] * np.asarray(view.upward)
    square = np.sum(foot * foot, axis=-1)
    half = np.sqrt(np.maximum(RADIUS**2 - square, 0.0))
    mean = _CENTRE + _RISE * (square + half**2 / 3.0) / RADIUS**2
    return 2.0 * half, mean + (_TILT * foot[..., 2] / RADIUS if tilted else 0.0)


def largest_error(mesh: ParticleMesh, view: BeamView) -> float:
    """Return the largest relative error of a pixel's column of x, away from the rim."""
    found = LinesOfSight.through(mesh, view).columns(field_at(mesh), lambda x: x[:, None])[..., 0]
    chord, mean = projected(view, tilted=mesh.coordinates != "radial")
    inner = chord > 2.0 * RADIUS * np.sqrt(1.0 - RIM**2)
    return float(np.abs(found[inner] / (chord * mean)[inner] - 1.0).max())


def turned(mesh: ParticleMesh, rotation: Array) -> ParticleMesh:
    """Return a mesh of tetrahedra turned about its origin."""
    return ParticleMesh(mesh.points @ rotation.T, mesh.cells, mesh.facets, "cartesian", f"{mesh.name} turned")


def stxm_checks() -> list[VerificationCheck]:
    """Project a field with a closed form through each kind of mesh, straight and askew, and turn a particle."""
    checks = []
    for name in _MESHES:
        mesh = load_builtin(name).scaled(RADIUS)
        for words, beam in (("along x", (1.0, 0.0, 0.0)), ("askew", _BEAM)):
            view = BeamView(2.5e-6, _PIXELS, beam=beam)
            label = f"STXM, {name}, beam {words}: largest relative error of a pixel's column within {RIM:g} R"
            note = "in 3-D mostly that of the chord: flat facets stand for the sphere"
            checks.append(compare(label, largest_error(mesh, view), 0.0, TOLERANCE, note))
    mesh = load_builtin("sphere-3d-coarse").scaled(RADIUS)
    rotation = np.linalg.qr(np.array([[1.0, 0.3, 0.2], [-0.1, 1.0, 0.4], [0.5, -0.2, 1.0]]))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    x = field_at(mesh)
    view = BeamView(2.5e-6, _PIXELS, beam=_BEAM, upward=(0.1, 1.0, 0.2))
    along = BeamView(2.5e-6, _PIXELS, beam=rotation @ np.asarray(view.beam), upward=rotation @ np.asarray(view.upward))
    maps = [
        LinesOfSight.through(one, looked).columns(x, lambda values: values[:, None])
        for one, looked in ((mesh, view), (turned(mesh, rotation), along))
    ]
    difference = float(np.abs(maps[0] - maps[1]).max() / RADIUS)
    checks.append(
        compare("STXM, a particle turned with the beam: largest difference of a column [R]", difference, 0.0, 1e-9)
    )
    return checks
