"""Mesh one particle: level set, isosurface stuffing, facet labels, quality gate, fallbacks.

The last fallback meshes the voxels themselves (`voxel_mesher`), which always gives a body, so that every particle is
meshed; what a repair did to a particle's volume and coverage stands in its row.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.geometry.labels import with_classes
from asyncsoc.geometry.measure import determinant, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.soundness import face_connected_parts
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.crops import ACTIVE, INACTIVE, ParticleCrop
from asyncsoc.tomography.facet_tags import VoxelFaces, hard_tags, soft_weights, voxel_faces
from asyncsoc.tomography.gate import AREA_BAND, Verdict, inspect
from asyncsoc.tomography.stuffing import stuff
from asyncsoc.tomography.topology import defects
from asyncsoc.tomography.volume import CLASSES
from asyncsoc.tomography.voxel_mesher import oriented, smooth, voxel_body

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_LEVEL_STEPS = 3
_VOLUME_TOLERANCE = 2e-3
_SHIFT = (0.37, 0.21, 0.29)
_FILTER_STEPS = (6, 2, 0)
"""Steps of the filter on a body made of voxels: fewer where thin parts lose too much by more."""
_SLACK = 1.02
NO_REPAIR, PUT_BACK, PARTED = "none", "lattice nodes put back", "voxels parted"
"""What was done to make a particle's surface a manifold."""


@dataclass(frozen=True)
class MeshSettings:
    """How particles are meshed.

    Attributes
    ----------
    cells_across
        Lattice cells along the equivalent diameter.
    smallest_cell
        Smallest lattice cell [voxel]: a finer mesh follows the voxels' steps.
    smoothing
        Standard deviation of the Gaussian that makes the level set [voxel]; more of it eats rough surfaces.
    min_voxels
        Smaller particles are not meshed.
    interior_only
        Leave out particles that the end of the volume cuts.
    """

    cells_across: float = 12.0
    smallest_cell: float = 2.0
    smoothing: float = 0.7
    min_voxels: int = 300
    interior_only: bool = True

    def __post_init__(self) -> None:
        bounds = {
            "cells_across": (4.0, 200.0),
            "smallest_cell": (0.5, 100.0),
            "smoothing": (0.3, 3.0),
            "min_voxels": (30, 10**9),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(
                    f"{name} is out of range",
                    where=f"mesh settings: {name}",
                    value=value,
                    allowed=f"{low:g} to {high:g}",
                )


@dataclass(frozen=True)
class _Attempt:
    """One way to mesh: lattice cell [voxel], lattice offset, smoothing [voxel], and whether another mesher does it.

    `filter_steps` is the smoothing of a body made of the voxels themselves; None: isosurface stuffing.
    """

    name: str
    step: float
    shift: tuple[float, float, float]
    smoothing: float
    tetwild: bool = False
    filter_steps: int | None = None


@dataclass(frozen=True, eq=False)
class _Body:
    """What an attempt made: a mesh in voxels, before it is scaled, and what a repair did to it.

    `dropped` is the share of its volume in pieces that were left out, `change` the relative change of its volume by the
    repair.
    """

    points: Float
    cells: Int
    level: float = float("nan")
    dropped: float = 0.0
    repair: str = NO_REPAIR
    change: float = 0.0


@dataclass(frozen=True, eq=False)
class _Made:
    """A body scaled to its voxels' volume, its voxel faces, and the gate's verdict."""

    body: _Body
    points: Float
    faces: VoxelFaces
    verdict: Verdict


def _attempts(settings: MeshSettings, voxels: int) -> Iterator[_Attempt]:
    across = (6.0 * voxels / np.pi) ** (1.0 / 3.0)
    step = max(settings.smallest_cell, across / settings.cells_across)
    none = (0.0, 0.0, 0.0)
    yield _Attempt("stuffing", step, none, settings.smoothing)
    yield _Attempt("stuffing, lattice shifted", step, _SHIFT, settings.smoothing)
    yield _Attempt("stuffing, finer", 0.8 * step, none, settings.smoothing)
    yield _Attempt("stuffing, finer and smoother", 0.8 * step, _SHIFT, settings.smoothing + 0.3)
    if importlib.util.find_spec("pytetwild") is not None:
        yield _Attempt("fTetWild", step, none, settings.smoothing, tetwild=True)
    for steps in _FILTER_STEPS:
        name = f"voxels, smoothed {steps} times" if steps else "voxels"
        yield _Attempt(name, 1.0, none, settings.smoothing, filter_steps=steps)


def mesh_particle(crop: ParticleCrop, settings: MeshSettings | None = None) -> ParticleMesh:
    """Return the tagged mesh of a particle.

    Parameters
    ----------
    crop
        The particle and what surrounds it.
    settings
        How to mesh.

    Raises
    ------
    SimulationError
        No attempt passes the quality gate; the message has each attempt's reasons.
    """
    settings = settings or MeshSettings()
    start = time.perf_counter()
    voxels = int(np.count_nonzero(crop.inside))
    failures = []
    for number, attempt in enumerate(_attempts(settings, voxels), start=1):
        try:
            made = _try(crop, voxels, attempt)
        except (SimulationError, RuntimeError, ValueError) as error:
            kind = "" if isinstance(error, SimulationError) else f"{type(error).__name__}: "
            failures.append(f"{attempt.name}: {kind}{str(error).splitlines()[0]}")
            continue
        if not made.verdict.passed:
            failures.append(f"{attempt.name}: {'; '.join(made.verdict.reasons)}")
            continue
        record = {
            "mesher": attempt.name,
            "attempts": number,
            "earlier attempts": failures,
            "lattice cell [voxel]": attempt.step,
            "level": made.body.level,
            "scale to voxel volume": made.verdict.scale,
            "smallest dihedral angle [deg]": made.verdict.smallest_dihedral,
            "mesh area / voxel face area": made.verdict.area_ratio,
            **_effect(crop, made, settings, attempt),
            "meshing time [s]": time.perf_counter() - start,
        }
        return _tagged(crop, made, attempt, voxels, record)
    raise SimulationError(
        f"particle {crop.particle} could not be meshed", where="quality gate", value=" | ".join(failures),
        next_step="look at it in the volume: a smaller split depth or fewer cells across may help",
    )  # fmt: skip


def _try(crop: ParticleCrop, voxels: int, attempt: _Attempt) -> _Made:
    if attempt.filter_steps is None:
        body = _stuffed_body(crop, voxels, attempt)
    else:
        body = _voxel_body(crop, voxels, attempt.filter_steps)
    points, cells = body.points, body.cells
    mesh = _mesh(points, cells)
    scale = float((voxels / _volumes(points, cells).sum()) ** (1.0 / 3.0))
    center = points.mean(axis=0)
    points = center + scale * (points - center)
    faces = voxel_faces(crop, _level_set(crop.inside, attempt.smoothing))
    area = float(facet_areas(mesh).sum()) * scale**2
    expected = float(faces.totals.sum())
    # Where a body is no thicker than the level set is wide, the faces' weights mean little: no more than all faces.
    most = None if attempt.filter_steps is None else max(AREA_BAND[1], _SLACK * len(faces.areas) / expected)
    verdict = inspect(points, cells, scale=scale, area=area, expected_area=expected, lost=body.dropped, most=most)
    return _Made(body, points, faces, verdict)


def _level_set(inside: NDArray[np.bool_], smoothing: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(inside.astype(np.float32), smoothing, mode="constant"))


def _stuffed_body(crop: ParticleCrop, voxels: int, attempt: _Attempt) -> _Body:
    level_set = _level_set(crop.inside, attempt.smoothing)
    points, cells, level = _fit_level(level_set, voxels, attempt)
    whole = float(_volumes(points, cells).sum())
    points, cells = _one_part(points, cells)
    kept = float(_volumes(points, cells).sum())
    repair, change = NO_REPAIR, 0.0
    if len(defects(points, cells)):
        points, cells = _stuffed(level_set, level, attempt, sound=True)
        whole = float(_volumes(points, cells).sum())
        points, cells = _one_part(points, cells)
        now = float(_volumes(points, cells).sum())
        repair, change, kept = PUT_BACK, now / kept - 1.0, now
    if attempt.tetwild:
        points, cells = _tetwild(points, cells, attempt.step)
    return _Body(points, cells, level, 1.0 - kept / whole, repair, change)


def _voxel_body(crop: ParticleCrop, voxels: int, steps: int) -> _Body:
    points, cells = voxel_body(crop.inside)
    change = float(_volumes(points, cells).sum()) / voxels - 1.0
    return _Body(smooth(points, cells, steps), cells, repair=PARTED, change=change)


def _effect(crop: ParticleCrop, made: _Made, settings: MeshSettings, attempt: _Attempt) -> dict[str, Any]:
    """Return what was done to make the surface a manifold, and what that and the attempt's smoothing changed."""
    before = voxel_faces(crop, _level_set(crop.inside, settings.smoothing)).totals
    return {
        "repair": made.body.repair,
        "volume change by repair": made.body.change,
        "coverage change by repair": _coverage(made.faces.totals) - _coverage(before)
        if crop.measurable
        else float("nan"),
        "share of volume not meshed": made.body.dropped,
    }


def _coverage(totals: Float) -> float:
    exposed = float(totals[INACTIVE] + totals[ACTIVE])
    return float(totals[ACTIVE]) / exposed if exposed > 0 else float("nan")


def _fit_level(level_set: NDArray[np.float32], voxels: int, attempt: _Attempt) -> tuple[Float, Int, float]:
    """Return the mesh of the level at which the volume is the voxels' (to 2e-3), and that level.

    dV/dlevel = -A / |grad|, and at a flat surface |grad| = 1 / (sigma sqrt(2 pi)).
    """
    level, area = 0.5, 0.0
    slope = max(attempt.smoothing, 0.5) * np.sqrt(2.0 * np.pi)
    points, cells = _stuffed(level_set, level, attempt)
    for _ in range(_LEVEL_STEPS):
        volume = float(_volumes(points, cells).sum())
        if abs(volume / voxels - 1.0) < _VOLUME_TOLERANCE:
            break
        area = area or float(facet_areas(_mesh(points, cells)).sum())
        level = float(np.clip(level - (voxels - volume) / area / slope, 0.15, 0.85))
        points, cells = _stuffed(level_set, level, attempt)
    return points, cells, level


def _stuffed(
    level_set: NDArray[np.float32], level: float, attempt: _Attempt, *, sound: bool = False
) -> tuple[Float, Int]:
    points, cells = stuff(level_set, level, attempt.step, attempt.shift, sound=sound)
    if not len(cells):
        raise SimulationError("no lattice node lies inside", where="mesher", value=f"cell {attempt.step:g} voxels")
    return points, cells


def _volumes(points: Float, cells: Int) -> Float:
    """Signed volume of each tetrahedron."""
    return determinant(points[cells[:, 1:]] - points[cells[:, :1]]) / 6.0


def _mesh(points: Float, cells: Int) -> ParticleMesh:
    return ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian")


def _one_part(points: Float, cells: Int) -> tuple[Float, Int]:
    """Keep the largest part that hangs together through whole faces."""
    parts = face_connected_parts(cells)
    if parts.max() == 0:
        return points, cells
    volumes = np.bincount(parts, _volumes(points, cells))
    used, inverse = np.unique(cells[parts == volumes.argmax()], return_inverse=True)
    return points[used], inverse.reshape(-1, 4).astype(np.int64)


def _tetwild(points: Float, cells: Int, step: float) -> tuple[Float, Int]:
    """Mesh the inside of a mesh's surface again with fTetWild (MPL-2), which tolerates any triangles."""
    pytetwild: Any = importlib.import_module("pytetwild")

    facets = surface_facets(points, cells, "cartesian")
    used, inverse = np.unique(facets, return_inverse=True)
    triangles = np.ascontiguousarray(inverse.reshape(-1, 3), dtype=np.int32)
    out: Any = pytetwild.tetrahedralize(np.ascontiguousarray(points[used]), triangles, edge_length_abs=step)
    new_points, new_cells = np.asarray(out[0], float), np.asarray(out[1], np.int64)
    return _one_part(new_points, oriented(new_points, new_cells))


def _tagged(crop: ParticleCrop, made: _Made, attempt: _Attempt, voxels: int, record: dict[str, Any]) -> ParticleMesh:
    points, cells, faces = made.points, made.body.cells, made.faces
    # (z, y, x) -> (x, y, z) mirrors space: two nodes of every cell change places, facets follow from the cells.
    cells = cells[:, [0, 2, 1, 3]]
    metres = crop.corner + points[:, ::-1] * crop.voxel_size
    name = f"particle-{crop.particle:05d}"
    mesh = ParticleMesh(metres, cells, surface_facets(metres, cells, "cartesian"), "cartesian", name)
    areas = facet_areas(mesh) / crop.voxel_size**2
    centers = points[mesh.facets].mean(axis=1)
    shares = soft_weights(centers, areas, faces, max(0.8, 0.4 * attempt.step))
    target = faces.totals / faces.totals.sum()
    tags = hard_tags(shares, areas, target)
    particle = with_classes(mesh, tags, shares)
    volume = voxels * crop.voxel_size**3
    statistics = {
        "particle": crop.particle,
        "voxels": voxels,
        "voxels dropped": crop.dropped,
        "volume [m3]": volume,
        "equivalent diameter [m]": float((6.0 * volume / np.pi) ** (1.0 / 3.0)),
        "surface [m2]": float(areas.sum() * crop.voxel_size**2),
        "coverage": particle.coverage if crop.measurable else float("nan"),
        "coverage by tags": _tag_coverage(particle) if crop.measurable else float("nan"),
        **{f"{name} area [m2]": particle.area(name) for name in CLASSES},
        **{f"{axis} [m]": float(v) for axis, v in zip("xyz", metres.mean(axis=0), strict=True)},
        "nodes": mesh.n_nodes,
        "cells": len(mesh.cells),
        "facets": len(mesh.facets),
        **record,
    }
    return with_classes(mesh, tags, shares, statistics)


def _tag_coverage(particle: ParticleMesh) -> float:
    active, inactive = particle.area("active", hard=True), particle.area("inactive", hard=True)
    return active / (active + inactive) if active + inactive > 0 else float("nan")
