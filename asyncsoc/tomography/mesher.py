"""Mesh one particle: level set, isosurface stuffing, facet labels, quality gate, fallbacks."""

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

from asyncsoc.errors import InputError, SimulationError
from asyncsoc.geometry.manifold import face_connected_parts
from asyncsoc.geometry.measure import determinant, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.crops import ParticleCrop
from asyncsoc.tomography.facet_tags import VoxelFaces, hard_tags, soft_weights, voxel_faces
from asyncsoc.tomography.gate import Verdict, inspect
from asyncsoc.tomography.particle import TaggedParticle
from asyncsoc.tomography.stuffing import stuff
from asyncsoc.tomography.volume import CLASSES

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_LEVEL_STEPS = 3
_VOLUME_TOLERANCE = 2e-3
_SHIFT = (0.37, 0.21, 0.29)


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
    """One way to mesh: lattice cell [voxel], lattice offset, smoothing [voxel], and whether fTetWild does it."""

    name: str
    step: float
    shift: tuple[float, float, float]
    smoothing: float
    tetwild: bool = False


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


def mesh_particle(crop: ParticleCrop, settings: MeshSettings | None = None) -> TaggedParticle:
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
            points, cells, faces, verdict, level = _try(crop, voxels, attempt)
        except (SimulationError, RuntimeError, ValueError) as error:
            failures.append(f"{attempt.name}: {str(error).splitlines()[0]}")
            continue
        if not verdict.passed:
            failures.append(f"{attempt.name}: {'; '.join(verdict.reasons)}")
            continue
        record = {
            "mesher": attempt.name,
            "attempts": number,
            "earlier attempts": failures,
            "lattice cell [voxel]": attempt.step,
            "level": level,
            "scale to voxel volume": verdict.scale,
            "smallest dihedral angle [deg]": verdict.smallest_dihedral,
            "mesh area / voxel face area": verdict.area_ratio,
            "meshing time [s]": time.perf_counter() - start,
        }
        return _tagged(crop, points, cells, faces, attempt, voxels, record)
    raise SimulationError(
        f"particle {crop.particle} could not be meshed", where="quality gate", value=" | ".join(failures),
        next_step="look at it in the volume: a smaller split depth or fewer cells across may help",
    )  # fmt: skip


def _try(crop: ParticleCrop, voxels: int, attempt: _Attempt) -> tuple[Float, Int, VoxelFaces, Verdict, float]:
    level_set = ndimage.gaussian_filter(crop.inside.astype(np.float32), attempt.smoothing, mode="constant")
    points, cells, level = _fit_level(level_set, voxels, attempt)
    if attempt.tetwild:
        points, cells = _tetwild(points, cells, attempt.step)
    mesh = _mesh(points, cells)
    scale = float((voxels / _volumes(points, cells).sum()) ** (1.0 / 3.0))
    center = points.mean(axis=0)
    points = center + scale * (points - center)
    faces = voxel_faces(crop, level_set)
    area = float(facet_areas(mesh).sum()) * scale**2
    verdict = inspect(points, cells, scale=scale, area=area, expected_area=float(faces.totals.sum()))
    return points, cells, faces, verdict, level


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
    return *_one_part(points, cells), level


def _stuffed(level_set: NDArray[np.float32], level: float, attempt: _Attempt) -> tuple[Float, Int]:
    points, cells = stuff(level_set, level, attempt.step, attempt.shift)
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
    turned = _volumes(new_points, new_cells) < 0
    new_cells[turned] = new_cells[turned][:, [0, 2, 1, 3]]
    return _one_part(new_points, new_cells)


def _tagged(
    crop: ParticleCrop, points: Float, cells: Int, faces: VoxelFaces, attempt: _Attempt, voxels: int,
    record: dict[str, Any],
) -> TaggedParticle:  # fmt: skip
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
    particle = TaggedParticle(mesh, tags, shares)
    volume = voxels * crop.voxel_size**3
    statistics = {
        "particle": crop.particle,
        "voxels": voxels,
        "voxels dropped": crop.dropped,
        "volume [m3]": volume,
        "equivalent diameter [m]": float((6.0 * volume / np.pi) ** (1.0 / 3.0)),
        "surface [m2]": float(areas.sum() * crop.voxel_size**2),
        "coverage": particle.coverage,
        "coverage by tags": _tag_coverage(particle),
        **{f"{name} area [m2]": particle.area(name) for name in CLASSES},
        **{f"{axis} [m]": float(v) for axis, v in zip("xyz", metres.mean(axis=0), strict=True)},
        "nodes": mesh.n_nodes,
        "cells": len(mesh.cells),
        "facets": len(mesh.facets),
        **record,
    }
    return TaggedParticle(mesh, tags, shares, statistics)


def _tag_coverage(particle: TaggedParticle) -> float:
    active, inactive = particle.area("active", hard=True), particle.area("inactive", hard=True)
    return active / (active + inactive) if active + inactive > 0 else float("nan")
